package pact

import (
	"strings"
)

// Generators are the values of a part that are made when it is replayed, by
// category.
type Generators struct {
	Path     []Generator
	Query    []Generator
	Header   []Generator
	Metadata []Generator
	Body     []Generator
}

// A Generator makes the value at a place.
type Generator struct {
	At         []step // nil of a path
	Kind       string // "ProviderState", "Uuid", …
	Expression string // of ProviderState: "/orders/${orderNo}", or the name of a value
	DataType   string // of ProviderState: STRING, INTEGER, …; "" keeps the value's own
	Min, Max   int    // of RandomInt; -1 if not given
	Size       int    // digits or letters; -1 if not given
	Format     string // of Uuid
}

// generators reads what version 3 and later say of a part.
func (r *reader) generators(v any) (out Generators) {
	m, _ := v.(map[string]any)
	if path, ok := m["path"].(map[string]any); ok {
		out.Path = append(out.Path, generator(path))
	}
	for _, c := range []struct {
		keys []string
		into *[]Generator
		body bool
	}{{[]string{"query"}, &out.Query, false}, {[]string{"header", "headers"}, &out.Header, false}, {[]string{"metadata"}, &out.Metadata, false}, {[]string{"body", "content"}, &out.Body, true}} {
		for _, key := range c.keys {
			all, _ := m[key].(map[string]any)
			for _, at := range sortedKeys(all) {
				g := generator(all[at])
				if g.At = placeOf(at, c.body); g.At != nil {
					*c.into = append(*c.into, g)
				}
			}
		}
	}
	return out
}

// placeOf is a place as generators name it: a path in bodies, a name elsewhere.
func placeOf(at string, body bool) []step {
	if !body && !strings.HasPrefix(at, "$") {
		return []step{{name: at}}
	}
	steps, err := parsePath(at)
	if err != nil {
		return nil
	}
	if !body {
		return steps[1:]
	}
	return steps
}

func generator(v any) Generator {
	m, _ := v.(map[string]any)
	g := Generator{Kind: str(m["type"]), Expression: str(m["expression"]), DataType: strings.ToUpper(str(m["dataType"])), Min: whole(m["min"]), Max: whole(m["max"]), Format: str(m["format"])}
	g.Size = max(whole(m["size"]), whole(m["digits"]))
	return g
}
