package oracles

import (
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

var recoveryInfo = Info{
	Name: "recovery", ID: "O13",
	Doc:          "the backlog was not worked off in time after the last fault had healed, or one bad message held up others",
	Requirements: []string{"CTL-06", "FLT-01", "FLT-06", "FLT-08", "FLT-23", "KPI-09"},
}

// Recovery judges that the SUT catches up: within a bound after the last heal
// nothing it accepted is left over, and facts no fault has touched do not wait
// behind one that cannot be posted.
func Recovery() evidence.Judge {
	return oracle{recoveryInfo, recovery, "all %d facts were done in time", "no fault healed and no fact was poisoned"}
}

// Bounds where the plan sets none.
const (
	defaultRecovery = 20 * time.Second
	starvation      = 10 * time.Second
)

func recovery(r *report) {
	within := time.Duration(r.h.Plan.Recovery.Within) * time.Millisecond
	if within == 0 {
		within = defaultRecovery
	}
	poisoned, blocked := poison(r.h)
	trouble, roads := troubles(r.h), map[string][]evidence.Interval{}
	for name := range trouble {
		roads[name] = unclearTimes(r.h, name)
	}
	heal, healed := r.h.LastHeal()
	for _, f := range r.h.Facts {
		if !judged(f) || f.Status != evidence.Must {
			continue
		}
		done, isDone := settledAt(f)
		if healed {
			r.judged++
			if late(r, f, max(heal, f.Accepted, lastStart(r.h, heal)), within, done, isDone) {
				continue
			}
		}
		if poisoned != nil && !blocked[f.Event.Fact.Keys().Entity()] && len(f.Disturbances) == 0 {
			r.judged++
			starved(r, f, poisoned, way{trouble[f.Sink], roads[f.Sink]}, done, isDone)
		}
	}
}

// settledAt is when f was posted or reported first.
func settledAt(f *evidence.FactView) (time.Duration, bool) {
	at, ok := time.Duration(0), false
	for _, e := range f.Effects {
		if !ok || e.At < at {
			at, ok = e.At, true
		}
	}
	for _, s := range f.Surfaces {
		if !ok || s.At < at {
			at, ok = s.At, true
		}
	}
	return at, ok
}

// lastStart is when the SUT was last started, if after heal.
func lastStart(h *evidence.History, heal time.Duration) time.Duration {
	at := heal
	for _, s := range h.Lifecycle() {
		if s.Name == "sut.start" {
			at = max(at, s.At)
		}
	}
	return at
}

// late judges the time f took once nothing was in its way. A fact that is not
// done when the run ends is late if its time was over by then; if not, and the
// SUT had come to rest, it is lost, which no-silent-drop says. It reports
// whether f was found to be late.
func late(r *report, f *evidence.FactView, from, within, done time.Duration, isDone bool) bool {
	deadline := from + within
	if isDone && done <= deadline {
		return false
	}
	v := about(f)
	v.Expected = fmt.Sprintf("the %s posted or reported within %s after the last fault had healed", naming(f.Event.Fact), span(within))
	v.Class, v.Confidence = evidence.CauseTechnical, "high"
	switch {
	case isDone:
		v.Got, v.Rule = span(done-from), "recovered-too-late"
		r.violated(v)
	case r.h.Last() > deadline && r.whole():
		v.Got, v.Rule = fmt.Sprintf("not done when the run ended, %s after it", span(r.h.Last()-from)), "not-recovered"
		r.folded(v)
	case !r.settled:
		v.Got, v.Rule = "not done when the run ended", "not-recovered"
		r.missing(v, true)
		return false
	default:
		return false
	}
	return true
}

// whole reports whether the journal is all the evidence there was.
func (r *report) whole() bool {
	ok, _ := r.h.Whole()
	return ok
}

// poison returns the first fact that was refused for good, nil if there is
// none, and the entities that have such a fact: what belongs to the same order
// may wait for its correction, other orders may not.
func poison(h *evidence.History) (first *evidence.FactView, entities map[string]bool) {
	entities = map[string]bool{}
	var at time.Duration
	for _, f := range h.Facts {
		t, _ := refusal(f)
		if t == nil {
			continue
		}
		entities[f.Event.Fact.Keys().Entity()] = true
		for _, t := range f.Attempts {
			if heard(t, f).Outcome == simulators.Refused && (first == nil || t.End < at) {
				first, at = f, t.End
			}
		}
	}
	return first, entities
}

// troubles lists for each endpoint when anything but a data fault disturbed
// its line, when it turned the SUT away, and when the SUT's process ended or
// began: while the road is blocked nobody waits behind a poisoned message.
func troubles(h *evidence.History) map[string][]time.Duration {
	out := map[string][]time.Duration{}
	for _, d := range h.Disturbances {
		if d.Phase == evidence.Armed || d.Invalid {
			continue
		}
		if d.Disturbance.At == "sut" || d.Disturbance.At == "" {
			for name := range h.Plan.Endpoints {
				out[name] = append(out[name], d.At)
			}
			continue
		}
		out[d.Disturbance.At] = append(out[d.Disturbance.At], d.At)
	}
	for _, s := range h.Lifecycle() {
		for name := range h.Plan.Endpoints {
			out[name] = append(out[name], s.At)
		}
	}
	for _, t := range h.Attempts {
		if !t.Copy && transient(t.Heard.Outcome) {
			out[t.Endpoint] = append(out[t.Endpoint], t.End+t.Heard.RetryAfter)
		}
	}
	for _, at := range out {
		slices.Sort(at)
	}
	return out
}

// way is what was in the way to an endpoint: moments of trouble, and when its
// road was bad or the SUT cut off, both in order.
type way struct {
	trouble []time.Duration
	bad     []evidence.Interval
}

// lately reports whether the road was bad at any time in a stretch: who could
// not connect may have made up his mind to wait for longer.
func (w way) lately(from, to time.Duration) bool {
	return slices.ContainsFunc(w.bad, func(i evidence.Interval) bool { return i.From <= to && from <= i.To })
}

// starved judges whether f waited too long behind a poisoned fact. Its clock
// starts when the road was last free of trouble.
func starved(r *report, f, poisoned *evidence.FactView, w way, done time.Duration, isDone bool) {
	if len(f.Surfaces) > 0 || (isDone && done-f.Accepted <= starvation) {
		return
	}
	if t, _ := refusal(f); t != nil {
		return
	}
	until := done
	if !isDone {
		if until = r.h.Last(); !r.whole() {
			return
		}
	}
	from := max(f.Accepted, poisonedAt(poisoned))
	if i, _ := slices.BinarySearch(w.trouble, until); i > 0 {
		from = max(from, w.trouble[i-1])
	}
	bound := starvation
	if w.lately(f.Accepted, until) {
		bound = defaultRecovery
	}
	if until-from <= bound {
		return
	}
	v := about(f)
	v.Expected = fmt.Sprintf("the %s posted within %s although the %s cannot be posted", naming(f.Event.Fact), span(bound), naming(poisoned.Event.Fact))
	v.Got = fmt.Sprintf("posted after %s", span(until-from))
	if !isDone {
		v.Got = fmt.Sprintf("not posted %s later, when the run ended", span(until-from))
	}
	v.Class, v.Rule, v.Confidence = evidence.CauseTechnical, "starved-behind-poison", "medium"
	v.Evidence = few(append([]uint64{poisoned.Seq}, v.Evidence...))
	r.violated(v)
}

func poisonedAt(f *evidence.FactView) time.Duration {
	at := f.At
	for _, t := range f.Attempts {
		if heard(t, f).Outcome == simulators.Refused {
			return t.End
		}
	}
	return at
}
