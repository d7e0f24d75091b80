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
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/sut"
)

// A Spec is what a driver is to run.
type Spec struct {
	Command []string
	Ready   sut.Ready
	Log     io.Writer // gets what the SUT prints
}

// A Factory makes the driver under test; it has started nothing yet.
type Factory func(t *testing.T, s Spec) sut.Driver

// Run tests a driver that owns its SUT.
func Run(t *testing.T, driver Factory) {
	for _, c := range []struct {
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
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, newSubject(t, driver))
		})
	}
}

// subject is one driver with one SUT.
type subject struct {
	sut.Driver
	port  string
	state string
	log   *buffer
}

func newSubject(t *testing.T, driver Factory) *subject {
	t.Helper()
	s := &subject{port: freePort(t), state: t.TempDir(), log: &buffer{}}
	s.Driver = driver(t, Spec{
		Command: []string{os.Args[0]}, Log: s.log,
		Ready: sut.Ready{HTTP: "http://127.0.0.1:" + s.port + "/health", Within: 10 * time.Second},
	})
	t.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop: %v", err)
		}
		s.leavesNothing(t)
	})
	return s
}

func (s *subject) start(t *testing.T, role string) error {
	t.Helper()
	return s.Start(t.Context(), map[string]string{roleVariable: role, portVariable: s.port, stateVariable: s.state})
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
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	err := s.Start(ctx, map[string]string{roleVariable: "unready", portVariable: s.port, stateVariable: s.state})
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
	if took := time.Since(began); took > 8*time.Second {
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
	if err := s.Start(ctx, map[string]string{roleVariable: "unready", portVariable: s.port, stateVariable: s.state}); err == nil {
		t.Error("it got ready although the start was called off")
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("calling off a start took %s", took)
	}
	s.leavesNothing(t)
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

func freePort(t *testing.T) string {
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
