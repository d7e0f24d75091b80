//go:build !linux

package process

import (
	"context"
	"errors"
)

// group would bound the memory of the SUT.
type group struct{}

var errNoGroups = errors.New("the memory of a process is bounded by control groups, which only Linux has; run the build as a container (sut.container)")

func canBound() error { return errNoGroups }

// LimitMemory implements [sut.MemoryLimiter].
func (d *Driver) LimitMemory(context.Context, int64) error { return errNoGroups }

// UnlimitMemory implements [sut.MemoryLimiter].
func (d *Driver) UnlimitMemory(context.Context) error { return nil }

func (d *Driver) bindAgain(int) error { return nil }

// release gives back what clocks took.
func (d *Driver) release() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := removeClock(d.clock)
	d.clock = ""
	return err
}
