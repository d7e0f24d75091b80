package mes

import (
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// redesign puts a bill of material in force. It is of materials that are known,
// in units that they have.
func (t teller) redesign(f plant.BillChanged, at time.Time) *simulators.Refusal {
	base, refusal := t.items.Base(f.Bill.Item, f.Bill.For)
	switch {
	case refusal != nil:
		return refusal
	case base.Amount == 0:
		return books.Refuse(books.QuantityZero, "the bill of material of %s is for no quantity", f.Bill.Item)
	}
	for _, c := range f.Bill.Components {
		if _, refusal := t.items.Base(c.Material, c.Quantity); refusal != nil {
			return refusal
		}
	}
	if !t.bills.Change(f.Bill.Item, f.Version, f.Bill, at) {
		now, _ := t.bills.Of(f.Bill.Item)
		return books.Refuse(books.VersionOvertaken, "version %d of the bill of material of %s came after version %d", f.Version, f.Bill.Item, now.Version)
	}
	return nil
}

// reroute puts a routing in force.
func (t teller) reroute(f plant.RoutingChanged, at time.Time) *simulators.Refusal {
	item := f.Routing.Item
	if _, known := t.items.Item(item); !known {
		return books.Refuse(books.ItemUnknown, "material %q is not known", item)
	}
	if len(f.Routing.Operations) == 0 {
		return books.Refuse(books.RoutingMissing, "the routing of %s has no operations", item)
	}
	if !t.routings.Change(item, f.Version, f.Routing, at) {
		now, _ := t.routings.Of(item)
		return books.Refuse(books.VersionOvertaken, "version %d of the routing of %s came after version %d", f.Version, item, now.Version)
	}
	return nil
}
