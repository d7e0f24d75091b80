//go:build suites

package container_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/container"
	"github.com/andon-rig/andon/harness/sut/container/enginetest"
	"github.com/andon-rig/andon/harness/sut/suttest"
)

func TestMain(m *testing.M) {
	rigRole()
	os.Exit(m.Run())
}

func TestDriver(t *testing.T) {
	enginetest.Need(t)
	image := enginetest.Build(t, suttest.Image(t, suttest.Played))
	before := enginetest.Look(t)
	for name, host := range map[string]bool{"own network": false, "this machine's network": true} {
		var only []string
		if host { // what shares the network of this machine cannot be taken off it: TestHostNetworkIsNotDetached
			only = slices.DeleteFunc(suttest.Names(), func(n string) bool { return n == suttest.Detached })
		}
		t.Run(name, func(t *testing.T) {
			suttest.RunElsewhere(t, func(t *testing.T, s suttest.Spec) sut.Driver {
				d, err := container.New(container.Config{
					Image: image, Mounts: []container.Mount{{From: s.State, To: s.State}}, Ports: []string{s.Port}, Host: host,
					Ready: s.Ready, Log: s.Log, Patience: time.Second,
				})
				if err != nil {
					t.Fatal(err)
				}
				return d
			}, func(_ context.Context, _ sut.Driver) error {
				if left := enginetest.Left(t, before); left != "" {
					return errors.New("left behind:\n" + left)
				}
				return nil
			}, only...)
		})
	}
}

// TestShaping has a fake nsenter stand for a kernel with netem.
func TestShaping(t *testing.T) {
	enginetest.Need(t)
	image := enginetest.Build(t, suttest.Image(t, suttest.Played))
	port, state := suttest.FreePort(t), t.TempDir()
	d, err := container.New(container.Config{Image: image, Mounts: []container.Mount{{From: state, To: state}}, Ports: []string{port},
		Ready: sut.Ready{HTTP: "http://127.0.0.1:" + port + "/health"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := d.Start(t.Context(), suttest.Env("sound", port, state)); err != nil {
		t.Fatal(err)
	}
	calls := fake(t, "")
	if err := errors.Join(d.Shape(t.Context(), "loss", "5%"), d.Unshape(t.Context())); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(calls()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "nsenter --target ") || !strings.HasSuffix(lines[0], " --net -- tc qdisc replace dev eth0 root netem loss 5%") ||
		!strings.HasSuffix(lines[1], " --net -- tc qdisc del dev eth0 root") {
		t.Errorf("ran %q", lines)
	}
}

// TestImageOfARun builds one, which goes with the run.
func TestImageOfARun(t *testing.T) {
	before := enginetest.Need(t)
	port, state := suttest.FreePort(t), t.TempDir()
	d, err := container.New(container.Config{
		Context: suttest.Image(t, suttest.Played), Mounts: []container.Mount{{From: state, To: state}}, Ports: []string{port},
		Ready: sut.Ready{HTTP: "http://127.0.0.1:" + port + "/health"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context(), suttest.Env("sound", port, state)); err != nil {
		t.Fatal(err)
	}
	if now := enginetest.Look(t); !strings.Contains(now, "image andon-sut:") {
		t.Errorf("there is no image:\n%s", now)
	}
	if err := d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if left := enginetest.Left(t, before); left != "" {
		t.Errorf("left behind:\n%s", left)
	}
}
