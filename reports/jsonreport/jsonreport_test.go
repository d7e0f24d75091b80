package jsonreport_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/jsonreport"
	"github.com/andon-rig/andon/reports/reportstest"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(jsonreport.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("gate.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("gate.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(s *jsonschema.Schema, text []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

func TestGolden(t *testing.T) {
	s := schema(t)
	for _, c := range []struct {
		name string
		gate reports.Gate
	}{{"failing", reportstest.Failing(t)}, {"sound", reportstest.Sound(t)}, {"nothing", reports.Gate{Verdict: evidence.Vacuous, Exit: 4}}} {
		got := reportstest.Golden(t, jsonreport.Reporter{}, c.gate, c.name+".json")
		if err := validate(s, got); err != nil {
			t.Errorf("%s does not obey its schema: %v", c.name, err)
		}
	}
	reportstest.Fails(t, jsonreport.Reporter{})
}

// The schema is worth something only if it refuses what is wrong.
func TestSchemaRefuses(t *testing.T) {
	s := schema(t)
	var text bytes.Buffer
	if err := (jsonreport.Reporter{Compact: true}).Report(&text, reportstest.Failing(t)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new string }{
		{"other version", `"schema":"andon.gate/v1"`, `"schema":"andon.gate/v2"`},
		{"unknown verdict", `"verdict":"violated"`, `"verdict":"pass"`},
		{"unknown class", `"class":"technical"`, `"class":"misc"`},
		{"exit as text", `"exit":1`, `"exit":"1"`},
		{"no journey", `"journey":`, `"trip":`},
		{"no keys", `"keys":`, `"key":`},
		{"seed below zero", `"seed":4711`, `"seed":-1`},
		{"figure as a number", `"value":"1"`, `"value":1`},
		{"a third clock", `"clock":"plant"`, `"clock":"local"`},
		{"findings null", `"findings":[]`, `"findings":null`},
	} {
		if !strings.Contains(text.String(), c.old) {
			t.Fatalf("%s: the report has no %s", c.name, c.old)
		}
		if validate(s, []byte(strings.Replace(text.String(), c.old, c.new, 1))) == nil {
			t.Errorf("%s: accepted", c.name)
		}
	}
	if n := strings.Count(text.String(), "\n"); n != 1 {
		t.Errorf("a compact report takes %d lines", n)
	}
}

// What the issue promises to readers, word for word.
func TestPromisedFields(t *testing.T) {
	var text bytes.Buffer
	if err := (jsonreport.Reporter{}).Report(&text, reportstest.Failing(t)); err != nil {
		t.Fatal(err)
	}
	var g struct {
		Verdict   string
		Bundle    string
		Scenarios []struct {
			ID, Verdict string
			Findings    []struct {
				Oracle, Class, Expected, Got string
				Keys                         map[string]any
				Requirements                 []string
			}
		}
	}
	if err := json.Unmarshal(text.Bytes(), &g); err != nil {
		t.Fatal(err)
	}
	f := g.Scenarios[1].Findings[0]
	if g.Verdict != "violated" || g.Bundle != "out" || g.Scenarios[1].ID != "CNF-02" || f.Oracle != "exactly-once" || f.Class != "technical" ||
		f.Keys["order"] != "000004711" || f.Expected == "" || f.Got == "" || len(f.Requirements) == 0 {
		t.Errorf("got %+v", g)
	}
	if len(g.Scenarios[0].Findings) != 0 {
		t.Errorf("a scenario that holds has findings: %+v", g.Scenarios[0].Findings)
	}
}
