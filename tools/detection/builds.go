package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/andon-rig/andon/harness"
)

// A build is a sound integration that no oracle may blame.
type build struct {
	name string
	file harness.File
}

// builds makes the sound builds that are asked for, each a binary of its own.
func builds(ctx context.Context, names, dir string) (all []build, err error) {
	for _, name := range strings.Split(names, ",") {
		b := build{name: name}
		switch which, rig, _ := strings.Cut(name, ":"); {
		case which == "bridge":
			b.file, err = bundledAt(ctx, dir, rig)
		case name == "poller":
			b.file, err = poller(ctx, dir)
		default:
			err = fmt.Errorf("there is no sound build %q, only bridge, bridge:RIG and poller", name)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

func bundled(ctx context.Context, dir string) (harness.File, error) { return bundledAt(ctx, dir, "") }

// bundledAt is the bundled build at one of its rigs, where other faults can
// strike: "" the usual one, "files" the one around files, else one of those
// beside it, such as "mqtt".
func bundledAt(ctx context.Context, dir, rig string) (f harness.File, err error) {
	switch rig {
	case "":
		f, err = harness.Bundled()
	case "files":
		f, _, err = harness.BundledWith("files/v1")
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
	f.SUT.Process.Command = []string{bin}
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
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", from, err, out)
	}
	return nil
}
