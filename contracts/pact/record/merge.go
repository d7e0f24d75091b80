package record

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A merged is what several values have in common.
type merged struct {
	example any
	kinds   []string           // of the values: text, number, boolean, null, list, object; sorted
	texts   []string           // all texts that were seen
	whole   bool               // all numbers are integers
	fields  map[string]*merged // of objects, those that all have
	element *merged            // of lists; nil if all are empty
	each    []*merged          // of lists whose elements are not alike: one for each
	least   int                // of lists, the fewest elements
}

// merge says what values have in common. The first one that is not null is the
// example, without the fields that others lack. With strict, which needs values
// of one shape, nothing is left out of it.
func merge(values []any, strict bool) *merged {
	m := &merged{whole: true, least: -1}
	for _, v := range values {
		m.kinds = append(m.kinds, kindOf(v))
		switch v := v.(type) {
		case string:
			m.texts = append(m.texts, v)
		case json.Number:
			m.whole = m.whole && !strings.ContainsAny(v.String(), ".eE")
		}
		if m.example == nil {
			m.example = v
		}
	}
	slices.Sort(m.kinds)
	m.kinds = slices.Compact(m.kinds)
	if !m.clear() {
		return m
	}
	switch first := m.example.(type) {
	case map[string]any:
		m.object(first, values, strict)
	case []any:
		m.list(values, strict)
	}
	return m
}

// clear reports whether all values are of one kind, but for nulls.
func (m *merged) clear() bool {
	return len(m.kinds) == 1 || len(m.kinds) == 2 && slices.Contains(m.kinds, "null")
}

func (m *merged) object(first map[string]any, values []any, strict bool) {
	m.fields = map[string]*merged{}
	example := map[string]any{}
	for k := range first {
		var inside []any
		for _, v := range values {
			o, isObject := v.(map[string]any)
			if !isObject {
				continue
			}
			one, there := o[k]
			if !there {
				inside = nil
				break
			}
			inside = append(inside, one)
		}
		if inside == nil {
			continue
		}
		// A field of many kinds is left out: no rule fits all of them.
		if f := merge(inside, strict); f.clear() {
			m.fields[k], example[k] = f, f.example
		}
	}
	m.example = example
}

func (m *merged) list(values []any, strict bool) {
	var inside []any
	for _, v := range values {
		l, isList := v.([]any)
		if !isList {
			continue
		}
		inside = append(inside, l...)
		if m.least < 0 || len(l) < m.least {
			m.least = len(l)
		}
	}
	m.example = []any{}
	if len(inside) == 0 {
		return
	}
	if strict && !alike(shapesOf(inside)) {
		m.byPlace(values)
		return
	}
	if e := merge(inside, strict); e.clear() {
		m.element, m.example = e, []any{e.example}
	}
	if strict {
		m.example = values[0] // each element may mean something else
	}
}

// byPlace merges the elements of lists that are all of one length, place by
// place.
func (m *merged) byPlace(values []any) {
	var example []any
	for i := range m.least {
		var inside []any
		for _, v := range values {
			inside = append(inside, v.([]any)[i])
		}
		e := merge(inside, true)
		m.each, example = append(m.each, e), append(example, e.example)
	}
	m.example = example
}

func shapesOf(values []any) (all []string) {
	for _, v := range values {
		all = append(all, shape(v))
	}
	return all
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case bool:
		return "boolean"
	case []any:
		return "list"
	case map[string]any:
		return "object"
	}
	return "number"
}

// rules adds the rules of m and of what is in it.
func (m *merged) rules(at string, to map[string]any) {
	one := m.matcher()
	switch {
	case len(m.kinds) == 2:
		to[at] = matchers(true, matcher("null"), one) // its fields are not looked at, as they may not be there
		return
	case one != nil:
		to[at] = matchers(false, one)
	}
	for _, k := range sorted(m.fields) {
		m.fields[k].rules(at+segment(k), to)
	}
	if m.element != nil {
		m.element.rules(at+"[*]", to)
	}
	for i, e := range m.each {
		e.rules(at+"["+strconv.Itoa(i)+"]", to)
	}
}

// plainKey is a key that stands in a path without quotes.
var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func segment(key string) string {
	if plainKey.MatchString(key) {
		return "." + key
	}
	return "['" + key + "']"
}

// matcher is what all values keep; nil of an object that is always there,
// whose fields say enough.
func (m *merged) matcher() map[string]any {
	switch kindOf(m.example) {
	case "null":
		return matcher("null")
	case "boolean":
		return matcher("type")
	case "number":
		if m.whole {
			return matcher("integer")
		}
		return matcher("number")
	case "list":
		if m.each != nil {
			return nil // as many as there are
		}
		t := matcher("type")
		if m.least > 0 {
			t["min"] = 1
		}
		return t
	case "object":
		if len(m.kinds) == 2 || len(m.fields) == 0 {
			return matcher("type")
		}
		return nil
	}
	return textMatcher(m.texts)
}

// textMatcher is the format that all texts have, or that they are texts. What
// was seen once is not known to vary, and could be anything; but a moment is
// one.
func textMatcher(texts []string) map[string]any {
	f := format(texts[0])
	if f == nil {
		return matcher("type")
	}
	for _, s := range texts {
		if g := format(s); g == nil || g.name != f.name {
			return matcher("type")
		}
	}
	if f.moment {
		return map[string]any{"match": "datetime", "format": f.rule}
	}
	slices.Sort(texts)
	if len(slices.Compact(texts)) < 2 {
		return matcher("type")
	}
	return regex(f.rule)
}

// A formatted is a way to write a text.
type formatted struct {
	name   string
	rule   string // a pattern, or the format of a moment
	moment bool
}

var formatsOf = []struct {
	formatted
	is *regexp.Regexp
}{
	{formatted{"timestamp", "yyyy-MM-dd'T'HH:mm:ssXXX", true}, regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-](0\d|1[01]):\d\d)$`)},
	{formatted{"timestamp with milliseconds", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", true}, regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,3}(Z|[+-](0\d|1[01]):\d\d)$`)},
	{formatted{"date", "yyyy-MM-dd", true}, regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)},
	{formatted{"uuid", `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`, false}, regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)},
	{formatted{"decimal", `-?\d+(\.\d+)?`, false}, regexp.MustCompile(`^-?(0|[1-9]\d{0,11})(\.\d+)?$`)},
}

// format is how a text is written, nil if it is just a text. Numbers with
// leading zeros are ids, of which only their length is asked for.
func format(s string) *formatted {
	for i := range formatsOf {
		if formatsOf[i].is.MatchString(s) {
			return &formatsOf[i].formatted
		}
	}
	if len(s) > 1 && strings.Trim(s, "0123456789") == "" {
		n := strconv.Itoa(len(s))
		return &formatted{name: n + " digits", rule: `\d{` + n + `}`}
	}
	return nil
}
