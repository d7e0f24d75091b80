package scenarios

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/andon-rig/andon/internal/yamlfile"
)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	b, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON returns a file of the library the way a validator sees it.
func asJSON(t *testing.T, n yamlfile.Node) any {
	t.Helper()
	b, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLibraryValidatesAgainstTheSchema(t *testing.T) {
	s := compiledSchema(t)
	files, _ := fs.Glob(Library(), "*.yaml")
	for _, file := range files {
		n, err := yamlfile.ReadFS(Library(), file)
		if err != nil {
			t.Fatal(err)
		}
		if n.Get("kind").Text() != KindScenario {
			continue
		}
		if err := s.Validate(asJSON(t, n)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// What the reader refuses by form, the schema refuses too.
func TestSchemaRefusesWhatTheReaderRefuses(t *testing.T) {
	s := compiledSchema(t)
	for name, change := range map[string]string{
		"unknown key":              "florr: {confirmation: 3}",
		"bare duration":            "time: {shift: 8h}",
		"unknown mode":             "time: {mode: quick}",
		"unknown action":           "when: [{at: run.start, do: realease-orders}]",
		"unknown argument":         "when: [{at: run.start, do: release-orders, args: {coumt: 3}}]",
		"unknown kind of fact":     "when: [{upon: {event: confirmed}, do: heal}]",
		"fault without id":         "faults: [{fault: lose}]",
		"expectation without that": "expect: {atEnd: [{means: all is well}]}",
		"eventually without end":   "expect: {eventually: [{that: \"true\"}]}",
		"wrong quota":              "given: {endpoints: {erp: {quota: 60 a minute}}}",
		"waiver without reason":    "expect: {waive: [exactly-once]}",
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Join([]string{"apiVersion: andon/v1", "kind: Scenario", "metadata: {id: X-1, title: x}", change, ""}, "\n")
			n, err := yamlfile.Parse("x.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(asJSON(t, n)); err == nil {
				t.Error("the schema takes it")
			}
			if _, err := Parse("x.yaml", []byte(text)); err == nil {
				t.Error("the reader takes it")
			}
		})
	}
}

func TestSchemaExplains(t *testing.T) {
	b, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"names the scenario: CNF-02",                 // a field
		"Exactly one of at, upon and after is given", // a type
		"the n-th order of the run",
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no description says %q", want)
		}
	}
}
