package mes

import (
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// Notice enters what the shop floor did, and announces it. The floor does not
// ask for permission: what has happened is announced even if the books cannot
// make sense of it.
func (e *MES) Notice(ev plant.Event) []plant.Event {
	switch f := ev.Fact.(type) {
	case plant.OperationStarted:
		e.withOrder(f.Order, func(o *order) {
			if o != nil {
				o.begin()
			}
		})
	case plant.Confirmed:
		e.withOrder(f.Order, func(o *order) { e.confirmed(o, f) })
	case plant.Reworked:
		e.withOrder(f.Order, func(o *order) { e.reworked(o, f) })
	case plant.Consumed:
		e.moved(f.Material, f.Lot, f.Quantity, -1)
	case plant.Scrapped:
		e.scrapped(f, 1)
	case plant.Received:
		e.received(f, 1)
	case plant.Reversed:
		e.reversed(f)
	case plant.LotHeld:
		e.held(f)
	case plant.Inspected:
	default:
		return nil
	}
	return []plant.Event{ev}
}

func (e *MES) confirmed(o *order, f plant.Confirmed) {
	if o == nil {
		return
	}
	o.begin()
	at := o.operation(f.Operation)
	if at < 0 {
		return
	}
	e.sum(o, at, f, 1)
	o.sums[at].Final = o.sums[at].Final || f.Final
	if f.Final && at == len(o.sums)-1 {
		o.state = max(o.state, completed)
	}
}

// sum adds what a confirmation says to the sums of its operation; with sign -1
// it takes that away.
func (e *MES) sum(o *order, at int, f plant.Confirmed, sign int64) {
	add := func(to *plant.Decimal, q plant.Quantity) {
		*to = to.Add(e.base(o.header.Item, q).Times(sign))
	}
	sum := &o.sums[at]
	add(&sum.Yield, f.Yield)
	add(&sum.Scrap, f.Scrap)
	add(&sum.Rework, f.Rework)
}

func (e *MES) reworked(o *order, f plant.Reworked) {
	if o == nil {
		return
	}
	if at := o.operation(f.Operation); at >= 0 {
		o.sums[at].Rework = o.sums[at].Rework.Add(e.base(o.header.Item, f.Quantity))
	}
}

// scrapped counts lost pieces of what the order makes for their operation and
// takes lost components out of stock, as the ERP does; with sign -1 the other
// way round.
func (e *MES) scrapped(f plant.Scrapped, sign int64) {
	product := false
	e.withOrder(f.Order, func(o *order) {
		if product = o != nil && o.header.Item == f.Material; !product {
			return
		}
		if at := o.operation(f.Operation); at >= 0 {
			o.sums[at].Scrap = o.sums[at].Scrap.Add(e.base(f.Material, f.Quantity).Times(sign))
		}
	})
	if !product {
		e.moved(f.Material, f.Lot, f.Quantity, -sign)
	}
}

func (e *MES) received(f plant.Received, sign int64) {
	e.withOrder(f.Order, func(o *order) {
		if o != nil {
			o.received = o.received.Add(e.base(f.Material, f.Quantity).Times(sign))
		}
	})
	e.moved(f.Material, f.Lot, f.Quantity, sign)
}

// reversed takes back what was reported, as if it had never been.
func (e *MES) reversed(f plant.Reversed) {
	switch was := f.Original.Fact.(type) {
	case plant.Confirmed:
		e.withOrder(was.Order, func(o *order) { e.unconfirmed(o, was) })
	case plant.Consumed:
		e.moved(was.Material, was.Lot, was.Quantity, 1)
	case plant.Scrapped:
		e.scrapped(was, -1)
	case plant.Received:
		e.received(was, -1)
	}
}

func (e *MES) unconfirmed(o *order, was plant.Confirmed) {
	if o == nil {
		return
	}
	at := o.operation(was.Operation)
	if at < 0 {
		return
	}
	e.sum(o, at, was, -1)
	if was.Final {
		o.sums[at].Final = false
		if at == len(o.sums)-1 && o.state == completed {
			o.state = running
		}
	}
}

// held blocks the lot here at once; that is what a hold is for. The ERP learns
// of it by way of the SUT.
func (e *MES) held(f plant.LotHeld) {
	e.withStock(f.Material, f.Lot, func(l *books.Lot) { l.Hold(f.Case) })
}

// moved changes the stock of a lot.
func (e *MES) moved(material plant.ItemID, lot plant.LotID, q plant.Quantity, sign int64) {
	base := e.base(material, q)
	e.withStock(material, lot, func(l *books.Lot) { l.Quantity = l.Quantity.Add(base.Times(sign)) })
}

// withStock calls do with a lot, which is new if it was not known.
func (e *MES) withStock(material plant.ItemID, lot plant.LotID, do func(*books.Lot)) {
	key := books.StockKey(material, lot)
	e.withLot(key, func(l *books.Lot) {
		if l == nil {
			l = books.NewLot(plant.Lot{ID: lot, Material: material})
			e.lots.Put(key, l)
		}
		do(l)
	})
}

// base converts q to the base unit, and to nothing if that cannot be done.
func (e *MES) base(item plant.ItemID, q plant.Quantity) plant.Decimal {
	base, _ := e.items.Base(item, q)
	return base.Amount
}
