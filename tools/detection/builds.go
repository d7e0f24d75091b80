package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/sut/container"
)

// A build is a sound integration that no oracle may blame.
type build struct {
	name string
	file harness.File
	also []build // the same at other rigs, which take part in campaigns
}

// everywhere are the rigs of the bundled build beside its usual one: that of each
// other dialect of an ERP, and those in which the build is fed, secured or run in
// another way. Together they can host every fault that this machine can make.
var everywhere = append(slices.DeleteFunc(harness.BundledERPs(), func(erp string) bool { return erp == neutral }), "sap-idoc", "sap-rfc", "mqtt", "nats", "secured", "lists", "container")

// builds makes the sound builds that are asked for, each a binary of its own.
func builds(ctx context.Context, names, dir string) (all []build, err error) {
	for _, name := range strings.Split(names, ",") {
		b := build{name: name}
		switch which, rig, _ := strings.Cut(name, ":"); {
		case which == "bridge" && rig == "every":
			b, err = bundledEverywhere(ctx, dir)
		case which == "bridge":
			b.file, err = bundledAt(ctx, dir, rig)
		case name == "poller":
			b.file, err = poller(ctx, dir)
		default:
			err = fmt.Errorf("there is no sound build %q, only bridge, bridge:RIG, bridge:every and poller", name)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

func bundled(ctx context.Context, dir string) (harness.File, error) { return bundledAt(ctx, dir, "") }

// bundledEverywhere is the bundled build with all of its rigs that this machine
// can set up.
func bundledEverywhere(ctx context.Context, dir string) (b build, err error) {
	b.name = "bridge"
	if b.file, err = bundled(ctx, dir); err != nil {
		return b, err
	}
	for _, rig := range everywhere {
		f, err := bundledAt(ctx, dir, rig)
		if errors.Is(err, errNoEngine) {
			fmt.Printf("  bridge:%s takes no part: %v\n", rig, err)
			continue
		}
		if err != nil {
			return b, err
		}
		b.also = append(b.also, build{name: "bridge:" + rig, file: f})
	}
	return b, nil
}

// bundledAt is the bundled build at one of its rigs, where other faults can
// strike: "" the usual one, "container" that with the build in a container, a
// dialect such as "files/v1" that of an ERP which speaks it, else one of those
// beside it, such as "mqtt".
func bundledAt(ctx context.Context, dir, rig string) (f harness.File, err error) {
	switch {
	case rig == "" || rig == "container":
		f, err = harness.Bundled()
	case slices.Contains(harness.BundledERPs(), rig):
		f, _, err = harness.BundledWith(rig)
	default:
		f, err = harness.LoadFile(filepath.Join("examples", "bridge", rig+".yaml"))
	}
	if err != nil {
		return f, err
	}
	bin := filepath.Join(dir, "bridge")
	if err := goBuild(ctx, ".", bin, "./examples/bridge/cmd/bridge"); err != nil {
		return f, err
	}
	if rig == "container" {
		return boxed(ctx, f, dir)
	}
	f.SUT.Process.Command = []string{bin}
	return f, nil
}

// errNoEngine says that there is no container engine.
var errNoEngine = errors.New("no container engine")

// boxed has the build of a rig run in a container, from an image that has
// nothing else in it and is made for each run.
func boxed(ctx context.Context, f harness.File, dir string) (harness.File, error) {
	if _, err := container.Reachable(ctx); err != nil {
		return f, fmt.Errorf("%w: %w", errNoEngine, err)
	}
	at := filepath.Join(dir, "image")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return f, err
	}
	if err := goBuild(ctx, ".", filepath.Join(at, "bridge"), "./examples/bridge/cmd/bridge"); err != nil {
		return f, err
	}
	if err := os.WriteFile(filepath.Join(at, "Dockerfile"), []byte("FROM scratch\nCOPY bridge /bridge\nENTRYPOINT [\"/bridge\"]\n"), 0o644); err != nil {
		return f, err
	}
	f.SUT.Process = nil
	f.SUT.Container = &harness.ContainerSpec{Build: &harness.ImageSpec{Context: at}}
	return f, nil
}

// poller is a module of its own, and its rig file expects its binary in bin.
func poller(ctx context.Context, dir string) (harness.File, error) {
	bin := filepath.Join(dir, "poller")
	if err := goBuild(ctx, "examples/poller", bin, "."); err != nil {
		return harness.File{}, err
	}
	f, err := harness.LoadFile("examples/poller/andon.yaml")
	if err == nil {
		f.SUT.Process.Command[0] = bin
	}
	return f, err
}

func goBuild(ctx context.Context, dir, bin, from string) error {
	c := exec.CommandContext(ctx, "go", "build", "-o", bin, from)
	c.Dir, c.Env = dir, append(os.Environ(), "CGO_ENABLED=0") // static, so that it also runs where nothing else is
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", from, err, out)
	}
	return nil
}
