package xsd

import (
	"fmt"
	"slices"

	"github.com/andon-rig/andon/contracts"
)

// A holder holds what writers can write against what readers accept.
type holder struct {
	writers, readers *schemas
	forward          bool
	tell             func(p problem, forward bool)
	seen             map[[2]*typ]bool // what was compared, or is under way
}

func (h *holder) note(kind, path string, writer, reader contracts.Place, format string, args ...any) {
	h.tell(problem{kind: kind, path: path, writer: writer, reader: reader, what: fmt.Sprintf(format, args...)}, h.forward)
}

// part is what the parts of a pair of types are called by: as in the old version.
func (h *holder) part(w, r *typ) string {
	if h.forward {
		return r.part
	}
	return w.part
}

func (h *holder) element(w, r *element, path string) {
	if w.nillable && !r.nillable {
		h.note("nil", path, w.place, r.place, "may be nil, which they do not take")
	}
	if r.abstract && !w.abstract {
		h.note("abstract", path, w.place, r.place, "may stand as it is, and they take it as abstract")
	}
	if r.fixed && (!w.fixed || w.value != r.value) {
		h.note("fixed", path, w.place, r.place, "may have another value than %q, which they demand", r.value)
	}
	h.types(w.typ, r.typ, path, w.place, r.place)
}

// types holds what a type lets writers write against another. Named ones are
// compared once, wherever they are used.
func (h *holder) types(w, r *typ, path string, writer, reader contracts.Place) {
	key := [2]*typ{w, r}
	if w == r || r == anyType() || h.seen[key] {
		return
	}
	h.seen[key] = true
	if w.abstract {
		h.derived(w, r)
	} else if r.abstract {
		h.note("abstract", path, writer, reader, "may be of type %s, which they take as abstract", w.part)
	}
	switch {
	case w.simple != nil && r.simple != nil:
		h.simple(w.simple, r.simple, path, writer, reader)
	case w.simple != nil && !r.mixed:
		h.note("type", path, writer, reader, "may be a text, and they take none")
	case w.simple == nil && r.simple != nil:
		h.note("type", path, writer, reader, "may have elements, and they take a text only")
	case w.simple == nil:
		if w.mixed && !r.mixed {
			h.note("mixed", path, writer, reader, "may have text between its elements, and they take none")
		}
		h.content(w, r)
	}
	h.attributes(w, r)
}

// derived holds the types that may stand for an abstract one.
func (h *holder) derived(w, r *typ) {
	for _, n := range sortedNames(h.writers.types) {
		t := h.writers.types[n]
		if t == w || t.abstract || !t.derivesFrom(w, 0) {
			continue
		}
		o := h.readers.types[n]
		if o == nil || !o.derivesFrom(r, 0) {
			h.note("derived", h.part(w, r), t.place, r.place, "may be of type %s, which they do not know", n.local)
			continue
		}
		h.types(t, o, n.local, t.place, o.place)
	}
}

func (h *holder) attributes(w, r *typ) {
	path := h.part(w, r)
	for _, d := range r.attrs {
		own := w.attribute(d.name)
		at := path + "/@" + d.name.local
		switch {
		case !d.required || own != nil && own.required:
		case own == nil:
			h.note("attr missing", at, w.place, d.place, "is demanded, and who wrote it does not know it")
		default:
			h.note("required", at, own.place, d.place, "is demanded, and who wrote it may leave it out")
		}
	}
	for _, own := range w.attrs {
		d := r.attribute(own.name)
		at := path + "/@" + own.name.local
		if d == nil {
			if r.wildcard == nil || !r.wildcard.admits(own.name.space) {
				h.note("attr removed", at, own.place, r.place, "may be there, and they take nothing that they do not know")
			}
			continue
		}
		if d.fixed && (!own.fixed || own.value != d.value) {
			h.note("fixed", at, own.place, d.place, "may have another value than %q, which they demand", d.value)
		}
		h.simple(own.simple, d.simple, at, own.place, d.place)
	}
	if w.wildcard != nil && (r.wildcard == nil || !covers(r.wildcard, w.wildcard, h.spaces())) {
		h.note("wildcard", path+"/@*", w.wildcard.place, r.place, "may have attributes of any name, and they take none that they do not know")
	}
}

// spaces are namespaces to try wildcards with: all that either side knows,
// none, and one that nobody knows.
func (h *holder) spaces() []string {
	all := []string{"", "\x00unknown"}
	for _, s := range []*schemas{h.writers, h.readers} {
		for space := range s.spaces {
			if !slices.Contains(all, space) {
				all = append(all, space)
			}
		}
	}
	slices.Sort(all)
	return all
}

func covers(r, w *wildcard, spaces []string) bool {
	for o := w; o != nil; o = o.also {
		spaces = append(spaces[:len(spaces):len(spaces)], o.spaces...)
	}
	return !slices.ContainsFunc(spaces, func(s string) bool { return w.admits(s) && !r.admits(s) })
}

// content compares content models, and the children that both sides know.
func (h *holder) content(w, r *typ) {
	path := h.part(w, r)
	writers, readers := w.byName(), r.byName()
	for _, n := range sortedNames(writers) {
		if readers[n] != nil {
			h.element(writers[n], readers[n], path+"/"+n.local)
		}
	}
	m := newInclusion(w, r, h.spaces())
	for range 100 {
		gap, ok := m.next()
		if !ok {
			return
		}
		at := path
		if gap.name.local != "" {
			at += "/" + gap.name.local
		}
		writer, reader := w.place, r.place
		if e := writers[gap.name]; e != nil {
			writer = e.place
		}
		if e := readers[gap.name]; e != nil {
			reader = e.place
		}
		h.tell(problem{kind: gap.kind, path: at, writer: writer, reader: reader, what: gap.what, unknown: gap.unknown}, h.forward)
		if gap.last {
			return
		}
	}
}
