package mes

import (
	"cmp"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// teller applies the rules of the MES to claims.
type teller struct {
	*MES
	Options
}

// Reach implements [books.Rules].
func (t teller) Reach(c plant.Event) (orders, lots books.Set) {
	k := c.Fact.Keys()
	switch f := c.Fact.(type) {
	case plant.OrderReleased:
		k.Lot = f.Order.Lot
	case plant.ItemChanged, plant.BillChanged, plant.RoutingChanged, plant.CenterChanged, plant.CalendarChanged: // no order, but changes of one record take turns too
		return books.Of(k.Entity()), 0
	case plant.MachineCounted, plant.MachineChanged:
		return books.Of(string(k.Machine)), 0
	}
	return books.Of(string(k.Order)), books.Of(string(k.Lot))
}

// Save implements [books.Rules].
func (t teller) Save(claims []plant.Event) func() {
	orders, lots, machines := map[plant.OrderID]*order{}, map[string]*books.Lot{}, map[plant.MachineID]*Machine{}
	var designs []func()
	for _, c := range claims {
		if c.Fact == nil {
			continue
		}
		k := c.Fact.Keys()
		switch f := c.Fact.(type) {
		case plant.OrderReleased:
			k.Lot = f.Order.Lot
		case plant.ItemChanged:
			designs = append(designs, t.items.Save(f.Item.ID))
		case plant.BillChanged:
			designs = append(designs, t.bills.Save(f.Bill.Item))
		case plant.RoutingChanged:
			designs = append(designs, t.routings.Save(f.Routing.Item))
		case plant.CenterChanged:
			designs = append(designs, t.centers.Save(f.WorkCenter.ID))
		case plant.CalendarChanged:
			designs = append(designs, t.calendars.Save(f.Calendar.ID))
		}
		if _, saved := orders[k.Order]; k.Order != "" && !saved {
			orders[k.Order] = cloned(t.orders.Get(k.Order), (*order).clone)
		}
		if _, saved := lots[string(k.Lot)]; k.Lot != "" && !saved {
			lots[string(k.Lot)] = cloned(t.lots.Get(string(k.Lot)), (*books.Lot).Clone)
		}
		if _, saved := machines[k.Machine]; k.Machine != "" && !saved {
			machines[k.Machine] = cloned(t.machines.Get(k.Machine), (*Machine).clone)
		}
	}
	return func() {
		putBack(t.orders, orders)
		putBack(t.lots, lots)
		putBack(t.machines, machines)
		for _, restore := range designs {
			restore()
		}
	}
}

func cloned[T any](p *T, clone func(*T) *T) *T {
	if p == nil {
		return nil
	}
	return clone(p)
}

func putBack[K ~string, T any](t *books.Table[K, *T], saved map[K]*T) {
	for id, p := range saved {
		if p == nil {
			t.Drop(id)
		} else {
			t.Put(id, p)
		}
	}
}

// Apply implements [books.Rules].
func (t teller) Apply(c plant.Event, _ time.Time) (plant.Quantity, simulators.Row) {
	if t.NaturalKey {
		if doc, ok := t.desk.Ledger.Known(c.Fact); ok {
			return plant.Quantity{}, simulators.Row{Doc: doc, Known: true}
		}
	}
	var base plant.Quantity
	var refusal *simulators.Refusal
	switch f := c.Fact.(type) {
	case plant.OrderReleased:
		base, refusal = t.release(f)
	case plant.OrderChanged:
		base, refusal = t.change(f)
	case plant.OrderCancelled:
		refusal = t.cancel(f)
	case plant.LotDecided:
		refusal = t.decide(f)
	case plant.MachineCounted:
		base, refusal = t.read(f)
	case plant.MachineChanged:
		refusal = t.turn(f)
	case plant.ItemChanged:
		if !t.items.Change(f, c.At) {
			refusal = books.Refuse(books.VersionOvertaken, "version %d of material %s came after version %d", f.Version, f.Item.ID, t.items.Version(f.Item.ID))
		}
	case plant.BillChanged:
		refusal = t.redesign(f, c.At)
	case plant.RoutingChanged:
		refusal = t.reroute(f, c.At)
	case plant.CenterChanged:
		refusal = t.refit(f, c.At)
	case plant.CalendarChanged:
		refusal = t.reschedule(f, c.At)
	}
	return base, simulators.Row{Refusal: refusal}
}

// dispatch enters an order and the lot its goods will belong to.
func (e *MES) dispatch(o plant.Order) {
	e.orders.Put(o.ID, newOrder(o))
	if o.Lot != "" && e.lots.Get(string(o.Lot)) == nil {
		e.lots.Put(string(o.Lot), books.NewLot(plant.Lot{ID: o.Lot, Material: o.Item}))
	}
}

func (t teller) release(f plant.OrderReleased) (plant.Quantity, *simulators.Refusal) {
	base, refusal := t.wanted(f.Order.ID, f.Order.Item, f.Order.Quantity)
	switch {
	case f.Order.ID == "":
		return base, books.Refuse(books.OrderUnknown, "the order has no identifier")
	case refusal != nil:
		return base, refusal
	case len(f.Order.Operations) == 0:
		return base, books.Refuse(books.RoutingMissing, "order %s has no operations", f.Order.ID)
	}
	if t.orders.Get(f.Order.ID) == nil { // a known one goes on as it is
		t.dispatch(f.Order)
	}
	return base, nil
}

// wanted converts the quantity of an order, of which there must be some.
func (t teller) wanted(id plant.OrderID, item plant.ItemID, q plant.Quantity) (plant.Quantity, *simulators.Refusal) {
	base, refusal := t.items.Base(item, q)
	if refusal == nil && base.Amount == 0 {
		refusal = books.Refuse(books.QuantityZero, "order %s has no quantity", id)
	}
	return base, refusal
}

func (t teller) change(f plant.OrderChanged) (plant.Quantity, *simulators.Refusal) {
	o, refusal := t.newer(f.Order, f.Version)
	if refusal != nil {
		return plant.Quantity{}, refusal
	}
	if f.Quantity == (plant.Quantity{}) { // it is about other things, and what it does not say stays
		f.Quantity, f.Due, f.Priority = o.header.Quantity, orTime(f.Due, o.header.Due), cmp.Or(f.Priority, o.header.Priority)
	}
	base, refusal := t.wanted(f.Order, o.header.Item, f.Quantity)
	if refusal != nil {
		return base, refusal
	}
	if made := o.produced(); base.Amount < made {
		return base, books.Refuse(books.QuantityBelowProduced, "order %s cannot be reduced to %s: %s %s are made already", f.Order, f.Quantity, made, base.Unit)
	}
	o.header.Quantity, o.header.Due, o.header.Priority = f.Quantity, f.Due, f.Priority
	o.version = f.Version
	return base, nil
}

// orTime is a time that was said, or what stands in its place.
func orTime(said, otherwise time.Time) time.Time {
	if said.IsZero() {
		return otherwise
	}
	return said
}

func (t teller) cancel(f plant.OrderCancelled) *simulators.Refusal {
	o, refusal := t.newer(f.Order, f.Version)
	switch {
	case refusal != nil:
		return refusal
	case o.state != ready:
		return books.Refuse(books.OrderRunning, "order %s cannot be cancelled: it is %s", f.Order, o.state)
	}
	o.state, o.version = cancelled, f.Version
	return nil
}

// newer returns the order if version comes after its own. Where repetitions
// are not recognised, its own version is done again.
func (t teller) newer(id plant.OrderID, version int) (*order, *simulators.Refusal) {
	o := t.orders.Get(id)
	switch {
	case o == nil:
		return nil, books.Refuse(books.OrderUnknown, "order %q is not known", id)
	case o.state == cancelled && version > o.version:
		return nil, books.Refuse(books.OrderClosed, "order %s is %s", id, o.state)
	case version < o.version && !t.Overwrite, version == o.version && t.NaturalKey:
		return nil, books.Refuse(books.VersionOvertaken, "version %d of order %s came after version %d", version, id, o.version)
	}
	return o, nil
}

func (t teller) decide(f plant.LotDecided) *simulators.Refusal {
	l := t.lots.Get(string(f.Lot))
	if l == nil || f.Lot == "" {
		return books.Refuse(books.LotUnknown, "lot %q is not known", f.Lot)
	}
	if refusal := l.Of(f.Material); refusal != nil {
		return refusal
	}
	decision, known := l.Case(f.Case)
	switch {
	case !known:
		return books.Refuse(books.CaseUnknown, "lot %s has no quality case %q", f.Lot, f.Case)
	case decision != books.Undecided && decision != f.Decision:
		return books.Refuse(books.CaseDecided, "case %s of lot %s was decided before: %s, not %s", f.Case, f.Lot, decision, f.Decision)
	case !decides(f.Decision):
		return books.Refuse(books.DecisionUnknown, "%q is no decision on case %s", f.Decision, f.Case)
	}
	l.Decide(f.Case, f.Decision)
	return nil
}

func decides(d plant.Decision) bool {
	return d.Lifts() || d == plant.DecideScrap || d == plant.DecideToRework
}
