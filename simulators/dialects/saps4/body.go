package saps4

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/andon-rig/andon/simulators"
)

// Codes of refusals that this dialect makes itself.
const (
	codeMalformed = "malformed"
	codeName      = "resource-unknown"
	codeMethod    = "method-not-allowed"
	codeMedia     = "media-type"
)

func refuse(code, format string, args ...any) *simulators.Refusal {
	return &simulators.Refusal{Class: simulators.DataQuality, Code: code, Text: fmt.Sprintf(format, args...)}
}

// readBody takes the JSON of an entity of type t, bare or within "d".
func readBody(t *entityType, body []byte) (entity, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		return nil, refuse(codeMalformed, "the body is not JSON: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse(codeMalformed, "something follows the JSON of the body")
	}
	object, ok := root.(map[string]any)
	if inner, wrapped := object["d"].(map[string]any); wrapped && len(object) == 1 {
		object = inner
	}
	if !ok || len(object) == 0 {
		return nil, refuse(codeMalformed, "the body is not an object that says something")
	}
	return readEntity(t, object, t.set)
}

// readEntity holds an object against its type.
func readEntity(t *entityType, object map[string]any, path string) (entity, error) {
	e := make(entity, len(object))
	for name, v := range object {
		if name == "__metadata" || v == nil {
			continue
		}
		if p := t.prop(name); p != nil {
			got, err := value(p.edm, v)
			if err != nil {
				return nil, refuse(codeMalformed, "%s/%s: %v", path, name, err)
			}
			if s, ok := got.(string); ok && p.max > 0 && len(s) > p.max && utf8.RuneCountInString(s) > p.max {
				return nil, refuse(codeMalformed, "%s/%s: is longer than %d characters", path, name, p.max)
			}
			e[name] = got
			continue
		}
		to := t.nav(name)
		if to == nil {
			return nil, refuse(codeMalformed, "%s: property %q is invalid in %s; $metadata has those that there are", path, clip(name), t.name)
		}
		rows, err := readRows(to, v, path+"/"+name)
		if err != nil {
			return nil, err
		}
		e[name] = rows
	}
	return e, nil
}

// readRows takes what is inserted with an entity: a list, bare or in results.
func readRows(t *entityType, v any, at string) ([]entity, error) {
	if m, ok := v.(map[string]any); ok {
		v = m["results"]
	}
	list, ok := v.([]any)
	if !ok {
		return nil, refuse(codeMalformed, "%s: is a list, or an object with a list of results", at)
	}
	var rows []entity
	for i, one := range list {
		object, ok := one.(map[string]any)
		path := fmt.Sprintf("%s(%d)", at, i+1)
		if !ok {
			return nil, refuse(codeMalformed, "%s: is an object", path)
		}
		e, err := readEntity(t, object, path)
		if err != nil {
			return nil, err
		}
		rows = append(rows, e)
	}
	return rows, nil
}

// appendEntity writes e as a row of type t. What is not said is written as empty
// as its type can be, if whole; otherwise it is left out.
func appendEntity(b []byte, t *entityType, e entity, v view) []byte {
	b = append(b, '{')
	if v.whole {
		b = t.appendMetadata(b, e)
	}
	sep := func() {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
	}
	for _, p := range t.props {
		got, said := e[p.name]
		if !said && !v.whole || !v.selects(p.name) {
			continue
		}
		sep()
		b = appendValue(append(appendText(b, p.name), ':'), p.edm, orEmpty(p, got))
	}
	for _, n := range t.navs {
		rows, said := e[n.name].([]entity)
		switch {
		case !v.whole && !said, !v.selects(n.name):
			continue
		case v.whole && !v.expands(n.name):
			sep()
			b = append(appendText(b, n.name), `:{"__deferred":{"uri":`...)
			b = append(appendText(b, t.uri(e)+"/"+n.name), "}}"...)
			continue
		}
		sep()
		b = append(appendText(b, n.name), `:{"results":[`...)
		for i, r := range rows {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendEntity(b, n.to, r, v.below(n.name))
		}
		b = append(b, "]}"...)
	}
	return append(b, '}')
}

// orEmpty is what stands for a value that is not said.
func orEmpty(p property, v any) any {
	switch {
	case v != nil:
		return v
	case p.edm == "String":
		return ""
	case p.edm == "Boolean":
		return false
	}
	return nil
}

func (t *entityType) appendMetadata(b []byte, e entity) []byte {
	uri := t.uri(e)
	b = append(appendText(append(b, `"__metadata":{"id":`...), uri), `,"uri":`...)
	b = append(appendText(b, uri), `,"type":`...)
	b = appendText(b, t.service+"."+t.name)
	if tag, ok := e[etag].(string); ok {
		b = append(appendText(append(b, `,"etag":`...), tag), '}')
		return b
	}
	return append(b, '}')
}

// etag is where an entity keeps its tag; no property is called so.
const etag = "\x00etag"
