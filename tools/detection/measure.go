package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/scenarios"
)

// measure runs scenarios against the bundled build.
type measure struct {
	options options
	base    harness.GateOptions
	pack    []scenarios.Scenario
}

// row is what became of one defect.
type row struct {
	defect   bridge.DefectInfo
	runs     int
	any      int            // runs in which some oracle found a violation
	intended int            // runs in which an intended one did
	by       map[string]int // runs by oracle
	in       []string       // scenarios in which an intended oracle spoke
	first    time.Duration  // wall time until an intended oracle spoke for the first time; 0 if never
	broken   []string       // runs without a verdict
	wall     time.Duration
}

// defect gates one defect with every scenario.
func (m *measure) defect(ctx context.Context, d bridge.DefectInfo) (row, error) {
	r := row{defect: d, by: map[string]int{}}
	began := time.Now()
	for rep := range m.options.reps {
		o := m.base
		o.Defect = string(d.ID)
		o.Scenarios = m.pack
		if rep > 0 {
			seed := rand.New(rand.NewPCG(m.options.seed, uint64(rep))).Uint64N(1 << 31)
			o.Seed = &seed
		}
		var spent time.Duration
		o.See = func(p harness.Progress) {
			if p.Done == nil {
				return
			}
			spent += p.Done.Wall
			r.count(*p.Done, spent)
			if m.options.verbose {
				fmt.Printf("  %s %-8s %-12s %v %s\n", d.ID, p.Done.ID, p.Done.Verdict, violators(*p.Done), p.Done.Error)
			}
		}
		if _, err := harness.Gate(ctx, o); err != nil {
			return r, err
		}
	}
	r.wall = time.Since(began)
	return r, ctx.Err()
}

func (r *row) count(s reports.Scenario, spent time.Duration) {
	r.runs++
	if s.Error != "" {
		r.broken = append(r.broken, s.ID+": "+s.Error)
	}
	found := violators(s)
	if len(found) == 0 {
		return
	}
	r.any++
	hit := false
	for _, o := range found {
		r.by[o]++
		hit = hit || slices.Contains(r.defect.Oracles, o)
	}
	if !hit {
		return
	}
	r.intended++
	if r.first == 0 {
		r.first = spent
	}
	if !slices.Contains(r.in, s.ID) {
		r.in = append(r.in, s.ID)
	}
}

// violators lists the oracles that found a violation.
func violators(s reports.Scenario) (names []string) {
	for _, f := range s.Findings {
		if f.Verdict == evidence.Violated && !slices.Contains(names, f.Oracle) {
			names = append(names, f.Oracle)
		}
	}
	return names
}

// soundRuns is what became of randomised runs of the sound build.
type soundRuns struct {
	runs     int
	verdicts map[evidence.Verdict]int
	alarms   []string // violated runs, with what was said
	unknown  []string // inconclusive or not exercised
}

func (s soundRuns) blamed() int { return s.verdicts[evidence.Violated] }

// soundRuns gates the sound build n times, one scenario at one random seed
// each, spread over the pack.
func (m *measure) soundRuns(ctx context.Context, n int) (soundRuns, error) {
	out := soundRuns{verdicts: map[evidence.Verdict]int{}}
	random := rand.New(rand.NewPCG(m.options.seed, 0))
	for out.runs < n {
		seed := random.Uint64N(1 << 31)
		o := m.base
		o.Seed = &seed
		o.Scenarios = m.pack[:min(len(m.pack), n-out.runs)]
		g, err := harness.Gate(ctx, o)
		if err != nil {
			return out, err
		}
		for _, s := range g.Scenarios {
			out.see(s)
			if m.options.verbose {
				fmt.Printf("  sound %-8s seed %-10d %-12s %v %s\n", s.ID, s.Seed, s.Verdict, violators(s), s.Error)
			}
		}
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
	}
	return out, nil
}

func (s *soundRuns) see(r reports.Scenario) {
	s.runs++
	s.verdicts[r.Verdict]++
	for _, f := range r.Open() {
		line := fmt.Sprintf("%s seed %d: %s %s %s: expected %s, got %s %s", r.ID, r.Seed, f.Verdict, f.Oracle, f.Keys, f.Expected, f.Got, f.Text)
		if f.Verdict == evidence.Violated {
			s.alarms = append(s.alarms, line)
		} else {
			s.unknown = append(s.unknown, line)
		}
	}
	if r.Error != "" {
		s.unknown = append(s.unknown, fmt.Sprintf("%s seed %d: %s", r.ID, r.Seed, r.Error))
	}
}
