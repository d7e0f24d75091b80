package neutral

import (
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// request is an OperationsRequest.
type request struct {
	plant.Order
	version int
	product bool // there was a quantity to make
	needs   []need
}

// need is a component and its position in the bill of material.
type need struct {
	position string
	plant.Component
}

func (d *decoder) schedule() {
	id, at, n := "", time.Time{}, 0
	var q request
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			id = d.text()
		case "PublishedDate":
			at = d.instant()
		case "OperationsRequest":
			d.only(func() { n++; d.request(&q) })
		default:
			d.skip()
		}
	})
	d.need("ID", id != "")
	d.need("OperationsRequest", n > 0)
	if d.err != nil {
		return
	}
	switch d.kind {
	case plant.KindOrderReleased:
		q.Components = q.bill()
		d.claim(id, at, plant.OrderReleased{Order: q.Order})
	case plant.KindOrderChanged:
		d.claim(id, at, plant.OrderChanged{Order: q.ID, Version: q.version, Quantity: q.Quantity, Due: q.Due, Priority: q.Priority})
	case plant.KindOrderCancelled:
		d.claim(id, at, plant.OrderCancelled{Order: q.ID, Version: q.version})
	}
}

// bill returns the components in the order of their positions, or as they
// came if one has no number.
func (q *request) bill() (cs []plant.Component) {
	numbered := true
	position := func(n need) int {
		i, err := strconv.Atoi(n.position)
		numbered = numbered && err == nil
		return i
	}
	for _, n := range q.needs {
		position(n)
	}
	if numbered {
		sort.SliceStable(q.needs, func(i, j int) bool { return position(q.needs[i]) < position(q.needs[j]) })
	}
	for _, n := range q.needs {
		cs = append(cs, n.Component)
	}
	return cs
}

func (d *decoder) request(q *request) {
	segments := 0
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			q.ID = plant.OrderID(d.text())
		case "Version":
			q.version = d.count()
		case "StartTime":
			q.Start = d.instant()
		case "EndTime":
			q.Due = d.instant()
		case "Priority":
			q.Priority = d.count()
		case "SegmentRequirement":
			d.only(func() { segments++; d.whole(q) })
		default:
			d.skip()
		}
	})
	d.need("ID", q.ID != "")
	d.need("Version", q.version > 0)
	d.need("SegmentRequirement", segments > 0)
	if d.kind == plant.KindOrderReleased && d.err == nil && q.version != 1 {
		d.failAt("Version", "a release is version 1, not %d", q.version)
	}
}

// whole reads the segment that stands for the order as a whole.
func (d *decoder) whole(q *request) {
	d.object(func(name []byte) {
		switch string(name) {
		case "SegmentParameter":
			d.properties(func(p property) {
				if p.id == "Revision" {
					q.Revision = d.said(p)
				}
			})
		case "MaterialRequirement":
			d.array(func(int) { d.requirement(q, nil) })
		case "SegmentRequirementChild":
			d.array(func(int) { d.operation(q) })
		default:
			d.skip()
		}
	})
	if d.kind != plant.KindOrderCancelled && !q.product {
		d.failAt("MaterialRequirement", "the one of use %s is missing", useProduced)
	}
}

func (d *decoder) operation(q *request) {
	var op plant.Operation
	first := len(q.needs)
	d.object(func(name []byte) {
		switch string(name) {
		case "OperationsSegmentID":
			op.ID = plant.OperationID(d.text())
		case "Description":
			op.Description = d.first()
		case "EquipmentRequirement":
			d.only(func() { op.WorkCenter = plant.WorkCenterID(d.equipment()) })
		case "SegmentParameter":
			d.properties(func(p property) {
				switch p.id {
				case "Setup":
					op.Setup = d.asDuration(d.said(p))
				case "Cycle":
					op.Cycle = d.asDuration(d.said(p))
				case "Inspect":
					op.Inspect = d.asBool(d.said(p))
				}
			})
		case "MaterialRequirement":
			d.array(func(int) { d.requirement(q, &op) })
		default:
			d.skip()
		}
	})
	d.need("OperationsSegmentID", op.ID != "")
	for i := first; i < len(q.needs); i++ {
		q.needs[i].Operation = op.ID
	}
	q.Operations = append(q.Operations, op)
}

// requirement reads a product of the order or a component; op is nil for
// those of the order as a whole.
func (d *decoder) requirement(q *request, op *plant.Operation) {
	id, measured := "", false
	var m material
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			id = d.text()
		case "MaterialUse":
			m.use = d.use()
		case "MaterialDefinitionID":
			m.item = d.one()
		case "MaterialLotID":
			m.lot = d.one()
		case "Quantity":
			m.quantity, measured = d.quantity(), true
		default:
			d.skip()
		}
	})
	d.need("ID", id != "")
	d.need("Quantity", measured)
	d.need("MaterialDefinitionID", m.item != "" || d.kind != plant.KindOrderReleased)
	switch {
	case m.use == useConsumed:
		q.needs = append(q.needs, need{id, plant.Component{Material: plant.ItemID(m.item), Quantity: m.quantity}})
	case m.use == useProduced && op == nil && !q.product:
		q.product, q.Item, q.Lot, q.Quantity = true, plant.ItemID(m.item), plant.LotID(m.lot), m.quantity
	default:
		d.failAt("MaterialUse", "%q does not fit: an order as a whole makes one product (%s), operations need components (%s)", clip(m.use), useProduced, useConsumed)
	}
}

func (d *decoder) lot() {
	var id, item, reference, quality, reason, order, decision string
	var at time.Time
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			id = d.text()
		case "MaterialDefinitionID":
			item = d.text()
		case "PublishedDate":
			at = d.instant()
		case "MaterialLotProperty":
			d.properties(func(p property) {
				switch p.id {
				case "Reference":
					reference = d.said(p)
				case "Case":
					quality = d.said(p)
				case "Reason":
					reason = d.said(p)
				case "Order":
					order = d.said(p)
				case "Decision":
					decision = d.said(p)
				}
			})
		default:
			d.skip()
		}
	})
	d.need("ID", id != "")
	if quality == "" {
		d.failAt("MaterialLotProperty", "Case is missing")
	}
	if d.kind == plant.KindLotHeld {
		d.claim(reference, at, plant.LotHeld{Lot: plant.LotID(id), Material: plant.ItemID(item), Order: plant.OrderID(order), Case: plant.CaseID(quality), Reason: reason})
		return
	}
	switch plant.Decision(decision) {
	case plant.DecideRelease, plant.DecideUseAsIs, plant.DecideScrap, plant.DecideToRework:
	default:
		d.failAt("MaterialLotProperty", "Decision %q is none of release, use-as-is, scrap, rework", clip(decision))
	}
	d.claim(reference, at, plant.LotDecided{Lot: plant.LotID(id), Material: plant.ItemID(item), Case: plant.CaseID(quality), Decision: plant.Decision(decision)})
}

func (d *decoder) definition() {
	var i plant.Item
	version, reference, at := 0, "", time.Time{}
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			i.ID = plant.ItemID(d.text())
		case "Version":
			version = d.count()
		case "Description":
			i.Description = d.first()
		case "PublishedDate":
			at = d.instant()
		case "MaterialDefinitionProperty":
			d.properties(func(p property) {
				if p.id == "Reference" {
					reference = d.said(p)
					return
				}
				d.trait(&i, p)
			})
		default:
			d.skip()
		}
	})
	d.need("ID", i.ID != "")
	d.need("Version", version > 0)
	if i.Unit == "" {
		d.failAt("MaterialDefinitionProperty", "Unit is missing")
	}
	d.claim(reference, at, plant.ItemChanged{Item: i, Version: version})
}

func (d *decoder) trait(i *plant.Item, p property) {
	switch p.id {
	case "Revision":
		i.Revision = d.said(p)
	case "Unit":
		i.Unit = plant.Unit(d.said(p))
	case "Decimals":
		if i.Decimals = d.asCount(d.said(p)); i.Decimals > 6 {
			d.failAt("Value", "Decimals must be 0 to 6")
		}
	case "Lots":
		i.Lots = d.asBool(d.said(p))
	case "Serials":
		i.Serials = d.asBool(d.said(p))
	case "Retired":
		i.Retired = d.asBool(d.said(p))
	case "AlternativeUnits":
		d.need("Value", len(p.values) > 0)
		for _, v := range p.values {
			i.Units = append(i.Units, d.alternative(v))
		}
	}
}

// alternative reads a unit that is a fraction of base units: "250/3".
func (d *decoder) alternative(v value) plant.AltUnit {
	num, den, ok := strings.Cut(v.text, "/")
	n, err := strconv.ParseUint(num, 10, 63)
	m, derr := strconv.ParseUint(den, 10, 63)
	if !ok || err != nil || derr != nil || n == 0 || m == 0 || v.unit == "" {
		d.failAt("Value", "%q per %q is not a positive fraction (\"250/3\") per unit", clip(v.text), clip(v.unit))
	}
	return plant.AltUnit{Unit: plant.Unit(v.unit), Factor: plant.Factor{Num: int64(n), Den: int64(m)}}
}
