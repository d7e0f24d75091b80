package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
)

// A watched dialect is what shows, in little time, that the build and the rig
// still do their work at the ERP of one dialect: scenarios in which the sound
// build holds, and defects that are blamed.
type watched struct {
	erp     string
	sound   []string // scenarios of the library, or files
	defects []canary // each blamed by one of its oracles
}

// doorkeeping slows callers down, and then refuses them.
const doorkeeping = "examples/bridge/doorkeeping.yaml"

// watchedDialects are all but neutral/v1, at which everything else of the gate
// is shown. Defects are those of the dialect's own side, where one shows soon.
var watchedDialects = []watched{
	{"files/v1", []string{"CNF-01", "LOT-01", "FIL-02"}, []canary{{bridge.M22, "LOT-01", []string{"batch-items", "no-silent-drop"}}, {bridge.M63, "FIL-02", []string{"exactly-once"}}}},
	{"b2mml-xml/v7", []string{"CNF-02", "LOT-01"}, []canary{{bridge.M102, "CNF-02", []string{"exactly-once"}}, {bridge.M103, "LOT-01", []string{"dead-letter"}}}},
	{"infor-ion/v3", []string{"CNF-01", "EXC-04", doorkeeping}, []canary{{bridge.M116, "EXC-04", []string{"dead-letter"}}, {bridge.M15, doorkeeping, []string{"retry-discipline"}}}},
	{"infor-ion/v2", []string{"CNF-03", "LOT-01"}, []canary{{bridge.M115, "CNF-03", []string{"no-silent-drop"}}}},
	{"staging/v1", []string{"CNF-02", "TAB-01"}, []canary{{bridge.M126, "CNF-02", []string{"no-silent-drop"}}, {bridge.M125, "TAB-01", []string{"no-silent-drop"}}}},
	{"d365/v1", []string{"CNF-01", "CNF-02"}, []canary{{bridge.M121, "CNF-02", []string{"exactly-once"}}, {bridge.M122, "CNF-01", []string{"field-fidelity"}}}},
	{"sap-s4/v2", []string{"CNF-02", "LOT-01"}, []canary{{bridge.M111, "CNF-02", []string{"exactly-once"}}, {bridge.M114, "LOT-01", []string{"batch-items", "no-silent-drop"}}}},
}

// dialects shows every dialect that is asked for; the exit status is 1 if
// anything is not as it should be.
func (m *measure) dialects(ctx context.Context) (int, error) {
	erps := m.erps()
	wrong, err := m.watch(ctx, slices.DeleteFunc(slices.Clone(watchedDialects), func(w watched) bool { return !slices.Contains(erps, w.erp) }))
	switch {
	case err != nil:
		return 3, err
	case wrong > 0:
		return 1, nil
	}
	return 0, nil
}

// shown is what became of one of these.
type shown struct {
	erp, what, in string
	want, got     string
	ok            bool
	took          time.Duration
}

// watch shows every dialect, over lanes side by side, and prints a table of it.
// It returns how many cells are not as they should be.
func (m *measure) watch(ctx context.Context, all []watched) (wrong int, err error) {
	type todo struct {
		at harness.GateOptions
		shown
		defect  bridge.Defect
		oracles []string
	}
	var list []todo
	for _, w := range all {
		at, err := m.at(w.erp)
		if err != nil {
			return 0, err
		}
		for _, s := range w.sound {
			list = append(list, todo{at: at, shown: shown{erp: w.erp, what: "the sound build", in: s, want: "holds"}})
		}
		for _, c := range w.defects {
			list = append(list, todo{at, shown{erp: w.erp, what: string(c.defect), in: c.scenario, want: "blamed by " + strings.Join(c.oracles, " or ")}, c.defect, c.oracles})
		}
	}
	done, errs := make([]shown, len(list)), make([]error, len(list))
	lanes := make(chan struct{}, max(1, m.options.lanes))
	var wg sync.WaitGroup
	began := time.Now()
	for i, t := range list {
		wg.Go(func() {
			lanes <- struct{}{}
			defer func() { <-lanes }()
			done[i], errs[i] = t.shown, ctx.Err()
			if errs[i] == nil {
				errs[i] = done[i].show(ctx, t.at, t.defect, t.oracles)
			}
		})
	}
	wg.Wait()
	fmt.Print(dialectTable(done))
	for _, s := range done {
		if !s.ok {
			wrong++
		}
	}
	fmt.Printf("%d dialects, %d runs, %d not as they should be, %s\n", len(all), len(done), wrong, time.Since(began).Round(time.Second))
	return wrong, errors.Join(errs...)
}

// show gates one of them. On a busy machine a run may come to no verdict, and a
// defect may be lucky: then it is tried once more, at another seed. A sound
// build that is blamed has no second chance.
func (s *shown) show(ctx context.Context, at harness.GateOptions, defect bridge.Defect, oracles []string) error {
	began := time.Now()
	defer func() { s.took = time.Since(began) }()
	ss, err := named(s.in)
	if err != nil {
		return err
	}
	at.Defect, at.Scenarios, at.Lanes = string(defect), ss, 1
	for again := range uint64(2) {
		if seed := ss[0].Seed + again; again > 0 {
			at.Seed = &seed
		}
		g, err := harness.Gate(ctx, at)
		if err != nil {
			return fmt.Errorf("%s in %s at %s: %w", s.what, s.in, s.erp, err)
		}
		r := g.Scenarios[0]
		blamed := violators(r)
		switch {
		case defect == "":
			s.got, s.ok = r.Verdict.String(), r.Verdict == evidence.Holds
		default:
			s.ok = slices.ContainsFunc(oracles, func(o string) bool { return slices.Contains(blamed, o) })
			s.got = r.Verdict.String()
		}
		if len(blamed) > 0 {
			s.got = "blamed by " + strings.Join(blamed, ", ")
		}
		if !s.ok {
			s.got += prefixed(": ", outcomeOf(r).reason())
		}
		if s.ok || ctx.Err() != nil || defect == "" && r.Verdict == evidence.Violated {
			break
		}
	}
	return ctx.Err()
}

// named are the scenarios of the library with an id, or those of a file.
func named(s string) ([]scenarios.Scenario, error) {
	if strings.HasSuffix(s, ".yaml") {
		return scenarios.Load(s)
	}
	return scenarios.Find(s)
}

// dialectTable is a row for each dialect and what was shown there.
func dialectTable(all []shown) string {
	var b strings.Builder
	b.WriteString("| ERP | | in | wanted | found | |\n|---|---|---|---|---|---|\n")
	for _, s := range all {
		mark := "✓"
		if !s.ok {
			mark = "✗"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s %s | %s |\n", s.erp, s.what, s.in, s.want, mark, cmp.Or(s.got, "not run"), s.took.Round(100*time.Millisecond))
	}
	return b.String()
}
