package cmd_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
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
