//go:build suites

package suite_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
)

// The suite of examples/ginkgo-suite, run as its team would run it. It is
// Serial because both runs build to the same path.
var _ = Describe("a team's own suite", Serial, Ordered, Label("example"), func() {
	It("fails for a naive forwarder, and says why", func(ctx SpecContext) {
		specs, err := teamSuite(ctx)
		Expect(err).To(HaveOccurred())
		Expect(specs).To(HaveLen(4))
		Expect(specs["EXE-01"].State).To(Equal(types.SpecStatePassed), "plain traffic is no trouble")
		for name, oracle := range map[string]string{"CNF-02": "exactly-once", "NIGHT-01": "retry-discipline", "are never posted twice": "exactly-once"} {
			Expect(specs[name].State).To(Equal(types.SpecStateFailed), name)
			report := entryOf(specs[name])
			Expect(report.Oracles).To(ContainElement(oracle), name)
			Expect(report.Report).To(And(ContainSubstring("expected"), ContainSubstring("◀── VIOLATION"), ContainSubstring("andon replay "+report.Bundle)), name)
			Expect(filepath.Join(report.Bundle, "journal.jsonl")).To(BeARegularFile(), "the evidence of a failed spec stays")
			Expect(os.RemoveAll(filepath.Dir(report.Bundle))).To(Succeed())
		}
	}, SpecTimeout(8*time.Minute))

	It("passes once the forwarder sends keys", func(ctx SpecContext) {
		specs, err := teamSuite(ctx, "FORWARDER_KEYS=1")
		Expect(err).NotTo(HaveOccurred())
		Expect(specs).To(HaveLen(4))
		for name, s := range specs {
			Expect(s.State).To(Equal(types.SpecStatePassed), name)
		}
	}, SpecTimeout(8*time.Minute))
})

// teamSuite runs the suite and returns its specs by the first word of their
// names, or by all of it where that is no scenario.
func teamSuite(ctx SpecContext, env ...string) (map[string]types.SpecReport, error) {
	GinkgoHelper()
	out := filepath.Join(GinkgoT().TempDir(), "report.json")
	test := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout=400s", ".", "-ginkgo.json-report="+out)
	test.Dir = filepath.Join("..", "..", "examples", "ginkgo-suite")
	test.Env = append(os.Environ(), env...)
	said, terr := test.CombinedOutput()
	b, err := os.ReadFile(out)
	Expect(err).NotTo(HaveOccurred(), string(said))
	var reports []types.Report
	Expect(json.Unmarshal(b, &reports)).To(Succeed())
	specs := map[string]types.SpecReport{}
	for _, s := range reports[0].SpecReports {
		if s.LeafNodeType != types.NodeTypeIt {
			continue
		}
		name, _, _ := strings.Cut(s.LeafNodeText, " ")
		if !strings.Contains(name, "-") {
			name = s.LeafNodeText
		}
		specs[name] = s
	}
	return specs, terr
}

// entryOf reads what the spec's run has entered into Ginkgo's report.
func entryOf(s types.SpecReport) (e struct {
	Oracles        []string
	Bundle, Report string
}) {
	GinkgoHelper()
	Expect(s.ReportEntries).NotTo(BeEmpty(), s.LeafNodeText)
	Expect(json.Unmarshal([]byte(s.ReportEntries[0].Value.AsJSON), &e)).To(Succeed())
	return e
}
