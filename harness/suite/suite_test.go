package suite_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/suite"
	"github.com/andon-rig/andon/scenarios"
)

func TestFilesBecomeSpecs(t *testing.T) {
	rig := filepath.Join("..", "..", "examples", "ginkgo-suite", "andon.yaml")
	library := filepath.Join("..", "..", "scenarios", "library")
	titles, err := suite.Load(rig, filepath.Join(library, "cnf-0[1-3].yaml"), filepath.Join(library, "ord-01.yaml"))
	if err != nil || !slices.Equal(titles, []string{"CNF-01", "CNF-02", "CNF-03", "ORD-01"}) {
		t.Errorf("specs %v, %v", titles, err)
	}
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("apiVersion: andon/v1\nkind: Scenario\nmetadata: {id: X, titel: x}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		rig, pattern, want string
	}{
		"no file":      {rig, filepath.Join(dir, "*.yml"), "no file matches"},
		"bad pattern":  {rig, "[", "syntax error"},
		"bad scenario": {rig, bad, "bad.yaml:3"},
		"no rig":       {filepath.Join(dir, "andon.yaml"), filepath.Join(library, "cnf-01.yaml"), "rig file"},
		"bad rig":      {bad, filepath.Join(library, "cnf-01.yaml"), "bad.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := suite.Load(c.rig, c.pattern); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want a mistake that says %q", err, c.want)
			}
		})
	}
	if _, err := suite.Load(rig); err == nil {
		t.Error("no pattern at all was taken")
	}
}

func TestLabelsAreFitForGinkgo(t *testing.T) {
	got := suite.Labels(scenarios.Metadata{ID: "THR-01.date", Labels: []string{"smoke", "a/b, (c)"}, Requirements: []scenarios.Requirement{"UP-02"}})
	if want := []string{"THR-01.date", "smoke", "a-b- -c", "UP-02"}; !slices.Equal(got, want) {
		t.Errorf("labels %q, want %q", got, want)
	}
}

func TestRunsKeepWhatWasRun(t *testing.T) {
	dir := t.TempDir()
	rig := filepath.Join("..", "..", "examples", "ginkgo-suite", "andon.yaml")
	change := suite.Change(func(f *harness.File) { f.SUT.Process.Command = []string{"./other"} })
	o, err := suite.Prepare(rig, suite.New("a run").Seed(7).Pilots("network-loss"), suite.Bundles(dir), change, suite.Defect("M08"))
	if err != nil {
		t.Fatal(err)
	}
	if o.RunName != "a-run-7" || *o.Seed != 7 || o.Defect != "M08" || !slices.Equal(o.Pilots, []string{"network-loss"}) {
		t.Errorf("prepared run %s with defect %q and pilots %v", o.RunName, o.Defect, o.Pilots)
	}
	kept, err := harness.ParseFile("kept", o.Source)
	if err != nil || !slices.Equal(kept.SUT.Process.Command, []string{"./other"}) || len(kept.Endpoints) != 2 {
		t.Errorf("the rig kept for replay is %+v, %v", kept, err)
	}
	if _, err := scenarios.Parse("kept", o.Texts["a-run"]); err != nil {
		t.Errorf("the scenario kept for replay: %v", err)
	}
	if err := os.Mkdir(filepath.Join(o.Out, o.RunName), 0o700); err != nil {
		t.Fatal(err)
	}
	again, err := suite.Prepare(rig, suite.New("a run").Seed(7), suite.Bundles(dir))
	if err != nil || again.RunName != "a-run-7-again-2" {
		t.Errorf("a second run would be kept as %q, %v", again.RunName, err)
	}
	if !strings.HasSuffix(o.Out, "process-1") {
		t.Errorf("evidence would be kept in %s, which parallel processes would share", o.Out)
	}
}

func TestBundledRigNeedsABuild(t *testing.T) {
	if _, err := suite.Prepare("", suite.Scenario("CNF-02"), suite.Bundles(t.TempDir())); err == nil || !strings.Contains(err.Error(), "suite.Change") {
		t.Errorf("a test binary would be started as andon: %v", err)
	}
}

// What the rig lacks is no verdict on the SUT: a scenario that is asked for by name
// is refused with what is lacking and where it is, unless it is wanted all the same.
func TestWhatTheRigLacksIsRefused(t *testing.T) {
	rig := filepath.Join("..", "..", "examples", "ginkgo-suite", "andon.yaml")
	_, err := suite.Prepare(rig, suite.Scenario("EXC-03"), suite.Bundles(t.TempDir()))
	if err == nil {
		t.Fatal("EXC-03 would be played where there is no queue")
	}
	for _, want := range []string{"EXC-03 cannot be played at this rig: it puts failed messages back into a queue", "--erp d365/v1", "suite.Force()"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if _, err := suite.Prepare(rig, suite.Scenario("EXC-03"), suite.Force(), suite.Bundles(t.TempDir())); err != nil {
		t.Errorf("forced: %v", err)
	}
}
