package saps4

import (
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// This file writes intermediate documents (IDocs) in XML: a control record, and
// segments in each other, whose fields are texts of a fixed form. What the basic
// types have no field for is in segments of the customer's, Z1….

// IDocs is the name of every announcement that is an IDoc: one address, and the
// control record says of what.
const IDocs = "idocs"

// IDocSpace is the namespace of IDocs in XML.
const IDocSpace = "urn:sap-com:document:sap:idoc:soap:messages"

// Basic types, which name the element that all else is in.
const (
	orderIDoc  = "LOIPRO05"
	centerIDoc = "LOIWCS03"
	itemIDoc   = "MATMAS05"
)

// Message functions, of which partners can agree on what they mean. Where none is
// told, an order with operations is a release and one without them a change.
const (
	functionReleased  = "REL"
	functionChanged   = "CHG"
	functionCancelled = "DEL"
)

// System statuses of an order and of its operations.
const (
	statusReleased = "I0002"
	statusGone     = "I0013" // deleted
	statusFlagged  = "I0076" // to be deleted
)

// Message functions of a segment of master data.
const segmentChanged, segmentDeleted = "005", "003"

// idoc announces e as an IDoc; nothing if there is no type for it.
func (d Dialect) idoc(e plant.Event) (m simulators.Message, err error) {
	var basic, function string
	var said *xmltree.Node
	switch f := e.Fact.(type) {
	case plant.OrderReleased:
		basic, function, said = orderIDoc, functionReleased, d.orderSegment(f.Order)
	case plant.OrderChanged:
		basic, function = orderIDoc, functionChanged
		said = d.headerSegment(plant.Order{ID: f.Order, Quantity: f.Quantity, Due: f.Due, Priority: f.Priority}, f.Version, statusReleased)
	case plant.OrderCancelled:
		basic, function = orderIDoc, functionCancelled
		said = d.headerSegment(plant.Order{ID: f.Order}, f.Version, statusReleased, statusFlagged)
	case plant.ItemChanged:
		basic, said = itemIDoc, itemSegment(f)
	case plant.CenterChanged:
		basic, said = centerIDoc, centerSegment(f)
	default:
		return m, nil
	}
	document := segment("IDOC", "BEGIN", d.controlRecord(e, basic, function), said)
	w := xmltree.Writer{B: append(make([]byte, 0, 4096), xmltree.Declaration...)}
	w.Element(xmltree.Branch(basic, document), ` xmlns="`+IDocSpace+`"`, 0)
	if w.Err != nil {
		return m, fmt.Errorf("write %s: %w", basic, w.Err)
	}
	m = simulators.Message{Verb: "post", Name: IDocs, Header: map[string]string{"Content-Type": "text/xml; charset=utf-8"}, Body: w.B,
		Key: plant.Natural(e.Fact), Entity: e.Fact.Keys().Entity(), Events: []plant.Event{e}}
	if ref := string(e.ID); printable(ref) {
		m.Header["Andon-Event"] = ref
	}
	return m, nil
}

// segment is an element that begins a document or a segment.
func segment(name, mark string, children ...*xmltree.Node) *xmltree.Node {
	return xmltree.Leaf(name, "", mark, "1").Add(children...)
}

// seg is a segment of fields and segments; fields are pairs of name and text.
// What is not said is left out.
func seg(name string, fields ...string) *xmltree.Node {
	n := segment(name, "SEGMENT")
	for i := 0; i+1 < len(fields); i += 2 {
		n.Add(xmltree.Optional(fields[i], fields[i+1]))
	}
	return n
}

// controlRecord is who sends what to whom. The number of a document is the same
// in every delivery; SERIAL orders those of one object, in UTC, whereas CREDAT
// and CRETIM are told in the system's zone.
func (d Dialect) controlRecord(e plant.Event, basic, function string) *xmltree.Node {
	b := sha1.Sum([]byte("idoc/" + string(e.ID)))
	number := fmt.Sprintf("%016d", binary.BigEndian.Uint64(b[:8])%1_0000_0000_0000)
	day, clock, serial := "", "", ""
	if !e.At.IsZero() {
		day, clock = d.moment(e.At)
		serial = strings.Replace(e.At.UTC().Format("20060102150405.000000"), ".", "", 1)
	}
	return seg("EDI_DC40", "TABNAM", "EDI_DC40", "MANDT", "100", "DOCNUM", number, "DOCREL", "758", "STATUS", "30", "DIRECT", "1", "OUTMOD", "2",
		"IDOCTYP", basic, "CIMTYP", "Z1"+basic[:6], "MESTYP", basic[:6], "MESFCT", function, "SNDPOR", "SAPAND", "SNDPRT", "LS", "SNDPRN", "ANDONCLNT100",
		"RCVPOR", "MES", "RCVPRT", "LS", "RCVPRN", "MES", "CREDAT", day, "CRETIM", clock,
		"ARCKEY", "urn:sap.com:msgid="+strings.ToUpper(strings.ReplaceAll(guid(e.ID), "-", "")), "SERIAL", serial)
}

// moment is an instant as the system tells it: a date and a time of its zone.
func (d Dialect) moment(t time.Time) (day, clock string) {
	t = t.In(d.Settings.zone())
	return t.Format("20060102"), t.Format("150405")
}

// end is the instant at which something ends: midnight belongs to the day that
// ends with it.
func (d Dialect) end(t time.Time) (day, clock string) {
	day, clock = d.moment(t)
	if clock == "000000" {
		day, clock = t.In(d.Settings.zone()).AddDate(0, 0, -1).Format("20060102"), endOfDay
	}
	return day, clock
}

// endOfDay is the time at which a day ends.
const endOfDay = "240000"

// No date, and no time, are zeros.
const noDay, noClock = "00000000", "000000"

// floating is a number of a field of type FLTP.
func floating(v float64) string { return strconv.FormatFloat(v, 'E', 15, 64) }

// orderSegment is an order with all that belongs to it.
func (d Dialect) orderSegment(o plant.Order) *xmltree.Node {
	n := d.headerSegment(o, 1, statusReleased)
	if len(o.Operations) == 0 && len(o.Components) == 0 {
		return n
	}
	sequence := seg("E1AFFLL", "PLNFL", "0")
	for i, op := range o.Operations {
		sequence.Add(d.operationSegment(o, op, i == 0))
	}
	if len(o.Operations) == 0 { // there is no other place for components
		sequence.Add(d.operationSegment(o, plant.Operation{}, true))
	}
	return n.Add(sequence)
}

// headerSegment is the header of an order, with the item that it makes.
func (d Dialect) headerSegment(o plant.Order, version int, statuses ...string) *xmltree.Node {
	n := seg("E1AFKOL", "AUFNR", d.Settings.shown(o.ID), "AUART", "PP01", "AUTYP", "10", "MATNR", material(o.Item), "MATNR_LONG", string(o.Item), "WERKS", sitePlant)
	if o.Quantity != (plant.Quantity{}) {
		unit := string(o.Quantity.Unit)
		n.Add(xmltree.Leaf("GAMNG", decimalText(o.Quantity.Amount)), xmltree.Optional("GMEIN", unit), xmltree.Leaf("BMENGE", decimalText(o.Quantity.Amount)), xmltree.Optional("BMEINS", unit))
	}
	for _, at := range []struct {
		t        time.Time
		told     func(time.Time) (string, string)
		day, clk string
	}{{o.Start, d.moment, "GSTRP", "GSUZP"}, {o.Start, d.moment, "GSTRS", "GSUZS"}, {o.Due, d.end, "GLTRP", "GLUZP"}, {o.Due, d.end, "GLTRS", "GLUZS"}} {
		day, clock := noDay, noClock
		if !at.t.IsZero() {
			day, clock = at.told(at.t)
		}
		n.Add(xmltree.Leaf(at.day, day), xmltree.Leaf(at.clk, clock))
	}
	if o.Item != "" {
		n.Add(seg("E1AFPOL", "POSNR", "0001", "CHARG", string(o.Lot), "MATNR", material(o.Item), "MATNR_LONG", string(o.Item), "PSMNG", decimalText(o.Quantity.Amount), "AMEIN", string(o.Quantity.Unit)))
	}
	for _, s := range statuses {
		n.Add(seg("E1JSTKL", "STAT", s))
	}
	return n.Add(seg("Z1AFKOL", "VERSION", strconv.Itoa(version), "REVLV", o.Revision, "PRIOK", strconv.Itoa(o.Priority)))
}

// material is the short form of a material's number, which has room for eighteen
// characters; a longer one is in the long form only.
func material(i plant.ItemID) string {
	if len(i) > 18 {
		return ""
	}
	return string(i)
}

// operationSegment is an operation with the components that are drawn there.
// Those of no operation of the order are at the first one, and say so.
func (d Dialect) operationSegment(o plant.Order, op plant.Operation, leading bool) *xmltree.Node {
	n := seg("E1AFVOL", "VORNR", string(op.ID), "ARBPL", string(op.WorkCenter), "LTXA1", op.Description, "STEUS", "PP01", "MEINH", string(o.Quantity.Unit), "MGVRG", decimalText(o.Quantity.Amount),
		"BMSCH", "1.000", "RUEST", floating(op.Setup.Seconds()), "RSTZE", "S", "BEARZ", floating(op.Cycle.Seconds()*float64(o.Quantity.Amount)/float64(plant.One)), "BEAZE", "S",
		"VGE01", "S", "VGW01", decimalText(plant.Decimal(op.Setup/time.Microsecond)), "VGE02", "S", "VGW02", decimalText(plant.Decimal(op.Cycle/time.Microsecond)))
	n.Add(seg("E1AFVOL2", "PAR01_LTXT", "Setup", "PAR02_LTXT", "Machine", "TERM", "X", "KAPA", "X"))
	n.Add(seg("E1JSTVL", "STAT", statusReleased))
	for i, c := range o.Components {
		if c.Operation != op.ID && !(leading && !has(o, c.Operation)) {
			continue
		}
		day, _ := d.moment(o.Start)
		if o.Start.IsZero() {
			day = noDay
		}
		one := seg("E1RESBL", "BDART", "AR", "BDMNG", decimalText(c.Quantity.Amount), "BDTER", day, "MEINS", string(c.Quantity.Unit), "WERKS", sitePlant, "SHKZG", "H", "BWART", movementIssue,
			"POSNR", fmt.Sprintf("%04d", 10*(i+1)), "RSPOS", fmt.Sprintf("%04d", i+1), "MATNR", material(c.Material), "MATNR_LONG", string(c.Material))
		if c.Operation != op.ID {
			one.Add(seg("Z1RESBL", "VORNR", string(c.Operation), "ELSEWHERE", "X"))
		}
		n.Add(one)
	}
	if op.Inspect {
		n.Add(seg("Z1AFVOL", "INSPECT", "X"))
	}
	return n
}

// has reports whether an order has an operation.
func has(o plant.Order, id plant.OperationID) bool {
	return slices.ContainsFunc(o.Operations, func(op plant.Operation) bool { return op.ID == id })
}

// mark is a field that is X or not there.
func mark(b bool) string {
	if b {
		return "X"
	}
	return ""
}

// itemSegment is a material.
func itemSegment(f plant.ItemChanged) *xmltree.Node {
	i := f.Item
	n := seg("E1MARAM", "MSGFN", segmentChanged, "MATNR", material(i.ID), "MTART", "FERT", "MEINS", string(i.Unit), "LVORM", mark(i.Retired), "XCHPF", mark(i.Lots), "MATNR_LONG", string(i.ID))
	if i.Description != "" {
		n.Add(seg("E1MAKTM", "MSGFN", segmentChanged, "SPRAS", "E", "MAKTX", i.Description, "SPRAS_ISO", "EN"))
	}
	plants := seg("E1MARCM", "MSGFN", segmentChanged, "WERKS", sitePlant, "XCHPF", mark(i.Lots))
	if i.Serials {
		plants.Add(xmltree.Leaf("SERNP", "0001"))
	}
	n.Add(plants)
	for _, u := range i.Units {
		n.Add(seg("E1MARMM", "MSGFN", segmentChanged, "MEINH", string(u.Unit), "UMREZ", strconv.FormatInt(u.Factor.Num, 10), "UMREN", strconv.FormatInt(u.Factor.Den, 10)))
	}
	return n.Add(seg("Z1MARAM", "VERSION", strconv.Itoa(f.Version), "REVLV", i.Revision, "ANDEC", strconv.Itoa(i.Decimals)))
}

// Categories of work centers.
const machineCenter, laborCenter = "0001", "0003"

// centerSegment is a work center.
func centerSegment(f plant.CenterChanged) *xmltree.Node {
	w, category := f.WorkCenter, machineCenter
	if w.Manual {
		category = laborCenter
	}
	b := sha1.Sum([]byte("center/" + string(w.ID)))
	n := seg("E1CRHDL", "OBJTY", "A", "OBJID", fmt.Sprintf("%08d", binary.BigEndian.Uint64(b[:8])%1_0000_0000), "ARBPL", string(w.ID), "WERKS", sitePlant, "VERWE", category)
	if w.Description != "" {
		n.Add(seg("E1CRTXL", "MSGFN", segmentChanged, "SPRAS", "E", "KTEXT", w.Description))
	}
	own := seg("Z1CRHDL", "VERSION", strconv.Itoa(f.Version))
	if w.Efficiency != 0 {
		own.Add(xmltree.Leaf("NGRAD", strconv.Itoa(w.Efficiency)))
	}
	for _, machine := range w.Machines {
		own.Add(seg("Z1CRMCL", "MACHINE", string(machine)))
	}
	return n.Add(own)
}
