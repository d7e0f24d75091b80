package cmd

import (
	"embed"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// listSource has the doc comments that explain the output to programs' authors.
//
//go:embed list.go listschema.go
var listSource embed.FS

// listedFault is what list faults --json prints of each.
type listedFault struct {
	// ID is the name that files use.
	ID string `json:"id"`
	// What it does, in one line.
	What string `json:"what"`
	// Details of the fault.
	Details faultDetails `json:"details"`
	// Requirements it serves, by their ids.
	Requirements []string `json:"requirements,omitempty"`
	// Settings it takes under with.
	Settings []setting `json:"settings,omitempty"`
}

// faultsSchema returns the JSON Schema of what list faults --json prints.
func faultsSchema() ([]byte, error) {
	return yamlfile.SchemaOf{
		ID: "https://andon-rig.github.io/schema/faults.v1.json", Title: "Andon: faults there are", Root: []listedFault{}, Sources: listSource, Tag: "json",
	}.JSON()
}
