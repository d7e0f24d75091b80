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

// refit puts the data of a work center in force. One that is new is taken as
// well; the machines whose counters are read are those of the beginning.
func (t teller) refit(f plant.CenterChanged, at time.Time) *simulators.Refusal {
	id := f.WorkCenter.ID
	if id == "" {
		return books.Refuse(books.WorkCenterUnknown, "the work center has no identifier")
	}
	if !t.centers.Change(id, f.Version, f.WorkCenter, at) {
		now, _ := t.centers.Of(id)
		return books.Refuse(books.VersionOvertaken, "version %d of work center %s came after version %d", f.Version, id, now.Version)
	}
	return nil
}

// reschedule puts the hours of a site in force.
func (t teller) reschedule(f plant.CalendarChanged, at time.Time) *simulators.Refusal {
	id := f.Calendar.ID
	if id == "" {
		return books.Refuse(books.CalendarUnknown, "the calendar has no identifier")
	}
	if !t.calendars.Change(id, f.Version, f.Calendar, at) {
		now, _ := t.calendars.Of(id)
		return books.Refuse(books.VersionOvertaken, "version %d of the calendar of %s came after version %d", f.Version, id, now.Version)
	}
	return nil
}
