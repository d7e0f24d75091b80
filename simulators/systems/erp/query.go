package erp

import (
	"cmp"
	"slices"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// Stock is a line of the stock list.
type Stock = simulators.Stock

// WIP is what is in an order and not yet in stock, in base units.
type WIP struct {
	Order plant.OrderID `json:"order"`
	// Issued is what was taken from stock for the order.
	Issued map[plant.ItemID]plant.Decimal `json:"issued,omitempty"`
	// Open is the yield of the last operation that was not received.
	Open plant.Decimal `json:"open"`
}

// Edge says that an order turned one lot into another. Quantity is what the
// order consumed of the first, in base units.
type Edge struct {
	From     plant.LotID   `json:"from"`
	To       plant.LotID   `json:"to"`
	Order    plant.OrderID `json:"order"`
	Material plant.ItemID  `json:"material"` // of From
	Quantity plant.Decimal `json:"quantity"`
}

// Inspections counts the inspected features of an operation.
type Inspections struct {
	Operation plant.OperationID `json:"operation"`
	Passed    int               `json:"passed"`
	Failed    int               `json:"failed"`
}

// State returns the books on one object, or nil if they have none:
//
//	"order"        simulators.OrderState
//	"lot"          plant.Lot
//	"item"         plant.Item
//	"stock"        []Stock of a material; of all materials if id is empty
//	"wip"          WIP of an order
//	"where-used"   []plant.LotID a lot went into, through any number of orders
//	"genealogy"    []Edge at a lot, in both directions; all if id is empty
//	"cases"        map[plant.CaseID]plant.Decision of a lot
//	"inspections"  []Inspections of an order
//	"shipments"    []simulators.Posting of a lot
func (e *ERP) State(object, id string) (found any) {
	switch object {
	case "order":
		e.withOrder(plant.OrderID(id), func(o *order) { found = orNil(o, (*order).view) })
	case "wip":
		e.withOrder(plant.OrderID(id), func(o *order) { found = orNil(o, (*order).wip) })
	case "inspections":
		e.withOrder(plant.OrderID(id), func(o *order) { found = orNil(o, (*order).inspected) })
	case "lot":
		e.withLot(id, func(l *books.Lot) { found = orNil(l, func(l *books.Lot) plant.Lot { return l.Lot }) })
	case "cases":
		e.withLot(id, func(l *books.Lot) { found = orNil(l, (*books.Lot).Cases) })
	case "item":
		if i, ok := e.items.Item(plant.ItemID(id)); ok {
			found = i
		}
	case "stock":
		found = e.stockOf(plant.ItemID(id), "")
	case "where-used":
		found = e.whereUsed(plant.LotID(id))
	case "genealogy":
		found = e.genealogy(plant.LotID(id))
	case "shipments":
		ps := e.desk.Ledger.OfEntity(id)
		found = slices.DeleteFunc(ps, func(p simulators.Posting) bool { return p.Claim.Fact.Kind() != plant.KindShipment })
	default:
		found = e.engineeringState(object, id)
	}
	return found
}

// orNil returns what view makes of p, or nil if there is no p.
func orNil[T, V any](p *T, view func(*T) V) any {
	if p == nil {
		return nil
	}
	return view(p)
}

// query answers a question of the SUT.
func (e *ERP) query(q simulators.Query) simulators.Answer {
	one := func(code string) simulators.Answer {
		id := cmp.Or(q.Where["id"], q.Where[q.Object])
		if found := e.State(q.Object, id); found != nil {
			return simulators.Answer{Found: []any{found}}
		}
		return simulators.Answer{Refusal: books.Refuse(code, "%s %q is not known", q.Object, id)}
	}
	switch q.Object {
	case "order":
		return one(books.OrderUnknown)
	case "lot":
		return one(books.LotUnknown)
	case "item":
		return one(books.ItemUnknown)
	case "orders":
		return books.Page(q, e.allOrders(), func(o simulators.OrderState) string { return string(o.Order.ID) })
	case "items":
		return e.items.List(q)
	case "stock":
		lines := e.stockOf(plant.ItemID(q.Where["material"]), plant.LotID(q.Where["lot"]))
		return books.Page(q, lines, func(s Stock) string { return string(s.Material) + "/" + string(s.Lot) })
	case "on-hand":
		return books.Page(q, onHand(e.stockOf(plant.ItemID(q.Where["material"]), "")), func(h simulators.OnHand) string { return string(h.Material) })
	case "postings":
		return e.desk.Ledger.Query(q)
	case "bom":
		return one(books.BillUnknown)
	case "routing":
		return one(books.RoutingUnknown)
	case "work-center":
		return one(books.WorkCenterUnknown)
	case "calendar":
		return one(books.CalendarUnknown)
	}
	if a, ok := e.engineered(q); ok {
		return a
	}
	return simulators.Answer{Refusal: books.Refuse(books.QueryUnknown, "this system has no list of %q", q.Object)}
}

func (e *ERP) allOrders() []simulators.OrderState {
	var all []simulators.OrderState
	e.orders.Each(&e.desk.Orders, func(_ plant.OrderID, o *order) { all = append(all, o.view()) })
	slices.SortFunc(all, func(a, b simulators.OrderState) int { return cmp.Compare(a.Order.ID, b.Order.ID) })
	return all
}

// stockOf lists the stock of a material and a lot; empty means all.
func (e *ERP) stockOf(material plant.ItemID, lot plant.LotID) []Stock {
	var lines []Stock
	e.stock.Each(&e.desk.Lots, func(_ string, l *books.Lot) {
		if (material == "" || l.Material == material) && (lot == "" || l.ID == lot) {
			item, _ := e.items.Item(l.Material)
			lines = append(lines, Stock{Material: l.Material, Lot: l.ID, Status: l.Status, Quantity: plant.Quantity{Amount: l.Quantity, Unit: item.Unit}})
		}
	})
	slices.SortFunc(lines, func(a, b Stock) int {
		return cmp.Or(cmp.Compare(a.Material, b.Material), cmp.Compare(a.Lot, b.Lot))
	})
	return lines
}

// onHand adds up the lines of each material, which come in its order.
func onHand(lines []Stock) (all []simulators.OnHand) {
	for _, s := range lines {
		if n := len(all); n == 0 || all[n-1].Material != s.Material {
			all = append(all, simulators.OnHand{Material: s.Material, Quantity: plant.Quantity{Unit: s.Quantity.Unit}})
		}
		h := &all[len(all)-1]
		h.Quantity.Amount = h.Quantity.Amount.Add(s.Quantity.Amount)
		if s.Status == plant.LotUnrestricted {
			h.Available = h.Available.Add(s.Quantity.Amount)
		}
	}
	return all
}

func (e *ERP) genealogy(lot plant.LotID) []Edge {
	var edges []Edge
	e.orders.Each(&e.desk.Orders, func(_ plant.OrderID, o *order) {
		for _, edge := range o.edges() {
			if lot == "" || edge.From == lot || edge.To == lot {
				edges = append(edges, edge)
			}
		}
	})
	slices.SortFunc(edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return edges
}

// whereUsed lists what a lot went into, nearest first: what a recall of it has
// to find.
func (e *ERP) whereUsed(lot plant.LotID) []plant.LotID {
	into := map[plant.LotID][]plant.LotID{}
	for _, edge := range e.genealogy("") {
		into[edge.From] = append(into[edge.From], edge.To)
	}
	found, seen := []plant.LotID(nil), map[plant.LotID]bool{lot: true}
	for queue := []plant.LotID{lot}; len(queue) > 0; queue = queue[1:] {
		for _, to := range into[queue[0]] {
			if !seen[to] {
				seen[to] = true
				found, queue = append(found, to), append(queue, to)
			}
		}
	}
	return found
}

// edges joins each lot the order consumed to each lot it made: to the lot it
// was released for, even before goods are received.
func (o *order) edges() []Edge {
	var made []plant.LotID
	if o.header.Lot != "" {
		made = append(made, o.header.Lot)
	}
	for _, m := range o.made {
		if m.lot != "" && m.lot != o.header.Lot && m.quantity != 0 {
			made = append(made, m.lot)
		}
	}
	var edges []Edge
	for _, u := range o.used {
		for _, to := range made {
			if u.lot != "" && u.quantity != 0 {
				edges = append(edges, Edge{u.lot, to, o.header.ID, u.material, u.quantity})
			}
		}
	}
	return edges
}

func (o *order) wip() WIP {
	w := WIP{Order: o.header.ID}
	for _, u := range o.used {
		if u.quantity == 0 {
			continue // all of it was taken back
		}
		if w.Issued == nil {
			w.Issued = map[plant.ItemID]plant.Decimal{}
		}
		w.Issued[u.material] = w.Issued[u.material].Add(u.quantity)
	}
	if n := len(o.sums); n > 0 {
		w.Open = o.sums[n-1].Yield.Sub(o.received)
	}
	return w
}

func (o *order) inspected() []Inspections {
	found := []Inspections{}
	for i, d := range o.done {
		if d != (inspections{}) {
			found = append(found, Inspections{o.header.Operations[i].ID, d.passed, d.failed})
		}
	}
	return found
}
