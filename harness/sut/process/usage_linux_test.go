package process

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/andon-rig/andon/harness/sut"
)

// TestSample looks into a shell whose child holds files open: both count.
func TestSample(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready")
	script := "(i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done) & wait; (exec 5</dev/null 6</dev/null 7</dev/null; : > " + ready + "; exec sleep 30) & wait"
	d, err := New(Config{Command: []string{"/bin/sh", "-c", script}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sample(); !errors.Is(err, sut.ErrNotSampled) {
		t.Errorf("before it was started: %v", err)
	}
	if err := d.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := d.Sample(); err == nil {
			t.Error("a process that is gone was looked into")
		}
	}()
	for { // until the child has opened its files
		if _, err := os.Stat(ready); err == nil {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("the child never came")
		}
	}
	u, err := d.Sample()
	if err != nil {
		t.Fatal(err)
	}
	if u.CPU < 50*time.Millisecond {
		t.Errorf("a child that is gone has counted to 300,000, and all have used %s", u.CPU)
	}
	if u.Threads < 2 || u.Memory < 100<<10 || u.Files < 3+6 {
		t.Errorf("two processes take up %+v", u)
	}
}

// TestProcessorTime reads what the kernel writes of a process with a nasty name.
func TestProcessorTime(t *testing.T) {
	stat := "4711 (a) b (c)) S 1 4711 4711 0 -1 4194560 100 200 0 0 150 25 1000 5 20 0 1 0 12345 1000000 200"
	if own, buried := processorTime([]byte(stat)); own != 1750*time.Millisecond || buried != 10050*time.Millisecond {
		t.Errorf("got %s and %s", own, buried)
	}
	if own, buried := processorTime([]byte("4711 (sh")); own+buried != 0 {
		t.Errorf("of half a line: %s and %s", own, buried)
	}
}

// TestProcessorClock takes this process's time as the kernel tells it of itself,
// before and after: in between lies what its clock shows by its number.
func TestProcessorClock(t *testing.T) {
	itself := func() time.Duration {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	const coarse = 5 * time.Millisecond // of what getrusage splits into user and system
	before := itself()
	used, ok := processorClock(os.Getpid())
	if after := itself(); !ok || used < before-coarse || used > after+coarse {
		t.Errorf("%s, %t; not between %s and %s", used, ok, before, after)
	}
	if used%(time.Second/ticks) == 0 {
		t.Errorf("%s: counted in ticks", used)
	}
	if _, ok := processorClock(1<<22 + 1); ok {
		t.Error("a process with a number beyond all numbers has a clock")
	}
}
