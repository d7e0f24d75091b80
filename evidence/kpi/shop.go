package kpi

import (
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// schedule is K7: how the plant itself did, by the truth.
func schedule(r *reading) ([]Measure, string) {
	var ms []Measure
	onTime := r.adherence()
	if onTime.Of > 0 {
		ms = append(ms, Measure{"orders complete when due", onTime, onTime.Of})
	}
	done := r.work(truths(r.h))
	if done.all.planned > 0 {
		ms = append(ms, Measure{"time booked by time planned", NewRatio(int64(done.all.worked), int64(done.all.planned)), done.all.n})
	}
	if wc, w := done.worst(); w.planned > 0 && len(done.by) > 1 {
		ms = append(ms, Measure{"worst work center: " + named(string(wc)), NewRatio(int64(w.worked), int64(w.planned)), w.n})
	}
	if len(ms) == 0 {
		return nil, "no order fell due and no operation with a planned time was confirmed"
	}
	if onTime.Of == 0 {
		return ms, "no order fell due while the run lasted"
	}
	return ms, ""
}

// adherence counts orders that were complete when they fell due.
func (r *reading) adherence() (s Share) {
	now := r.plantEnd()
	due := map[plant.OrderID]time.Time{}
	want := map[plant.OrderID]plant.Quantity{}
	got := map[plant.OrderID][]*evidence.FactView{}
	var orders []plant.OrderID
	for _, f := range r.h.Facts {
		switch b := f.Event.Fact.(type) {
		case plant.OrderReleased:
			orders = append(orders, b.Order.ID)
			due[b.Order.ID], want[b.Order.ID] = b.Order.Due, b.Order.Quantity
		case plant.OrderChanged:
			want[b.Order] = b.Quantity
			if !b.Due.IsZero() {
				due[b.Order] = b.Due
			}
		case plant.OrderCancelled:
			delete(due, b.Order)
		case plant.Received:
			got[b.Order] = append(got[b.Order], f)
		}
	}
	for _, id := range orders {
		d := due[id]
		if d.IsZero() || d.After(now) {
			continue
		}
		s.Of++
		if q, _ := r.measure.Base(r.measure.Item(plant.Confirmed{Order: id}), want[id]); r.received(got[id], d) >= q.Amount {
			s.N++
		}
	}
	return s
}

// received is how much receipts had delivered by then, in base units.
func (r *reading) received(receipts []*evidence.FactView, by time.Time) (sum plant.Decimal) {
	for _, f := range receipts {
		if b, ok := f.Event.Fact.(plant.Received); ok && f.TakenBack == nil && !f.Event.At.After(by) {
			sum = sum.Add(r.base(b.Material, b.Quantity))
		}
	}
	return sum
}

// truths are the facts as they happened, without those that were taken back.
func truths(h *evidence.History) (fs []plant.Fact) {
	for _, f := range h.Facts {
		if f.TakenBack == nil {
			fs = append(fs, f.Event.Fact)
		}
	}
	return fs
}

// reported are the facts as the ERP's books have them, without those that were
// taken back.
func (r *reading) reported() (fs []plant.Fact) {
	for _, e := range r.h.Effects {
		if e.Effect.Attempt != 0 && e.TakenBack == nil && r.h.Plan.Endpoints[e.Endpoint].System == "erp" {
			fs = append(fs, e.Posting.Claim.Fact)
		}
	}
	return fs
}

// worked is time spent beside time planned.
type worked struct {
	worked, planned Plant
	n               int
}

// work adds up confirmations.
type work struct {
	all        worked
	by         map[plant.WorkCenterID]worked
	good, all3 plant.Decimal // yield; yield, scrap and rework
}

// work adds up the confirmations among facts. Time of operations without a
// planned one is left out.
func (r *reading) work(facts []plant.Fact) work {
	w := work{by: map[plant.WorkCenterID]worked{}}
	ops := r.operations()
	setUp := map[opKey]bool{}
	for _, f := range facts {
		c, ok := f.(plant.Confirmed)
		if !ok {
			continue
		}
		item := r.measure.Item(c)
		yield, scrap, rework := r.base(item, c.Yield), r.base(item, c.Scrap), r.base(item, c.Rework)
		w.good = w.good.Add(yield)
		w.all3 = w.all3.Add(yield).Add(scrap).Add(rework)
		op, known := ops[opKey{c.Order, c.Operation}]
		spent := timeOf(c)
		if !known || op.Cycle <= 0 || spent <= 0 {
			continue
		}
		one := worked{spent, plannedFor(op.Cycle, yield.Add(scrap).Add(rework)), 1}
		if key := (opKey{c.Order, c.Operation}); !setUp[key] {
			setUp[key] = true
			one.planned += Plant(op.Setup)
		}
		w.all.add(one)
		wc := w.by[op.WorkCenter]
		wc.add(one)
		w.by[op.WorkCenter] = wc
	}
	return w
}

// timeOf is the time a confirmation books. Start and end are only asked if it
// booked no labor: people enter them to the next five minutes, or not at all.
func timeOf(c plant.Confirmed) Plant {
	if c.Labor > 0 || c.Start.IsZero() {
		return Plant(c.Labor)
	}
	return Plant(c.End.Sub(c.Start))
}

func (w *worked) add(o worked) {
	w.worked, w.planned, w.n = w.worked+o.worked, w.planned+o.planned, w.n+o.n
}

// base is the amount of q in the item's base unit.
func (r *reading) base(item plant.ItemID, q plant.Quantity) plant.Decimal {
	if q.Amount == 0 {
		return 0
	}
	q, _ = r.measure.Base(item, q)
	return q.Amount
}

// plannedFor is the planned time of so many pieces.
func plannedFor(cycle time.Duration, pieces plant.Decimal) Plant {
	whole, part := int64(pieces/plant.One), int64(pieces%plant.One)
	return Plant(int64(cycle)*whole + int64(cycle/time.Microsecond)*part/int64(plant.One)*int64(time.Microsecond))
}

type opKey struct {
	order     plant.OrderID
	operation plant.OperationID
}

func (r *reading) operations() map[opKey]plant.Operation {
	ops := map[opKey]plant.Operation{}
	for _, f := range r.h.Facts {
		if b, ok := f.Event.Fact.(plant.OrderReleased); ok {
			for _, op := range b.Order.Operations {
				ops[opKey{b.Order.ID, op.ID}] = op
			}
		}
	}
	return ops
}

// worst is the work center that took most for what was planned.
func (w work) worst() (at plant.WorkCenterID, most worked) {
	var names []plant.WorkCenterID
	for n := range w.by {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		o := w.by[n]
		if o.planned > 0 && (most.planned == 0 || NewRatio(int64(o.worked), int64(o.planned)).Exceeds(NewRatio(int64(most.worked), int64(most.planned)))) {
			at, most = n, o
		}
	}
	return at, most
}
