package pactcli_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
)

// A node is a random piece of a JSON body: the example in the pact, its rules
// by path below it, what keeps them, and what breaks one thing. Whether they
// really do, the two engines say; they only have to agree.
type node struct {
	example any
	actual  any
	rules   map[string]rule
	breaks  []broken
	kinds   []string
}

type broken struct {
	how    string // "regex look-ahead: refused", for the table of differences
	actual any
}

type rule struct {
	or       bool
	matchers []any
}

// A kind is one way of asking for a value.
type kind struct {
	name      string
	since     int   // version of the specification
	matchers  []any // none: the value itself is asked for
	or        bool
	example   any
	good, bad []any
}

func obj(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

func match(kind string, more ...any) map[string]any {
	m := obj(more...)
	m["match"] = kind
	return m
}

func one(m any) []any { return []any{m} }

func num(s string) json.Number { return json.Number(s) }

// kinds of values. What stands under bad is refused or odd.
var kinds = []kind{
	{"equal text", 1, nil, false, "4711", []any{"4711"}, []any{"4712", num("4711"), nil, "", "47 11"}},
	{"equal number", 1, nil, false, num("12"), []any{num("12")}, []any{num("13"), "12", num("12.5"), true, nil, num("12.0"), num("1.2e1"), num("-12")}},
	{"equal decimal", 1, nil, false, num("12.5"), []any{num("12.5")}, []any{num("12.50001"), num("12"), "12.5", num("12.50"), num("1.25e1")}},
	{"equal boolean", 1, nil, false, true, []any{true}, []any{false, "true", num("1")}},
	{"equal null", 1, nil, false, nil, []any{nil}, []any{"null", num("0"), false}},
	{"type text", 2, one(match("type")), false, "mes", []any{"erp", "", "ÄÖ"}, []any{num("1"), nil, true, []any{}, obj()}},
	{"type number", 2, one(match("type")), false, num("3"), []any{num("4"), num("-3"), num("4.5"), num("1e3")}, []any{"3", nil, []any{num("3")}}},
	{"type decimal", 2, one(match("type")), false, num("3.5"), []any{num("4.25"), num("4")}, []any{"3.5", true}},
	{"type boolean", 2, one(match("type")), false, false, []any{true, false}, []any{"false", num("0"), nil}},
	{"type null", 2, one(match("type")), false, nil, []any{nil}, []any{"x", num("0")}},
	{"regex", 2, one(match("regex", "regex", `\d{4}`)), false, "4711", []any{"0000", num("4711")}, []any{"x0010", "47110", "", nil, true, num("4711.5"), []any{"4711"}, obj()}},
	{"regex alternatives", 2, one(match("regex", "regex", `ready|running|held`)), false, "held", []any{"ready", "running"}, []any{"ready2", "prerunning", "HELD"}},
	{"regex anchored", 2, one(match("regex", "regex", `^[A-Z]{2}-\d+$`)), false, "LT-1", []any{"AB-99"}, []any{"LT-1\n", "xLT-1", "LT-"}},
	{"regex look-ahead", 2, one(match("regex", "regex", `(?=.*\d)[A-Za-z\d]{3,}`)), false, "ab1", []any{"1ab", "a1b2"}, []any{"abc", "a1", "ab 1"}},
	{"regex look-behind", 2, one(match("regex", "regex", `[A-Z]+(?<!X)\d`)), false, "AB1", []any{"Q7"}, []any{"AX1", "1"}},
	{"regex back reference", 2, one(match("regex", "regex", `(\w+)-\1`)), false, "ab-ab", []any{"7-7"}, []any{"ab-ba", "ab-"}},
	{"regex named group", 2, one(match("regex", "regex", `(?<x>\w)\k<x>`)), false, "aa", []any{"77"}, []any{"ab", "a"}},
	{"regex class of letters", 2, one(match("regex", "regex", `\p{Lu}\p{Ll}+`)), false, "Werk", []any{"Übung"}, []any{"werk", "WERK", "Werk1", "ÜBUNG", "αβ"}},
	{"regex word", 2, one(match("regex", "regex", `\w+`)), false, "abc", []any{"a_1", "grün"}, []any{"a b", "a-b", "café!"}},
	{"regex digits", 2, one(match("regex", "regex", `\d+`)), false, "12", []any{"7"}, []any{"٣", "1.2", "-1", "१२", num("12345678901234567890123")}},
	{"regex spaces", 2, one(match("regex", "regex", `a\sb`)), false, "a b", []any{"a\tb"}, []any{"ab", "a\u00a0b"}},
	{"regex any", 2, one(match("regex", "regex", `.*`)), false, "x", []any{"", "y z"}, []any{"a\nb", []any{"x"}, obj("a", num("1")), nil}},
	{"regex lines", 2, one(match("regex", "regex", `a$\nb`)), false, "a\nb", []any{"a\nb"}, []any{"ab"}},
	{"regex without case", 2, one(match("regex", "regex", `(?i)lot-\d`)), false, "lot-1", []any{"LOT-2"}, []any{"l0t-1", "LOT-٣"}},
	{"regex possessive", 2, one(match("regex", "regex", `\d++-x`)), false, "12-x", []any{"1-x"}, []any{"-x", "12x"}},
	{"regex lazy", 2, one(match("regex", "regex", `a.+?z`)), false, "abz", []any{"azz"}, []any{"az", "abzy"}},
	{"regex atomic", 2, one(match("regex", "regex", `(?>a+)b`)), false, "aab", []any{"ab"}, []any{"b", "aa"}},
	{"regex hexadecimal", 2, one(match("regex", "regex", `[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}`)), false, "c0ffee00-1234-4abc-8def-0123456789ab", []any{"00000000-0000-0000-0000-000000000000"}, []any{"c0ffee00-1234-4abc-8def-0123456789a", "C0FFEE00-1234-4abc-8def-0123456789ab"}},
	{"regex posix class", 2, one(match("regex", "regex", `[[:alpha:]]+`)), false, "ab", []any{"zz"}, []any{"a1", ":"}},
	{"date of the year", 3, one(match("date", "date", "yyyy-DDD")), false, "2026-330", []any{"2026-001", "2026-1"}, []any{"2024-366", "2026-367", "2026-000"}},
	{"date long", 3, one(match("date", "date", "EEEE, d MMMM yyyy")), false, "Thursday, 26 November 2026", []any{"Friday, 26 november 2026"}, []any{"Thu, 26 November 2026", "Thursday, 26 Nov 2026"}},
	{"date without year", 3, one(match("date", "date", "MM/dd")), false, "11/26", []any{"2/3"}, []any{"02/29", "13/01"}},
	{"date without marks", 3, one(match("date", "date", "yyyyMMdd")), false, "20261126", []any{"2026112"}, []any{"20261301", "2026-11-26"}},
	{"time without marks", 3, one(match("time", "time", "HHmm")), false, "0600", []any{"2359"}, []any{"600", "2400"}},
	{"timestamp in words", 3, one(match("timestamp", "timestamp", "dd.MM.yyyy 'um' HH 'o''clock'")), false, "26.11.2026 um 06 o'clock", []any{"1.1.2026 um 6 o'clock"}, []any{"26.11.2026 um 06 oclock", "26.11.2026 UM 06 o'clock"}},
	{"timestamp with Z", 3, one(match("timestamp", "timestamp", "yyyy-MM-dd'T'HH:mm:ssZ")), false, "2026-11-26T06:00:00+0100", []any{"2026-11-26T06:00:00-0000"}, []any{"2026-11-26T06:00:00+01:00", "2026-11-26T06:00:00Z"}},
	{"regex beginnings and ends", 2, one(match("regex", "regex", `^a|b$`)), false, "a", []any{"b"}, []any{"ab", "ax", "a\nx", "a\n"}},
	{"regex repeated interval", 2, one(match("regex", "regex", `a{2}+|b{2,3}?`)), false, "aa", []any{"aaaa", "bb", "bbb"}, []any{"aaa", "b", ""}},
	{"regex optional interval", 2, one(match("regex", "regex", `xa{2}?`)), false, "xaa", []any{"x"}, []any{"xa"}},
	{"regex open interval", 2, one(match("regex", "regex", `a{,2}c`)), false, "ac", []any{"c", "aac"}, []any{"aaac", "a{,2}c"}},
	{"regex options", 2, one(match("regex", "regex", `a(?i)b|c`)), false, "ab", []any{"aB", "aC"}, []any{"c", "C", "Ab"}},
	{"regex across lines", 2, one(match("regex", "regex", `x(?m:a.b)`)), false, "xa-b", []any{"xa\nb"}, []any{"xab"}},
	{"regex without spaces", 2, one(match("regex", "regex", `(?x) a b # the first two`)), false, "ab", []any{"ab"}, []any{"a b", " ab"}},
	{"regex hex digit", 2, one(match("regex", "regex", `\h+\H`)), false, "0fx", []any{"aAz"}, []any{"0f", "gx"}},
	{"regex properties", 2, one(match("regex", "regex", `\p{Alpha}\p{^Lu}\P{Nd}`)), false, "abc", []any{"Äb-"}, []any{"aBc", "ab1", "1bc"}},
	{"regex posix classes", 2, one(match("regex", "regex", `[[:upper:]_]+[[:punct:]][^[:space:]]`)), false, "A_.x", []any{"Ü+1"}, []any{"a.x", "A. ", "AAx"}},
	{"regex class in a class", 2, one(match("regex", "regex", `[a[bc]]+`)), false, "abc", []any{"cab"}, []any{"d", "["}},
	{"regex condition", 2, one(match("regex", "regex", `(a)?(?(1)b|c)`)), false, "ab", []any{"c"}, []any{"b", "ac"}},
	{"regex any line end", 2, one(match("regex", "regex", `a\Rb`)), false, "a\nb", []any{"a\r\nb"}, []any{"ab", "a\n\nb"}},
	{"regex escapes", 2, one(match("regex", "regex", `\_\/\-\x41\u0042\t`)), false, "_/-AB\t", []any{"_/-AB\t"}, []any{"_/-ABt"}},
	{"regex several letters for one", 2, one(match("regex", "regex", `(?i)straße`)), false, "straße", []any{"STRAßE"}, []any{"STRASSE", "strase"}},
	{"regex of another world", 2, one(match("regex", "regex", `\X+`)), false, "ab", []any{"x"}, nil},
	{"integer", 3, one(match("integer")), false, num("5"), []any{num("6"), num("-1"), num("0")}, []any{num("1.5"), num("1.0"), num("1e2"), "x", "5", nil, true, num("-0"), num("12345678901234567890123"), num("1E0"), []any{num("5")}}},
	{"decimal", 3, one(match("decimal")), false, num("1.5"), []any{num("2.25"), num("-0.5")}, []any{num("2"), num("2.0"), "x", "2.5", num("1e2"), nil, false, num("-0"), num("12345678901234567890123"), num("0.1e-3"), num("1.10")}},
	{"number", 3, one(match("number")), false, num("1.5"), []any{num("2"), num("2.5")}, []any{"x", "2.5", "2", nil, true, []any{}, num("1e400"), obj()}},
	{"boolean", 4, one(match("boolean")), false, true, []any{false}, []any{"true", "yes", num("1"), nil}},
	{"null", 3, one(match("null")), false, nil, []any{nil}, []any{num("0"), "", "null"}},
	{"include", 3, one(match("include", "value", "lot")), false, "a lot more", []any{"lot", "ballots"}, []any{"Lot", "", num("1"), nil, []any{"lot"}}},
	{"include number", 3, one(match("include", "value", "47")), false, "x47", []any{"147"}, []any{num("1474"), "4.7", true}},
	{"date", 3, one(match("date", "date", "yyyy-MM-dd")), false, "2026-11-26", []any{"2024-02-29"}, []any{"2026-02-30", "26-11-2026", "2026-11-26T00:00:00", num("20261126"), nil, "2026-1-2", "26-01-02", "2024-02-30", "12026-01-02", " 2026-01-02", "2026-00-10"}},
	{"date German", 3, one(match("date", "date", "dd.MM.yyyy")), false, "26.11.2026", []any{"01.01.2000"}, []any{"1.1.2000", "2000-01-01", "32.01.2000"}},
	{"date short", 3, one(match("date", "date", "d MMM yy")), false, "6 Nov 26", []any{"26 Jan 99"}, []any{"6 November 26", "6 nov 26", "06 Nov 2026", "6 NOV 26", "31 Nov 26", "6 Sept 26"}},
	{"time", 3, one(match("time", "time", "HH:mm:ss")), false, "06:00:00", []any{"23:59:59"}, []any{"24:00:00", "6:00:00", "06:00", "06:60:00", nil, "6:0:0", "06:00:60", "06:00:61"}},
	{"time am", 3, one(match("time", "time", "hh:mm a")), false, "06:00 AM", []any{"12:30 PM"}, []any{"13:00 PM", "06:00", "06:00 am", "6:00 PM", "06:00 Am", "00:30 AM", "06:00 A.M."}},
	{"timestamp", 3, one(match("timestamp", "timestamp", "yyyy-MM-dd'T'HH:mm:ssXXX")), false, "2026-11-26T06:00:00+01:00", []any{"2026-11-26T06:00:00Z", "2026-11-26T06:00:00-05:30"}, []any{"2026-11-26T06:00:00", "2026-11-26 06:00:00Z", "2026-11-26T06:00:00+0100", "2026-11-26T06:00:00.5Z", "2026-11-26T06:00:00+13:00", "2026-11-26T06:00:00+24:00", "2026-11-26T06:00:00+01:60", "2026-11-26T06:00:00z", "2026-02-29T06:00:00Z"}},
	{"timestamp millis", 3, one(match("timestamp", "timestamp", "yyyy-MM-dd'T'HH:mm:ss.SSSX")), false, "2026-11-26T06:00:00.123Z", []any{"2026-11-26T06:00:00.000+01"}, []any{"2026-11-26T06:00:00.12Z", "2026-11-26T06:00:00.1234Z", "2026-11-26T06:00:00Z", "2026-11-26T06:00:00.Z", "2026-11-26T06:00:00.1234567891Z", "2026-11-26T06:00:00.123+0130"}},
	{"datetime", 4, one(match("datetime", "format", "yyyy-MM-dd HH:mm")), false, "2026-11-26 06:00", []any{"1999-12-31 23:59"}, []any{"2026-11-26T06:00", "2026-13-26 06:00", true}},
	{"semver", 4, one(match("semver")), false, "1.2.3", []any{"0.0.1", "1.2.3-rc.1+b5"}, []any{"1.2", "v1.2.3", "01.2.3", num("1.2"), nil, ""}},
	{"not empty", 4, one(match("notEmpty")), false, "x", []any{"y"}, []any{"", nil, num("1"), []any{}, false, obj("a", num("1"))}},
	{"not empty list", 4, one(match("notEmpty")), false, []any{"x"}, []any{[]any{"x"}}, []any{[]any{}, "x", nil, []any{"y", "z"}, []any{""}, []any{num("1")}}},
	{"not empty object", 4, one(match("notEmpty")), false, obj("a", num("1")), []any{obj("a", num("1"))}, []any{obj("a", num("2")), obj("a", "x"), obj("b", num("1")), obj("a", num("1"), "b", num("2")), obj("a", ""), obj("a", nil), obj(), []any{}, nil}},
	{"equality", 3, one(match("equality")), false, "abc", []any{"abc"}, []any{"abd", "", nil, num("1")}},
	{"equality number", 3, one(match("equality")), false, num("100"), []any{num("100")}, []any{num("101"), "100", num("100.0"), num("1e2")}},
	{"and", 3, []any{match("type"), match("regex", "regex", `[a-z]+`)}, false, "ab", []any{"z"}, []any{"1", num("1"), ""}},
	{"or", 3, []any{match("null"), match("regex", "regex", `[a-z]+`)}, true, "ab", []any{nil, "z"}, []any{"1", num("1"), ""}},
	{"or of types", 3, []any{match("null"), match("integer")}, true, num("1"), []any{nil, num("7")}, []any{"7x", num("1.5")}},
	{"min of texts", 2, one(match("type", "min", num("2"))), false, []any{"a"}, []any{[]any{"x", "y"}, []any{"x", "y", "z"}}, []any{[]any{"x"}, []any{}, []any{"x", num("1")}, "x", nil}},
	{"max of texts", 2, one(match("type", "max", num("2"))), false, []any{"a"}, []any{[]any{"x", "y"}, []any{}}, []any{[]any{"x", "y", "z"}, []any{num("1")}, nil}},
	{"min and max", 3, one(match("type", "min", num("1"), "max", num("2"))), false, []any{num("1")}, []any{[]any{num("2")}, []any{num("2"), num("3")}}, []any{[]any{}, []any{num("1"), num("2"), num("3")}, []any{"x"}}},
	{"list as it is", 1, nil, false, []any{"a", num("1")}, []any{[]any{"a", num("1")}}, []any{[]any{"a"}, []any{num("1"), "a"}, []any{"a", num("1"), nil}, []any{}, obj()}},
	{"empty list", 1, nil, false, []any{}, []any{[]any{}}, []any{[]any{"x"}, nil, obj()}},
	{"empty object", 1, nil, false, obj(), []any{obj()}, []any{obj("a", num("1")), []any{}, nil}},
	{"any list", 2, one(match("type")), false, []any{}, []any{[]any{}, []any{"x", num("1")}}, []any{"x", obj(), nil}},
	{"any object", 2, one(match("type")), false, obj(), []any{obj(), obj("a", num("1"))}, []any{"x", []any{}, nil}},
	{"array contains", 4, one(match("arrayContains", "variants", []any{obj("index", num("0"), "rules", obj("$", obj("matchers", one(match("integer")))))})), false, []any{num("1")}, []any{[]any{num("7")}, []any{"x", num("7")}}, []any{[]any{"x"}, []any{}, []any{num("1.5")}, nil}},
	{"each value", 4, one(match("eachValue", "rules", one(match("integer")))), false, obj("a", num("1")), []any{obj("a", num("3")), obj("b", num("2"), "c", num("4"))}, []any{obj("a", "x"), obj("b", num("1.5")), obj(), []any{}, nil}},
	{"each key", 4, one(match("eachKey", "rules", one(match("regex", "regex", `L\d+`)))), false, obj("L1", "x"), []any{obj("L1", "x"), obj("L1", "x", "L2", "y")}, []any{obj("L1", "x", "M2", "y"), obj("M2", "y"), nil}},
	{"each key and value", 4, []any{match("eachKey", "rules", one(match("regex", "regex", `L\d+`))), match("eachValue", "rules", one(match("type")))}, false, obj("L1", "x"), []any{obj("L7", "z"), obj("L1", "a", "L2", "y")}, []any{obj("L1", num("1")), obj("M2", "y")}},
	{"values", 3, one(match("values")), false, obj("a", "x"), []any{obj("a", "x"), obj("b", "x")}, []any{obj("a", num("1")), obj("a", "y"), nil}},
	{"each value of a list", 4, one(match("eachValue", "rules", one(match("regex", "regex", `L\d`)))), false, []any{"L1"}, []any{[]any{"L2"}, []any{"L3", "L4"}}, []any{[]any{"x"}, []any{"L1", "x"}, []any{}, nil}},
	{"content type", 4, nil, false, "text", []any{"text"}, []any{"other"}},
}

// each makes one interaction of version 4 for each value of each kind.
func each() (all []generated) {
	m := maker{rand.New(rand.NewPCG(1, 1)), 4}
	for _, k := range kinds {
		for i, v := range slices.Concat(k.good, k.bad) {
			n := m.leaf(k)
			g := generated{name: fmt.Sprintf("v4-%s-%d", strings.ReplaceAll(k.name, " ", "-"), i), status: 200, headers: http.Header{"Content-Type": {"application/json"}}, kinds: n.kinds}
			g.how, g.body = text(v), `{"v":`+text(v)+`}`
			n = node{example: obj("v", n.example), rules: map[string]rule{}}
			if k.matchers != nil {
				n.rules[".v"] = rule{or: k.or, matchers: k.matchers}
			}
			response := obj("status", num("200"), "matchingRules", m.rules(n, field{}, "header", "", nil))
			m.put(response, "body", n.example)
			g.interaction = obj("type", "Synchronous/HTTP", "description", g.name, "request", obj("method", "GET", "path", "/"+g.name), "response", response)
			all = append(all, g)
		}
	}
	return all
}

// A maker makes random interactions of one version of the specification.
type maker struct {
	*rand.Rand
	version int
}

func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// value makes a random piece; depth bounds how deep it goes.
func (m maker) value(depth int) node {
	switch {
	case depth > 0 && m.IntN(4) == 0:
		return m.object(depth)
	case depth > 0 && m.IntN(4) == 0:
		return m.list(depth)
	}
	for {
		if k := pick(m.Rand, kinds); k.since <= m.version {
			return m.leaf(k)
		}
	}
}

func (m maker) leaf(k kind) node {
	n := node{example: k.example, actual: pick(m.Rand, k.good), kinds: []string{k.name}, rules: map[string]rule{}}
	if k.matchers != nil {
		n.rules[""] = rule{or: k.or, matchers: k.matchers}
	}
	for _, b := range k.bad {
		n.breaks = append(n.breaks, broken{how: fmt.Sprintf("%s: %s", k.name, text(b)), actual: b})
	}
	return n
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// names of keys, some of which need quotes in a path.
var names = []string{"order", "lot", "qty", "unit", "at", "due date", "x-y", "größe", "id"}

func (m maker) object(depth int) node {
	n := node{rules: map[string]rule{}}
	example, actual := map[string]any{}, map[string]any{}
	keys := slices.Clone(names)
	m.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	keys = keys[:1+m.IntN(3)]
	children := map[string]node{}
	for _, k := range keys {
		c := m.value(depth - 1)
		children[k], example[k], actual[k] = c, c.example, c.actual
		n.kinds = append(n.kinds, c.kinds...)
		for path, r := range c.rules {
			n.rules[segment(k)+path] = r
		}
	}
	if m.IntN(5) == 0 && m.version > 1 {
		n.rules[""] = rule{matchers: one(match("type"))}
		n.kinds = append(n.kinds, "type object")
	}
	if m.IntN(3) == 0 {
		actual["undeclared"] = pick(m.Rand, []any{"x", num("1"), nil, []any{}})
	}
	n.example, n.actual = example, actual
	for _, k := range keys {
		for _, b := range children[k].breaks {
			n.breaks = append(n.breaks, broken{b.how, with(actual, k, b.actual)})
		}
		without := maps.Clone(actual)
		delete(without, k)
		n.breaks = append(n.breaks, broken{"object: without a key", without})
	}
	n.breaks = append(n.breaks, broken{"object: null", nil}, broken{"object: list", []any{actual}})
	return n
}

func segment(key string) string {
	if strings.ContainsAny(key, " -ö") {
		return "['" + key + "']"
	}
	return "." + key
}

func with(m map[string]any, k string, v any) map[string]any {
	m = maps.Clone(m)
	m[k] = v
	return m
}

// list makes a list whose elements are like the first, or as they are.
func (m maker) list(depth int) node {
	c := m.value(depth - 1)
	n := node{rules: map[string]rule{}, example: []any{c.example}, kinds: c.kinds}
	if m.version == 1 || m.IntN(3) == 0 {
		for path, r := range c.rules {
			n.rules["[0]"+path] = r
		}
		n.actual = []any{c.actual}
		n.kinds = append(slices.Clone(n.kinds), "list by index")
		for _, b := range c.breaks {
			n.breaks = append(n.breaks, broken{b.how, []any{b.actual}})
		}
		n.breaks = append(n.breaks, broken{"list by index: longer", []any{c.actual, c.actual}}, broken{"list by index: empty", []any{}})
		return n
	}
	lower, upper := 1+m.IntN(2), 3
	n.rules[""] = rule{matchers: one(match("type", "min", num(fmt.Sprint(lower))))}
	if m.version > 2 && m.IntN(2) == 0 {
		n.rules[""] = rule{matchers: one(match("type", "min", num(fmt.Sprint(lower)), "max", num(fmt.Sprint(upper))))}
	}
	n.kinds = append(slices.Clone(n.kinds), "list of like")
	for path, r := range c.rules {
		n.rules["[*]"+path] = r
	}
	many := func(k int, last any) (list []any) {
		for range k - 1 {
			list = append(list, c.actual)
		}
		return append(list, last)
	}
	n.actual = many(lower+m.IntN(2), c.actual)
	for _, b := range c.breaks {
		n.breaks = append(n.breaks, broken{b.how, many(lower+1, b.actual)})
	}
	n.breaks = append(n.breaks,
		broken{"list: empty", []any{}}, broken{"list: too long", many(upper+1, c.actual)},
		broken{"list: null", nil}, broken{"list: object", obj("0", c.actual)})
	return n
}
