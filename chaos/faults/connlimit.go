package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// ConnLimit takes so many connections at once and no more.
//
// Layer W: a server's or a licence's limit, a small pool of workers. Observed
// as connections that succeed and then say nothing until others leave, or that
// are reset at once: a SUT that leaks connections starves.
type ConnLimit struct {
	Limit  int    `yaml:"limit" doc:"connections at once"`
	Over   Over   `yaml:"over" jsonschema:"enum=wait,enum=close" doc:"who is one too many waits for a place, or is reset"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *ConnLimit) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *ConnLimit) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Door: chaos.DoorFull, Limit: f.Limit, Abrupt: f.Over == OverClose}
}

// Leaves implements [chaos.Choosy].
func (f *ConnLimit) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *ConnLimit) Validate() error {
	return errors.Join(f.Opened.validate(), positive("limit", f.Limit), f.Over.validate())
}

// Over says what becomes of who is one too many.
type Over string

// What becomes of him.
const (
	OverWait  Over = "wait"
	OverClose Over = "close"
)

func (o Over) validate() error {
	switch o {
	case "", OverWait, OverClose:
		return nil
	}
	return fmt.Errorf("over: %q is not one of wait, close", o)
}
