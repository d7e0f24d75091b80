package b2mml

import (
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// Nouns of what engineering has written down. All are asked for, shown and
// announced.
const (
	operations = "OperationsDefinition"
	bill       = "OperationsMaterialBill"
	equipment  = "Equipment"
	calendar   = "WorkCalendarDefinition"
)

// askedFor are those nouns, and the objects of the books that they are.
var askedFor = map[string]string{operations: "routing", bill: "bom", equipment: "work-center", calendar: "calendar"}

// masterView shows such an object; nil if it is something else.
func masterView(found any) (noun string, n *xmltree.Node) {
	switch f := found.(type) {
	case simulators.RoutingState:
		return operations, routingView(f)
	case simulators.BillState:
		return bill, billView(f)
	case simulators.CenterState:
		return equipment, centerView(f)
	case simulators.CalendarState:
		return calendar, calendarView(f)
	}
	return "", nil
}

func routingView(r simulators.RoutingState) *xmltree.Node {
	n := xmltree.Branch(operations, xmltree.Leaf("ID", string(r.Routing.Item)), revised(r.Routing.Revision), xmltree.Optional("Version", counted(r.Version)), xmltree.Optional("PublishedDate", instant(r.Changed)),
		xmltree.Leaf("OperationsType", "Production"), xmltree.Leaf("DefinitionType", "Pattern"))
	for _, o := range r.Routing.Operations {
		s := xmltree.Branch("OperationsSegment", xmltree.Leaf("ID", string(o.ID)), xmltree.Optional("Description", o.Description), xmltree.Optional("Duration", lasting(o.Cycle)))
		if o.Setup > 0 {
			s.Add(parameter("Setup", lasting(o.Setup), "duration"))
		}
		if o.Inspect {
			s.Add(parameter("Inspect", "true", "boolean"))
		}
		n.Add(s.Add(xmltree.Branch("EquipmentSpecification", xmltree.Leaf("ID", "1"), xmltree.Leaf("EquipmentID", string(o.WorkCenter)))))
	}
	return n.Add(xmltree.Leaf("OperationsMaterialBillID", string(r.Routing.Item)))
}

// revised says of a bill or a routing which revision of the item it belongs to;
// its version counts its own changes, as where it is announced.
func revised(revision string) *xmltree.Node {
	if revision == "" {
		return nil
	}
	return xmltree.Leaf("Description", "revision "+revision)
}

func parameter(id, value, kind string) *xmltree.Node {
	return xmltree.Branch("ParameterSpecification", xmltree.Leaf("ID", id), xmltree.Branch("Value", xmltree.Leaf("ValueString", value), xmltree.Leaf("DataType", kind)))
}

// lasting is a duration as XML has it, in seconds; "" for none.
func lasting(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return "PT" + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S"
}

// billView: an item of a bill names its material as MaterialSpecificationID, and
// the operation that needs it in its description.
func billView(b simulators.BillState) *xmltree.Node {
	n := xmltree.Branch(bill, xmltree.Leaf("ID", string(b.Bill.Item)), xmltree.Leaf("Description", "for "+b.Bill.For.Amount.String()+" "+string(b.Bill.For.Unit)), revised(b.Bill.Revision), xmltree.Optional("Version", counted(b.Version)), xmltree.Optional("PublishedDate", instant(b.Changed)))
	items := xmltree.Branch("OperationsMaterialBillItem", xmltree.Leaf("ID", string(b.Bill.Item)))
	for i, c := range b.Bill.Components {
		items.Add(xmltree.Branch("AssemblyBillOfMaterialItem", xmltree.Leaf("ID", strconv.Itoa(i+1)), xmltree.Leaf("Description", "operation "+string(c.Operation)),
			xmltree.Leaf("MaterialSpecificationID", string(c.Material)), amount(c.Quantity)))
	}
	return n.Add(items.Add(amount(b.Bill.For)))
}

func amount(q plant.Quantity) *xmltree.Node {
	return xmltree.Branch("Quantity", xmltree.Leaf("QuantityString", q.Amount.String()), xmltree.Leaf("DataType", "decimal"), xmltree.Leaf("UnitOfMeasure", string(q.Unit)))
}

func centerView(c simulators.CenterState) *xmltree.Node {
	w := c.WorkCenter
	n := xmltree.Branch(equipment, xmltree.Leaf("ID", string(w.ID)), xmltree.Optional("Version", counted(c.Version)), xmltree.Optional("Description", w.Description), xmltree.Optional("PublishedDate", instant(c.Changed)), xmltree.Leaf("EquipmentLevel", "WorkCenter"))
	if w.Manual {
		n.Add(xmltree.Branch("EquipmentProperty", xmltree.Leaf("ID", "Manual"), xmltree.Branch("Value", xmltree.Leaf("ValueString", "true"), xmltree.Leaf("DataType", "boolean"))))
	}
	if w.Efficiency > 0 {
		n.Add(xmltree.Branch("EquipmentProperty", xmltree.Leaf("ID", "Efficiency"), xmltree.Branch("Value", xmltree.Leaf("ValueString", strconv.Itoa(w.Efficiency)), xmltree.Leaf("DataType", "positiveInteger"))))
	}
	for _, m := range w.Machines {
		n.Add(xmltree.Branch("EquipmentChild", xmltree.Leaf("ID", string(m)), xmltree.Leaf("EquipmentLevel", "WorkUnit")))
	}
	return n
}

// counted is the number of a version; "" for what was there before the run.
func counted(version int) string {
	if version == 0 {
		return ""
	}
	return strconv.Itoa(version)
}

// calendarView: a shift recurs by a rule of RFC 5545, at times of the clocks of
// the zone, which is a property. Without shifts all of the week is one.
func calendarView(f simulators.CalendarState) *xmltree.Node {
	c := f.Calendar
	n := xmltree.Branch(calendar, xmltree.Leaf("ID", c.ID), xmltree.Optional("Version", counted(f.Version)), xmltree.Optional("PublishedDate", instant(f.Changed)))
	entry := func(id, rule string, d time.Duration) {
		n.Add(xmltree.Branch("WorkCalendarDefinitionEntry", xmltree.Leaf("ID", id), xmltree.Leaf("RecurrenceTime", rule), xmltree.Leaf("DurationRule", lasting(d)), xmltree.Leaf("EntryType", "Work")))
	}
	for _, s := range c.Shifts {
		entry(s.Name, neutral.Recurrence(s), s.Length())
	}
	if len(c.Shifts) == 0 {
		entry("always", neutral.RecursAlways, 24*time.Hour)
	}
	return n.Add(xmltree.Branch("WorkCalendarDefinitionProperty", xmltree.Leaf("ID", "Zone"), xmltree.Branch("Value", xmltree.Leaf("ValueString", c.Zone))))
}
