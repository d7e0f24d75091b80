// Package oee works out what each work unit really did, as the elements of
// ISO 22400, from what became true in the plant. Whoever holds a reported
// figure against it, or shows it, gets the same.
//
// It knows no system and no SUT: what somebody reported is not looked at.
package oee

import (
	"math/big"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/iso22400"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Truth is what all work units of a run did. A work unit is a work center:
// confirmations name no narrower place.
//
// Simplified, and so on purpose: a unit produces while a confirmation books
// labor or, if it books none, between its start and end; setup is not told
// apart from that; a unit is planned for the shifts of the plan, or for all the
// time if there are none, and for what it produced outside of them.
type Truth struct {
	measure *evidence.Measure
	units   map[plant.WorkCenterID][]done // in the order of the journal
	shifts  plant.ShiftCalendar
	first   time.Time // instants of facts
	last    time.Time
}

// done is one confirmation.
type done struct {
	at                  time.Time     // when it was confirmed
	from, to            time.Time     // when it was made
	yield, scrap, again plant.Decimal // in base units
	planned             time.Duration // for so many pieces; 0 if the routing says nothing
}

// Of reads a run.
func Of(h *evidence.History) *Truth {
	t := &Truth{measure: evidence.NewMeasure(h), units: map[plant.WorkCenterID][]done{}}
	if zone, err := time.LoadLocation(h.Plan.Zone); err == nil && len(h.Plan.Shifts) > 0 {
		t.shifts = plant.ShiftCalendar{Zone: zone, Shifts: h.Plan.Shifts}
	}
	cycles := map[opKey]time.Duration{}
	for _, f := range h.Facts {
		if f.Event.At.IsZero() {
			continue
		}
		if t.first.IsZero() || f.Event.At.Before(t.first) {
			t.first = f.Event.At
		}
		if f.Event.At.After(t.last) {
			t.last = f.Event.At
		}
		switch b := f.Event.Fact.(type) {
		case plant.OrderReleased:
			for _, op := range b.Order.Operations {
				cycles[opKey{b.Order.ID, op.ID}] = op.Cycle
			}
		case plant.Confirmed:
			if b.WorkCenter != "" && f.TakenBack == nil {
				t.units[b.WorkCenter] = append(t.units[b.WorkCenter], t.read(b, f.Event.At, cycles[opKey{b.Order, b.Operation}]))
			}
		}
	}
	return t
}

type opKey struct {
	order     plant.OrderID
	operation plant.OperationID
}

func (t *Truth) read(c plant.Confirmed, at time.Time, cycle time.Duration) done {
	base := func(q plant.Quantity) plant.Decimal {
		q, _ = t.measure.Base(t.measure.Item(c), q)
		return q.Amount
	}
	d := done{at: at, from: at, to: at, yield: base(c.Yield), scrap: base(c.Scrap), again: base(c.Rework)}
	switch {
	case c.Labor > 0: // people enter start and end to the next five minutes
		d.from = at.Add(-c.Labor)
	case c.End.After(c.Start) && !c.Start.IsZero():
		d.from, d.to = c.Start, c.End
	}
	d.planned = plannedFor(cycle, d.pieces())
	return d
}

func (d done) pieces() plant.Decimal { return d.yield.Add(d.scrap).Add(d.again) }

// plannedFor is the planned time of so many pieces, to the microsecond.
func plannedFor(cycle time.Duration, pieces plant.Decimal) time.Duration {
	whole, part := int64(pieces/plant.One), int64(pieces%plant.One)
	return cycle*time.Duration(whole) + time.Duration(cycle.Microseconds()*part/int64(plant.One))*time.Microsecond
}

// Units lists the work units that something was confirmed for, by name.
func (t *Truth) Units() []plant.WorkCenterID {
	var ids []plant.WorkCenterID
	for id := range t.units {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Span is the stretch of plant time from the first fact to the last.
func (t *Truth) Span() (from, to time.Time) { return t.first, t.last }

// A Unit is what a work unit did in a window.
type Unit struct {
	iso22400.Elements
	// Unplanned is true if pieces were made for which the routing names no
	// time: effectiveness, and with it OEE, are undefined then.
	Unplanned bool
}

// Effectiveness is that of the elements; nil if it is undefined.
func (u Unit) Effectiveness(o iso22400.Options) *big.Rat {
	if u.Unplanned {
		return nil
	}
	return u.Elements.Effectiveness(o)
}

// OEE is that of the elements; nil if it is undefined.
func (u Unit) OEE(o iso22400.Options) *big.Rat {
	if u.Unplanned {
		return nil
	}
	return u.Elements.OEE(o)
}

// In is what one unit did in a window, such as a shift; the zero Unit if
// nothing was ever confirmed for it. Pieces belong to the moment in which they
// were confirmed; what is confirmed as the window ends is in it.
func (t *Truth) In(id plant.WorkCenterID, from, to time.Time) (u Unit) {
	if len(t.units[id]) == 0 {
		return u
	}
	var busy []span
	for _, d := range t.units[id] {
		if w, ok := (span{d.from, d.to}).within(from, to); ok {
			busy = append(busy, w)
		}
		if !d.at.After(from) || d.at.After(to) {
			continue
		}
		u.PQ, u.GQ, u.SQ, u.RQ = u.PQ.Add(d.pieces()), u.GQ.Add(d.yield), u.SQ.Add(d.scrap), u.RQ.Add(d.again)
		u.Run += d.planned
		u.Unplanned = u.Unplanned || d.pieces() > 0 && d.planned == 0
	}
	u.APT = length(merged(busy))
	u.PBT = length(merged(append(t.shiftsIn(from, to), busy...)))
	return u
}

// All adds up what every unit did.
func (t *Truth) All(from, to time.Time) (sum Unit) {
	for _, id := range t.Units() {
		u := t.In(id, from, to)
		sum.PBT, sum.APT, sum.Run, sum.Unplanned = sum.PBT+u.PBT, sum.APT+u.APT, sum.Run+u.Run, sum.Unplanned || u.Unplanned
		sum.PQ, sum.GQ, sum.SQ, sum.RQ = sum.PQ.Add(u.PQ), sum.GQ.Add(u.GQ), sum.SQ.Add(u.SQ), sum.RQ.Add(u.RQ)
	}
	return sum
}

// span is a stretch of time.
type span struct{ from, to time.Time }

// within is the part of s in a window; false if there is none.
func (s span) within(from, to time.Time) (span, bool) {
	if s.from.Before(from) {
		s.from = from
	}
	if s.to.After(to) {
		s.to = to
	}
	return s, s.to.After(s.from)
}

// shiftsIn are the planned stretches of a window.
func (t *Truth) shiftsIn(from, to time.Time) (list []span) {
	if t.shifts.Zone == nil {
		return []span{{from, to}}
	}
	for day := from.AddDate(0, 0, -1); !day.After(to.AddDate(0, 0, 1)); day = day.AddDate(0, 0, 1) {
		for _, s := range t.shifts.Day(day) {
			if w, ok := (span{s.Start, s.End}).within(from, to); ok {
				list = append(list, w)
			}
		}
	}
	return list
}

// merged joins what overlaps, so that two people at one unit are not twice its
// time.
func merged(list []span) (out []span) {
	slices.SortFunc(list, func(a, b span) int { return a.from.Compare(b.from) })
	for _, s := range list {
		if n := len(out); n > 0 && !s.from.After(out[n-1].to) {
			if s.to.After(out[n-1].to) {
				out[n-1].to = s.to
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

func length(list []span) (d time.Duration) {
	for _, s := range list {
		d += s.to.Sub(s.from)
	}
	return d
}
