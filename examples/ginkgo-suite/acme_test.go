// Package acme is the test suite of an imaginary integration team.
package acme

import (
	"os/exec"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/andon-rig/andon/harness/suite"
)

func TestAcme(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Acme integration")
}

var _ = SynchronizedBeforeSuite(func(ctx SpecContext) {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", "bin/forwarder", "./forwarder").CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(out))
}, func() {}, NodeTimeout(5*time.Minute))

// Scenarios of our own, one spec each.
var _ = suite.DescribeScenarios("andon.yaml", "scenarios/*.yaml", Label("ours"))

var _ = Describe("the pack we chose", func() {
	suite.Scenario("EXE-01").It("andon.yaml")
	suite.Scenario("CNF-02").It("andon.yaml")
})

var _ = Describe("confirmations", func() {
	// Answers to confirmations get lost, always after the ERP has posted.
	lost := suite.New("answers to confirmations get lost").Orders(2).
		Fault(suite.Fault("ambiguous-commit").At("erp").FromSUT().Facts("confirmation").Every(4).OfRun().Attempts(1))

	It("are never posted twice", func(ctx SpecContext) {
		for _, seed := range []uint64{1, 2} {
			run := lost.Seed(seed).Run(ctx, "andon.yaml")
			Expect(run).To(suite.Hold())
		}
	}, SpecTimeout(time.Minute))
})
