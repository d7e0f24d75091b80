package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// ResetMidRequest resets a connection after some bytes from the SUT.
//
// Layer W: a gateway that restarts, an intermediate system that refuses what
// it sees. Observed as a reset or a broken pipe while the request is written;
// nothing took effect.
type ResetMidRequest struct {
	After  int64  `yaml:"after" doc:"bytes let through first"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *ResetMidRequest) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *ResetMidRequest) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Stream: chaos.StreamReset, Way: simulators.FromSUT, After: f.After}
}

// Leaves implements [chaos.Choosy].
func (f *ResetMidRequest) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *ResetMidRequest) Validate() error {
	return errors.Join(f.Opened.validate(), notNegativeBytes(f.After))
}

func notNegativeBytes(n int64) error {
	if n < 0 {
		return errNoBytes
	}
	return nil
}
