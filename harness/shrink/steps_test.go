package shrink

import (
	"context"
	"slices"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/trial"
	"github.com/andon-rig/andon/scenarios"
)

// lucky fails each time with both faults, and once with the second alone.
type lucky struct{ alone int }

func (l *lucky) Run(_ context.Context, s scenarios.Scenario) (out trial.Outcome) {
	there := func(id string) bool {
		return slices.ContainsFunc(s.Faults, func(f scenarios.Fault) bool { return f.ID == id })
	}
	bad := there("first") && there("second")
	if !bad && there("second") {
		bad = l.alone == 0
		l.alone++
	}
	if bad {
		out.Findings = []evidence.Finding{{Oracle: "luck", Verdict: evidence.Violated}}
	}
	return out
}

type luckJudge struct{}

func (luckJudge) Name() string                               { return "luck" }
func (luckJudge) Judge(*evidence.History) []evidence.Finding { return nil }

// A schedule that fails each time does not give way to a smaller one that has
// failed by luck.
func TestLuckIsNoReasonToDropAFault(t *testing.T) {
	l := &lucky{}
	r := &Reduction{Runner: l, Lanes: 1, Budget: Budget{Runs: 60}, Judge: luckJudge{},
		Scenario: scenarios.Scenario{Faults: []scenarios.Fault{{ID: "first"}, {ID: "second"}}},
		Finding:  evidence.Finding{Oracle: "luck", Verdict: evidence.Violated}}
	got, err := r.Do(t.Context())
	if err != nil || l.alone == 0 {
		t.Fatalf("the second fault alone was run %d times, %v", l.alone, err)
	}
	if len(got.Scenario.Faults) != 2 || got.Certificate.Rate != (Rate{20, 20}) {
		t.Errorf("%d faults are left, which fail in %v", len(got.Scenario.Faults), got.Certificate.Rate)
	}
}
