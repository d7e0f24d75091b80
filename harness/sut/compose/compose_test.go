package compose_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
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

// project writes a compose file: the SUT, and a neighbour with a volume.
func project(t *testing.T, service string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "compose.yaml")
	text := "version: \"3.5\"\nservices:\n  sut:\n" + service +
		"  neighbour:\n    image: IMAGE\n    environment: {ANDON_SUTTEST_ROLE: child}\n    volumes: [kept:/kept]\nvolumes:\n  kept: {}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

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
		if now := enginetest.Look(t); now != before {
			return errors.New("left behind:\n" + now + "\nbefore:\n" + before)
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
	if now := enginetest.Look(t); now != before {
		t.Errorf("left behind:\n%s\nbefore:\n%s", now, before)
	}
}

func TestMistakesHaveRemedies(t *testing.T) {
	for name, c := range map[string]struct{ service, file, want string }{
		"no such file":    {"sut", "nowhere.yaml", "relative to where andon runs"},
		"no such service": {"bridge", project(t, "    image: x\n"), "it has neighbour, sut"},
		"its own network": {"sut", project(t, "    image: x\n    network_mode: host\n"), "leave that out"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := compose.New(compose.Config{File: c.file, Service: c.service})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want a remedy with %q", err, c.want)
			}
		})
	}
}

func TestNoCommand(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if c, err := compose.Command(t.Context()); err == nil || !strings.Contains(err.Error(), "apt-get install docker-compose") {
		t.Errorf("got %v, %v", c, err)
	}
	if _, err := exec.LookPath("docker"); err == nil {
		t.Error("there is a docker: the test shows nothing")
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
