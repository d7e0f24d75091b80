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
	builds  []build // sound ones
}

// row is what became of one defect.
type row struct {
	defect   bridge.DefectInfo
	packs    int // how often the whole pack was run
	packsAny int // … and some oracle spoke, packsHit an intended one
	packsHit int
	runs     int
	any      int            // runs in which some oracle found a violation
	intended int            // runs in which an intended one did
	by       map[string]int // runs by oracle
	in       []string       // scenarios in which an intended oracle spoke
	spent    time.Duration  // wall time of all runs
	first    time.Duration  // of it, until an intended oracle spoke for the first time; 0 if never
	needed   int            // runs until then
	broken   []string       // runs without a verdict
}

// defect gates one defect with every scenario.
func (m *measure) defect(ctx context.Context, d bridge.DefectInfo) (row, error) {
	r := row{defect: d, by: map[string]int{}}
	all, err := m.scenariosFor(d.ID)
	if err != nil {
		return r, err
	}
	for rep := range m.options.reps {
		o := m.base
		o.Defect = string(d.ID)
		o.Scenarios = all
		if rep > 0 {
			seed := rand.New(rand.NewPCG(m.options.seed, uint64(rep))).Uint64N(1 << 31)
			o.Seed = &seed
		}
		anyWas, intendedWas := r.any, r.intended
		o.See = func(p harness.Progress) {
			if p.Done == nil {
				return
			}
			r.count(*p.Done)
			if m.options.verbose {
				fmt.Printf("  %s %-8s %-12s %v %s\n", d.ID, p.Done.ID, p.Done.Verdict, violators(*p.Done), p.Done.Error)
			}
		}
		if _, err := harness.Gate(ctx, o); err != nil {
			return r, err
		}
		r.packs++
		if r.any > anyWas {
			r.packsAny++
		}
		if r.intended > intendedWas {
			r.packsHit++
		}
	}
	return r, ctx.Err()
}

func (r *row) count(s reports.Scenario) {
	r.runs++
	r.spent += s.Wall
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
		r.first, r.needed = r.spent, r.runs
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

// soundRuns is what became of randomised runs of a sound build.
type soundRuns struct {
	build    string
	runs     int
	verdicts map[evidence.Verdict]int
	alarms   []string // violated runs, with what was said
	unknown  []string // inconclusive or not exercised
}

func (s soundRuns) blamed() int { return s.verdicts[evidence.Violated] }

// soundRuns gates a sound build n times, one scenario at one random seed
// each, spread over the pack.
func (m *measure) soundRuns(ctx context.Context, b build, n int) (soundRuns, error) {
	out := soundRuns{build: b.name, verdicts: map[evidence.Verdict]int{}}
	random := rand.New(rand.NewPCG(m.options.seed, 0))
	pack, _ := b.file.Fit(m.pack)
	for out.runs < n {
		seed := random.Uint64N(1 << 31)
		o := m.base
		o.File, o.Seed = b.file, &seed
		o.Scenarios = pack[:min(len(pack), n-out.runs)]
		g, err := harness.Gate(ctx, o)
		if err != nil {
			return out, err
		}
		for _, s := range g.Scenarios {
			out.see(s)
			if m.options.verbose {
				fmt.Printf("  %s %-8s seed %-10d %-12s %v %s\n", b.name, s.ID, s.Seed, s.Verdict, violators(s), s.Error)
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
