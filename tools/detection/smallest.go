package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/shrink"
	"github.com/andon-rig/andon/reports"
)

// shrinkWall is what making one run small may take at most, however few runs
// that allows: a build that forgets to come to rest makes each run long.
const shrinkWall = 2 * time.Minute

// A sample is a run that shows a defect, kept to be made small.
type sample struct {
	scenario, oracle string
	bundle           string
	wall             time.Duration
}

// pick keeps the run of s if an intended oracle spoke in it and it is shorter
// than the one kept so far, which the search repeats so many times.
func (r *row) pick(s reports.Scenario) {
	i := slices.IndexFunc(r.defect.Oracles, func(o string) bool { return slices.Contains(violators(s), o) })
	if i < 0 || s.Bundle == "" || r.sample != nil && r.sample.wall <= s.Wall {
		return
	}
	r.sample = &sample{scenario: s.ID, oracle: r.defect.Oracles[i], bundle: s.Bundle, wall: s.Wall}
}

// sweep removes the bundles of a defect but for the one that was kept.
func (r *row) sweep(dir string) error {
	all, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range all {
		if path := filepath.Join(dir, e.Name()); r.sample == nil || filepath.Clean(r.sample.bundle) != path {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	return err
}

// shrinkAll makes the kept runs small, several side by side: most of the time
// is spent waiting.
func (m *measure) shrinkAll(ctx context.Context, rows []row) {
	lanes := make(chan struct{}, max(1, m.options.lanes/2))
	var wg sync.WaitGroup
	var mu sync.Mutex // guards standard output
	for i := range rows {
		if rows[i].sample == nil {
			continue
		}
		wg.Go(func() {
			lanes <- struct{}{}
			defer func() { <-lanes }()
			rows[i].smallest = m.shrink(ctx, rows[i].at, *rows[i].sample)
			mu.Lock()
			defer mu.Unlock()
			fmt.Printf("%s  smallest schedule of %s in %s: %s\n", rows[i].defect.ID, rows[i].sample.oracle, rows[i].sample.scenario, rows[i].smallest)
		})
	}
	wg.Wait()
}

// shrink makes one run small and says how small it got.
func (m *measure) shrink(ctx context.Context, at place, s sample) string {
	stored, err := harness.OpenStored(s.bundle)
	if err != nil {
		return "not shrunk: " + err.Error()
	}
	replay, err := harness.NewReplay(stored[0], at.base)
	if err != nil {
		return "not shrunk: " + err.Error()
	}
	replay.Options.File = at.base.File // the binary that was gated, not one that the rig file names
	r, err := shrink.FromStored(replay, s.oracle)
	if err != nil {
		return "not shrunk: " + err.Error()
	}
	r.Lanes, r.Budget = 2, shrink.Budget{Runs: m.options.shrink, Wall: shrinkWall}
	result, err := r.Do(ctx)
	if err != nil {
		return "not shrunk: " + err.Error()
	}
	return size(result)
}

// size says what is left of a schedule, how often it fails and what was not
// tried for want of runs or time.
func size(r shrink.Result) string {
	if r.Outcome == shrink.NotReproduced {
		return fmt.Sprintf("did not fail again in %d runs", r.Runs)
	}
	left := "no fault"
	if len(r.Scenario.Faults) > 0 {
		var kinds []string
		for _, f := range r.Scenario.Faults {
			kind := f.Fault.S
			if n := len(f.Hits.Strikes); n > 1 {
				kind = fmt.Sprintf("%d× %s", n, kind)
			}
			kinds = append(kinds, kind)
		}
		left = number(max(r.Strikes, len(kinds)), "strike") + " (" + strings.Join(kinds, ", ") + ")"
	}
	text := fmt.Sprintf("%s, %s, %s", left, number(r.Orders, "order"), number(r.Facts, "fact"))
	rate := cmp.Or(r.Certificate.Rate, r.Reproduces)
	text += fmt.Sprintf("; fails in %d of %d, after %d runs", rate.Hits, rate.Runs, r.Runs)
	var open []string
	for _, s := range r.Steps {
		if s.State != shrink.Done && s.Name != shrink.StepCertificate {
			open = append(open, s.Name)
		}
	}
	if len(open) > 0 {
		text += "; not finished: " + strings.Join(open, ", ")
	}
	return text
}

func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
