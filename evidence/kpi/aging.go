package kpi

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// open lists the exceptions that the SUT reported and did not close.
func open(h *evidence.History) (left []*evidence.SurfaceView) {
	for _, s := range h.Surfaces {
		if s.Closed {
			for i, o := range left {
				if sameCase(o, s) {
					left = append(left[:i:i], left[i+1:]...)
					break
				}
			}
			continue
		}
		left = append(left, s)
	}
	return left
}

// sameCase reports whether two exceptions are about one thing.
func sameCase(a, b *evidence.SurfaceView) bool {
	if a.Fact != nil || b.Fact != nil {
		return a.Fact == b.Fact
	}
	if a.Reference != "" || b.Reference != "" {
		return a.Reference == b.Reference
	}
	return a.Keys == b.Keys && a.Kind == b.Kind
}

// ages are the buckets of K3, in plant time: a shift is the plant's.
var ages = []struct {
	name  string
	below Plant
}{
	{"younger than 15 min", Plant(15 * time.Minute)}, {"younger than 1 h", Plant(time.Hour)}, {"younger than 4 h", Plant(4 * time.Hour)},
	{"younger than a shift (8 h)", Plant(8 * time.Hour)},
}

// ageing is K3.
func ageing(r *reading) ([]Measure, string) {
	if len(r.h.Surfaces) == 0 {
		return nil, "the SUT reported no exception"
	}
	left := open(r.h)
	ms := []Measure{{"open at the end", Count(len(left)), len(r.h.Surfaces)}}
	for _, c := range []simulators.Class{simulators.Technical, simulators.Business, simulators.DataQuality} {
		n := 0
		for _, s := range left {
			if s.Class == c {
				n++
			}
		}
		if n > 0 {
			ms = append(ms, Measure{"open, " + string(c), Count(n), len(left)})
		}
	}
	if len(left) == 0 {
		return ms, ""
	}
	return append(ms, r.byAge(left)...), r.pace()
}

// byAge counts open exceptions by their age in plant time, where that is known.
func (r *reading) byAge(left []*evidence.SurfaceView) (ms []Measure) {
	counts := make([]int, len(ages)+1)
	var oldest Plant
	var longest Wall
	known := 0
	now := r.plantEnd()
	for _, s := range left {
		longest = max(longest, Wall(r.h.Last()-s.At))
		rec, _ := r.h.Record(s.Seq)
		if rec.Plant.IsZero() || now.IsZero() {
			continue
		}
		known++
		age := max(0, Plant(now.Sub(rec.Plant)))
		if r.h.Plan.Pacing.Jumps() {
			age = Plant(r.h.Last() - s.At) // as old as the SUT let it get
		}
		oldest = max(oldest, age)
		i := 0
		for i < len(ages) && age >= ages[i].below {
			i++
		}
		counts[i]++
	}
	if len(left) > 0 {
		ms = append(ms, Measure{"oldest", longest, len(left)})
	}
	if known == 0 {
		return ms
	}
	ms = append(ms, Measure{"oldest", oldest, known})
	for i, n := range counts {
		name := "older than a shift (8 h)"
		if i < len(ages) {
			name = ages[i].name
		}
		if n > 0 {
			ms = append(ms, Measure{name, Count(n), known})
		}
	}
	return ms
}

// plantEnd is the last plant time the journal knows.
func (r *reading) plantEnd() time.Time {
	for i := len(r.h.Records) - 1; i >= 0; i-- {
		if t := r.h.Records[i].Plant; !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// holds is K5.
func holds(r *reading) ([]Measure, string) {
	if len(r.h.Holds) == 0 {
		return nil, "no lot was put on hold"
	}
	var taken, shown times[Wall]
	slipped, shipments := 0, map[plant.LotID][]time.Duration{}
	for _, e := range r.h.Effects {
		if s, ok := e.Posting.Claim.Fact.(plant.Shipped); ok {
			shipments[s.Lot] = append(shipments[s.Lot], e.At)
		}
	}
	for _, h := range r.h.Holds {
		if h.Known {
			taken = append(taken, Wall(h.Accepted-h.Fact.At))
		}
		if e := firstPosting(h.Fact); e != nil {
			shown = append(shown, Wall(e.At-h.Fact.At))
		}
		slipped += shippedUnder(h, shipments[h.Lot])
	}
	n := len(r.h.Holds)
	ms := append(taken.ranks("detected "), shown.ranks("in the books ")...)
	return append(ms, Measure{"never in the books", Count(n - len(shown)), n}, Measure{"shipped all the same", Count(slipped), n}), ""
}

// shippedUnder counts the shipments of a lot while it was physically on hold.
func shippedUnder(hold *evidence.HoldView, shipped []time.Duration) (n int) {
	for _, at := range shipped {
		if at > hold.Fact.At && (hold.Decision == nil || at < hold.Lifted) {
			n++
		}
	}
	return n
}

// pace warns where plant time ran so much faster than wall time that what the
// SUT needed of the one looks long in the other. Where it is known to jump, what
// the SUT needed is told in wall time.
func (r *reading) pace() string {
	if r.h.Plan.Pacing.Jumps() {
		return fmt.Sprintf("plant time jumps (mode %s), so what the SUT took is told in wall time: in a plant that lives in real time both are the same", r.h.Plan.Pacing.Mode)
	}
	var first, last *evidence.Record
	for i := range r.h.Records {
		if rec := &r.h.Records[i]; !rec.Plant.IsZero() {
			if first == nil {
				first = rec
			}
			last = rec
		}
	}
	if first == nil || last.At <= first.At {
		return ""
	}
	times := int64(last.Plant.Sub(first.Plant)) / int64(last.At-first.At)
	if times < 2 {
		return ""
	}
	return fmt.Sprintf("the plant ran %d times as fast as the SUT's clock: where it did not wait for the SUT, wall time weighs that much here", times)
}

// atRisk is K0: how long lines could have waited for the integration.
func atRisk(r *reading) ([]Measure, string) {
	if r.h.Plan.Pacing.Jumps() {
		return atRiskBy(r, func(f *evidence.FactView) (Wall, bool) {
			e := firstPosting(f)
			if e == nil {
				return 0, false
			}
			return Wall(e.At - f.At), true
		})
	}
	return atRiskBy(r, lag)
}

// atRiskBy is K0 by one of the clocks.
func atRiskBy[T Wall | Plant](r *reading, lag func(*evidence.FactView) (T, bool)) ([]Measure, string) {
	var orders, lots T
	value := func(t T) Value { return any(t).(Value) }
	n, open := 0, 0
	for _, f := range r.due() {
		kind := f.Event.Fact.Kind()
		if kind != plant.KindOrderReleased && kind != plant.KindLotDecided {
			continue
		}
		n++
		d, ok := lag(f)
		switch {
		case !ok:
			open++
		case kind == plant.KindOrderReleased:
			orders += d
		default:
			lots += d
		}
	}
	if n == 0 {
		return nil, "no order was released and no quality case decided through the SUT"
	}
	ms := []Measure{{"at risk", value(orders + lots), n}, {"orders waiting for dispatch", value(orders), 0}, {"lots waiting for a decision", value(lots), 0}}
	if open > 0 {
		return append(ms, Measure{"waiting to the end", Count(open), n}), "what waits to the end has no length and is only counted"
	}
	if orders+lots > 0 {
		return ms, r.pace()
	}
	return ms, ""
}
