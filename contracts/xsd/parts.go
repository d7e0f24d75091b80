package xsd

import (
	"maps"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// Parts implements [contracts.Measurer]. A part is a global element, a child or
// an attribute of a type, or a listed value: "SyncOperationsPerformance",
// "OpSegmentResponseType/ID", "CodeType/@listID", "DataTypeType=decimal". What a
// type without a name has is called by the element around it.
func (d *Document) Parts() []string {
	w := partWalker{parts: map[string]bool{}, types: map[*typ]bool{}, simples: map[*simple]bool{}}
	for _, e := range d.set.elements {
		w.parts[e.name.local] = true
		w.typ(e.typ)
	}
	for _, t := range d.set.types {
		if t.base != nil && w.types[t.base] {
			w.typ(t) // it may stand where its base does, by xsi:type
		}
	}
	return slices.Sorted(maps.Keys(w.parts))
}

type partWalker struct {
	parts   map[string]bool
	types   map[*typ]bool
	simples map[*simple]bool
}

func (w *partWalker) typ(t *typ) {
	if w.types[t] {
		return
	}
	w.types[t] = true
	if t.simple != nil {
		w.simple(t.simple)
	}
	for _, a := range t.attrs {
		w.parts[t.part+"/@"+a.name.local] = true
		w.simple(a.simple)
	}
	for _, e := range t.elements() {
		w.parts[t.part+"/"+e.name.local] = true
		w.typ(e.typ)
	}
}

func (w *partWalker) simple(s *simple) {
	if w.simples[s] {
		return
	}
	w.simples[s] = true
	for _, e := range s.values {
		w.parts[s.part+"="+e.text] = true
	}
	for _, m := range s.members {
		w.simple(m)
	}
	if s.item != nil {
		w.simple(s.item)
	}
}

// elements are the children that a type can have, each once.
func (t *typ) elements() (all []*element) {
	if t.program == nil {
		return nil
	}
	seen := map[*element]bool{}
	add := func(e *element) {
		if e != nil && !seen[e] {
			seen[e] = true
			all = append(all, e)
		}
	}
	for i := range t.program.code {
		add(t.program.code[i].element)
		for _, k := range t.program.code[i].all {
			add(k.element)
		}
	}
	return all
}

// Used implements [contracts.Measurer].
func (d *Document) Used(x contracts.Exchange) []string {
	used := map[string]bool{}
	d.each(x, func(v *validator, body []byte, _ bool) {
		v.used = func(part string) { used[part] = true }
		v.run(body)
	})
	return slices.Sorted(maps.Keys(used))
}

// Undeclared implements [contracts.Watcher]: what wildcards let through and is
// not declared, what may not be there at all, and values that a union takes
// beside those it lists.
func (d *Document) Undeclared(x contracts.Exchange) (found []contracts.Drift) {
	d.each(x, func(v *validator, body []byte, _ bool) {
		v.drift = func(kind, path, seen string) {
			one := contracts.Drift{Kind: kind, Path: path, Seen: strings.TrimSpace(seen)}
			if !slices.ContainsFunc(found, func(o contracts.Drift) bool { return o.Kind == kind && o.Path == path }) {
				found = append(found, one)
			}
		}
		v.run(body)
	})
	return found
}
