package pact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// An actual is one side of an exchange as it was seen.
type actual struct {
	Method, Path string
	Query        map[string][]string
	Headers      map[string][]string
	Status       int
	Body         Body
}

// request compares a request with the one that is expected.
func request(want Part, got actual) (found []mismatch) {
	found = append(found, methodOf(want, got)...)
	found = append(found, pathOf(want, got)...)
	found = append(found, queries(want, got)...)
	found = append(found, headersOf(want, got)...)
	return append(found, bodies(want, got, true)...)
}

// response compares a response with the one that is expected.
func response(want Part, got actual) (found []mismatch) {
	found = append(found, status(want, got)...)
	found = append(found, headersOf(want, got)...)
	return append(found, bodies(want, got, false)...)
}

// message compares a message with the one that is expected.
func message(want Part, got actual) (found []mismatch) {
	for _, name := range sortedKeys(want.Headers) {
		if isContentType(name) {
			continue // told with the contents
		}
		has, ok := lookup(got.Headers, name)
		at := "metadata " + name
		if !ok {
			found = append(found, mismatch{at: at, want: strconv.Quote(first(want.Headers[name])), got: "nothing"})
			continue
		}
		found = append(found, texts(want.Rules.Metadata, []step{{name: name}}, at, first(want.Headers[name]), first(has), same)...)
	}
	return append(found, bodies(want, got, false)...)
}

func isContentType(name string) bool {
	return strings.EqualFold(name, "contentType") || strings.EqualFold(name, "content-type")
}

func same(a, b string) bool { return a == b }

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func methodOf(want Part, got actual) []mismatch {
	return texts(atRoot(want.Rules.Method), []step{{root: true}}, "method", want.Method, got.Method, strings.EqualFold)
}

func pathOf(want Part, got actual) []mismatch {
	return texts(atRoot(want.Rules.Path), []step{{root: true}}, "path", want.Path, got.Path, same)
}

// atRoot puts rules without a path at the root, where they are looked for.
func atRoot(rules []Rule) (all []Rule) {
	for _, r := range rules {
		r.At = []step{{root: true}}
		all = append(all, r)
	}
	return all
}

func status(want Part, got actual) []mismatch {
	if len(want.Rules.Status) > 0 {
		for _, m := range want.Rules.Status[0].Matchers {
			if m.Kind == "statusCode" && !m.admits(got.Status) {
				return []mismatch{{at: "status", want: "a status " + show1(m.Status), got: strconv.Itoa(got.Status)}}
			}
		}
		return nil
	}
	if want.Status != 0 && want.Status != got.Status {
		return []mismatch{{at: "status", want: strconv.Itoa(want.Status), got: strconv.Itoa(got.Status)}}
	}
	return nil
}

// admits reports whether a status is in a class or a list.
func (k Matcher) admits(status int) bool {
	in := func(from, to int) bool { return status >= from && status <= to }
	switch s := k.Status.(type) {
	case string:
		switch s {
		case "info":
			return in(100, 199)
		case "success":
			return in(200, 299)
		case "redirect":
			return in(300, 399)
		case "clientError":
			return in(400, 499)
		case "serverError":
			return in(500, 599)
		case "nonError":
			return status < 400
		case "error":
			return status >= 400
		}
	case []any:
		return slices.ContainsFunc(s, func(v any) bool { return whole(v) == status })
	}
	return false
}

// queries compares parameters by name; the order of one name's values counts.
func queries(want Part, got actual) (found []mismatch) {
	for _, name := range sortedKeys(want.Query) {
		has, ok := got.Query[name]
		at := "query " + name
		if !ok {
			found = append(found, mismatch{at: at, want: show2(want.Query[name]), got: "nothing"})
			continue
		}
		found = append(found, parameter(want, name, at, has)...)
	}
	for _, name := range sortedKeys(got.Query) {
		if _, ok := want.Query[name]; !ok {
			found = append(found, mismatch{at: "query " + name, want: "nothing", got: show2(got.Query[name])})
		}
	}
	return found
}

func parameter(want Part, name, at string, has []string) (found []mismatch) {
	values := want.Query[name]
	c := comparison{rules: want.Rules.Query}
	r, _ := c.rule([]step{{name: name}, {isAt: true}})
	if len(values) != len(has) && r.onlyEquality() {
		return []mismatch{{at: at, want: show2(values), got: show2(has)}}
	}
	if m := r.has("type"); m != nil && (m.Min > len(has) || m.Max >= 0 && m.Max < len(has)) {
		return []mismatch{{at: at, want: fmt.Sprintf("%d to %d values", max(m.Min, 0), m.Max), got: show2(has)}}
	}
	for i, v := range has {
		w := first(values)
		if i < len(values) {
			w = values[i]
		}
		found = append(found, texts(want.Rules.Query, []step{{name: name}, {isAt: true, index: i}}, at, w, v, same)...)
	}
	return found
}

// onlyEquality is true of a rule that asks for what an example without a rule
// asks for.
func (r *Rule) onlyEquality() bool {
	return r == nil || !slices.ContainsFunc(r.Matchers, func(m Matcher) bool { return m.Kind != "equality" })
}

func show2(list []string) string {
	var all []string
	for _, s := range list {
		all = append(all, strconv.Quote(s))
	}
	return strings.Join(all, ", ")
}

// lookup finds a header whatever the case of its name.
func lookup(h map[string][]string, name string) ([]string, bool) {
	for k, v := range h {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return nil, false
}

func headersOf(want Part, got actual) (found []mismatch) {
	for _, name := range sortedKeys(want.Headers) {
		at := "header " + name
		has, ok := lookup(got.Headers, name)
		if !ok {
			found = append(found, mismatch{at: at, want: show2(want.Headers[name]), got: "nothing"})
			continue
		}
		found = append(found, header(want, name, at, has)...)
	}
	return found
}

func header(want Part, name, at string, has []string) (found []mismatch) {
	rules := want.Rules.Header
	for i := range rules { // names of headers have no case
		if len(rules[i].At) > 0 && strings.EqualFold(rules[i].At[0].name, name) {
			rules = slices.Clone(rules)
			rules[i].At = append([]step{{name: name}}, rules[i].At[1:]...)
		}
	}
	if (&comparison{rules: rules}).applies(name) {
		expected := want.Headers[name]
		for i, v := range has {
			w := first(expected)
			if i < len(expected) {
				w = expected[i]
			}
			found = append(found, texts(rules, []step{{name: name}, {isAt: true, index: i}}, at, w, v, same)...)
		}
		return found
	}
	equal := same
	if strings.EqualFold(name, "Content-Type") || strings.EqualFold(name, "Accept") {
		equal = sameParameters
	}
	w, v := values(name, want.Headers[name]), values(name, has)
	if len(w) != len(v) {
		return []mismatch{{at: at, want: show2(want.Headers[name]), got: show2(has)}}
	}
	for i := range w {
		if !equal(w[i], v[i]) {
			return []mismatch{{at: at, want: show2(want.Headers[name]), got: show2(has)}}
		}
	}
	return nil
}

func (c *comparison) applies(name string) bool {
	r, _ := c.rule([]step{{name: name}, {isAt: true}})
	return r != nil
}

// single are headers whose value may hold a comma.
var single = []string{"date", "expires", "last-modified", "if-modified-since", "if-unmodified-since", "retry-after", "set-cookie", "user-agent", "location"}

// values are the values of a header, with those behind commas taken apart.
func values(name string, list []string) (all []string) {
	for _, s := range list {
		if contains(single, strings.ToLower(name)) {
			all = append(all, strings.TrimSpace(s))
			continue
		}
		for _, one := range strings.Split(s, ",") {
			all = append(all, strings.TrimSpace(one))
		}
	}
	return all
}

// sameParameters compares media types. The parameters that are expected must
// be there, in any order; the case of a character set does not matter.
func sameParameters(want, got string) bool {
	m, _, _ := strings.Cut(want, ";")
	n, _, _ := strings.Cut(got, ";")
	if strings.TrimSpace(m) != strings.TrimSpace(n) {
		return false
	}
	_, p, err1 := mime.ParseMediaType(want)
	_, q, err2 := mime.ParseMediaType(got)
	if err1 != nil || err2 != nil {
		return want == got
	}
	for name, v := range p {
		w, ok := q[name]
		if !ok || v != w && !(name == "charset" && strings.EqualFold(v, w)) {
			return false
		}
	}
	return true
}

// sameMedia compares media types without their parameters.
func sameMedia(a, b string) bool {
	a, _, _ = strings.Cut(a, ";")
	b, _, _ = strings.Cut(b, ";")
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// bodies compares bodies by the content type that is expected.
func bodies(want Part, got actual, strict bool) []mismatch {
	switch want.Body.Presence {
	case Missing:
		return nil
	case Empty, Null:
		if want.Body.Presence == Null && got.Body.IsJSON && got.Body.JSON == nil {
			return nil
		}
		if got.Body.Presence == Present {
			return []mismatch{{at: "body", want: "no body", got: clip(string(got.Body.Bytes))}}
		}
		return nil
	}
	wants, gets := typeOf(want.Body), typeOf(got.Body)
	if got.Body.Presence != Present {
		if c := (&comparison{rules: want.Rules.Body}); !isJSON(wants) && !isXML(wants) {
			if r, _ := c.rule([]step{{root: true}}); r != nil {
				return texts(want.Rules.Body, []step{{root: true}}, "body", string(want.Body.Bytes), "", same)
			}
		}
		return []mismatch{{at: "body", want: clip(string(want.Body.Bytes)), got: "no body"}}
	}
	if !sameMedia(wants, gets) && want.Rules.content() == nil {
		return []mismatch{{at: "body", want: "a body of type " + wants, got: "one of type " + gets}}
	}
	if m := want.Rules.content(); m != nil {
		if d := detect(got.Body.Bytes); !sameMedia(m.Value, d) && !sameMedia(m.Value, gets) {
			return []mismatch{{at: "body", want: "content of type " + m.Value, got: d}}
		}
		return nil
	}
	c := comparison{rules: want.Rules.Body, strict: strict, text: !isJSON(wants)}
	switch {
	case isJSON(wants):
		w, err1 := valueOf(want.Body)
		g, err2 := valueOf(got.Body)
		if err1 != nil || err2 != nil {
			return []mismatch{{at: "$", want: "JSON", got: clip(string(got.Body.Bytes))}}
		}
		c.json([]step{{root: true}}, w, g)
	case isXML(wants):
		c.documents(want.Body.Bytes, got.Body.Bytes)
	case sameMedia(wants, "application/x-www-form-urlencoded"):
		c.form(want.Body.Bytes, got.Body.Bytes)
	default:
		return texts(want.Rules.Body, []step{{root: true}}, "body", string(want.Body.Bytes), string(got.Body.Bytes), same)
	}
	return c.found
}

// content is the rule that only the kind of content matters.
func (r Rules) content() *Matcher {
	for i := range r.Body {
		if len(r.Body[i].At) == 1 {
			if m := r.Body[i].has("contentType"); m != nil {
				return m
			}
		}
	}
	return nil
}

func valueOf(b Body) (any, error) {
	if b.IsJSON {
		return b.JSON, nil
	}
	d := json.NewDecoder(bytes.NewReader(b.Bytes))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %w", errShape, err)
	}
	return v, nil
}

// form compares the fields of a form.
func (c *comparison) form(want, got []byte) {
	w, err1 := url.ParseQuery(string(want))
	g, err2 := url.ParseQuery(string(got))
	if err1 != nil || err2 != nil {
		c.note([]step{{root: true}}, "a form", clip(string(got)))
		return
	}
	c.json([]step{{root: true}}, fields(w), fields(g))
}

// fields are those of a form as a value of JSON would have them.
func fields(v url.Values) map[string]any {
	m := map[string]any{}
	for k, list := range v {
		if len(list) == 1 {
			m[k] = list[0]
			continue
		}
		var all []any
		for _, s := range list {
			all = append(all, s)
		}
		m[k] = all
	}
	return m
}

// typeOf is what a body says that it is, or else what it looks like.
func typeOf(b Body) string {
	if b.ContentType != "" {
		return b.ContentType
	}
	return guess(b)
}

// guess is the content type of a body that does not say it.
func guess(b Body) string {
	if b.IsJSON {
		return "application/json"
	}
	return detect(b.Bytes)
}

// detect tells a content type from the content, as far as pacts need it.
func detect(b []byte) string {
	t := bytes.TrimSpace(b)
	switch {
	case bytes.HasPrefix(t, []byte("<?xml")), len(t) > 0 && t[0] == '<' && !bytes.HasPrefix(bytes.ToLower(t), []byte("<!doctype html")) && !bytes.HasPrefix(bytes.ToLower(t), []byte("<html")):
		return "application/xml"
	case len(t) > 0 && t[0] == '<':
		return "text/html"
	case len(t) > 0 && (t[0] == '{' || t[0] == '[' || t[0] == '"') && json.Valid(t):
		return "application/json"
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return "application/pdf"
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(b, []byte("GIF8")):
		return "image/gif"
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return "application/zip"
	}
	return "text/plain"
}

// seen is a part of an exchange as this package compares it.
func seen(p contracts.Part) actual {
	a := actual{Method: p.Method, Path: p.Path, Query: p.Query, Headers: p.Headers, Status: p.Status}
	a.Body.ContentType = contentType(p.Headers)
	if len(p.Body) == 0 {
		a.Body.Presence = Empty
		return a
	}
	a.Body.Presence, a.Body.Bytes = Present, p.Body
	return a
}
