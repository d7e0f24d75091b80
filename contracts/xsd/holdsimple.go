package xsd

import (
	"slices"
	"strconv"

	"github.com/andon-rig/andon/contracts"
)

// simple holds the texts that a type lets writers write against another type.
// writer and reader are where they are used, as built-in types stand nowhere.
func (h *holder) simple(w, r *simple, path string, writer, reader contracts.Place) {
	for _, p := range textProblems(w, r, path, 0) {
		if p.writer.Line == 0 {
			p.writer = writer
		}
		if p.reader.Line == 0 {
			p.reader = reader
		}
		h.tell(p, h.forward)
	}
}

// maxNested bounds how deep unions and lists are compared.
const maxNested = 20

func textProblems(w, r *simple, path string, depth int) (ps []problem) {
	note := func(kind string, reader contracts.Place, unknown bool, what string) {
		ps = append(ps, problem{kind: kind, path: path, writer: w.place, reader: reader, what: what, unknown: unknown})
	}
	switch {
	case w == r || r.anySimple() && len(r.patterns) == 0 && r.values == nil:
		return nil
	case depth > maxNested:
		note("type", r.place, true, "has a type that is nested too deep to be compared")
	case w.values != nil:
		for _, e := range w.values {
			if _, _, no := r.read(e.text, nil); no != nil {
				note("value", no.place, false, "may be "+strconv.Quote(e.text)+", which they do not know")
			}
		}
	case w.members != nil:
		for _, m := range w.members {
			ps = append(ps, textProblems(m, r, path, depth+1)...)
		}
	case r.members != nil:
		return alternatives(w, r, path, depth)
	case r.values != nil && !allFlags(w, r):
		note("values", r.values[0].place, false, "may be any value, and they take only listed ones")
	case w.item != nil && r.item != nil:
		ps = append(textProblems(w.item, r.item, path, depth+1), limits(w, r, path)...)
	case w.item != nil || w.anySimple():
		if !takesText(r) {
			note("type", r.place, false, "may be "+w.spoken+", and they take "+r.spoken)
		}
	case r.item != nil:
		return textProblems(w, r.item, path, depth+1)
	default:
		return atoms(w, r, path)
	}
	return ps
}

// alternatives holds a writer against a reader with alternatives: one of them must take
// all that is written.
func alternatives(w, r *simple, path string, depth int) (nearest []problem) {
	for i, m := range r.members {
		ps := textProblems(w, m, path, depth+1)
		if len(ps) == 0 {
			if len(r.patterns) > 0 || r.values != nil {
				return []problem{{kind: "rule", path: path, writer: w.place, reader: r.place, what: "must follow rules of a union, which cannot be compared", unknown: true}}
			}
			return nil
		}
		if i == 0 || len(ps) < len(nearest) {
			nearest = ps
		}
	}
	return nearest
}

// allFlags reports whether the values that readers list are all there are.
func allFlags(w, r *simple) bool {
	return w.primitive != nil && w.primitive.name == "boolean" && len(r.values) >= 2
}

// takesText reports whether a type takes every text.
func takesText(r *simple) bool {
	return r.primitive == primitives[0] && len(r.patterns) == 0 && r.values == nil && r.length == nil && r.minLength == nil && r.maxLength == nil
}

// wider are primitive types whose texts include those of others.
var wider = map[string][]string{
	"decimal": {"float", "double"},
	"float":   {"double"},
}

// atoms compares types that are neither lists nor unions.
func atoms(w, r *simple, path string) (ps []problem) {
	note := func(kind string, reader contracts.Place, unknown bool, what string) {
		ps = append(ps, problem{kind: kind, path: path, writer: w.place, reader: reader, what: what, unknown: unknown})
	}
	asText := r.primitive.name == "string" && w.primitive.name != "string"
	switch {
	case asText:
	case r.primitive.name != w.primitive.name && !slices.Contains(wider[w.primitive.name], r.primitive.name),
		r.primitive != w.primitive && r.primitive.name == w.primitive.name && r.primitive != primitives[0]:
		note("type", r.place, false, "may be "+w.spoken+", and they take "+r.spoken)
		return ps
	case whole(r) && !whole(w):
		note("type", r.place, false, "may have digits behind the point, and they take a whole number")
	}
	for _, step := range r.patterns {
		switch {
		case step[0].known || slices.ContainsFunc(w.patterns, func(o []*pattern) bool { return equal(o, step) }):
		case !slices.ContainsFunc(w.patterns, func(o []*pattern) bool { return !o[0].known }):
			note("rule", r.patternPlace, false, "must match "+step[0].text+", which nobody asked of who wrote it")
		default:
			note("pattern", r.patternPlace, true, "must match "+step[0].text+", and who wrote it followed another pattern")
		}
	}
	if r.spoken != w.spoken && len(r.patterns) > 0 && r.patterns[0][0].known && !whole(r) {
		note("type", r.place, false, "may be "+w.spoken+", and they take "+r.spoken)
	}
	if asText && (r.length != nil || r.minLength != nil || r.maxLength != nil) {
		note("length", r.place, true, "has a limited length, which cannot be compared with "+w.spoken)
		return ps
	}
	ps = append(ps, limits(w, r, path)...)
	return append(ps, ranges(w, r, path)...)
}

func whole(s *simple) bool {
	return s.primitive != nil && s.primitive.name == "decimal" && (len(s.patterns) > 0 && s.patterns[0][0].known || s.fractionDigits != nil && s.fractionDigits.n == 0)
}

func equal(a, b []*pattern) bool {
	return slices.EqualFunc(a, b, func(x, y *pattern) bool { return x.text == y.text })
}

// limits compares lengths and digits.
func limits(w, r *simple, path string) (ps []problem) {
	least, most := firstLimit(w.length, w.minLength), firstLimit(w.length, w.maxLength)
	for _, l := range []struct {
		limit *limit
		word  string
		ok    bool
	}{
		{r.length, "length", least != nil && most != nil && r.length != nil && least.n == r.length.n && most.n == r.length.n},
		{r.minLength, "minLength", r.minLength != nil && (r.minLength.n == 0 || least != nil && least.n >= r.minLength.n)},
		{r.maxLength, "maxLength", r.maxLength != nil && most != nil && most.n <= r.maxLength.n},
		{r.totalDigits, "totalDigits", r.totalDigits != nil && w.totalDigits != nil && w.totalDigits.n <= r.totalDigits.n},
		{r.fractionDigits, "fractionDigits", r.fractionDigits != nil && (whole(w) || w.fractionDigits != nil && w.fractionDigits.n <= r.fractionDigits.n)},
	} {
		if l.limit != nil && !l.ok {
			ps = append(ps, problem{kind: "bound", path: path, writer: w.place, reader: l.limit.place, what: "is limited: " + l.word + " " + strconv.Itoa(l.limit.n) + " is demanded, and who wrote it may go beyond"})
		}
	}
	return ps
}

func firstLimit(a, b *limit) *limit {
	if a != nil {
		return a
	}
	return b
}

// ranges compares bounds.
func ranges(w, r *simple, path string) (ps []problem) {
	inside := func(own, ownStrict, wanted *bound, strictly bool, sign int) bool {
		for _, o := range []struct {
			b      *bound
			strict bool
		}{{own, false}, {ownStrict, true}} {
			if o.b == nil {
				continue
			}
			order, known := compare(o.b.value, wanted.value)
			if known && (order*sign > 0 || order == 0 && (o.strict || !strictly)) {
				return true
			}
		}
		return false
	}
	for _, b := range []struct {
		wanted      *bound
		own, strict *bound
		strictly    bool
		sign        int
		word        string
	}{
		{r.minInclusive, w.minInclusive, w.minExclusive, false, 1, "at least "},
		{r.minExclusive, w.minInclusive, w.minExclusive, true, 1, "more than "},
		{r.maxInclusive, w.maxInclusive, w.maxExclusive, false, -1, "at most "},
		{r.maxExclusive, w.maxInclusive, w.maxExclusive, true, -1, "less than "},
	} {
		if b.wanted != nil && !inside(b.own, b.strict, b.wanted, b.strictly, b.sign) {
			ps = append(ps, problem{kind: "bound", path: path, writer: w.place, reader: b.wanted.place, what: "is limited: " + b.word + b.wanted.text + " is demanded, and who wrote it may go beyond"})
		}
	}
	return ps
}
