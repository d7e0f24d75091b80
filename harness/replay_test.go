package harness

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestCompare(t *testing.T) {
	find := func(oracle string, v evidence.Verdict, order plant.OrderID) evidence.Finding {
		return evidence.Finding{Oracle: oracle, Verdict: v, Keys: plant.Keys{Order: order}}
	}
	twice := []evidence.Finding{find("exactly-once", evidence.Violated, "1"), find("exactly-once", evidence.Violated, "2"), find("recovery", evidence.Holds, "")}
	for _, c := range []struct {
		name            string
		before, after   []evidence.Finding
		judged          bool
		want            string
		same, gone, new int
	}{
		{"nothing was found, nor is", nil, []evidence.Finding{find("recovery", evidence.Holds, "")}, true, Reproduced, 0, 0, 0},
		{"the same in another order", twice, []evidence.Finding{twice[1], twice[0], twice[0]}, true, Reproduced, 2, 0, 0},
		{"the same oracle about another key", twice, []evidence.Finding{twice[0], find("exactly-once", evidence.Violated, "3")}, true, ReproducedFor, 1, 1, 1},
		{"an oracle fell silent", twice, nil, true, Different, 0, 2, 0},
		{"an oracle speaks up", nil, twice, true, Different, 0, 0, 2},
		{"an oracle is less sure", twice[:1], []evidence.Finding{find("exactly-once", evidence.Inconclusive, "1")}, true, Different, 0, 1, 1},
		{"no judgement", twice, nil, false, NotCompared, 0, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := compare(c.before, c.after, c.judged)
			if got.Outcome != c.want || len(got.Same) != c.same || len(got.Gone) != c.gone || len(got.New) != c.new {
				t.Errorf("got %+v, want %s with %d in both, %d gone, %d new", got, c.want, c.same, c.gone, c.new)
			}
		})
	}
}

func TestPilotsAreReadOffThePlan(t *testing.T) {
	for _, p := range Pilots() {
		if len(p.Arms) == 0 {
			t.Errorf("%s arms nothing", p.Name)
		}
	}
	var armed evidence.Plan
	for _, id := range []string{"pilot-invalid-lot", "pilot-network-cut"} { // the second pilot has another rule besides
		armed.Faults = append(armed.Faults, evidence.PlannedFault{ID: id})
	}
	if got := storedPilots(armed); !slices.Equal(got, []string{"invalid-lot"}) {
		t.Errorf("got %v", got)
	}
}

func TestReplaysAreNumbered(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"A-1", "A-1-replay-1"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for run, want := range map[string]string{"A-1": "A-1-replay-2", "A-1-replay-1": "A-1-replay-2", "B": "B-replay-1"} {
		if got := freshRun(dir, run); got != want {
			t.Errorf("%s: got %s, want %s", run, got, want)
		}
	}
}

func TestSchemasAreWritten(t *testing.T) {
	for name, schema := range map[string]func() ([]byte, error){"rig": RigSchema, "findings": FindingsSchema} {
		if b, err := schema(); err != nil || len(b) < 1000 {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
	}
}
