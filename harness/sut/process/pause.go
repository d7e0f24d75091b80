package process

import (
	"context"
	"syscall"

	"github.com/andon-rig/andon/harness/sut"
)

// resume is what a paused process goes on at.
const resume = syscall.SIGCONT

// Pause implements [sut.Pauser]: the process and its children are stopped
// where they stand.
func (d *Driver) Pause(context.Context) error {
	r, err := d.running()
	if err != nil {
		return err
	}
	signalGroup(r.cmd, syscall.SIGSTOP)
	return awaitStopped(r.cmd.Process.Pid)
}

// Resume implements [sut.Pauser].
func (d *Driver) Resume(context.Context) error {
	if r, err := d.running(); err == nil {
		signalGroup(r.cmd, resume)
	}
	return nil
}

// running is the life that is under way.
func (d *Driver) running() (*running, error) {
	d.mu.Lock()
	r := d.current
	d.mu.Unlock()
	if r == nil {
		return nil, sut.ErrNotRunning
	}
	select {
	case <-r.gone:
		return nil, sut.ErrNotRunning
	default:
		return r, nil
	}
}
