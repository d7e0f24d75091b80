package kpi

import (
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// times are stretches of one clock, to be ranked.
type times[T Wall | Plant] []T

// ranks are the measures of a distribution: median, p95, p99 where there are
// enough for it to differ from the worst, and the worst.
func (ts times[T]) ranks(of string) []Measure {
	if len(ts) == 0 {
		return nil
	}
	slices.Sort(ts)
	var ms []Measure
	add := func(name string, v T) { ms = append(ms, Measure{of + name, any(v).(Value), len(ts)}) }
	add("p50", ts.rank(50))
	if len(ts) >= 20 {
		add("p95", ts.rank(95))
	}
	if len(ts) >= 100 {
		add("p99", ts.rank(99))
	}
	add("max", ts[len(ts)-1])
	return ms
}

// rank is the nearest-rank percentile of sorted times.
func (ts times[T]) rank(percent int) T {
	return ts[(percent*len(ts)+99)/100-1]
}

// firstPosting is the first effect that shows f; nil if none does.
func firstPosting(f *evidence.FactView) *evidence.EffectView {
	var first *evidence.EffectView
	for _, e := range f.Effects {
		if first == nil || e.Seq < first.Seq {
			first = e
		}
	}
	return first
}

// settled is when f was first posted or reported; false if it was not.
func settled(f *evidence.FactView) (at time.Duration, ok bool) {
	if e := firstPosting(f); e != nil {
		at, ok = e.At, true
	}
	for _, s := range f.Surfaces {
		if !ok || s.At < at {
			at, ok = s.At, true
		}
	}
	return at, ok
}

// lag is the plant time between a fact and its first posting; false if that
// cannot be told.
func lag(f *evidence.FactView) (Plant, bool) {
	e := firstPosting(f)
	if e == nil || f.Event.At.IsZero() {
		return 0, false
	}
	at := e.Plant
	if at.IsZero() {
		at = e.Posting.At
	}
	if at.IsZero() {
		return 0, false
	}
	return Plant(max(0, at.Sub(f.Event.At))), true
}

// postings counts how often f is in the books by the SUT's doing: copies that
// a fault made do not count where the system had no protection against them.
func (r *reading) postings(f *evidence.FactView) int {
	n := f.Posted
	if n < 2 || r.h.Plan.Endpoints[f.Sink].Policy.Capability() != simulators.K4None {
		return n
	}
	for _, e := range f.Effects {
		if e.Cause != nil && e.Cause.Copy && !e.Part {
			n--
		}
	}
	return max(n, 1)
}

// own lists the attempts of the SUT itself for f, by their start.
func own(f *evidence.FactView) []*evidence.AttemptView {
	ts := slices.DeleteFunc(slices.Clone(f.Attempts), func(t *evidence.AttemptView) bool { return t.Copy })
	slices.SortStableFunc(ts, func(a, b *evidence.AttemptView) int { return int(a.Start - b.Start) })
	return ts
}

// heard is what the SUT was told of f by attempt t: its row of a batch, or the
// whole.
func heard(t *evidence.AttemptView, f *evidence.FactView) simulators.Outcome {
	if len(t.Heard.Items) == len(t.Facts) {
		if i := slices.Index(t.Facts, f); i >= 0 {
			return t.Heard.Items[i].Outcome
		}
	}
	return t.Heard.Outcome
}
