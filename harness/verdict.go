package harness

import (
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/reports"
)

// bundleVerdict is what a bundle says of its own run.
func bundleVerdict(s *reports.Scenario, err error) bundle.Verdict {
	v := bundle.Verdict{Verdict: s.Verdict, Run: s.ID, Scenario: s.ID, Seed: s.Seed, Text: s.Error}
	if err != nil {
		v.Text = err.Error()
	}
	return v
}
