//go:build suites

package container_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/container"
	"github.com/andon-rig/andon/harness/sut/container/enginetest"
	"github.com/andon-rig/andon/harness/sut/suttest"
)

const rigVariable = "ANDON_CONTAINER_TEST_RIG" // the directory with the Dockerfile

// rigRole plays a rig, if the test binary was started as one: it starts a SUT
// and then waits to be killed.
func rigRole() {
	dir := os.Getenv(rigVariable)
	if dir == "" {
		return
	}
	port := os.Getenv("PORT")
	d, err := container.New(container.Config{Context: dir, Ports: []string{port}, Ready: sut.Ready{HTTP: "http://127.0.0.1:" + port + "/health"},
		Mounts: []container.Mount{{From: os.Getenv("STATE"), To: os.Getenv("STATE")}}})
	if err == nil {
		err = d.Start(context.Background(), suttest.Env("sound", port, os.Getenv("STATE")))
	}
	fmt.Println("started:", err)
	select {}
}

// TestKilledRigIsSweptUpAfter kills a rig as a cancelled CI job would, and
// starts another.
func TestKilledRigIsSweptUpAfter(t *testing.T) {
	before := enginetest.Need(t)
	rig := exec.Command(os.Args[0])
	rig.Env = append(os.Environ(), rigVariable+"="+suttest.Image(t, suttest.Played), "STATE="+t.TempDir(), "PORT="+suttest.FreePort(t))
	out, err := rig.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := rig.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if strings.TrimSpace(line) != "started: <nil>" {
		t.Fatalf("the rig says %q, %v", line, err)
	}
	during := enginetest.Look(t)
	for _, kind := range []string{"container andon-", "network andon-", "image andon-sut:"} {
		if !strings.Contains(during, kind) {
			t.Errorf("%q is not there while the SUT runs: the test shows nothing\n%s", kind, during)
		}
	}
	_, err = container.Open(t.Context()) // another rig, while the first is alive
	if err != nil {
		t.Fatal(err)
	}
	if now := enginetest.Look(t); now != during {
		t.Errorf("a rig that lives was swept away:\n%s\nbefore:\n%s", now, during)
	}
	if err := rig.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = rig.Wait()
	e, err := container.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if left := enginetest.Left(t, before); left != "" {
		t.Errorf("left of a rig that was killed:\n%s", left)
	}
	if err := e.Clean(t.Context()); err != nil {
		t.Error(err)
	}
}
