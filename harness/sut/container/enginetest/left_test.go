//go:build suites

package enginetest_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness/sut/container/enginetest"
)

// What this process has made is left until it is gone; what a rig beside it has
// made is none of its business, and neither is what went meanwhile.
func TestLeft(t *testing.T) {
	enginetest.Need(t)
	docker := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("docker", args...).CombinedOutput(); err != nil {
			t.Fatalf("docker %v: %v\n%s", args, err, out)
		}
	}
	network := func(name string, pid int) (made string) {
		made = fmt.Sprintf("andon-left-%s-%d", name, os.Getpid())
		docker("network", "create", "--label", fmt.Sprintf("io.andon.owner=host|space|%d|1", pid), made)
		t.Cleanup(func() { _ = exec.Command("docker", "network", "rm", made).Run() })
		return made
	}
	went := network("went", os.Getpid())
	before := enginetest.Look(t)
	docker("network", "rm", went)
	ours := network("ours", os.Getpid())
	network("theirs", os.Getppid())
	if left := enginetest.Left(t, before); left != "network "+ours {
		t.Errorf("left is %q, want only our network", left)
	}
	docker("network", "rm", ours)
	if left := enginetest.Left(t, before); strings.Contains(left, "andon-left") {
		t.Errorf("nothing of ours is left, and it says %q", left)
	}
}
