package pact

import (
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// element compares elements of XML.
func (w *walker) element(at []step, was, is *element) {
	p, q := w.at(at)
	if was.name != is.name || was.space != is.space {
		w.note(contracts.Breaking, "CHANGED", show(at), p, q, "is element %s and was %s", qualified(is), qualified(was))
		return
	}
	for _, k := range sortedKeys(was.attrs) {
		here := down(at, step{name: "@" + k})
		if v, ok := is.attrs[k]; ok {
			w.scalar(here, was.attrs[k], v)
		} else {
			w.gone("ATTRIBUTE", show(here), p, q, was.attrs[k])
		}
	}
	for _, k := range sortedKeys(is.attrs) {
		if _, ok := was.attrs[k]; !ok {
			w.come("ATTRIBUTE", show(down(at, step{name: "@" + k})), p, q, is.attrs[k], w.extra())
		}
	}
	w.children(at, was, is)
	if a, b := strings.TrimSpace(was.text), strings.TrimSpace(is.text); a != "" || b != "" {
		w.scalar(down(at, step{name: "#text"}), a, b)
	}
}

func qualified(e *element) string {
	if e.space == "" {
		return e.name
	}
	return "{" + e.space + "}" + e.name
}

func (w *walker) children(at []step, was, is *element) {
	a, b := byName(was.children), byName(is.children)
	p, q := w.at(at)
	for _, name := range names(was.children) {
		here := down(at, step{name: name})
		if b[name] == nil {
			w.gone("ELEMENT", show(here), p, q, name)
			continue
		}
		w.lengths(here, w.was.repeats(at, here, len(a[name]), w.strict), w.is.repeats(at, here, len(b[name]), w.strict), len(b[name]))
		for i := range max(len(a[name]), len(b[name])) {
			w.element(here, a[name][min(i, len(a[name])-1)], b[name][min(i, len(b[name])-1)])
		}
	}
	for _, name := range names(is.children) {
		if a[name] == nil {
			here := down(at, step{name: name})
			w.come("ELEMENT", show(here), p, q, name, w.extra())
		}
	}
}

// repeats is how often an element may be there, by a rule at its name or at its
// parent; without one as often as in the example, in an answer also more.
func (c *comparison) repeats(parent, at []step, n int, strict bool) length {
	if r, below := c.rule(at); r.has("type") != nil && !below {
		l := span(r, false, n)
		if l.min == 0 && r.has("type").Min < 0 {
			l.min = 1
		}
		return l
	}
	if r, below := c.rule(parent); r.has("type") != nil && !below {
		return length{1, unbounded}
	}
	if strict {
		return length{n, n}
	}
	return length{n, unbounded}
}
