package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/shrink"
	"github.com/andon-rig/andon/internal/yamlfile"
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
	all.rest, all.rows[0].at.rest, all.rows[0].smallest = 3, make([]scenarios.Scenario, 3), "1 strike (lose), 1 order, 2 facts; fails in 20 of 20, after 40 runs"
	page := all.markdown(options{pack: "smoke", shrink: 40})
	for _, want := range []string{"1 of 2 defects were found", "2/4 (0.15–0.85)", "sound bridge: 1 violated", "1 strike (lose), 1 order", "not shown by 0 of 3"} {
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

// TestAVacuousRunIsOneLine: what struck nothing, or who had nothing to judge.
func TestAVacuousRunIsOneLine(t *testing.T) {
	s := soundRuns{verdicts: map[evidence.Verdict]int{}}
	r := reports.Scenario{ID: "NET-02", Seed: 7, Verdict: evidence.Vacuous, Findings: []evidence.Finding{
		{Oracle: "labor", Verdict: evidence.Vacuous, Text: "nobody worked"}, {Oracle: "exercise", Verdict: evidence.Vacuous, Text: "fault away was armed and touched no message"}}}
	s.see(r)
	r.Findings = r.Findings[:1]
	s.see(r)
	want := []string{"NET-02 seed 7: vacuous: fault away was armed and touched no message", "NET-02 seed 7: vacuous: nothing to judge for labor"}
	if !slices.Equal(s.unknown, want) || s.blamed() != 0 || len(s.alarms) > 0 {
		t.Errorf("told as %q", s.unknown)
	}
}

// TestTheRestOfTheLibraryCounts: a defect that only a slow scenario shows did
// not escape, and the share of packs does not hear of it.
func TestTheRestOfTheLibraryCounts(t *testing.T) {
	r := row{defect: bridge.DefectInfo{ID: bridge.M01, Oracles: []string{"exactly-once"}}, by: map[string]int{}, packs: 1}
	r.count(scenario("A"))
	r.countRest(scenario("SLOW-1", "conservation"))
	r.countRest(scenario("SLOW-2", "exactly-once"))
	if r.runs != 1 || r.any != 0 || r.intended != 0 || !r.found() || r.needed != 3 || !slices.Equal(r.where(), []string{"SLOW-2"}) || !r.restAny {
		t.Errorf("%+v", r)
	}
	r.at.rest = make([]scenarios.Scenario, 5)
	if got := r.elsewhere(); got != "shown after 2 of 5" {
		t.Errorf("told as %q", got)
	}
	if all := (table{rows: []row{r}}); all.escaped() != 0 {
		t.Error("it is said to have escaped")
	}
}

// TestTheShortestRunIsKept, of those in which an intended oracle spoke; the
// others leave nothing behind.
func TestTheShortestRunIsKept(t *testing.T) {
	dir := t.TempDir()
	r := row{defect: bridge.DefectInfo{ID: bridge.M01, Oracles: []string{"retry-discipline", "exactly-once"}}, by: map[string]int{}}
	for _, s := range []struct {
		id   string
		wall time.Duration
		by   string
	}{{"LONG", 9 * time.Second, "exactly-once"}, {"SHORT", time.Second, "exactly-once"}, {"OTHER", time.Millisecond, "conservation"}} {
		run := scenario(s.id, s.by)
		run.Wall, run.Bundle = s.wall, filepath.Join(dir, s.id)
		if err := os.Mkdir(run.Bundle, 0o755); err != nil {
			t.Fatal(err)
		}
		r.count(run)
	}
	if err := r.sweep(dir); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "SHORT" || r.sample.oracle != "exactly-once" {
		t.Errorf("left %v, %v; sample %+v", left, err, r.sample)
	}
}

// TestSizeSaysWhatIsLeft, how often it fails and what was not tried.
func TestSizeSaysWhatIsLeft(t *testing.T) {
	one := scenarios.Fault{ID: "f", Fault: yamlfile.Word{S: "lose"}}
	r := shrink.Result{Outcome: shrink.Shrunk, Orders: 1, Facts: 2, Runs: 40, Reproduces: shrink.Rate{Hits: 4, Runs: 4}}
	r.Scenario.Faults = []scenarios.Fault{one}
	if got, want := size(r), "1 strike (lose), 1 order, 2 facts; fails in 4 of 4, after 40 runs"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.Scenario.Faults, r.Facts, r.Certificate.Rate = nil, 1, shrink.Rate{Hits: 19, Runs: 20}
	r.Steps = []shrink.Step{{Name: shrink.StepConfirm, State: shrink.Done}, {Name: shrink.StepWorkload, State: shrink.NotFinished}}
	if got, want := size(r), "no fault, 1 order, 1 fact; fails in 19 of 20, after 40 runs; not finished: workload"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := size(shrink.Result{Outcome: shrink.NotReproduced, Runs: 20}); got != "did not fail again in 20 runs" {
		t.Errorf("got %q", got)
	}
}

// TestCanariesExist, for every oracle: a misspelt one would be silent for ever.
func TestCanariesExist(t *testing.T) {
	known := catalog.Standard().OracleNames()
	for _, name := range known {
		if name != "oee" && !slices.ContainsFunc(canaries, func(c canary) bool { return slices.Contains(c.oracles, name) }) { // oee's is the board
			t.Errorf("%s has no canary", name)
		}
	}
	for _, c := range canaries {
		if c.defect != "" && !slices.ContainsFunc(bridge.Defects(), func(d bridge.DefectInfo) bool { return d.ID == c.defect }) {
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
	t.Chdir("../..") // where rig files are named from
	pack, err := scenarios.Pack("smoke")
	if err != nil {
		t.Fatal(err)
	}
	m := &measure{base: harness.GateOptions{Texts: map[string][]byte{}}}
	if m.base.File, err = harness.Bundled(); err != nil {
		t.Fatal(err)
	}
	if err := m.choose(options{pack: "smoke", rest: true}); err != nil {
		t.Fatal(err)
	}
	for d, ids := range elsewhere {
		if !slices.ContainsFunc(bridge.Defects(), func(i bridge.DefectInfo) bool { return i.ID == d }) {
			t.Errorf("%s is not planted", d)
		}
		at, err := m.placeOf(d)
		if err != nil {
			t.Error(err)
			continue
		}
		meant, others := at.meant(d)
		if len(meant) < len(ids) || len(meant)+len(others) != len(at.rest) || len(m.pack) != len(pack) {
			t.Errorf("%s at %q: %d meant and %d other scenarios of %d, although %v are meant", d, at.name, len(meant), len(others), len(at.rest), ids)
		}
	}
	m = &measure{base: harness.GateOptions{Texts: map[string][]byte{}}}
	if err := m.choose(options{scenarios: "CNF-01", rest: true}); err != nil || len(m.pack) != 1 || len(m.rest) > 0 {
		t.Errorf("%d scenarios and %d more, although the user has chosen one: %v", len(m.pack), len(m.rest), err)
	}
}
