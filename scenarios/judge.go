package scenarios

import (
	"encoding/json"

	"github.com/andon-rig/andon/evidence"
)

// JudgeName is the oracle under which expectations report.
const JudgeName = "expectations"

// Expectations judges what a scenario expects besides the invariants that
// oracles judge. It is a fold over the journal: after each record it evaluates
// the expressions that may have changed.
type Expectations struct {
	doc      expectDoc
	programs []*program
	budget   uint64 // what all evaluations of one expression may cost
}

var _ evidence.Judge = (*Expectations)(nil)

// ExpectationsFrom returns the judge of what [Scenario.ExpectJSON] stored, nil
// if nothing was. It holds no more than raw does, so a stored run can be
// judged without the scenario's file.
func ExpectationsFrom(raw json.RawMessage) (evidence.Judge, error) {
	doc, programs, err := readExpectations(raw)
	if err != nil || len(programs) == 0 {
		return nil, err
	}
	return &Expectations{doc, programs, costBudget}, nil
}

// Name implements evidence.Judge.
func (j *Expectations) Name() string { return JudgeName }

// Follows tells that what was expected of books and lists fails because of
// what oracles find: they name the cause.
func (j *Expectations) Follows() bool { return true }

// Judge implements evidence.Judge: one finding for each expectation.
func (j *Expectations) Judge(h *evidence.History) []evidence.Finding {
	w := newWorld(h.Plan)
	c := &clock{moments: map[string]instant{}}
	trials := make([]*trial, len(j.programs))
	for i, p := range j.programs {
		trials[i] = &trial{x: j.doc.Expect[i], p: p, w: w, c: c, budget: j.budget}
	}
	var end *evidence.End
	for _, r := range h.Records {
		c.see(r)
		for _, t := range trials {
			t.before(r)
		}
		w.see(r)
		for _, t := range trials {
			t.after(r)
		}
		if e, ok := r.Body.(evidence.End); ok {
			end = &e
		}
	}
	findings := make([]evidence.Finding, 0, len(trials))
	for _, t := range trials {
		f := t.finding(end)
		if f.Verdict == evidence.Violated {
			f.Confidence = "low" // of the class: an expectation knows what is wrong, not why
		}
		f.Oracle, f.ID, f.Requirements = JudgeName, t.x.ID, j.doc.Requirements
		findings = append(findings, f)
	}
	return findings
}
