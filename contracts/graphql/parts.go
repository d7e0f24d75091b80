package graphql

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/andon-rig/andon/contracts"
)

// Parts implements [contracts.Measurer]: fields, their arguments, input fields
// and enumeration values, as coordinates of the schema.
func (s *Schema) Parts() []string {
	parts := map[string]bool{}
	for _, d := range s.ast.Types {
		if d.BuiltIn || strings.HasPrefix(d.Name, "__") {
			continue
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			parts[d.Name+"."+f.Name] = true
			for _, a := range f.Arguments {
				parts[d.Name+"."+f.Name+"("+a.Name+":)"] = true
			}
		}
		for _, v := range d.EnumValues {
			parts[d.Name+"."+v.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(parts))
}

// Used implements [contracts.Measurer]. Input fields and enumeration values
// count if the request names them, literally or in its variables, or if the
// reply holds them.
func (s *Schema) Used(x contracts.Exchange) []string {
	c, found, covered := s.call(x)
	if !covered || len(found) > 0 {
		return nil
	}
	used := map[string]bool{}
	s.touch(c.doc, used)
	for _, v := range c.op.VariableDefinitions {
		s.given(v.Type, c.Variables[v.Variable], used)
	}
	if x.Reply != nil && x.Reply.Status/100 == 2 {
		var r struct {
			Data any `json:"data"`
		}
		if decode(x.Reply.Body, &r) == nil {
			s.told(c, s.root(c.op), c.op.SelectionSet, r.Data, used, 0)
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// given adds the parts that a variable names.
func (s *Schema) given(t *ast.Type, v any, used map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			if t.Elem != nil {
				s.given(t.Elem, one, used)
			}
		}
	case map[string]any:
		d := s.ast.Types[t.Name()]
		if d == nil || d.Kind != ast.InputObject {
			return
		}
		for name, one := range v {
			if f := d.Fields.ForName(name); f != nil {
				used[d.Name+"."+name] = true
				s.given(f.Type, one, used)
			}
		}
	case string:
		s.enum(t, v, used)
	}
}

func (s *Schema) enum(t *ast.Type, v string, used map[string]bool) {
	if d := s.ast.Types[t.Name()]; d != nil && d.Kind == ast.Enum && d.EnumValues.ForName(v) != nil {
		used[d.Name+"."+v] = true
	}
}

// told adds the enumeration values that a reply holds.
func (s *Schema) told(c *call, t *ast.Definition, sel ast.SelectionSet, v any, used map[string]bool, depth int) {
	if list, ok := v.([]any); ok {
		for _, one := range list {
			s.told(c, t, sel, one, used, depth)
		}
		return
	}
	m, ok := v.(map[string]any)
	if !ok || t == nil || depth > maxDepth {
		return
	}
	if name, ok := m["__typename"].(string); ok && s.ast.Types[name] != nil {
		t = s.ast.Types[name]
	}
	asked := map[string]*ast.Field{}
	(&shape{schema: s.ast, call: c}).collect(t, sel, m, asked)
	for key, f := range asked {
		if f.Definition == nil {
			continue
		}
		d := s.ast.Types[f.Definition.Type.Name()]
		switch {
		case d == nil:
		case d.Kind == ast.Enum:
			for _, one := range leaves(m[key]) {
				s.enum(f.Definition.Type, one, used)
			}
		case d.IsCompositeType():
			s.told(c, d, f.SelectionSet, m[key], used, depth+1)
		}
	}
}

// leaves are the strings in a value that may be a list of lists.
func leaves(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, leaves(one)...)
		}
		return all
	}
	return nil
}
