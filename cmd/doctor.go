package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/harness"
)

func newDoctor(w World) *cobra.Command {
	var rig string
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "look whether this machine and the build under test are fit for a gate",
		Long: "Looks at clock, zones, disk, limits and ports, starts the build under test, lets one order through it and one\n" +
			"confirmation back, and says what was seen; for each problem, what to do about it.\n\n" +
			"Exit status: 0 all is well, 2 mistake in the rig file, 3 trouble.",
		Example: "  andon doctor\n  andon doctor --rig andon.yaml",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runDoctor(c.Context(), w, rig, asJSON) },
	}
	c.Flags().StringVar(&rig, "rig", "", "rig file (default: "+defaultRig+" if it is there, else the bundled rig)")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of text")
	return c
}

func runDoctor(ctx context.Context, w World, rig string, asJSON bool) error {
	o := harness.GateOptions{Catalog: w.Catalog, Version: version()}
	var err error
	if o.File, o.Path, o.Source, err = loadRig(rig); err != nil {
		return &harness.PlanError{Err: err}
	}
	if o.Self, err = self(); err != nil {
		return err
	}
	symptoms, ill := []harness.Symptom{}, false
	err = harness.Diagnose(ctx, o, func(s harness.Symptom) {
		symptoms = append(symptoms, s)
		ill = ill || s.State == harness.Trouble
		if !asJSON {
			symptom(w, s)
		}
	})
	switch {
	case ctx.Err() != nil:
		return exit(harness.ExitInterrupted)
	case err != nil:
		return ofMachine(err)
	}
	if asJSON {
		out := struct {
			Schema   string            `json:"schema"`
			OK       bool              `json:"ok"`
			Symptoms []harness.Symptom `json:"symptoms"`
		}{"andon.doctor/v1", !ill, symptoms}
		if err := writeJSON(w.Stdout, out); err != nil {
			return &rigError{err}
		}
	}
	if ill {
		return exit(harness.ExitRig)
	}
	return nil
}

// symptom prints one thing that was looked at.
func symptom(w World, s harness.Symptom) {
	sign, paint := "✓", "\x1b[32m"
	switch s.State {
	case harness.Mind:
		sign, paint = "!", "\x1b[33m"
	case harness.Trouble:
		sign, paint = "✗", "\x1b[31m"
	}
	if color(w, w.Stdout, false) {
		sign = paint + sign + "\x1b[0m"
	}
	fmt.Fprintf(w.Stdout, " %s %-16s %s\n", sign, s.Name, strings.ReplaceAll(printable(s.Text), "\n", "\n                    "))
	if s.Remedy != "" {
		fmt.Fprintf(w.Stdout, "   %-16s → %s\n", "", printable(s.Remedy))
	}
}
