package pact

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

// What is called harmless must be: an answer that the old pact takes, the new
// one takes, and a request that the new one makes, the old one took. Answers
// and requests are made at random from the examples of both.
func TestChangesSound(t *testing.T) {
	harmless, breaking, tried := 0, 0, 0
	for seed := range uint64(1500) {
		g := guesser{rand.New(rand.NewPCG(seed, 7))}
		before, rules := g.value(0), map[string]any{}
		g.rules("$", before, rules)
		after, others := g.change(before, 0), g.changeRules(rules)
		a, b := g.pact(before, rules), g.pact(after, others)
		if !takes(a.Interactions[0].Request, before, true) || !takes(b.Interactions[0].Request, after, true) {
			continue // an example that breaks its own rules is nobody's pact
		}
		found, err := Format{}.Changes(a, b, contracts.Full)
		if err != nil {
			t.Fatal(err)
		}
		request, answer := worst(found, "request"), worst(found, "response")
		for range 30 {
			body := g.change(g.change([]any{before, after}[g.IntN(2)], 0), 0)
			old, next := a.Interactions[0], b.Interactions[0]
			tried++
			if answer == contracts.Safe && sameKinds(before, body) && takes(old.Response, body, false) && !takes(next.Response, body, false) {
				t.Fatalf("seed %d: %s by %s to %s by %s is harmless in an answer, and %s is not: %v", seed, text(before), text(rules), text(after), text(others), text(body), found)
			}
			if request == contracts.Safe && sameKinds(after, body) && takes(next.Request, body, true) && !takes(old.Request, body, true) {
				t.Fatalf("seed %d: %s by %s to %s by %s is harmless in a request, and %s is not: %v", seed, text(before), text(rules), text(after), text(others), text(body), found)
			}
		}
		// What is sent must have been taken, unless that is told.
		if request < contracts.Breaking && !takes(a.Interactions[0].Request, after, true) {
			t.Fatalf("seed %d: %s by %s to %s: what is sent now was not taken, and the worst is %v", seed, text(before), text(rules), text(after), request)
		}
		if request == contracts.Safe || answer == contracts.Safe {
			harmless++
		}
		if request == contracts.Breaking || answer == contracts.Breaking {
			breaking++
		}
	}
	t.Logf("%d pairs harmless one way or both, %d breaking, %d bodies tried", harmless, breaking, tried)
	if harmless < 400 || breaking < 400 {
		t.Error("hardly any pairs of one kind: the test shows little")
	}
}

// worst is the severity of the worst change of one side.
func worst(all []contracts.Change, side string) contracts.Severity {
	return contracts.Worst(slices.DeleteFunc(slices.Clone(all), func(c contracts.Change) bool { return !strings.HasPrefix(c.Path, "i > "+side+" ") }))
}

func takes(p Part, body any, strict bool) bool {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	got := Body{Presence: Present, ContentType: "application/json", Bytes: raw}
	return len(bodies(p, actual{Body: got}, strict)) == 0
}

// sameKinds reports whether values keep the kinds that the example has, which
// rules are taken to be about.
func sameKinds(example, v any) bool {
	if kind(example) != kind(v) {
		return false
	}
	switch example := example.(type) {
	case map[string]any:
		for k, w := range v.(map[string]any) {
			if e, ok := example[k]; ok && !sameKinds(e, w) {
				return false
			}
		}
	case []any:
		for i, w := range v.([]any) {
			if len(example) > 0 && !sameKinds(example[min(i, len(example)-1)], w) {
				return false
			}
		}
	}
	return true
}

type guesser struct{ *rand.Rand }

func (g guesser) value(depth int) any {
	n := 7
	if depth > 2 {
		n = 5
	}
	if depth == 0 {
		n = -1
	}
	switch k := g.IntN(max(n, 1)); {
	case n < 0, k == 5:
		m := map[string]any{}
		for i := range 1 + g.IntN(3) {
			m[string(rune('a'+i))] = g.value(depth + 1)
		}
		return m
	case k == 6:
		one := g.value(depth + 1)
		all := []any{}
		for range g.IntN(3) {
			all = append(all, one)
		}
		return all
	case k == 4:
		return g.IntN(2) == 0
	case k == 3:
		return json.Number(fmt.Sprintf("%d.5", g.IntN(3)))
	case k == 2:
		return json.Number(strconv.Itoa(g.IntN(3)))
	default:
		return []string{"", "a", "ab", "12", "2026-11-27"}[g.IntN(5)]
	}
}

// rules puts rules at some places.
func (g guesser) rules(path string, v any, into map[string]any) {
	if path != "$" && g.IntN(2) == 0 {
		into[path] = g.rule(v)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			g.rules(path+"."+k, v[k], into)
		}
	case []any:
		if len(v) > 0 {
			g.rules(path+"[*]", v[0], into)
		}
	}
}

func (g guesser) rule(v any) any {
	kinds := []map[string]any{{"match": "type"}, {"match": "equality"}, {"match": "notEmpty"}}
	switch v.(type) {
	case string:
		kinds = append(kinds, map[string]any{"match": "regex", "regex": []string{"a|ab", `\d+`, `\w*`, "a"}[g.IntN(4)]}, map[string]any{"match": "include", "value": []string{"a", "ab", ""}[g.IntN(3)]},
			map[string]any{"match": "date", "format": "yyyy-MM-dd"})
	case json.Number:
		kinds = append(kinds, map[string]any{"match": "integer"}, map[string]any{"match": "decimal"}, map[string]any{"match": "number"})
	case bool:
		kinds = append(kinds, map[string]any{"match": "boolean"})
	case []any:
		kinds = append(kinds, map[string]any{"match": "type", "min": g.IntN(3)}, map[string]any{"match": "type", "max": 1 + g.IntN(2)}, map[string]any{"match": "eachValue", "rules": []any{}})
	}
	matchers, combine := []any{kinds[g.IntN(len(kinds))]}, []string{"AND", "OR"}[g.IntN(2)]
	if g.IntN(4) == 0 {
		matchers = append(matchers, kinds[g.IntN(len(kinds))])
	}
	return map[string]any{"combine": combine, "matchers": matchers}
}

// change alters a value in one place or none.
func (g guesser) change(v any, depth int) any {
	if depth > 0 && g.IntN(4) == 0 {
		return g.value(depth)
	}
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for _, k := range sortedKeys(v) {
			m[k] = v[k]
		}
		switch keys := sortedKeys(m); {
		case g.IntN(5) == 0:
			m["d"] = g.value(depth + 1)
		case len(keys) > 0 && g.IntN(5) == 0:
			delete(m, keys[g.IntN(len(keys))])
		case len(keys) > 0:
			k := keys[g.IntN(len(keys))]
			m[k] = g.change(m[k], depth+1)
		}
		return m
	case []any:
		switch {
		case g.IntN(3) == 0:
			return append(slices.Clone(v), v...)
		case len(v) > 0 && g.IntN(3) == 0:
			return v[:len(v)-1]
		case len(v) > 0:
			l := slices.Clone(v)
			l[0] = g.change(l[0], depth+1)
			return l
		}
	}
	return v
}

func (g guesser) changeRules(rules map[string]any) map[string]any {
	m := map[string]any{}
	for _, k := range sortedKeys(rules) {
		switch g.IntN(5) {
		case 0:
		case 1:
			m[k] = g.rule([]any{"a", json.Number("1"), true, []any{}}[g.IntN(4)])
		default:
			m[k] = rules[k]
		}
	}
	return m
}

func (g guesser) pact(body any, rules map[string]any) *Document {
	part := map[string]any{"method": "POST", "path": "/x", "status": 200, "headers": map[string]any{"Content-Type": "application/json"}, "body": body, "matchingRules": map[string]any{"body": rules}}
	raw, err := json.Marshal(map[string]any{
		"consumer": map[string]any{"name": "c"}, "provider": map[string]any{"name": "p"}, "metadata": map[string]any{"pactSpecification": map[string]any{"version": "3.0.0"}},
		"interactions": []any{map[string]any{"description": "i", "request": part, "response": part}},
	})
	if err != nil {
		panic(err)
	}
	d, err := Format{}.Read([]contracts.File{{Name: "x.json", Data: raw}})
	if err != nil {
		panic(err)
	}
	return d.(*Document)
}
