package pact

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// truth is an answer to whether one demand implies another.
type truth int

const (
	no truth = iota
	unsure
	yes
)

// A demand is what a pact asks of one value: its example word for word, or
// what a rule says instead.
type demand struct {
	rule    *Rule // nil for the example itself
	example any
	text    bool // values are texts, as in headers, XML and forms
}

// matchers are those of d, of which one suffices if anyOf.
func (d demand) matchers() (all []Matcher, anyOf bool) {
	if d.rule == nil {
		return []Matcher{{Kind: "equality", Min: -1, Max: -1}}, false
	}
	return d.rule.Matchers, d.rule.Any
}

// implies reports whether each value that meets d meets e. Rules are taken to
// be about values of their example's kind: a pattern to be about texts if the
// example is one, although it would match the digits of a number too.
func (d demand) implies(e demand) truth {
	if ok, known := e.admits(d.example); known && !ok {
		return no // the example itself does not
	}
	wanted, anyOf := e.matchers()
	answers := make([]truth, len(wanted))
	for i, m := range wanted {
		answers[i] = d.impliesOne(m, e)
	}
	return combine(answers, anyOf)
}

func (d demand) impliesOne(m Matcher, e demand) truth {
	have, anyOf := d.matchers()
	answers := make([]truth, len(have))
	for i, h := range have {
		answers[i] = h.implies(d, m, e)
	}
	return combine(answers, !anyOf) // of several that all hold, one is enough
}

// combine is the best of answers, or the worst.
func combine(answers []truth, best bool) truth {
	if len(answers) == 0 {
		return yes
	}
	if best {
		return slices.Max(answers)
	}
	return slices.Min(answers)
}

// admits reports whether v meets d, and whether that can be told.
func (d demand) admits(v any) (ok, known bool) {
	all, anyOf := d.matchers()
	ok = !anyOf
	for _, m := range all {
		var want string
		var err error
		if s, isText := d.example.(string); isText && d.text {
			want, err = m.written(s, text(v))
		} else {
			want, err = m.value(d.example, v, true)
		}
		if err != nil {
			return false, false
		}
		if anyOf {
			ok = ok || want == ""
		} else {
			ok = ok && want == ""
		}
	}
	return ok, true
}

// formal are matchers of texts by their form.
var formal = []string{"regex", "date", "time", "timestamp", "datetime", "include", "semver"}

// implies reports whether what meets k, of d, meets m, of e.
func (k Matcher) implies(d demand, m Matcher, e demand) truth {
	if k.Kind == "equality" {
		return told(demand{rule: &Rule{Matchers: []Matcher{m}}, example: e.example, text: e.text}.admits(d.example))
	}
	if k.like(m) && (k.Kind != "type" && k.Kind != "notEmpty" || kind(d.example) == kind(e.example)) {
		return yes
	}
	switch m.Kind {
	case "type":
		return k.isOf(d, e)
	case "equality":
		if k.Kind == "regex" && k.Regex == regexp.QuoteMeta(text(e.example)) || k.Kind == "null" {
			return yes // and the example of d is the same
		}
		return no
	case "notEmpty":
		return k.isSomething(d)
	case "number":
		return of(k.Kind == "integer" || k.Kind == "decimal" || k.Kind == "type" && !d.text && kind(d.example) == "a number")
	case "boolean":
		return of(k.Kind == "type" && kind(d.example) == "a boolean")
	case "null":
		return of(k.Kind == "type" && d.example == nil)
	case "include":
		if k.Kind == "include" {
			return of(strings.Contains(k.Value, m.Value))
		}
	}
	switch {
	case k.Kind == "type", k.Kind == "notEmpty", !contains(formal, k.Kind) || !contains(formal, m.Kind):
		return no
	}
	return unsure // whether one pattern is within another nobody can say
}

func of(b bool) truth {
	if b {
		return yes
	}
	return no
}

func told(ok, known bool) truth {
	if !known {
		return unsure
	}
	return of(ok)
}

// like reports whether k and m ask the same of values of one kind.
func (k Matcher) like(m Matcher) bool {
	k.Min, k.Max, m.Min, m.Max = 0, 0, 0, 0 // told with the length of lists
	return reflect.DeepEqual(k, m)
}

// isOf reports whether what meets k has the kind of e's example. Texts that
// are no JSON have only one.
func (k Matcher) isOf(d, e demand) truth {
	return of(d.text && e.text || kind(d.example) == kind(e.example))
}

// isSomething reports whether what meets k is not empty.
func (k Matcher) isSomething(d demand) truth {
	switch k.Kind {
	case "type":
		return of(!d.text && slices.Contains([]string{"a number", "a boolean"}, kind(d.example)))
	case "null":
		return no
	case "include":
		return of(k.Value != "")
	case "regex":
		want, err := k.regex("")
		return told(want != "", err == nil)
	}
	return yes
}

// String says what is asked, for people.
func (d demand) String() string {
	if d.rule == nil {
		return show1(d.example)
	}
	var all []string
	for _, m := range d.rule.Matchers {
		all = append(all, m.words(d.example))
	}
	join := " and "
	if d.rule.Any {
		join = " or "
	}
	return strings.Join(all, join)
}

// words says what a matcher asks for.
func (k Matcher) words(example any) string {
	switch k.Kind {
	case "type":
		return "anything of the type of " + show1(example)
	case "regex":
		return "what matches " + k.Regex
	case "equality":
		return show1(example)
	case "include":
		return "what includes " + strconv.Quote(k.Value)
	case "date", "time", "timestamp", "datetime":
		if k.Format != "" {
			return "a " + k.Kind + " as " + k.Format
		}
		return "a " + k.Kind
	case "integer":
		return "an integer"
	case "decimal":
		return "a number with decimals"
	case "number", "boolean":
		return "a " + k.Kind
	case "notEmpty":
		return "anything that is not empty"
	case "semver":
		return "a semantic version"
	case "contentType":
		return "content of type " + k.Value
	}
	return k.Kind
}
