package graphql

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/andon-rig/andon/contracts"
)

// Bounds of one request; what is beyond is no operation somebody wrote.
const (
	maxRequestTokens = 20_000
	maxDepth         = 64
)

func parse(src *ast.Source) (*ast.QueryDocument, error) {
	return parser.ParseQueryWithTokenLimit(src, maxTokens)
}

// A call is one GraphQL request, as the body of a POST or the query of a GET.
type call struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`

	doc *ast.QueryDocument
	op  *ast.OperationDefinition
}

// Check implements [contracts.Checker] for GraphQL over HTTP: the operation
// must be valid by the schema, its variables must fit, and the data of the
// reply must have the shape that the operation asked for.
func (s *Schema) Check(x contracts.Exchange) ([]contracts.Breach, bool) {
	c, found, covered := s.call(x)
	if !covered || len(found) > 0 {
		return found, covered
	}
	if x.Reply == nil || x.Reply.Status/100 != 2 {
		return nil, true
	}
	return s.reply(c, x.Reply.Body), true
}

// call reads the request of x. It is covered if it is a GraphQL request at all.
func (s *Schema) call(x contracts.Exchange) (c *call, found []contracts.Breach, covered bool) {
	c = &call{}
	if q := x.Request.Query["query"]; len(x.Request.Body) == 0 && len(q) > 0 {
		c.Query = q[0]
		if n := x.Request.Query["operationName"]; len(n) > 0 {
			c.OperationName = n[0]
		}
		if v := x.Request.Query["variables"]; len(v) > 0 && decode([]byte(v[0]), &c.Variables) != nil {
			return c, []contracts.Breach{{Path: "variables", Want: "a JSON object", Got: short(v[0])}}, true
		}
	} else if decode(x.Request.Body, c) != nil || c.Query == "" {
		return c, nil, false
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Name: "query", Input: c.Query}, maxRequestTokens)
	if err != nil {
		return c, []contracts.Breach{{Path: "query", Want: "a GraphQL document", Got: err.Error()}}, true
	}
	for _, e := range s.validate(doc) {
		found = append(found, contracts.Breach{Path: "query", Want: "an operation that the schema allows", Got: e.Message})
	}
	if len(found) > 0 {
		return c, found, true
	}
	c.doc = doc
	if c.op = doc.Operations.ForName(c.OperationName); c.op == nil {
		return c, []contracts.Breach{{Path: "operationName", Want: "the name of an operation in the document", Got: strconv.Quote(c.OperationName)}}, true
	}
	if _, err := validator.VariableValues(s.ast, c.op, c.Variables); err != nil {
		return c, []contracts.Breach{{Path: "variables", Want: "values that fit the operation", Got: err.Error()}}, true
	}
	return c, nil, true
}

func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(into)
}

// reply holds the data of a reply against what c selects.
func (s *Schema) reply(c *call, body []byte) []contracts.Breach {
	var r struct {
		Data   any   `json:"data"`
		Errors []any `json:"errors"`
	}
	if err := decode(body, &r); err != nil {
		return []contracts.Breach{{Reply: true, Path: "$", Want: "a GraphQL response", Got: err.Error()}}
	}
	if r.Data == nil {
		if len(r.Errors) > 0 {
			return nil // failed as a whole, and says so
		}
		return []contracts.Breach{{Reply: true, Path: "$.data", Want: "data or errors", Got: "neither"}}
	}
	w := &shape{schema: s.ast, call: c}
	w.object("$.data", s.root(c.op), c.op.SelectionSet, r.Data, 0)
	return w.found
}

func (s *Schema) root(op *ast.OperationDefinition) *ast.Definition {
	switch op.Operation {
	case ast.Mutation:
		return s.ast.Mutation
	case ast.Subscription:
		return s.ast.Subscription
	}
	return s.ast.Query
}

// shape walks a reply beside the selection that asked for it.
type shape struct {
	schema *ast.Schema
	call   *call
	found  []contracts.Breach
}

func (w *shape) breach(path, want, got string, at *ast.Position) {
	if len(w.found) < 20 {
		w.found = append(w.found, contracts.Breach{Reply: true, Path: path, Want: want, Got: got, Place: place(at)})
	}
}

func (w *shape) object(path string, t *ast.Definition, sel ast.SelectionSet, v any, depth int) {
	m, ok := v.(map[string]any)
	if !ok || t == nil || depth > maxDepth {
		w.breach(path, "an object", kindOf(v), nil)
		return
	}
	if name, ok := m["__typename"].(string); ok && t.IsAbstractType() {
		if c := w.schema.Types[name]; c != nil {
			t = c
		} else {
			w.breach(path+".__typename", "a type of the schema", strconv.Quote(name), t.Position)
		}
	}
	asked := map[string]*ast.Field{}
	w.collect(t, sel, m, asked)
	for _, key := range slices.Sorted(maps.Keys(asked)) {
		f := asked[key]
		got, there := m[key]
		switch {
		case f.Name == "__typename":
		case !there && !w.optional(f):
			w.breach(path+"."+key, f.Definition.Type.String(), "nothing", f.Definition.Position)
		case there:
			w.value(path+"."+key, f.Definition.Type, f, got, depth+1)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if asked[key] == nil && key != "__typename" && !w.spread(sel) {
			w.breach(path+"."+key, "nothing, it was not asked for", kindOf(m[key]), nil)
		}
	}
}

// collect adds the fields of sel that apply to an object of type t. Without a
// type name an abstract object's conditional fields may or may not be there.
func (w *shape) collect(t *ast.Definition, sel ast.SelectionSet, m map[string]any, into map[string]*ast.Field) {
	for _, one := range sel {
		switch f := one.(type) {
		case *ast.Field:
			into[f.Alias] = f
		case *ast.InlineFragment:
			if w.applies(t, f.TypeCondition) {
				w.collect(t, f.SelectionSet, m, into)
			}
		case *ast.FragmentSpread:
			if d := w.call.doc.Fragments.ForName(f.Name); d != nil && w.applies(t, d.TypeCondition) {
				w.collect(t, d.SelectionSet, m, into)
			}
		}
	}
}

// applies reports whether every object of type t is one of type condition.
func (w *shape) applies(t *ast.Definition, condition string) bool {
	if condition == "" || condition == t.Name {
		return true
	}
	c := w.schema.Types[condition]
	return c != nil && c.IsAbstractType() && slices.ContainsFunc(w.schema.PossibleTypes[condition], func(d *ast.Definition) bool { return d != nil && d.Name == t.Name })
}

// spread reports whether fields may be there that depend on the type.
func (w *shape) spread(sel ast.SelectionSet) bool {
	return slices.ContainsFunc(sel, func(s ast.Selection) bool { _, field := s.(*ast.Field); return !field })
}

// optional reports whether a field may be left out by a directive.
func (w *shape) optional(f *ast.Field) bool {
	return f.Directives.ForName("skip") != nil || f.Directives.ForName("include") != nil
}

func (w *shape) value(path string, t *ast.Type, f *ast.Field, v any, depth int) {
	if v == nil {
		if t.NonNull {
			w.breach(path, t.String(), "null", f.Definition.Position)
		}
		return
	}
	if t.Elem != nil {
		list, ok := v.([]any)
		if !ok {
			w.breach(path, t.String(), kindOf(v), f.Definition.Position)
			return
		}
		for i, one := range list {
			w.value(fmt.Sprintf("%s[%d]", path, i), t.Elem, f, one, depth+1)
		}
		return
	}
	d := w.schema.Types[t.NamedType]
	if d == nil || d.IsCompositeType() {
		w.object(path, d, f.SelectionSet, v, depth)
		return
	}
	if !leaf(d, v) {
		w.breach(path, t.String(), short(v), f.Definition.Position)
	}
}

// leaf reports whether v can be a value of a scalar or enumeration. What a
// scalar of the schema's own looks like, the schema does not say.
func leaf(d *ast.Definition, v any) bool {
	if d.Kind == ast.Enum {
		s, ok := v.(string)
		return ok && d.EnumValues.ForName(s) != nil
	}
	n, isNumber := v.(json.Number)
	_, isString := v.(string)
	switch d.Name {
	case "Int":
		i, err := strconv.ParseInt(n.String(), 10, 32)
		return isNumber && err == nil && i == int64(int32(i))
	case "Float":
		return isNumber
	case "String":
		return isString
	case "Boolean":
		_, ok := v.(bool)
		return ok
	case "ID":
		return isString || isNumber && !strings.ContainsAny(n.String(), ".eE")
	}
	return true
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	}
	return short(v)
}

// short writes a value for people, cut where it gets long.
func short(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > 60 {
		return string(b[:57]) + "..."
	}
	return string(b)
}
