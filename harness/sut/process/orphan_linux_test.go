package process_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/process"
	"github.com/andon-rig/andon/harness/sut/suttest"
)

const rigVariable = "ANDON_PROCESS_TEST_RIG"

// rigRole plays a rig, if the test binary was started as one: it starts a SUT
// and then waits to be killed.
func rigRole() {
	port := os.Getenv(rigVariable)
	if port == "" {
		return
	}
	os.Unsetenv(rigVariable) // the SUT is this binary too
	d, err := process.New(process.Config{Command: []string{os.Args[0]}, Ready: sut.Ready{HTTP: "http://127.0.0.1:" + port + "/health"}})
	if err == nil {
		err = d.Start(context.Background(), suttest.Env("sound", port, os.Getenv("STATE")))
	}
	fmt.Println("started:", err)
	select {}
}

// TestKilledRigLeavesNoSUT kills a rig as a cancelled CI job would.
func TestKilledRigLeavesNoSUT(t *testing.T) {
	state := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	rig := exec.Command(os.Args[0])
	rig.Env = append(os.Environ(), rigVariable+"="+port, "STATE="+state)
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
	pids := map[string]int{}
	for _, name := range []string{"pid", "child"} {
		b, err := os.ReadFile(filepath.Join(state, name))
		if err != nil {
			t.Fatal(err)
		}
		pids[name], _ = strconv.Atoi(string(b))
	}
	if suttest.Gone(pids["pid"], 0) {
		t.Fatal("the SUT is gone before the rig was killed: the test shows nothing")
	}
	if err := rig.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = rig.Wait()
	for name, pid := range maps.All(pids) {
		if !suttest.Gone(pid, 5*time.Second) {
			t.Errorf("%s %d of the SUT outlived its rig", name, pid)
		}
	}
}
