// Package pactcli has pacts verified by the official verifier, the program
// `pact` of npm package @pact-foundation/pact-cli, which runs as a child
// process: nothing of it is in Andon.
//
// It knows files, addresses and what the verifier says; who asks, and what is
// made of the verdicts, it does not know.
package pactcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Variable names the environment variable that says where the verifier is.
const Variable = "ANDON_PACT_CLI"

// ErrNone says that there is no verifier on this machine.
var ErrNone = errors.New("the official Pact verifier is not there: npm install @pact-foundation/pact-cli, or say where it is with --pact-cli or " + Variable)

// Find returns the path of the verifier: what is given, what the environment
// says, node_modules of folder or of one above it (also below bin, where
// `make pact-cli` installs it), or what PATH finds, in this order. What is
// named must be there. It is [ErrNone] if there is none at all.
func Find(given string, env func(string) string, folder string) (string, error) {
	for _, named := range []struct{ by, path string }{{"--pact-cli", given}, {Variable, env(Variable)}} {
		if named.path == "" {
			continue
		}
		p, err := exec.LookPath(named.path)
		if err != nil {
			return "", fmt.Errorf("%s %s: no such program", named.by, named.path)
		}
		return filepath.Abs(p)
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	for {
		for _, p := range installed(folder) {
			if runnable(p) {
				return p, nil
			}
		}
		above := filepath.Dir(folder)
		if above == folder {
			break
		}
		folder = above
	}
	for _, dir := range filepath.SplitList(env("PATH")) {
		if p := filepath.Join(dir, program); filepath.IsAbs(p) && runnable(p) {
			return p, nil
		}
	}
	return "", ErrNone
}

var program = "pact" + suffix()

func suffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// installed are the places where npm puts the program below a folder: the
// binary itself, which needs no Node.js, before its wrapper.
func installed(folder string) (all []string) {
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	for _, modules := range []string{filepath.Join(folder, "node_modules"), filepath.Join(folder, "bin", "node_modules")} {
		all = append(all,
			filepath.Join(modules, "@pact-foundation", "pact-cli-"+runtime.GOOS+"-"+arch, "standalone", program),
			filepath.Join(modules, ".bin", "pact"))
	}
	return all
}

func runnable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}

// Version asks the program what it is. A program that is called pact and is no
// verifier is an error.
func Version(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, path, "verifier", "--version")
	c.Env = childEnv(os.Environ())
	c.WaitDelay = time.Second
	out, err := c.Output()
	if err == nil {
		for line := range strings.Lines(string(out)) {
			if name, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "pact verifier version" {
				return strings.TrimPrefix(strings.TrimSpace(v), "v"), nil
			}
		}
	}
	return "", fmt.Errorf("%s is not the Pact verifier of npm package @pact-foundation/pact-cli: `%[1]s verifier --version` does not say so", path)
}

// childEnv is the environment without what the verifier would take options
// from: a filter that somebody has left there would make it verify less than
// it was given.
func childEnv(env []string) []string {
	kept := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if !strings.HasPrefix(kv, "PACT_") && !strings.HasPrefix(kv, "OTEL_") {
			kept = append(kept, kv)
		}
	}
	return append(kept, "PACT_DO_NOT_TRACK=true")
}
