package plant

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/andon-rig/andon/internal/jsonobject"
)

// AppendJSON appends to b what MarshalJSON writes. A journal holds two events
// for each posting, and encoding/json would visit every byte of them three
// times: once to write the fact, and once more to check it at each level that
// it is put into.
func (e Event) AppendJSON(b []byte) ([]byte, error) {
	if e.Fact == nil {
		return b, fmt.Errorf("event %s has no fact", e.ID)
	}
	o := object{jsonobject.Begin(b)}
	o.Text("id", string(e.ID))
	o.Instant("at", e.At)
	o.Text("kind", string(e.Fact.Kind()))
	o.Name("fact")
	o.fact(e.Fact)
	return o.End()
}

// AppendJSON appends to b what encoding/json makes of q.
func (q Quantity) AppendJSON(b []byte) []byte {
	b = append(b, `{"amount":"`...)
	b = appendDecimal(b, q.Amount)
	b = append(b, `","unit":`...)
	return append(jsonobject.AppendText(b, string(q.Unit)), '}')
}

// fact appends f. What a shop floor reports all day is spelled out here, the
// rest is left to encoding/json.
func (o *object) fact(f Fact) {
	o.B = append(o.B, '{')
	switch f := f.(type) {
	case OperationStarted:
		o.operation(f.Order, f.Operation)
		o.Said("workCenter", string(f.WorkCenter))
		o.Said("operator", string(f.Operator))
	case Confirmed:
		o.confirmation(&f)
	case Consumed:
		o.counted(f.Order, f.Operation, f.Counter)
		o.Text("material", string(f.Material))
		o.Said("lot", string(f.Lot))
		o.quantity("quantity", f.Quantity)
	case Scrapped:
		o.counted(f.Order, f.Operation, f.Counter)
		o.Text("material", string(f.Material))
		o.Said("lot", string(f.Lot))
		o.quantity("quantity", f.Quantity)
		o.Text("reason", f.Reason)
	case Reworked:
		o.counted(f.Order, f.Operation, f.Counter)
		o.quantity("quantity", f.Quantity)
		o.Text("reason", f.Reason)
	case Received:
		o.receipt(&f)
	case Inspected:
		o.inspection(&f)
	default:
		o.other(f)
		return
	}
	o.B = append(o.B, '}')
}

// other puts what encoding/json makes of f in the place of the brace that has
// been opened for it.
func (o *object) other(f Fact) {
	whole, err := json.Marshal(f)
	o.Fail(err)
	o.B = append(o.B[:len(o.B)-1], whole...)
}

func (o *object) operation(order OrderID, op OperationID) {
	o.Text("order", string(order))
	o.Text("operation", string(op))
}

func (o *object) counted(order OrderID, op OperationID, counter int) {
	o.operation(order, op)
	o.Number("counter", int64(counter))
}

func (o *object) confirmation(f *Confirmed) {
	o.counted(f.Order, f.Operation, f.Counter)
	o.Said("workCenter", string(f.WorkCenter))
	o.Said("operator", string(f.Operator))
	o.quantity("yield", f.Yield)
	if f.Scrap != (Quantity{}) {
		o.quantity("scrap", f.Scrap)
	}
	if f.Rework != (Quantity{}) {
		o.quantity("rework", f.Rework)
	}
	o.Said("reason", f.Reason)
	o.Yes("final", f.Final)
	o.Instant("start", f.Start)
	o.Instant("end", f.End)
	if f.Labor != 0 {
		o.Number("labor", int64(f.Labor))
	}
}

func (o *object) receipt(f *Received) {
	o.Text("order", string(f.Order))
	o.Number("counter", int64(f.Counter))
	o.Text("material", string(f.Material))
	o.Text("lot", string(f.Lot))
	o.quantity("quantity", f.Quantity)
	jsonobject.List(&o.Object, "serials", f.Serials)
}

func (o *object) inspection(f *Inspected) {
	o.counted(f.Order, f.Operation, f.Counter)
	o.Text("material", string(f.Material))
	o.Said("lot", string(f.Lot))
	o.Said("serial", string(f.Serial))
	o.Number("passed", int64(f.Passed))
	o.Number("failed", int64(f.Failed))
	o.Said("text", f.Text)
}

// object is a JSON object of the plant in the making.
type object struct{ jsonobject.Object }

func (o *object) quantity(name string, q Quantity) {
	o.Name(name)
	o.B = q.AppendJSON(o.B)
}

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
