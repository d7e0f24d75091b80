package harness

import (
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/reports"
)

// bundleVerdict is what a bundle says of its own run.
func bundleVerdict(s *reports.Scenario, setup Setup, err error) bundle.Verdict {
	v := bundle.Verdict{
		Verdict: s.Verdict, Exit: (&GateOptions{}).exit(s.Verdict, err != nil, false), Andon: setup.Version,
		Run: setup.Run, Scenario: s.ID, Seed: s.Seed, Text: s.Error,
	}
	if err != nil {
		v.Text = err.Error()
	}
	return v
}
