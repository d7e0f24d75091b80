package reports_test

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/reports"
)

func TestOpen(t *testing.T) {
	violated := evidence.Finding{Oracle: "no-silent-drop", ID: "O12", Verdict: evidence.Violated}
	earlier := evidence.Finding{Oracle: "no-phantom", ID: "O2", Verdict: evidence.Violated}
	unsure := evidence.Finding{Oracle: "recovery", ID: "O13", Verdict: evidence.Inconclusive}
	idle := evidence.Finding{Oracle: "throttle", ID: "O9", Verdict: evidence.Vacuous, Rule: evidence.RuleIdle}
	never := evidence.Finding{Oracle: "exercise", ID: "O22", Verdict: evidence.Vacuous}
	holds := evidence.Finding{Oracle: "exactly-once", ID: "O1"}
	for _, c := range []struct {
		name    string
		verdict evidence.Verdict
		give    []evidence.Finding
		want    string
	}{
		{"holds", evidence.Holds, []evidence.Finding{holds, idle}, ""},
		{"worst first, then by number", evidence.Violated, []evidence.Finding{unsure, holds, violated, never, earlier, idle}, "O2 O12 O13 O22 "},
		{"nothing exercised", evidence.Vacuous, []evidence.Finding{idle, idle}, "O9 O9 "},
		{"not exercised", evidence.Vacuous, []evidence.Finding{holds, idle, never}, "O22 "},
	} {
		got := ""
		for _, f := range (reports.Scenario{Verdict: c.verdict, Findings: c.give}).Open() {
			got += f.ID + " "
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestOracles(t *testing.T) {
	s := reports.Scenario{Findings: []evidence.Finding{
		{Oracle: "b", ID: "O12", Verdict: evidence.Holds, Text: "fine"},
		{Oracle: "a", ID: "O2", Verdict: evidence.Inconclusive, Text: "unsure"},
		{Oracle: "a", ID: "O2", Verdict: evidence.Violated, Text: "first", Count: 3},
		{Oracle: "a", ID: "O2", Verdict: evidence.Violated, Text: "second"},
	}}
	got := s.Oracles()
	if len(got) != 2 || got[0].Oracle != "a" || got[0].Verdict != evidence.Violated || got[0].Count != 4 || got[0].Text != "first" || got[1].Text != "fine" {
		t.Errorf("got %+v", got)
	}
}

func TestCount(t *testing.T) {
	g := reports.Gate{Scenarios: []reports.Scenario{{}, {Verdict: evidence.Violated}, {Verdict: evidence.Violated}, {Verdict: evidence.Vacuous}}}
	if got := g.Count(); got != [4]int{1, 1, 0, 2} {
		t.Errorf("got %v", got)
	}
}
