package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/scenarios"
)

func TestOutcomes(t *testing.T) {
	finding := func(oracle string, v evidence.Verdict) evidence.Finding {
		return evidence.Finding{Oracle: oracle, ID: "O1", Verdict: v, Expected: "one", Got: "two", Text: "of\nthem"}
	}
	many := reports.Scenario{ID: "NET-02", Seed: 7, Verdict: evidence.Violated}
	for range mostTold + 2 {
		many.Findings = append(many.Findings, finding("exactly-once", evidence.Violated))
	}
	for _, c := range []struct {
		name         string
		run          reports.Scenario
		word, reason string
	}{
		{"holds", reports.Scenario{Verdict: evidence.Holds, Findings: []evidence.Finding{finding("exactly-once", evidence.Holds)}}, "✓", ""},
		{"vacuous", reports.Scenario{Verdict: evidence.Vacuous, Findings: []evidence.Finding{{Oracle: "exercise", Verdict: evidence.Vacuous, Got: "moved struck nothing"}}}, "vacuous", "vacuous: moved struck nothing"},
		{"undecided", reports.Scenario{Seed: 7, Verdict: evidence.Inconclusive, Findings: []evidence.Finding{finding("labor", evidence.Inconclusive), finding("secrets", evidence.Holds)}}, "undecided",
			"inconclusive: seed 7, labor: expected one, got two: of them"},
		{"blamed", reports.Scenario{Seed: 7, Verdict: evidence.Violated, Findings: []evidence.Finding{finding("labor", evidence.Inconclusive), finding("exactly-once", evidence.Violated), finding("conservation", evidence.Violated)}},
			"**exactly-once, conservation**", "violated: seed 7, conservation: expected one, got two: of them; exactly-once: expected one, got two: of them"},
		{"much is blamed", many, "**exactly-once**", "; and 2 more"},
		{"trouble of the rig", reports.Scenario{Verdict: evidence.Inconclusive, Error: "start SUT: no such file\nmore"}, "no verdict", "no verdict: start SUT: no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if o := outcomeOf(c.run); o.word() != c.word || !strings.HasSuffix(o.reason(), c.reason) || (c.reason == "") != (o.reason() == "") {
				t.Errorf("%q: %q, want %q: %q", o.word(), o.reason(), c.word, c.reason)
			}
		})
	}
}

// What the bundled rig of a dialect cannot play is played where the build reads
// lists, if there is such a rig.
func TestRigsOfADialect(t *testing.T) {
	t.Chdir("../..") // where rig files are named from
	m := &measure{base: harness.GateOptions{Catalog: catalog.Standard(), Self: "bridge"}}
	for erp, want := range map[string]string{"sap-s4/v2": "lists-sap", "b2mml-xml/v7": "lists-b2mml", "files/v1": ""} {
		rigs, err := m.rigsOf(erp)
		last := rigs[len(rigs)-1]
		if err != nil || rigs[0].name != "" || last.name != want || last.gate.File.Endpoints["erp"].Dialect != erp {
			t.Errorf("%s: %d rigs, the last one %q of %q, %v", erp, len(rigs), last.name, last.gate.File.Endpoints["erp"].Dialect, err)
		}
	}
	lists, err := scenarios.Find("MDM-10")
	if err != nil {
		t.Fatal(err)
	}
	rigs, _ := m.rigsOf("files/v1")
	if o := playOne(t.Context(), rigs, lists[0]); !strings.HasPrefix(o.left, "its fault pagination") || o.word() != "–" {
		t.Errorf("%+v", o)
	}
}

// A run in which the build is blamed leaves its bundle where bundles are kept, one
// that holds leaves nothing.
func TestBundlesOfWhatDoesNotHold(t *testing.T) {
	t.Chdir("../..")
	keep := t.TempDir()
	m, err := prepare(t.Context(), options{scenarios: "CNF-02", keep: keep, lanes: 1, dialects: true}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	rigs, err := m.rigsOf("b2mml-xml/v7")
	if err != nil {
		t.Fatal(err)
	}
	kept := func() (bundles []string) {
		bundles, err := filepath.Glob(filepath.Join(keep, "*", "CNF-02", "*", "verdict.json"))
		if err != nil {
			t.Fatal(err)
		}
		return bundles
	}
	if o := playOne(t.Context(), rigs, m.pack[0]); o.word() != "✓" || len(kept()) > 0 {
		t.Errorf("sound: %s, bundles %v", o.word(), kept())
	}
	rigs[0].gate.Defect = "M01"
	if o := playOne(t.Context(), rigs, m.pack[0]); !o.puzzling() || len(kept()) != 1 {
		t.Errorf("with a defect: %s, bundles %v", o.word(), kept())
	}
}

// A scenario that has shown nothing at one rig is played at the next; what has no
// verdict or is blamed is told as it is.
func TestFirstRigThatShowsSomething(t *testing.T) {
	holds, idle, blamed, broken, left := outcome{verdict: evidence.Holds}, outcome{verdict: evidence.Vacuous}, outcome{verdict: evidence.Violated}, outcome{broken: "no SUT"}, outcome{left: "no lists"}
	for name, c := range map[string]struct {
		at   [2]outcome
		want string
	}{
		"the first": {[2]outcome{holds, blamed}, "✓, a"}, "blamed": {[2]outcome{blamed, holds}, "**blamed**, a"}, "broken": {[2]outcome{broken, holds}, "no verdict, a"},
		"idle": {[2]outcome{idle, holds}, "✓, b"}, "idle, then blamed": {[2]outcome{idle, blamed}, "**blamed**, b"}, "idle at both": {[2]outcome{idle, idle}, "vacuous, a"},
		"idle, and left": {[2]outcome{idle, left}, "vacuous, a"}, "left": {[2]outcome{left, idle}, "vacuous, b"}, "left at both": {[2]outcome{left, left}, "–"},
	} {
		played := map[string]outcome{"a": c.at[0], "b": c.at[1]}
		got := firstShown([]namedRig{{name: "a"}, {name: "b"}}, func(r namedRig) outcome {
			o := played[r.name]
			o.rig = r.name
			return o
		})
		if got.word() != c.want {
			t.Errorf("%s: %s, want %s", name, got.word(), c.want)
		}
	}
}

func TestSoundPage(t *testing.T) {
	var (
		good      = outcome{verdict: evidence.Holds}
		left      = outcome{left: "there is no broker | and no queue"}
		idle      = outcome{verdict: evidence.Vacuous, why: "moved struck nothing", rig: "lists"}
		undecided = outcome{verdict: evidence.Inconclusive, why: "seed 7, not at rest"}
		blamed    = outcome{verdict: evidence.Violated, blamed: []string{"exactly-once"}, why: "seed 7, twice"}
		broken    = outcome{broken: "no SUT"}
	)
	ids, erps := []string{"A-01", "B-02", "C-03"}, []string{"a/v1", "b/v1"}
	page, all := soundPage(ids, erps, []map[string]outcome{{"a/v1": good, "b/v1": left}, {"a/v1": idle, "b/v1": left}, {"a/v1": blamed, "b/v1": undecided}})
	if all.exit() != 1 || all.played != 4 || all.left != 2 {
		t.Errorf("exit %d of %+v", all.exit(), all)
	}
	for _, want := range []string{"| `a/v1` | 3 | 1 | 1 | 0 | 1 | 0 | 0 |\n", "| `b/v1` | 1 | 0 | 0 | 1 | 0 | 0 | 2 |\n", "| scenario | `a/v1` | `b/v1` |\n", "| A-01 | ✓ | – |\n", "| B-02 | vacuous, lists | – |\n",
		"| C-03 | **exactly-once** | undecided |\n", "| `a/v1` | C-03 | violated: seed 7, twice |\n", "| `b/v1` | A-01, B-02 | there is no broker \\| and no queue |\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	for want, o := range map[int][]outcome{0: {good, left, idle, undecided}, 1: {good, broken, blamed}, 3: {good, broken}} {
		var s sums
		for _, one := range o {
			s.add(one)
		}
		if s.exit() != want {
			t.Errorf("exit %d of %+v, want %d", s.exit(), s, want)
		}
	}
}
