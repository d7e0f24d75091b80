package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// AcceptThenClose accepts a new connection and closes it at once.
//
// Layer W: a load balancer without servers behind it, a port forwarder whose
// target is down, a server out of file descriptors. Observed as end of file or
// a reset on the first read.
type AcceptThenClose struct {
	Abrupt bool   `yaml:"abrupt" doc:"with a reset instead of an orderly close"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *AcceptThenClose) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *AcceptThenClose) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Door: chaos.DoorSlam, Abrupt: f.Abrupt}
}

// Leaves implements [chaos.Choosy].
func (f *AcceptThenClose) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *AcceptThenClose) Validate() error { return errors.Join(f.Opened.validate()) }
