package scenarios

import (
	"embed"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// sources are the files whose doc comments explain the format to editors: one
// text for both readers.
//
//go:embed format.go fault.go policy.go action.go
var sources embed.FS

// SchemaID is where the schema of scenarios lives.
const SchemaID = "https://andon-rig.github.io/schema/scenario.v1.json"

// Schema returns the JSON Schema of scenario files.
func Schema() ([]byte, error) {
	return yamlfile.SchemaOf{
		ID: SchemaID, Title: "Andon scenario", Root: &Scenario{}, Also: []any{&Args{}}, Sources: sources, Mapper: schemaOfPlants,
	}.JSON()
}

// schemaOfPlants words the plant's types the way files do.
func schemaOfPlants(t reflect.Type) *jsonschema.Schema {
	if t != reflect.TypeFor[plant.Kind]() {
		return nil
	}
	s := &jsonschema.Schema{Type: "string"}
	for _, k := range kinds {
		s.Enum = append(s.Enum, k)
	}
	return s
}

// JSONSchemaExtend gives a step's arguments their schema, which its Go type
// leaves open until the action is known.
func (Step) JSONSchemaExtend(s *jsonschema.Schema) {
	if args, ok := s.Properties.Get("args"); ok {
		s.Properties.Set("args", &jsonschema.Schema{Ref: "#/$defs/Args", Description: args.Description})
	}
}

// JSONSchema describes the forms to editors.
func (Target) JSONSchema() *jsonschema.Schema {
	form := func(key, kind, pattern, says string) *jsonschema.Schema {
		p := jsonschema.NewProperties()
		p.Set(key, &jsonschema.Schema{Type: kind, Pattern: pattern})
		return &jsonschema.Schema{Type: "object", Properties: p, Required: []string{key}, AdditionalProperties: jsonschema.FalseSchema, Description: says}
	}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string"},
		form("ref", "string", `^[A-Za-z_][A-Za-z0-9_]*\.(order|lot|case)$`, "what a named step acted on"),
		form("nth", "integer", "", "the n-th order of the run"),
	}}
}
