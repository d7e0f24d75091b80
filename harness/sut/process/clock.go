package process

import (
	"bufio"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// The clock of a SUT is moved by libfaketime, a library that is loaded before
// the C library and answers for it. It reaches programs that ask the C library
// for the time, and no others: not static programs, and not Go, whose runtime
// asks the kernel. Time namespaces would not help, they leave out the wall
// clock.

// libraries are where distributions put it.
var libraries = []string{
	"/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1", "/usr/lib64/faketime/libfaketime.so.1", "/usr/local/lib/faketime/libfaketime.so.1",
}

func library() (string, error) {
	for _, pattern := range libraries {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0], nil
		}
	}
	return "", errors.New("libfaketime is not installed; apt-get install libfaketime")
}

// canFake says why the clock of a program cannot be moved.
func canFake(program string) error {
	if runtime.GOOS != "linux" {
		return errors.New("the clock of a SUT can only be moved on Linux")
	}
	path, err := interpreter(program)
	if err != nil {
		return fmt.Errorf("look at %s: %w", program, err)
	}
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("whether the clock of %s can be moved is not known: %w", path, err)
	}
	defer f.Close()
	const instead = "; have the simulators' clocks differ instead, or give the build a test clock"
	if f.Section(".go.buildinfo") != nil {
		return fmt.Errorf("%s is a Go program: it asks the kernel for the time, which nobody can answer in its stead%s", path, instead)
	}
	if libs, err := f.ImportedLibraries(); err != nil || len(libs) == 0 {
		return fmt.Errorf("%s is a static program: no library can be put before its own%s", path, instead)
	}
	_, err = library()
	return err
}

// interpreter is what the kernel runs for a program: the one that the first
// line of a script names, which may be env and the next word.
func interpreter(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n')
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if !strings.HasPrefix(line, "#!") || len(words) == 0 {
		return path, nil
	}
	if filepath.Base(words[0]) == "env" && len(words) > 1 {
		return exec.LookPath(words[1])
	}
	return words[0], nil
}

// program is what is started.
func (d *Driver) program() string {
	program := d.cfg.Command[0]
	if d.cfg.Dir != "" && strings.ContainsRune(program, filepath.Separator) && !filepath.IsAbs(program) {
		return filepath.Join(d.cfg.Dir, program)
	}
	return program
}

// fakeClock is what the environment of a SUT needs whose clock is going to be
// moved.
func (d *Driver) fakeClock() ([]string, error) {
	if !d.cfg.Clock {
		return nil, nil
	}
	lib, err := library()
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp("", "andon-sut-clock-*")
	if err != nil {
		return nil, fmt.Errorf("make a clock for the SUT: %w", err)
	}
	d.mu.Lock()
	d.clock = f.Name()
	d.mu.Unlock()
	if err := errors.Join(f.Close(), os.Chmod(f.Name(), 0o644), d.SetClock(context.Background(), 0)); err != nil {
		return nil, err
	}
	// The monotonic clock is left alone: timeouts last as long as ever.
	return []string{"LD_PRELOAD=" + lib, "FAKETIME_TIMESTAMP_FILE=" + f.Name(), "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"}, nil
}

// SetClock implements [sut.ClockSetter].
func (d *Driver) SetClock(_ context.Context, seconds int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.clock == "" {
		return errors.New("the SUT was not started so that its clock can be moved")
	}
	// Written beside and renamed: it is read at every look at the clock.
	next := d.clock + ".next"
	if err := os.WriteFile(next, fmt.Appendf(nil, "%+d\n", seconds), 0o644); err != nil {
		return fmt.Errorf("move the SUT's clock: %w", err)
	}
	return os.Rename(next, d.clock)
}

func removeClock(path string) error {
	if path == "" {
		return nil
	}
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
