package kpi

import (
	"cmp"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// A Level is how many facts the SUT owes from a moment on: accepted, and
// neither posted nor reported.
type Level struct {
	At time.Duration
	N  int
}

// Backlog is what the SUT owed over the run, a level for each change.
func Backlog(h *evidence.History) []Level {
	return (&reading{h: h}).backlog()
}

func (r *reading) backlog() []Level {
	if r.series != nil {
		return r.series
	}
	var steps []Level // changes, not yet levels
	for _, f := range r.accepted() {
		done, ok := settled(f)
		if ok && done <= f.Accepted {
			continue // posted before the SUT said that it took it
		}
		steps = append(steps, Level{f.Accepted, 1})
		if ok {
			steps = append(steps, Level{done, -1})
		}
	}
	slices.SortStableFunc(steps, func(a, b Level) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.N, b.N)) })
	r.series = make([]Level, 0, len(steps))
	n := 0
	for _, s := range steps {
		n += s.N
		if last := len(r.series) - 1; last >= 0 && r.series[last].At == s.At {
			r.series[last].N = n
		} else {
			r.series = append(r.series, Level{s.At, n})
		}
	}
	return r.series
}

// clear is the first moment from t on at which nothing was owed; false if that
// never came.
func (r *reading) clear(t time.Duration) (time.Duration, bool) {
	levels := r.backlog()
	i, _ := slices.BinarySearchFunc(levels, t, func(l Level, t time.Duration) int { return cmp.Compare(l.At, t+1) })
	if i == 0 || levels[i-1].N == 0 {
		return t, true
	}
	for _, l := range levels[i:] {
		if l.N == 0 {
			return l.At, true
		}
	}
	return 0, false
}

// drain is K13.
func drain(r *reading) ([]Measure, string) {
	accepted := len(r.accepted())
	if accepted == 0 {
		return nil, "the SUT accepted no fact that must be posted"
	}
	peak := 0
	for _, l := range r.backlog() {
		peak = max(peak, l.N)
	}
	ms := []Measure{{"peak backlog", Count(peak), accepted}}
	heal, ok := r.h.LastHeal()
	if !ok {
		return ms, "no fault healed, so there was nothing to drain after"
	}
	done, ok := r.clear(heal)
	if !ok {
		return ms, "it never drained: facts are owed to the end"
	}
	return append(ms, Measure{"drained after the last heal in", Wall(done - heal), 0}), ""
}

// resolve is K8.
func resolve(r *reading) ([]Measure, string) {
	var ts times[Wall]
	never := 0
	for _, f := range r.h.Faults {
		for _, end := range incidents(f) {
			if done, ok := r.clear(end); ok {
				ts = append(ts, Wall(done-end))
			} else {
				never++
			}
		}
	}
	if len(ts)+never == 0 {
		return nil, "no fault struck and healed"
	}
	n := len(ts) + never
	ms := ts.ranks("resolved in ")
	return append(ms, Measure{"never resolved", Count(never), n}, Measure{"exceptions still open", Count(len(open(r.h))), n}), ""
}

// incidents are the ends of the stretches in which f was armed and struck.
// Stretches that overlap, as those of a fault at two endpoints, are one.
func incidents(f *evidence.FaultView) (ends []time.Duration) {
	armed := slices.DeleteFunc(slices.Clone(f.Intervals), func(i evidence.Interval) bool { return i.Open })
	slices.SortFunc(armed, func(a, b evidence.Interval) int { return cmp.Compare(a.From, b.From) })
	for i := 0; i < len(armed); {
		one := armed[i]
		for i++; i < len(armed) && armed[i].From <= one.To; i++ {
			one.To = max(one.To, armed[i].To)
		}
		if slices.ContainsFunc(f.Strikes, func(d *evidence.DisturbanceView) bool { return one.Has(d.At) }) {
			ends = append(ends, one.To)
		}
	}
	return ends
}
