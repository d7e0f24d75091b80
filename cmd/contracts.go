package cmd

import (
	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts"
)

func newContracts(w World) *cobra.Command {
	c := &cobra.Command{
		Use:     "contracts",
		Short:   "what interfaces promise, version by version",
		Long:    "Works on contract documents: what a provider promises and what its consumers rely on, at each version.",
		Example: "  andon contracts lint --book contracts\n  andon contracts diff orders-1.4.graphql orders-2.0.graphql\n  andon contracts can-deploy erp-orders 2.1 --to plant1",
		Args:    subcommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newContractsLint(w), newContractsDiff(w), newContractsMatrix(w), newContractsCanDeploy(w), newContractsFreeze(w), newContractsCoverage(w), newContractsDrift(w), newContractsRecord(w), newContractsPublish(w))
	return c
}

// formatNames are the names of all contract formats.
func formatNames(formats []contracts.Format) []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name())
	}
	return names
}
