package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// Stall keeps back what a connection carries for a time, once; then it goes
// on where it was.
//
// Layer W: a full buffer on the way, a link that fails over, a far end that
// pauses to collect garbage. Observed as a read timeout if it lasts longer than
// the SUT's; the effect may exist.
type Stall struct {
	Way    Way    `yaml:"way" jsonschema:"enum=both,enum=to-sut,enum=from-sut" doc:"which direction stalls"`
	For    Wall   `yaml:"for" doc:"how long; none means until it is healed"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: of a message it strikes the reply.
func (f *Stall) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return upon(f, d, "the reply is stalled")
}

// Trouble implements [chaos.ConnFault].
func (f *Stall) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Stream: chaos.StreamHold, Way: f.Way.direction(), Hold: f.For.d()}
}

// Leaves implements [chaos.Choosy].
func (f *Stall) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *Stall) Validate() error {
	return errors.Join(f.Opened.validate(), f.Way.validate(), notNegative("for", f.For))
}
