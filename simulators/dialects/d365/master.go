package d365

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// This file shows what engineering has written down, and what is on hand. No
// list tells what has changed: who wants to know reads all of it, and compares.

// masterSets are the entity sets of it. Where rows is said, each object of the
// list is one entity.
var masterSets = []set{
	{name: "BillOfMaterialsHeaders", object: "bom", list: "boms", rows: true, by: "BOMId", keys: []string{"dataAreaId", "BOMId"}},
	{name: "BillOfMaterialsVersions", object: "bom", list: "boms", rows: true, by: "BOMId", keys: []string{"dataAreaId", "ManufacturedItemNumber", "BOMId", "ProductionSiteId", "IsActive", "ValidFromDate", "FromQuantity"}},
	{name: "BillOfMaterialsLines", list: "bom-lines", rows: true, keys: []string{"dataAreaId", "BOMId", "LineNumber"}},
	{name: "RouteHeaders", object: "routing", list: "routings", rows: true, by: "RouteId", keys: []string{"dataAreaId", "RouteId"}},
	{name: "RouteVersionsV2", object: "routing", list: "routings", rows: true, by: "RouteId", keys: []string{"dataAreaId", "ValidFromQuantity", "ValidFromDate", "RouteId", "ProductionSiteId", "ItemNumber", "IsActive"}},
	{name: "RouteOperations", list: "routing-steps", rows: true, keys: []string{"dataAreaId", "RouteId", "OperationNumber", "OperationPriority"}},
	{name: "RouteOperationsProperties", list: "routing-steps", rows: true, keys: []string{"dataAreaId", "OperationId", "ItemNumber", "RouteId", "ProductionSiteId"}},
	{name: "OperationsResources", object: "work-center", list: "work-centers", rows: true, by: "ResourceId", keys: []string{"dataAreaId", "ResourceId"}},
	{name: "WorkCalendars", object: "calendar", list: "calendars", rows: true, by: "CalendarId", keys: []string{"dataAreaId", "CalendarId"}},
	{name: "WorkCalendarTimeIntervals", list: "calendars", keys: []string{"dataAreaId", "WorkCalendarId", "WorkCalendarDate", "StartTime"}},
	{name: "WarehousesOnHandV2", list: "on-hand", rows: true, keys: []string{"dataAreaId", "ItemNumber", "InventorySiteId", "InventoryWarehouseId"}},
}

// master shows what the books have turned up; false if it is something else.
func (d Dialect) master(s set, found any) (all []entity, ok bool) {
	switch f := found.(type) {
	case simulators.BillState:
		return []entity{d.bill(s.name, f)}, true
	case simulators.BillLine:
		return []entity{d.billLine(f)}, true
	case simulators.RoutingState:
		return []entity{d.routing(s.name, f)}, true
	case simulators.RoutingStep:
		return []entity{d.step(s.name, f)}, true
	case simulators.CenterState:
		return []entity{d.resource(f)}, true
	case simulators.OnHand:
		return []entity{d.onHand(f)}, true
	case simulators.CalendarState:
		if s.name == "WorkCalendars" {
			return []entity{d.head(f.Version, firstNumber, property{"CalendarId", f.Calendar.ID}, property{"CalendarName", f.Calendar.ID + " " + f.Calendar.Zone}, property{"WorkHours", number(0)},
				property{"AndonTimeZone", f.Calendar.Zone}, property{"AndonVersion", f.Version}, property{"AndonModifiedDateTime", modified(f.Changed)})}, true
		}
		return d.intervals(s, f.Calendar), true
	}
	return nil, false
}

// head begins an entity of the plant's company.
func (d Dialect) head(version int, record int64, more ...property) entity {
	return append(entity{{"@odata.etag", etag(version, record)}, {"dataAreaId", strings.ToLower(d.Settings.company())}}, more...)
}

// site is where everything happens.
const site = "1"

// active says of a version of a bill or a route that it is the one: each product
// has one of each, which bears its number.
func active(item plant.ItemID) []property {
	return []property{{"ProductionSiteId", site}, {"IsActive", "Yes"}, {"IsApproved", "Yes"}, {"ValidFromDate", none}, {"ValidToDate", none}}
}

func (d Dialect) bill(set string, b simulators.BillState) entity {
	id := string(b.Bill.Item)
	if set == "BillOfMaterialsHeaders" {
		return d.head(b.Version, firstNumber, property{"BOMId", id}, property{"BOMName", id + " " + b.Bill.Revision}, property{"ProductionSiteId", site}, property{"IsApproved", "Yes"},
			property{"AndonVersion", b.Version}, property{"AndonModifiedDateTime", modified(b.Changed)})
	}
	return append(d.head(b.Version, firstNumber, property{"ManufacturedItemNumber", id}, property{"BOMId", id}, property{"FromQuantity", number(b.Bill.For.Amount)}), active(b.Bill.Item)...)
}

func (d Dialect) billLine(l simulators.BillLine) entity {
	c := l.Bill.Components[l.Line]
	operation, _ := strconv.Atoi(string(c.Operation))
	return d.head(l.Version, firstNumber+int64(l.Line), property{"BOMId", string(l.Bill.Item)}, property{"LineNumber", l.Line + 1}, property{"LineType", "Item"}, property{"ItemNumber", string(c.Material)},
		property{"Quantity", number(c.Quantity.Amount)}, property{"QuantityDenominator", number(l.Bill.For.Amount)}, property{"ProductUnitSymbol", string(c.Quantity.Unit)},
		property{"RouteOperationNumber", operation}, property{"ValidFromDate", none}, property{"ValidToDate", none})
}

func (d Dialect) routing(set string, r simulators.RoutingState) entity {
	id := string(r.Routing.Item)
	if set == "RouteHeaders" {
		return d.head(r.Version, firstNumber, property{"RouteId", id}, property{"RouteName", id + " " + r.Routing.Revision}, property{"IsApproved", "Yes"},
			property{"AndonVersion", r.Version}, property{"AndonModifiedDateTime", modified(r.Changed)})
	}
	return append(d.head(r.Version, firstNumber, property{"ItemNumber", id}, property{"RouteId", id}, property{"ProductVersionId", r.Routing.Revision}, property{"ValidFromQuantity", number(0)}), active(r.Routing.Item)...)
}

// step shows an operation of a route, or what it takes: an operation is named by
// its route and number there, and its properties are those of that name.
func (d Dialect) step(set string, s simulators.RoutingStep) entity {
	o, route := s.Routing.Operations[s.Step], string(s.Routing.Item)
	n, _ := strconv.Atoi(string(o.ID))
	e := d.head(s.Version, firstNumber+int64(s.Step))
	name := route + "/" + string(o.ID)
	if set == "RouteOperationsProperties" {
		return append(e, property{"OperationId", name}, property{"ItemNumber", route}, property{"RouteId", route}, property{"ProductionSiteId", site}, property{"SetupTime", shownHours(o.Setup)},
			property{"ProcessTime", shownHours(o.Cycle)}, property{"ProcessQuantity", number(plant.One)}, property{"OperationsTimeToHourConversionFactor", number(plant.One)},
			property{"CostingOperationResourceId", string(o.WorkCenter)})
	}
	next := 0
	if s.Step+1 < len(s.Routing.Operations) {
		next, _ = strconv.Atoi(string(s.Routing.Operations[s.Step+1].ID))
	}
	return append(e, property{"RouteId", route}, property{"OperationNumber", n}, property{"OperationPriority", 0}, property{"OperationId", name}, property{"NextRouteOperationNumber", next},
		property{"AndonDescription", o.Description}, property{"AndonInspection", yes(o.Inspect)})
}

func yes(is bool) string {
	if is {
		return "Yes"
	}
	return "No"
}

// resource shows a work center. Its machines, which nothing names there, are in
// a column of the customer's, between commas.
func (d Dialect) resource(f simulators.CenterState) entity {
	w := f.WorkCenter
	kind := "Machine"
	if w.Manual {
		kind = "HumanResource"
	}
	machines := make([]string, len(w.Machines))
	for i, m := range w.Machines {
		machines[i] = string(m)
	}
	return d.head(f.Version, firstNumber, property{"ResourceId", string(w.ID)}, property{"ResourceName", w.Description}, property{"OperationsResourceType", kind}, property{"Capacity", number(plant.Whole(int64(max(1, len(w.Machines)))))},
		property{"EfficiencyPercentage", number(plant.Whole(int64(w.Efficiency)))}, property{"AndonMachines", strings.Join(machines, ",")}, property{"AndonVersion", f.Version}, property{"AndonModifiedDateTime", modified(f.Changed)})
}

func (d Dialect) onHand(h simulators.OnHand) entity {
	return d.head(0, firstNumber, property{"ItemNumber", string(h.Material)}, property{"InventorySiteId", site}, property{"InventoryWarehouseId", "11"}, property{"OnHandQuantity", number(h.Quantity.Amount)},
		property{"AvailableOnHandQuantity", number(h.Available)}, property{"ReservedOnHandQuantity", number(0)})
}

// intervals are the hours of the days that are asked for, in seconds since
// midnight, each day's in their order; a shift that goes on after midnight is
// two. Which shift they are of is a column of the customer's.
func (d Dialect) intervals(s set, c plant.Calendar) (all []entity) {
	const midnight = 24 * 60
	type hours struct {
		shift    string
		from, to int
	}
	for at := s.from; !at.After(s.to); at = at.AddDate(0, 0, 1) {
		var day []hours
		for _, one := range c.Shifts {
			over := one.End <= one.Start
			if over && slices.Contains(one.Days, at.AddDate(0, 0, -1).Weekday()) {
				day = append(day, hours{one.Name, 0, int(one.End)})
			}
			if slices.Contains(one.Days, at.Weekday()) {
				end := int(one.End)
				if over {
					end = midnight
				}
				day = append(day, hours{one.Name, int(one.Start), end})
			}
		}
		if len(c.Shifts) == 0 {
			day = []hours{{"", 0, midnight}}
		}
		slices.SortStableFunc(day, func(a, b hours) int { return cmp.Compare(a.from, b.from) })
		for _, h := range day {
			if h.from < h.to {
				all = append(all, d.head(0, firstNumber, property{"WorkCalendarId", c.ID}, property{"WorkCalendarDate", shownDay(at)}, property{"StartTime", 60 * h.from}, property{"EndTime", 60 * h.to},
					property{"EfficiencyPercentage", number(plant.Whole(100))}, property{"AndonShift", h.shift}))
			}
		}
	}
	return all
}

// mostDays is how many days of a calendar are shown at once.
const mostDays = 400

// days reads from a filter for which days hours are asked.
func (r *request) days() error {
	if r.set.name != "WorkCalendarTimeIntervals" {
		return nil
	}
	for _, c := range r.where {
		if c.property != "WorkCalendarDate" {
			continue
		}
		at, err := time.Parse(time.RFC3339, c.value)
		if err != nil {
			return fmt.Errorf("WorkCalendarDate %q is not an instant such as 2026-03-02T12:00:00Z", clip(c.value))
		}
		at = at.UTC().Truncate(24 * time.Hour)
		if strings.HasPrefix(c.operator, "g") || c.operator == "eq" {
			r.set.from = at
		}
		if strings.HasPrefix(c.operator, "l") || c.operator == "eq" {
			r.set.to = at
		}
	}
	if r.set.from.IsZero() || r.set.to.IsZero() || r.set.to.Sub(r.set.from) > mostDays*24*time.Hour {
		return fmt.Errorf("hours are shown of at most %d days here: WorkCalendarDate ge … and WorkCalendarDate le …", mostDays)
	}
	return nil
}
