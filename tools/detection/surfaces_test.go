package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/reports"
)

func TestTrackRecordSaysWhatShowsADefect(t *testing.T) {
	all, err := showing(filepath.Join("..", "..", trackRecord))
	if err != nil || !slices.Contains(all[bridge.M01], "CNF-02") || len(all) < 40 {
		t.Errorf("%v of %d defects, %v", all[bridge.M01], len(all), err)
	}
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("| defect | … |\n| M01 | a | b | – | o | CNF-01, NET-01 | 1/1 |\n| M02 | a | b | – | o |  | 0/1 |\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err = showing(page); err != nil || len(all) != 1 || len(all[bridge.M01]) != 2 {
		t.Errorf("%v, %v", all, err)
	}
}

// Whatever is left out for a reason is a mistake somewhere.
func TestWhatIsSenselessSomewhereMakesSenseElsewhere(t *testing.T) {
	m := &measure{base: harness.GateOptions{Catalog: catalog.Standard()}}
	out := map[bridge.Defect]bool{}
	for _, erp := range harness.BundledERPs() {
		for _, d := range bridge.Defects() {
			why := m.faceOf(erp).senseless(d.ID, erp)
			if _, none := rigAt(d.ID, erp); saysNothing(why) || saysNothing(none) {
				t.Errorf("%s at %s: %q %q does not say why it is no mistake there", d.ID, erp, why, none)
			}
			if why != "" {
				out[d.ID] = true
			}
			if erp == "neutral/v1" && why != "" {
				t.Errorf("%s at %s: %s", d.ID, erp, why)
			}
		}
	}
	if len(out) < 5 {
		t.Errorf("only %v are senseless anywhere", out)
	}
}

// saysNothing reports whether a reason only tells where a defect is planted,
// which is ours to change.
func saysNothing(why string) bool { return strings.Contains(why, "planted where") }

// The page has every defect, and no reason that is none.
func TestPageHasEveryDefect(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "surface-defects.md"))
	if err != nil {
		t.Fatal(err)
	}
	table, left, _ := strings.Cut(string(page), "## Left out")
	for _, d := range bridge.Defects() {
		if !strings.Contains(table, fmt.Sprintf("\n| %s %s |", d.ID, d.Name)) {
			t.Errorf("no row for %s %s", d.ID, d.Name)
		}
	}
	for line := range strings.Lines(left) {
		if saysNothing(line) {
			t.Errorf("no reason: %s", line)
		}
	}
}

func TestMatrix(t *testing.T) {
	d := bridge.DefectInfo{ID: "M01", Name: "no key", Oracles: []string{"exactly-once"}}
	run := func(id string, oracles ...string) (s reports.Scenario) {
		s.ID = id
		for _, o := range oracles {
			s.Findings = append(s.Findings, evidence.Finding{Oracle: o, Verdict: evidence.Violated})
		}
		return s
	}
	var hit, other, none cell
	hit.take(d, run("A"))
	hit.take(d, run("B", "convergence"))
	hit.take(d, run("C", "convergence", "exactly-once"))
	other.take(d, run("B", "convergence"))
	none.take(d, run("A"))
	out := cell{out: "there is no key"}
	for _, c := range []struct {
		cell cell
		want string
	}{{hit, "exactly-once (C)"}, {other, "convergence (B), not meant to"}, {none, "not seen"}, {out, "–"}} {
		if got := c.cell.word(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	page, unseen := matrix([]bridge.DefectInfo{d}, []string{"a/v1", "b/v1", "c/v1", "d/v1"}, []map[string]cell{{"a/v1": hit, "b/v1": other, "c/v1": none, "d/v1": out}})
	if unseen != 1 {
		t.Errorf("%d not seen", unseen)
	}
	for _, want := range []string{"| `a/v1` | 1 | 1 | 0 | 0 | 0 |", "| `d/v1` | 0 | 0 | 0 | 0 | 1 |", "| M01 no key | exactly-once (C) | convergence (B), not meant to | not seen | – |",
		"| `c/v1` | M01 | not seen: nobody spoke in A |", "| `d/v1` | M01 | there is no key |"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
}

// Where a defect needs a rig of its own, it is one whose ERP speaks the dialect.
func TestRigsAreOfTheDialect(t *testing.T) {
	t.Chdir("../..") // where rig files are named from
	for _, erp := range harness.BundledERPs() {
		for _, d := range bridge.Defects() {
			rig, why := rigAt(d.ID, erp)
			if rig == "" {
				continue
			}
			f, _, err := load(rig)
			if err != nil || why != "" || !f.RunsBundled() || f.Endpoints["erp"].Dialect != erp {
				t.Errorf("%s at %s: %s speaks %s, %v %s", d.ID, erp, rig, f.Endpoints["erp"].Dialect, err, why)
			}
		}
	}
	for erp, want := range map[string]string{"sap-s4/v2": "examples/bridge/lists-sap.yaml", "b2mml-xml/v7": "examples/bridge/lists-b2mml.yaml", neutral: "examples/bridge/lists.yaml", "files/v1": ""} {
		if rig, why := rigAt(bridge.M35, erp); rig != want || (want == "") != (why != "") {
			t.Errorf("M35 at %s: %q, %q", erp, rig, why)
		}
	}
}

// Both versions of ION have one side.
func TestSidesServeTheirDialects(t *testing.T) {
	for _, c := range []struct {
		own, erp string
		want     bool
	}{{"", "files/v1", true}, {"files/v1", "files/v1", true}, {"files/v1", "sap-s4/v2", false}, {"infor-ion/v3", "infor-ion/v2", true}, {"infor-ion/v3", "d365/v1", false}} {
		if got := ofSide(c.own, c.erp); got != c.want {
			t.Errorf("side of %q at %q: %v", c.own, c.erp, got)
		}
	}
}

// The dialect that a rig is said to have is the one in its file.
func TestRigsSpeakWhatIsSaidOfThem(t *testing.T) {
	t.Chdir("../..")
	said := maps.Clone(ofERP)
	for erp, rig := range listRigs {
		said[rig] = erp
	}
	for _, rig := range rigs {
		want := cmp.Or(said[rig], neutral)
		f, err := harness.LoadFile(rig)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := cmp.Or(f.Endpoints["erp"].Dialect, neutral); got != want {
			t.Errorf("the ERP of %s speaks %s, and is said to speak %s", rig, got, want)
		}
	}
}
