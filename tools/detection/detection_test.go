package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/scenarios"
)

func scenario(id string, violated ...string) reports.Scenario {
	s := reports.Scenario{ID: id, Wall: time.Second, Verdict: evidence.Holds}
	for _, o := range violated {
		s.Verdict = evidence.Violated
		s.Findings = append(s.Findings, evidence.Finding{Oracle: o, Verdict: evidence.Violated})
	}
	return s
}

// TestRowTellsIntendedFromOthers: who spoke first, where, and who was meant to.
func TestRowTellsIntendedFromOthers(t *testing.T) {
	r := row{defect: bridge.DefectInfo{ID: bridge.M01, Oracles: []string{"exactly-once"}}, by: map[string]int{}, packs: 1, packsAny: 1, packsHit: 1}
	r.count(scenario("A"))
	r.count(scenario("B", "conservation"))
	r.count(scenario("C", "conservation", "exactly-once"))
	r.count(scenario("D", "exactly-once"))
	if r.runs != 4 || r.any != 3 || r.intended != 2 || r.needed != 3 || r.first != 3*time.Second || !slices.Equal(r.in, []string{"C", "D"}) {
		t.Errorf("row %+v", r)
	}
	silent := row{defect: bridge.DefectInfo{ID: bridge.M02, Oracles: []string{"retry-discipline"}}, by: map[string]int{}}
	silent.count(scenario("A", "conservation"))
	all := table{rows: []row{r, silent}, sound: []soundRuns{{build: "bridge", verdicts: map[evidence.Verdict]int{evidence.Violated: 1}}}}
	if all.escaped() != 1 || all.blamed() != 1 {
		t.Errorf("%d escaped and %d blamed, want 1 and 1", all.escaped(), all.blamed())
	}
	page := all.markdown(options{pack: "smoke"})
	for _, want := range []string{"1 of 2 defects were found", "2/4 (0.15–0.85)", "Not hosted yet", "M63 file read again", "sound bridge: 1 violated"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	columns := 0
	for _, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(line, "| defect | what it does |") {
			columns = strings.Count(line, "|")
		}
		if strings.HasPrefix(line, "| M01 ") && strings.Count(line, "|") != columns {
			t.Errorf("a row of %d cells in a table of %d", strings.Count(line, "|")-1, columns-1)
		}
	}
}

// TestCanariesExist: a misspelt one would be silent for ever.
func TestCanariesExist(t *testing.T) {
	known := catalog.Standard().OracleNames()
	for name, why := range without {
		if !slices.Contains(known, name) || why == "" || slices.ContainsFunc(canaries, func(c canary) bool { return slices.Contains(c.oracles, name) }) {
			t.Errorf("%s is said to have no canary (%q), and is no oracle or has one", name, why)
		}
	}
	for _, c := range canaries {
		if !slices.ContainsFunc(bridge.Defects(), func(d bridge.DefectInfo) bool { return d.ID == c.defect }) {
			t.Errorf("%s is not planted", c.defect)
		}
		if _, err := scenarios.Find(c.scenario); err != nil {
			t.Error(err)
		}
		for _, o := range c.oracles {
			if !slices.Contains(known, o) {
				t.Errorf("%s is no oracle", o)
			}
		}
	}
}

// TestIntendedOraclesExist, of the defects that can be planted: those of the
// others may still have to be written.
func TestIntendedOraclesExist(t *testing.T) {
	known := catalog.Standard().OracleNames()
	ids := map[bridge.Defect]string{}
	for _, d := range bridge.Defects() {
		ids[d.ID] = d.Name
		for _, o := range d.Oracles {
			if !slices.Contains(known, o) {
				t.Errorf("%s is to be blamed by %s, which is no oracle", d.ID, o)
			}
		}
	}
	for _, a := range bridge.NotPlanted() {
		if was, planted := ids[a.ID]; planted || a.Why == "" || a.Does == "" || len(a.Oracles) == 0 {
			t.Errorf("%s: planted as %q too, or lacks words: %s", a.ID, was, fmt.Sprint(a))
		}
	}
}

// TestWhatShowsADefectElsewhere: a scenario of the pack would be played twice.
func TestWhatShowsADefectElsewhere(t *testing.T) {
	pack, err := scenarios.Pack("smoke")
	if err != nil {
		t.Fatal(err)
	}
	m := &measure{pack: pack}
	for d, ids := range elsewhere {
		if !slices.ContainsFunc(bridge.Defects(), func(i bridge.DefectInfo) bool { return i.ID == d }) {
			t.Errorf("%s is not planted", d)
		}
		all, err := m.scenariosFor(d)
		if err != nil {
			t.Error(err)
		}
		if got, want := len(all), len(pack)+len(ids); got != want {
			t.Errorf("%s: %d scenarios, want %d: one of %v is in the pack", d, got, want, ids)
		}
	}
	m.options.scenarios = "CNF-01"
	if all, err := m.scenariosFor(bridge.M60); err != nil || len(all) != len(pack) {
		t.Errorf("%d scenarios although the user has chosen, want %d: %v", len(all), len(pack), err)
	}
}
