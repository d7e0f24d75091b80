package sut

import (
	"context"
	"errors"
	"fmt"
)

// An Ability is something that can be done to a SUT, besides starting and
// stopping it. Which of them a driver has is found by type assertion; whether
// it has them on this machine it is asked through [Able].
type Ability string

// Abilities.
const (
	Killing        Ability = "kill"         // a [Breaker]
	Pausing        Ability = "pause"        // a [Pauser]
	Detaching      Ability = "detach"       // a [Detacher]
	LimitingMemory Ability = "limit-memory" // a [MemoryLimiter]
	SettingClock   Ability = "set-clock"    // a [ClockSetter]
	Shaping        Ability = "shape"        // a [Shaper]
)

// An Ender can end its SUT so that it can come back: asked to, as by Stop, but
// nothing that Start took is released.
type Ender interface {
	Driver
	End(ctx context.Context) error
}

// A Pauser can freeze its SUT: it stays in memory and keeps its connections,
// the kernel takes new ones for it, and nobody answers.
type Pauser interface {
	Driver
	Pause(ctx context.Context) error
	// Resume lets it go on. Resuming what is not paused is no error.
	Resume(ctx context.Context) error
}

// A Detacher can take its SUT off the network: it runs on, its connections hang
// and it can open no others.
type Detacher interface {
	Driver
	Detach(ctx context.Context) error
	// Attach brings it back under the same address. Attaching what is not
	// detached is no error.
	Attach(ctx context.Context) error
}

// A MemoryLimiter can bound what its SUT takes up; the kernel kills who takes
// more. The bound outlives a restart.
type MemoryLimiter interface {
	Driver
	// LimitMemory sets the bound to what the SUT takes up now and spare bytes
	// more.
	LimitMemory(ctx context.Context, spare int64) error
	// UnlimitMemory lifts it; it is no error if there is none.
	UnlimitMemory(ctx context.Context) error
}

// A ClockSetter can have the SUT believe in another time.
type ClockSetter interface {
	Driver
	// SetClock moves the SUT's clock by so many seconds from the machine's; 0
	// puts it right.
	SetClock(ctx context.Context, seconds int) error
}

// A Shaper can have the kernel lose, double, corrupt or reorder the packets
// that the SUT sends.
type Shaper interface {
	Driver
	// Shape sets what happens to packets, in the words of netem: "loss 5%".
	Shape(ctx context.Context, netem ...string) error
	// Unshape lets them pass; it is no error if they do.
	Unshape(ctx context.Context) error
}

// Able is a Driver that knows what it can do on this machine.
type Able interface {
	Driver
	// Able says why a cannot be done here, and what to do about it; nil if it
	// can. It changes nothing.
	Able(a Ability) error
}

// Can says why d cannot do a; nil if it can.
func Can(d Driver, a Ability) error {
	if _, ours := d.(Breaker); !ours {
		return errors.New("it needs a SUT that Andon started: this rig's SUT is external")
	}
	has, driver := false, ""
	switch a {
	case Killing:
		has = true
	case Pausing:
		_, has = d.(Pauser)
		driver = "process, container and compose"
	case Detaching:
		_, has = d.(Detacher)
		driver = "container and compose"
	case LimitingMemory:
		_, has = d.(MemoryLimiter)
		driver = "process, container and compose"
	case SettingClock:
		_, has = d.(ClockSetter)
		driver = "process"
	case Shaping:
		_, has = d.(Shaper)
		driver = "container and compose"
	}
	if !has {
		return fmt.Errorf("this rig's SUT is run by a driver that cannot %s; %s can: see docs/sut.md", a, driver)
	}
	if able, ok := d.(Able); ok {
		return able.Able(a)
	}
	return nil
}
