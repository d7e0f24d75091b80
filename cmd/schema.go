package cmd

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/reports/jsonreport"
	"github.com/andon-rig/andon/scenarios"
)

// schemas lists what has a JSON Schema.
var schemas = []string{"rig", "scenario", "gate", "findings", "faults"}

func newSchema(w World) *cobra.Command {
	return &cobra.Command{
		Use:   "schema rig|scenario|gate|findings|faults",
		Short: "print the JSON Schema of a file or output",
		Long: "rig and scenario are what you write: point your editor at the schema and it completes and explains.\n" +
			"gate is what gate --json prints, findings is findings.json of a bundle,\n" +
			"faults what list faults --json prints and the control port of andon serve answers.",
		Example:   "  andon schema rig > rig.schema.json",
		ValidArgs: schemas,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("name one schema: rig, scenario, gate, findings or faults")
			}
			if !slices.Contains(schemas, args[0]) {
				return usage("there is no schema %q; %s", args[0], yamlfile.OneOf(args[0], schemas))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := schema(args[0])
			if err != nil {
				return &rigError{err}
			}
			_, err = w.Stdout.Write(b)
			return err
		},
	}
}

func schema(name string) ([]byte, error) {
	switch name {
	case "rig":
		return harness.RigSchema()
	case "scenario":
		return scenarios.Schema()
	case "findings":
		return harness.FindingsSchema()
	case "faults":
		return faultsSchema()
	}
	return jsonreport.Schema(), nil
}
