package neutral

import (
	"fmt"
	"strconv"

	"github.com/andon-rig/andon/simulators/plant"
)

// request opens a schedule of one order. The order as a whole is a
// SegmentRequirement, its operations are the children of that: B2MML wants at
// least one, also where an order is only changed or cancelled. The routing is
// frozen in the order, so it bears the order's id.
func (w *writer) request(e plant.Event, id plant.OrderID, version int, fields func()) {
	w.object("")
	w.text("ID", string(e.ID))
	w.saidInstant("PublishedDate", e.At)
	w.row("OperationsRequest")
	w.text("ID", string(id))
	w.text("Version", strconv.Itoa(version))
	fields()
	w.array("SegmentRequirement")
	w.segment(string(e.ID), id, string(id))
}

func (w *writer) endRequest() {
	w.endObject()
	w.endArray()
	w.endRow()
	w.endObject()
}

// segment opens a SegmentRequirement with what B2MML wants of each.
func (w *writer) segment(id string, order plant.OrderID, segment string) {
	w.object("")
	w.text("ID", id)
	w.text("OperationsDefinitionID", string(order))
	w.text("OperationsSegmentID", segment)
	w.text("ProcessSegmentID", segment)
}

func (w *writer) released(e plant.Event, o plant.Order) error {
	w.request(e, o.ID, 1, func() {
		w.saidInstant("StartTime", o.Start)
		w.saidInstant("EndTime", o.Due)
		if o.Priority != 0 {
			w.number("Priority", o.Priority)
		}
		w.text("RequestState", "Released")
	})
	if o.Revision != "" {
		w.array("SegmentParameter")
		w.property("Revision", o.Revision, "")
		w.endArray()
	}
	w.array("MaterialRequirement")
	w.requirement("product", useProduced, o.Item, o.Lot, o.Quantity)
	placed := w.components(o, "")
	w.endArray()
	if len(o.Operations) > 0 {
		w.array("SegmentRequirementChild")
		for _, op := range o.Operations {
			placed += w.operation(o, op)
		}
		w.endArray()
	}
	w.endRequest()
	if placed != len(o.Components) {
		return fmt.Errorf("order %s has %d components, of which %d belong to one of its operations", o.ID, len(o.Components), placed)
	}
	return nil
}

// operation writes one step of the routing and what it needs. The ID of a
// requirement is its position in the bill of material, which keeps the order
// of the bill where operations share it out.
func (w *writer) operation(o plant.Order, op plant.Operation) (components int) {
	w.segment(string(o.ID)+"/"+string(op.ID), o.ID, string(op.ID))
	w.list("Description", op.Description)
	w.equipment("EquipmentRequirement", op.WorkCenter)
	if op.Setup != 0 || op.Cycle != 0 || op.Inspect {
		w.array("SegmentParameter")
		w.property("Setup", duration(op.Setup), "duration")
		w.property("Cycle", duration(op.Cycle), "duration")
		w.property("Inspect", boolean(op.Inspect), "boolean")
		w.endArray()
	}
	w.array("MaterialRequirement")
	components = w.components(o, op.ID)
	w.endArray()
	w.endObject()
	return components
}

// components writes what the operation needs; that of the empty operation
// belongs to the order as a whole.
func (w *writer) components(o plant.Order, operation plant.OperationID) (n int) {
	for i, c := range o.Components {
		if c.Operation == operation {
			w.requirement(strconv.Itoa(i+1), useConsumed, c.Material, "", c.Quantity)
			n++
		}
	}
	return n
}

func (w *writer) requirement(id, use string, item plant.ItemID, lot plant.LotID, q plant.Quantity) {
	w.object("")
	w.text("ID", id)
	w.list("MaterialDefinitionID", string(item))
	w.list("MaterialLotID", string(lot))
	w.use(use)
	w.amount(q)
	w.endObject()
}

func (w *writer) changed(e plant.Event, f plant.OrderChanged) {
	w.request(e, f.Order, f.Version, func() {
		w.saidInstant("EndTime", f.Due)
		if f.Priority != 0 {
			w.number("Priority", f.Priority)
		}
	})
	w.array("MaterialRequirement")
	w.requirement("product", useProduced, "", "", f.Quantity)
	w.endArray()
	w.endRequest()
}

func (w *writer) cancelled(e plant.Event, f plant.OrderCancelled) {
	w.request(e, f.Order, f.Version, func() { w.text("RequestState", "Cancelled") })
	w.endRequest()
}

// boolean writes what is said only if it is true.
func boolean(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// lotRow opens a MaterialLot. Its ID is the lot's, so the event's goes into a
// property.
func (w *writer) lotRow(e plant.Event, id plant.LotID, material plant.ItemID, disposition string) {
	w.object("")
	w.text("ID", string(id))
	w.said("MaterialDefinitionID", string(material))
	w.saidInstant("PublishedDate", e.At)
	w.text("Disposition", disposition)
	w.array("MaterialLotProperty")
	w.property("Reference", string(e.ID), "")
}

func (w *writer) held(e plant.Event, f plant.LotHeld) {
	w.lotRow(e, f.Lot, f.Material, "Restricted")
	w.property("Case", string(f.Case), "")
	w.property("Reason", f.Reason, "")
	w.property("Order", string(f.Order), "")
	w.endArray()
	w.endObject()
}

func (w *writer) decided(e plant.Event, f plant.LotDecided) {
	disposition := "Restricted"
	if f.Decision.Lifts() {
		disposition = "UnRestricted"
	}
	w.lotRow(e, f.Lot, f.Material, disposition)
	w.property("Case", string(f.Case), "")
	w.property("Decision", string(f.Decision), "")
	w.endArray()
	w.endObject()
}

func (w *writer) item(e plant.Event, f plant.ItemChanged) {
	i := f.Item
	w.object("")
	w.text("ID", string(i.ID))
	w.text("Version", strconv.Itoa(f.Version))
	w.list("Description", i.Description)
	w.saidInstant("PublishedDate", e.At)
	w.array("MaterialDefinitionProperty")
	w.property("Reference", string(e.ID), "")
	w.property("Revision", i.Revision, "")
	w.property("Unit", string(i.Unit), "")
	w.property("Decimals", strconv.Itoa(i.Decimals), "nonNegativeInteger")
	w.property("Lots", boolean(i.Lots), "boolean")
	w.property("Serials", boolean(i.Serials), "boolean")
	w.property("Retired", boolean(i.Retired), "boolean")
	w.units(i.Units)
	w.endArray()
	w.endObject()
}

// units writes the alternative units: 1 UnitOfMeasure is ValueString base
// units, as a fraction, so that a third stays a third.
func (w *writer) units(units []plant.AltUnit) {
	if len(units) == 0 {
		return
	}
	w.object("")
	w.text("ID", "AlternativeUnits")
	w.array("Value")
	for _, u := range units {
		w.object("")
		w.text("ValueString", fraction(u.Factor))
		w.text("DataType", "")
		w.text("UnitOfMeasure", string(u.Unit))
		w.endObject()
	}
	w.endArray()
	w.endObject()
}
