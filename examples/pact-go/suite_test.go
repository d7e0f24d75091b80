//go:build pact

// Package line_test writes the line's pacts with pact-go, and has pact-go
// verify a simulated ERP by them. It needs cgo and the library libpact_ffi:
// `make pact-go` in the root of the repository installs and uses both.
package line_test

import (
	"log"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// t is what pact-go wants to have, also where Ginkgo runs the tests.
var t *testing.T

func TestPacts(tt *testing.T) {
	t = tt
	log.SetOutput(GinkgoWriter) // pact-go says much; it is shown where a spec fails
	RegisterFailHandler(Fail)
	RunSpecs(tt, "Pacts of the line with the ERP")
}

// The pact comes from the consumer tests of the same run, so they go first.
var _ = Describe("Pacts", Ordered, func() {
	pacts := new(folder)
	BeforeAll(func() { *pacts = folder(GinkgoT().TempDir()) })
	Describe("the line", func() { consumerTests(pacts) })
	Describe("the ERP", func() { providerTests(pacts) })
})
