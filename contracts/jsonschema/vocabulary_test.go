package jsonschema

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func vocabulary(t *testing.T, schema string) *Vocabulary {
	t.Helper()
	return read(t, schema).schemas[0].words()
}

func TestVocabulary(t *testing.T) {
	for _, c := range []struct {
		name, schema, value string
		used, drift         []string
	}{
		{"plain", `{"properties":{"a":{"type":"string"},"b":{}}}`, `{"a":"x"}`, []string{".a"}, nil},
		{"null", `{"properties":{"a":{"type":"string"}}}`, `{"a":null}`, []string{".a"}, []string{"null .a"}},
		{"null is declared", `{"properties":{"a":{"type":["string","null"]}}}`, `{"a":null}`, []string{".a"}, nil},
		{"null in a list of values", `{"properties":{"a":{"enum":["x"]}}}`, `{"a":null}`, []string{".a"}, []string{"null .a"}},
		{"type", `{"properties":{"a":{"type":"string"}}}`, `{"a":7}`, []string{".a"}, []string{"type .a"}},
		{"an integer is a number", `{"properties":{"a":{"type":"number"}}}`, `{"a":7}`, []string{".a"}, nil},
		{"object for a text", `{"properties":{"a":{"type":"string"}}}`, `{"a":{"b":1}}`, []string{".a"}, []string{"type .a"}},
		{"list for a text", `{"properties":{"a":{"type":"string"}}}`, `{"a":["b","c"]}`, []string{".a"}, []string{"type .a"}},
		{"of another type than listed", `{"properties":{"a":{"enum":["x"]}}}`, `{"a":1}`, []string{".a"}, []string{"type .a"}},
		{"value", `{"properties":{"a":{"enum":["x","y"]}}}`, `{"a":"z"}`, []string{".a"}, []string{"enum .a=z"}},
		{"values of items", `{"properties":{"a":{"items":{"enum":["x"]}}}}`, `{"a":["x","z","z"]}`, []string{".a", ".a[]=x"}, []string{"enum .a[]=z"}},
		{"only the topmost is told", `{"properties":{"a":{}}}`, `{"n":{"m":1}}`, nil, []string{"field .n"}},
		{"any name", `{"additionalProperties":{"type":"number"}}`, `{"x":1,"y":"1"}`, []string{".*"}, []string{"type .y"}},
		{"names by a pattern", `{"patternProperties":{"^x-":{"properties":{"k":{}}}}}`, `{"x-1":{"k":1,"l":2}}`, []string{".^x-", ".^x-.k"}, []string{"field .x-1.l"}},
		{"variants", `{"oneOf":[{"type":"object","properties":{"v":{"type":"string"}}},{"type":"object","properties":{"v":{"type":"number"}}}]}`, `{"v":true}`, []string{".v"}, []string{"type .v"}},
		{"a variant of anything", `{"anyOf":[{"properties":{"v":{"type":"string"}}},{"properties":{"v":{}}}]}`, `{"v":true}`, []string{".v"}, nil},
		{"conjunction", `{"allOf":[{"properties":{"v":{"type":["string","null"]}}},{"properties":{"v":{"type":["string","number"]}}}]}`, `{"v":null}`, []string{".v"}, []string{"null .v"}},
		{"recursion", `{"$ref":"#/$defs/n","$defs":{"n":{"properties":{"v":{"type":"string"},"next":{"$ref":"#/$defs/n"}}}}}`, `{"next":{"next":{"next":{"v":1,"w":2}}}}`, []string{".next", ".v"}, []string{"type .next.next.next.v", "field .next.next.next.w"}},
		{"the whole", `{"type":"object"}`, `[1]`, nil, []string{"type "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			words := vocabulary(t, c.schema)
			v, err := Decode([]byte(c.value))
			if err != nil {
				t.Fatal(err)
			}
			used := map[string]bool{}
			words.Use(v, "", used)
			if got := sortedKeys(used); !slices.Equal(got, c.used) {
				t.Errorf("used %q, want %q", got, c.used)
			}
			var drift []string
			for _, d := range words.Undeclared(v, "") {
				drift = append(drift, d.Kind+" "+d.Path)
			}
			if !slices.Equal(drift, c.drift) {
				t.Errorf("drift %q, want %q", drift, c.drift)
			}
		})
	}
}

// Types that contain each other have more paths than can be listed. Then
// nothing is drift, since it might be among those that are not listed.
func TestVocabularyIsBounded(t *testing.T) {
	const kinds = 12
	var defs []string
	for i := range kinds {
		var props []string
		for j := range kinds {
			props = append(props, fmt.Sprintf(`"p%d":{"$ref":"#/$defs/t%d"}`, j, j))
		}
		defs = append(defs, fmt.Sprintf(`"t%d":{"type":"object","properties":{%s}}`, i, strings.Join(props, ",")))
	}
	began := time.Now()
	words := vocabulary(t, `{"$ref":"#/$defs/t0","$defs":{`+strings.Join(defs, ",")+`}}`)
	if !words.cut || len(words.parts) > 2*maxParts || time.Since(began) > 20*time.Second {
		t.Errorf("cut %v, %d parts, %s", words.cut, len(words.parts), time.Since(began))
	}
	v, err := Decode([]byte(`{"q":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := words.Undeclared(v, ""); len(d) > 0 {
		t.Errorf("told %v", d)
	}
}
