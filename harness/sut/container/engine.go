// Package container runs a SUT that is a container, started through
// testcontainers-go on a Docker engine, or any other that speaks its API.
//
// It knows how to make, start, break and remove a container and the network
// around it; it knows nothing of messages. The rest of the harness sees the
// driver only: nothing of testcontainers or of the engine's API leaves here
// and package compose.
package container

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// Labels of everything that is made for a SUT.
const (
	labelOwner   = "io.andon.owner"   // the rig, see [owner]
	labelSUT     = "io.andon.sut"     // which start of which SUT
	labelProject = "io.andon.project" // of compose, whose containers have labels of their own
)

// composeProject is the label that compose gives to all it makes.
const composeProject = "com.docker.compose.project"

// An Engine runs containers.
type Engine struct {
	*client.Client
	sut string // value of labelSUT
}

// Open finds the engine and removes what rigs that were killed have left there.
func Open(ctx context.Context) (*Engine, error) {
	cli, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	e := &Engine{cli, strings.ToLower(rand.Text()[:12])}
	return e, e.sweep(ctx)
}

// setup tells testcontainers, once and before it looks, to print nothing and to
// start no reaper: that would be an image of its own from a registry, and what
// it does, the next start does here.
var setup = sync.OnceValue(func() error {
	log.SetDefault(silent{})
	return os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
})

// silent is a log that nobody reads: what matters is in errors.
type silent struct{}

var _ log.Logger = silent{}

// Printf implements log.Logger.
func (silent) Printf(string, ...any) {}

func connect(ctx context.Context) (*client.Client, error) {
	if err := setup(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err == nil {
		_, err = c.Ping(ctx, client.PingOptions{})
	}
	if err != nil {
		return nil, fmt.Errorf("no container engine answers (%w): start Docker, or say where it is: DOCKER_HOST=unix:///run/user/1000/docker.sock", err)
	}
	return c.Client, nil
}

// Reachable says why no engine can be used; nil if one can, and then which.
func Reachable(ctx context.Context) (version string, err error) {
	cli, err := connect(ctx)
	if err != nil {
		return "", err
	}
	defer cli.Close()
	v, err := cli.ServerVersion(ctx, client.ServerVersionOptions{})
	return v.Version, err
}

// Labels are those of everything that e makes.
func (e *Engine) Labels() map[string]string {
	return map[string]string{labelOwner: owner(), labelSUT: e.sut}
}

// Name is a name for something that e makes.
func (e *Engine) Name() string { return "andon-" + e.sut }

// owner names this rig: machine, process namespace, process, and when that was
// started, since numbers of processes are given again.
var owner = sync.OnceValue(func() string { return ownerOf(os.Getpid()) })

func ownerOf(pid int) string {
	host, _ := os.Hostname()                     // unknown is a name too
	space, _ := os.Readlink("/proc/self/ns/pid") // "" where there are none
	return strings.Join([]string{host, space, strconv.Itoa(pid), startOf(pid)}, "|")
}

// startOf is when a process was started, in a form that only compares; "" if
// the system does not tell.
func startOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name may hold anything
	if f := strings.Fields(rest); len(f) > 19 {
		return f[19]
	}
	return ""
}

// orphan reports whether the rig that is named is known to be gone. Of rigs
// elsewhere that share the engine nothing is known.
func orphan(name string) bool {
	f := strings.Split(name, "|")
	if len(f) != 4 {
		return false
	}
	pid, err := strconv.Atoi(f[2])
	here := strings.Split(owner(), "|")
	if err != nil || f[0] != here[0] || f[1] != here[1] {
		return false
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || startOf(pid) != f[3]
}

// sweep removes what belongs to rigs that are gone.
func (e *Engine) sweep(ctx context.Context) error {
	return e.remove(ctx, client.Filters{}.Add("label", labelOwner), func(labels map[string]string) bool { return orphan(labels[labelOwner]) })
}

// Clean removes everything that e has made, also what was on its way when it
// was called off.
func (e *Engine) Clean(ctx context.Context) error {
	return e.remove(ctx, client.Filters{}.Add("label", labelSUT+"="+e.sut), func(map[string]string) bool { return true })
}

// remove takes away what is ours, and tries again what did not go: a container
// that the engine was making when its rig ended comes into being after all, and
// holds its network and its image.
func (e *Engine) remove(ctx context.Context, f client.Filters, ours func(labels map[string]string) bool) error {
	for again := time.Now().Add(10 * time.Second); ; {
		err := e.removeOnce(ctx, f, ours)
		if err == nil || time.Now().After(again) {
			return err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// removeOnce takes away containers, then the networks that they were in and the
// images that they were made of.
func (e *Engine) removeOnce(ctx context.Context, f client.Filters, ours func(labels map[string]string) bool) error {
	var errs []error
	keep := func(err error) {
		if err != nil && !gone(err) {
			errs = append(errs, err)
		}
	}
	containers, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: f})
	keep(err)
	for _, c := range containers.Items {
		if ours(c.Labels) {
			_, err := e.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			keep(err)
		}
	}
	networks, err := e.NetworkList(ctx, client.NetworkListOptions{Filters: f})
	keep(err)
	for _, n := range networks.Items {
		if !ours(n.Labels) {
			continue
		}
		if project := n.Labels[labelProject]; project != "" {
			keep(e.removeProject(ctx, project))
		}
		_, err := e.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
		keep(err)
	}
	images, err := e.ImageList(ctx, client.ImageListOptions{Filters: f})
	keep(err)
	for _, i := range images.Items { // the layers that they are made of go with them
		if ours(i.Labels) {
			_, err := e.ImageRemove(ctx, i.ID, client.ImageRemoveOptions{Force: true, PruneChildren: true})
			keep(err)
		}
	}
	return errors.Join(errs...)
}

// removeProject takes away what compose has made.
func (e *Engine) removeProject(ctx context.Context, project string) error {
	var errs []error
	keep := func(err error) {
		if err != nil && !gone(err) {
			errs = append(errs, err)
		}
	}
	f := client.Filters{}.Add("label", composeProject+"="+project)
	containers, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: f})
	keep(err)
	for _, c := range containers.Items {
		_, err := e.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		keep(err)
	}
	networks, err := e.NetworkList(ctx, client.NetworkListOptions{Filters: f})
	keep(err)
	for _, n := range networks.Items {
		_, err := e.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
		keep(err)
	}
	volumes, err := e.VolumeList(ctx, client.VolumeListOptions{Filters: f})
	keep(err)
	for _, v := range volumes.Items {
		_, err := e.VolumeRemove(ctx, v.Name, client.VolumeRemoveOptions{Force: true})
		keep(err)
	}
	return errors.Join(errs...)
}

// Project labels a network as the rig's part of a compose project, which is
// swept away with it.
func Project(name string) map[string]string { return map[string]string{labelProject: name} }

// ContainerOf finds the container of a service in a compose project.
func (e *Engine) ContainerOf(ctx context.Context, project, service string) (id string, err error) {
	f := client.Filters{}.Add("label", composeProject+"="+project, "com.docker.compose.service="+service)
	list, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: f})
	if err != nil {
		return "", fmt.Errorf("find the container of service %s: %w", service, err)
	}
	if len(list.Items) != 1 {
		return "", fmt.Errorf("service %s has %d containers, and the SUT must be one: leave scaling to the fault sut-scale", service, len(list.Items))
	}
	return list.Items[0].ID, nil
}
