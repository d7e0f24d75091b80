// Package sut starts, breaks and stops the system under test.
//
// What the SUT is, the rest of the harness must not know.
package sut

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Driver runs the system under test.
type Driver interface {
	// Start brings the SUT up with env added to its environment and returns
	// once it is ready. If it never gets ready the error is a [*StartError].
	Start(ctx context.Context, env map[string]string) error
	// Stop takes it down and releases everything Start took. Stopping twice
	// is no error.
	Stop(ctx context.Context) error
	// Alive reports whether the SUT is there; if not, why.
	Alive() (bool, string)
}

// A Breaker is a Driver that can also fail on demand. A SUT the harness does
// not own has no Breaker, and a scenario that needs one is refused before the
// run starts.
type Breaker interface {
	Driver
	// Kill ends the SUT at once, as a power cut would.
	Kill(ctx context.Context) error
	// Restart brings it up again with the state it left behind; graceful
	// first asks a running one to end.
	Restart(ctx context.Context, graceful bool) error
}

// A Sampler is a Driver that can look into the SUT. A run whose driver is none
// says nothing of what the SUT takes up.
type Sampler interface {
	Driver
	// Sample tells what all processes of the SUT take up now;
	// [ErrNotSampled] if the SUT is not there or the machine does not tell.
	Sample() (Usage, error)
}

// Usage is what the SUT takes up.
type Usage struct {
	Memory  int64         // bytes resident
	Files   int           // open descriptors
	Threads int           // of the operating system
	CPU     time.Duration // processor time so far, of children that have ended, too
}

// Ready says how to find out that the SUT is ready.
type Ready struct {
	HTTP   string        // a URL that answers 2xx; "" means ready as soon as started
	Within time.Duration // wall time; 0 means 20 s
}

// StartError says that the SUT did not get ready, and what it said last.
type StartError struct {
	Reason string
	Log    []string // its last lines
}

// Error implements error.
func (e *StartError) Error() string {
	if len(e.Log) == 0 {
		return e.Reason + "; it printed nothing"
	}
	return e.Reason + "; its last lines were:\n    " + strings.Join(e.Log, "\n    ")
}

// ErrNotSampled says that nobody can look into the SUT here and now.
var ErrNotSampled = errors.New("the SUT cannot be looked into here and now")

// ErrNotRunning is returned by drivers asked to do something to a SUT that has
// ended, or is ending just now.
var ErrNotRunning = errors.New("the SUT is not running")

// ErrNotOurs is returned by drivers asked to break a SUT they do not own.
var ErrNotOurs = fmt.Errorf("this SUT was not started by Andon, so Andon cannot kill or restart it")
