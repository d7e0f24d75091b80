package shrink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// halvings is how often a length of time is halved at most.
const halvings = 3

// parameters makes what is said of each fault simpler, as long as it fails: no
// chance, one strike, default settings, shorter times.
func (r *Reduction) parameters(ctx context.Context) (string, error) {
	simpler := 0
	for i := range r.result.Scenario.Faults {
		n, err := r.simplify(ctx, i)
		simpler += n
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d settings made simpler", simpler), nil
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
	bad, err := r.tester.fails(ctx, c)
	if !bad {
		return false, err
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
