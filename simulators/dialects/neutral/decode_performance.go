package neutral

import (
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// segment is a SegmentResponse as far as this dialect reads it.
type segment struct {
	id, order, operation string
	posted, start, end   time.Time
	final                bool
	counter              int
	reason               string
	operator, workCenter string
	labor                time.Duration
	materials            []material
	readings             readings
	original             original
}

// material is a MaterialActual.
type material struct {
	use, item, lot string
	serials        []plant.SerialID
	quantity       plant.Quantity
	measured       bool // there was a quantity
	test           *test
}

// test is a TestResult.
type test struct {
	passed, failed int
	text           string
}

func (d *decoder) performance() {
	responses := 0
	d.object(func(name []byte) {
		if string(name) != "OperationsResponse" {
			d.skip()
			return
		}
		responses = d.array(func(int) { d.response() })
	})
	d.need("OperationsResponse", responses > 0)
}

// response reads an OperationsResponse, which may name the order for all its
// rows, before or after them.
func (d *decoder) response() {
	var rows []segment
	var one [1]segment // most messages have one row
	rows = one[:0]
	order := ""
	d.object(func(name []byte) {
		switch string(name) {
		case "OperationsRequestID":
			order = d.one()
		case "SegmentResponse":
			d.array(func(int) {
				var s segment
				if len(rows) == 0 {
					s.materials = d.materials[:0]
				}
				d.segment(&s)
				rows = append(rows, s)
			})
		default:
			d.skip()
		}
	})
	d.need("SegmentResponse", len(rows) > 0)
	for i := range rows {
		d.way = append(d.way, step{name: segmentResponse}, step{index: i})
		if rows[i].order == "" {
			rows[i].order = order
		}
		d.state(&rows[i])
		d.way = d.way[:len(d.way)-2]
	}
}

var segmentResponse = []byte("SegmentResponse")

func (d *decoder) segment(s *segment) {
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			s.id = d.text()
		case "OperationsRequestID":
			s.order = d.one()
		case "OperationsSegmentID":
			s.operation = d.one()
		case "PostingDate":
			s.posted = d.instant()
		case "ActualStartTime":
			s.start = d.instant()
		case "ActualEndTime":
			s.end = d.instant()
		case "SegmentState":
			s.final = string(d.chars()) == "Completed"
		case "SegmentData":
			d.properties(func(p property) { d.statement(s, p) })
		case "PersonnelActual":
			d.only(func() { d.personnel(s) })
		case "EquipmentActual":
			d.only(func() { s.workCenter = d.equipment() })
		case "MaterialActual":
			d.array(func(int) { s.materials = append(s.materials, d.material()) })
		default:
			d.skip()
		}
	})
}

func (d *decoder) statement(s *segment, p property) {
	switch p.id {
	case "Counter":
		s.counter = d.asCount(d.said(p))
	case "Reason":
		s.reason = d.said(p)
	default:
		switch {
		case d.machines():
			d.reading(s, p)
		case d.kind == plant.KindReversal:
			d.takenBack(s, p)
		}
	}
}

func (d *decoder) personnel(s *segment) {
	d.object(func(name []byte) {
		switch string(name) {
		case "PersonID":
			s.operator = d.one()
		case "Quantity":
			s.labor = d.labor()
		default:
			d.skip()
		}
	})
}

func (d *decoder) equipment() (id string) {
	d.object(func(name []byte) {
		if string(name) == "EquipmentID" {
			id = d.one()
			return
		}
		d.skip()
	})
	return id
}

func (d *decoder) material() (m material) {
	d.object(func(name []byte) {
		switch string(name) {
		case "MaterialUse":
			m.use = d.use()
		case "MaterialDefinitionID":
			m.item = d.one()
		case "MaterialLotID":
			m.lot = d.one()
		case "MaterialSubLotID":
			d.array(func(int) { m.serials = append(m.serials, plant.SerialID(d.text())) })
		case "Quantity":
			m.quantity, m.measured = d.quantity(), true
		case "TestResult":
			m.test = &test{passed: -1, failed: -1}
			d.only(func() { d.testResult(m.test) })
		default:
			d.skip()
		}
	})
	return m
}

func (d *decoder) testResult(t *test) {
	d.object(func(name []byte) {
		switch string(name) {
		case "Description":
			t.text = d.first()
		case "PropertyMeasurement":
			d.array(func(int) { d.measurement(t) })
		default:
			d.skip()
		}
	})
	d.need("PropertyMeasurement", t.passed >= 0 && t.failed >= 0)
}

// measurement reads a count. B2MML has one Value here, not an array.
func (d *decoder) measurement(t *test) {
	id, v := "", value{}
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			id = d.text()
		case "Value":
			v = d.value()
		default:
			d.skip()
		}
	})
	d.need("ID", id != "")
	count := func(into *int) {
		if *into >= 0 {
			d.fail("%q is given twice", id)
		}
		d.need("Value.ValueString", v.text != "")
		*into = d.asCount(v.text)
	}
	switch id {
	case "Passed":
		count(&t.passed)
	case "Failed":
		count(&t.failed)
	}
}

// state turns a row into the fact that it states.
func (d *decoder) state(s *segment) {
	d.need("ID", s.id != "")
	d.need("OperationsRequestID", s.order != "" || d.machines())
	if d.kind != plant.KindReceipt && s.original.of != plant.KindReceipt && !d.machines() {
		d.need("OperationsSegmentID", s.operation != "")
	}
	if d.kind != plant.KindOperationStarted && d.err == nil && s.counter == 0 {
		d.failAt("SegmentData", "Counter is missing or 0")
	}
	at := s.posted
	for _, t := range []time.Time{s.end, s.start} {
		if at.IsZero() {
			at = t
		}
	}
	if f := d.fact(s); d.err == nil {
		d.claim(s.id, at, f)
	}
}

func (d *decoder) fact(s *segment) plant.Fact {
	order, operation := plant.OrderID(s.order), plant.OperationID(s.operation)
	switch d.kind {
	case plant.KindOperationStarted:
		return plant.OperationStarted{Order: order, Operation: operation, WorkCenter: plant.WorkCenterID(s.workCenter), Operator: plant.PersonID(s.operator)}
	case plant.KindConfirmation:
		return d.confirmation(s)
	case plant.KindConsumption:
		m := d.sole(s, useConsumed, true)
		return plant.Consumed{Order: order, Operation: operation, Counter: s.counter, Material: plant.ItemID(m.item), Lot: plant.LotID(m.lot), Quantity: m.quantity}
	case plant.KindScrap:
		m := d.sole(s, useScrap, true)
		return plant.Scrapped{Order: order, Operation: operation, Counter: s.counter, Material: plant.ItemID(m.item), Lot: plant.LotID(m.lot), Quantity: m.quantity, Reason: s.reason}
	case plant.KindRework:
		m := d.sole(s, useRework, false)
		return plant.Reworked{Order: order, Operation: operation, Counter: s.counter, Quantity: m.quantity, Reason: s.reason}
	case plant.KindMachineCount, plant.KindMachineState:
		return d.ofMachine(s)
	case plant.KindReversal:
		return d.reversal(s)
	case plant.KindReceipt:
		m := d.sole(s, useProduced, true)
		return plant.Received{Order: order, Counter: s.counter, Material: plant.ItemID(m.item), Lot: plant.LotID(m.lot), Quantity: m.quantity, Serials: m.serials}
	default: // an inspection
		return d.inspection(s)
	}
}

func (d *decoder) confirmation(s *segment) plant.Fact {
	f := plant.Confirmed{
		Order: plant.OrderID(s.order), Operation: plant.OperationID(s.operation), Counter: s.counter,
		WorkCenter: plant.WorkCenterID(s.workCenter), Operator: plant.PersonID(s.operator),
		Reason: s.reason, Final: s.final, Start: s.start, End: s.end, Labor: s.labor,
	}
	yielded, scrapped, reworked := false, false, false
	take := func(m material, into *plant.Quantity, had *bool) {
		if *had {
			d.failAt("MaterialActual", "%s is given twice", m.use)
		}
		*into, *had = m.quantity, true
	}
	for _, m := range s.materials {
		if !m.measured {
			d.failAt("MaterialActual", "a Quantity is missing")
		}
		switch m.use {
		case useYield:
			take(m, &f.Yield, &yielded)
		case useScrap:
			take(m, &f.Scrap, &scrapped)
		case useRework:
			take(m, &f.Rework, &reworked)
		default:
			d.failAt("MaterialActual", "MaterialUse %q: a confirmation states %s, %s and %s", clip(m.use), useYield, useScrap, useRework)
		}
	}
	if !yielded {
		d.failAt("MaterialActual", "%s is missing", useYield)
	}
	return f
}

func (d *decoder) inspection(s *segment) plant.Fact {
	m := d.stated(s, useInspected, true)
	if m.test == nil {
		d.failAt("MaterialActual[0].TestResult", "is missing")
		return nil
	}
	f := plant.Inspected{
		Order: plant.OrderID(s.order), Operation: plant.OperationID(s.operation), Counter: s.counter,
		Material: plant.ItemID(m.item), Lot: plant.LotID(m.lot),
		Passed: m.test.passed, Failed: m.test.failed, Text: m.test.text,
	}
	switch len(m.serials) {
	case 0:
	case 1:
		f.Serial = m.serials[0]
	default:
		d.failAt("MaterialActual[0].MaterialSubLotID", "an inspection is of one piece")
	}
	return f
}

// sole returns the one material of a row, with its quantity.
func (d *decoder) sole(s *segment, use string, item bool) material {
	m := d.stated(s, use, item)
	d.need("MaterialActual[0].Quantity", m.measured)
	return m
}

func (d *decoder) stated(s *segment, use string, item bool) material {
	if len(s.materials) != 1 {
		d.failAt("MaterialActual", "%d materials; a row states exactly one, so send several rows", len(s.materials))
		return material{}
	}
	m := s.materials[0]
	if m.use != use {
		d.failAt("MaterialActual[0].MaterialUse", "%q must be %q", clip(m.use), use)
	}
	d.need("MaterialActual[0].MaterialDefinitionID", m.item != "" || !item)
	return m
}
