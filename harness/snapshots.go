package harness

import (
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// mostInSnapshot bounds how many orders, and how many lots, of one system are
// read at the end of a run.
const mostInSnapshot = 5000

// touched are the orders and lots that something happened to, in the order of
// the journal.
type touched struct {
	orders []plant.OrderID
	lots   []stock
	seen   map[any]bool
}

type stock struct {
	material plant.ItemID
	lot      plant.LotID
}

// snapshots reads the books of every system, so that judges can compare what
// they show with what happened.
func (p *Plan) snapshots() { p.readBooks(touched{seen: map[any]bool{}}) }

// snapshotAll reads the books in the middle of a run, with all that may still
// be touched: a balance that is carried over has to be known before.
func (p *Plan) snapshotAll() {
	t := touched{seen: map[any]bool{}}
	for _, l := range p.Evidence.Lots {
		s := stock{l.Material, l.ID}
		t.seen[s] = true
		t.lots = append(t.lots, s)
	}
	for _, o := range p.open {
		t.touch(plant.OrderReleased{Order: o})
	}
	p.readBooks(t)
}

func (p *Plan) readBooks(t touched) {
	for _, r := range p.Journal.Records() {
		switch b := r.Body.(type) {
		case evidence.Truth:
			t.touch(b.Event.Fact)
		case evidence.Effect:
			t.touch(b.Posting.Claim.Fact)
		}
	}
	for _, e := range p.Endpoints {
		p.Journal.Append(t.read(e))
	}
}

func (t *touched) touch(f plant.Fact) {
	if f == nil {
		return
	}
	k := f.Keys()
	if o, ok := f.(plant.OrderReleased); ok {
		k.Lot, k.Material = o.Order.Lot, o.Order.Item
	}
	if k.Order != "" && !t.seen[k.Order] {
		t.seen[k.Order] = true
		t.orders = append(t.orders, k.Order)
	}
	if s := (stock{k.Material, k.Lot}); (k.Lot != "" || moves(f)) && !t.seen[s] {
		t.seen[s] = true
		t.lots = append(t.lots, s)
	}
}

// moves reports whether f moves stock that may not be kept by lot.
func moves(f plant.Fact) bool {
	switch f.Kind() {
	case plant.KindConsumption, plant.KindScrap, plant.KindReceipt, plant.KindShipment:
		return true
	}
	return false
}

// read asks one system for its books; what it does not know is left out.
func (t *touched) read(e *endpoint.Endpoint) evidence.Snapshot {
	s := evidence.Snapshot{Endpoint: e.Name, Left: max(0, len(t.orders)-mostInSnapshot) + max(0, len(t.lots)-mostInSnapshot)}
	for _, id := range t.orders[:min(len(t.orders), mostInSnapshot)] {
		if o, ok := e.System.State("order", string(id)).(simulators.OrderState); ok {
			s.Orders = append(s.Orders, evidence.OrderBook{Order: id, Item: o.Order.Item, Quantity: o.Order.Quantity, Due: o.Order.Due,
				Priority: o.Order.Priority, Version: o.Version, State: o.State, Confirmed: o.Confirmed, Received: o.Received})
		}
	}
	seen := map[stock]bool{}
	for _, id := range t.lots[:min(len(t.lots), mostInSnapshot)] {
		l, ok := e.System.State("lot", books.StockKey(id.material, id.lot)).(plant.Lot)
		if at := (stock{l.Material, l.ID}); ok && !seen[at] {
			seen[at] = true
			s.Stock = append(s.Stock, evidence.StockBook{Material: l.Material, Lot: l.ID, Status: l.Status, Quantity: l.Quantity})
		}
	}
	return s
}
