package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/andon-rig/andon/harness/sut"
)

// A group is a control group of ours that bounds the memory of who is in it.
//
// RLIMIT_AS would need no privilege, but it bounds addresses, not memory:
// runtimes such as those of Go and Java reserve many times what they use.
type group struct {
	dir     string
	files   groupFiles
	granted int64 // bytes that a whole life of the SUT gets; 0 means any
}

// leastSpare keeps a bound from being nothing at all.
const leastSpare = 64 << 10

// groupFiles are the names that the two versions of control groups have for
// the same things.
type groupFiles struct{ limit, usage, none string }

var (
	v1 = groupFiles{"memory.limit_in_bytes", "memory.usage_in_bytes", "-1"}
	v2 = groupFiles{"memory.max", "memory.current", "max"}
)

const noGroup = "the SUT's memory cannot be bounded here (%w): run andon as root or with a delegated control group that has the memory controller, or the build as a container (sut.container)"

// canBound makes a group and removes it.
func canBound() error {
	g, err := newGroup()
	if err != nil {
		return fmt.Errorf(noGroup, err)
	}
	return g.remove()
}

// newGroup makes a group for the memory of one SUT.
func newGroup() (*group, error) {
	parent, files, err := memoryRoot()
	if err != nil {
		return nil, err
	}
	sweepGroups(parent)
	dir, err := os.MkdirTemp(parent, fmt.Sprintf("%s%d-", groupPrefix, os.Getpid()))
	if err != nil {
		return nil, err
	}
	g := &group{dir: dir, files: files}
	if _, err := os.Stat(filepath.Join(dir, files.limit)); err != nil {
		return nil, errors.Join(fmt.Errorf("%s has no memory controller", parent), g.remove())
	}
	return g, nil
}

// groupPrefix begins the names of our groups; the id of the rig follows.
const groupPrefix = "andon-sut-"

// sweepGroups removes what rigs that were killed have left. Their SUTs are
// gone, or the group would not go.
func sweepGroups(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, groupPrefix+"*"))
	for _, dir := range left {
		id, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), groupPrefix), "-")
		if pid, err := strconv.Atoi(id); err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.Remove(dir)
		}
	}
}

// memoryRoot is where groups with a bound of memory can be made: beside the
// group we are in.
func memoryRoot() (string, groupFiles, error) {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", v2, err
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", v2, err
	}
	for _, line := range strings.Split(string(mounts), "\n") {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		files, own, ok := v2, "", false
		switch {
		case f[2] == "cgroup" && hasWord(f[3], "memory"):
			own, ok = ownGroup(b, "memory")
			files = v1
		case f[2] == "cgroup2":
			own, ok = ownGroup(b, "")
			controllers, _ := os.ReadFile(filepath.Join(f[1], own, "cgroup.controllers"))
			ok = ok && bytes.Contains(controllers, []byte("memory"))
			own = filepath.Dir(own) // a group with processes in it cannot share its memory out
		}
		if ok {
			return filepath.Join(f[1], own), files, nil
		}
	}
	return "", v2, errors.New("no control group has the memory controller")
}

// ownGroup is the path of our group in the hierarchy of a controller; "" is
// version 2.
func ownGroup(b []byte, controller string) (string, bool) {
	for _, line := range strings.Split(string(b), "\n") {
		f := strings.SplitN(line, ":", 3)
		if len(f) == 3 && (f[1] == controller || controller != "" && hasWord(f[1], controller)) {
			return f[2], true
		}
	}
	return "", false
}

func hasWord(list, word string) bool {
	return strings.Contains(","+list+",", ","+word+",")
}

func (g *group) add(pid int) error { return g.write("cgroup.procs", strconv.Itoa(pid)) }

func (g *group) write(file, text string) error {
	return os.WriteFile(filepath.Join(g.dir, file), []byte(text), 0o600)
}

// spare bounds what is charged to the group to what is charged now and so many
// bytes more. The kernel refuses a bound below what is taken (EBUSY), and who is
// in the group may take more while we look: then we look again.
func (g *group) spare(more int64) error {
	for deadline := time.Now().Add(time.Second); ; {
		b, rerr := os.ReadFile(filepath.Join(g.dir, g.files.usage))
		if rerr != nil {
			return rerr
		}
		used, perr := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
		if perr != nil {
			return perr
		}
		err := g.write(g.files.limit, strconv.FormatInt(used+more, 10))
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return err
		}
	}
}

// remove takes the group away, which works once nobody is in it.
func (g *group) remove() error {
	if g == nil {
		return nil
	}
	var err error
	for deadline := time.Now().Add(time.Second); ; time.Sleep(5 * time.Millisecond) {
		if err = os.Remove(g.dir); err == nil || errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("remove control group: %w", err)
		}
	}
}

// LimitMemory implements [sut.MemoryLimiter].
func (d *Driver) LimitMemory(_ context.Context, spare int64) error {
	r, err := d.running()
	if err != nil {
		return err
	}
	u, err := Usage(r.cmd.Process.Pid)
	if err != nil {
		return ended(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bound == nil {
		if d.bound, err = newGroup(); err != nil {
			return fmt.Errorf(noGroup, err)
		}
	}
	// What was taken elsewhere stays charged to the group it was taken in: spare
	// is all that this life of the SUT gets in ours, besides what it took here
	// under an earlier bound.
	if err := errors.Join(d.bound.spare(max(spare, leastSpare)), d.bound.add(r.cmd.Process.Pid)); err != nil {
		return fmt.Errorf("bound memory: %w", ended(err))
	}
	d.bound.granted = u.Memory + spare
	return nil
}

// ended is [sut.ErrNotRunning] if that is what err comes from: a process that
// has just been killed is gone before we have heard of it.
func ended(err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return sut.ErrNotRunning
	}
	return err
}

// UnlimitMemory implements [sut.MemoryLimiter].
func (d *Driver) UnlimitMemory(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bound == nil {
		return nil
	}
	d.bound.granted = 0
	return d.bound.write(d.bound.files.limit, d.bound.files.none)
}

// bindAgain puts a process that was started anew under the bound there is.
func (d *Driver) bindAgain(pid int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bound == nil || d.bound.granted == 0 {
		return nil
	}
	if err := errors.Join(d.bound.spare(d.bound.granted), d.bound.add(pid)); err != nil {
		return fmt.Errorf("bound memory: %w", err)
	}
	return nil
}

// release gives back what bounds and clocks took.
func (d *Driver) release() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := errors.Join(d.bound.remove(), removeClock(d.clock))
	d.bound, d.clock = nil, ""
	return err
}
