package neutral

import (
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// Neither a bill nor a routing nor a calendar has a place for a reference in
// B2MML, so each comes in a message of its own and has that of the message. Work
// centers do as they do.
func sole(noun string) bool {
	return noun == bill || noun == routing || noun == equipment || noun == workCalendar
}

// definitionRow opens what is written of an item and counted by versions.
func (w *writer) definitionRow(e plant.Event, item plant.ItemID, version int) {
	w.object("")
	w.text("ID", string(item))
	w.text("Version", strconv.Itoa(version))
	w.saidInstant("PublishedDate", e.At)
}

// bill writes one item, which is what is made, and below it what that needs.
// The ID of a component is its operation and its position: "0010/2".
func (w *writer) bill(e plant.Event, f plant.BillChanged) {
	w.definitionRow(e, f.Bill.Item, f.Version)
	w.row("OperationsMaterialBillItem")
	w.text("ID", string(f.Bill.Item))
	w.array("AssemblyBillOfMaterialItem")
	for i, c := range f.Bill.Components {
		w.object("")
		w.text("ID", string(c.Operation)+"/"+strconv.Itoa(i+1))
		w.list("MaterialSpecificationID", string(c.Material))
		w.amount(c.Quantity)
		w.endObject()
	}
	w.endArray()
	w.amount(f.Bill.For)
	w.endRow()
	w.endObject()
}

func (w *writer) routing(e plant.Event, f plant.RoutingChanged) {
	w.definitionRow(e, f.Routing.Item, f.Version)
	w.text("OperationsType", "Production")
	w.text("DefinitionType", "Pattern")
	w.array("OperationsSegment")
	for _, o := range f.Routing.Operations {
		w.object("")
		w.text("ID", string(o.ID))
		w.list("Description", o.Description)
		if o.Setup != 0 || o.Cycle != 0 || o.Inspect {
			w.array("ParameterSpecification")
			w.property("Setup", duration(o.Setup), "duration")
			w.property("Cycle", duration(o.Cycle), "duration")
			w.property("Inspect", boolean(o.Inspect), "boolean")
			w.endArray()
		}
		w.equipment("EquipmentSpecification", o.WorkCenter)
		w.endObject()
	}
	w.endArray()
	w.list("OperationsMaterialBillID", string(f.Routing.Item))
	w.endObject()
}

func (d *decoder) bill() {
	var b plant.Bill
	version, at, n := 0, time.Time{}, 0
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			b.Item = plant.ItemID(d.text())
		case "Version":
			version = d.count()
		case "PublishedDate":
			at = d.instant()
		case "OperationsMaterialBillItem":
			d.only(func() { n++; d.made(&b) })
		default:
			d.skip()
		}
	})
	d.need("ID", b.Item != "")
	d.need("Version", version > 0)
	d.need("OperationsMaterialBillItem", n > 0)
	d.claim("", at, plant.BillChanged{Bill: b, Version: version})
}

// made reads what is made, and what is needed for that.
func (d *decoder) made(b *plant.Bill) {
	id, measured := "", false
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			id = d.text()
		case "Quantity":
			b.For, measured = d.quantity(), true
		case "AssemblyBillOfMaterialItem":
			d.array(func(int) { b.Components = append(b.Components, d.component()) })
		default:
			d.skip()
		}
	})
	d.need("ID", id != "")
	d.need("Quantity", measured)
}

func (d *decoder) component() (c plant.Component) {
	id, measured := "", false
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			id = d.text()
		case "MaterialSpecificationID":
			c.Material = plant.ItemID(d.one())
		case "Quantity":
			c.Quantity, measured = d.quantity(), true
		default:
			d.skip()
		}
	})
	d.need("ID", id != "")
	d.need("MaterialSpecificationID", c.Material != "")
	d.need("Quantity", measured)
	if at := strings.LastIndexByte(id, '/'); at >= 0 {
		c.Operation = plant.OperationID(id[:at])
	} else if d.err == nil {
		d.failAt("ID", "%q is no operation and position (0010/1)", clip(id))
	}
	return c
}

func (d *decoder) routing() {
	var r plant.Routing
	version, at, n := 0, time.Time{}, 0
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			r.Item = plant.ItemID(d.text())
		case "Version":
			version = d.count()
		case "PublishedDate":
			at = d.instant()
		case "OperationsSegment":
			n = d.array(func(int) { r.Operations = append(r.Operations, d.standard()) })
		default:
			d.skip()
		}
	})
	d.need("ID", r.Item != "")
	d.need("Version", version > 0)
	d.need("OperationsSegment", n > 0)
	d.claim("", at, plant.RoutingChanged{Routing: r, Version: version})
}

// standard reads an operation of a routing.
func (d *decoder) standard() (o plant.Operation) {
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			o.ID = plant.OperationID(d.text())
		case "Description":
			o.Description = d.first()
		case "EquipmentSpecification":
			d.only(func() { o.WorkCenter = plant.WorkCenterID(d.equipment()) })
		case "ParameterSpecification":
			d.properties(func(p property) {
				switch p.id {
				case "Setup":
					o.Setup = d.asDuration(d.said(p))
				case "Cycle":
					o.Cycle = d.asDuration(d.said(p))
				case "Inspect":
					o.Inspect = d.asBool(d.said(p))
				}
			})
		default:
			d.skip()
		}
	})
	d.need("ID", o.ID != "")
	return o
}
