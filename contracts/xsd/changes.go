package xsd

import (
	"fmt"
	"maps"
	"slices"

	"github.com/andon-rig/andon/contracts"
)

// Changes implements [contracts.Differ].
//
// Compatibility goes by role: a reader must accept every document that a
// writer of the other version can write. Schemas are closed, so a new element
// breaks readers of the old version unless a wildcard lets it through. Content
// models are compared as what they are, sets of sequences of elements, so that
// two ways of writing the same model do not differ. Types that only xsi:type
// can name are compared where their base is abstract.
func (Format) Changes(before, after contracts.Document, mode contracts.Mode) ([]contracts.Change, error) {
	a, ok1 := before.(*Document)
	b, ok2 := after.(*Document)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("changes are told of two XML Schemas")
	}
	t := teller{mode: mode, told: map[string]bool{}, at: map[string]bool{}}
	for _, forward := range []bool{false, true} {
		w, r := a.set, b.set
		if forward {
			w, r = r, w
		}
		h := holder{writers: w, readers: r, forward: forward, tell: t.problem, seen: map[[2]*typ]bool{}}
		for _, n := range sortedNames(w.elements) {
			if r.elements[n] != nil {
				h.element(w.elements[n], r.elements[n], n.local)
			}
		}
	}
	t.roots(a.set, b.set)
	t.names(a.set, b.set)
	contracts.SortChanges(t.all)
	return t.all, nil
}

func sortedNames[V any](m map[name]V) []name {
	return slices.SortedFunc(maps.Keys(m), func(a, b name) int {
		if a.local != b.local {
			return compareText(a.local, b.local)
		}
		return compareText(a.space, b.space)
	})
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// A problem is one way in which a reader does not take what a writer writes.
type problem struct {
	kind           string
	path           string
	writer, reader contracts.Place
	what           string
	unknown        bool // it cannot be told
}

// kindNames are names of changes, by problem: with old writers and new
// readers, and the other way round.
var kindNames = map[string][2]string{
	"removed":      {"ELEMENT_REMOVED", "ELEMENT_ADDED"},
	"missing":      {"REQUIRED_ELEMENT_ADDED", "REQUIRED_ELEMENT_REMOVED"},
	"required":     {"REQUIRED_ADDED", "REQUIRED_REMOVED"},
	"occurs":       {"OCCURRENCE_NARROWED", "OCCURRENCE_WIDENED"},
	"order":        {"ORDER_CHANGED", "ORDER_CHANGED"},
	"wildcard":     {"WILDCARD_REMOVED", "WILDCARD_ADDED"},
	"attr removed": {"ATTRIBUTE_REMOVED", "ATTRIBUTE_ADDED"},
	"attr missing": {"REQUIRED_ATTRIBUTE_ADDED", "REQUIRED_ATTRIBUTE_REMOVED"},
	"type":         {"TYPE_NARROWED", "TYPE_WIDENED"},
	"value":        {"VALUE_REMOVED", "VALUE_ADDED"},
	"values":       {"VALUES_RESTRICTED", "VALUES_UNRESTRICTED"},
	"bound":        {"BOUND_TIGHTENED", "BOUND_LOOSENED"},
	"rule":         {"RULE_ADDED", "RULE_REMOVED"},
	"nil":          {"NULL_REMOVED", "NULL_ADDED"},
	"fixed":        {"FIXED_VALUE_CHANGED", "FIXED_VALUE_CHANGED"},
	"abstract":     {"ABSTRACT_ADDED", "ABSTRACT_REMOVED"},
	"derived":      {"DERIVED_TYPE_REMOVED", "DERIVED_TYPE_ADDED"},
	"mixed":        {"TEXT_REMOVED", "TEXT_ADDED"},
}

// A teller collects changes.
type teller struct {
	mode contracts.Mode
	all  []contracts.Change
	told map[string]bool
	at   map[string]bool // paths of what was told, and types with paths
}

func (t *teller) add(c contracts.Change, key string) {
	if !t.told[key] {
		t.told[key] = true
		t.at[c.Path], t.at[c.Type+" "+c.Path] = true, true
		t.all = append(t.all, c)
	}
}

// problem tells a problem as the change it comes from.
func (t *teller) problem(p problem, forward bool) {
	demanded := forward && t.mode.ReadsNew() || !forward && t.mode.ReadsOld()
	c := contracts.Change{Path: p.path, Before: p.writer, After: p.reader, Severity: contracts.Dangerous}
	i, who := 0, "Readers of the new version refuse what writers of the old one may write: "
	if forward {
		i, who = 1, "Readers of the old version refuse what writers of the new one may write: "
		c.Before, c.After = c.After, c.Before
	}
	if p.unknown {
		if demanded {
			c.Type, c.Message = contracts.CannotTell, "It cannot be told whether this breaks anybody: "+p.path+" "+p.what+"."
			t.add(c, c.Type+c.Path+p.kind)
		}
		return
	}
	if demanded {
		c.Severity = contracts.Breaking
	}
	c.Type, c.Message = kindNames[p.kind][i], who+p.path+" "+p.what+"."
	t.add(c, c.Type+c.Path+c.Message)
}

// roots tells of elements that can be the root of a document.
func (t *teller) roots(a, b *schemas) {
	for _, n := range sortedNames(a.elements) {
		if b.elements[n] == nil {
			t.add(contracts.Change{Type: "ROOT_REMOVED", Path: n.local, Severity: contracts.Breaking, Message: fmt.Sprintf("Element %s is no root any more.", n), Before: a.elements[n].place}, "root"+n.String())
		}
	}
	for _, n := range sortedNames(b.elements) {
		if a.elements[n] == nil {
			t.add(contracts.Change{Type: "ROOT_ADDED", Path: n.local, Severity: contracts.Safe, Message: fmt.Sprintf("Element %s was added.", n), After: b.elements[n].place}, "root"+n.String())
		}
	}
}

// names tells what came and went by name and breaks nobody, as wildcards let
// it through, and defaults that changed.
func (t *teller) names(a, b *schemas) {
	w := nameWalker{t: t, seen: map[[2]*typ]bool{}}
	for _, n := range sortedNames(a.elements) {
		if e := b.elements[n]; e != nil {
			w.element(a.elements[n], e, n.local)
		}
	}
}

type nameWalker struct {
	t    *teller
	seen map[[2]*typ]bool
}

func (w nameWalker) note(s contracts.Severity, kind, path string, before, after contracts.Place, text string) {
	if !w.t.at[path] || s == contracts.Dangerous && !w.t.at[kind+" "+path] {
		w.t.add(contracts.Change{Type: kind, Path: path, Severity: s, Message: path + " " + text, Before: before, After: after}, kind+path)
	}
}

func (w nameWalker) element(a, b *element, path string) {
	if a.hasDefault && b.hasDefault && !a.fixed && !b.fixed && a.value != b.value {
		w.note(contracts.Dangerous, "DEFAULT_CHANGED", path, a.place, b.place, fmt.Sprintf("meant %q where it is empty, and means %q now.", a.value, b.value))
	}
	key := [2]*typ{a.typ, b.typ}
	if w.seen[key] {
		return
	}
	w.seen[key] = true
	old, next := a.typ.byName(), b.typ.byName()
	for _, n := range sortedNames(old) {
		at := a.typ.part + "/" + n.local
		if next[n] == nil {
			w.note(contracts.Dangerous, "ELEMENT_REMOVED", at, old[n].place, b.typ.place, "is not declared any more; readers that use it will miss it.")
			continue
		}
		w.element(old[n], next[n], at)
	}
	for _, n := range sortedNames(next) {
		if old[n] == nil {
			w.note(contracts.Safe, "ELEMENT_ADDED", a.typ.part+"/"+n.local, a.typ.place, next[n].place, "was added.")
		}
	}
	for _, d := range a.typ.attrs {
		o := b.typ.attribute(d.name)
		at := a.typ.part + "/@" + d.name.local
		switch {
		case o == nil:
			w.note(contracts.Dangerous, "ATTRIBUTE_REMOVED", at, d.place, b.typ.place, "is not declared any more; readers that use it will miss it.")
		case d.hasDefault && o.hasDefault && !d.fixed && !o.fixed && d.value != o.value:
			w.note(contracts.Dangerous, "DEFAULT_CHANGED", at, d.place, o.place, fmt.Sprintf("meant %q where it is left out, and means %q now.", d.value, o.value))
		}
	}
}

// byName are the children that a type can have.
func (t *typ) byName() map[name]*element {
	all := map[name]*element{}
	for _, e := range t.elements() {
		if all[e.name] == nil {
			all[e.name] = e
		}
	}
	return all
}
