package compose_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness/sut/compose"
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
