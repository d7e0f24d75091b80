package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/explore"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/trial"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

//go:embed day.yaml
var dayText []byte

// soak is one process in which runs are made one after another.
type soak struct {
	setup harness.Setup
	seed  uint64
	out   io.Writer

	bad []string // what was found violated, and what grows
}

// plant is the scenario of the soak, of so many simulated hours.
func plant(hours int) (scenarios.Scenario, error) {
	ss, err := scenarios.Parse("day.yaml", dayText)
	if err != nil {
		return scenarios.Scenario{}, err
	}
	s := ss[0]
	s.Time.Shift = yamlfile.Plant(time.Duration(hours) * time.Hour)
	s.Given.Orders.Count = max(4, 3*hours)
	return s, nil
}

// hourly is a [trial.Runner] that looks at the rig and the SUT whenever a
// simulated hour has passed, and after the run.
type hourly struct {
	setup harness.Setup
	runs  int
	// hour is told of each hour of a run, counted from 1; after of the end of a
	// run, when the rig is gone. Either may be nil.
	hour  func(n int, r reading)
	after func(r reading)
	// rest is told of what is there when nothing has happened for so long that
	// idle connections have been closed; nil waits for nothing.
	rest func(r reading)
}

// idle is for how long both sides keep a connection that nobody uses, and a
// little longer.
const idle = 40 * time.Second

// resting is a judge that lets the SUT and the rig come to rest before it looks
// at them: they are there until all have judged.
type resting struct {
	ctx     context.Context
	sampler sut.Sampler
	rest    func(r reading)
}

// Name implements [evidence.Judge].
func (resting) Name() string { return "rest" }

// Judge implements [evidence.Judge]: it blames nobody.
func (r resting) Judge(*evidence.History) []evidence.Finding {
	select {
	case <-time.After(idle):
		heap := collect()
		last := look(r.sampler)
		last.heap = heap
		r.rest(last)
	case <-r.ctx.Done():
	}
	return []evidence.Finding{{Oracle: "rest", Verdict: evidence.Holds}}
}

// Run implements [trial.Runner].
func (h *hourly) Run(ctx context.Context, s scenarios.Scenario) (out trial.Outcome) {
	if h.runs++; h.runs == 1 {
		s.Time.Mode = scenarios.Asap // only to see what crosses
	}
	setup := h.setup
	setup.Scenario, setup.Seed, setup.Run = s, s.Seed, fmt.Sprintf("%s-%04d", s.Metadata.ID, h.runs)
	out = h.run(ctx, setup)
	if h.after != nil {
		heap := collect()
		r := look(nil)
		r.heap = heap
		h.after(r)
	}
	return out
}

func (h *hourly) run(ctx context.Context, setup harness.Setup) (out trial.Outcome) {
	rig, err := harness.Build(setup)
	if err != nil {
		out.Err = fmt.Errorf("prepare the run: %w", err)
		return out
	}
	stop := func() {}
	sampler, _ := rig.Plan.Driver.(sut.Sampler)
	if h.hour != nil {
		stop = watch(ctx, rig.Plan.Journal, sampler, h.hour)
	}
	if h.rest != nil && h.runs > 1 {
		rig.Plan.Judges = append(rig.Plan.Judges, resting{ctx, sampler, h.rest})
	}
	out.Findings, err = rig.RunAndKeep(ctx)
	stop()
	out.Records = rig.Plan.Journal.Records()
	out.Err = errors.Join(err, rig.Close(), ctx.Err())
	return out
}

// often is how often what is taken up is looked at, wall time: the least of an
// hour is its figure.
const often = 20 * time.Millisecond

// watch looks at this process and the SUT until it is stopped, and tells hour
// what was least of each simulated hour that has passed, counted from 1.
func watch(ctx context.Context, j *evidence.Journal, sampler sut.Sampler, hour func(n int, r reading)) (stop func()) {
	passed, done := make(chan evidence.Record, 1), make(chan struct{})
	var first time.Time
	hours := 0
	j.Watch(func(r evidence.Record) {
		switch {
		case r.Plant.IsZero():
		case first.IsZero():
			first = r.Plant
		case int(r.Plant.Sub(first)/time.Hour) > hours:
			hours = int(r.Plant.Sub(first) / time.Hour)
			select {
			case passed <- r:
			default: // we are still looking at the one before
			}
		}
	})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(done)
		var least floor
		tick := time.NewTicker(often)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				least.add(look(sampler))
			case last := <-passed:
				heap := collect() // which also gives back what only waits for it, such as pipes
				least.add(look(sampler))
				r := least.take()
				r.records, r.heap = float64(last.Seq), heap
				hour(int(last.Plant.Sub(first)/time.Hour), r)
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// under has runs made of base under random trouble, and says what is left of
// sound about them.
func (k *soak) under(ctx context.Context, h *hourly, base scenarios.Scenario, runs int, processes bool) error {
	possible, _ := k.setup.File.Feasible(k.setup.Catalog.Faults)
	x := &explore.Exploration{
		Runner: h, Try: (&trial.Bench{Setup: k.setup}).Try, Lanes: 1, Bases: []scenarios.Scenario{base}, Faults: possible,
		Processes: processes, Seed: k.seed, Runs: 1 + runs, Only: []explore.Stage{explore.Swarm},
	}
	struck := map[string]int{}
	x.See = func(p explore.Progress) {
		if p.Err != nil {
			k.bad = append(k.bad, fmt.Sprintf("%s: no judgement: %v", p.Name, p.Err))
		}
		for _, f := range p.Scenario.Faults {
			struck[f.Fault.S] += p.Struck[f.ID]
		}
		for _, f := range p.Findings {
			if f.Verdict >= evidence.Inconclusive {
				k.bad = append(k.bad, fmt.Sprintf("%s: %s %s %s: expected %s, got %s %s", p.Name, f.Verdict, f.Oracle, f.Keys, f.Expected, f.Got, f.Text))
			}
		}
	}
	_, err := x.Do(ctx)
	k.tell(struck)
	return err
}

// tell prints which faults struck, and how often.
func (k *soak) tell(struck map[string]int) {
	total := 0
	var names []string
	for _, f := range faults.All() {
		if n := struck[f.Name]; n > 0 {
			total += n
			names = append(names, fmt.Sprintf("%s %d", f.Name, n))
		}
	}
	fmt.Fprintf(k.out, "trouble struck %d times: %v\n\n", total, names)
}
