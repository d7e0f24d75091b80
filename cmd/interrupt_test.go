package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// lost is a scenario in which a build without idempotency keys posts twice.
const lost = `apiVersion: andon/v1
kind: Scenario
metadata: {id: LOST, title: "Replies are lost"}
seed: 4
plant: {open: 0, oddIds: 0, quantity: 2}
given: {orders: {count: 2}}
faults:
  - {id: lost, fault: ambiguous-commit, at: erp, direction: from-sut, hits: {every: 3, per: run, writes: true, attempts: 1}}
`

// A search that is interrupted says how far it got and keeps the best so far.
func TestSearchesAreInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "lost.yaml"), []byte(lost), 0o644); err != nil {
		t.Fatal(err)
	}
	stdout := interrupted(t, dir, "single", "explore", "lost.yaml", "--defect", "M01", "--budget", "10m", "--out", "found")
	if !strings.Contains(stdout, "interrupted: what was not reached is in explore.json") {
		t.Errorf("explore said %s", stdout)
	}
	b, err := os.ReadFile(filepath.Join(dir, "found", "explore.json"))
	if err != nil || !strings.Contains(string(b), `"interrupted": true`) {
		t.Errorf("explore.json: %v", err)
	}
	gate := exec.CommandContext(t.Context(), filepath.Join(programs, "andon"), "gate", "lost.yaml", "--defect", "M01", "--out", "runs", "--quiet")
	gate.Dir = dir
	_ = gate.Run() // it finds something
	stdout = interrupted(t, dir, "runs  sharpen", "shrink", "runs/LOST-4", "--oracle", "exactly-once")
	if !strings.Contains(stdout, "interrupted: the best so far is not the smallest there may be") || !strings.Contains(stdout, "workload        0  not begun") {
		t.Errorf("shrink said %s", stdout)
	}
	if _, err := os.Stat(filepath.Join(dir, "runs", "LOST-4.min.yaml")); err != nil {
		t.Error(err)
	}
}

// interrupted runs andon, interrupts it once it has said when, demands exit
// status 130 and returns what it printed.
func interrupted(t *testing.T, dir, when string, args ...string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there is no such signal on Windows")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, filepath.Join(programs, "andon"), args...)
	c.Dir = dir
	var stdout bytes.Buffer
	c.Stdout = &stdout
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	said := false
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if !said && strings.Contains(lines.Text(), when) {
			said = true
			if err := c.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = c.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 || !said {
		t.Errorf("andon %s: %v, want exit status 130", strings.Join(args, " "), err)
	}
	return stdout.String()
}
