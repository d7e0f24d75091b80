package container_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/container"
)

func TestHostNetworkIsNotDetached(t *testing.T) {
	d, err := container.New(container.Config{Image: "acme/bridge", Host: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []sut.Ability{sut.Detaching, sut.Shaping} {
		if err := sut.Can(d, a); err == nil || !strings.Contains(err.Error(), "network: bridge") {
			t.Errorf("%s: %v; want the remedy", a, err)
		}
	}
}

func TestMistakesHaveRemedies(t *testing.T) {
	for name, c := range map[string]container.Config{
		"nothing to run":   {},
		"two to run":       {Image: "acme/bridge", Context: "."},
		"cpus in words":    {Image: "acme/bridge", CPUs: "many"},
		"less than no cpu": {Image: "acme/bridge", CPUs: "-1"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := container.New(c); err == nil {
				t.Error("was taken")
			}
		})
	}
}

// fake puts programs in place of those that shape packets: each notes how it
// was called, and unshare answers as a kernel does.
func fake(t *testing.T, unshare string) (calls func() string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	for name, answer := range map[string]string{"tc": "", "nsenter": "", "unshare": unshare} {
		text := "#!/bin/sh\necho \"" + name + " $*\" >> " + log + "\n" + answer + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return func() string {
		b, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

// TestShapingIsTriedOut asks for netem where there is and where there is none.
func TestShapingIsTriedOut(t *testing.T) {
	for name, c := range map[string]struct{ answer, want string }{
		"all there":     {"", ""},
		"no netem":      {"echo 'Error: Specified qdisc kind is unknown.' >&2; exit 2", "modprobe sch_netem"},
		"no privileges": {"echo 'unshare failed: Operation not permitted' >&2; exit 1", "run andon as root"},
	} {
		t.Run(name, func(t *testing.T) {
			calls := fake(t, c.answer)
			err := container.CanShape()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if got := calls(); got != "unshare --net -- tc qdisc add dev lo root netem loss 1%\n" {
				t.Errorf("ran %q", got)
			}
		})
	}
	t.Run("nothing installed", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if err := container.CanShape(); err == nil || !strings.Contains(err.Error(), "apt-get install") {
			t.Errorf("got %v, want what to install", err)
		}
	})
}
