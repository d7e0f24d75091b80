package plant

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// AppendJSON appends to b what MarshalJSON writes. A journal holds two events
// for each posting, and encoding/json would visit every byte of them three
// times: once to write the fact, and once more to check it at each level that
// it is put into.
func (e Event) AppendJSON(b []byte) ([]byte, error) {
	if e.Fact == nil {
		return b, fmt.Errorf("event %s has no fact", e.ID)
	}
	o := object{b: append(b, '{')}
	o.text("id", string(e.ID))
	o.instant("at", e.At)
	o.text("kind", string(e.Fact.Kind()))
	o.name("fact")
	o.fact(e.Fact)
	return o.end(), o.err
}

// AppendJSON appends to b what encoding/json makes of q.
func (q Quantity) AppendJSON(b []byte) []byte {
	b = append(b, `{"amount":"`...)
	b = appendDecimal(b, q.Amount)
	b = append(b, `","unit":`...)
	return append(appendText(b, string(q.Unit)), '}')
}

// fact appends f. What a shop floor reports all day is spelled out here, the
// rest is left to encoding/json.
func (o *object) fact(f Fact) {
	o.b = append(o.b, '{')
	switch f := f.(type) {
	case OperationStarted:
		o.operation(f.Order, f.Operation)
		o.said("workCenter", string(f.WorkCenter))
		o.said("operator", string(f.Operator))
	case Confirmed:
		o.confirmation(&f)
	case Consumed:
		o.counted(f.Order, f.Operation, f.Counter)
		o.text("material", string(f.Material))
		o.said("lot", string(f.Lot))
		o.quantity("quantity", f.Quantity)
	case Scrapped:
		o.counted(f.Order, f.Operation, f.Counter)
		o.text("material", string(f.Material))
		o.said("lot", string(f.Lot))
		o.quantity("quantity", f.Quantity)
		o.text("reason", f.Reason)
	case Reworked:
		o.counted(f.Order, f.Operation, f.Counter)
		o.quantity("quantity", f.Quantity)
		o.text("reason", f.Reason)
	case Received:
		o.receipt(&f)
	case Inspected:
		o.inspection(&f)
	default:
		o.other(f)
		return
	}
	o.b = append(o.b, '}')
}

// other puts what encoding/json makes of f in the place of the brace that has
// been opened for it.
func (o *object) other(f Fact) {
	whole, err := json.Marshal(f)
	if err != nil && o.err == nil {
		o.err = err
	}
	o.b = append(o.b[:len(o.b)-1], whole...)
}

func (o *object) operation(order OrderID, op OperationID) {
	o.text("order", string(order))
	o.text("operation", string(op))
}

func (o *object) counted(order OrderID, op OperationID, counter int) {
	o.operation(order, op)
	o.number("counter", int64(counter))
}

func (o *object) confirmation(f *Confirmed) {
	o.counted(f.Order, f.Operation, f.Counter)
	o.said("workCenter", string(f.WorkCenter))
	o.said("operator", string(f.Operator))
	o.quantity("yield", f.Yield)
	if f.Scrap != (Quantity{}) {
		o.quantity("scrap", f.Scrap)
	}
	if f.Rework != (Quantity{}) {
		o.quantity("rework", f.Rework)
	}
	o.said("reason", f.Reason)
	if f.Final {
		o.name("final")
		o.b = append(o.b, "true"...)
	}
	o.instant("start", f.Start)
	o.instant("end", f.End)
	if f.Labor != 0 {
		o.number("labor", int64(f.Labor))
	}
}

func (o *object) receipt(f *Received) {
	o.text("order", string(f.Order))
	o.number("counter", int64(f.Counter))
	o.text("material", string(f.Material))
	o.text("lot", string(f.Lot))
	o.quantity("quantity", f.Quantity)
	if len(f.Serials) == 0 {
		return
	}
	o.name("serials")
	for i, s := range f.Serials {
		o.b = append(o.b, "[,"[min(i, 1)])
		o.b = appendText(o.b, string(s))
	}
	o.b = append(o.b, ']')
}

func (o *object) inspection(f *Inspected) {
	o.counted(f.Order, f.Operation, f.Counter)
	o.text("material", string(f.Material))
	o.said("lot", string(f.Lot))
	o.said("serial", string(f.Serial))
	o.number("passed", int64(f.Passed))
	o.number("failed", int64(f.Failed))
	o.said("text", f.Text)
}

// object is a JSON object in the making, member by member, in the spelling of
// encoding/json.
type object struct {
	b   []byte
	err error // the first
}

func (o *object) end() []byte { return append(o.b, '}') }

func (o *object) name(name string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

func (o *object) text(name, value string) {
	o.name(name)
	o.b = appendText(o.b, value)
}

// said is text that is left out if it is empty.
func (o *object) said(name, value string) {
	if value != "" {
		o.text(name, value)
	}
}

func (o *object) number(name string, n int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

func (o *object) quantity(name string, q Quantity) {
	o.name(name)
	o.b = q.AppendJSON(o.b)
}

// instant leaves out the zero time.
func (o *object) instant(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	o.name(name)
	b, err := t.AppendText(append(o.b, '"'))
	if err != nil && o.err == nil {
		o.err = err
	}
	o.b = append(b, '"')
}

// appendText appends s in quotes. Text that needs no escape, as nearly all
// identifiers, is copied as it is.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if !plain[s[i]] {
			quoted, _ := json.Marshal(s) // a string cannot fail
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// plain are the bytes that encoding/json writes as they are.
var plain = func() (t [256]bool) {
	for c := ' '; c <= 0x7F; c++ {
		t[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return t
}()

// appendDecimal appends what [Decimal.String] returns.
func appendDecimal(b []byte, d Decimal) []byte {
	u := uint64(d)
	if d < 0 {
		b, u = append(b, '-'), -u
	}
	b = strconv.AppendUint(b, u/uint64(One), 10)
	fraction := u % uint64(One)
	if fraction == 0 {
		return b
	}
	b = append(b, '.')
	for place := uint64(One) / 10; fraction > 0; place /= 10 {
		b = append(b, '0'+byte(fraction/place))
		fraction %= place
	}
	return b
}
