package evidence

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// appendBody appends what encoding/json makes of b. The four kinds that a
// posting leaves are spelled out: they are nearly all of a journal. On an
// error what was appended is of no use.
func appendBody(to []byte, b Body) ([]byte, error) {
	o := object{b: append(to, '{')}
	switch b := b.(type) {
	case Truth:
		o.event("event", b.Event)
		o.said("source", b.Source)
		o.said("sink", b.Sink)
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
	return append(o.b, '}'), o.err
}

func (o *object) offer(b *Offer) {
	o.count("id", b.ID)
	o.text("endpoint", b.Endpoint)
	o.text("name", b.Name)
	o.text("key", b.Key)
	list(o, "facts", b.Facts)
	o.number("attempt", int64(b.Attempt))
	o.yes("copy", b.Copy)
	o.number("start", int64(b.Start))
	o.number("end", int64(b.End))
	o.name("result")
	o.result(&b.Result)
	o.said("payload", b.Payload)
	list(o, "faults", b.Faults)
	o.said("breach", b.Breach)
}

func (o *object) attempt(b *Attempt) {
	o.count("id", b.ID)
	o.text("endpoint", b.Endpoint)
	o.text("verb", b.Verb)
	o.text("name", b.Name)
	o.text("key", b.Key)
	o.said("idemKey", b.IdemKey)
	o.claims(b.Claims)
	o.number("attempt", int64(b.Attempt))
	o.yes("copy", b.Copy)
	o.number("start", int64(b.Start))
	o.number("end", int64(b.End))
	o.name("acted")
	o.result(&b.Acted)
	o.name("heard")
	o.result(&b.Heard)
	o.said("payload", b.Payload)
	o.said("digest", b.Digest)
	if b.Bytes != 0 {
		o.number("bytes", int64(b.Bytes))
	}
	list(o, "faults", b.Faults)
	o.said("breach", b.Breach)
	o.said("route", b.Route)
}

func (o *object) claims(events []plant.Event) {
	if len(events) == 0 {
		return
	}
	o.name("claims")
	for i, e := range events {
		o.b = append(o.b, "[,"[min(i, 1)])
		o.append(e)
	}
	o.b = append(o.b, ']')
}

func (o *object) effect(b *Effect) {
	if b.Attempt != 0 {
		o.count("attempt", b.Attempt)
	}
	o.text("endpoint", b.Endpoint)
	o.name("posting")
	p := &b.Posting
	o.b = append(o.b, '{')
	o.text("doc", p.Doc)
	o.event("claim", p.Claim)
	if p.Base != (plant.Quantity{}) {
		o.name("base")
		o.b = p.Base.AppendJSON(o.b)
	}
	if !p.At.IsZero() {
		o.name("at")
		o.instant(p.At)
	}
	o.b = append(o.b, '}')
}

// result appends a value; its members are spelled like its fields.
func (o *object) result(r *simulators.Result) {
	o.b = append(o.b, '{')
	o.text("Outcome", string(r.Outcome))
	o.text("Class", string(r.Class))
	o.text("Code", r.Code)
	o.text("Text", r.Text)
	o.number("RetryAfter", int64(r.RetryAfter))
	o.said("RetryForm", string(r.RetryForm))
	o.said("Scope", string(r.Scope))
	o.number("Status", int64(r.Status))
	o.name("Items")
	if r.Items == nil {
		o.b = append(o.b, "null}"...)
		return
	}
	o.b = append(o.b, '[')
	for i := range r.Items {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.result(&r.Items[i])
	}
	o.b = append(o.b, "]}"...)
}

// object is a JSON object in the making, member by member, in the spelling of
// encoding/json.
type object struct {
	b   []byte
	err error // the first
}

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

func (o *object) count(name string, n uint64) {
	o.name(name)
	o.b = strconv.AppendUint(o.b, n, 10)
}

// yes is left out if it is not so.
func (o *object) yes(name string, so bool) {
	if so {
		o.name(name)
		o.b = append(o.b, "true"...)
	}
}

func (o *object) event(name string, e plant.Event) {
	o.name(name)
	o.append(e)
}

func (o *object) append(e plant.Event) {
	b, err := e.AppendJSON(o.b)
	o.b = b
	o.fail(err)
}

// instant appends a value.
func (o *object) instant(t time.Time) {
	b, err := t.AppendText(append(o.b, '"'))
	o.b = append(b, '"')
	o.fail(err)
}

func (o *object) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

// list is left out if it is empty.
func list[S ~string](o *object, name string, all []S) {
	if len(all) == 0 {
		return
	}
	o.name(name)
	for i, s := range all {
		o.b = append(o.b, "[,"[min(i, 1)])
		o.b = appendText(o.b, string(s))
	}
	o.b = append(o.b, ']')
}

// appendText appends s in quotes. Text that needs no escape, as nearly all
// identifiers, is copied as it is.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string cannot fail
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
