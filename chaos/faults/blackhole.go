package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// BlackHole swallows what is sent in one direction or both, from when it is
// armed until it is healed, and nobody is told.
//
// Layer W: a WAN line down, asymmetric routing, a firewall that lost its
// state. Observed as timeouts. Nothing inside a stream is lost: when it is
// healed, what kernels have repeated arrives, unless somebody gave up.
type BlackHole struct {
	Way    Way    `yaml:"way" jsonschema:"enum=both,enum=to-sut,enum=from-sut" doc:"of what is swallowed"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *BlackHole) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *BlackHole) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Door: chaos.DoorSilence, Way: f.Way.direction()}
}

// Leaves implements [chaos.Choosy].
func (f *BlackHole) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *BlackHole) Validate() error { return errors.Join(f.Opened.validate(), f.Way.validate()) }

// Blocks implements [chaos.Blocker].
func (*BlackHole) Blocks() bool { return true }
