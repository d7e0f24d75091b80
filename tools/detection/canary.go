package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
)

// A canary is a planted defect in one scenario that shows that an oracle can
// still speak. Several oracles may have the same one.
type canary struct {
	defect   bridge.Defect
	scenario string
	oracles  []string
}

// canaries has one for each oracle that a defect of the bridge can show,
// among those the one that shows it soonest.
var canaries = []canary{
	{bridge.M01, "CNF-02", []string{"exactly-once"}},
	{bridge.M02, "CNF-02", []string{"retry-discipline"}},
	{bridge.M13, "NET-02", []string{"throttle-compliance"}},
	{bridge.M17, "LOT-01", []string{"recovery"}},
	{bridge.M18, "LOT-01", []string{"dead-letter"}},
	{bridge.M22, "LOT-01", []string{"batch-items"}},
	{bridge.M24, "CNF-09", []string{"no-silent-drop"}},
	{bridge.M27, "ORD-06", []string{"order-causality"}},
	{bridge.M28, "QUA-01", []string{"no-posting-after-hold"}},
	{bridge.M32, "MDM-08", []string{"time-semantics"}},
	{bridge.M38, "ORD-01", []string{"master-data"}},
	{bridge.M47, "CNF-09", []string{"field-fidelity", "conservation", "convergence"}},
	{bridge.M50, "CNF-09", []string{"genealogy"}},
	{bridge.M57, "SEC-01", []string{"token-discipline"}},
	{bridge.M60, "MDM-01", []string{"field-fidelity"}},
	{bridge.M60, "MDM-09", []string{"bounded-staleness"}},
	{bridge.M66, "CUT-01", []string{"cutover"}},
	{bridge.M71, "LOT-01", []string{"secrets"}},
	{bridge.M72, "CNF-01", []string{"contract-conformance"}},
	{bridge.M81, "LAB-01", []string{"labor"}},
	{bridge.M82, "CNF-01", []string{"no-phantom"}},
	{bridge.M87, "NET-05", []string{"hygiene"}},
	{"", "MDM-10", []string{exercise}}, // its fault strikes a list that nobody reads at the bundled rig
}

// exercise is the oracle that speaks of what was not shown, and blames nobody.
const exercise = "exercise"

// sing runs the canaries side by side and prints what became of each; it
// returns how many were silent.
func (m *measure) sing(ctx context.Context) (silent int, err error) {
	hear := []func(context.Context) (string, int, error){m.hearBoard}
	for _, c := range canaries {
		hear = append(hear, func(ctx context.Context) (string, int, error) { return m.hear(ctx, c) })
	}
	said, missed, errs := make([]string, len(hear)), make([]int, len(hear)), make([]error, len(hear))
	lanes := make(chan struct{}, max(1, m.options.lanes))
	var wg sync.WaitGroup
	for i, h := range hear {
		wg.Go(func() {
			lanes <- struct{}{}
			defer func() { <-lanes }()
			said[i], missed[i], errs[i] = h(ctx)
		})
	}
	wg.Wait()
	for i := range hear {
		fmt.Print(said[i])
		silent += missed[i]
	}
	return silent, errors.Join(errs...)
}

// hear runs one canary.
func (m *measure) hear(ctx context.Context, c canary) (said string, silent int, err error) {
	ss, err := scenarios.Find(c.scenario)
	if err != nil {
		return "", 0, err
	}
	at, err := m.placeOf(c.defect)
	if err != nil {
		return "", 0, err
	}
	o := at.base
	o.Defect, o.Scenarios, o.Lanes = string(c.defect), ss, 1
	began := time.Now()
	g, err := harness.Gate(ctx, o)
	if err != nil {
		return "", 0, err
	}
	spoke := violators(g.Scenarios[0])
	if slices.ContainsFunc(g.Scenarios[0].Open(), func(f evidence.Finding) bool { return f.Oracle == exercise }) {
		spoke = append(spoke, exercise)
	}
	for _, oracle := range c.oracles {
		word := "speaks"
		if !slices.Contains(spoke, oracle) {
			word = "SILENT"
			silent++
		}
		said += fmt.Sprintf("%s    %-21s %s in %-7s %6s  %v %s\n", word, oracle, cmp.Or(c.defect, "the sound build"), c.scenario, time.Since(began).Round(100*time.Millisecond), spoke, g.Scenarios[0].Error)
	}
	return said, silent, nil
}
