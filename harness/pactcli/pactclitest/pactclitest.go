// Package pactclitest helps tests that use the official Pact verifier.
package pactclitest

import (
	"os"
	"testing"

	"github.com/andon-rig/andon/harness/pactcli"
)

// Program returns the path of the verifier. A test is skipped without one,
// which in CI is a failure.
func Program(t testing.TB) string {
	t.Helper()
	path, err := pactcli.Find("", os.Getenv, ".")
	if err != nil {
		t.Skipf("%v; or: make pact-cli", err)
	}
	return path
}
