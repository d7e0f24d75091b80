package xsd

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// A set is a set of characters: pairs of first and last, sorted, with gaps
// between them.
type set []rune

func classSet(expr string) set {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil || re.Op != syntax.OpCharClass {
		panic("xsd: not a class: " + expr)
	}
	return set(re.Rune)
}

func tableSet(t *unicode.RangeTable) (s set) {
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			s = append(s, lo, hi)
			return
		}
		for c := lo; c <= hi; c += stride {
			s = append(s, c, c)
		}
	}
	for _, r := range t.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return s.tidy()
}

// tidy sorts the pairs and joins those that touch.
func (s set) tidy() set {
	type pair struct{ lo, hi rune }
	var all []pair
	for i := 0; i+1 < len(s); i += 2 {
		all = append(all, pair{s[i], s[i+1]})
	}
	slices.SortFunc(all, func(a, b pair) int { return int(a.lo - b.lo) })
	var out set
	for _, p := range all {
		if n := len(out); n > 0 && p.lo <= out[n-1]+1 {
			out[n-1] = max(out[n-1], p.hi)
			continue
		}
		out = append(out, p.lo, p.hi)
	}
	return out
}

func (s set) single() bool { return len(s) == 2 && s[0] == s[1] }

func (s set) with(o set) set { return slices.Concat(s, o).tidy() }

func (s set) complement() (out set) {
	from := rune(0)
	for i := 0; i < len(s); i += 2 {
		if from < s[i] {
			out = append(out, from, s[i]-1)
		}
		from = s[i+1] + 1
	}
	if from <= unicode.MaxRune {
		out = append(out, from, unicode.MaxRune)
	}
	return out
}

func (s set) without(o set) set { return s.complement().with(o).complement() }

// String writes s as a class of Go's expressions.
func (s set) String() string {
	if len(s) == 0 {
		return `[^\x00-\x{10FFFF}]`
	}
	var b strings.Builder
	b.WriteByte('[')
	for i := 0; i < len(s); i += 2 {
		fmt.Fprintf(&b, `\x{%X}-\x{%X}`, s[i], s[i+1])
	}
	b.WriteByte(']')
	return b.String()
}
