// Package enginetest lets tests use a container engine, and see what they have
// left in it.
package enginetest

import (
	"context"
	"crypto/rand"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness/sut/container"
)

// Need skips the test if there is no engine, which fails it in CI. It returns
// what [Look] sees now.
func Need(t testing.TB) string {
	t.Helper()
	if _, err := container.Reachable(context.Background()); err != nil {
		t.Skip(err)
	}
	return Look(t)
}

// Look lists all containers, networks, images and volumes, as people see them:
// with docker ps -a, network ls, image ls and volume ls.
func Look(t testing.TB) string {
	t.Helper()
	var all []string
	for _, args := range [][]string{
		{"ps", "-a", "--format", "container {{.Names}} {{.Image}}"}, {"network", "ls", "--format", "network {{.Name}}"},
		{"image", "ls", "-a", "--format", "image {{.Repository}}:{{.Tag}} {{.ID}}"}, {"volume", "ls", "--format", "volume {{.Name}}"},
	} {
		out, err := exec.Command("docker", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		all = append(all, strings.Split(strings.TrimSpace(string(out)), "\n")...)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// Build makes an image of a directory with a Dockerfile; it goes with the test.
func Build(t testing.TB, dir string) (image string) {
	t.Helper()
	image = "andon-test:" + strings.ToLower(rand.Text()[:12])
	if out, err := exec.Command("docker", "build", "--force-rm", "--tag", image, dir).CombinedOutput(); err != nil {
		t.Fatalf("docker build: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("docker", "image", "rm", "--force", image).CombinedOutput(); err != nil {
			t.Errorf("docker image rm: %v\n%s", err, out)
		}
	})
	return image
}
