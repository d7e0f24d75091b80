package openapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/source"
)

// example is what a description shows of a parameter or body: its own example,
// the first of its examples, or that of its schema.
func (r *reader) example(s source.Spot) *any {
	if v, ok := s.Fields()["example"]; ok {
		return &v
	}
	if _, ok := s.Fields()["examples"].(map[string]any); ok {
		at := s.Pointer + "/examples"
		for _, name := range r.d.trees[s.URL].Keys(at) {
			if one, ok := r.at(s, "examples", name); ok {
				if v, ok := one.Fields()["value"]; ok {
					return &v
				}
			}
		}
	}
	if schema, ok := r.at(s, "schema"); ok {
		return r.ofSchema(schema, 0)
	}
	return nil
}

// ofSchema is the example of a schema, or one put together from those of its
// properties; nil if what it demands has none.
func (r *reader) ofSchema(s source.Spot, depth int) *any {
	m := s.Fields()
	for _, key := range []string{"example", "const", "default"} {
		if v, ok := m[key]; ok {
			return &v
		}
	}
	for _, key := range []string{"examples", "enum"} {
		if list, ok := m[key].([]any); ok && len(list) > 0 {
			return &list[0]
		}
	}
	if depth > 8 {
		return nil
	}
	if _, ok := m["items"]; ok {
		if items, ok := r.at(s, "items"); ok {
			if one := r.ofSchema(items, depth+1); one != nil {
				var list any = []any{*one}
				return &list
			}
		}
		return nil
	}
	props, ok := m["properties"].(map[string]any)
	if !ok {
		return nil
	}
	out := map[string]any{}
	required, _ := m["required"].([]any)
	for _, name := range sortedKeys(props) {
		p, ok := r.at(s, "properties", name)
		if !ok {
			return nil
		}
		if v := r.ofSchema(p, depth+1); v != nil {
			out[name] = *v
			continue
		}
		for _, one := range required {
			if one == name {
				return nil
			}
		}
	}
	var v any = out
	return &v
}

// An Example is a request that a description shows.
type Example struct {
	Operation *Operation
	Request   contracts.Part
	Missing   []string // what it demands and shows no example of
}

// Name is that of the operation: "GET /orders/{no}".
func (e Example) Name() string { return e.Operation.Name() }

// Place is where the operation stands.
func (e Example) Place() contracts.Place { return e.Operation.place }

// Examples are the requests that the description shows, one for each operation
// in its order.
func (d *Document) Examples() (all []Example) {
	for _, o := range d.operations {
		all = append(all, o.shown())
	}
	return all
}

func (o *Operation) shown() Example {
	e := Example{Operation: o, Request: contracts.Part{Method: o.Method, Path: o.Path, Query: map[string][]string{}, Headers: map[string][]string{"Accept": {"application/json"}}}}
	for _, p := range o.parameters {
		switch {
		case p.example == nil && (p.required || p.in == "path"):
			e.Missing = append(e.Missing, p.in+" "+p.name)
		case p.example == nil:
		case p.in == "path":
			e.Request.Path = strings.ReplaceAll(e.Request.Path, "{"+p.name+"}", url.PathEscape(plain(*p.example)))
		case p.in == "query":
			e.Request.Query[p.name] = []string{plain(*p.example)}
		case p.in == "header":
			e.Request.Headers[p.name] = []string{plain(*p.example)}
		}
	}
	for _, c := range o.bodies {
		if body := c.shown(); body != nil {
			e.Request.Body, e.Request.Headers["Content-Type"] = body, []string{c.media}
			return e
		}
	}
	if o.demanded {
		e.Missing = append(e.Missing, "body")
	}
	return e
}

// shown is the example of a body as it travels; nil if there is none.
func (c content) shown() []byte {
	if c.example == nil {
		return nil
	}
	if s, isText := (*c.example).(string); isText && !isJSON(c.media) {
		return []byte(s)
	}
	if !isJSON(c.media) {
		return nil
	}
	b, err := json.Marshal(*c.example)
	if err != nil {
		return nil
	}
	return b
}

// success is the status of an answer that tells of success.
func (a answer) success() (int, bool) {
	switch a.status {
	case "2XX", "DEFAULT":
		return 200, true
	}
	n, err := strconv.Atoi(a.status)
	return n, err == nil && n/100 == 2
}

// plain writes an example as a path or a query has it.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, plain(one))
		}
		return strings.Join(all, ",")
	}
	return fmt.Sprint(v)
}

// Answer is the reply to a request that the description shows: of the answers
// that it promises the first one of success with an example. The request must
// be one that it takes; what is wrong with it otherwise is told.
func (d *Document) Answer(p contracts.Part) (reply contracts.Part, found []contracts.Breach, covered bool) {
	o, _ := d.find(p)
	if o == nil {
		return reply, nil, false
	}
	if found, _ := d.Check(contracts.Exchange{FromConsumer: true, Request: p}); len(found) > 0 {
		return reply, found, true
	}
	for _, a := range o.answers {
		status, ok := a.success()
		if !ok {
			continue
		}
		reply.Status, reply.Headers = status, map[string][]string{}
		if len(a.bodies) == 0 {
			return reply, nil, true
		}
		for _, c := range a.bodies {
			if body := c.shown(); body != nil {
				reply.Body, reply.Headers["Content-Type"] = body, []string{c.media}
				return reply, nil, true
			}
		}
		return reply, []contracts.Breach{{Reply: true, Path: o.Name() + " " + strings.ToLower(a.status), Want: "an example to answer with", Got: "none in the description", Place: a.place}}, true
	}
	return reply, []contracts.Breach{{Reply: true, Path: o.Name(), Want: "an answer of success", Got: "none is promised", Place: o.place}}, true
}
