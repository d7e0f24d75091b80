package neutral

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/andon-rig/andon/simulators"
)

const schemaBase = "https://andon-rig.github.io/schema/neutral/v1/"

// overlays compiles our own schemas.
func overlays(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range append(Names(), "common") {
		b, err := Schema(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(schemaBase+name+".json", parse(t, b)); err != nil {
			t.Fatal(err)
		}
	}
	out := map[string]*jsonschema.Schema{}
	for _, name := range Names() {
		s, err := c.Compile(schemaBase + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		out[name] = s
	}
	return out
}

func parse(t *testing.T, b []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return v
}

func TestSchemaUnknown(t *testing.T) {
	if _, err := Schema("../README"); err == nil {
		t.Error("a schema of no message was found")
	}
}

func TestMessagesAreB2MML(t *testing.T) {
	file := filepath.Join("..", "..", "..", "..", "shared", "standards", "b2mml", "schema", "AllSchemas.json")
	t.Parallel()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("not held against the published B2MML-JSON schema V0701, which is not part of this repository: put AllSchemas.json at %s", file)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("b2mml.json", needed(parse(t, b).(map[string]any))); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("b2mml.json")
	if err != nil {
		t.Fatal(err)
	}
	for name := range goldens() {
		body := wire(t, name).Body
		if err := s.Validate(parse(t, body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Validate(parse(t, []byte(strings.Replace(string(body), `"DataArea"`, `"Data"`, 1)))); err == nil {
			t.Errorf("%s: the schema accepts anything", name)
		}
	}
}

// needed is the part of the published schema that our nouns lead to: a tenth
// of it, which compiles in a tenth of the time.
func needed(all map[string]any) map[string]any {
	defs, part, nouns := all["$defs"].(map[string]any), map[string]any{}, map[string]any{}
	var follow func(ref string)
	follow = func(ref string) {
		name := strings.TrimPrefix(ref, "#/$defs/")
		if _, ok := part[name]; !ok {
			part[name] = defs[name]
			references(defs[name], follow)
		}
	}
	for _, name := range Names() {
		for _, k := range kindsOf(name) {
			w, _ := wordingOf(k)
			nouns[w.verb+w.noun] = map[string]any{"$ref": "#/$defs/" + w.verb + w.noun}
			follow(w.verb + w.noun)
		}
	}
	return map[string]any{"$schema": all["$schema"], "type": "object", "additionalProperties": false, "properties": nouns, "$defs": part}
}

// The overlay and the decoder are written apart and must say the same: each
// message is damaged in every place, in several ways.
func TestSchemasAgreeWithDecode(t *testing.T) {
	t.Parallel()
	all := overlays(t)
	for file := range goldens() {
		t.Run(file, func(t *testing.T) {
			m := wire(t, file)
			if err := all[m.Name].Validate(parse(t, m.Body)); err != nil {
				t.Fatalf("golden message: %v", err)
			}
			n := damaged(parse(t, m.Body), func(what string, v any) {
				body, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				serr := all[m.Name].Validate(v)
				_, derr := Dialect{}.Decode(simulators.Message{Verb: "post", Name: m.Name, Body: body})
				if (serr == nil) != (derr == nil) {
					t.Errorf("%s:\nschema  %v\ndecoder %v", what, serr, derr)
				}
			})
			if n < 80 {
				t.Errorf("only %d damages were tried", n)
			}
		})
	}
}

// damaged calls try with root damaged in every single place, and returns how
// often it did.
func damaged(root any, try func(what string, root any)) (n int) {
	var visit func(way string, v any, set func(any))
	replace := func(way string, old any, set func(any), with ...any) {
		for _, w := range with {
			set(w)
			try(fmt.Sprintf("%s = %v", way, w), root)
			n++
		}
		set(old)
	}
	visit = func(way string, v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			replace(way, v, set, "x", []any{}, nil, map[string]any{})
			for k, c := range v {
				delete(v, k)
				try(way+"."+k+" removed", root)
				n++
				v[k] = c
				visit(way+"."+k, c, func(w any) { v[k] = w })
			}
		case []any:
			replace(way, v, set, "x", []any{}, map[string]any{}, append(append([]any{}, v...), "x"))
			for i, c := range v {
				visit(fmt.Sprintf("%s[%d]", way, i), c, func(w any) { v[i] = w })
			}
		default:
			replace(way, v, set, "", "x", json.Number("7"), nil, "-1", "007", "1.5", "0")
		}
	}
	visit("", root, func(w any) { root = w })
	return n
}
