//go:build suites

package compose_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/compose"
	"github.com/andon-rig/andon/harness/sut/container"
	"github.com/andon-rig/andon/harness/sut/container/enginetest"
	"github.com/andon-rig/andon/harness/sut/suttest"
)

func need(t *testing.T) {
	t.Helper()
	enginetest.Need(t)
	if _, err := compose.Command(t.Context()); err != nil {
		t.Skip(err)
	}
}

func TestDriver(t *testing.T) {
	need(t)
	image := enginetest.Build(t, suttest.Image(t, suttest.Played))
	before := enginetest.Look(t)
	suttest.RunElsewhere(t, func(t *testing.T, s suttest.Spec) sut.Driver {
		file := project(t, "    image: IMAGE\n")
		replace(t, file, "IMAGE", image)
		d, err := compose.New(compose.Config{
			File: file, Service: "sut", Mounts: []container.Mount{{From: s.State, To: s.State}}, Ports: []string{s.Port},
			Ready: s.Ready, Log: s.Log, Patience: time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}, func(context.Context, sut.Driver) error {
		if left := enginetest.Left(t, before); left != "" {
			return errors.New("left behind:\n" + left)
		}
		return nil
	}, "starts and is ready", "is killed and comes back with its state", "dies at once", "is taken off the network and put back")
}

// TestImageOfTheFile has compose build what the file says.
func TestImageOfTheFile(t *testing.T) {
	need(t)
	dir, port, state := suttest.Image(t, suttest.Played), suttest.FreePort(t), t.TempDir()
	before := enginetest.Look(t)
	file := filepath.Join(dir, "compose.yaml")
	if err := os.WriteFile(file, []byte("version: \"3.5\"\nservices: {sut: {build: .}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := compose.New(compose.Config{File: file, Service: "sut", Mounts: []container.Mount{{From: state, To: state}}, Ports: []string{port},
		Ready: sut.Ready{HTTP: "http://127.0.0.1:" + port + "/health"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context(), suttest.Env("sound", port, state)); err != nil {
		t.Fatal(err)
	}
	if err := d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if left := enginetest.Left(t, before); left != "" {
		t.Errorf("left behind:\n%s", left)
	}
}

func replace(t *testing.T, file, from, to string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(strings.ReplaceAll(string(b), from, to)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
