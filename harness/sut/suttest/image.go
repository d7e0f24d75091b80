package suttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Image returns a directory with a Dockerfile that makes an image FROM scratch
// with the SUT of these tests, or another program of this module, in it.
func Image(t testing.TB, pkg string) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "sut"), pkg)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	text := "FROM scratch\nCOPY sut /sut\nENTRYPOINT [\"/sut\"]\n"
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Played is the package of the SUT of these tests as a program.
const Played = "github.com/andon-rig/andon/harness/sut/suttest/play"
