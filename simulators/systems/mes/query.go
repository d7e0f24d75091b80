package mes

import (
	"cmp"
	"slices"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// State returns the books on one object, or nil if they have none:
//
//	"order"  simulators.OrderState
//	"lot"    plant.Lot
//	"item"   plant.Item
//	"cases"  map[plant.CaseID]plant.Decision of a lot
//	"machine" Machine
//	"bom"     plant.Bill of an item
//	"routing" plant.Routing of an item
//	"work-center" plant.WorkCenter
//	"calendar" plant.Calendar of a site
func (e *MES) State(object, id string) (found any) {
	switch object {
	case "order":
		e.withOrder(plant.OrderID(id), func(o *order) {
			if o != nil {
				found = o.view()
			}
		})
	case "lot", "cases":
		e.withLot(id, func(l *books.Lot) {
			switch {
			case l != nil && object == "lot":
				found = l.Lot
			case l != nil:
				found = l.Cases()
			}
		})
	case "machine":
		s := books.Of(id)
		e.desk.Orders.Lock(s)
		defer e.desk.Orders.Unlock(s)
		if m := e.machines.Get(plant.MachineID(id)); m != nil {
			found = *m
		}
	case "item":
		if i, ok := e.items.Item(plant.ItemID(id)); ok {
			found = i
		}
	case "bom":
		if d, ok := e.bills.Of(plant.ItemID(id)); ok {
			found = d.Document
		}
	case "routing":
		if d, ok := e.routings.Of(plant.ItemID(id)); ok {
			found = d.Document
		}
	case "work-center":
		if d, ok := e.centers.Of(plant.WorkCenterID(id)); ok {
			found = d.Document
		}
	case "calendar":
		if d, ok := e.calendars.Of(id); ok {
			found = d.Document
		}
	}
	return found
}

// unknown are the codes for objects that are not there.
var unknown = map[string]string{"order": books.OrderUnknown, "lot": books.LotUnknown, "item": books.ItemUnknown}

func (e *MES) query(q simulators.Query) simulators.Answer {
	switch q.Object {
	case "order", "lot", "item":
		id := cmp.Or(q.Where["id"], q.Where[q.Object])
		if found := e.State(q.Object, id); found != nil {
			return simulators.Answer{Found: []any{found}}
		}
		return simulators.Answer{Refusal: books.Refuse(unknown[q.Object], "%s %q is not known", q.Object, id)}
	case "orders":
		return books.Page(q, e.allOrders(), func(o simulators.OrderState) string { return string(o.Order.ID) })
	case "items":
		return e.items.List(q)
	case "postings":
		return e.desk.Ledger.Query(q)
	}
	return simulators.Answer{Refusal: books.Refuse(books.QueryUnknown, "this system has no list of %q", q.Object)}
}

func (e *MES) allOrders() []simulators.OrderState {
	var all []simulators.OrderState
	e.orders.Each(&e.desk.Orders, func(_ plant.OrderID, o *order) { all = append(all, o.view()) })
	slices.SortFunc(all, func(a, b simulators.OrderState) int { return cmp.Compare(a.Order.ID, b.Order.ID) })
	return all
}
