package jsonschema

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/andon-rig/andon/contracts"
)

// TestWhatIsCalledCompatibleIs draws pairs of schemas and messages that a
// writer of the one may write. Where nothing is told against it, the engine
// must find every such message valid by the other.
func TestWhatIsCalledCompatibleIs(t *testing.T) {
	compatible, checked, refused := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		w := draw(rt, 2)
		r := change(rt, w)
		writer, reader := read(rt, encode(w)), read(rt, encode(r))
		found := Compare(writer.schemas[0].node, reader.schemas[0].node, "$", contracts.Backward)
		silent := true
		for _, c := range found {
			// Of the other way round, this test knows nothing.
			if c.Severity == contracts.Breaking || c.Type == "CANNOT_TELL" {
				silent = false
			}
		}
		if !silent {
			refused++
			return
		}
		compatible++
		for range 5 {
			v := instance(rt, w)
			b, err := json.Marshal(v)
			if err != nil {
				rt.Fatal(err)
			}
			if bad := writer.schemas[0].Breaches(b, false); len(bad) > 0 {
				continue // a contradiction in what was drawn: nobody can write it
			}
			checked++
			if bad := reader.schemas[0].Breaches(b, false); len(bad) > 0 {
				rt.Fatalf("nothing is said against\n%s\n%s\nbut %s is refused: %v", encode(w), encode(r), b, bad)
			}
		}
	})
	t.Logf("%d pairs compatible, %d not; %d messages checked", compatible, refused, checked)
	if compatible == 0 || checked == 0 || refused == 0 {
		t.Error("the draw shows nothing")
	}
}

type schema = map[string]any

func encode(s schema) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// draw makes a schema.
func draw(t *rapid.T, depth int) schema {
	kinds := []string{"string", "integer", "number", "boolean", "enum"}
	if depth > 0 {
		kinds = append(kinds, "object", "object", "array", "anyOf")
	}
	switch k := rapid.SampledFrom(kinds).Draw(t, "kind"); k {
	case "enum":
		return schema{"enum": rapid.SliceOfNDistinct(rapid.SampledFrom([]any{"a", "b", 1, 2, true}), 1, 4, rapid.ID[any]).Draw(t, "values")}
	case "object":
		props := schema{}
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"p", "q", "r"}), rapid.ID[string]).Draw(t, "names") {
			props[name] = draw(t, depth-1)
		}
		s := schema{"type": "object", "properties": props, "required": rapid.SliceOfDistinct(rapid.SampledFrom([]string{"p", "q", "r"}), rapid.ID[string]).Draw(t, "required")}
		if rapid.Bool().Draw(t, "closed") {
			s["additionalProperties"] = false
		}
		return s
	case "array":
		return schema{"type": "array", "items": draw(t, depth-1), "maxItems": rapid.IntRange(0, 3).Draw(t, "max")}
	case "anyOf":
		return schema{"anyOf": []any{draw(t, depth-1), draw(t, depth-1)}}
	case "string":
		return schema{"type": k, "maxLength": rapid.IntRange(0, 3).Draw(t, "length")}
	case "boolean":
		return schema{"type": k}
	default:
		return schema{"type": k, "minimum": rapid.IntRange(-2, 2).Draw(t, "min")}
	}
}

// change alters a schema here and there, or not at all.
func change(t *rapid.T, s schema) schema {
	if rapid.IntRange(0, 5).Draw(t, "replace") == 0 {
		return draw(t, 1)
	}
	out := schema{}
	for _, k := range sortedKeys(s) {
		v := s[k]
		if (k == "additionalProperties" || k == "required" || strings.HasPrefix(k, "m")) && rapid.IntRange(0, 3).Draw(t, "drop") == 0 {
			continue
		}
		switch v := v.(type) {
		case schema:
			if k != "properties" {
				out[k] = change(t, v)
				continue
			}
			props := schema{}
			for _, name := range sortedKeys(v) {
				if rapid.IntRange(0, 7).Draw(t, "remove") > 0 {
					props[name] = change(t, v[name].(schema))
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "add") == 0 {
				props["s"] = draw(t, 0)
			}
			out[k] = props
		case []any:
			if k != "anyOf" {
				out[k] = v
				continue
			}
			var list []any
			for _, one := range v {
				list = append(list, change(t, one.(schema)))
			}
			if rapid.Bool().Draw(t, "variant") {
				list = append(list, draw(t, 1))
			}
			out[k] = list
		case int:
			out[k] = v + rapid.IntRange(-1, 1).Draw(t, "shift")
			if k != "minimum" {
				out[k] = max(out[k].(int), 0)
			}
		default:
			out[k] = v
		}
	}
	return out
}

// instance makes a message as a writer does: declared properties only.
func instance(t *rapid.T, s schema) any {
	if list, ok := s["enum"].([]any); ok {
		return rapid.SampledFrom(list).Draw(t, "value")
	}
	if list, ok := s["anyOf"].([]any); ok {
		return instance(t, rapid.SampledFrom(list).Draw(t, "option").(schema))
	}
	least, _ := s["minimum"].(int)
	switch s["type"] {
	case "string":
		return rapid.StringMatching(fmt.Sprintf("[ab]{0,%d}", s["maxLength"])).Draw(t, "text")
	case "boolean":
		return rapid.Bool().Draw(t, "bool")
	case "integer":
		return least + rapid.IntRange(0, 3).Draw(t, "int")
	case "number":
		return float64(least) + rapid.Float64Range(0, 3).Draw(t, "number")
	case "array":
		list := []any{}
		for range rapid.IntRange(0, s["maxItems"].(int)).Draw(t, "items") {
			list = append(list, instance(t, s["items"].(schema)))
		}
		return list
	}
	m := map[string]any{}
	required, _ := s["required"].([]string)
	for name, p := range s["properties"].(schema) {
		if rapid.Bool().Draw(t, "there") || strings.Contains(strings.Join(required, ""), name) {
			m[name] = instance(t, p.(schema))
		}
	}
	return m
}
