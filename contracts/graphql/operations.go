package graphql

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/andon-rig/andon/contracts"
	"github.com/vektah/gqlparser/v2/validator"
)

// Unmet implements [contracts.Relier]: what of the operations the schema does
// not allow, by the validation rules of the specification.
func (o *Operations) Unmet(provider contracts.Document) ([]contracts.Change, error) {
	s, ok := provider.(*Schema)
	if !ok {
		return nil, fmt.Errorf("GraphQL operations are held against a GraphQL schema, not against %s", provider.Format())
	}
	var found []contracts.Change
	for _, doc := range o.fresh() {
		for _, e := range s.validate(doc) {
			found = append(found, contracts.Change{
				Type: e.Rule, Path: cmp.Or(operationAt(doc, e), "document"), Severity: contracts.Breaking, Message: e.Message, Before: placeOf(fileOf(doc), e),
			})
		}
	}
	contracts.SortChanges(found)
	return found, nil
}

// Uses returns the parts of the schema that the operations touch.
func (o *Operations) Uses(provider contracts.Document) []string {
	s, ok := provider.(*Schema)
	if !ok {
		return nil
	}
	used := map[string]bool{}
	for _, doc := range o.fresh() {
		s.touch(doc, used)
	}
	return slices.Sorted(maps.Keys(used))
}

// fresh are the documents, parsed anew: validation writes what it finds into
// the tree, and documents are used side by side.
func (o *Operations) fresh() []*ast.QueryDocument {
	var all []*ast.QueryDocument
	for _, d := range o.docs {
		if src := sourceOf(d); src != nil {
			if again, err := parse(src); err == nil {
				all = append(all, again)
			}
		}
	}
	return all
}

// validate holds a document against the schema by the default rules. An
// operation whose root type the schema lacks is a mistake too.
func (s *Schema) validate(doc *ast.QueryDocument) gqlerror.List {
	return validator.ValidateWithRules(s.ast, doc, rules.NewDefaultRules())
}

// touch adds the parts of the schema that a document uses.
func (s *Schema) touch(doc *ast.QueryDocument, used map[string]bool) {
	var events core.Events
	events.OnField(func(_ *core.Walker, f *ast.Field) {
		if f.ObjectDefinition == nil || f.Definition == nil || f.Definition.Position == nil {
			return
		}
		path := f.ObjectDefinition.Name + "." + f.Name
		used[path] = true
		for _, a := range f.Arguments {
			used[path+"("+a.Name+":)"] = true
		}
	})
	events.OnValue(func(_ *core.Walker, v *ast.Value) {
		if v.Definition == nil || v.Definition.BuiltIn {
			return
		}
		switch v.Kind {
		case ast.EnumValue:
			used[v.Definition.Name+"."+v.Raw] = true
		case ast.ObjectValue:
			for _, c := range v.Children {
				used[v.Definition.Name+"."+c.Name] = true
			}
		}
	})
	core.Walk(s.ast, doc, &events)
}

func sourceOf(doc *ast.QueryDocument) *ast.Source {
	for _, op := range doc.Operations {
		if op.Position != nil {
			return op.Position.Src
		}
	}
	for _, f := range doc.Fragments {
		if f.Position != nil {
			return f.Position.Src
		}
	}
	return nil
}

func fileOf(doc *ast.QueryDocument) string {
	if src := sourceOf(doc); src != nil {
		return src.Name
	}
	return ""
}

// operationAt names the operation or fragment that a mistake stands in.
func operationAt(doc *ast.QueryDocument, e *gqlerror.Error) string {
	if len(e.Locations) == 0 {
		return ""
	}
	line, name := e.Locations[0].Line, ""
	for _, op := range doc.Operations {
		if op.Position != nil && op.Position.Line <= line {
			name = string(op.Operation)
			if op.Name != "" {
				name += " " + op.Name
			}
		}
	}
	for _, f := range doc.Fragments {
		if f.Position != nil && f.Position.Line <= line && e.Locations[0].Column >= f.Position.Column {
			name = "fragment " + f.Name
		}
	}
	return name
}
