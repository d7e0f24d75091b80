package erp

import (
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// teller applies the rules of the ERP to claims.
type teller struct {
	*ERP
	Options
}

// Reach implements [books.Rules].
func (t teller) Reach(c plant.Event) (orders, lots books.Set) {
	switch f := c.Fact.(type) {
	case plant.OperationStarted:
		return books.Of(string(f.Order)), 0
	case plant.Confirmed:
		return books.Of(string(f.Order)), 0
	case plant.Reworked:
		return books.Of(string(f.Order)), 0
	case plant.Reversed:
		return ^books.Set(0), ^books.Set(0) // which order and lot it reaches stands in the books
	}
	k := c.Fact.Keys()
	return books.Of(string(k.Order)), books.Of(books.StockKey(k.Material, k.Lot))
}

// Save implements [books.Rules].
func (t teller) Save(claims []plant.Event) func() {
	orders, stock := map[plant.OrderID]*order{}, map[string]*books.Lot{}
	for _, c := range claims {
		if c.Fact == nil {
			continue
		}
		k := reached(c.Fact)
		if o := t.orders.Get(k.Order); o != nil && orders[k.Order] == nil {
			orders[k.Order] = o.clone()
		}
		key := books.StockKey(k.Material, k.Lot)
		if _, saved := stock[key]; !saved {
			stock[key] = nil
			if l := t.stock.Get(key); l != nil {
				stock[key] = l.Clone()
			}
		}
	}
	return func() {
		for id, o := range orders {
			t.orders.Put(id, o)
		}
		for key, l := range stock {
			if l == nil {
				t.stock.Drop(key)
			} else {
				t.stock.Put(key, l)
			}
		}
	}
}

// Apply implements [books.Rules].
func (t teller) Apply(c plant.Event, now time.Time) (plant.Quantity, simulators.Row) {
	var base plant.Quantity
	if row := t.reversible(c); row.Refusal != nil {
		return base, row
	}
	o, refusal := t.admit(c)
	if refusal == nil && t.NaturalKey {
		if doc, ok := t.desk.Ledger.Known(c.Fact); ok {
			r := books.Refuse(books.AlreadyPosted, "%s was posted as document %s", plant.Natural(c.Fact), doc)
			return base, simulators.Row{Refusal: r, Doc: doc, Known: true}
		}
	}
	if refusal == nil {
		refusal = t.allow(c, o)
	}
	if refusal == nil {
		base, refusal = t.book(c, o, now)
		if refusal == nil && o != nil {
			o.touch(now)
		}
	}
	return base, simulators.Row{Refusal: refusal}
}

// admit finds the order of a claim, if it is one to an order, and refuses it
// if the order is unknown or somebody works on it. Only then is it asked
// whether the claim is a repetition: nobody reads a locked order.
func (t teller) admit(c plant.Event) (*order, *simulators.Refusal) {
	k := c.Fact.Kind()
	if k == plant.KindLotHeld || k == plant.KindShipment {
		return nil, nil
	}
	id := c.Fact.Keys().Order
	o := t.orders.Get(id)
	switch {
	case o == nil:
		return nil, books.Refuse(books.OrderUnknown, "order %q is not known", id)
	case o.locked && k != plant.KindInspection:
		return nil, books.Refuse(books.OrderLocked, "order %s is being processed by another user", id)
	}
	return o, nil
}

// allow refuses what may not be posted to the order as it stands, at that
// time, or to that operation.
func (t teller) allow(c plant.Event, o *order) *simulators.Refusal {
	k := c.Fact.Kind()
	if opens := t.opens.Load(); valued(k) && !c.At.IsZero() && opens != 0 && c.At.UnixNano() < opens {
		return books.Refuse(books.PeriodClosed, "posting date %s lies before the open period, which began on %s",
			c.At.Format(time.RFC3339), time.Unix(0, opens).In(c.At.Location()).Format(time.RFC3339))
	}
	if o == nil {
		return nil
	}
	if o.state >= closed && k != plant.KindInspection {
		return books.Refuse(books.OrderClosed, "order %s is %s", o.header.ID, o.state)
	}
	op := c.Fact.Keys().Operation
	if (op != "" || needsOperation(k)) && o.operation(op) < 0 {
		return books.Refuse(books.OperationUnknown, "order %s has no operation %q", o.header.ID, op)
	}
	return nil
}

// valued reports whether facts of kind k move values, which are bound to the
// open period.
func valued(k plant.Kind) bool {
	switch k {
	case plant.KindOperationStarted, plant.KindLotHeld, plant.KindInspection:
		return false
	}
	return true
}

func needsOperation(k plant.Kind) bool {
	return k == plant.KindConfirmation || k == plant.KindRework
}

// book changes the books, or says what is wrong with quantity, unit or lot.
func (t teller) book(c plant.Event, o *order, now time.Time) (plant.Quantity, *simulators.Refusal) {
	switch f := c.Fact.(type) {
	case plant.OperationStarted:
		o.begin()
	case plant.Confirmed:
		return t.confirm(f, o)
	case plant.Reworked:
		return t.rework(f, o)
	case plant.Consumed:
		if !c.At.IsZero() {
			now = c.At // whether its lot was good is decided by when it was used
		}
		return t.consume(f, o, now)
	case plant.Scrapped:
		return t.scrap(f, o)
	case plant.Received:
		return t.receive(f, o)
	case plant.Inspected:
		return plant.Quantity{}, t.inspect(f, o)
	case plant.Reversed:
		return t.reverse(f, o)
	case plant.LotHeld:
		return plant.Quantity{}, t.hold(f)
	case plant.Shipped:
		return t.ship(f, now)
	}
	return plant.Quantity{}, nil
}

func (t teller) confirm(f plant.Confirmed, o *order) (plant.Quantity, *simulators.Refusal) {
	yield, refusal := t.items.Base(o.header.Item, f.Yield)
	if refusal != nil {
		return yield, refusal
	}
	scrap, refusal := t.items.Base(o.header.Item, f.Scrap)
	if refusal != nil {
		return yield, refusal
	}
	rework, refusal := t.items.Base(o.header.Item, f.Rework)
	if refusal != nil {
		return yield, refusal
	}
	at := o.operation(f.Operation)
	sum := o.sums[at]
	sum.Yield, sum.Scrap, sum.Rework = sum.Yield.Add(yield.Amount), sum.Scrap.Add(scrap.Amount), sum.Rework.Add(rework.Amount)
	sum.Final = sum.Final || f.Final
	if limit, limited := o.limit(t.ConfirmTolerance); limited && sum.Yield > limit {
		return yield, books.Refuse(books.OverDelivery, "yield %s of operation %s of order %s exceeds %s, the order quantity %s and %d %%",
			sum.Yield, f.Operation, f.Order, limit, o.quantity, t.ConfirmTolerance)
	}
	o.sums[at] = sum
	o.begin()
	if f.Final && at == len(o.sums)-1 {
		o.state = max(o.state, completed)
	}
	return yield, nil
}

func (t teller) rework(f plant.Reworked, o *order) (plant.Quantity, *simulators.Refusal) {
	base, refusal := t.items.Base(o.header.Item, f.Quantity)
	if refusal != nil {
		return base, refusal
	}
	sum := &o.sums[o.operation(f.Operation)]
	sum.Rework = sum.Rework.Add(base.Amount)
	o.begin()
	return base, nil
}

func (t teller) inspect(f plant.Inspected, o *order) *simulators.Refusal {
	if f.Lot != "" {
		l := t.stock.Get(string(f.Lot))
		if l == nil {
			return books.Refuse(books.LotUnknown, "lot %q is not known", f.Lot)
		}
		if refusal := l.Of(f.Material); refusal != nil {
			return refusal
		}
	}
	if at := o.operation(f.Operation); at >= 0 {
		o.done[at].passed += f.Passed
		o.done[at].failed += f.Failed
	}
	return nil
}
