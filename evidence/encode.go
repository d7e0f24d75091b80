package evidence

import (
	"encoding/json"
	"strconv"

	"github.com/andon-rig/andon/internal/jsonobject"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// appendBody appends what encoding/json makes of b. The four kinds that a
// posting leaves are spelled out: they are nearly all of a journal. On an
// error what was appended is of no use.
func appendBody(to []byte, b Body) ([]byte, error) {
	o := object{jsonobject.Begin(to)}
	switch b := b.(type) {
	case Truth:
		o.event("event", b.Event)
		o.Said("source", b.Source)
		o.Said("sink", b.Sink)
	case Offer:
		o.offer(&b)
	case Attempt:
		o.attempt(&b)
	case Effect:
		o.effect(&b)
	default:
		whole, err := json.Marshal(b)
		return append(to, whole...), err
	}
	return o.End()
}

func (o *object) offer(b *Offer) {
	o.Count("id", b.ID)
	o.Text("endpoint", b.Endpoint)
	o.Text("name", b.Name)
	o.Text("key", b.Key)
	jsonobject.List(&o.Object, "facts", b.Facts)
	jsonobject.List(&o.Object, "absent", b.Absent)
	o.Number("attempt", int64(b.Attempt))
	o.Yes("copy", b.Copy)
	o.Number("start", int64(b.Start))
	o.Number("end", int64(b.End))
	o.Name("result")
	o.result(&b.Result)
	o.Said("payload", b.Payload)
	jsonobject.List(&o.Object, "faults", b.Faults)
	o.Said("breach", b.Breach)
	o.wire(b.Wire)
	o.held(b.Held)
}

func (o *object) attempt(b *Attempt) {
	o.Count("id", b.ID)
	o.Text("endpoint", b.Endpoint)
	o.Text("verb", b.Verb)
	o.Text("name", b.Name)
	o.Text("key", b.Key)
	o.Said("idemKey", b.IdemKey)
	o.claims(b.Claims)
	o.Number("attempt", int64(b.Attempt))
	o.Yes("copy", b.Copy)
	o.Number("start", int64(b.Start))
	o.Number("end", int64(b.End))
	o.Name("acted")
	o.result(&b.Acted)
	o.Name("heard")
	o.result(&b.Heard)
	o.Said("payload", b.Payload)
	o.Said("digest", b.Digest)
	if b.Bytes != 0 {
		o.Number("bytes", int64(b.Bytes))
	}
	jsonobject.List(&o.Object, "faults", b.Faults)
	o.Yes("garbled", b.Garbled)
	jsonobject.List(&o.Object, "told", b.Told)
	if b.Rounded != 0 {
		o.Number("rounded", int64(b.Rounded))
	}
	o.Said("breach", b.Breach)
	o.Said("route", b.Route)
	o.wire(b.Wire)
	o.held(b.Held)
}

func (o *object) wire(w *Wire) {
	if w != nil {
		o.other("wire", w)
	}
}

func (o *object) held(h *Held) {
	switch {
	case h == nil:
		return
	case len(h.Breaches) > 0:
		o.other("held", h)
		return
	}
	o.Name("held") // as nearly always
	in := object{jsonobject.Begin(o.B)}
	if len(h.By) > 0 {
		in.Name("by")
		for i, n := range h.By {
			in.B = strconv.AppendInt(append(in.B, "[,"[min(i, 1)]), int64(n), 10)
		}
		in.B = append(in.B, ']')
	}
	in.Said("key", h.Key)
	in.Said("sequence", h.Sequence)
	o.B = append(in.B, '}')
}

// other appends a member as encoding/json spells it.
func (o *object) other(name string, v any) {
	o.Name(name)
	b, err := json.Marshal(v)
	o.B = append(o.B, b...)
	o.Fail(err)
}

func (o *object) claims(events []plant.Event) {
	if len(events) == 0 {
		return
	}
	o.Name("claims")
	for i, e := range events {
		o.B = append(o.B, "[,"[min(i, 1)])
		o.append(e)
	}
	o.B = append(o.B, ']')
}

func (o *object) effect(b *Effect) {
	if b.Attempt != 0 {
		o.Count("attempt", b.Attempt)
	}
	o.Text("endpoint", b.Endpoint)
	o.Name("posting")
	p := &b.Posting
	o.B = append(o.B, '{')
	o.Text("doc", p.Doc)
	o.event("claim", p.Claim)
	if p.Base != (plant.Quantity{}) {
		o.Name("base")
		o.B = p.Base.AppendJSON(o.B)
	}
	o.Instant("at", p.At)
	o.Said("alias", string(p.Alias))
	o.B = append(o.B, '}')
}

// result appends a value; its members are spelled like its fields.
func (o *object) result(r *simulators.Result) {
	o.B = append(o.B, '{')
	o.Text("Outcome", string(r.Outcome))
	o.Text("Class", string(r.Class))
	o.Text("Code", r.Code)
	o.Text("Text", r.Text)
	o.Number("RetryAfter", int64(r.RetryAfter))
	o.Said("RetryForm", string(r.RetryForm))
	o.Said("Scope", string(r.Scope))
	o.Number("Status", int64(r.Status))
	o.Name("Items")
	if r.Items == nil {
		o.B = append(o.B, "null}"...)
		return
	}
	o.B = append(o.B, '[')
	for i := range r.Items {
		if i > 0 {
			o.B = append(o.B, ',')
		}
		o.result(&r.Items[i])
	}
	o.B = append(o.B, "]}"...)
}

// object is a JSON object of a journal in the making.
type object struct{ jsonobject.Object }

func (o *object) event(name string, e plant.Event) {
	o.Name(name)
	o.append(e)
}

func (o *object) append(e plant.Event) {
	b, err := e.AppendJSON(o.B)
	o.B = b
	o.Fail(err)
}
