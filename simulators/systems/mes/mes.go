// Package mes plays an MES: it takes orders over from the ERP, dispatches
// them, and reports what the shop floor does.
//
// It knows nothing of wire formats. What it shows is what the shop floor goes
// by: see [plant.View].
package mes

import (
	"sync/atomic"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// Options are the rules that differ from one MES to another.
type Options struct {
	// NaturalKey answers a repetition of what is known with the document of
	// the first time and does nothing; New sets it. Without, it is done again.
	NaturalKey bool
	// Atomic posts all claims of one message or none.
	Atomic bool
	// Overwrite lets an older version of an order replace a newer one: the
	// last one written counts.
	Overwrite bool
}

// MES is a simulated MES.
type MES struct {
	options   atomic.Pointer[Options]
	desk      *books.Desk
	items     *books.Items
	bills     *books.Designs[plant.ItemID, plant.Bill]
	routings  *books.Designs[plant.ItemID, plant.Routing]
	centers   *books.Designs[plant.WorkCenterID, plant.WorkCenter]
	calendars *books.Designs[string, plant.Calendar]
	orders    *books.Table[plant.OrderID, *order] // guarded by desk.Orders
	lots      *books.Table[string, *books.Lot]    // by books.StockKey, guarded by desk.Lots

	machines *books.Table[plant.MachineID, *Machine] // guarded by desk.Orders
}

var (
	_ simulators.System = (*MES)(nil)
	_ plant.View        = (*MES)(nil)
)

// New returns an MES that knows m; set may change its rules.
func New(m plant.Master, set ...func(*Options)) *MES {
	e := &MES{
		desk:      &books.Desk{Ledger: books.NewLedger(ranges)},
		items:     books.NewItems(m),
		bills:     books.NewBills(m),
		routings:  books.NewRoutings(m),
		centers:   books.NewCenters(m),
		calendars: books.NewCalendars(m),
		orders:    books.NewTable[plant.OrderID, *order](),
		lots:      books.NewTable[string, *books.Lot](),

		machines: books.NewTable[plant.MachineID, *Machine](),
	}
	o := Options{NaturalKey: true}
	for _, s := range set {
		s(&o)
	}
	e.options.Store(&o)
	for _, l := range m.Lots {
		e.lots.Put(books.StockKey(l.Material, l.ID), books.NewLot(l))
	}
	for _, o := range m.Open {
		e.dispatch(o)
	}
	for _, w := range m.WorkCenters {
		for _, id := range w.Machines {
			e.machines.Put(id, &Machine{Machine: id})
		}
	}
	return e
}

// ranges are the number ranges of the documents.
var ranges = map[plant.Kind]int64{
	plant.KindOrderReleased:   1100000001,
	plant.KindOrderChanged:    1200000001,
	plant.KindOrderCancelled:  1300000001,
	plant.KindLotDecided:      1400000001,
	plant.KindItemChanged:     1500000001,
	plant.KindMachineCount:    1600000001,
	plant.KindMachineState:    1700000001,
	plant.KindBillChanged:     1800000001,
	plant.KindRoutingChanged:  1900000001,
	plant.KindCenterChanged:   2100000001,
	plant.KindCalendarChanged: 2200000001,
}

// Change puts other rules in force from the next message on. Callers change
// one at a time.
func (e *MES) Change(change func(*Options)) {
	o := *e.options.Load()
	change(&o)
	e.options.Store(&o)
}

// Handle does what the ERP asks by way of the SUT. Post is called while the
// books are held, so it must not call the MES.
func (e *MES) Handle(a simulators.Ask, post func(simulators.Posting)) simulators.Answer {
	switch {
	case a.Query != nil:
		return e.query(*a.Query)
	case len(a.Claims) == 0:
		return simulators.Answer{Refusal: books.Refuse(books.NothingSaid, "the message states nothing")}
	}
	o := *e.options.Load()
	rows := books.Handle(e.desk, teller{e, o}, a, books.How{Atomic: o.Atomic, NaturalKey: o.NaturalKey, Quiet: true}, post)
	return simulators.Answer{Rows: rows}
}

// Dispatched implements [plant.View]. A cancelled order is not dispatched.
func (e *MES) Dispatched(id plant.OrderID) (version int, ok bool) {
	e.withOrder(id, func(o *order) {
		if o != nil && o.state != cancelled {
			version, ok = o.version, true
		}
	})
	return version, ok
}

// Quantity implements [plant.View], in the unit of the order.
func (e *MES) Quantity(id plant.OrderID) (q plant.Decimal, ok bool) {
	e.withOrder(id, func(o *order) {
		if o != nil {
			q, ok = o.header.Quantity.Amount, true
		}
	})
	return q, ok
}

// Usable implements [plant.View]. A lot the MES has never heard of is not
// blocked.
func (e *MES) Usable(id plant.LotID) (ok bool) {
	e.withLot(string(id), func(l *books.Lot) { ok = l == nil || l.Status == plant.LotUnrestricted })
	return ok
}

// withOrder calls do with the order, nil if unknown, while it is held.
func (e *MES) withOrder(id plant.OrderID, do func(*order)) {
	s := books.Of(string(id))
	e.desk.Orders.Lock(s)
	defer e.desk.Orders.Unlock(s)
	do(e.orders.Get(id))
}

func (e *MES) withLot(key string, do func(*books.Lot)) {
	s := books.Of(key)
	e.desk.Lots.Lock(s)
	defer e.desk.Lots.Unlock(s)
	do(e.lots.Get(key))
}
