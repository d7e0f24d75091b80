// Package process runs a SUT that is a child process.
//
// It knows how to start, probe, kill and restart a command; it knows nothing
// of messages.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
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
	// Clock is true if somebody is going to call SetClock: the process is started
	// so that it can be done.
	Clock bool
	// Patience is how long a graceful end may take before it is forced; 0
	// means 5 s.
	Patience time.Duration
}

// Driver runs one process, and after a restart another one with the same
// command and environment.
type Driver struct {
	cfg  Config
	env  []string
	tail *sut.Tail

	mu      sync.Mutex // guards what follows
	current *running
	bound   *group // of memory; nil if there is none
	clock   string // the file that tells the SUT's time; "" if it is the machine's
}

var (
	_ sut.Breaker       = (*Driver)(nil)
	_ sut.Sampler       = (*Driver)(nil)
	_ sut.Ender         = (*Driver)(nil)
	_ sut.Pauser        = (*Driver)(nil)
	_ sut.MemoryLimiter = (*Driver)(nil)
	_ sut.ClockSetter   = (*Driver)(nil)
	_ sut.Able          = (*Driver)(nil)
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
	d := &Driver{cfg: c, tail: &sut.Tail{}}
	if _, err := exec.LookPath(d.program()); err != nil { // as it will be looked up when it is started
		return nil, fmt.Errorf("sut.process.command: %w; build it first, or give its path relative to where andon runs", err)
	}
	if d.cfg.Log == nil {
		d.cfg.Log = io.Discard
	}
	return d, nil
}

// Start implements [sut.Driver].
func (d *Driver) Start(ctx context.Context, env map[string]string) error {
	d.env = os.Environ()
	for k, v := range env {
		d.env = append(d.env, k+"="+v)
	}
	faked, err := d.fakeClock()
	if err != nil {
		return err
	}
	d.env = append(d.env, faked...)
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
	if err := d.bindAgain(cmd.Process.Pid); err != nil {
		signalGroup(cmd, syscall.SIGKILL)
		return errors.Join(err, cmd.Wait())
	}
	r := &running{cmd: cmd, gone: make(chan struct{}), over: watch(cmd.Process.Pid)}
	go func() {
		r.err = cmd.Wait()
		close(r.gone)
	}()
	d.mu.Lock()
	d.current = r
	d.mu.Unlock()
	if err := d.cfg.Ready.Await(ctx, r.gone, func() string { return ending(r.err) }, d.tail); err != nil {
		return errors.Join(err, d.end(r, syscall.SIGKILL))
	}
	return nil
}

// Stop implements [sut.Driver].
func (d *Driver) Stop(context.Context) error {
	d.mu.Lock()
	r := d.current
	d.current = nil
	d.mu.Unlock()
	if r == nil {
		return d.release()
	}
	return errors.Join(d.end(r, syscall.SIGTERM), d.release())
}

// End implements [sut.Ender].
func (d *Driver) End(context.Context) error {
	r, err := d.running()
	if err != nil {
		return nil // it has ended
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
func (d *Driver) Tail() []string { return d.tail.Lines() }

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
	signalGroup(r.cmd, resume) // who is paused hears nothing else
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
