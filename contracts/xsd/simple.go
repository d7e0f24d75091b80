package xsd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// whiteSpace says what is done to a text before it is read.
type whiteSpace int

const (
	preserve whiteSpace = iota
	replace
	collapse
)

var whiteSpaceNames = []string{"preserve", "replace", "collapse"}

// on returns s as it is read.
func (w whiteSpace) on(s string) string {
	switch w {
	case preserve:
		return s
	case replace:
		return strings.Map(spaced, s)
	}
	return strings.Join(strings.FieldsFunc(s, isSpace), " ")
}

func isSpace(c rune) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// A simple is a simple type with all that its bases demand. Exactly one of
// primitive, item and members is set, or none for the type that takes
// everything.
type simple struct {
	name      name
	part      string // what its values are called by
	place     contracts.Place
	spoken    string // for messages
	primitive *primitive
	item      *simple
	members   []*simple
	white     whiteSpace
	cost      int // how many types are tried for one text at most

	length, minLength, maxLength *limit
	minInclusive, minExclusive   *bound
	maxInclusive, maxExclusive   *bound
	totalDigits, fractionDigits  *limit
	patterns                     [][]*pattern // one of each must match
	patternPlace                 contracts.Place
	values                       []enumerated // nil if not enumerated
}

type limit struct {
	n     int
	place contracts.Place
}

type bound struct {
	value
	text  string
	place contracts.Place
}

type enumerated struct {
	canon, text string
	place       contracts.Place
}

// A refusal says what a text should have been.
type refusal struct {
	want  string
	place contracts.Place
	enum  bool // it is none of the values that are listed
}

// anySimple takes every text.
func (s *simple) anySimple() bool { return s.primitive == nil && s.item == nil && s.members == nil }

// read reads a text as a value of the type. open says that a union took it by
// a member without listed values, although another has some.
func (s *simple) read(text string, in *scope) (v value, open bool, no *refusal) {
	text = s.white.on(text)
	switch {
	case s.item != nil:
		v, no = s.list(text, in)
	case s.members != nil:
		v, open, no = s.union(text, in)
	case s.anySimple():
		v = plainText(text)
	default:
		var ok bool
		if v, ok = s.primitive.parse(text, in); !ok {
			no = &refusal{want: s.spoken, place: s.place}
		} else {
			v.canon = s.primitive.name + " " + v.canon
		}
	}
	if no == nil {
		no = s.facets(v, text)
	}
	return v, open, no
}

func (s *simple) list(text string, in *scope) (value, *refusal) {
	items := strings.FieldsFunc(text, isSpace)
	canon := make([]string, len(items))
	for i, one := range items {
		v, _, no := s.item.read(one, in)
		if no != nil {
			no.want = "a list, each item " + no.want
			return value{}, no
		}
		canon[i] = v.canon
	}
	return value{canon: "list " + strings.Join(canon, "\x00"), length: len(items)}, nil
}

func (s *simple) union(text string, in *scope) (value, bool, *refusal) {
	var wants []string
	listed := false
	for _, m := range s.members {
		v, open, no := m.read(text, in)
		if no == nil {
			return v, open || listed && m.values == nil, nil
		}
		listed = listed || m.values != nil
		wants = append(wants, no.want)
	}
	return value{}, false, &refusal{want: strings.Join(wants, ", or "), place: s.place}
}

func (s *simple) facets(v value, text string) *refusal {
	if len(s.patterns) > 0 {
		for _, step := range s.patterns {
			if !matchesOne(step, text) {
				return &refusal{want: "a text that matches " + step[0].text, place: s.patternPlace}
			}
		}
	}
	for _, l := range []struct {
		limit *limit
		ok    func(n int) bool
		word  string
	}{
		{s.length, func(n int) bool { return v.length == n }, "of length "},
		{s.minLength, func(n int) bool { return v.length >= n }, "of length at least "},
		{s.maxLength, func(n int) bool { return v.length <= n }, "of length at most "},
		{s.totalDigits, func(n int) bool { t, _ := digits(text); return t <= n }, "of digits at most "},
		{s.fractionDigits, func(n int) bool { _, f := digits(text); return f <= n }, "of digits behind the point at most "},
	} {
		if l.limit != nil && !l.ok(l.limit.n) {
			return &refusal{want: s.spoken + " " + l.word + strconv.Itoa(l.limit.n), place: l.limit.place}
		}
	}
	if no := s.bounds(v); no != nil {
		return no
	}
	if s.values == nil {
		return nil
	}
	var texts []string
	for _, e := range s.values {
		if e.canon == v.canon {
			return nil
		}
		texts = append(texts, strconv.Quote(e.text))
	}
	if len(texts) > 12 {
		texts = append(texts[:12], fmt.Sprintf("… (%d values)", len(s.values)))
	}
	return &refusal{want: "one of " + strings.Join(texts, ", "), place: s.values[0].place, enum: true}
}

func matchesOne(step []*pattern, text string) bool {
	for _, p := range step {
		if p.re.MatchString(text) {
			return true
		}
	}
	return false
}

func (s *simple) bounds(v value) *refusal {
	for _, b := range []struct {
		bound *bound
		ok    func(order int) bool
		word  string
	}{
		{s.minInclusive, func(o int) bool { return o >= 0 }, "at least "},
		{s.minExclusive, func(o int) bool { return o > 0 }, "more than "},
		{s.maxInclusive, func(o int) bool { return o <= 0 }, "at most "},
		{s.maxExclusive, func(o int) bool { return o < 0 }, "less than "},
	} {
		if b.bound == nil {
			continue
		}
		order, known := compare(v, b.bound.value)
		if !known || !b.ok(order) {
			return &refusal{want: s.spoken + " " + b.word + b.bound.text, place: b.bound.place}
		}
	}
	return nil
}

// compare orders two values of one primitive type; known is false if they
// cannot be ordered.
func compare(a, b value) (order int, known bool) {
	switch {
	case a.number != nil && b.number != nil:
		return a.number.Cmp(b.number), true
	case a.moment != nil && b.moment != nil:
		return a.moment.compare(b.moment)
	case a.float < b.float:
		return -1, true
	case a.float > b.float:
		return 1, true
	}
	return 0, a.float == b.float // not so of NaN
}

// digits counts the digits of a decimal number without those that say
// nothing, in all and behind the point.
func digits(text string) (total, fraction int) {
	text = strings.TrimLeft(text, "+-")
	whole, behind, _ := strings.Cut(text, ".")
	whole, behind = strings.TrimLeft(whole, "0"), strings.TrimRight(behind, "0")
	return max(len(whole)+len(behind), 1), len(behind)
}
