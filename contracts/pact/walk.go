package pact

import (
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/source"
)

// A walker goes through two bodies of one type side by side.
type walker struct {
	*partDiffer
	was, is comparison // the rules of both
	text    bool       // values are texts
	whole   bool       // places are those of XML, so that nothing but the body has a line
}

// at are the pointers to a place in both bodies.
func (w *walker) at(at []step) (was, is string) {
	was, is = w.old.Body.pointer, w.next.Body.pointer
	if w.whole {
		return was, is
	}
	tail := ""
	for _, s := range at[1:] {
		if s.isAt {
			tail += "/" + strconv.Itoa(s.index)
		} else {
			tail += "/" + source.Escape(s.name)
		}
	}
	return was + tail, is + tail
}

// special are matchers that say of a list or an object more than its kind and
// length.
func special(r *Rule, below bool) bool {
	if r == nil || below {
		return false
	}
	for _, m := range r.Matchers {
		if m.Kind != "type" {
			return true
		}
	}
	return false
}

func (w *walker) value(at []step, was, is any) {
	a, aBelow := w.was.rule(at)
	b, bBelow := w.is.rule(at)
	m, isObject := was.(map[string]any)
	n, areObjects := is.(map[string]any)
	l, isList := was.([]any)
	k, areLists := is.([]any)
	switch {
	case isObject && areObjects && !special(a, aBelow) && !special(b, bBelow):
		w.object(at, m, n)
	case isList && areLists && a.has("arrayContains") != nil && b.has("arrayContains") != nil:
		w.variants(at, a.has("arrayContains"), b.has("arrayContains"), l, k)
	case isList && areLists && !special(a, aBelow) && !special(b, bBelow):
		w.list(at, span(a, aBelow, len(l)), span(b, bBelow, len(k)), l, k)
	case isObject || areObjects || isList || areLists:
		w.opaque(at, a, b, was, is)
	default:
		w.scalar(at, was, is)
	}
}

func (w *walker) scalar(at []step, was, is any) {
	a, _ := w.was.rule(at)
	b, _ := w.is.rule(at)
	p, q := w.at(at)
	w.compare("", show(at), p, q, demand{a, was, w.text}, demand{b, is, w.text})
}

// opaque compares what cannot be taken apart: the example of who writes must be
// what the other side takes, and the rules the same.
func (w *walker) opaque(at []step, a, b *Rule, was, is any) {
	writer, reader := was, comparison{rules: w.is.rules, strict: w.strict, text: w.text}
	example := is
	if w.ask {
		writer, reader.rules, example = is, w.was.rules, was
	}
	reader.json(at, example, writer)
	p, q := w.at(at)
	ok, err := verdict(reader.found)
	switch {
	case err != nil:
		w.note(contracts.Dangerous, contracts.CannotTell, show(at), p, q, "cannot be compared: %v", err)
	case !ok:
		w.note(contracts.Breaking, "CHANGED", show(at), p, q, "is %s and was %s", demand{b, is, w.text}, demand{a, was, w.text})
	case !reflect.DeepEqual(a, b), !reflect.DeepEqual(beneath(w.was.rules, at), beneath(w.is.rules, at)):
		w.note(contracts.Dangerous, contracts.CannotTell, show(at), p, q, "is %s and was %s; nobody can say whether one is within the other", demand{b, is, w.text}, demand{a, was, w.text})
	case !equal(was, is):
		w.note(contracts.Safe, "EXAMPLE_CHANGED", show(at), p, q, "has another example, which the rule lets through")
	}
}

// beneath are the rules of places below one.
func beneath(rules []Rule, at []step) (all []Rule) {
	for _, r := range rules {
		if len(r.At) > len(at) && weight(r.At[:len(at)], at) > 0 {
			all = append(all, r)
		}
	}
	return all
}

// extra is the severity of something that a request now has besides.
func (w *walker) extra() contracts.Severity {
	if w.strict {
		return contracts.Breaking
	}
	return contracts.Dangerous
}

func (w *walker) object(at []step, was, is map[string]any) {
	for _, k := range sortedKeys(was) {
		here := down(at, step{name: k})
		if v, ok := is[k]; ok {
			w.value(here, was[k], v)
			continue
		}
		p, q := w.at(here)
		w.gone("FIELD", show(here), p, q, was[k])
	}
	for _, k := range sortedKeys(is) {
		if _, ok := was[k]; !ok {
			here := down(at, step{name: k})
			p, q := w.at(here)
			w.come("FIELD", show(here), p, q, is[k], w.extra())
		}
	}
}

// A length is how many elements there may be.
type length struct{ min, max int }

const unbounded = math.MaxInt

// span is the length that a rule asks for, or that of the example.
func span(r *Rule, below bool, n int) length {
	switch m := r.has("type"); {
	case r == nil:
		return length{n, n}
	case below || m == nil:
		return length{0, unbounded}
	default:
		l := length{max(m.Min, 0), m.Max}
		if m.Max < 0 {
			l.max = unbounded
		}
		return l
	}
}

func (l length) within(o length) bool { return l.min >= o.min && l.max <= o.max }

func (l length) String() string {
	switch {
	case l.min == l.max:
		return count(l.min)
	case l.min == 0 && l.max == unbounded:
		return "any number of elements"
	case l.max == unbounded:
		return fmt.Sprintf("at least %s", count(l.min))
	}
	return fmt.Sprintf("%d to %s", l.min, count(l.max))
}

// lengths compares numbers of elements. n is how many the request has that is
// sent now.
func (w *walker) lengths(at []step, was, is length, n int) {
	if was == is {
		return
	}
	p, q := w.at(at)
	writer, reader := was, is
	if w.ask {
		writer, reader = is, was
	}
	s := contracts.Breaking
	switch {
	case writer.within(reader):
		s = contracts.Safe
	case w.ask && n >= reader.min && n <= reader.max:
		s = contracts.Dangerous
	}
	w.note(s, "LENGTH_CHANGED", show(at), p, q, "has %s and had %s", is, was)
}

func (w *walker) list(at []step, a, b length, was, is []any) {
	w.lengths(at, a, b, len(is))
	p, q := w.at(at)
	switch {
	case len(was) == 0 && len(is) == 0:
	case len(was) == 0 && a.max > 0: // a list of anything
		w.elements(at, p, q, "are demanded to be like %s, and could be anything", is[0], true)
	case len(is) == 0 && b.max > 0:
		w.elements(at, p, q, "can be anything, and were to be like %s", was[0], false)
	case len(was) > 0 && len(is) > 0:
		for i := range max(len(was), len(is)) {
			w.value(down(at, step{isAt: true, index: i}), example(was, i), example(is, i))
		}
	}
}

// elements tells that a list of anything became one of something, or the other
// way round.
func (w *walker) elements(at []step, p, q, what string, example any, narrowed bool) {
	s, kind := contracts.Safe, "LOOSENED"
	if narrowed {
		kind = "TIGHTENED"
	}
	switch {
	case narrowed && !w.ask:
		s = contracts.Breaking
	case !narrowed && w.ask:
		s = contracts.Dangerous
	}
	w.note(s, kind, show(at), p, q, "has elements that "+what, show1(example))
}

// variants compares what lists must contain: each variant of the new pact must
// be one that the old one let nothing else pass for.
func (w *walker) variants(at []step, a, b *Matcher, was, is []any) {
	p, q := w.at(at)
	kept := map[int]bool{}
	for _, v := range b.Options {
		found := v.Index >= len(is)
		for i, o := range a.Options {
			if !found && o.Index < len(was) && w.same(o, v, was, is) {
				found, kept[i] = true, true
			}
		}
		if !found {
			w.come("VARIANT", show(at), p, q, is[v.Index], contracts.Safe)
		}
	}
	for i, o := range a.Options {
		if !kept[i] && o.Index < len(was) {
			w.gone("VARIANT", show(at), p, q, was[o.Index])
		}
	}
}

// same reports whether a variant became another without harm.
func (w *walker) same(o, v Variant, was, is []any) bool {
	part := *w.partDiffer
	part.d = &differ{old: w.d.old, next: w.d.next}
	one := walker{partDiffer: &part, was: comparison{rules: o.Rules}, is: comparison{rules: v.Rules}, text: w.text, whole: true}
	one.value([]step{{root: true}}, was[o.Index], is[v.Index])
	return contracts.Worst(part.d.found) == contracts.Safe
}
