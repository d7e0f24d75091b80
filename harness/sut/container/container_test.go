package container_test

import (
	"context"
	"errors"
	"os"
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
		t.Run(name, func(t *testing.T) {
			suttest.RunElsewhere(t, func(t *testing.T, s suttest.Spec) sut.Driver {
				if host && strings.HasSuffix(t.Name(), "put_back") {
					t.Skip("what shares the network of this machine cannot be taken off it: TestHostNetworkIsNotDetached")
				}
				d, err := container.New(container.Config{
					Image: image, Mounts: []container.Mount{{From: s.State, To: s.State}}, Ports: []string{s.Port}, Host: host,
					Ready: s.Ready, Log: s.Log, Patience: time.Second,
				})
				if err != nil {
					t.Fatal(err)
				}
				return d
			}, func(_ context.Context, _ sut.Driver) error {
				if now := enginetest.Look(t); now != before {
					return errors.New("left behind:\n" + now + "\nbefore:\n" + before)
				}
				return nil
			})
		})
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
	if now := enginetest.Look(t); now != before {
		t.Errorf("left behind:\n%s\nbefore:\n%s", now, before)
	}
}

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
