package files

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Codes of refusals that this dialect makes itself.
const (
	codeMalformed = "malformed"
	codeName      = "resource-unknown"
)

// Decode implements [simulators.Dialect]: what a file states are claims. Files
// ask nothing. The error is a [*simulators.Refusal] whose text names line and
// column.
func (d Dialect) Decode(m simulators.Message) (simulators.Ask, error) {
	if !slices.Contains(Names(), m.Name) {
		return simulators.Ask{}, &simulators.Refusal{Class: simulators.DataQuality, Code: codeName,
			Text: fmt.Sprintf("there are no files called %q; the name of a file begins with one of %s", clip(m.Name), strings.Join(Names(), ", "))}
	}
	claims, id, err := d.claims(m.Name, m.Body)
	if err != nil {
		return simulators.Ask{}, &simulators.Refusal{Class: simulators.DataQuality, Code: codeMalformed, Text: err.Error()}
	}
	return simulators.Ask{Claims: claims, Batch: len(claims) > 1, IdempotencyKey: id}, nil
}

func (d Dialect) claims(name string, body []byte) (claims []plant.Event, id string, err error) {
	f, err := d.Settings.read(body)
	if err != nil {
		return nil, "", err
	}
	head := cells{record: f.head, layout: layoutOf(headType)}
	version, said := head.text("VERSION", true), head.text("NAME", true)
	id = head.text("FILE", true)
	head.text("SENDER", true)
	head.instant("CREATED", true)
	switch {
	case head.err != nil:
		return nil, "", head.err
	case version != Version:
		return nil, "", fmt.Errorf("line 1, VERSION: %q is not read here, only %s", clip(version), Version)
	case said != name:
		return nil, "", fmt.Errorf("line 1, NAME: the header says %q, and the file's name %s", clip(said), name)
	case len(f.records) == 0:
		return nil, "", fmt.Errorf("the file has no record between header and trailer")
	}
	for rest := f.records; len(rest) > 0; {
		n := 1
		for n < len(rest) && layoutOf(rest[n].kind).belongs(rest[0].kind) {
			n++
		}
		e, err := claim(name, rest[0], rest[1:n])
		if err != nil {
			return nil, "", err
		}
		claims = append(claims, e)
		rest = rest[n:]
	}
	return claims, id, nil
}

// claim reads one fact: a record and those that belong to it.
func claim(name string, r record, below []record) (plant.Event, error) {
	i := slices.IndexFunc(kinds, func(k plant.Kind) bool { w, _ := wordOf(k); return w.record == r.kind })
	if i < 0 {
		return plant.Event{}, fmt.Errorf("line %d: a record %s where none can be", r.line, r.kind)
	}
	if w, _ := wordOf(kinds[i]); w.name != listed(name) {
		return plant.Event{}, fmt.Errorf("line %d: a record %s among %s", r.line, r.kind, name)
	}
	c := &cells{record: r, layout: layoutOf(r.kind)}
	e := plant.Event{ID: plant.EventID(c.text("REFERENCE", true)), At: c.instant("AT", true)}
	e.Fact = c.fact(kinds[i], below)
	return e, c.err
}

// kinds are those that this dialect has a word for.
var kinds = []plant.Kind{
	plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindLotDecided, plant.KindItemChanged, plant.KindBillChanged, plant.KindRoutingChanged, plant.KindCenterChanged, plant.KindCalendarChanged, plant.KindOperationStarted,
	plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindRework, plant.KindReceipt, plant.KindInspection, plant.KindLotHeld,
}

func (c *cells) fact(kind plant.Kind, below []record) plant.Fact {
	switch kind {
	case plant.KindOrderReleased:
		return plant.OrderReleased{Order: c.order(below)}
	case plant.KindOrderChanged:
		return plant.OrderChanged{Order: c.orderID(true), Version: c.whole("VERSION", true), Quantity: c.quantity("QUANTITY"), Due: c.instant("DUE", false), Priority: c.whole("PRIORITY", false)}
	case plant.KindOrderCancelled:
		return plant.OrderCancelled{Order: c.orderID(true), Version: c.whole("VERSION", true)}
	case plant.KindOperationStarted:
		return plant.OperationStarted{Order: c.orderID(true), Operation: c.operation(), WorkCenter: plant.WorkCenterID(c.text("WORKCENTER", false)), Operator: plant.PersonID(c.text("OPERATOR", false))}
	case plant.KindConfirmation:
		return c.confirmed()
	case plant.KindConsumption:
		return plant.Consumed{Order: c.orderID(true), Operation: c.operation(), Counter: c.counter(), Material: c.material(true), Lot: c.lot(false), Quantity: c.quantity("QUANTITY")}
	case plant.KindScrap:
		return plant.Scrapped{Order: c.orderID(true), Operation: c.operation(), Counter: c.counter(), Material: c.material(true), Lot: c.lot(false), Quantity: c.quantity("QUANTITY"), Reason: c.text("REASON", false)}
	case plant.KindRework:
		return plant.Reworked{Order: c.orderID(true), Operation: c.operation(), Counter: c.counter(), Quantity: c.quantity("QUANTITY"), Reason: c.text("REASON", false)}
	case plant.KindReceipt:
		f := plant.Received{Order: c.orderID(true), Counter: c.counter(), Material: c.material(true), Lot: c.lot(true), Quantity: c.quantity("QUANTITY")}
		for _, r := range below {
			f.Serials = append(f.Serials, plant.SerialID(c.under(r).text("SERIAL", true)))
		}
		return f
	case plant.KindInspection:
		return plant.Inspected{Order: c.orderID(true), Operation: c.operation(), Counter: c.counter(), Material: c.material(true), Lot: c.lot(false), Serial: plant.SerialID(c.text("SERIAL", false)),
			Passed: c.whole("PASSED", true), Failed: c.whole("FAILED", true), Text: c.text("TEXT", false)}
	case plant.KindLotHeld:
		return plant.LotHeld{Lot: c.lot(true), Material: c.material(false), Order: c.orderID(false), Case: plant.CaseID(c.text("CASE", true)), Reason: c.text("REASON", false)}
	case plant.KindLotDecided:
		return plant.LotDecided{Lot: c.lot(true), Material: c.material(false), Case: plant.CaseID(c.text("CASE", true)), Decision: c.decision()}
	case plant.KindItemChanged:
		return plant.ItemChanged{Version: c.whole("VERSION", true), Item: c.item(below)}
	case plant.KindBillChanged:
		c.counts(below)
		return plant.BillChanged{Version: c.whole("VERSION", true), Bill: plant.Bill{Item: c.material(true), For: c.quantity("QUANTITY"), Components: c.components(below)}}
	case plant.KindRoutingChanged:
		c.counts(below)
		return plant.RoutingChanged{Version: c.whole("VERSION", true), Routing: plant.Routing{Item: c.material(true), Operations: c.operations(below)}}
	case plant.KindCenterChanged:
		c.counts(below)
		return plant.CenterChanged{Version: c.whole("VERSION", true), WorkCenter: c.center(below)}
	case plant.KindCalendarChanged:
		c.counts(below)
		return plant.CalendarChanged{Version: c.whole("VERSION", true), Calendar: plant.Calendar{ID: c.text("CALENDAR", true), Zone: c.text("ZONE", true), Shifts: c.shifts(below)}}
	}
	return nil
}

func (c *cells) confirmed() plant.Fact {
	f := plant.Confirmed{Order: c.orderID(true), Operation: c.operation(), Counter: c.counter(), WorkCenter: plant.WorkCenterID(c.text("WORKCENTER", false)),
		Operator: plant.PersonID(c.text("OPERATOR", false)), Yield: c.quantity("YIELD"), Reason: c.text("REASON", false), Final: c.flag("FINAL"),
		Start: c.instant("START", false), End: c.instant("END", false), Labor: c.seconds("LABOR")}
	if c.text("SCRAP", false) != "" {
		f.Scrap = plant.Quantity{Amount: c.decimal("SCRAP", true), Unit: f.Yield.Unit}
	}
	if c.text("REWORK", false) != "" {
		f.Rework = plant.Quantity{Amount: c.decimal("REWORK", true), Unit: f.Yield.Unit}
	}
	return f
}

func (c *cells) order(below []record) plant.Order {
	o := plant.Order{ID: c.orderID(true), Item: c.material(true), Revision: c.text("REVISION", false), Quantity: c.quantity("QUANTITY"), Start: c.instant("START", false),
		Due: c.instant("DUE", false), Priority: c.whole("PRIORITY", false), Lot: c.lot(false)}
	o.Operations, o.Components = c.operations(below), c.components(below)
	return o
}

// operations are those of an order or a routing, which has at least one.
func (c *cells) operations(below []record) (all []plant.Operation) {
	for _, r := range below {
		if r.kind != "OPR" {
			continue
		}
		b := c.under(r)
		all = append(all, plant.Operation{ID: b.operation(), Description: b.text("TEXT", false), WorkCenter: plant.WorkCenterID(b.text("WORKCENTER", true)),
			Setup: b.seconds("SETUP"), Cycle: b.seconds("CYCLE"), Inspect: b.flag("INSPECT")})
	}
	if c.err == nil && len(all) == 0 {
		c.err = fmt.Errorf("%s: a record %s without a record OPR", c.record.at(""), c.record.kind)
	}
	return all
}

// components are those of an order or a bill of material.
func (c *cells) components(below []record) (all []plant.Component) {
	for _, r := range below {
		if r.kind != "CMP" {
			continue
		}
		b := c.under(r)
		all = append(all, plant.Component{Operation: b.operation(), Material: b.material(true), Quantity: b.quantity("QUANTITY")})
	}
	return all
}

// counts holds a document against the number of lines that its first record
// says it has: without all of them it is another document.
func (c *cells) counts(below []record) {
	if n := c.whole("LINES", true); n != len(below) {
		c.fail("LINES", "%d records belong to this one, and there are %d", n, len(below))
	}
}

func (c *cells) item(below []record) plant.Item {
	i := plant.Item{ID: c.material(true), Description: c.text("TEXT", false), Revision: c.text("REVISION", false), Unit: plant.Unit(c.text("UNIT", true)),
		Decimals: c.whole("DECIMALS", true), Lots: c.flag("LOTS"), Serials: c.flag("SERIALS"), Retired: c.flag("RETIRED")}
	for _, r := range below {
		b := c.under(r)
		f := plant.Factor{Num: int64(b.whole("NUMERATOR", true)), Den: int64(b.whole("DENOMINATOR", true))}
		if (f.Num <= 0 || f.Den <= 0) && c.err == nil {
			c.err = fmt.Errorf("%s: a factor has no zero", r.at(""))
		}
		i.Units = append(i.Units, plant.AltUnit{Unit: plant.Unit(b.text("UNIT", true)), Factor: f})
	}
	return i
}

// cells reads one record by the names of its columns; the first mistake stays
// in err.
type cells struct {
	record record
	layout *layout
	err    error
	above  *cells // whose err it is, of a record that belongs to another
}

// under reads a record that belongs to c.
func (c *cells) under(r record) *cells {
	return &cells{record: r, layout: layoutOf(r.kind), above: c}
}

func (c *cells) fail(name, format string, args ...any) {
	to := c
	if c.above != nil {
		to = c.above
	}
	if to.err == nil {
		to.err = fmt.Errorf("%s: %s", c.record.at(name), fmt.Sprintf(format, args...))
	}
}

// text is the cell under name, which must not be empty if it is needed.
func (c *cells) text(name string, needed bool) string {
	s := c.record.cells[c.layout.place(name)]
	if s == "" && needed {
		c.fail(name, "is empty")
	}
	return s
}

func (c *cells) whole(name string, needed bool) int {
	s := c.text(name, needed)
	if s == "" {
		return 0
	}
	n, err := wholeNumber(s)
	if err != nil {
		c.fail(name, "%s", err)
	}
	return int(n)
}

func (c *cells) decimal(name string, needed bool) plant.Decimal {
	s := c.text(name, needed)
	if s == "" {
		return 0
	}
	d, err := plant.ParseDecimal(s)
	if err != nil {
		c.fail(name, "%s", err)
	}
	return d
}

func (c *cells) instant(name string, needed bool) time.Time {
	s := c.text(name, needed)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		c.fail(name, "%q is not an instant such as 2026-02-03T06:00:00+01:00", clip(s))
		return time.Time{}
	}
	if _, offset := t.Zone(); offset == 0 {
		return t.UTC()
	} else {
		return t.In(time.FixedZone("", offset)) // not the zone of the machine that happens to share the offset
	}
}

func (c *cells) flag(name string) bool {
	switch c.text(name, false) {
	case "":
		return false
	case "X":
		return true
	}
	c.fail(name, "is X or empty")
	return false
}

// seconds reads a span of time; nothing is none.
func (c *cells) seconds(name string) time.Duration {
	s := c.text(name, false)
	if s == "" {
		return 0
	}
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := wholeNumber(whole)
	f, ferr := wholeNumber("0" + fraction)
	if err != nil || ferr != nil || len(fraction) > 9 || n > 9e9 || strings.HasSuffix(s, ".") {
		c.fail(name, "%q is not a number of seconds", clip(s))
		return 0
	}
	for range 9 - len(fraction) {
		f *= 10
	}
	return time.Duration(n)*time.Second + time.Duration(f)
}

func (c *cells) quantity(name string) plant.Quantity {
	return plant.Quantity{Amount: c.decimal(name, true), Unit: plant.Unit(c.text("UNIT", true))}
}

func (c *cells) orderID(needed bool) plant.OrderID {
	return plant.OrderID(c.text("ORDER", needed))
}
func (c *cells) operation() plant.OperationID { return plant.OperationID(c.text("OPERATION", true)) }
func (c *cells) lot(needed bool) plant.LotID  { return plant.LotID(c.text("LOT", needed)) }
func (c *cells) material(needed bool) plant.ItemID {
	return plant.ItemID(c.text("MATERIAL", needed))
}

func (c *cells) counter() int {
	n := c.whole("COUNTER", true)
	if n == 0 {
		c.fail("COUNTER", "counts from 1")
	}
	return n
}

func (c *cells) decision() plant.Decision {
	d := plant.Decision(c.text("DECISION", true))
	switch d {
	case plant.DecideRelease, plant.DecideUseAsIs, plant.DecideScrap, plant.DecideToRework:
	default:
		c.fail("DECISION", "%q is not one of release, use-as-is, scrap, rework", clip(string(d)))
	}
	return d
}
