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
		switch name {
		case "bridge":
			b.file, err = bundled(ctx, dir)
		case "poller":
			b.file, err = poller(ctx, dir)
		default:
			err = fmt.Errorf("there is no sound build %q, only bridge and poller", name)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

func bundled(ctx context.Context, dir string) (harness.File, error) {
	bin := filepath.Join(dir, "bridge")
	if err := goBuild(ctx, ".", bin, "./examples/bridge/cmd/bridge"); err != nil {
		return harness.File{}, err
	}
	f, err := harness.Bundled()
	if err == nil {
		f.SUT.Process.Command = []string{bin}
	}
	return f, err
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
