// Package enginetest lets tests use a container engine, and see what they have
// left in it.
package enginetest

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
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

// owner is the label of everything that rigs make, which names the rig: machine,
// process namespace, process, and when that was started.
const owner = "io.andon.owner"

// Left lists what is there now and was not when before was looked at, without
// what other rigs that live have made meanwhile: of theirs nothing is left
// behind yet. What went meanwhile is nobody's fault.
func Left(t testing.TB, before string) string {
	t.Helper()
	was, now, makers := strings.Split(before, "\n"), strings.Split(Look(t), "\n"), map[string]string{}
	for _, args := range [][]string{
		{"ps", "-a", "--format", "container {{.Names}} {{.Image}}\t{{.Label \"" + owner + "\"}}"},
		{"network", "ls", "--format", "network {{.Name}}\t{{.Label \"" + owner + "\"}}"},
	} {
		for _, line := range docker(t, args...) {
			what, by, _ := strings.Cut(line, "\t")
			makers[what] = by
		}
	}
	return strings.Join(slices.DeleteFunc(now, func(what string) bool { return slices.Contains(was, what) || another(makers[what]) }), "\n")
}

// another reports whether a label names a rig that lives and is not this process.
func another(owner string) bool {
	f := strings.Split(owner, "|")
	if len(f) != 4 {
		return false
	}
	pid, err := strconv.Atoi(f[2])
	return err == nil && pid != os.Getpid() && syscall.Kill(pid, 0) == nil
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
		all = append(all, docker(t, args...)...)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func docker(t testing.TB, args ...string) []string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
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
