// Package reportstest gives reporters' tests something to report: gates made
// of stored journals, one that fails and one that is sound, and the promises
// every reporter keeps.
package reportstest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/coverage"
	"github.com/andon-rig/andon/simulators/plant"
)

// journals is where the journals are stored, seen from a reporter's folder.
const journals = "../../evidence/explain/testdata"

// Run is the scenario that the stored journal of this name tells of.
func Run(t testing.TB, name string) reports.Scenario {
	t.Helper()
	file, err := os.Open(filepath.Join(journals, name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	j, err := bundle.ReadJournal(file)
	if err != nil || j.Cut != nil || len(j.Damage) > 0 {
		t.Fatalf("read %s: %v, cut %v, damage %v", name, err, j.Cut, j.Damage)
	}
	text, err := os.ReadFile(filepath.Join(journals, name+".findings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var found []evidence.Finding
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	h := evidence.NewHistory(j.Records)
	path := "out/" + h.Plan.Scenario + "-" + name
	s := reports.Scenario{
		ID: h.Plan.Scenario, Title: name, Pack: "smoke", Verdict: evidence.Worst(found), Bundle: path, Seed: h.Plan.Seed, Wall: 3100 * time.Millisecond,
		Facts: len(h.Facts), Effects: len(h.Effects), Exceptions: len(h.Surfaces), Findings: explain.New(h, path).All(found), Requirements: h.Plan.Requirements,
	}
	for _, f := range h.Faults {
		s.Faults = append(s.Faults, reports.Fault{ID: f.ID, Kind: f.Kind, Struck: len(f.Strikes)})
	}
	s.Figures = reports.FiguresOf(h, s)
	// Golden files are not to change whenever an oracle is added.
	s.Figures.Touch.Links = slices.DeleteFunc(s.Figures.Touch.Links, func(l coverage.Link) bool { return l.By == coverage.ByOracle })
	return s
}

// Sound is a gate that holds.
func Sound(t testing.TB) reports.Gate {
	t.Helper()
	return reports.Gate{Andon: "0.1.0", Bundle: "out", Seed: 4711, Wall: 3200 * time.Millisecond, Scenarios: []reports.Scenario{Run(t, "sound")}}
}

// Failing is a gate with a scenario for each verdict, and one for which the
// rig had no verdict.
func Failing(t testing.TB) reports.Gate {
	t.Helper()
	return reports.Gate{
		Verdict: evidence.Violated, Exit: 1, Andon: "0.1.0", Bundle: "out", Seed: 4711, Rig: "andon.yaml", Defect: "M01", Wall: 12400 * time.Millisecond,
		Notes: []string{"interrupted: 2 scenarios not run"},
		Scenarios: []reports.Scenario{
			Run(t, "sound"), Run(t, "lost-reply"),
			{
				ID: "THR-01", Title: "a title so long that no line on any terminal would ever hold it", Pack: "smoke", Verdict: evidence.Vacuous, Seed: 4711, Wall: 2 * time.Second, Facts: 12, Effects: 12,
				Faults:   []reports.Fault{{ID: "api-throttling", Kind: "throttle"}},
				Findings: []evidence.Finding{{Oracle: "exercise", ID: "O22", Verdict: evidence.Vacuous, Text: "fault api-throttling never struck"}},
			},
			{
				ID: "NET-03", Title: "sut-crash", Pack: "smoke", Verdict: evidence.Inconclusive, Seed: 4711, Wall: 5 * time.Second, Facts: 3, Bundle: "out/NET-03",
				Notes:    []string{"the run was cut: there is no end record after record 77"},
				Findings: []evidence.Finding{{Oracle: "recovery", ID: "O13", Verdict: evidence.Inconclusive, Text: "the journal was cut: the run did not reach its end", Count: 3}},
			},
			{ID: "SEC-01", Title: "token-renewal", Verdict: evidence.Inconclusive, Seed: 4711, Error: "start SUT: exit status 2; its last line was \"\x1b[31mno config\x1b[0m\""},
			{
				ID: "HOSTILE", Title: "\x1b[2J\u202egnp]]><&\"'\x00", Pack: "pack \x07", Verdict: evidence.Violated,
				Findings: []evidence.Finding{{Oracle: "no-phantom", ID: "O2", Verdict: evidence.Violated, Got: "<script>\x1b[31m]]>\xff", Class: evidence.CauseDataQuality}},
			},
		},
	}
}

// Crowded is a failing gate of so many scenarios, each with so many findings
// of as many kinds, every text of which is as long and as hostile as a SUT can
// make it.
func Crowded(t testing.TB, scenarios, findings int) reports.Gate {
	t.Helper()
	like := Run(t, "lost-reply")
	nasty := strings.Repeat("`|<b>&\"'\n::error::%0A@everyone https://example.org ]]> →→→→→→→→→→→→→→→→→→→→→→→→→→→→→→→→ ", 40)
	g := reports.Gate{Verdict: evidence.Violated, Exit: 1, Andon: "0.1.0", Bundle: "out", Notes: []string{nasty}}
	for i := range scenarios {
		s := like
		s.ID, s.Title, s.Findings = fmt.Sprintf("S-%04d", i), nasty, nil
		for n := range findings {
			f := like.Findings[0]
			f.Rule, f.Verdict, f.Expected, f.Got, f.Text = fmt.Sprintf("rule-%d", n), evidence.Violated, nasty, nasty, nasty
			f.Fact = plant.EventID(fmt.Sprintf("fact/%d/%d", i, n))
			s.Findings = append(s.Findings, f)
		}
		g.Scenarios = append(g.Scenarios, s)
	}
	return g
}

var update = flag.Bool("update", false, "rewrite the files under testdata")

// Golden compares what r says of g with a file under testdata, and that it
// says it twice alike.
func Golden(t *testing.T, r reports.Reporter, g reports.Gate, name string) []byte {
	t.Helper()
	var got, again bytes.Buffer
	if err := r.Report(&got, g); err != nil {
		t.Fatal(err)
	}
	if err := r.Report(&again, g); err != nil || !bytes.Equal(got.Bytes(), again.Bytes()) {
		t.Errorf("%s: reported twice, told differently (%v)", name, err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s:\n got\n%s\nwant\n%s", name, got.Bytes(), want)
	}
	return got.Bytes()
}

// full refuses to be written to.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

// Fails reports whether r tells that it could not write.
func Fails(t *testing.T, r reports.Reporter) {
	t.Helper()
	if r.Report(full{}, Sound(t)) == nil {
		t.Error("a report that could not be written was called a success")
	}
}
