package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
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
	pack    []scenarios.Scenario // run in full with each defect
	rest    []scenarios.Scenario // of the library, as far as the bundled rig can play it: run with each defect until it shows there
	library []scenarios.Scenario // all of it but the pack
	builds  []build              // sound ones
	dir     string               // for bundles
}

// restWall is how long a defect that the pack has shown may spend in the rest
// of the library.
const restWall = 10 * time.Second

// row is what became of one defect.
type row struct {
	defect   bridge.DefectInfo
	packs    int // how often the whole pack was run
	packsAny int // … and some oracle spoke, packsHit an intended one
	packsHit int
	runs     int            // of the pack's scenarios
	any      int            // runs in which some oracle found a violation
	intended int            // runs in which an intended one did
	by       map[string]int // runs by oracle
	in       []string       // scenarios of the pack in which an intended oracle spoke, once for each repetition
	spent    time.Duration  // wall time of all runs
	first    time.Duration  // of it, until an intended oracle spoke for the first time; 0 if never
	needed   int            // runs until then
	broken   []string       // runs without a verdict

	at      place    // where it was gated
	rest    int      // runs of scenarios from the rest of the library
	restAny bool     // some oracle spoke in one of them
	restIn  []string // of these, where an intended oracle spoke

	sample   *sample // a run that shows it
	smallest string  // what is left of that
}

// defect gates one defect with every scenario.
func (m *measure) defect(ctx context.Context, d bridge.DefectInfo) (row, error) {
	r := row{defect: d, by: map[string]int{}}
	var err error
	if r.at, err = m.placeOf(d.ID); err != nil {
		return r, err
	}
	for rep := range m.options.reps {
		o := m.planted(d, r.at)
		o.Scenarios = r.at.pack
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
			m.say(d, *p.Done)
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
	if err := m.further(ctx, d, &r); err != nil {
		return r, err
	}
	return r, errors.Join(r.sweep(m.bundles(d)), ctx.Err())
}

// bundles is where the runs of a defect leave their bundles.
func (m *measure) bundles(d bridge.DefectInfo) string { return filepath.Join(m.dir, string(d.ID)) }

// planted is how to gate a defect at its place.
func (m *measure) planted(d bridge.DefectInfo, at place) harness.GateOptions {
	o := at.base
	o.Defect = string(d.ID)
	if m.options.shrink > 0 {
		o.Out = m.bundles(d)
	}
	return o
}

// further gates one defect with the rest of the library: with what is meant to
// show it, and then with as many scenarios at a time as there are lanes, until
// an intended oracle has spoken in one. A defect that the pack has shown does
// not spend long there.
func (m *measure) further(ctx context.Context, d bridge.DefectInfo, r *row) error {
	began, found := time.Now(), r.found()
	meant, others := r.at.meant(d.ID)
	for i, some := range append([][]scenarios.Scenario{meant}, slices.Collect(slices.Chunk(others, max(1, m.options.lanes)))...) {
		late := found && time.Since(began) > restWall
		if len(r.restIn) > 0 || ctx.Err() != nil || i > 0 && late {
			break
		}
		if len(some) == 0 {
			continue
		}
		o := m.planted(d, r.at)
		o.Scenarios = some
		o.See = func(p harness.Progress) {
			if p.Done == nil {
				return
			}
			r.countRest(*p.Done)
			m.say(d, *p.Done)
		}
		if _, err := harness.Gate(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// say prints a run, if that is asked for.
func (m *measure) say(d bridge.DefectInfo, s reports.Scenario) {
	if m.options.verbose {
		fmt.Printf("  %s %-8s %-12s %v %s\n", d.ID, s.ID, s.Verdict, violators(s), s.Error)
	}
}

// count takes in a run of the pack.
func (r *row) count(s reports.Scenario) {
	r.runs++
	some, hit := r.see(s)
	if some {
		r.any++
	}
	if hit {
		r.intended++
		r.in = append(r.in, s.ID)
	}
}

// countRest takes in a run of the rest of the library.
func (r *row) countRest(s reports.Scenario) {
	r.rest++
	some, hit := r.see(s)
	r.restAny = r.restAny || some
	if hit {
		r.restIn = append(r.restIn, s.ID)
	}
}

// see takes in a run and says whether some oracle spoke, and an intended one.
func (r *row) see(s reports.Scenario) (some, hit bool) {
	r.spent += s.Wall
	if s.Error != "" {
		r.broken = append(r.broken, s.ID+": "+s.Error)
	}
	for _, o := range violators(s) {
		r.by[o]++
		some = true
		hit = hit || slices.Contains(r.defect.Oracles, o)
	}
	if hit && r.first == 0 {
		r.first, r.needed = r.spent, r.runs+r.rest
	}
	r.pick(s)
	return some, hit
}

// found reports whether an intended oracle spoke anywhere.
func (r *row) found() bool { return r.intended > 0 || len(r.restIn) > 0 }

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
// each, spread over the pack and the rest of the library.
func (m *measure) soundRuns(ctx context.Context, b build, n int) (soundRuns, error) {
	out := soundRuns{build: b.name, verdicts: map[evidence.Verdict]int{}}
	random := rand.New(rand.NewPCG(m.options.seed, 0))
	pack, _ := b.file.Fit(slices.Concat(m.pack, m.rest))
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
	if r.Verdict == evidence.Vacuous {
		s.unknown = append(s.unknown, fmt.Sprintf("%s seed %d: vacuous: %s", r.ID, r.Seed, unshown(r)))
		return
	}
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

// unshown says why a run has shown nothing: first what was armed and touched
// nothing, otherwise who had nothing to judge.
func unshown(r reports.Scenario) string {
	var armed, idle []string
	for _, f := range r.Open() {
		if f.Oracle == "exercise" {
			armed = append(armed, f.Got+f.Text)
			continue
		}
		idle = append(idle, f.Oracle)
	}
	if len(armed) > 0 {
		return strings.Join(armed, "; ")
	}
	return "nothing to judge for " + strings.Join(idle, ", ")
}
