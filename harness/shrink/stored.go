package shrink

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/trial"
)

// FromStored prepares to shrink what a stored run found: its first violation,
// or the first of the oracle of that name. Runs leave no bundles.
func FromStored(stored *harness.Replay, oracle string) (*Reduction, error) {
	if err := stored.Options.File.Fresh(); err != nil {
		return nil, err
	}
	setup, err := stored.Setup()
	if err != nil {
		return nil, &harness.PlanError{Err: err}
	}
	setup.Out = ""
	b := stored.Bundle
	judges, err := harness.Judges(b.Plan)
	if err != nil {
		return nil, &harness.PlanError{Err: err}
	}
	h := b.History()
	f, err := pick(explain.New(h, b.Path).All(oracles.JudgeAll(h, judges)), oracle)
	if err != nil {
		return nil, &harness.PlanError{Err: fmt.Errorf("%s: %w", b.Path, err)}
	}
	i := slices.IndexFunc(judges, func(j evidence.Judge) bool { return j.Name() == f.Oracle })
	if i < 0 {
		return nil, &harness.PlanError{Err: fmt.Errorf("%s: there is no oracle %q to ask again", b.Path, f.Oracle)}
	}
	r := &Reduction{Runner: &trial.Bench{Setup: setup}, Lanes: 1, Scenario: setup.Scenario, Records: b.Records, Finding: f, Judge: judges[i]}
	if h.End != nil && !h.End.Quiet { // each run would last as long as the rig allows
		setup.File = setup.File.Hasty()
		r.Hasty = &trial.Bench{Setup: setup}
	}
	return r, nil
}

// pick chooses the finding to shrink.
func pick(all []evidence.Finding, oracle string) (evidence.Finding, error) {
	var violators []string
	chosen := -1
	for i, f := range all {
		if f.Verdict != evidence.Violated {
			continue
		}
		if oracle == "" || f.Oracle == oracle || f.ID == oracle {
			if chosen < 0 || all[chosen].Follows != "" && f.Follows == "" {
				chosen = i // rather a cause than what follows from one
			}
		}
		if !slices.Contains(violators, f.Oracle) {
			violators = append(violators, f.Oracle)
		}
	}
	switch {
	case chosen >= 0:
		return all[chosen], nil
	case len(violators) > 0:
		return evidence.Finding{}, fmt.Errorf("oracle %s found no violation; %s did", oracle, strings.Join(violators, ", "))
	case oracle != "":
		return evidence.Finding{}, fmt.Errorf("nothing to shrink: neither %s nor another oracle found a violation", oracle)
	}
	return evidence.Finding{}, fmt.Errorf("nothing to shrink: the run violated nothing")
}
