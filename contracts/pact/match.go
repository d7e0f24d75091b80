package pact

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A comparison collects the differences between what is expected and what was
// there.
type comparison struct {
	rules  []Rule
	strict bool // what is not expected must not be there, as in requests
	text   bool // values are texts, as in XML and in forms
	found  []mismatch
}

// maxFound bounds the differences that are told of one part.
const maxFound = 50

func (c *comparison) note(at []step, want, got string) {
	if len(c.found) < maxFound {
		c.found = append(c.found, mismatch{at: show(at), want: want, got: got})
	}
}

func (c *comparison) unknown(at []step, err error) {
	c.found = append(c.found, mismatch{at: show(at), want: "a verdict", got: err.Error(), unknown: true})
}

// rule is the rule that holds at a place: of all whose path fits, the one that
// fits best; of equals the longest, and then the last. below is true if it
// stands above the place.
func (c *comparison) rule(at []step) (best *Rule, below bool) {
	top := 0
	for i := range c.rules {
		r := &c.rules[i]
		w := weight(r.At, at)
		if w == 0 || len(r.At) < len(at) && !r.spreads() {
			continue
		}
		if w > top || w == top && len(r.At) >= len(best.At) {
			best, top = r, w
		}
	}
	return best, best != nil && len(best.At) < len(at)
}

// spreads reports whether a rule holds below its place too.
func (r *Rule) spreads() bool {
	for _, m := range r.Matchers {
		switch m.Kind {
		case "values", "arrayContains", "eachKey", "eachValue":
		default:
			return true
		}
	}
	return false
}

// holds applies f to the matchers of a rule. All must agree, or one if the
// rule says so; the first that does not is told.
func (c *comparison) holds(r *Rule, at []step, got any, f func(m Matcher) (string, error)) bool {
	want := ""
	for _, m := range r.Matchers {
		w, err := f(m)
		switch {
		case err != nil:
			c.unknown(at, err)
			return false
		case w == "" && r.Any:
			return true
		case w != "" && !r.Any:
			c.note(at, w, show1(got))
			return false
		case w != "":
			want = w
		}
	}
	if want != "" {
		c.note(at, want, show1(got))
	}
	return want == ""
}

// json compares values of JSON.
func (c *comparison) json(at []step, want, got any) {
	switch want := want.(type) {
	case map[string]any:
		if m, ok := got.(map[string]any); ok {
			c.object(at, want, m)
			return
		}
	case []any:
		if l, ok := got.([]any); ok {
			c.list(at, want, l)
			return
		}
	}
	c.scalar(at, want, got)
}

func (c *comparison) scalar(at []step, want, got any) {
	r, below := c.rule(at)
	if r == nil {
		if !equal(want, got) {
			c.note(at, show1(want), show1(got))
		}
		return
	}
	c.holds(r, at, got, func(m Matcher) (string, error) {
		switch m.Kind {
		case "values", "arrayContains", "eachKey", "eachValue":
			if kind(want) != kind(got) {
				return kind(want), nil
			}
			return "", nil
		}
		if w, isText := want.(string); isText && c.text {
			return m.written(w, text(got))
		}
		return m.value(want, got, below)
	})
}

// has returns the matcher of a kind in a rule.
func (r *Rule) has(kinds ...string) *Matcher {
	if r == nil {
		return nil
	}
	for i := range r.Matchers {
		if contains(kinds, r.Matchers[i].Kind) {
			return &r.Matchers[i]
		}
	}
	return nil
}

func (c *comparison) object(at []step, want, got map[string]any) {
	r, below := c.rule(at)
	if !below && r != nil {
		if r.has("values", "eachValue") != nil {
			c.eachValue(r, at, want, got)
			c.eachKey(r, at, got)
			return
		}
		if r.has("eachKey") != nil {
			c.eachKey(r, at, got)
			for _, k := range sortedKeys(want) {
				if v, ok := got[k]; ok {
					c.json(down(at, step{name: k}), want[k], v)
				}
			}
			return
		}
		if m := r.has("equality"); m != nil && len(r.Matchers) == 1 {
			if !equal(want, got) {
				c.note(at, show1(want), show1(got))
			}
			return
		}
		if !c.holds(r, at, got, func(m Matcher) (string, error) { return m.value(want, got, false) }) {
			return
		}
	}
	if r == nil && len(want) == 0 && len(got) > 0 && c.strict {
		c.note(at, "an empty object", show1(got))
		return
	}
	c.keys(at, want, got)
	for _, k := range sortedKeys(want) {
		if v, ok := got[k]; ok {
			c.json(down(at, step{name: k}), want[k], v)
		}
	}
}

// keys demands the keys that are expected, and in a request no others.
func (c *comparison) keys(at []step, want, got map[string]any) {
	for _, k := range sortedKeys(want) {
		if _, ok := got[k]; !ok {
			c.note(down(at, step{name: k}), show1(want[k]), "nothing")
		}
	}
	if !c.strict {
		return
	}
	for _, k := range sortedKeys(got) {
		if _, ok := want[k]; !ok {
			c.note(down(at, step{name: k}), "nothing", show1(got[k]))
		}
	}
}

// eachValue holds every value of an object against the example of its key, or
// the first example, and against the rules of the matcher.
func (c *comparison) eachValue(r *Rule, at []step, want, got map[string]any) {
	examples := sortedKeys(want)
	for _, k := range sortedKeys(got) {
		here := down(at, step{name: k})
		example, ok := want[k]
		if !ok && len(examples) > 0 {
			example, ok = want[examples[0]], true
		}
		if m := r.has("eachValue"); m != nil && len(m.Rules) > 0 {
			c.holds(&Rule{Matchers: m.Rules}, here, got[k], func(m Matcher) (string, error) { return m.value(example, got[k], false) })
			continue
		}
		if ok {
			c.json(here, example, got[k])
		}
	}
}

// eachKey holds every key of an object against the rules of the matcher.
func (c *comparison) eachKey(r *Rule, at []step, got map[string]any) {
	m := r.has("eachKey")
	if m == nil {
		return
	}
	for _, k := range sortedKeys(got) {
		c.holds(&Rule{Matchers: m.Rules}, down(at, step{name: k}), k, func(m Matcher) (string, error) { return m.value(k, k, false) })
	}
}

func (c *comparison) list(at []step, want, got []any) {
	r, below := c.rule(at)
	if r == nil {
		c.same(at, want, got)
		return
	}
	if !below {
		if m := r.has("arrayContains"); m != nil {
			c.contains(m, at, want, got)
			return
		}
		if m := r.has("equality"); m != nil && len(r.Matchers) == 1 {
			if !equal(want, got) {
				c.note(at, show1(want), show1(got))
			}
			return
		}
		if m := r.has("eachValue", "eachKey", "values"); m != nil {
			for i := range got {
				here := down(at, step{isAt: true, index: i})
				if m.Kind == "eachValue" && len(m.Rules) > 0 {
					c.holds(&Rule{Matchers: m.Rules}, here, got[i], func(m Matcher) (string, error) { return m.value(example(want, i), got[i], false) })
				} else if len(want) > 0 {
					c.json(here, example(want, i), got[i])
				}
			}
			return
		}
	}
	if !c.holds(r, at, got, func(m Matcher) (string, error) {
		if m.Kind == "regex" && below {
			return "", nil // it is about what is in the list
		}
		return m.value(want, got, below)
	}) {
		return
	}
	if len(want) == 0 {
		return // a list of anything
	}
	for i := range got {
		c.json(down(at, step{isAt: true, index: i}), example(want, i), got[i])
	}
}

// example is the expected element at an index, or the first.
func example(want []any, i int) any {
	if len(want) == 0 {
		return nil
	}
	if i < len(want) {
		return want[i]
	}
	return want[0]
}

// same compares lists element by element.
func (c *comparison) same(at []step, want, got []any) {
	if len(want) != len(got) {
		c.note(at, count(len(want)), count(len(got)))
	}
	for i := range min(len(want), len(got)) {
		c.json(down(at, step{isAt: true, index: i}), want[i], got[i])
	}
}

func count(n int) string {
	if n == 1 {
		return "1 element"
	}
	return strconv.Itoa(n) + " elements"
}

// contains demands an element for each variant.
func (c *comparison) contains(m *Matcher, at []step, want, got []any) {
	variants := m.Options
	if len(variants) == 0 {
		for i := range want {
			variants = append(variants, Variant{Index: i})
		}
	}
	for _, v := range variants {
		if v.Index >= len(want) {
			continue
		}
		found := false
		for i := range got {
			one := comparison{rules: v.Rules, strict: c.strict}
			one.json([]step{{root: true}}, want[v.Index], got[i])
			if len(one.found) == 0 {
				found = true
				break
			}
			for _, f := range one.found {
				if f.unknown {
					c.found = append(c.found, f)
				}
			}
		}
		if !found {
			c.note(at, "an element like "+show1(want[v.Index]), show1(got))
		}
	}
}

// texts compares one text with another by the rules of a named thing, such as
// a header.
func texts(rules []Rule, at []step, name, want, got string, same func(a, b string) bool) (found []mismatch) {
	c := comparison{rules: rules}
	r, _ := c.rule(at)
	if r == nil {
		if !same(want, got) {
			return []mismatch{{at: name, want: strconv.Quote(want), got: strconv.Quote(got)}}
		}
		return nil
	}
	c.holds(r, at, got, func(m Matcher) (string, error) { return m.written(want, got) })
	for i := range c.found {
		c.found[i].at = name
	}
	return c.found
}

// errShape says that a body cannot be read as what it says it is.
var errShape = errors.New("cannot be read")

// verdict sums differences up: none, some, or that it cannot be told.
func verdict(found []mismatch) (ok bool, err error) {
	var unknown []string
	for _, m := range found {
		if !m.unknown {
			return false, nil
		}
		unknown = append(unknown, m.got)
	}
	if len(unknown) > 0 {
		return false, fmt.Errorf("%w: %s", errCannotTell, strings.Join(unknown, "; "))
	}
	return true, nil
}
