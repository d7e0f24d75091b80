// Package process runs a SUT that is a child process.
//
// It knows how to start, probe, kill and restart a command; it knows nothing
// of messages.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/andon-rig/andon/harness/sut"
)

// Config describes the command.
type Config struct {
	Command []string
	Dir     string // working directory; "" means the rig's own
	Ready   sut.Ready
	Log     io.Writer // gets everything the process prints; nil discards
	// Patience is how long a graceful end may take before it is forced; 0
	// means 5 s.
	Patience time.Duration
}

// Driver runs one process, and after a restart another one with the same
// command and environment.
type Driver struct {
	cfg  Config
	env  []string
	tail *tail

	mu      sync.Mutex // guards what follows
	current *running
}

var (
	_ sut.Breaker = (*Driver)(nil)
	_ sut.Sampler = (*Driver)(nil)
)

// running is one life of the process.
type running struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has been reaped
	err  error         // why it ended; set before gone is closed
	over *guard        // ends what it leaves behind if we cannot
}

// New returns a driver that has started nothing yet.
func New(c Config) (*Driver, error) {
	if len(c.Command) == 0 || c.Command[0] == "" {
		return nil, errors.New("sut.process.command is empty; give the program and its arguments, as in [\"./bridge\", \"--config\", \"bridge.yaml\"]")
	}
	program := c.Command[0]
	if c.Dir != "" && strings.ContainsRune(program, filepath.Separator) && !filepath.IsAbs(program) {
		program = filepath.Join(c.Dir, program) // as it will be looked up when it is started
	}
	if _, err := exec.LookPath(program); err != nil {
		return nil, fmt.Errorf("sut.process.command: %w; build it first, or give its path relative to where andon runs", err)
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	return &Driver{cfg: c, tail: &tail{}}, nil
}

// Start implements [sut.Driver].
func (d *Driver) Start(ctx context.Context, env map[string]string) error {
	d.env = os.Environ()
	for k, v := range env {
		d.env = append(d.env, k+"="+v)
	}
	return d.launch(ctx)
}

func (d *Driver) launch(ctx context.Context) error {
	cmd := exec.Command(d.cfg.Command[0], d.cfg.Command[1:]...)
	cmd.Dir, cmd.Env = d.cfg.Dir, d.env
	out := io.MultiWriter(d.cfg.Log, d.tail)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = isolate()
	cmd.WaitDelay = time.Second
	if err := start(cmd); err != nil {
		return &sut.StartError{Reason: fmt.Sprintf("the SUT could not be started: %v", err)}
	}
	r := &running{cmd: cmd, gone: make(chan struct{}), over: watch(cmd.Process.Pid)}
	go func() {
		r.err = cmd.Wait()
		close(r.gone)
	}()
	d.mu.Lock()
	d.current = r
	d.mu.Unlock()
	if err := d.awaitReady(ctx, r); err != nil {
		return errors.Join(err, d.end(r, syscall.SIGKILL))
	}
	return nil
}

// awaitReady polls the probe until it answers, the process ends or time is up.
func (d *Driver) awaitReady(ctx context.Context, r *running) error {
	within := d.cfg.Ready.Within
	if within <= 0 {
		within = 20 * time.Second
	}
	if d.cfg.Ready.HTTP == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	last := "no answer"
	for wait := 5 * time.Millisecond; ; wait = min(wait*2, 100*time.Millisecond) {
		ok, said := probe(ctx, client, d.cfg.Ready.HTTP)
		if ok {
			return nil
		}
		if said != "" {
			last = said
		}
		select {
		case <-r.gone:
			return &sut.StartError{Reason: fmt.Sprintf("the SUT ended before it was ready (%v)", ending(r.err)), Log: d.tail.lines()}
		case <-ctx.Done():
			return &sut.StartError{Reason: fmt.Sprintf("the SUT was not ready within %s: %s said %s", within, d.cfg.Ready.HTTP, last), Log: d.tail.lines()}
		case <-time.After(wait):
		}
	}
}

func probe(ctx context.Context, c *http.Client, url string) (ready bool, said string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, err.Error()
	}
	resp, err := c.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return false, ""
		}
		return false, err.Error()
	}
	defer resp.Body.Close()
	return resp.StatusCode/100 == 2, resp.Status
}

// Stop implements [sut.Driver].
func (d *Driver) Stop(context.Context) error {
	d.mu.Lock()
	r := d.current
	d.current = nil
	d.mu.Unlock()
	if r == nil {
		return nil
	}
	return d.end(r, syscall.SIGTERM)
}

// Kill implements [sut.Breaker].
func (d *Driver) Kill(context.Context) error {
	d.mu.Lock()
	r := d.current
	d.mu.Unlock()
	if r == nil {
		return nil
	}
	return d.end(r, syscall.SIGKILL)
}

// Restart implements [sut.Breaker].
func (d *Driver) Restart(ctx context.Context, graceful bool) error {
	d.mu.Lock()
	r := d.current
	d.mu.Unlock()
	if r != nil {
		sig := syscall.SIGKILL
		if graceful {
			sig = syscall.SIGTERM
		}
		if err := d.end(r, sig); err != nil {
			return err
		}
	}
	return d.launch(ctx)
}

// Alive implements [sut.Driver].
func (d *Driver) Alive() (bool, string) {
	d.mu.Lock()
	r := d.current
	d.mu.Unlock()
	if r == nil {
		return false, "not started"
	}
	select {
	case <-r.gone:
		return false, fmt.Sprintf("the process ended: %s", ending(r.err))
	default:
		return true, ""
	}
}

// Tail returns the last lines the process printed.
func (d *Driver) Tail() []string { return d.tail.lines() }

// end signals the whole process group and waits until it is reaped.
func (d *Driver) end(r *running, sig syscall.Signal) error {
	defer r.over.dismiss()
	select {
	case <-r.gone:
		signalGroup(r.cmd, syscall.SIGKILL) // children it may have left
		return nil
	default:
	}
	signalGroup(r.cmd, sig)
	patience := d.cfg.Patience
	if patience <= 0 {
		patience = 5 * time.Second
	}
	select {
	case <-r.gone:
	case <-time.After(patience):
		signalGroup(r.cmd, syscall.SIGKILL)
		select {
		case <-r.gone:
		case <-time.After(patience):
			return fmt.Errorf("process %d does not end, even when killed", r.cmd.Process.Pid)
		}
	}
	signalGroup(r.cmd, syscall.SIGKILL)
	return nil
}

func ending(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// tail keeps the last lines written to it.
type tail struct {
	mu   sync.Mutex // guards kept
	kept []byte
}

// tailBytes bounds what is kept; tailLines what is shown.
const (
	tailBytes = 8 << 10
	tailLines = 12
)

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if n := len(t.kept) - tailBytes; n > 0 {
		t.kept = append(t.kept[:0], t.kept[n:]...)
	}
	return len(b), nil
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(bytes.ToValidUTF8(t.kept, []byte("�"))))
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	return lines[max(0, len(lines)-tailLines):]
}
