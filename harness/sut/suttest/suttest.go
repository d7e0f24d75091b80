// Package suttest is what every driver of a SUT must pass: it starts, gets
// ready, dies, comes back with its state, and leaves nothing behind.
//
// The SUT of the tests is the test binary itself in another role, so nothing
// has to be built: a driver's tests call [Main] in TestMain and [Run] in one
// test.
package suttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/sut"
)

// A Spec is what a driver is to run.
type Spec struct {
	Command []string // the test binary itself
	Ready   sut.Ready
	Log     io.Writer // gets what the SUT prints
	Port    string    // on which it listens
	State   string    // its directory
}

// A Factory makes the driver under test; it has started nothing yet.
type Factory func(t *testing.T, s Spec) sut.Driver

// Run tests a driver that owns its SUT and runs it as a process of this
// machine.
func Run(t *testing.T, driver Factory) { run(t, driver, nil, nil) }

// RunElsewhere tests a driver that owns its SUT and runs it where processes
// have other numbers. Left says what a driver that was stopped has left behind.
// Only names the tests that are wanted, if starting a SUT takes so long that
// what drivers have in common is tested with another; none means all.
func RunElsewhere(t *testing.T, driver Factory, left func(context.Context, sut.Driver) error, only ...string) {
	run(t, driver, left, only)
}

// Detached names the test that takes the SUT off the network.
const Detached = "is taken off the network and put back"

// Names are the names of all tests, in their order.
func Names() (all []string) {
	for _, c := range tests {
		all = append(all, c.name)
	}
	return all
}

var tests = []struct {
	name string
	test func(*testing.T, *subject)
}{
	{"starts and is ready", starts},
	{"stops and leaves nothing", stops},
	{"is killed and comes back with its state", comesBack},
	{"is asked to stop before it is restarted", restartsGracefully},
	{"who does not want to stop is made to", stubborn},
	{"never gets ready", neverReady},
	{"dies at once", diesAtOnce},
	{"dies at once and leaves a child", diesLeavingChild},
	{"prints a megabyte", chatty},
	{"start is called off", calledOff},
	{"is paused and goes on", paused},
	{Detached, detached},
	{"is killed for taking more memory than it may", bounded},
}

func run(t *testing.T, driver Factory, left func(context.Context, sut.Driver) error, only []string) {
	for _, c := range tests {
		if len(only) > 0 && !slices.Contains(only, c.name) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if left == nil { // else they would wait for one engine, and not for the SUT
				t.Parallel()
			}
			c.test(t, newSubject(t, driver, left))
		})
	}
}

// subject is one driver with one SUT.
type subject struct {
	sut.Driver
	port  string
	state string
	log   *buffer
	far   bool // its processes are not this machine's
}

func newSubject(t *testing.T, driver Factory, left func(context.Context, sut.Driver) error) *subject {
	t.Helper()
	s := &subject{port: FreePort(t), state: t.TempDir(), log: &buffer{}, far: left != nil}
	s.Driver = driver(t, Spec{
		Command: []string{os.Args[0]}, Log: s.log, Port: s.port, State: s.state,
		Ready: sut.Ready{HTTP: "http://127.0.0.1:" + s.port + "/health", Within: patience},
	})
	t.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop: %v", err)
		}
		s.leavesNothing(t)
		if left != nil {
			if err := left(context.WithoutCancel(t.Context()), s.Driver); err != nil {
				t.Error(err)
			}
		}
	})
	return s
}

// patience is how long a SUT may take to get ready: far more than a busy engine needs
// to start one that does, so that who waits for a dead one can be told apart.
const patience = time.Minute

func (s *subject) start(t *testing.T, role string) error {
	t.Helper()
	return s.Start(t.Context(), Env(role, s.port, s.state))
}

func (s *subject) mustStart(t *testing.T, role string) {
	t.Helper()
	if err := s.start(t, role); err != nil {
		t.Fatalf("start: %v", err)
	}
	if alive, why := s.Alive(); !alive {
		t.Fatalf("started, but not alive: %s", why)
	}
}

// breaker is the driver's other half; a driver that owns its SUT has one.
func (s *subject) breaker(t *testing.T) sut.Breaker {
	t.Helper()
	b, ok := s.Driver.(sut.Breaker)
	if !ok {
		t.Fatal("the driver cannot break its SUT")
	}
	return b
}

// lives is how often the SUT has started on this state.
func (s *subject) lives(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.state, "lives"))
	if err != nil {
		t.Fatal(err)
	}
	return len(b)
}

// leavesNothing checks that neither the SUT nor its child is there and that
// its port is free.
func (s *subject) leavesNothing(t *testing.T) {
	t.Helper()
	for _, name := range []string{"pid", "child"} {
		if s.far {
			break
		}
		b, err := os.ReadFile(filepath.Join(s.state, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // it never got that far
		}
		pid, aerr := strconv.Atoi(string(b))
		if err := errors.Join(err, aerr); err != nil {
			t.Fatal(err)
		}
		if !Gone(pid, 5*time.Second) {
			t.Errorf("%s %d is still there", name, pid)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+s.port)
	if err != nil {
		t.Errorf("the SUT's port is still taken: %v", err)
		return
	}
	_ = l.Close()
}

func starts(t *testing.T, s *subject) {
	if alive, _ := s.Alive(); alive {
		t.Error("alive before it was started")
	}
	s.mustStart(t, "sound")
	resp, err := http.Get("http://127.0.0.1:" + s.port + "/role")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); string(b) != "sound" {
		t.Errorf("the environment did not reach the SUT: it says %q", b)
	}
}

func stops(t *testing.T, s *subject) {
	s.mustStart(t, "sound")
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Fatalf("stop: %v", err)
		}
		if alive, why := s.Alive(); alive || why == "" {
			t.Errorf("after a stop alive is %v, because %q", alive, why)
		}
		s.leavesNothing(t)
	}
	if !strings.Contains(s.log.String(), "asked to stop") {
		t.Error("the SUT was not asked to stop first")
	}
}

func comesBack(t *testing.T, s *subject) {
	b := s.breaker(t)
	s.mustStart(t, "sound")
	if err := b.Kill(t.Context()); err != nil {
		t.Fatalf("kill: %v", err)
	}
	if alive, why := s.Alive(); alive || why == "" {
		t.Errorf("after a kill alive is %v, because %q", alive, why)
	}
	s.leavesNothing(t)
	if strings.Contains(s.log.String(), "asked to stop") {
		t.Error("a killed SUT was asked to stop")
	}
	if err := b.Restart(t.Context(), false); err != nil {
		t.Fatalf("restart: %v", err)
	}
	if alive, why := s.Alive(); !alive {
		t.Errorf("after a restart it is not alive: %s", why)
	}
	if n := s.lives(t); n != 2 {
		t.Errorf("the SUT has had %d lives on its state, want 2", n)
	}
}

func restartsGracefully(t *testing.T, s *subject) {
	b := s.breaker(t)
	s.mustStart(t, "sound")
	if err := b.Restart(t.Context(), true); err != nil {
		t.Fatalf("restart: %v", err)
	}
	if n := s.lives(t); n != 2 || !strings.Contains(s.log.String(), "asked to stop") {
		t.Errorf("%d lives, want 2, the first asked to stop; it said %q", n, s.log)
	}
}

func stubborn(t *testing.T, s *subject) {
	s.mustStart(t, "stubborn")
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("stop: %v", err)
	}
	s.leavesNothing(t)
}

func neverReady(t *testing.T, s *subject) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() { // patience ends when it has said no twice
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for strings.Count(s.log.String(), "unready as ever") < 2 && ctx.Err() == nil {
			<-tick.C
		}
		cancel()
	}()
	err := s.Start(ctx, Env("unready", s.port, s.state))
	var start *sut.StartError
	if !errors.As(err, &start) || !strings.Contains(err.Error(), "unready as ever") || !strings.Contains(err.Error(), "503") {
		t.Errorf("a SUT that never gets ready: %v; want a StartError with what the probe heard and its last lines", err)
	}
	s.leavesNothing(t)
}

func diesAtOnce(t *testing.T, s *subject) {
	began := time.Now()
	err := s.start(t, "dies")
	var start *sut.StartError
	if !errors.As(err, &start) || !strings.Contains(err.Error(), "no license found") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a SUT that dies at once: %v; want a StartError with its exit status and last lines", err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it was waited for %s although it was dead", took)
	}
}

func diesLeavingChild(t *testing.T, s *subject) {
	if err := s.start(t, "dies leaving child"); err == nil {
		t.Error("a dead SUT was taken for ready")
	}
	s.leavesNothing(t)
}

func chatty(t *testing.T, s *subject) {
	s.mustStart(t, "chatty")
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.log.String()); n < 1<<20 {
		t.Errorf("%d bytes of the SUT's output were kept, want all of them", n)
	}
}

func calledOff(t *testing.T, s *subject) {
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	go func() {
		awaitFile(ctx, filepath.Join(s.state, "pid"))
		cancel()
	}()
	if err := s.Start(ctx, Env("unready", s.port, s.state)); err == nil {
		t.Error("it got ready although the start was called off")
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("calling off a start took %s", took)
	}
	s.leavesNothing(t)
}

// can skips the test if this machine lacks what the driver needs for a.
func (s *subject) can(t *testing.T, a sut.Ability) {
	t.Helper()
	if err := sut.Can(s.Driver, a); err != nil {
		t.Skip(err)
	}
}

// ask asks the SUT something on a connection of its own.
func (s *subject) ask(t *testing.T, path string, patience time.Duration) error {
	t.Helper()
	c := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get("http://127.0.0.1:" + s.port + path)
	if err == nil {
		err = resp.Body.Close()
	}
	return err
}

func paused(t *testing.T, s *subject) {
	s.can(t, sut.Pausing)
	p := s.Driver.(sut.Pauser)
	s.mustStart(t, "sound")
	if err := p.Pause(t.Context()); err != nil {
		t.Fatalf("pause: %v", err)
	}
	if alive, why := s.Alive(); !alive {
		t.Errorf("paused is not dead: %s", why)
	}
	if err := s.ask(t, "/role", 300*time.Millisecond); err == nil {
		t.Error("it answers although it is paused")
	}
	for range 2 {
		if err := p.Resume(t.Context()); err != nil {
			t.Fatalf("resume: %v", err)
		}
	}
	if err := s.ask(t, "/role", 5*time.Second); err != nil {
		t.Errorf("after a pause: %v", err)
	}
	if err := p.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := s.lives(t); n != 1 { // and a stop, at the end, must end a paused one
		t.Errorf("%d lives, want 1: a pause is no restart", n)
	}
}

func detached(t *testing.T, s *subject) {
	d, ok := s.Driver.(sut.Detacher)
	if !ok {
		if sut.Can(s.Driver, sut.Detaching) == nil {
			t.Error("a driver that cannot detach says that it can")
		}
		return // the process driver: its SUT is on this machine's network
	}
	s.mustStart(t, "sound")
	if err := d.Detach(t.Context()); err != nil {
		t.Fatalf("detach: %v", err)
	}
	if alive, why := s.Alive(); !alive {
		t.Errorf("off the network is not dead: %s", why)
	}
	if err := s.ask(t, "/role", 300*time.Millisecond); err == nil {
		t.Error("it answers although it is off the network")
	}
	for range 2 {
		if err := d.Attach(t.Context()); err != nil {
			t.Fatalf("attach: %v", err)
		}
	}
	if err := s.ask(t, "/role", 5*time.Second); err != nil {
		t.Errorf("back on the network: %v", err)
	}
	if n := s.lives(t); n != 1 {
		t.Errorf("%d lives, want 1: it has run on", n)
	}
}

func bounded(t *testing.T, s *subject) {
	s.can(t, sut.LimitingMemory)
	m := s.Driver.(sut.MemoryLimiter)
	s.mustStart(t, "sound")
	limit := func() {
		if err := m.LimitMemory(t.Context(), 16<<20); err != nil {
			t.Fatalf("limit memory: %v", err)
		}
	}
	limit()
	if err := m.UnlimitMemory(t.Context()); err != nil {
		t.Fatalf("unlimit memory: %v", err)
	}
	if err := s.ask(t, "/eat", 10*time.Second); err != nil {
		t.Fatalf("once the bound was lifted: %v", err)
	}
	limit()                              // to 16 more than it has taken meanwhile
	_ = s.ask(t, "/eat", 10*time.Second) // which it does not survive
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for alive, why := s.Alive(); alive; alive, why = s.Alive() {
		if <-tick.C; time.Now().After(deadline) {
			t.Fatalf("it took 64 MiB where it had 16 and lives on: %s", why)
		}
	}
	for range 2 {
		if err := m.UnlimitMemory(t.Context()); err != nil {
			t.Fatalf("unlimit memory: %v", err)
		}
	}
	if err := s.breaker(t).Restart(t.Context(), false); err != nil {
		t.Fatalf("restart: %v", err)
	}
	if err := s.ask(t, "/eat", 10*time.Second); err != nil {
		t.Errorf("without a bound: %v", err)
	}
}

func awaitFile(ctx context.Context, path string) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(path); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// FreePort is a port on which nobody listens.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex // guards b
	b  strings.Builder
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns what was written.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
