//go:build suites

// The project's own smoke suite: the bundled bridge must survive the pack, and
// one planted defect for each oracle must not.
package suite_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/suite"
)

func TestSmoke(t *testing.T) {
	RegisterFailHandler(Fail)
	s, r := GinkgoConfiguration()
	s.RandomizeAllSpecs, s.FailOnPending, s.FailOnEmpty = true, true, true
	RunSpecs(t, "Andon", s, r)
}

// bridge is the bundled build, made once for all processes.
var bridge string

var _ = SynchronizedBeforeSuite(func(ctx SpecContext) []byte {
	dir, err := os.MkdirTemp("", "andon-bridge-*")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(os.RemoveAll, dir)
	path := filepath.Join(dir, "bridge")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "../../examples/bridge/cmd/bridge")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(out))
	return []byte(path)
}, func(path []byte) {
	bridge = string(path)
}, NodeTimeout(5*time.Minute))

// bundled replaces what the bundled rig starts by the build made above.
var bundled = suite.Change(func(f *harness.File) { f.SUT.Process.Command = []string{bridge} })

var _ = suite.DescribePack("", "smoke", bundled)

// Over polled feeds: the scenarios in which announcements come twice, late and
// before and after the build is killed.
var _ = suite.DescribeScenarios("../../examples/bridge/feed.yaml", "../../scenarios/library/net-03.yaml", "../../scenarios/library/qua-02.yaml",
	bundled, Label("feed"))

var _ = DescribeTable("planted defects are found", Label("canary"),
	func(ctx SpecContext, defect, scenario, oracle string) {
		run := suite.Scenario(scenario).Run(ctx, "", bundled, suite.Defect(defect))
		Expect(run).To(suite.BeViolatedBy(oracle))
		Expect(run).NotTo(suite.Hold())
	},
	func(defect, scenario, oracle string) string { return oracle + " finds " + defect + " in " + scenario },
	Entry(nil, SpecTimeout(2*time.Minute), "M01", "CNF-02", "exactly-once"),
	Entry(nil, SpecTimeout(2*time.Minute), "M02", "CNF-02", "retry-discipline"),
	Entry(nil, SpecTimeout(2*time.Minute), "M08", "NET-03", "no-silent-drop"),
	Entry(nil, SpecTimeout(2*time.Minute), "M41", "EXE-01", "conservation"),
	Entry(nil, SpecTimeout(2*time.Minute), "M43", "EXE-01", "field-fidelity"),
	Entry(nil, SpecTimeout(2*time.Minute), "M11", "THR-01", "dead-letter"),
	Entry(nil, SpecTimeout(2*time.Minute), "M12", "THR-01", "throttle-compliance"),
	Entry(nil, SpecTimeout(2*time.Minute), "M17", "LOT-01", "recovery"),
	Entry(nil, SpecTimeout(2*time.Minute), "M22", "LOT-01", "batch-items"),
	Entry(nil, SpecTimeout(2*time.Minute), "M25", "CNF-03", "order-causality"),
	Entry(nil, SpecTimeout(2*time.Minute), "M28", "QUA-01", "no-posting-after-hold"),
	Entry(nil, SpecTimeout(2*time.Minute), "M57", "SEC-01", "token-discipline"),
)

var _ = Describe("scenarios built in Go", func() {
	lost := suite.New("answers are lost, before and after posting").Orders(3).Open(2).
		Fault(
			suite.Fault("ambiguous-commit").At("erp").FromSUT().Facts("confirmation").Every(3).OfRun().Attempts(1),
			suite.Fault("refuse-before-apply").At("erp").FromSUT().Facts("confirmation").Every(5).OfRun().Attempts(1),
		).
		Expect(
			suite.Always("exactly-once", "conservation"),
			suite.AtEnd(`count.strikes["ambiguous-commit"] > 0`).Means("answers were lost"),
		).
		Floor("confirmation", 10)

	lost.It("", bundled, Label("built"))

	It("see what a file would", func(ctx SpecContext) {
		run := lost.Run(ctx, "", bundled, suite.Defect("M01"))
		Expect(run).To(suite.BeViolatedBy("exactly-once"))
	}, SpecTimeout(2*time.Minute))
})
