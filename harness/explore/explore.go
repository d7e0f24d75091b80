package explore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/trial"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// An Exploration is the search for schedules that a build does not survive.
type Exploration struct {
	Runner trial.Runner
	Lanes  int                  // runs side by side
	Bases  []scenarios.Scenario // what happens meanwhile; their own faults and expectations are left out
	Faults []faults.Info        // to choose from
	// Try, if set, says why the rig cannot play a scenario, without playing it:
	// it may lack what a fault needs. What it refuses is not drawn.
	Try       func(scenarios.Scenario) error
	Processes bool          // the SUT can be killed
	Seed      uint64        // decides the schedules
	Wall      time.Duration // no run begins later; 0 means no bound
	Runs      int           // 0 means no bound
	Only      []Stage       // of singles, pairs and the swarm; none means all
	// Drawn says in how many schedules of a swarm each fault was drawn before;
	// what was drawn least comes first. Those of this exploration are added.
	Drawn map[string]int

	// See, if set, is told of every run that has ended; calls are serial.
	See func(Progress)

	mu     sync.Mutex // guards what follows
	result Result
}

// Progress is a run that has ended.
type Progress struct {
	Run   int
	Stage Stage
	Name  string
	New   []trial.Signature // that no run before has shown
	Err   error             // there was no judgement

	Scenario scenarios.Scenario // as it was run, with its seed and faults
	Verdict  evidence.Verdict
	Findings []evidence.Finding
	Struck   map[string]int // how often each of its faults did
}

// Result is what an exploration came to.
type Result struct {
	Seed        uint64
	Runs        map[Stage]int
	Left        map[Stage]int // schedules that there was no time for; of the swarm there is no end
	Found       []Found
	Grid        []Field
	Impossible  []string // why parts of the grid cannot be filled
	Unable      []string // what the rig cannot carry out anywhere, and why
	Broken      []string // runs without a judgement
	Wall        time.Duration
	Interrupted bool
}

// Found is one way to fail.
type Found struct {
	Signature trial.Signature
	Finding   evidence.Finding // the first with this signature
	Stage     Stage
	Name      string // of the first schedule that shows it
	Scenario  scenarios.Scenario
	Bundle    string
	Run       int
	Times     int // in how many runs
}

// Field is one field of the grid of single faults.
type Field struct {
	Cell  Cell
	State FieldState
	Found []trial.Signature
}

// FieldState says whether a field of the grid was covered.
type FieldState string

// States of a field.
const (
	Struck   FieldState = "struck"         // the fault did strike
	Missed   FieldState = "did not strike" // the run was made, and the fault found nothing to strike
	NotTried FieldState = "not tried"
	Failed   FieldState = "no judgement"
)

// Do explores until there is nothing left, time is up or ctx ends. An error
// means that the rig could not do its work.
func (x *Exploration) Do(ctx context.Context) (Result, error) {
	began := time.Now()
	x.result = Result{Seed: x.Seed, Runs: map[Stage]int{}, Left: map[Stage]int{}}
	if x.Drawn == nil {
		x.Drawn = map[string]int{}
	}
	err := x.stages(ctx, began)
	x.result.Wall = time.Since(began)
	x.result.Interrupted = ctx.Err() != nil
	slices.SortStableFunc(x.result.Found, func(a, b Found) int { return cmp.Compare(a.Run, b.Run) })
	if ctx.Err() != nil {
		err = nil
	}
	return x.result, err
}

// place is a base with what crosses in it.
type place struct {
	base    scenarios.Scenario
	traffic *traffic
	anyway  []trial.Signature // what fails without trouble
}

// job is a schedule on a base.
type job struct {
	schedule Schedule
	place    *place
	field    int // in the grid; -1 if it is in none
	number   int // of the run; 0 until it begins
}

func (x *Exploration) stages(ctx context.Context, began time.Time) error {
	places, err := x.plain(ctx)
	if err != nil {
		return err
	}
	systematic, err := x.systematic(places)
	if err != nil {
		return err
	}
	next := 0
	swarms := 0
	source := func() (job, bool, error) {
		if x.spent(began) || ctx.Err() != nil {
			return job{}, false, nil
		}
		if next < len(systematic) {
			next++
			return systematic[next-1], true, nil
		}
		if !x.has(Swarm) {
			return job{}, false, nil
		}
		p := places[swarms%len(places)]
		s, err := swarm(p.traffic, x.Faults, x.Processes, cmp.Or(p.base.Time.Shift.D, 8*time.Hour), x.Seed, swarms, x.Drawn)
		swarms++
		return job{s, p, -1, 0}, len(s.Faults) > 0, err
	}
	err = x.work(ctx, source)
	for _, j := range systematic[next:] {
		x.result.Left[j.schedule.Stage]++
	}
	return err
}

// spent reports whether no further run is to begin. Without a bound, the
// systematic part is all there is.
func (x *Exploration) spent(began time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	begun := 0
	for _, n := range x.result.Runs {
		begun += n
	}
	return x.Wall > 0 && time.Since(began) >= x.Wall || x.Runs > 0 && begun >= x.Runs
}

// has reports whether a stage is wanted.
func (x *Exploration) has(s Stage) bool { return len(x.Only) == 0 || slices.Contains(x.Only, s) }

// plain runs every base without trouble: what crosses then is what trouble can
// strike.
func (x *Exploration) plain(ctx context.Context) (places []*place, err error) {
	for _, b := range x.Bases {
		b.Faults, b.Expect, b.Floor, b.Matrix, b.Include = nil, scenarios.Expect{Waive: b.Expect.Waive}, nil, nil, nil
		b.When = slices.DeleteFunc(slices.Clone(b.When), func(s scenarios.Step) bool { return !s.Do.IsZero() && arms(s) })
		if b, err = scenarios.New(b); err != nil {
			return nil, fmt.Errorf("scenario %s cannot be explored: %w", b.Metadata.ID, err)
		}
		p := &place{base: b}
		s := Schedule{Stage: Plain, Name: b.Metadata.ID + " without trouble", Seed: b.Seed}
		out := x.carry(ctx, x.begin(job{s, p, -1, 0}))
		if ctx.Err() != nil {
			return places, ctx.Err()
		}
		if out.Err != nil {
			return nil, fmt.Errorf("run %s without trouble: %w", b.Metadata.ID, out.Err)
		}
		p.anyway = signatures(out)
		p.traffic = survey(evidence.NewHistory(out.Records))
		if err := x.host(p); err != nil {
			return nil, err
		}
		if len(p.traffic.targets) == 0 {
			return nil, fmt.Errorf("nothing crosses in scenario %s without trouble, so there is nothing to strike", b.Metadata.ID)
		}
		places = append(places, p)
	}
	if len(places) == 0 {
		return nil, errors.New("there is no scenario to explore")
	}
	return places, nil
}

// host finds out which faults the rig can carry out, so that no time is spent
// on others; each form is tried at the first message it could strike.
func (x *Exploration) host(p *place) error {
	p.traffic.unable = map[string]string{}
	for _, v := range append(variants(x.Faults), doors(x.Faults)...) {
		for _, t := range p.traffic.targets {
			if ok, _ := p.traffic.possible(v, t, x.Processes); !ok || x.Try == nil {
				continue
			}
			f, err := v.fault("host", t)
			if err != nil {
				return err
			}
			s, err := scenarios.New(Schedule{Stage: Singles, Name: v.String(), Seed: p.base.Seed, Faults: []scenarios.Fault{f}}.scenario(p.base, 0))
			if err == nil {
				err = x.Try(s)
			}
			if err != nil {
				p.traffic.unable[v.String()] = brief(err)
				if text := v.String() + ": " + brief(err); !slices.Contains(x.result.Unable, text) {
					x.result.Unable = append(x.result.Unable, text)
				}
			}
			break
		}
	}
	return nil
}

// brief is the first line of an error, without the fault's name, which is made
// up.
func brief(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	if _, after, ok := strings.Cut(line, "fault host: "); ok {
		return after
	}
	return line
}

// arms reports whether a step arms or heals a fault.
func arms(s scenarios.Step) bool {
	return s.Do.Text() == scenarios.DoArm || s.Do.Text() == scenarios.DoHeal || len(s.Do.Items()) > 0 &&
		slices.ContainsFunc(s.Do.Items(), func(n yamlfile.Node) bool {
			return slices.Contains(n.Keys(), scenarios.DoArm) || slices.Contains(n.Keys(), scenarios.DoHeal)
		})
}

// systematic lists singles, then pairs, of all places in turn, and lays out the
// grid.
func (x *Exploration) systematic(places []*place) ([]job, error) {
	var one, two [][]job
	for _, p := range places {
		if x.has(Singles) {
			jobs, err := x.single(p)
			if err != nil {
				return nil, err
			}
			one = append(one, jobs)
		}
		if !x.has(Pairs) {
			continue
		}
		list, err := pairs(p.traffic, x.Faults, x.Processes, p.base.Seed)
		if err != nil {
			return nil, err
		}
		var jobs []job
		for _, s := range list {
			jobs = append(jobs, job{s, p, -1, 0})
		}
		two = append(two, jobs)
	}
	return append(interleave(one), interleave(two)...), nil
}

// single lists the singles of one place and lays out their part of the grid.
func (x *Exploration) single(p *place) (jobs []job, err error) {
	list, not, err := singles(p.traffic, x.Faults, x.Processes, p.base.Seed)
	if err != nil {
		return nil, err
	}
	for _, n := range not {
		if text := fmt.Sprintf("%s: %s: %s", n.variant, n.target, n.why); !slices.Contains(x.result.Impossible, text) {
			x.result.Impossible = append(x.result.Impossible, text)
		}
	}
	for _, s := range list {
		jobs = append(jobs, job{s, p, len(x.result.Grid), 0})
		x.result.Grid = append(x.result.Grid, Field{Cell: *s.Cell, State: NotTried})
	}
	return jobs, nil
}

// work has the lanes take jobs from source until there are none.
func (x *Exploration) work(ctx context.Context, source func() (job, bool, error)) error {
	var take sync.Mutex
	var wg sync.WaitGroup
	errs := make([]error, max(1, x.Lanes))
	for lane := range errs {
		wg.Go(func() {
			for {
				take.Lock()
				j, ok, err := source()
				if ok && err == nil {
					j = x.begin(j)
				}
				take.Unlock()
				if !ok || err != nil {
					errs[lane] = err
					return
				}
				x.carry(ctx, j)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// begin counts a run and numbers it.
func (x *Exploration) begin(j job) job {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.result.Runs[j.schedule.Stage]++
	for _, n := range x.result.Runs {
		j.number += n
	}
	return j
}

// carry makes one run and keeps what it shows.
func (x *Exploration) carry(ctx context.Context, j job) trial.Outcome {
	s := j.schedule.scenario(j.place.base, j.number)
	out := x.Runner.Run(ctx, s)
	if ctx.Err() != nil {
		_ = out.Forget()
		return out
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	p := Progress{Run: j.number, Stage: j.schedule.Stage, Name: j.schedule.Name, Err: out.Err, Scenario: s, Findings: out.Findings, Struck: struck(out)}
	p.Verdict = harness.Verdict(out.Findings, nil)
	if out.Err != nil {
		x.result.Broken = append(x.result.Broken, fmt.Sprintf("run %d, %s: %v", j.number, j.schedule.Name, out.Err))
	} else {
		p.New = x.keep(j, s, out)
	}
	x.fill(j, out)
	if len(p.New) == 0 {
		_ = out.Forget() // what stays in the way is told by the next run
	}
	if x.See != nil {
		x.See(p)
	}
	return out
}

// keep notes what a run has found and returns what is new; x.mu is held.
func (x *Exploration) keep(j job, s scenarios.Scenario, out trial.Outcome) (fresh []trial.Signature) {
	for _, sig := range signatures(out) {
		i := slices.IndexFunc(x.result.Found, func(f Found) bool { return f.Signature == sig })
		if i >= 0 {
			x.result.Found[i].Times++
			continue
		}
		at := slices.IndexFunc(out.Findings, sig.Of)
		x.result.Found = append(x.result.Found, Found{
			Signature: sig, Finding: out.Findings[at], Stage: j.schedule.Stage, Name: j.schedule.Name, Scenario: s, Bundle: out.Bundle, Run: j.number, Times: 1,
		})
		fresh = append(fresh, sig)
	}
	return fresh
}

// signatures lists the ways in which a run failed, without those that only
// follow from others.
func signatures(out trial.Outcome) (list []trial.Signature) {
	for _, f := range out.Violations() {
		if s := trial.SignatureOf(f); f.Follows == "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// fill notes in the grid what became of a single; x.mu is held.
func (x *Exploration) fill(j job, out trial.Outcome) {
	if j.field < 0 {
		return
	}
	f := &x.result.Grid[j.field]
	f.State = Missed
	f.Found = slices.DeleteFunc(signatures(out), func(s trial.Signature) bool { return slices.Contains(j.place.anyway, s) })
	if out.Err != nil {
		f.State = Failed
		return
	}
	if len(struck(out)) > 0 {
		f.State = Struck
	}
}

// struck counts what each fault of a run did.
func struck(out trial.Outcome) map[string]int {
	n := map[string]int{}
	for _, r := range out.Records {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == evidence.Struck {
			n[d.Fault]++
		}
	}
	return n
}
