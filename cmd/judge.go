package cmd

import (
	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/reports"
)

func newJudge(w World) *cobra.Command {
	var f outFlags
	var save, unknown bool
	c := &cobra.Command{
		Use:   "judge <bundle> ...",
		Short: "judge a stored run again",
		Long: "Judges runs from their bundles alone, with the judges of this version, and prints the outcome as gate does.\n" +
			"A run that was cut is judged by what is left of it; its verdict is then inconclusive at best.\n" +
			"A bundle is the folder of a run; the folder of a gate stands for all its runs. Nothing is written unless\n" +
			"--save is given. Exit status as for gate.",
		Example: "  andon judge andon-runs/20261120-140000/CNF-02-4711\n  andon judge andon-runs/20261120-140000 --json",
		Args:    atLeastOne("name a bundle: the folder of a run, as gate prints them"),
		RunE: func(c *cobra.Command, args []string) error {
			g, err := judge(args, save, unknown)
			if err != nil {
				return err
			}
			return tell(w, f, g)
		},
	}
	f.add(c)
	c.Flags().BoolVar(&save, "save", false, "replace the findings and the verdict that the bundle holds")
	c.Flags().BoolVar(&unknown, "allow-unknown", false, "inconclusive and not exercised count as success")
	return c
}

// judge judges every run at paths.
func judge(paths []string, save, unknown bool) (reports.Gate, error) {
	g := reports.Gate{Andon: version()}
	for _, path := range paths {
		bundles, err := harness.OpenStored(path)
		if err != nil {
			return g, err
		}
		for _, b := range bundles {
			if err := judgeOne(&g, b, save); err != nil {
				return g, err
			}
		}
	}
	if len(paths) == 1 {
		g.Bundle = paths[0]
	}
	g.Exit = harness.ExitOf(g.Verdict, unknown)
	return g, nil
}

func judgeOne(g *reports.Gate, b *bundle.Bundle, save bool) error {
	s, err := harness.JudgeStored(b)
	if err != nil {
		return err
	}
	g.Scenarios = append(g.Scenarios, s)
	g.Verdict = max(g.Verdict, s.Verdict)
	g.Wall += s.Wall
	if len(g.Scenarios) == 1 {
		g.Rig, g.Defect, g.Seed = b.Plan.Rig, b.Plan.Defect, s.Seed
	} else if g.Seed != s.Seed {
		g.Seed = 0 // they have different ones
	}
	if !save {
		return nil
	}
	v := bundle.Verdict{Verdict: s.Verdict, Exit: harness.ExitOf(s.Verdict, false), Andon: version(), Run: b.Plan.Run, Scenario: s.ID, Seed: s.Seed}
	if s.Verdict == evidence.Inconclusive && b.Cut != nil {
		v.Text = "the run was cut: " + b.Cut.Reason
	}
	if err := b.SaveJudgement(s.Findings, v); err != nil {
		return &rigError{err}
	}
	return nil
}

// atLeastOne is cobra.MinimumNArgs with a remedy.
func atLeastOne(remedy string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage("%s", remedy)
		}
		return nil
	}
}
