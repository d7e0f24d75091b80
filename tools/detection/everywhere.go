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

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/scenarios"
)

// outcome is what came of a scenario with the sound build at the ERP of one
// dialect.
type outcome struct {
	left    string // why it was not played; "" if it was
	broken  string // why there is no verdict; "" if there is one
	verdict evidence.Verdict
	blamed  []string // oracles that did
	why     string   // it does not hold
	rig     string   // of examples/bridge; "" for the bundled one of the dialect
}

// word is the outcome as the table has it.
func (o outcome) word() string {
	if o.left != "" {
		return "–"
	}
	return o.judged() + prefixed(", ", o.rig)
}

// judged is what came of a scenario that was played.
func (o outcome) judged() string {
	switch {
	case o.broken != "":
		return "no verdict"
	case o.verdict == evidence.Holds:
		return "✓"
	case o.verdict == evidence.Vacuous:
		return "vacuous"
	case o.verdict == evidence.Violated:
		return "**" + cmp.Or(strings.Join(o.blamed, ", "), "blamed") + "**"
	}
	return "undecided"
}

// reason is why it is no plain success; "" if it is.
func (o outcome) reason() string {
	switch {
	case o.left != "":
		return o.left
	case o.broken != "":
		return "no verdict: " + o.broken
	case o.verdict == evidence.Holds:
		return ""
	}
	return o.verdict.String() + ": " + o.why
}

// puzzling reports whether the run has to be looked into: the build was blamed,
// or there is no telling.
func (o outcome) puzzling() bool {
	return o.left == "" && (o.broken != "" || o.verdict != evidence.Holds && o.verdict != evidence.Vacuous)
}

// outcomeOf reads what a gate of one scenario has come to.
func outcomeOf(s reports.Scenario) outcome {
	o := outcome{verdict: s.Verdict, blamed: violators(s)}
	switch {
	case s.Error != "":
		o.broken = oneLine(s.Error)
	case s.Verdict == evidence.Vacuous:
		o.why = unshown(s)
	case s.Verdict != evidence.Holds:
		var all []string
		for _, f := range s.Open() {
			if f.Verdict == s.Verdict {
				said := f.Oracle + prefixed(" ", f.Keys.String()) + prefixed(": expected ", f.Expected) + prefixed(", got ", f.Got) + prefixed(": ", f.Text)
				all = append(all, strings.Join(strings.Fields(said), " "))
			}
		}
		o.why = fmt.Sprintf("seed %d, %s", s.Seed, strings.Join(all[:min(len(all), mostTold)], "; "))
		if more := len(all) - mostTold; more > 0 {
			o.why += fmt.Sprintf("; and %d more", more)
		}
	}
	return o
}

// mostTold is how many findings of a run the page repeats.
const mostTold = 3

func oneLine(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return first
}

// play gates the sound build with every scenario at the ERP of every dialect,
// over lanes side by side.
func (m *measure) play(ctx context.Context, all []scenarios.Scenario, erps []string) ([]map[string]outcome, error) {
	rows := make([]map[string]outcome, len(all))
	for i := range rows {
		rows[i] = map[string]outcome{}
	}
	var mu sync.Mutex // guards rows, done and what is printed
	var wg sync.WaitGroup
	done, lanes := 0, make(chan struct{}, max(1, m.options.lanes))
	for _, erp := range erps {
		rigs, err := m.rigsOf(erp)
		if err != nil {
			return nil, err
		}
		for i, s := range all {
			wg.Go(func() {
				lanes <- struct{}{}
				defer func() { <-lanes }()
				if ctx.Err() != nil {
					return
				}
				o := playOne(ctx, rigs, s)
				mu.Lock()
				defer mu.Unlock()
				rows[i][erp] = o
				done++
				fmt.Printf("%d/%d %-14s %-10s %s%s\n", done, len(all)*len(erps), erp, s.Metadata.ID, o.word(), prefixed(": ", o.reason()))
			})
		}
	}
	wg.Wait()
	return rows, ctx.Err()
}

// namedRig is a rig to gate with; its name is "" for the bundled one.
type namedRig struct {
	name string
	gate harness.GateOptions
}

// rigsOf are the rigs around an ERP of a dialect, the one to be tried first
// first: the bundled one, and the one in which the build reads lists page by page.
func (m *measure) rigsOf(erp string) (all []namedRig, err error) {
	base, err := m.at(erp)
	if err != nil {
		return nil, err
	}
	if m.options.keep != "" {
		base.Out = filepath.Join(m.options.keep, folder(erp))
	}
	all = append(all, namedRig{gate: base})
	if path := listRigs[erp]; path != "" {
		if base.File, base.Source, err = load(path); err != nil {
			return nil, err
		}
		base.File.SUT.Process.Command = []string{m.base.Self}
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		if base.Out != "" {
			base.Out += "-" + name
		}
		all = append(all, namedRig{name, base})
	}
	return all, nil
}

// playOne gates one scenario at the first of the rigs at which it comes to
// something. Where rigs keep bundles, that of a run that holds or has shown
// nothing is thrown away.
func playOne(ctx context.Context, rigs []namedRig, s scenarios.Scenario) outcome {
	return firstShown(rigs, func(r namedRig) outcome {
		o := outcome{rig: r.name, left: strings.TrimPrefix(r.gate.File.Lacks(s), s.Metadata.ID+" was not run: ")}
		if o.left != "" {
			return o
		}
		r.gate.Scenarios = []scenarios.Scenario{s}
		if r.gate.Out != "" {
			r.gate.Out = filepath.Join(r.gate.Out, s.Metadata.ID)
		}
		g, err := harness.Gate(ctx, r.gate)
		if err != nil {
			o.left = "cannot be played here: " + oneLine(err.Error()) // its plan does not fit the rig
			return o
		}
		o = outcomeOf(g.Scenarios[0])
		o.rig = r.name
		if r.gate.Out != "" && !o.puzzling() {
			_ = os.RemoveAll(r.gate.Out) // who looks for bundles sees what stays
		}
		return o
	})
}

// firstShown is the outcome at the first rig that can play a scenario and does not
// do so in vain; or else of what the first can, or why it cannot.
func firstShown(rigs []namedRig, play func(namedRig) outcome) (best outcome) {
	for i, r := range rigs {
		o := play(r)
		if o.left == "" && (o.broken != "" || o.verdict != evidence.Vacuous) {
			return o
		}
		if i == 0 || best.left != "" && o.left == "" {
			best = o
		}
	}
	return best
}

// everywhere measures, prints and writes the matrix of scenarios and dialects.
// The exit status is 1 if the sound build was blamed anywhere, and else 3 if
// some run came to no verdict.
func (m *measure) everywhere(ctx context.Context) (int, error) {
	all, erps := slices.Concat(m.pack, m.library), m.erps()
	slices.SortFunc(all, func(a, b scenarios.Scenario) int { return cmp.Compare(a.Metadata.ID, b.Metadata.ID) })
	rows, err := m.play(ctx, all, erps)
	if err != nil {
		return 3, err
	}
	ids := make([]string, len(all))
	for i, s := range all {
		ids[i] = s.Metadata.ID
	}
	page, sums := soundPage(ids, erps, rows)
	fmt.Println()
	fmt.Print(page)
	if m.options.write != "" {
		if err := os.WriteFile(m.options.write, []byte(page), 0o644); err != nil {
			return 3, fmt.Errorf("write %s: %w", m.options.write, err)
		}
	}
	return sums.exit(), nil
}

// sums count outcomes.
type sums struct{ played, hold, vacuous, undecided, blamed, broken, left int }

func (s *sums) add(o outcome) {
	if o.left != "" {
		s.left++
		return
	}
	s.played++
	switch {
	case o.broken != "":
		s.broken++
	case o.verdict == evidence.Holds:
		s.hold++
	case o.verdict == evidence.Vacuous:
		s.vacuous++
	case o.verdict == evidence.Violated:
		s.blamed++
	default:
		s.undecided++
	}
}

func (s sums) exit() int {
	switch {
	case s.blamed > 0:
		return 1
	case s.broken > 0:
		return 3
	}
	return 0
}

// soundPage is the page, and what there is of each outcome in all.
func soundPage(ids, erps []string, rows []map[string]outcome) (page string, all sums) {
	var b strings.Builder
	b.WriteString("<!-- made by make surface-scenarios; do not edit -->\n# Scenarios by surface\n\n" +
		"What came out when the bundled build, which is sound, played every scenario of the library around the ERP of every dialect that it has a side for, at\n" +
		"the scenario's own seed.\n\n" +
		"- ✓ holds; behind it, the rig of examples/bridge in which the build reads lists, where only that can play the scenario\n" +
		"- – left out: no rig of the dialect can play it\n" +
		"- vacuous: it came to its end and has not exercised what it is about\n" +
		"- undecided: the evidence does not tell\n" +
		"- **an oracle**: it blamed the build, which is a false alarm or a mistake of the build\n\n" +
		"The reasons stand below; `andon list scenarios` tells what each is about. Made by `make surface-scenarios`; some of it:\n" +
		"`go run ./tools/detection -everywhere -erp files/v1 -scenarios API-01,NET-02`.\n\n")
	b.WriteString("| | played | hold | vacuous | undecided | blamed | no verdict | left out |\n|---|---|---|---|---|---|---|---|\n")
	for _, erp := range erps {
		var here sums
		for _, r := range rows {
			here.add(r[erp])
			all.add(r[erp])
		}
		fmt.Fprintf(&b, "| `%s` | %d | %d | %d | %d | %d | %d | %d |\n", erp, here.played, here.hold, here.vacuous, here.undecided, here.blamed, here.broken, here.left)
	}
	b.WriteString("\n| scenario |")
	for _, erp := range erps {
		fmt.Fprintf(&b, " `%s` |", erp)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(erps)) + "\n")
	for i, id := range ids {
		fmt.Fprintf(&b, "| %s |", id)
		for _, erp := range erps {
			fmt.Fprintf(&b, " %s |", rows[i][erp].word())
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## Left out, or not held\n\n| surface | scenarios | why |\n|---|---|---|\n")
	for _, erp := range erps {
		b.WriteString(together(erp, ids, func(i int) string { return rows[i][erp].reason() }))
	}
	return b.String(), all
}

// together are rows of a table that say of one surface what has which reason;
// what has none is left out.
func together(surface string, names []string, why func(i int) string) string {
	by, order := map[string][]string{}, []string{}
	for i, name := range names {
		reason := strings.ReplaceAll(why(i), "|", `\|`)
		if reason == "" {
			continue
		}
		if by[reason] == nil {
			order = append(order, reason)
		}
		by[reason] = append(by[reason], name)
	}
	slices.Sort(order)
	var b strings.Builder
	for _, reason := range order {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", surface, strings.Join(by[reason], ", "), reason)
	}
	return b.String()
}
