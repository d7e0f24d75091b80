package harness

import (
	"embed"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// sources holds the file whose doc comments explain rig files to editors.
//
//go:embed rigfile.go
var sources embed.FS

// Where the schemas live.
const (
	RigSchemaID      = "https://andon-rig.github.io/schema/rig.v1.json"
	FindingsSchemaID = "https://andon-rig.github.io/schema/findings.v1.json"
)

// RigSchema returns the JSON Schema of rig files.
func RigSchema() ([]byte, error) {
	return yamlfile.SchemaOf{ID: RigSchemaID, Title: "Andon rig", Root: &File{}, Sources: sources, Mapper: schemaOfFacts}.JSON()
}

// schemaOfFacts words the kinds of facts and the profiles the way files do.
func schemaOfFacts(t reflect.Type) *jsonschema.Schema {
	if t != reflect.TypeFor[plant.Kind]() {
		return nil
	}
	s := &jsonschema.Schema{Type: "string"}
	for _, from := range []string{"erp", "mes"} {
		for _, k := range announced[from] {
			s.Enum = append(s.Enum, k)
		}
	}
	return s
}

// explained says what the fields of a finding are for readers of
// findings.json.
var explained = map[string]string{
	"oracle":       "What is protected: exactly-once, no-silent-drop, …",
	"id":           "Number of the oracle: O1, or of the scenario's expectation: E1.",
	"verdict":      "holds, vacuous (not exercised), inconclusive (could not know) or violated.",
	"class":        "Who has to act; rig is Andon's own fault and never blamed on the SUT.",
	"keys":         "What the finding is about.",
	"fact":         "Id of the fact of the plant.",
	"expected":     "What should be.",
	"got":          "What is.",
	"text":         "Why it is inconclusive or vacuous, what held, or the cause in words.",
	"evidence":     "Sequence numbers of the records that show it, at most 10.",
	"rule":         "What decided the class.",
	"confidence":   "How sure the cause is: high, medium or low.",
	"requirements": "Ids of the requirements it concerns.",
	"journey":      "Way of the message as a sequence diagram in text.",
	"replay":       "Command that shows it again.",
	"count":        "How many like it are folded under it; 0 means it stands alone.",
	"extra":        "More for programs; explain holds clues, near misses and the diagram as Mermaid.",
}

// FindingsSchema returns the JSON Schema of a bundle's findings.json.
func FindingsSchema() ([]byte, error) {
	r := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, Mapper: schemaOfTexts}
	item := r.Reflect(&evidence.Finding{})
	item.Version = ""
	for name, text := range explained {
		p, ok := item.Properties.Get(name)
		if !ok {
			return nil, fmt.Errorf("write schema: findings have no field %q", name)
		}
		described := *p
		described.Description = text
		item.Properties.Set(name, &described)
	}
	root := &jsonschema.Schema{
		Version: jsonschema.Version, ID: FindingsSchemaID, Title: "Andon findings", Type: "array", Definitions: item.Definitions, Items: item,
		Description: "What the judges of a run have found, worst first: findings.json of a bundle.",
	}
	item.Definitions = nil
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return append(b, '\n'), nil
}

// schemaOfTexts words verdicts the way JSON does.
func schemaOfTexts(t reflect.Type) *jsonschema.Schema {
	if t != reflect.TypeFor[evidence.Verdict]() {
		return nil
	}
	s := &jsonschema.Schema{Type: "string"}
	for v := evidence.Holds; v <= evidence.Violated; v++ {
		s.Enum = append(s.Enum, v.String())
	}
	return s
}
