package pactcli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
)

// A Target is the provider and what belongs to it.
type Target struct {
	// URL of the provider, for interactions over HTTP. A path stands before
	// those of the pact.
	URL string
	// Messages is where messages are asked for, an HTTP URL without a path.
	Messages string
	// States is posted the states of each interaction, before and after it; ""
	// if the provider needs none.
	States string
	// Headers are added to each request. They stand in the arguments of the
	// child process, which other users of the machine may see.
	Headers map[string]string
	// Timeout is how long one request may take; the verifier's own 5 s if 0.
	Timeout time.Duration
	// Insecure has the certificate of the provider not looked at.
	Insecure bool
}

// An Engine is a verifier and how it is used.
type Engine struct {
	Path    string // of the program, see [Find]
	PerFile int    // interactions that one process is given; [PerFile] if 0
	// Only selects interactions; all if nil.
	Only func(*pact.Interaction) bool
}

// maxReport bounds what the verifier may write.
const maxReport = 256 << 20

// Verify has the interactions of the files verified, one file at a time, each
// in parts of at most PerFile interactions, and returns an outcome for each in
// the order of the files. An error is one of the files, the target or the
// machine, never a verdict; the outcomes before it are returned with it.
func (e Engine) Verify(ctx context.Context, t Target, files []contracts.File) ([]Outcome, error) {
	dir, err := os.MkdirTemp("", "andon-pact-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the verifier: %w", err)
	}
	defer os.RemoveAll(dir)
	var all []Outcome
	for _, f := range files {
		order, shards, err := split(f, cmp.Or(e.PerFile, PerFile), e.Only)
		if err != nil {
			return all, err
		}
		found, err := e.runAll(ctx, dir, t, shards)
		for _, in := range order {
			if o, ok := found[in]; ok {
				all = append(all, o)
			}
		}
		if err != nil {
			return all, fmt.Errorf("verify %s: %w", f.Name, err)
		}
	}
	return all, nil
}

func (e Engine) runAll(ctx context.Context, dir string, t Target, shards []shard) (map[*pact.Interaction]Outcome, error) {
	for _, s := range shards {
		if _, err := t.arguments(s); err != nil {
			return nil, err // before anything is asked
		}
	}
	all := map[*pact.Interaction]Outcome{}
	for _, s := range shards {
		found, err := e.run(ctx, dir, t, s)
		if err != nil {
			return all, err
		}
		for _, o := range found {
			all[o.Interaction] = o
		}
	}
	return all, nil
}

// run verifies one shard in a process of its own.
func (e Engine) run(ctx context.Context, dir string, t Target, s shard) ([]Outcome, error) {
	to, err := t.arguments(s)
	if err != nil {
		return nil, err
	}
	file, report := filepath.Join(dir, "pact.json"), filepath.Join(dir, "report.json")
	if err := os.WriteFile(file, s.text, 0o600); err != nil {
		return nil, err
	}
	if err := os.Remove(report); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	args := append([]string{"verifier", "--no-colour", "--loglevel", "none", "--file", file, "--json", report, "--provider-name", s.provider}, to...)
	c := exec.CommandContext(ctx, e.Path, args...)
	c.Env = childEnv(os.Environ())
	c.WaitDelay = 2 * time.Second
	var told tail
	c.Stdout, c.Stderr = &told, &told
	if err := c.Run(); err != nil && (ctx.Err() != nil || !errors.As(err, new(*exec.ExitError))) {
		return nil, errors.Join(ctx.Err(), err)
	}
	text, err := readBounded(report)
	if err != nil {
		return nil, fmt.Errorf("%s gave no report: %w; it said: %s", e.Path, err, told.String())
	}
	return outcomes(text, s.inside)
}

// arguments say where to verify a shard.
func (t Target) arguments(s shard) ([]string, error) {
	at, what := t.URL, "the provider, for interactions over HTTP"
	if s.messages {
		at, what = t.Messages, "where to ask for messages"
	}
	if at == "" {
		return nil, fmt.Errorf("the address of %s is not given", what)
	}
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no HTTP address of %s", at, what)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	var args []string
	switch {
	case s.messages && (u.Scheme != "http" || u.Path != "" && u.Path != "/"):
		return nil, fmt.Errorf("messages cannot be asked for at %s: the verifier asks over http, at /", at)
	case s.messages:
		args = []string{"--hostname", u.Hostname(), "--port", port, "--transports", "message:" + port}
	default:
		args = []string{"--hostname", u.Hostname(), "--port", port, "--transport", u.Scheme}
		if u.Path != "" && u.Path != "/" {
			args = append(args, "--base-path", u.Path)
		}
	}
	if t.States != "" {
		args = append(args, "--state-change-url", t.States, "--state-change-teardown")
	}
	if t.Timeout > 0 {
		args = append(args, "--request-timeout", strconv.FormatInt(t.Timeout.Milliseconds(), 10))
	}
	if t.Insecure {
		args = append(args, "--disable-ssl-verification")
	}
	var headers []string
	for k, v := range t.Headers {
		headers = append(headers, "--header", k+"="+v)
	}
	slices.Sort(headers)
	return append(args, headers...), nil
}

func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxReport+1))
	if err == nil && len(b) > maxReport {
		err = fmt.Errorf("it is larger than %d MiB", maxReport>>20)
	}
	return b, err
}

// A tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 4096 {
		t.b = slices.Clone(t.b[len(t.b)-2048:])
	}
	return len(p), nil
}

func (t *tail) String() string { return plain(string(bytes.TrimSpace(t.b))) }
