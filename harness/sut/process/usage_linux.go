package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/andon-rig/andon/harness/sut"
)

// Sample implements [sut.Sampler]: what the process and all its descendants
// take up, from /proc.
func (d *Driver) Sample() (sut.Usage, error) {
	d.mu.Lock()
	r := d.current
	d.mu.Unlock()
	if r == nil {
		return sut.Usage{}, sut.ErrNotSampled
	}
	return Usage(r.cmd.Process.Pid)
}

// Usage is what a process of this machine and all its descendants take up;
// [sut.ErrNotSampled] if that is not ours to look into.
func Usage(pid int) (u sut.Usage, err error) {
	if _, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd"); errors.Is(err, os.ErrPermission) {
		return u, sut.ErrNotSampled
	}
	if err := addUsage(&u, pid); err != nil {
		return sut.Usage{}, fmt.Errorf("sample process %d: %w", pid, err)
	}
	return u, nil
}

// ticks is how many the kernel counts a second in what it tells programs,
// whatever it counts in by itself.
const ticks = 100

// processorTime reads utime and stime out of the stat of a process: what it has
// used up, and those of its children that it has buried, cutime and cstime.
func processorTime(stat []byte) (own, buried time.Duration) {
	f := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // the name before may have anything in it
	for i, d := range []*time.Duration{&own, &own, &buried, &buried} {
		if 11+i < len(f) {
			n, _ := strconv.ParseInt(string(f[11+i]), 10, 64) // the kernel wrote it
			*d += time.Duration(n) * time.Second / ticks
		}
	}
	return own, buried
}

// processorClock reads the clock of what a process has used up, all its threads
// together, in nanoseconds: which clock that is, is made of its number as
// clock_getcpuclockid(3) does it. ok is false if the kernel does not tell.
func processorClock(pid int) (used time.Duration, ok bool) {
	const scheduled = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}

// addUsage adds a process and its descendants. One that ends meanwhile counts
// as far as it was seen; only the first must be there.
func addUsage(u *sut.Usage, pid int) error {
	proc := "/proc/" + strconv.Itoa(pid)
	statm, err := os.ReadFile(proc + "/statm")
	if err != nil {
		return err
	}
	if f := bytes.Fields(statm); len(f) > 1 {
		pages, _ := strconv.ParseInt(string(f[1]), 10, 64) // the kernel wrote it
		u.Memory += pages * int64(os.Getpagesize())
	}
	stat, err := os.ReadFile(proc + "/stat")
	if err != nil {
		return err
	}
	own, buried := processorTime(stat)
	if used, ok := processorClock(pid); ok {
		own = used
	}
	u.CPU += own + buried
	files, _ := os.ReadDir(proc + "/fd")
	threads, _ := os.ReadDir(proc + "/task")
	u.Files += len(files)
	u.Threads += len(threads)
	for _, t := range threads {
		children, _ := os.ReadFile(proc + "/task/" + t.Name() + "/children")
		for _, c := range bytes.Fields(children) {
			if child, err := strconv.Atoi(string(c)); err == nil {
				_ = addUsage(u, child) // gone already is fine
			}
		}
	}
	return nil
}
