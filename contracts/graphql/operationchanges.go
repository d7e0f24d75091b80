package graphql

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/andon-rig/andon/contracts"
)

// asks is what one operation asks of a provider, however it is cut into
// fragments and whatever its fields are called in the answer.
type asks struct {
	name string // "query OrderHead"
	kind ast.Operation
	op   *ast.OperationDefinition
	uses map[string]*use // by the names of fields from the root: "order.lots.id"
}

// A use is one field that an operation selects.
type use struct {
	at         *ast.Position
	conditions map[string]bool // types that it is selected for only; "" for any
	arguments  map[string]*ast.Argument
	directives map[string]bool
}

// asked are those of all operations, in their order.
func (o *Operations) asked() (all []*asks) {
	for _, doc := range o.fresh() {
		for _, op := range doc.Operations {
			s := &asks{name: strings.TrimSpace(string(op.Operation) + " " + op.Name), kind: op.Operation, op: op, uses: map[string]*use{}}
			s.add(doc, op.SelectionSet, "", "", nil)
			all = append(all, s)
		}
	}
	return all
}

// add adds what a selection has. within are the fragments that it stands in,
// which must not come again.
func (s *asks) add(doc *ast.QueryDocument, set ast.SelectionSet, path, condition string, within []string) {
	for _, one := range set {
		switch one := one.(type) {
		case *ast.Field:
			s.field(doc, one, path, condition, within)
		case *ast.InlineFragment:
			s.add(doc, one.SelectionSet, path, one.TypeCondition, within)
		case *ast.FragmentSpread:
			if f := doc.Fragments.ForName(one.Name); f != nil && !slices.Contains(within, one.Name) {
				s.add(doc, f.SelectionSet, path, f.TypeCondition, append(within[:len(within):len(within)], one.Name))
			}
		}
	}
}

func (s *asks) field(doc *ast.QueryDocument, f *ast.Field, path, condition string, within []string) {
	if path != "" {
		path += "."
	}
	path += f.Name
	u := s.uses[path]
	if u == nil {
		u = &use{at: f.Position, conditions: map[string]bool{}, arguments: map[string]*ast.Argument{}, directives: map[string]bool{}}
		s.uses[path] = u
	}
	u.conditions[condition] = true
	for _, a := range f.Arguments {
		u.arguments[a.Name] = a
	}
	for _, d := range f.Directives {
		text := "@" + d.Name
		for _, a := range d.Arguments {
			text += " " + a.Name + ":" + a.Value.String()
		}
		u.directives[text] = true
	}
	s.add(doc, f.SelectionSet, path, "", within)
}

// operationChanges tells what a provider who serves all that the old documents
// ask must serve besides for the new ones.
func operationChanges(before, after *Operations) []contracts.Change {
	d := differ{}
	old, next := before.asked(), after.asked()
	d.served = map[string]bool{}
	for _, s := range old {
		for path, u := range s.uses {
			d.served[string(s.kind)+" "+path] = true
			for name := range u.arguments {
				d.served[string(s.kind)+" "+path+"("+name+":)"] = true
			}
		}
	}
	for _, s := range old {
		if o := named(next, s, len(old) == 1 && len(next) == 1); o != nil {
			d.operations(s, o)
		} else {
			d.note(contracts.Safe, "OPERATION_REMOVED", s.name, s.op.Position, nil, "%s is not asked any more.", s.name)
		}
	}
	for _, s := range next {
		if named(old, s, len(old) == 1 && len(next) == 1) == nil {
			d.newOperation(s)
		}
	}
	contracts.SortChanges(d.found)
	return d.found
}

// named is the operation among all that is called as s is; the only one, if
// there is only one on both sides.
func named(all []*asks, s *asks, only bool) *asks {
	for _, o := range all {
		if o.name == s.name || only && o.kind == s.kind {
			return o
		}
	}
	return nil
}

func (d *differ) newOperation(s *asks) {
	for _, path := range slices.Sorted(maps.Keys(s.uses)) {
		if !d.served[string(s.kind)+" "+path] {
			d.note(contracts.Breaking, "OPERATION_ADDED", s.name, nil, s.op.Position, "%s is asked now, and with it %s, which the old documents did not.", s.name, path)
			return
		}
	}
	d.note(contracts.Safe, "OPERATION_ADDED", s.name, nil, s.op.Position, "%s is asked now, and selects only fields that the old documents do.", s.name)
}

// demand is the severity of what is asked for now: nothing new, if the old
// documents do elsewhere.
func (d *differ) demand(kind ast.Operation, part string) contracts.Severity {
	if d.served[string(kind)+" "+part] {
		return contracts.Safe
	}
	return contracts.Breaking
}

func (d *differ) operations(s, o *asks) {
	for _, path := range slices.Sorted(maps.Keys(s.uses)) {
		u, at := s.uses[path], s.name+" > "+path
		if v := o.uses[path]; v != nil {
			d.uses(s.kind, at, path, u, v)
		} else {
			d.note(contracts.Safe, "FIELD_REMOVED", at, u.at, o.op.Position, "%s is not selected any more in %s.", path, s.name)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(o.uses)) {
		if s.uses[path] == nil {
			d.note(d.demand(s.kind, path), "FIELD_ADDED", s.name+" > "+path, s.op.Position, o.uses[path].at, "%s is selected now in %s.", path, o.name)
		}
	}
	d.variables(s, o)
}

func (d *differ) uses(kind ast.Operation, at, path string, u, v *use) {
	for _, name := range slices.Sorted(maps.Keys(u.arguments)) {
		a, b := u.arguments[name], v.arguments[name]
		part := at + "(" + name + ":)"
		switch {
		case b == nil:
			d.note(contracts.Dangerous, "ARG_REMOVED", part, a.Position, v.at, "Argument %s of %s is not given any more; the provider may need it.", name, path)
		case a.Value.String() == b.Value.String():
		case a.Value.Kind == ast.Variable && b.Value.Kind == ast.Variable: // by another name
		case b.Value.Kind == ast.EnumValue:
			d.note(contracts.Breaking, "ARG_VALUE_CHANGED", part, a.Position, b.Position, "Argument %s of %s is %s now, and was %s.", name, path, b.Value, a.Value)
		default:
			d.note(contracts.Dangerous, "ARG_VALUE_CHANGED", part, a.Position, b.Position, "Argument %s of %s is %s now, and was %s.", name, path, b.Value, a.Value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.arguments)) {
		if u.arguments[name] == nil {
			d.note(d.demand(kind, path+"("+name+":)"), "ARG_ADDED", at+"("+name+":)", u.at, v.arguments[name].Position, "Argument %s of %s is given now.", name, path)
		}
	}
	if !maps.Equal(u.directives, v.directives) {
		d.note(contracts.Dangerous, "DIRECTIVES_CHANGED", at, u.at, v.at, "%s has other directives: %s instead of %s.", path, keys(v.directives), keys(u.directives))
	}
	if !maps.Equal(u.conditions, v.conditions) && !u.conditions[""] { // for any type was for more than for one
		d.note(contracts.Dangerous, "TYPE_CONDITION_CHANGED", at, u.at, v.at, "%s is selected for other types: %s instead of %s.", path, keys(v.conditions), keys(u.conditions))
	}
}

func keys(m map[string]bool) string {
	all := slices.Sorted(maps.Keys(m))
	for i, k := range all {
		if k == "" {
			all[i] = "any"
		}
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// variables compares what may be given for the variables of both.
func (d *differ) variables(s, o *asks) {
	for _, v := range s.op.VariableDefinitions {
		w := o.op.VariableDefinitions.ForName(v.Variable)
		if w == nil {
			continue // told where it was used
		}
		at := s.name + " > $" + v.Variable
		was, is := v.Type.String(), w.Type.String()
		switch {
		case was == is:
		case strings.ReplaceAll(was, "!", "") != strings.ReplaceAll(is, "!", ""):
			d.note(contracts.Breaking, "VARIABLE_CHANGED_KIND", at, v.Position, w.Position, "Variable $%s of %s is of type %s now, and was of type %s.", v.Variable, s.name, is, was)
		case strings.Count(is, "!") > strings.Count(was, "!"):
			d.note(contracts.Safe, "VARIABLE_CHANGED_KIND", at, v.Position, w.Position, "Variable $%s of %s is of type %s now, and was of type %s.", v.Variable, s.name, is, was)
		default:
			d.note(contracts.Dangerous, "VARIABLE_CHANGED_KIND", at, v.Position, w.Position, "Variable $%s of %s is of type %s now, and was of type %s: it may be null where it could not.", v.Variable, s.name, is, was)
		}
		if was, is := fmt.Sprint(v.DefaultValue), fmt.Sprint(w.DefaultValue); was != is {
			d.note(contracts.Dangerous, "VARIABLE_DEFAULT_CHANGED", at, v.Position, w.Position, "Variable $%s of %s has another default.", v.Variable, s.name)
		}
	}
}
