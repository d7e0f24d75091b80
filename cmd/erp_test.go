package cmd_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/simulators"
)

// TestOneRigForEveryERP replaces the ERP of a rig by one that speaks another
// dialect (ROL-09): of the rig file only the line dialect is changed, the scenario
// not at all, and the sound build holds at each. A defect that the dialect has
// nothing to do with is blamed at each, so that holding means something.
func TestOneRigForEveryERP(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.FromSlash("../examples/bridge/any-erp.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	line := []byte("    dialect: neutral/v1 ")
	if n := bytes.Count(text, []byte("dialect: ")); n != 1 || !bytes.Contains(text, line) {
		t.Fatalf("the rig has %d lines that name a dialect, want one with %q", n, line)
	}
	for _, erp := range harness.BundledERPs() {
		t.Run(erp, func(t *testing.T) {
			t.Parallel()
			rig := filepath.Join(t.TempDir(), "andon.yaml")
			if err := os.WriteFile(rig, bytes.Replace(text, line, []byte("    dialect: "+erp+" "), 1), 0o644); err != nil {
				t.Fatal(err)
			}
			out := t.TempDir()
			said, status := andon(t, "gate", "--rig", rig, "--scenario", "CNF-01", "--out", out, "--quiet")
			if status != harness.ExitHolds {
				t.Errorf("the sound build: exit %d\n%s", status, said)
			}
			if got := spoken(t, filepath.Join(out, "CNF-01-42")); got != erp {
				t.Errorf("the ERP spoke %q", got)
			}
			if said, status := andon(t, "gate", "--rig", rig, "--scenario", "CNF-01", "--defect", "M47", "--out", t.TempDir(), "--quiet"); status != harness.ExitViolated || !bytes.Contains(said, []byte("field-fidelity")) {
				t.Errorf("scrap booked as good: exit %d\n%s", status, said)
			}
			// Master data that nobody announces is found in lists, by the same rig.
			if said, status := andon(t, "gate", "--rig", rig, "--scenario", "MDM-11", "--out", t.TempDir(), "--quiet"); status != harness.ExitHolds {
				t.Errorf("master data: exit %d\n%s", status, said)
			}
		})
	}
}

// drifts are changes of what an ERP promises that a build cannot know of: by its
// dialect, a document, what stands there and what it is replaced by.
var drifts = map[string][3]string{
	"neutral/v1":   {"neutral/endpoint/v1/openapi.json", `"SEC"`, `"SECONDS"`},
	"sap-s4/v2":    {"sap-s4/services/v2/openapi.json", `"ConfirmationUnit"`, `"ConfirmationUoM"`},
	"d365/v1":      {"d365/interface/v1/openapi.yaml", `ProdProductionOrderRouteCard, `, ``},
	"b2mml-xml/v7": {"b2mml-xml/bods/v7/b2mml.xsd", `name="PostingDate"`, `name="PostedDate"`},
	"infor-ion/v3": {"infor-ion/bods/v3/documents.xsd", `name="ReportNumber"`, `name="ReportNo"`},
	"infor-ion/v2": {"infor-ion/bods/v2/documents.xsd", `name="ReportNumber"`, `name="ReportNo"`},
	"files/v1":     {"files/delimited/v1/confirmations.layout.yaml", `{name: WORKCENTER}`, `{name: WORKCENTER, pattern: "[0-9]+"}`},
	"staging/v1":   {"staging/tables/v1/tables.sql", `yield `, `good `},
}

// TestOwnContractsAtEveryERP: what crosses between the sound build and the ERP, in
// whichever dialect, is in the book of what our own endpoints promise, and keeps it.
// Where the book has drifted the build is blamed, so that keeping it means
// something.
func TestOwnContractsAtEveryERP(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.FromSlash("../examples/bridge/any-erp.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, erp := range harness.BundledERPs() {
		t.Run(erp, func(t *testing.T) {
			t.Parallel()
			party, version, _ := strings.Cut(erp, "/")
			play := func(book, scenarios string) ([]byte, int) {
				rig := string(text)
				for _, c := range [][2]string{
					{"kind: Rig\n", "kind: Rig\ncontracts: " + book + "\n"},
					{"sut:\n", "sut:\n  party: integration\n  version: \"1\"\n"},
					{"    dialect: neutral/v1 ", "    party: " + party + "\n    version: " + version + "\n    dialect: " + erp + " "},
					{"mes: {system: mes, ", "mes: {system: mes, party: neutral, version: v1, "},
				} {
					if strings.Count(rig, c[0]) != 1 {
						t.Fatalf("the rig does not have one %q", c[0])
					}
					rig = strings.Replace(rig, c[0], c[1], 1)
				}
				file := filepath.Join(t.TempDir(), "andon.yaml")
				if err := os.WriteFile(file, []byte(rig), 0o644); err != nil {
					t.Fatal(err)
				}
				return andon(t, "gate", "--rig", file, "--scenario", scenarios, "--out", t.TempDir(), "--quiet")
			}
			book := filepath.Join(t.TempDir(), "book")
			if err := os.CopyFS(book, os.DirFS(filepath.FromSlash("../docs/contracts"))); err != nil {
				t.Fatal(err)
			}
			if said, status := play(filepath.Join(book, "book.yaml"), "CNF-01,MDM-11"); status != harness.ExitHolds {
				t.Errorf("the sound build: exit %d\n%s", status, said)
			}
			drift := drifts[erp]
			file := filepath.Join(book, filepath.FromSlash(drift[0]))
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			after := bytes.ReplaceAll(before, []byte(drift[1]), []byte(drift[2]))
			if bytes.Equal(before, after) {
				t.Fatalf("%s does not say %q", drift[0], drift[1])
			}
			if err := os.WriteFile(file, after, 0o644); err != nil {
				t.Fatal(err)
			}
			if said, status := play(filepath.Join(book, "book.yaml"), "CNF-01"); status != harness.ExitViolated || !bytes.Contains(said, []byte("contract-conformance")) || !strings.Contains(strings.Join(strings.Fields(string(said)), ""), drift[0]) {
				t.Errorf("drift: exit %d\n%s", status, said)
			}
		})
	}
}

// spoken is the dialect of the ERP in a run, by its journal.
func spoken(t *testing.T, run string) string {
	t.Helper()
	b, err := bundle.Open(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Records {
		if begin, ok := r.Body.(evidence.Begin); ok {
			return begin.Plan.Endpoints["erp"].Dialect
		}
	}
	return ""
}

// TestDoorkeeping: a gateway slows its callers down before it refuses them, and
// does not say when to come back. The sound build meets both and holds; one that
// asks again at once is blamed for that.
func TestDoorkeeping(t *testing.T) {
	t.Parallel()
	const scenario = "examples/bridge/doorkeeping.yaml"
	out := t.TempDir()
	if said, status := andon(t, "gate", "--erp", "infor-ion/v3", "--out", out, "--quiet", scenario); status != harness.ExitHolds {
		t.Errorf("the sound build: exit %d\n%s", status, said)
	}
	b, err := bundle.Open(filepath.Join(out, "DOOR-01-61"))
	if err != nil {
		t.Fatal(err)
	}
	slowed, refused := 0, 0
	for _, r := range b.Records {
		a, ok := r.Body.(evidence.Attempt)
		switch {
		case !ok || a.Endpoint != "erp":
		case a.Heard.Outcome == simulators.Throttled:
			if refused++; a.Heard.RetryAfter != 0 {
				t.Fatalf("attempt %d was told to wait for %s", a.ID, a.Heard.RetryAfter)
			}
		case a.End-a.Start >= 50*time.Millisecond: // from the fifteenth of a second on
			slowed++
		}
	}
	if slowed < 5 || refused < 5 {
		t.Errorf("%d calls were held back and %d refused: the build has hardly met either", slowed, refused)
	}
	if said, status := andon(t, "gate", "--erp", "infor-ion/v3", "--defect", "M15", "--out", t.TempDir(), "--quiet", scenario); status != harness.ExitViolated || !bytes.Contains(said, []byte("retry-discipline")) {
		t.Errorf("retries at once: exit %d\n%s", status, said)
	}
}

// TestSlowJobs: a job that looks into the tables every one and a half seconds is no
// silence of the build, however often its postings wait for it.
func TestSlowJobs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.FromSlash("../harness/bundled-staging.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rig, scenario := filepath.Join(dir, "andon.yaml"), filepath.Join(dir, "slow.yaml")
	text = bytes.Replace(text, []byte("dialect: staging/v1}"), []byte("dialect: staging/v1, poll: {wall: 1500ms}}"), 1)
	if err := errors.Join(os.WriteFile(rig, text, 0o644), os.WriteFile(scenario, []byte(slowJobs), 0o644)); err != nil {
		t.Fatal(err)
	}
	if said, status := andon(t, "gate", "--rig", rig, "--out", filepath.Join(dir, "runs"), scenario); status != harness.ExitHolds {
		t.Errorf("exit %d\n%s", status, said)
	}
}

// slowJobs lets everything of two orders come at once, so that nearly all of it is
// still to be posted when the last fault has healed.
const slowJobs = `apiVersion: andon/v1
kind: Scenario
metadata: {id: SLOW, title: "Postings wait for a job that seldom looks"}
seed: 3
plant: {open: 2, quantity: 40}
time: {mode: burst}
given: {orders: {released: false}}
expect: {always: [exactly-once, no-silent-drop]}
floor: {confirmation: 5}
`
