package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// Flap lets the road come and go.
//
// Layer W: a loose plug, a radio link at its limit, a route that is announced
// and withdrawn. Gone silently, it swallows packets and leaves SYNs unanswered;
// otherwise connections are reset and refused, as by a process that keeps
// dying.
type Flap struct {
	Up     Wall   `yaml:"up" doc:"how long it is good"`
	Down   Wall   `yaml:"down" doc:"how long it is gone"`
	Gone   Gone   `yaml:"gone" jsonschema:"enum=silent,enum=reset" doc:"what is felt meanwhile"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *Flap) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return []chaos.Delivery{d} }

// Trouble implements [chaos.ConnFault].
func (f *Flap) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Door: chaos.DoorFlap, Up: f.Up.d(), Down: f.Down.d(), Abrupt: f.Gone == GoneReset}
}

// Leaves implements [chaos.Choosy].
func (f *Flap) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *Flap) Validate() error {
	return errors.Join(f.Opened.validate(), positiveWall("up", f.Up), positiveWall("down", f.Down), f.Gone.validate())
}

// Gone says what is felt of a road that is gone.
type Gone string

// What is felt.
const (
	GoneSilent Gone = "silent"
	GoneReset  Gone = "reset"
)

func (g Gone) validate() error {
	switch g {
	case "", GoneSilent, GoneReset:
		return nil
	}
	return fmt.Errorf("gone: %q is not one of silent, reset", g)
}
