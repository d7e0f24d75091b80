package explain_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/simulators/plant"
)

// written is findings.json of the run that [told] tells of.
func written(t *testing.T) (explain.Document, []byte) {
	t.Helper()
	h, _, _, _ := told()
	d := explain.Document{
		Schema: explain.DocumentVersion, Andon: "0.1.0", Run: h.Plan.Run, Scenario: h.Plan.Scenario, Seed: h.Plan.Seed,
		Findings: explain.New(h, "out/run").All(oracles.JudgeAll(h, oracles.Standard())),
	}
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return d, b
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(explain.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("findings.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("findings.json")
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

// What a failing run is told in obeys the schema, and the schema refuses what
// does not.
func TestDocumentObeysItsSchema(t *testing.T) {
	s := compiled(t)
	_, text := written(t)
	if err := validate(s, text); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new string }{
		{"another version", `"schema": "andon.findings/v1"`, `"schema": "andon.findings/v2"`},
		{"an unknown verdict", `"verdict": "violated"`, `"verdict": "pass"`},
		{"an unknown class", `"class": "technical"`, `"class": "misc"`},
		{"a finding without a judge", `"oracle": "exactly-once",`, ``},
		{"no troubles", `"troubles"`, `"trouble"`},
		{"a mark of no kind", `"kind": "violation"`, `"kind": "bad"`},
		{"a cause without a name", `"cause": {`, `"cause": {"ids": 1,`},
		{"a headline that is a number", `"headline": "`, `"headline": 1, "h": "`},
	} {
		if !bytes.Contains(text, []byte(c.old)) {
			t.Fatalf("%s: the document has no %s", c.name, c.old)
		}
		changed := strings.Replace(string(text), c.old, c.new, 1)
		if c.name == "a cause without a name" {
			changed = strings.Replace(string(text), "\"cause\": {\n          \"id\"", "\"cause\": {\n          \"ids\"", 1)
		}
		if validate(s, []byte(changed)) == nil {
			t.Errorf("%s: accepted", c.name)
		}
	}
}

// An agent finds the causes first, each with what it shows as, and loses
// nothing.
func TestDocumentTellsCausesFirst(t *testing.T) {
	d, text := written(t)
	var got struct {
		Troubles []struct {
			Finding, Headline string
			Count             int
			ShowsAs           []struct{ Number string }
		}
		Findings []struct {
			Finding, ID, Verdict string
			Explain              struct{ Cause *explain.Cause }
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Troubles) != 3 || len(got.Findings) != len(d.Findings) {
		t.Fatalf("%d troubles of %d findings, want 3 of %d", len(got.Troubles), len(got.Findings), len(d.Findings))
	}
	heads := 0
	for _, f := range got.Findings {
		if f.Verdict == "violated" && f.Explain.Cause == nil {
			heads++
		}
		if c := f.Explain.Cause; c != nil && !slices.ContainsFunc(got.Findings, func(g struct {
			Finding, ID, Verdict string
			Explain              struct{ Cause *explain.Cause }
		}) bool {
			return g.Finding == c.ID
		}) {
			t.Errorf("%s follows from %s, which is not there", f.Finding, c.ID)
		}
	}
	if heads != 3 || !strings.Contains(got.Troubles[0].Headline, "exactly-once (O1) violated: order A operation 0010 #1: 2 postings") {
		t.Errorf("%d findings stand for themselves; the first trouble is %q", heads, got.Troubles[0].Headline)
	}
}

func TestDocumentIsReadBack(t *testing.T) {
	d, text := written(t)
	var got explain.Document
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if again, err := json.MarshalIndent(got, "", "  "); err != nil || !bytes.Equal(again, text) {
		t.Errorf("written again it differs (%v):\n%s", err, again)
	}
	if !reflect.DeepEqual(explain.DetailOf(got.Findings[0]), explain.DetailOf(d.Findings[0])) {
		t.Error("the explanation was lost")
	}
	old, err := json.Marshal(d.Findings) // as it was before it had a version
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(old, &got); err != nil || len(got.Findings) != len(d.Findings) {
		t.Errorf("a bare array: %v, %d findings", err, len(got.Findings))
	}
	for _, bad := range []string{`{"schema": "andon.findings/v9", "findings": []}`, `{}`, `[{]`, `7`} {
		if json.Unmarshal([]byte(bad), &got) == nil {
			t.Errorf("read %s", bad)
		}
	}
}

// Every field that is written is described, and nothing else is.
func TestSchemaIsComplete(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(explain.Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	defs := doc["$defs"].(map[string]any)
	for name, v := range map[string]any{"finding": evidence.Finding{}, "explain": explain.Detail{}, "journey": explain.Journey{}, "hop": explain.Hop{}} {
		fields := defs[name].(map[string]any)["properties"].(map[string]any)
		var want []string
		for i := range reflect.TypeOf(v).NumField() {
			if tag, _, _ := strings.Cut(reflect.TypeOf(v).Field(i).Tag.Get("json"), ","); tag != "" && tag != "-" {
				want = append(want, tag)
			}
		}
		if name == "finding" {
			want = append(want, "finding", "explain")
		}
		for _, w := range want {
			field, ok := fields[w].(map[string]any)
			if !ok || field["description"] == nil {
				t.Errorf("%s.%s is not described", name, w)
			}
		}
		for f := range fields {
			if !slices.Contains(want, f) {
				t.Errorf("%s.%s is described and does not exist", name, f)
			}
		}
	}
	keys := defs["finding"].(map[string]any)["properties"].(map[string]any)["keys"].(map[string]any)["properties"].(map[string]any)
	if n := reflect.TypeFor[plant.Keys]().NumField(); len(keys) != n {
		t.Errorf("%d keys are described, there are %d", len(keys), n)
	}
}
