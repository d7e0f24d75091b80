package graphql

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/andon-rig/andon/contracts"
)

// Changes implements [contracts.Differ]. A schema is read by its consumers in
// one way only, so mode makes no difference. Of two versions of a consumer's
// operation documents it tells what a provider must serve besides; whether one
// does, they are held against its schema for.
func (Format) Changes(before, after contracts.Document, _ contracts.Mode) ([]contracts.Change, error) {
	if a, ok := before.(*Operations); ok {
		if b, ok := after.(*Operations); ok {
			return operationChanges(a, b), nil
		}
	}
	a, ok1 := before.(*Schema)
	b, ok2 := after.(*Schema)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("changes are told of two GraphQL schemas, or of two versions of operation documents; operations are held against a schema by andon contracts matrix")
	}
	d := differ{old: a.ast, new: b.ast}
	d.roots()
	d.types()
	d.directives()
	contracts.SortChanges(d.found)
	return d.found, nil
}

type differ struct {
	old, new *ast.Schema
	served   map[string]bool // fields and arguments of the old operations, if it is these that are compared
	found    []contracts.Change
}

// note adds a change of what stood at before and stands at after, either of
// which may be nil.
func (d *differ) note(s contracts.Severity, kind, path string, before, after *ast.Position, format string, args ...any) {
	d.found = append(d.found, contracts.Change{
		Type: kind, Path: path, Severity: s, Message: fmt.Sprintf(format, args...), Before: place(before), After: place(after),
	})
}

// roots are the types that operations start from. That one of them is gone
// altogether is told where types are compared.
func (d *differ) roots() {
	for _, r := range []struct {
		name     string
		old, new *ast.Definition
	}{{"query", d.old.Query, d.new.Query}, {"mutation", d.old.Mutation, d.new.Mutation}, {"subscription", d.old.Subscription, d.new.Subscription}} {
		switch {
		case r.old == nil || d.new.Types[r.old.Name] == nil:
		case r.new == nil:
			d.note(contracts.Breaking, "ROOT_TYPE_REMOVED", r.old.Name, r.old.Position, nil, "%s is no longer the root of %s operations, so that there are none.", r.old.Name, r.name)
		case r.new.Name != r.old.Name:
			d.note(contracts.Breaking, "ROOT_TYPE_CHANGED", r.old.Name, r.old.Position, r.new.Position, "The root of %s operations is %s instead of %s.", r.name, r.new.Name, r.old.Name)
		}
	}
}

func (d *differ) types() {
	usedOld, usedNew := inUse(d.old), inUse(d.new)
	for _, name := range slices.Sorted(maps.Keys(d.old.Types)) {
		t := d.old.Types[name]
		if t.BuiltIn {
			if usedOld[name] && !usedNew[name] && t.Kind == ast.Scalar {
				d.note(contracts.Breaking, "TYPE_REMOVED", name, nil, nil, "Standard scalar %s was removed, because nothing refers to it any more.", name)
			}
			continue
		}
		u := d.new.Types[name]
		switch {
		case u == nil:
			d.note(contracts.Breaking, "TYPE_REMOVED", name, t.Position, nil, "Type %s was removed.", name)
		case u.Kind != t.Kind:
			d.note(contracts.Breaking, "TYPE_CHANGED_KIND", name, t.Position, u.Position, "Type %s changed from %s to %s.", name, kinds[t.Kind], kinds[u.Kind])
		default:
			d.definition(t, u)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.new.Types)) {
		t := d.new.Types[name]
		if t.BuiltIn {
			if usedNew[name] && !usedOld[name] && t.Kind == ast.Scalar {
				d.note(contracts.Safe, "TYPE_ADDED", name, nil, nil, "Standard scalar %s is used now.", name)
			}
			continue
		}
		if d.old.Types[name] == nil {
			d.note(contracts.Safe, "TYPE_ADDED", name, nil, t.Position, "Type %s was added.", name)
		}
	}
}

var kinds = map[ast.DefinitionKind]string{
	ast.Scalar: "a scalar", ast.Object: "an object type", ast.Interface: "an interface", ast.Union: "a union", ast.Enum: "an enumeration", ast.InputObject: "an input type",
}

func (d *differ) definition(t, u *ast.Definition) {
	d.description(t.Name, t.Description, u.Description, t.Position, u.Position)
	switch t.Kind {
	case ast.Enum:
		d.enum(t, u)
	case ast.Union:
		d.union(t, u)
	case ast.InputObject:
		d.input(t, u)
	case ast.Object, ast.Interface:
		d.interfaces(t, u)
		d.fields(t, u)
	}
}

func (d *differ) description(path, before, after string, at, then *ast.Position) {
	if before != after {
		d.note(contracts.Safe, "DESCRIPTION_CHANGED", path, at, then, "The description of %s changed.", path)
	}
}

// deprecation notes that something was marked as going away, or is no more.
func (d *differ) deprecation(path string, before, after ast.DirectiveList, at, then *ast.Position) {
	a, b := before.ForName("deprecated") != nil, after.ForName("deprecated") != nil
	switch {
	case !a && b:
		d.note(contracts.Safe, "DEPRECATED", path, at, then, "%s is deprecated now.", path)
	case a && !b:
		d.note(contracts.Safe, "DEPRECATION_REMOVED", path, at, then, "%s is not deprecated any more.", path)
	}
}

func (d *differ) enum(t, u *ast.Definition) {
	for _, v := range t.EnumValues {
		path := t.Name + "." + v.Name
		w := u.EnumValues.ForName(v.Name)
		if w == nil {
			d.note(contracts.Breaking, "VALUE_REMOVED_FROM_ENUM", path, v.Position, u.Position, "Value %s was removed from enumeration %s.", v.Name, t.Name)
			continue
		}
		d.description(path, v.Description, w.Description, v.Position, w.Position)
		d.deprecation(path, v.Directives, w.Directives, v.Position, w.Position)
	}
	for _, v := range u.EnumValues {
		if t.EnumValues.ForName(v.Name) == nil {
			d.note(contracts.Dangerous, "VALUE_ADDED_TO_ENUM", t.Name+"."+v.Name, t.Position, v.Position, "Value %s was added to enumeration %s; consumers may meet what they do not know.", v.Name, t.Name)
		}
	}
}

func (d *differ) union(t, u *ast.Definition) {
	for _, m := range t.Types {
		if !slices.Contains(u.Types, m) {
			d.note(contracts.Breaking, "TYPE_REMOVED_FROM_UNION", t.Name, t.Position, u.Position, "%s was removed from union %s.", m, t.Name)
		}
	}
	for _, m := range u.Types {
		if !slices.Contains(t.Types, m) {
			d.note(contracts.Dangerous, "TYPE_ADDED_TO_UNION", t.Name, t.Position, u.Position, "%s was added to union %s; consumers may meet what they do not know.", m, t.Name)
		}
	}
}

func (d *differ) interfaces(t, u *ast.Definition) {
	for _, i := range t.Interfaces {
		if !slices.Contains(u.Interfaces, i) {
			d.note(contracts.Breaking, "IMPLEMENTED_INTERFACE_REMOVED", t.Name, t.Position, u.Position, "%s no longer implements interface %s.", t.Name, i)
		}
	}
	for _, i := range u.Interfaces {
		if !slices.Contains(t.Interfaces, i) {
			d.note(contracts.Dangerous, "IMPLEMENTED_INTERFACE_ADDED", t.Name, t.Position, u.Position, "%s implements interface %s now; consumers may meet it where they expect others.", t.Name, i)
		}
	}
}

func (d *differ) input(t, u *ast.Definition) {
	if t.Directives.ForName("oneOf") == nil && u.Directives.ForName("oneOf") != nil {
		d.note(contracts.Breaking, "ONE_OF_ADDED", t.Name, t.Position, u.Position, "Input type %s takes exactly one of its fields now.", t.Name)
	}
	if t.Directives.ForName("oneOf") != nil && u.Directives.ForName("oneOf") == nil {
		d.note(contracts.Safe, "ONE_OF_REMOVED", t.Name, t.Position, u.Position, "Input type %s takes more than one of its fields now.", t.Name)
	}
	for _, f := range t.Fields {
		path := t.Name + "." + f.Name
		g := u.Fields.ForName(f.Name)
		if g == nil {
			d.note(contracts.Breaking, "FIELD_REMOVED", path, f.Position, u.Position, "Input field %s was removed.", path)
			continue
		}
		d.changed("FIELD_CHANGED_KIND", path, f.Type, g.Type, inputSafe, f.Position, g.Position)
		if inputSafe(f.Type, g.Type) {
			d.defaults("INPUT_FIELD_DEFAULT_VALUE", path, f.DefaultValue, g.DefaultValue, f.Position, g.Position)
		}
		d.description(path, f.Description, g.Description, f.Position, g.Position)
		d.deprecation(path, f.Directives, g.Directives, f.Position, g.Position)
	}
	for _, f := range u.Fields {
		if t.Fields.ForName(f.Name) != nil {
			continue
		}
		path := t.Name + "." + f.Name
		if required(f.Type, f.DefaultValue) {
			d.note(contracts.Breaking, "REQUIRED_INPUT_FIELD_ADDED", path, t.Position, f.Position, "A required input field %s was added.", path)
		} else {
			d.note(contracts.Dangerous, "OPTIONAL_INPUT_FIELD_ADDED", path, t.Position, f.Position, "An optional input field %s was added.", path)
		}
	}
}

// required reports whether an input of this type must be given.
func required(t *ast.Type, standard *ast.Value) bool { return t.NonNull && standard == nil }

func (d *differ) fields(t, u *ast.Definition) {
	for _, f := range t.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		path := t.Name + "." + f.Name
		g := u.Fields.ForName(f.Name)
		if g == nil {
			d.note(contracts.Breaking, "FIELD_REMOVED", path, f.Position, u.Position, "Field %s was removed.", path)
			continue
		}
		d.changed("FIELD_CHANGED_KIND", path, f.Type, g.Type, outputSafe, f.Position, g.Position)
		d.description(path, f.Description, g.Description, f.Position, g.Position)
		d.deprecation(path, f.Directives, g.Directives, f.Position, g.Position)
		d.arguments(path, f.Arguments, g.Arguments, f.Position, g.Position)
	}
	for _, f := range u.Fields {
		if t.Fields.ForName(f.Name) == nil && !strings.HasPrefix(f.Name, "__") {
			path := t.Name + "." + f.Name
			d.note(contracts.Safe, "FIELD_ADDED", path, t.Position, f.Position, "Field %s was added.", path)
		}
	}
}

// changed compares types; kind is the type of change if it is not safe.
func (d *differ) changed(kind, path string, before, after *ast.Type, safe func(before, after *ast.Type) bool, at, then *ast.Position) {
	switch {
	case before.String() == after.String():
	case safe(before, after):
		d.note(contracts.Safe, kind+"_SAFE", path, at, then, "%s changed its type from %s to %s.", path, before, after)
	default:
		d.note(contracts.Breaking, kind, path, at, then, "%s changed its type from %s to %s.", path, before, after)
	}
}

func (d *differ) defaults(kind, path string, before, after *ast.Value, at, then *ast.Position) {
	switch {
	case before == nil && after == nil:
	case before == nil:
		d.note(contracts.Safe, kind+"_ADDED", path, at, then, "%s has a default now, %s.", path, after)
	case after == nil:
		d.note(contracts.Dangerous, kind+"_CHANGE", path, at, then, "%s has no default any more; it was %s.", path, before)
	case canonical(before) != canonical(after):
		d.note(contracts.Dangerous, kind+"_CHANGE", path, at, then, "The default of %s changed from %s to %s.", path, before, after)
	}
}

func (d *differ) arguments(of string, before, after ast.ArgumentDefinitionList, at, then *ast.Position) {
	for _, a := range before {
		path := of + "(" + a.Name + ":)"
		b := after.ForName(a.Name)
		if b == nil {
			d.note(contracts.Breaking, "ARG_REMOVED", path, a.Position, then, "Argument %s was removed.", path)
			continue
		}
		d.argument(path, a, b)
	}
	for _, a := range after {
		if before.ForName(a.Name) != nil {
			continue
		}
		path := of + "(" + a.Name + ":)"
		if required(a.Type, a.DefaultValue) {
			d.note(contracts.Breaking, "REQUIRED_ARG_ADDED", path, at, a.Position, "A required argument %s was added.", path)
		} else {
			d.note(contracts.Dangerous, "OPTIONAL_ARG_ADDED", path, at, a.Position, "An optional argument %s was added.", path)
		}
	}
}

// argument compares an argument that both versions have.
func (d *differ) argument(path string, a, b *ast.ArgumentDefinition) {
	d.changed("ARG_CHANGED_KIND", path, a.Type, b.Type, inputSafe, a.Position, b.Position)
	if inputSafe(a.Type, b.Type) {
		d.defaults("ARG_DEFAULT_VALUE", path, a.DefaultValue, b.DefaultValue, a.Position, b.Position)
	}
	d.description(path, a.Description, b.Description, a.Position, b.Position)
	d.deprecation(path, a.Directives, b.Directives, a.Position, b.Position)
}

func (d *differ) directives() {
	for _, name := range slices.Sorted(maps.Keys(d.old.Directives)) {
		a, b := d.old.Directives[name], d.new.Directives[name]
		if place(a.Position).File == "" {
			continue // of the language
		}
		if b == nil {
			d.note(contracts.Breaking, "DIRECTIVE_REMOVED", "@"+name, a.Position, nil, "Directive @%s was removed.", name)
			continue
		}
		d.directive(name, a, b)
	}
	for _, name := range slices.Sorted(maps.Keys(d.new.Directives)) {
		if b := d.new.Directives[name]; d.old.Directives[name] == nil && place(b.Position).File != "" {
			d.note(contracts.Safe, "DIRECTIVE_ADDED", "@"+name, nil, b.Position, "Directive @%s was added.", name)
		}
	}
}

func (d *differ) directive(name string, a, b *ast.DirectiveDefinition) {
	d.description("@"+name, a.Description, b.Description, a.Position, b.Position)
	for _, x := range a.Arguments {
		path := "@" + name + "(" + x.Name + ":)"
		y := b.Arguments.ForName(x.Name)
		if y == nil {
			d.note(contracts.Breaking, "DIRECTIVE_ARG_REMOVED", path, x.Position, b.Position, "Argument %s was removed.", path)
			continue
		}
		d.argument(path, x, y)
	}
	for _, y := range b.Arguments {
		if a.Arguments.ForName(y.Name) != nil {
			continue
		}
		path := "@" + name + "(" + y.Name + ":)"
		if required(y.Type, y.DefaultValue) {
			d.note(contracts.Breaking, "REQUIRED_DIRECTIVE_ARG_ADDED", path, a.Position, y.Position, "A required argument %s was added.", path)
		} else {
			d.note(contracts.Safe, "OPTIONAL_DIRECTIVE_ARG_ADDED", path, a.Position, y.Position, "An optional argument %s was added.", path)
		}
	}
	switch {
	case a.IsRepeatable && !b.IsRepeatable:
		d.note(contracts.Breaking, "DIRECTIVE_REPEATABLE_REMOVED", "@"+name, a.Position, b.Position, "Directive @%s may not be repeated any more.", name)
	case !a.IsRepeatable && b.IsRepeatable:
		d.note(contracts.Safe, "DIRECTIVE_REPEATABLE_ADDED", "@"+name, a.Position, b.Position, "Directive @%s may be repeated now.", name)
	}
	for _, l := range a.Locations {
		if !slices.Contains(b.Locations, l) {
			d.note(contracts.Breaking, "DIRECTIVE_LOCATION_REMOVED", "@"+name, a.Position, b.Position, "Directive @%s may not stand at %s any more.", name, l)
		}
	}
	for _, l := range b.Locations {
		if !slices.Contains(a.Locations, l) {
			d.note(contracts.Safe, "DIRECTIVE_LOCATION_ADDED", "@"+name, a.Position, b.Position, "Directive @%s may stand at %s now.", name, l)
		}
	}
}
