package asyncapi

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/contracts/source"
)

func keys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// A seen is a message as it was seen, and what it is by the description.
type seen struct {
	channel  *channel
	params   []string // values of the parameters
	messages []*message
	replies  []*message
}

// find is what x is by its topic or subject and its direction; nil if the
// description says nothing about it. Of channels that fit, the one with the
// fewest parameters counts.
func (d *Document) find(x contracts.Exchange) *seen {
	at := strings.TrimPrefix(x.Request.Path, "/")
	var best *seen
	for _, c := range d.channels {
		if c.address == "" {
			continue
		}
		m := c.pattern.FindStringSubmatch(at)
		if m == nil || best != nil && len(best.params) <= len(m)-1 {
			continue
		}
		best = &seen{channel: c, params: m[1:]}
	}
	if best == nil {
		return nil
	}
	for _, o := range best.channel.uses {
		if o.sends != x.FromConsumer {
			best.messages = append(best.messages, o.messages...)
			best.replies = append(best.replies, o.replies...)
		}
	}
	switch {
	case len(best.channel.uses) == 0: // nobody says who sends
		best.messages = best.channel.messages
	case len(best.messages) == 0:
		return nil
	}
	return best
}

// Check implements [contracts.Checker]. A message that goes the other way than
// the operations say is not covered.
func (d *Document) Check(x contracts.Exchange) (found []contracts.Breach, covered bool) {
	s := d.find(x)
	if s == nil {
		return nil, false
	}
	for i, p := range s.channel.params {
		if p.values != nil && !slices.Contains(p.values, s.params[i]) {
			found = append(found, contracts.Breach{Path: "parameter " + p.name, Want: "one of " + strings.Join(p.values, ", "), Got: strconv.Quote(s.params[i]), Place: p.place})
		}
	}
	_, breaches := d.nearest(s.messages, x.Request, s.channel, false)
	found = append(found, breaches...)
	if x.Reply != nil && len(s.replies) > 0 {
		_, breaches := d.nearest(s.replies, *x.Reply, s.channel, true)
		found = append(found, breaches...)
	}
	return found, true
}

// nearest is the message that p is, or that it comes nearest to with the
// breaches that remain.
func (d *Document) nearest(all []*message, p contracts.Part, c *channel, reply bool) (best *message, breaches []contracts.Breach) {
	if len(all) == 0 {
		return nil, []contracts.Breach{{Reply: reply, Path: "$", Want: "a message that is declared", Got: "one, and channel " + c.key + " declares none", Place: c.place}}
	}
	for _, m := range all {
		found := d.message(m, p, reply)
		if best == nil || len(found) < len(breaches) {
			best, breaches = m, found
		}
		if len(found) == 0 {
			break
		}
	}
	return best, breaches
}

func (d *Document) message(m *message, p contracts.Part, reply bool) (found []contracts.Breach) {
	note := func(path, want, got string, place contracts.Place) {
		found = append(found, contracts.Breach{Reply: reply, Path: path, Want: want, Got: got, Place: place})
	}
	if got := p.Header("Content-Type"); got != "" && m.contentType != "" && media(got) != media(m.contentType) {
		note("header Content-Type", m.contentType, got, m.place)
	}
	var body any
	if m.payload != nil && m.isJSON() {
		v, err := jsonschema.Decode(p.Body)
		if err != nil {
			note("$", "a JSON document", err.Error(), m.place)
			return found
		}
		body = v
		found = append(found, jsonschema.Breaches(m.payload.rules, v, d.trees, reply)...)
	}
	if m.headers != nil {
		found = append(found, d.headers(m, p, reply)...)
	}
	if m.correlation != "" && !m.correlated(p, body) {
		note("correlation ID", "a value at "+m.correlation, "none", m.place)
	}
	return found
}

func (m *message) isJSON() bool {
	t := media(m.contentType)
	return t == "" || t == "application/json" || strings.HasSuffix(t, "+json")
}

func media(contentType string) string {
	t, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	return strings.TrimSpace(t)
}

// header finds a header whatever its case.
func header(p contracts.Part, name string) (string, bool) {
	for k, v := range p.Headers {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0], true
		}
	}
	return "", false
}

// headers holds the headers that are declared against their schema. They are
// texts on most wires, so a number may be written as one.
func (d *Document) headers(m *message, p contracts.Part, reply bool) []contracts.Breach {
	texts, scalars := map[string]any{}, map[string]any{}
	for _, name := range m.names {
		if v, ok := header(p, name); ok {
			texts[name], scalars[name] = v, scalar(v)
		}
	}
	found := jsonschema.Breaches(m.headers.rules, texts, d.trees, reply)
	if len(found) > 0 {
		if again := jsonschema.Breaches(m.headers.rules, scalars, d.trees, reply); len(again) < len(found) {
			found = again
		}
	}
	for i := range found {
		found[i].Path = "header" + strings.Replace(strings.TrimPrefix(found[i].Path, "$"), ".", " ", 1)
	}
	return found
}

func scalar(s string) any {
	if s == "true" || s == "false" {
		return s == "true"
	}
	if json.Valid([]byte(s)) && strings.Trim(s, "0123456789.eE+-") == "" {
		return json.Number(s)
	}
	return s
}

// correlated reports whether a message has its correlation ID.
func (m *message) correlated(p contracts.Part, body any) bool {
	g := location.FindStringSubmatch(m.correlation)
	if g == nil {
		return true
	}
	if g[1] == "header" {
		v, ok := header(p, source.Unescape(strings.TrimPrefix(g[2], "/")))
		return ok && v != ""
	}
	if body == nil && !m.isJSON() {
		return true // it cannot be looked into
	}
	if body == nil {
		body, _ = jsonschema.Decode(p.Body)
	}
	v, ok := (&source.Tree{Root: body}).At(g[2])
	return ok && v != nil && v != ""
}

// Parts implements [contracts.Measurer]: channels, their messages, headers,
// listed parameters and fields: "lines/{line}/orders", "lines/{line}/orders
// released", "… released header X-Id", "… {line}=A", "… released > $.qty".
func (d *Document) Parts() []string {
	parts := map[string]bool{}
	for _, c := range d.channels {
		parts[c.name()] = true
		for _, p := range c.params {
			for _, v := range p.values {
				parts[c.name()+" {"+p.name+"}="+v] = true
			}
		}
		for _, m := range c.messages {
			at := c.name() + " " + m.name
			parts[at] = true
			for _, h := range m.names {
				parts[at+" header "+h] = true
			}
			if m.payload != nil && m.isJSON() {
				m.payload.words().Add(at+" > $", parts)
			}
		}
	}
	return slices.Sorted(keys(parts))
}

// Used implements [contracts.Measurer].
func (d *Document) Used(x contracts.Exchange) []string {
	used := map[string]bool{}
	s := d.find(x)
	if s == nil {
		return nil
	}
	used[s.channel.name()] = true
	for i, p := range s.channel.params {
		if slices.Contains(p.values, s.params[i]) {
			used[s.channel.name()+" {"+p.name+"}="+s.params[i]] = true
		}
	}
	d.parts(x, s, func(c *channel, m *message, p contracts.Part) {
		at := c.name() + " " + m.name
		used[at] = true
		for _, h := range m.names {
			if _, ok := header(p, h); ok {
				used[at+" header "+h] = true
			}
		}
		if v, ok := m.value(p); ok {
			m.payload.words().Use(v, at+" > $", used)
		}
	})
	return slices.Sorted(keys(used))
}

// parts calls see with the messages of an exchange, as what they come nearest
// to.
func (d *Document) parts(x contracts.Exchange, s *seen, see func(*channel, *message, contracts.Part)) {
	if m, _ := d.nearest(s.messages, x.Request, s.channel, false); m != nil {
		see(s.channel, m, x.Request)
	}
	if x.Reply == nil || len(s.replies) == 0 {
		return
	}
	m, _ := d.nearest(s.replies, *x.Reply, s.channel, true)
	for _, c := range d.channels {
		if slices.Contains(c.messages, m) {
			see(c, m, *x.Reply)
			return
		}
	}
}

// value is the payload of a message, if it is JSON.
func (m *message) value(p contracts.Part) (any, bool) {
	if m.payload == nil || !m.isJSON() {
		return nil, false
	}
	v, err := jsonschema.Decode(p.Body)
	return v, err == nil
}

// Undeclared implements [contracts.Watcher]: fields, values, nulls and types
// of payloads, and values of parameters.
func (d *Document) Undeclared(x contracts.Exchange) (found []contracts.Drift) {
	s := d.find(x)
	if s == nil {
		return nil
	}
	for i, p := range s.channel.params {
		if p.values != nil && !slices.Contains(p.values, s.params[i]) {
			found = append(found, contracts.Drift{Kind: "enum", Path: fmt.Sprintf("%s {%s}=%s", s.channel.name(), p.name, s.params[i]), Seen: s.params[i]})
		}
	}
	d.parts(x, s, func(c *channel, m *message, p contracts.Part) {
		if v, ok := m.value(p); ok {
			found = append(found, m.payload.words().Undeclared(v, c.name()+" "+m.name+" > $")...)
		}
	})
	return found
}
