package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// HandshakeStall accepts new connections and keeps back the first reply on
// each: what a TLS handshake waits for, or the greeting of another protocol.
//
// Layer W: a balancer that accepts for a server that hangs, a server without
// entropy or workers. Observed as a handshake timeout, which many clients do
// not have.
type HandshakeStall struct {
	For      Wall     `yaml:"for" doc:"how long; none means until it is healed"`
	Existing Existing `yaml:"existing" jsonschema:"enum=reset,enum=keep" doc:"what becomes of connections made before"`
	Opened   Opened   `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *HandshakeStall) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *HandshakeStall) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Stream: chaos.StreamHold, Way: simulators.ToSUT, Hold: f.For.d(), Fresh: true, Sweep: f.Existing != ExistingKeep}
}

// Leaves implements [chaos.Choosy].
func (f *HandshakeStall) Leaves(chaos.Crossing) string {
	return "it strikes new connections, not messages"
}

// Validate says what is wrong with the settings.
func (f *HandshakeStall) Validate() error {
	return errors.Join(f.Opened.validate(), f.Existing.validate(), notNegative("for", f.For))
}
