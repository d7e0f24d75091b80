package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/scenarios"
)

// trackRecord says which scenarios have shown a defect at the bundled rig.
const trackRecord = "docs/track-record.md"

// mostPlayed is how many scenarios a defect is tried with at one dialect.
const mostPlayed = 3

// cell is what became of a defect at the ERP of one dialect.
type cell struct {
	oracles []string // that spoke, the intended ones first
	hit     bool     // an intended one did
	in      string   // the scenario in which they did
	rig     string   // of examples/bridge; "" for the bundled one of the dialect
	out     string   // why it was not planted there; "" if it was
	played  []string // scenarios in which nobody spoke
	unfit   []string // scenarios that its rig cannot play
	why     string   // … and what is known of that
}

// word is the cell as the table has it.
func (c cell) word() string {
	in := " (" + c.in + prefixed(", ", c.rig) + ")"
	switch {
	case c.hit:
		return c.oracles[0] + in
	case len(c.oracles) > 0:
		return c.oracles[0] + in + ", not meant to"
	case c.out != "":
		return "–"
	}
	return "not seen"
}

// surfaces plants every defect at the ERP of every dialect that the bundled
// build has a side for.
func (m *measure) surfaces(ctx context.Context, defects []bridge.DefectInfo, erps []string) ([]map[string]cell, error) {
	shown, err := showing(trackRecord)
	if err != nil {
		return nil, err
	}
	rows := make([]map[string]cell, len(defects))
	for i := range rows {
		rows[i] = map[string]cell{}
	}
	for _, erp := range erps {
		base, err := m.at(erp)
		if err != nil {
			return nil, err
		}
		var mu sync.Mutex // guards rows, errs and what is printed
		var wg sync.WaitGroup
		var errs error
		lanes := make(chan struct{}, max(1, m.options.lanes))
		for i, d := range defects {
			wg.Go(func() {
				lanes <- struct{}{}
				defer func() { <-lanes }()
				c, err := m.surface(ctx, base, erp, d, shown[d.ID])
				mu.Lock()
				defer mu.Unlock()
				rows[i][erp] = c
				errs = cmp.Or(errs, err)
				fmt.Printf("%-14s %-5s %s%s\n", erp, d.ID, c.word(), prefixed(": ", cmp.Or(c.out, c.why)))
			})
		}
		if wg.Wait(); errs != nil {
			return rows, errs
		}
	}
	return rows, ctx.Err()
}

func prefixed(by, text string) string {
	if text == "" {
		return ""
	}
	return by + text
}

// at is how to gate the bundled build around an ERP of a dialect.
func (m *measure) at(erp string) (harness.GateOptions, error) {
	o := m.base
	var err error
	if o.File, o.Source, err = harness.BundledWith(erp); err != nil {
		return o, err
	}
	o.File.SUT.Process.Command = []string{m.base.Self}
	o.Lanes = 1
	return o, nil
}

// surface tries one defect at one dialect with the scenarios that are known to
// show it, until an intended oracle has spoken.
func (m *measure) surface(ctx context.Context, base harness.GateOptions, erp string, d bridge.DefectInfo, known []string) (c cell, err error) {
	if own := d.ID.ERP(); !ofSide(own, erp) {
		c.out = "a mistake of the side for " + own
		return c, nil
	}
	if rig, why := rigAt(d.ID, erp); why != "" {
		c.out = why
		return c, nil
	} else if rig != "" {
		c.rig = strings.TrimSuffix(filepath.Base(rig), ".yaml")
		if base.File, base.Source, err = load(rig); err != nil {
			return c, fmt.Errorf("rig for %s: %w", d.ID, err)
		}
		base.File.SUT.Process.Command = []string{m.base.Self}
	}
	if why := outOfReach[d.ID]; why != "" {
		c.out = why
		return c, nil
	}
	if why := m.faceOf(erp).senseless(d.ID, erp); why != "" {
		c.out = why
		return c, nil
	}
	fit, left := base.File.Fit(m.candidates(d.ID, known))
	if len(fit) == 0 {
		c.out = strings.Join(left, "; ")
		return c, nil
	}
	if len(known)+len(elsewhere[d.ID]) > 0 {
		fit = fit[:min(len(fit), mostPlayed)]
	}
	for again := range 2 { // once more at other seeds, if the first ones were unlucky
		for _, s := range fit {
			o := base
			o.Defect, o.Scenarios = string(d.ID), []scenarios.Scenario{s}
			if seed := s.Seed + uint64(again); again > 0 {
				o.Seed = &seed
			}
			g, err := harness.Gate(ctx, o)
			if ctx.Err() != nil {
				return c, ctx.Err()
			}
			if err != nil { // the plan of the scenario does not fit the rig
				first, _, _ := strings.Cut(err.Error(), "\n")
				c.unfit = append(c.unfit, s.Metadata.ID+" cannot be played here: "+first)
				continue
			}
			if c.take(d, g.Scenarios[0]); c.hit || ctx.Err() != nil {
				return c, ctx.Err()
			}
		}
		if len(c.played) == 0 && len(c.oracles) == 0 || len(fit) > mostPlayed {
			break
		}
	}
	if len(c.played) == 0 && len(c.oracles) == 0 {
		c.out = strings.Join(c.unfit, "; ")
	}
	return c, nil
}

// candidates are the scenarios to try a defect with: those that are meant to
// show it, then those that have, then the pack.
func (m *measure) candidates(d bridge.Defect, known []string) (all []scenarios.Scenario) {
	byID := map[string]scenarios.Scenario{}
	for _, s := range slices.Concat(m.pack, m.library) {
		byID[s.Metadata.ID] = s
	}
	ids := slices.Concat(elsewhere[d], known)
	if len(ids) == 0 {
		for _, s := range m.pack {
			ids = append(ids, s.Metadata.ID)
		}
	}
	for _, id := range ids {
		if s, ok := byID[id]; ok {
			all = append(all, s)
			delete(byID, id) // once
		}
	}
	return all
}

// take takes in a run.
func (c *cell) take(d bridge.DefectInfo, s reports.Scenario) {
	spoke := violators(s)
	slices.SortStableFunc(spoke, func(a, b string) int {
		return cmp.Compare(boolRank(slices.Contains(d.Oracles, a)), boolRank(slices.Contains(d.Oracles, b)))
	})
	hit := len(spoke) > 0 && slices.Contains(d.Oracles, spoke[0])
	if len(spoke) > 0 && (hit || len(c.oracles) == 0) {
		c.oracles, c.hit, c.in = spoke, hit, s.ID
	}
	if len(spoke) == 0 && !slices.Contains(c.played, s.ID) {
		c.played = append(c.played, s.ID)
		c.why = "nobody spoke in " + strings.Join(c.played, ", ")
	}
}

func boolRank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// showing reads from the page of the track record which scenarios have shown
// each defect.
func showing(page string) (map[bridge.Defect][]string, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}
	const ids, shownBy = 1, 6
	all := map[bridge.Defect][]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) <= shownBy || !strings.HasPrefix(line, "| M") {
			continue
		}
		for _, id := range strings.Split(cells[shownBy], ",") {
			if id = strings.TrimSpace(id); id != "" {
				d := bridge.Defect(strings.TrimSpace(cells[ids]))
				all[d] = append(all[d], id)
			}
		}
	}
	return all, nil
}
