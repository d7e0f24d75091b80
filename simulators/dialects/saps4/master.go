package saps4

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// This file shows what engineering has written down, and what is in stock.

// Services of master data and stock.
const (
	billService    = "API_BILL_OF_MATERIAL_SRV"
	routingService = "API_PRODUCTION_ROUTING"
	centerService  = "API_WORK_CENTERS"
	stockService   = "API_MATERIAL_STOCK_SRV"
)

// Keys of a bill, and of a routing.
var (
	billKeys = []property{key("BillOfMaterial", long), key("BillOfMaterialCategory", 1), key("BillOfMaterialVariant", 2), key("BillOfMaterialVersion", 4)}
	wayKeys  = []property{key("ProductionRoutingGroup", long), key("ProductionRouting", 2)}
)

var (
	billItemType = &entityType{service: billService, set: "MaterialBOMItem", name: "MaterialBOMItemType", props: props(billKeys,
		[]property{key("BillOfMaterialItemNodeNumber", 8), key("HeaderChangeDocument", 12), key("Material", long), key("Plant", 4), str("BillOfMaterialItemNumber", 4),
			str("BillOfMaterialItemCategory", 1), str("BillOfMaterialComponent", long)}, of("Decimal", "BillOfMaterialItemQuantity"),
		[]property{str("BillOfMaterialItemUnit", long), str("YY1_Operation_BOI", long)})}
	billType = &entityType{service: billService, set: "MaterialBOM", name: "MaterialBOMType", props: props(billKeys,
		[]property{key("EngineeringChangeDocument", 12), key("Material", long), key("Plant", 4), str("BillOfMaterialVariantUsage", 1), str("BOMHeaderBaseUnit", long)},
		of("Decimal", "BOMHeaderQuantityInBaseUnit"), of("DateTimeOffset", "LastChangeDateTime"), []property{str("YY1_Revision_BOM", long)}, of("Int32", "YY1_Version_BOM")),
		navs: []navigation{{"to_BillOfMaterialItem", billItemType}}}

	stepType = &entityType{service: routingService, set: "ProductionRoutingOperation", name: "ProductionRoutingOperationType", props: props(wayKeys,
		[]property{key("ProductionRoutingSequence", 6), key("ProductionRoutingOpIntID", 8), key("ProductionRoutingOpIntVersion", 8), str("Operation", long), str("OperationText", long), str("Plant", 4),
			str("WorkCenterInternalID", long), str("WorkCenterTypeCode", 2)},
		of("Decimal", "StandardWorkQuantity1"), []property{str("StandardWorkQuantityUnit1", 3)}, of("Decimal", "StandardWorkQuantity2"), []property{str("StandardWorkQuantityUnit2", 3)},
		of("Boolean", "YY1_Inspect_RTO"))}
	sequenceType = &entityType{service: routingService, set: "ProductionRoutingSequence", name: "ProductionRoutingSequenceType", props: props(wayKeys,
		[]property{key("ProductionRoutingSequence", 6), key("ProductionRoutingSqncIntVers", 8)}),
		navs: []navigation{{"to_Operation", stepType}}}
	assignmentType = &entityType{service: routingService, set: "ProductionRoutingMatlAssgmt", name: "ProductionRoutingMatlAssgmtType", props: props(
		[]property{key("Product", long), key("Plant", 4)}, wayKeys, []property{key("ProductionRoutingMatlAssgmt", 7), key("ProductionRtgMatlAssgmtIntVers", 8)})}
	routingType = &entityType{service: routingService, set: "ProductionRoutingHeader", name: "ProductionRoutingHeaderType", props: props(wayKeys,
		[]property{key("ProductionRoutingInternalVers", 8), str("Plant", 4), str("BillOfOperationsUsage", 3), str("BillOfOperationsStatus", 3)}, of("DateTime", "LastChangeDate"),
		[]property{str("YY1_Revision_RTG", long)}, of("Int32", "YY1_Version_RTG"), of("DateTimeOffset", "YY1_ChangedAt_RTG")),
		navs: []navigation{{"to_MatlAssgmt", assignmentType}, {"to_Sequence", sequenceType}}}

	centerType = &entityType{service: centerService, set: "A_WorkCenterAllCapacity", name: "A_WorkCenterAllCapacityType", props: []property{
		key("WorkCenterInternalID", long), key("WorkCenterTypeCode", 2), key("CapacityInternalID", long), key("CapacityCategoryAllocation", 4), str("WorkCenter", long), str("WorkCenterDesc", long),
		str("Plant", 4), str("WorkCenterCategoryCode", 4), str("CapacityCategoryCode", 3), str("YY1_Machines_WCT", long), {name: "YY1_Version_WCT", edm: "Int32"}}}
	capacityType = &entityType{service: centerService, set: "A_WorkCenterCapacity", name: "A_WorkCenterCapacityType", props: props(
		[]property{key("CapacityInternalID", long), str("Capacity", long), str("CapacityCategoryCode", 3), str("Plant", 4)}, of("Int32", "CapacityNumberOfCapacities"),
		[]property{str("CapacityPlanUtilizationPercent", 4)}, of("DateTimeOffset", "CapacityLastChangeDateTime"), of("Int32", "YY1_Version_CAP"))}
	shiftType = &entityType{service: centerService, set: "A_WorkCenterCapacityShift_2", name: "A_WorkCenterCapacityShift_2Type", props: props(
		[]property{key("CapacityInternalID", long), key("CapacityActiveVersion", 2), key("WeekDay", 1), key("AvailableCapacityShift", 2), str("ShiftDefinition", long)},
		of("Time", "ShiftStartTime", "ShiftEndTime"), of("DateTimeOffset", "CapacityLastChangeDateTime"), []property{str("YY1_TimeZone_CAP", long)}, of("Int32", "YY1_Version_CAP"))}

	stockType = &entityType{service: stockService, set: "A_MatlStkInAcctMod", name: "A_MatlStkInAcctModType", props: props(
		[]property{key("Material", long), key("Plant", 4), key("StorageLocation", 4), key("Batch", long), key("InventoryStockType", 2), str("MaterialBaseUnit", long)},
		of("Decimal", "MatlWrhsStkQtyInMatlBaseUnit"))}
)

// masterServices are those of master data and stock; all can only be read.
var masterServices = []service{
	{billService, []*entityType{billType, billItemType}, nil},
	{routingService, []*entityType{routingType, assignmentType, sequenceType, stepType}, nil},
	{centerService, []*entityType{centerType, capacityType, shiftType}, nil},
	{stockService, []*entityType{stockType}, nil},
}

// masterLists are the lists of the books behind their sets.
var masterLists = map[*entityType]string{billType: "boms", billItemType: "bom-lines", routingType: "routings", assignmentType: "routings", sequenceType: "routings", stepType: "routing-steps",
	centerType: "work-centers", capacityType: "work-centers", shiftType: "calendars", stockType: "stock"}

// master are the rows of type t that found shows; false if it is something
// else.
func (d Dialect) master(t *entityType, found any) (all []entity, ok bool) {
	switch f := found.(type) {
	case simulators.BillState:
		return ofBill(t, f), true
	case simulators.BillLine:
		return []entity{billItem(f.BillState, f.Line)}, true
	case simulators.RoutingState:
		return ofRouting(t, f), true
	case simulators.RoutingStep:
		return []entity{step(f.RoutingState, f.Step)}, true
	case simulators.CenterState:
		if t == capacityType {
			return []entity{ofCapacity(f)}, true
		}
		return []entity{ofCenter(f)}, true
	case simulators.CalendarState:
		return ofCalendar(f), true
	case simulators.Stock:
		return []entity{ofStock(f)}, true
	}
	return nil, false
}

func billHead(b simulators.BillState) entity {
	return entity{"BillOfMaterial": string(b.Bill.Item), "BillOfMaterialCategory": "M", "BillOfMaterialVariant": "1", "BillOfMaterialVersion": "", "Material": string(b.Bill.Item), "Plant": sitePlant}
}

func ofBill(t *entityType, b simulators.BillState) []entity {
	lines := []entity{}
	for i := range b.Bill.Components {
		lines = append(lines, billItem(b, i))
	}
	if t == billItemType {
		return lines
	}
	e := billHead(b)
	e["BillOfMaterialVariantUsage"], e["BOMHeaderBaseUnit"], e["BOMHeaderQuantityInBaseUnit"] = "1", string(b.Bill.For.Unit), b.Bill.For.Amount
	e["to_BillOfMaterialItem"], e["YY1_Version_BOM"] = lines, b.Version
	return []entity{e.set("LastChangeDateTime", b.Changed).set("YY1_Revision_BOM", b.Bill.Revision)}
}

func billItem(b simulators.BillState, line int) entity {
	e, c := billHead(b), b.Bill.Components[line]
	e["BillOfMaterialItemNodeNumber"], e["BillOfMaterialItemNumber"], e["BillOfMaterialItemCategory"] = fmt.Sprintf("%08d", line+1), fmt.Sprintf("%04d", 10*(line+1)), "L"
	e["BillOfMaterialComponent"], e["BillOfMaterialItemQuantity"], e["BillOfMaterialItemUnit"] = string(c.Material), c.Quantity.Amount, string(c.Quantity.Unit)
	return e.set("YY1_Operation_BOI", string(c.Operation))
}

// way names the routing of an item: each has one, of a group of its own.
func way(r simulators.RoutingState) entity {
	return entity{"ProductionRoutingGroup": string(r.Routing.Item), "ProductionRouting": "1"}
}

// firstVersion is the internal version of all parts of a routing.
const firstVersion = "1"

func ofRouting(t *entityType, r simulators.RoutingState) []entity {
	steps := []entity{}
	for i := range r.Routing.Operations {
		steps = append(steps, step(r, i))
	}
	sequence, assignment := way(r), way(r)
	sequence["ProductionRoutingSequence"], sequence["ProductionRoutingSqncIntVers"], sequence["to_Operation"] = "0", firstVersion, steps
	assignment["Product"], assignment["Plant"] = string(r.Routing.Item), sitePlant
	assignment["ProductionRoutingMatlAssgmt"], assignment["ProductionRtgMatlAssgmtIntVers"] = "1", firstVersion
	switch t {
	case stepType:
		return steps
	case sequenceType:
		return []entity{sequence}
	case assignmentType:
		return []entity{assignment}
	}
	e := way(r)
	e["ProductionRoutingInternalVers"], e["Plant"], e["BillOfOperationsUsage"], e["BillOfOperationsStatus"] = firstVersion, sitePlant, "1", "4"
	e["to_MatlAssgmt"], e["to_Sequence"], e["YY1_Version_RTG"] = []entity{assignment}, []entity{sequence}, r.Version
	return []entity{e.set("LastChangeDate", day(r.Changed)).set("YY1_ChangedAt_RTG", r.Changed).set("YY1_Revision_RTG", r.Routing.Revision)}
}

func step(r simulators.RoutingState, n int) entity {
	e, o := way(r), r.Routing.Operations[n]
	e["ProductionRoutingSequence"], e["ProductionRoutingOpIntID"], e["ProductionRoutingOpIntVersion"] = "0", fmt.Sprintf("%08d", n+1), firstVersion
	e["Operation"], e["OperationText"], e["Plant"] = string(o.ID), o.Description, sitePlant
	e["WorkCenterInternalID"], e["WorkCenterTypeCode"], e["YY1_Inspect_RTO"] = string(o.WorkCenter), "A", o.Inspect
	e["StandardWorkQuantity1"], e["StandardWorkQuantityUnit1"] = plant.Decimal(o.Setup/time.Microsecond), "SEC"
	e["StandardWorkQuantity2"], e["StandardWorkQuantityUnit2"] = plant.Decimal(o.Cycle/time.Microsecond), "SEC"
	return e
}

// ofCenter shows a work center. Its machines, which nothing names there, are in
// a field of the customer's, between commas.
func ofCenter(c simulators.CenterState) entity {
	w := c.WorkCenter
	machines := make([]string, len(w.Machines))
	for i, m := range w.Machines {
		machines[i] = string(m)
	}
	category, kind := centerKind(w)
	return entity{"WorkCenterInternalID": string(w.ID), "WorkCenterTypeCode": "A", "CapacityInternalID": string(w.ID), "CapacityCategoryAllocation": "1", "WorkCenter": string(w.ID),
		"WorkCenterDesc": w.Description, "Plant": sitePlant, "WorkCenterCategoryCode": category, "CapacityCategoryCode": kind,
		"YY1_Machines_WCT": strings.Join(machines, ","), "YY1_Version_WCT": c.Version}
}

// centerKind is the category of a work center, and that of its capacity:
// machines, or people instead.
func centerKind(w plant.WorkCenter) (category, capacity string) {
	if w.Manual {
		return "0003", "002"
	}
	return "0001", "001"
}

// ofCapacity shows the capacity of a work center, which has its name, and tells
// when it was changed. Its utilization is how much of the standard pace planning
// reckons with.
func ofCapacity(c simulators.CenterState) entity {
	w := c.WorkCenter
	_, kind := centerKind(w)
	e := entity{"CapacityInternalID": string(w.ID), "Capacity": string(w.ID), "CapacityCategoryCode": kind, "Plant": sitePlant, "CapacityNumberOfCapacities": max(1, len(w.Machines)), "YY1_Version_CAP": c.Version}
	if w.Efficiency > 0 {
		e["CapacityPlanUtilizationPercent"] = strconv.Itoa(w.Efficiency)
	}
	return e.set("CapacityLastChangeDateTime", c.Changed)
}

// ofCalendar shows each shift on each day on which it starts. All work centers
// have the capacity of the site.
func ofCalendar(c simulators.CalendarState) []entity {
	all := []entity{}
	for i, s := range c.Calendar.Shifts {
		for _, d := range s.Days {
			weekday := (int(d)+6)%7 + 1 // Monday is 1
			e := entity{"CapacityInternalID": c.Calendar.ID, "CapacityActiveVersion": "1", "WeekDay": fmt.Sprint(weekday), "AvailableCapacityShift": fmt.Sprint(i + 1),
				"ShiftDefinition": s.Name, "ShiftStartTime": time.Duration(s.Start) * time.Minute, "ShiftEndTime": time.Duration(s.End) * time.Minute,
				"YY1_TimeZone_CAP": c.Calendar.Zone, "YY1_Version_CAP": c.Version}
			all = append(all, e.set("CapacityLastChangeDateTime", c.Changed))
		}
	}
	return all
}

// ofStock shows a line of the stock list by its type of stock.
func ofStock(s simulators.Stock) entity {
	kind := "01" // unrestricted use
	if s.Status != plant.LotUnrestricted {
		kind = "07" // blocked
	}
	return entity{"Material": string(s.Material), "Plant": sitePlant, "StorageLocation": "0001", "Batch": string(s.Lot), "InventoryStockType": kind,
		"MaterialBaseUnit": string(s.Quantity.Unit), "MatlWrhsStkQtyInMatlBaseUnit": s.Quantity.Amount}
}
