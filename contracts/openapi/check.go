package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
)

// find is the operation that a request asks for: of those whose path fits, the
// one with the fewest variables.
func (d *Document) find(p contracts.Part) (best *Operation, path string) {
	asked := unescaped(p.Path)
	for _, prefix := range d.prefixes {
		rest, ok := strings.CutPrefix(asked, prefix)
		if !ok {
			continue
		}
		if !strings.HasPrefix(rest, "/") {
			rest = "/" + rest
		}
		for _, o := range d.operations {
			if o.Method == p.Method && o.pattern.MatchString(rest) && (best == nil || o.variables < best.variables) {
				best, path = o, rest
			}
		}
	}
	return best, path
}

// unescaped is a path without its percent signs, however much its sender has
// escaped, but for those that keep a slash from being one.
func unescaped(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if plain, err := url.PathUnescape(part); err == nil && !strings.Contains(plain, "/") {
			parts[i] = plain
		} else if err == nil {
			parts[i] = strings.ReplaceAll(plain, "/", "%2F")
		}
	}
	return strings.Join(parts, "/")
}

// Check implements [contracts.Checker]. A path that no operation has is not
// covered.
func (d *Document) Check(x contracts.Exchange) ([]contracts.Breach, bool) {
	o, at := d.find(x.Request)
	if o == nil {
		return nil, false
	}
	found := o.inputs(x.Request, at)
	found = append(found, d.body(o, x.Request)...)
	if x.Reply != nil && x.Reply.Status != 0 {
		found = append(found, d.answer(o, *x.Reply)...)
	}
	return found, true
}

// inputs holds the parameters of a request against those of its operation.
func (o *Operation) inputs(p contracts.Part, path string) (found []contracts.Breach) {
	for _, par := range o.parameters {
		values, there := par.values(o, p, path)
		name := par.in + " " + par.name
		if !there {
			if par.required && par.in != "cookie" {
				found = append(found, contracts.Breach{Path: name, Want: "a value", Got: "nothing", Place: par.place})
			}
			continue
		}
		if par.schema == nil || par.in == "cookie" {
			continue
		}
		if par.fits(values) {
			continue
		}
		found = append(found, contracts.Breach{Path: name, Want: "a value that its schema takes", Got: strings.Join(values, ", "), Place: par.place})
	}
	return found
}

func (par parameter) values(o *Operation, p contracts.Part, at string) ([]string, bool) {
	switch par.in {
	case "query":
		v, ok := p.Query[par.name]
		return v, ok
	case "header":
		for k, v := range p.Headers {
			if strings.EqualFold(k, par.name) {
				return v, true
			}
		}
	case "path":
		names, parts := strings.Split(o.Path, "/"), strings.Split(at, "/")
		for i, n := range names {
			if n == "{"+par.name+"}" && i < len(parts) {
				return []string{parts[i]}, true
			}
		}
		return nil, strings.Contains(o.Path, "{"+par.name+"}") // inside a segment: it is there, and not looked at
	}
	return nil, false
}

// fits tries the readings that a text can have: as itself, as a number or a
// flag, and as a list.
func (par parameter) fits(values []string) bool {
	if len(values) == 0 {
		return true
	}
	var list []any
	for _, v := range values {
		for _, one := range strings.Split(v, ",") {
			list = append(list, scalar(one))
		}
	}
	texts := make([]any, len(list))
	for i, v := range list {
		texts[i] = fmt.Sprint(v)
	}
	for _, reading := range []any{values[0], scalar(values[0]), list, texts} {
		if par.schema.rules.Validate(reading) == nil {
			return true
		}
	}
	return false
}

func scalar(s string) any {
	if s == "true" || s == "false" {
		return s == "true"
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && json.Valid([]byte(s)) {
		return json.Number(s)
	}
	return s
}

func (d *Document) body(o *Operation, p contracts.Part) []contracts.Breach {
	if len(p.Body) == 0 {
		if o.demanded {
			return []contracts.Breach{{Path: "$", Want: "a body", Got: "none", Place: o.place}}
		}
		return nil
	}
	if len(o.bodies) == 0 {
		return nil
	}
	return d.content(o.bodies, p, false, o.place)
}

func (d *Document) answer(o *Operation, p contracts.Part) []contracts.Breach {
	a := o.answerFor(p.Status)
	if a == nil {
		return []contracts.Breach{{Reply: true, Path: "status", Want: "one of " + strings.Join(o.statuses(), ", "), Got: strconv.Itoa(p.Status), Place: o.place}}
	}
	if len(a.bodies) == 0 || len(p.Body) == 0 {
		if len(a.bodies) > 0 && p.Status != 204 && p.Status != 304 && o.Method != "HEAD" {
			return []contracts.Breach{{Reply: true, Path: "$", Want: "a body of type " + a.bodies[0].media, Got: "none", Place: a.place}}
		}
		return nil
	}
	return d.content(a.bodies, p, true, a.place)
}

// answerFor is what is promised with a status: exactly, by its class, or by
// default.
func (o *Operation) answerFor(status int) *answer {
	for _, want := range []string{strconv.Itoa(status), strconv.Itoa(status/100) + "XX", "DEFAULT"} {
		for i := range o.answers {
			if o.answers[i].status == want {
				return &o.answers[i]
			}
		}
	}
	return nil
}

func (o *Operation) statuses() (all []string) {
	for _, a := range o.answers {
		all = append(all, strings.ToLower(a.status))
	}
	return all
}

func (d *Document) content(list []content, p contracts.Part, reply bool, at contracts.Place) []contracts.Breach {
	c := pick(list, p.Header("Content-Type"))
	if c == nil {
		var media []string
		for _, one := range list {
			media = append(media, one.media)
		}
		return []contracts.Breach{{Reply: reply, Path: "header Content-Type", Want: "one of " + strings.Join(media, ", "), Got: p.Header("Content-Type"), Place: at}}
	}
	if c.schema == nil || !described(c.media) {
		return nil
	}
	v, err := c.value(p)
	switch {
	case err != nil && isJSON(c.media):
		return []contracts.Breach{{Reply: reply, Path: "$", Want: "a JSON document", Got: err.Error(), Place: at}}
	case err != nil:
		return []contracts.Breach{{Reply: reply, Path: "$", Want: "parts as " + c.media, Got: err.Error(), Place: at}}
	}
	return jsonschema.Breaches(c.schema.rules, v, d.trees, reply)
}

// pick is the body of a media type: exactly, by a range, or the only one if
// the sender does not say.
func pick(list []content, contentType string) *content {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	media = strings.TrimSpace(media)
	if media == "" && len(list) == 1 {
		return &list[0]
	}
	for i := range list {
		want, _, _ := strings.Cut(list[i].media, ";")
		if ok, _ := path.Match(strings.TrimSpace(want), media); ok || want == "*/*" {
			return &list[i]
		}
	}
	return nil
}

func isJSON(media string) bool {
	media, _, _ = strings.Cut(media, ";")
	return media == "application/json" || strings.HasSuffix(media, "+json") || strings.Contains(media, "*")
}

// Parts implements [contracts.Measurer]: operations, their parameters,
// answers and the fields of their bodies: "POST /orders", "POST /orders 201",
// "POST /orders ?plant", "POST /orders > $.qty", "POST /orders 201 > $.doc".
func (d *Document) Parts() []string {
	parts := map[string]bool{}
	for _, o := range d.operations {
		parts[o.Name()] = true
		for _, p := range o.parameters {
			if p.in != "cookie" {
				parts[o.Name()+" "+sign[p.in]+p.name] = true
			}
		}
		for _, c := range o.bodies {
			fields(c, o.Name()+" > $", parts)
		}
		for _, a := range o.answers {
			at := o.Name() + " " + strings.ToLower(a.status)
			parts[at] = true
			for _, c := range a.bodies {
				fields(c, at+" > $", parts)
			}
		}
	}
	return slices.Sorted(maps.Keys(parts))
}

var sign = map[string]string{"query": "?", "header": "header ", "path": "path "}

func fields(c content, path string, into map[string]bool) {
	if c.schema != nil && described(c.media) {
		c.schema.words().Add(path, into)
	}
}

// Used implements [contracts.Measurer].
func (d *Document) Used(x contracts.Exchange) []string {
	used := map[string]bool{}
	d.bodies(x, func(words *jsonschema.Vocabulary, path string, v any) { words.Use(v, path, used) })
	o, at := d.find(x.Request)
	if o == nil {
		return nil
	}
	used[o.Name()] = true
	for _, p := range o.parameters {
		if _, there := p.values(o, x.Request, at); there && p.in != "cookie" {
			used[o.Name()+" "+sign[p.in]+p.name] = true
		}
	}
	if x.Reply != nil {
		if a := o.answerFor(x.Reply.Status); a != nil {
			used[o.Name()+" "+strings.ToLower(a.status)] = true
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// Undeclared implements [contracts.Watcher].
func (d *Document) Undeclared(x contracts.Exchange) (found []contracts.Drift) {
	d.bodies(x, func(words *jsonschema.Vocabulary, path string, v any) {
		found = append(found, words.Undeclared(v, path)...)
	})
	o, _ := d.find(x.Request)
	if o == nil {
		return found
	}
	for _, name := range slices.Sorted(maps.Keys(x.Request.Query)) {
		if !slices.ContainsFunc(o.parameters, func(p parameter) bool { return p.in == "query" && p.name == name }) {
			found = append(found, contracts.Drift{Kind: "field", Path: o.Name() + " ?" + name, Seen: strings.Join(x.Request.Query[name], ", ")})
		}
	}
	return found
}

// bodies calls see with the bodies of x that a schema describes.
func (d *Document) bodies(x contracts.Exchange, see func(words *jsonschema.Vocabulary, path string, v any)) {
	o, _ := d.find(x.Request)
	if o == nil {
		return
	}
	body(o.bodies, x.Request, o.Name()+" > $", see)
	if x.Reply == nil {
		return
	}
	if a := o.answerFor(x.Reply.Status); a != nil {
		body(a.bodies, *x.Reply, o.Name()+" "+strings.ToLower(a.status)+" > $", see)
	}
}

func body(list []content, p contracts.Part, path string, see func(*jsonschema.Vocabulary, string, any)) {
	c := pick(list, p.Header("Content-Type"))
	if c == nil || c.schema == nil || !described(c.media) {
		return
	}
	if v, err := c.value(p); err == nil {
		see(c.schema.words(), path, v)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
