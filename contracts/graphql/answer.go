package graphql

import (
	"encoding/json"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/andon-rig/andon/contracts"
)

// Answer makes up a reply to a request: of the shape that the schema promises,
// with values that mean nothing. What is wrong with the request is told;
// covered is false if it is no GraphQL at all.
func (s *Schema) Answer(p contracts.Part) (reply contracts.Part, found []contracts.Breach, covered bool) {
	c, found, covered := s.call(contracts.Exchange{FromConsumer: true, Request: p})
	if !covered || len(found) > 0 {
		return reply, found, covered
	}
	m := maker{schema: s.ast, call: c}
	body, err := json.Marshal(map[string]any{"data": m.object(s.root(c.op), c.op.SelectionSet, 0)})
	if err != nil {
		return reply, []contracts.Breach{{Reply: true, Path: "$", Want: "a reply", Got: err.Error()}}, true
	}
	return contracts.Part{Status: 200, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: body}, nil, true
}

// A maker makes up values.
type maker struct {
	schema *ast.Schema
	call   *call
}

func (m maker) object(t *ast.Definition, sel ast.SelectionSet, depth int) any {
	if t == nil || depth > maxDepth {
		return nil
	}
	if possible := m.schema.PossibleTypes[t.Name]; t.IsAbstractType() && len(possible) > 0 {
		t = possible[0]
	}
	shape := shape{schema: m.schema, call: m.call}
	asked := map[string]*ast.Field{}
	shape.collect(t, sel, nil, asked)
	out := map[string]any{}
	for key, f := range asked {
		if f.Name == "__typename" {
			out[key] = t.Name
			continue
		}
		out[key] = m.value(f.Definition.Type, f, depth+1)
	}
	return out
}

func (m maker) value(t *ast.Type, f *ast.Field, depth int) any {
	if t.Elem != nil {
		return []any{m.value(t.Elem, f, depth+1)}
	}
	d := m.schema.Types[t.NamedType]
	if d == nil || d.IsCompositeType() {
		return m.object(d, f.SelectionSet, depth)
	}
	if d.Kind == ast.Enum && len(d.EnumValues) > 0 {
		return d.EnumValues[0].Name
	}
	switch d.Name {
	case "Int":
		return 1
	case "Float":
		return 1.5
	case "Boolean":
		return true
	case "ID":
		return "1"
	}
	return f.Name
}
