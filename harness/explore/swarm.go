package explore

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// A period of a swarm is a stretch of the run with some faults of its own.
type period struct {
	from, to int // minutes from the start
	calm     bool
}

// swarm is the n-th random schedule. The run has a few periods; each draws a
// few faults of its own, each at some kind of message with some chance, and
// one of four is calm. Leaving most faults out makes the others act together
// in ways that all of them at once never would, and what happens in a calm
// after trouble is what recovery is about. The last part of the run is always
// calm.
//
// before says in how many schedules each fault was drawn. The first of this one
// is one that was drawn least, so that what has few places to strike gets its
// turn wherever it has one; the faults of this schedule are counted there too.
func swarm(tr *traffic, all []faults.Info, processes bool, shift time.Duration, seed uint64, n int, before map[string]int) (Schedule, error) {
	luck := rand.New(rand.NewPCG(seed, 1<<48+uint64(n)))
	s := Schedule{Stage: Swarm, Seed: luck.Uint64N(1 << 31)}
	var names []string
	for i, p := range periods(shift, luck) {
		if p.calm {
			names = append(names, "calm")
			continue
		}
		var rank map[string]int
		if len(s.Faults) == 0 {
			rank = before
		}
		drawn, err := urn{tr, processes, p, fmt.Sprintf("swarm-%d", i+1), luck}.draw(all, rank)
		if rank != nil && len(drawn) > 0 {
			drawn[0].lead(all, shift, luck)
		}
		if err != nil {
			return s, err
		}
		var which []string
		for _, f := range drawn {
			which = append(which, f.name)
			s.Faults = append(s.Faults, f.fault)
		}
		names = append(names, strings.Join(which, " + "))
	}
	s.Name = strings.Join(names, "; then ")
	s.count(before)
	return s, nil
}

// count adds the faults of s to those that were drawn, each once.
func (s Schedule) count(drawn map[string]int) {
	seen := map[string]bool{}
	for _, f := range s.Faults {
		if !seen[f.Fault.S] {
			seen[f.Fault.S] = true
			drawn[f.Fault.S]++
		}
	}
}

// periods cuts all of a run but its end into two to four stretches, as many for
// each eight hours of a longer one, of which at least one is not calm.
func periods(shift time.Duration, luck *rand.Rand) (list []period) {
	n, trouble := (2+luck.IntN(3))*max(1, minutes(shift)/(8*60)), minutes(shift)*7/8
	for i := range n {
		list = append(list, period{from: trouble * i / n, to: trouble * (i + 1) / n, calm: luck.IntN(4) == 0})
	}
	if !slices.ContainsFunc(list, func(p period) bool { return !p.calm }) {
		list[luck.IntN(n)].calm = false
	}
	return list
}

// minutes is how long a run is taken to be, at least.
func minutes(shift time.Duration) int { return max(32, int(shift/time.Minute)) }

// drawn is a fault of a period with what it is called.
type drawn struct {
	name  string
	fault scenarios.Fault
}

// lead has the first fault of a schedule strike for sure, if it can at all: it is
// in force all along but for the calm end, a few times.
func (d *drawn) lead(all []faults.Info, shift time.Duration, luck *rand.Rand) {
	i := slices.IndexFunc(all, func(i faults.Info) bool { return i.Name == d.fault.Fault.S })
	if door(all[i]) || d.fault.P == nil {
		return // it has no chance of its own, and its period does
	}
	sure := 1.0
	d.fault.P, d.fault.Max = &sure, 1+luck.IntN(4)
	d.fault.During.From.Delay = yamlfile.Plant(0)
	d.fault.During.To.Delay = yamlfile.Plant(time.Duration(minutes(shift)*7/8) * time.Minute)
}

// An urn is what the faults of a period are drawn from.
type urn struct {
	traffic   *traffic
	processes bool
	period    period
	id        string // with which the faults' own begin
	luck      *rand.Rand
}

// draw takes one to four faults that can do something in this rig, no two of
// one name, the first of them one of the lowest rank. Which faults there are is
// the catalog's: a new one is drawn as soon as it is in there.
func (u urn) draw(all []faults.Info, rank map[string]int) (list []drawn, err error) {
	forms := append(variants(all), doors(all)...)
	u.luck.Shuffle(len(forms), func(i, j int) { forms[i], forms[j] = forms[j], forms[i] })
	want := 1 + u.luck.IntN(4)
	if rank != nil {
		lowest := slices.Clone(forms)
		slices.SortStableFunc(lowest, func(a, b Variant) int { return cmp.Compare(rank[a.Fault], rank[b.Fault]) })
		if list, err = u.take(nil, lowest, 1); err != nil {
			return nil, err
		}
	}
	return u.take(list, forms, want)
}

// take adds the first of forms that can do something to list, until there are
// as many as wanted.
func (u urn) take(list []drawn, forms []Variant, want int) ([]drawn, error) {
	for _, v := range forms {
		if len(list) >= want {
			break
		}
		if slices.ContainsFunc(list, func(d drawn) bool { return d.fault.Fault.S == v.Fault }) {
			continue
		}
		var where []Target
		for _, t := range u.traffic.targets {
			if ok, _ := u.traffic.possible(v, t, u.processes); ok {
				where = append(where, t)
			}
		}
		if len(where) == 0 {
			continue
		}
		t := where[u.luck.IntN(len(where))]
		f, err := v.fault(fmt.Sprintf("%s-%d", u.id, len(list)+1), t)
		if err != nil {
			return nil, err
		}
		v.loosen(&f, t, u.period, len(u.traffic.keys[t]) < 8, u.luck)
		list = append(list, drawn{v.String(), f})
	}
	return list, nil
}

// loosen has f strike by chance, in its period. What crosses rarely is struck
// whenever it does.
func (v Variant) loosen(f *scenarios.Fault, t Target, p period, rare bool, luck *rand.Rand) {
	after := func(n int) scenarios.Moment {
		return scenarios.Moment{Ref: scenarios.RunStart, Delay: yamlfile.Plant(time.Duration(n) * time.Minute)}
	}
	f.During = scenarios.Window{From: after(p.from), To: after(p.to)}
	if door(v.info) {
		return // whoever comes
	}
	f.Hits.Writes = t.Kind != ""
	if luck.IntN(2) == 0 {
		f.Hits.Fact = t.Kind
	}
	if v.windowed() {
		return
	}
	chance := []float64{0.05, 0.1, 0.2, 0.4}[luck.IntN(4)]
	if rare {
		chance = 1 // or most runs would show nothing of it
	}
	if _, process := v.info.New().(chaos.Process); process {
		f.Max = 1 + luck.IntN(2)
		chance /= 2
	} else if luck.IntN(2) == 0 {
		f.During.By = scenarios.ByFact // a build that repeats late meets it late
	}
	f.P = &chance
}
