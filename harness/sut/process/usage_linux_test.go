package process

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/andon-rig/andon/harness/sut"
)

// TestSample looks into a shell whose child holds files open: both count.
func TestSample(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready")
	script := "(exec 5</dev/null 6</dev/null 7</dev/null; : > " + ready + "; exec sleep 30) & wait"
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
	if u.Threads < 2 || u.Memory < 100<<10 || u.Files < 3+6 {
		t.Errorf("two processes take up %+v", u)
	}
}
