package harness

import (
	"embed"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// sources holds the file whose doc comments explain rig files to editors.
//
//go:embed rigfile.go
var sources embed.FS

// RigSchemaID is where the schema of rig files lives.
const RigSchemaID = "https://andon-rig.github.io/schema/rig.v1.json"

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

// FindingsSchema returns the JSON Schema of a bundle's findings.json.
func FindingsSchema() ([]byte, error) { return explain.Schema(), nil }
