package shrink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/harness/trial"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

const (
	halvings   = 3 // how often a length of time is halved at most
	steadyRuns = 3 // in which a simpler schedule must fail each time
)

// parameters makes what is said of each fault simpler, as long as it fails: no
// chance, one strike, default settings, shorter times.
func (r *Reduction) parameters(ctx context.Context) (string, error) {
	simpler, before := 0, r.mark()
	for i := range r.result.Scenario.Faults {
		n, err := r.simplify(ctx, i)
		simpler += n
		if err != nil {
			return "", err
		}
	}
	if simpler == 0 {
		return "no setting can be simpler", nil
	}
	steady, err := r.steady(ctx)
	if !steady {
		r.back(before)
		return fmt.Sprintf("with %d simpler settings it does not fail each time: they stay as they were", simpler), err
	}
	return fmt.Sprintf("%d settings made simpler", simpler), err
}

// A mark is a place in the search to which it can go back.
type mark struct {
	scenario scenarios.Scenario
	best     trial.Outcome
	units    []unit
	source   []scenarios.Fault
	rate     Rate
}

func (r *Reduction) mark() mark {
	return mark{r.result.Scenario, r.best, slices.Clone(r.units), slices.Clone(r.source), r.tester.rate}
}

func (r *Reduction) back(to mark) {
	r.result.Scenario, r.best, r.units, r.source, r.tester.rate = to.scenario, to.best, to.units, to.source, to.rate
	r.tell(Progress{})
}

// steady reports whether the best schedule fails as reliably as those before
// it. What failed each time until now has to do so a few times more: a smaller
// schedule that fails only now and then is worth less than a larger one, and
// every later step would need many more runs.
func (r *Reduction) steady(ctx context.Context) (bool, error) {
	if r.tester.rate.Hits < r.tester.rate.Runs {
		return true, nil // it did not, and the rate is known by now
	}
	rate, err := r.tester.observe(ctx, r.result.Scenario, steadyRuns, steadyRuns)
	return rate.Hits == rate.Runs, err
}

// simplify tries simpler forms of one fault and returns how many were kept.
func (r *Reduction) simplify(ctx context.Context, i int) (kept int, err error) {
	try := func(change func(*scenarios.Fault)) (bool, error) {
		f := r.result.Scenario.Faults[i]
		change(&f)
		ok, err := r.changed(ctx, i, f)
		if ok {
			kept++
		}
		return ok, err
	}
	f := r.result.Scenario.Faults[i]
	if f.P != nil && *f.P < 1 {
		if _, err := try(func(f *scenarios.Fault) { f.P = nil }); err != nil {
			return kept, err
		}
	}
	if len(f.Hits.Strikes) == 0 && f.Max != 1 {
		if _, err := try(func(f *scenarios.Fault) { f.Max = 1 }); err != nil {
			return kept, err
		}
	}
	for _, key := range f.With.Keys() {
		ok, err := try(func(f *scenarios.Fault) { f.With = f.With.Without(key); f.With = unlessEmpty(f.With) })
		for n := 0; err == nil && !ok && n < halvings; n++ {
			shorter, more := half(r.result.Scenario.Faults[i].With.Get(key))
			if !more {
				break
			}
			var halved bool
			if halved, err = try(func(f *scenarios.Fault) { f.With = f.With.With(key, shorter) }); !halved {
				break
			}
		}
		if err != nil {
			return kept, err
		}
	}
	return kept, nil
}

func unlessEmpty(n yamlfile.Node) yamlfile.Node {
	if len(n.Keys()) == 0 {
		return yamlfile.Node{}
	}
	return n
}

// changed tries the best schedule with f as its i-th fault, and keeps it if it
// still fails.
func (r *Reduction) changed(ctx context.Context, i int, f scenarios.Fault) (bool, error) {
	list := slices.Clone(r.result.Scenario.Faults)
	list[i] = f
	c := faulty(r.result.Scenario, list)
	for range 2 { // one failure may be luck: settings are mostly about time
		if bad, err := r.tester.fails(ctx, c); !bad {
			return false, err
		}
	}
	r.better(c)
	for k := range r.units {
		if r.units[k].fault.ID == f.ID {
			r.units[k].fault.With, r.units[k].fault.P, r.units[k].fault.Max = f.With, f.P, f.Max
		}
	}
	for k := range r.source {
		if r.source[k].ID == f.ID {
			r.source = slices.Clone(r.source)
			r.source[k].With, r.source[k].P, r.source[k].Max = f.With, f.P, f.Max
		}
	}
	return true, nil
}

// half is half of a length of wall time or of a whole number above one; false
// if n is neither, or too small to matter.
func half(n yamlfile.Node) (yamlfile.Node, bool) {
	var d yamlfile.Duration
	if n.Kind() == yamlfile.Map && d.UnmarshalNode(n) == nil && d.D >= 20*time.Millisecond {
		d.D = (d.D / 2).Round(time.Millisecond)
		shorter, err := yamlfile.Of(n.Pos(), d)
		return shorter, err == nil
	}
	var k int
	if n.Kind() == yamlfile.Number && n.Decode(&k) == nil && k > 1 {
		fewer, err := yamlfile.Of(n.Pos(), k/2)
		return fewer, err == nil
	}
	return n, false
}
