//go:build suites

package container_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/sut/container/enginetest"
)

// TestAnInterruptedGateLeavesNothing presses Ctrl-C in the middle of a run whose
// SUT is a container, once and twice. After two the gate does not wait for
// anything, and the next one sweeps up.
func TestAnInterruptedGateLeavesNothing(t *testing.T) {
	before := enginetest.Need(t)
	dir := t.TempDir()
	andon, rig := filepath.Join(dir, "andon"), bundledInABox(t, dir)
	goBuild(t, andon, ".")
	for _, times := range []int{1, 2} {
		gate := exec.Command(andon, "gate", "--rig", rig, "--scenario", "CNF-02", "--out", filepath.Join(dir, fmt.Sprint("runs-", times)))
		gate.Dir = dir
		said := new(transcript)
		gate.Stdout, gate.Stderr = said, said
		if err := gate.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = gate.Process.Kill() }) // if it is still there
		ended := make(chan error, 1)
		go func() { ended <- gate.Wait() }()
		until(t, "a container", func() bool { return strings.Contains(enginetest.Look(t), "container andon-") })
		for n := range times {
			if err := gate.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if n == 0 { // a second one counts as such once the first was noticed
				until(t, "the gate heard it", func() bool { return strings.Contains(said.String(), "interrupted") })
			}
		}
		select {
		case err := <-ended:
			if e := new(exec.ExitError); !errors.As(err, &e) || e.ExitCode() != 130 {
				t.Errorf("interrupted %d times, the gate ended with %v, want 130:\n%s", times, err, said)
			}
		case <-time.After(2 * time.Minute):
			_ = gate.Process.Kill()
			t.Fatalf("interrupted %d times, the gate goes on:\n%s", times, said)
		}
		if left := enginetest.Left(t, before); times == 1 && left != "" {
			t.Errorf("left of a gate that was interrupted:\n%s", left)
		}
	}
	next := exec.Command(andon, "gate", "--rig", rig, "--scenario", "CNF-01", "--out", filepath.Join(dir, "next"))
	next.Dir = dir
	if out, err := next.CombinedOutput(); err != nil {
		t.Errorf("the next gate: %v\n%s", err, out)
	}
	if left := enginetest.Left(t, before); left != "" {
		t.Errorf("left after the next gate:\n%s", left)
	}
}

// transcript is what a program has printed so far.
type transcript struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// until waits for is to become true.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for over := time.After(time.Minute); !is(); {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// bundledInABox is the rig file of the bundled build, which runs in a container
// from an image that is made for each run.
func bundledInABox(t *testing.T, dir string) string {
	t.Helper()
	image := filepath.Join(dir, "image")
	if err := os.Mkdir(image, 0o755); err != nil {
		t.Fatal(err)
	}
	goBuild(t, filepath.Join(image, "bridge"), "./examples/bridge/cmd/bridge")
	if err := os.WriteFile(filepath.Join(image, "Dockerfile"), []byte("FROM scratch\nCOPY bridge /bridge\nENTRYPOINT [\"/bridge\"]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../bundled.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const process = `process: {command: ["${andon.self}", "bridge"]}`
	boxed := strings.Replace(string(text), process, "container: {build: {context: image}}", 1)
	if boxed == string(text) {
		t.Fatalf("the bundled rig has no %s", process)
	}
	rig := filepath.Join(dir, "andon.yaml")
	if err := os.WriteFile(rig, []byte(boxed), 0o644); err != nil {
		t.Fatal(err)
	}
	return rig
}

// goBuild builds a program of this module that needs nothing where it runs.
func goBuild(t *testing.T, bin, from string) {
	t.Helper()
	c := exec.Command("go", "build", "-o", bin, from)
	c.Dir, c.Env = "../../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", from, err, out)
	}
}
