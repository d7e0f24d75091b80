package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// ResetMidResponse resets a connection after some bytes to the SUT.
//
// Layer W: a gateway that restarts, a crash while the reply is written.
// Observed as a reset while the reply is read; the effect exists.
type ResetMidResponse struct {
	After  int64  `yaml:"after" doc:"bytes let through first; by message, of its reply"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: of a message it strikes the reply.
func (f *ResetMidResponse) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return upon(f, d, "the reply is reset in the middle")
}

// Trouble implements [chaos.ConnFault].
func (f *ResetMidResponse) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Stream: chaos.StreamReset, Way: simulators.ToSUT, After: f.After}
}

// Leaves implements [chaos.Choosy].
func (f *ResetMidResponse) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *ResetMidResponse) Validate() error {
	return errors.Join(f.Opened.validate(), notNegativeBytes(f.After))
}
