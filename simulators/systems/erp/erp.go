// Package erp plays an ERP: it releases and changes orders, decides on lots,
// and posts what the shop floor reports if its rules allow it.
//
// It knows nothing of wire formats and of what really happened in the plant:
// its books are what it was told.
package erp

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// Options are the rules that differ from one ERP to another.
type Options struct {
	// NaturalKey refuses a second posting of one business key as
	// "already-posted" and tells the number of the first.
	NaturalKey bool
	// Atomic posts all claims of one message or none.
	Atomic bool
	// Negative lets stock go below zero instead of refusing "stock-short".
	Negative bool
	// Tolerance is how many percent of the order quantity may be received
	// beyond it; New sets 10. Below 0 there is no limit.
	Tolerance int
	// ConfirmTolerance is the same for the yield of one operation. New sets
	// -1, no limit: ERPs usually warn there, and stop the receipt.
	ConfirmTolerance int
}

// ERP is a simulated ERP.
type ERP struct {
	master    plant.Master
	options   atomic.Pointer[Options]
	desk      *books.Desk
	items     *books.Items
	bills     *books.Designs[plant.ItemID, plant.Bill]
	routings  *books.Designs[plant.ItemID, plant.Routing]
	centers   *books.Designs[plant.WorkCenterID, plant.WorkCenter]
	calendars *books.Designs[string, plant.Calendar]
	orders    *books.Table[plant.OrderID, *order] // guarded by desk.Orders
	stock     *books.Table[string, *books.Lot]    // by books.StockKey, guarded by desk.Lots
	opens     atomic.Int64                        // start of the open posting period, in Unix nanoseconds
}

var _ simulators.Resolver = (*ERP)(nil)

// New returns an ERP that knows m; set may change its rules.
func New(m plant.Master, set ...func(*Options)) *ERP {
	e := &ERP{
		master:    m,
		desk:      &books.Desk{Ledger: books.NewLedger(ranges)},
		items:     books.NewItems(m),
		bills:     books.NewBills(m),
		routings:  books.NewRoutings(m),
		centers:   books.NewCenters(m),
		calendars: books.NewCalendars(m),
		orders:    books.NewTable[plant.OrderID, *order](),
		stock:     books.NewTable[string, *books.Lot](),
	}
	o := Options{Tolerance: 10, ConfirmTolerance: -1}
	for _, s := range set {
		s(&o)
	}
	e.options.Store(&o)
	if !m.PeriodOpens.IsZero() {
		e.opens.Store(m.PeriodOpens.UnixNano())
	}
	for _, l := range m.Lots {
		e.stock.Put(books.StockKey(l.Material, l.ID), books.NewLot(l))
	}
	for _, o := range m.Open {
		e.release(o)
	}
	return e
}

// ranges are the number ranges of the documents.
var ranges = map[plant.Kind]int64{
	plant.KindOperationStarted: 1000000001,
	plant.KindInspection:       2000000001,
	plant.KindLotHeld:          3000000001,
	plant.KindConsumption:      4900000001,
	plant.KindConfirmation:     5000000001,
	plant.KindScrap:            5500000001,
	plant.KindRework:           5600000001,
	plant.KindReceipt:          5700000001,
	plant.KindReversal:         5800000001,
	plant.KindShipment:         8000000001,
}

// Change puts other rules in force from the next message on. Callers change
// one at a time.
func (e *ERP) Change(change func(*Options)) {
	o := *e.options.Load()
	change(&o)
	e.options.Store(&o)
}

// Notice enters what the ERP itself has done or decided, and announces it.
func (e *ERP) Notice(ev plant.Event) []plant.Event {
	switch f := ev.Fact.(type) {
	case plant.OrderReleased:
		e.release(f.Order)
		e.withOrder(f.Order.ID, func(o *order) { orTouch(o, ev.At) })
	case plant.OrderChanged:
		e.edit(f.Order, f.Version, func(o *order) { o.change(e.items, f); o.touch(ev.At) })
	case plant.OrderCancelled:
		e.edit(f.Order, f.Version, func(o *order) { o.state = cancelled; o.touch(ev.At) })
	case plant.LotDecided:
		e.decide(f)
	case plant.ItemChanged:
		e.items.Change(f, ev.At)
	case plant.BillChanged:
		e.bills.Change(f.Bill.Item, f.Version, f.Bill, ev.At)
	case plant.RoutingChanged:
		e.routings.Change(f.Routing.Item, f.Version, f.Routing, ev.At)
	case plant.CenterChanged:
		e.centers.Change(f.WorkCenter.ID, f.Version, f.WorkCenter, ev.At)
	case plant.CalendarChanged:
		e.calendars.Change(f.Calendar.ID, f.Version, f.Calendar, ev.At)
	default:
		return nil
	}
	return []plant.Event{ev}
}

// orTouch notes when an order was changed, if there is one.
func orTouch(o *order, at time.Time) {
	if o != nil {
		o.touch(at)
	}
}

// release enters an order and the lot its goods will be received under. An
// order that is known stays as it is.
func (e *ERP) release(o plant.Order) {
	orders, lots := books.Of(string(o.ID)), books.Of(string(o.Lot))
	e.desk.Orders.Lock(orders)
	defer e.desk.Orders.Unlock(orders)
	e.desk.Lots.Lock(lots)
	defer e.desk.Lots.Unlock(lots)
	if o.ID == "" || e.orders.Get(o.ID) != nil {
		return
	}
	e.orders.Put(o.ID, newOrder(e.items, o))
	if o.Lot != "" && e.stock.Get(string(o.Lot)) == nil {
		e.stock.Put(string(o.Lot), books.NewLot(plant.Lot{ID: o.Lot, Material: o.Item}))
	}
}

// edit changes an order to a version that is not older than its own.
func (e *ERP) edit(id plant.OrderID, version int, change func(*order)) {
	e.withOrder(id, func(o *order) {
		if o != nil && version >= o.version {
			o.version = version
			change(o)
		}
	})
}

func (e *ERP) decide(f plant.LotDecided) {
	e.withLot(string(f.Lot), func(l *books.Lot) {
		if l != nil {
			l.Decide(f.Case, f.Decision)
		}
	})
}

// Lock says that somebody works on the order inside the ERP, or no longer
// does: meanwhile every posting to it is refused.
func (e *ERP) Lock(id plant.OrderID, locked bool) error {
	return e.control("lock", id, func(o *order) { o.locked = locked })
}

// Close ends an order: nothing is posted to it any more. ERPs leave this to
// the planner, since late postings would otherwise be refused.
func (e *ERP) Close(id plant.OrderID) error {
	return e.control("close", id, func(o *order) { o.state = max(o.state, closed) })
}

// ClosePeriod closes everything before opens: nothing that moves values may be
// posted on an earlier instant any more. It returns when no posting is under
// way that was allowed before. A period that is closed stays so.
func (e *ERP) ClosePeriod(opens time.Time) {
	const all = ^books.Set(0)
	e.desk.Orders.Lock(all)
	defer e.desk.Orders.Unlock(all)
	e.opens.Store(max(e.opens.Load(), opens.UnixNano()))
}

func (e *ERP) control(verb string, id plant.OrderID, do func(*order)) (err error) {
	e.withOrder(id, func(o *order) {
		if o == nil {
			err = fmt.Errorf("%s order: %q is not known", verb, id)
			return
		}
		do(o)
	})
	return err
}

// end closes an order because its sender says that it is done.
func (e *ERP) end(id plant.OrderID) simulators.Answer {
	row := simulators.Row{}
	e.withOrder(id, func(o *order) {
		switch {
		case o == nil:
			row.Refusal = books.Refuse(books.OrderUnknown, "order %q is not known", id)
		case o.locked:
			row.Refusal = books.Refuse(books.OrderLocked, "order %s is being processed by another user", id)
		case o.state >= closed:
			row.Refusal = books.Refuse(books.OrderClosed, "order %s is %s", id, o.state)
		default:
			o.state = closed
		}
	})
	return simulators.Answer{Rows: []simulators.Row{row}}
}

// withOrder calls do with the order, nil if unknown, while it is held.
func (e *ERP) withOrder(id plant.OrderID, do func(*order)) {
	s := books.Of(string(id))
	e.desk.Orders.Lock(s)
	defer e.desk.Orders.Unlock(s)
	do(e.orders.Get(id))
}

func (e *ERP) withLot(key string, do func(*books.Lot)) {
	s := books.Of(key)
	e.desk.Lots.Lock(s)
	defer e.desk.Lots.Unlock(s)
	do(e.stock.Get(key))
}

// Handle posts what the SUT claims, or answers what it asks. Post is called
// while the books are held, so it must not call the ERP.
func (e *ERP) Handle(a simulators.Ask, post func(simulators.Posting)) simulators.Answer {
	switch {
	case a.Query != nil:
		return e.query(*a.Query)
	case a.Ends != "":
		return e.end(a.Ends)
	case len(a.Claims) == 0:
		return simulators.Answer{Refusal: books.Refuse(books.NothingSaid, "the message states nothing")}
	}
	o := *e.options.Load()
	a.Claims = e.Resolve(a.Claims)
	if a.Defaults {
		a.Claims = e.completed(a.Claims)
	}
	rows := books.Handle(e.desk, teller{e, o}, a, books.How{Atomic: o.Atomic, NaturalKey: o.NaturalKey}, post)
	return simulators.Answer{Rows: rows}
}
