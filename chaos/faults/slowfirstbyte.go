package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// SlowFirstByte delays the first byte of every reply of a connection.
//
// Layer W: a gateway that queues, a server that thinks before it answers.
// Observed as time to first byte, and beyond the SUT's timeout as an unknown
// result.
type SlowFirstByte struct {
	For    Wall   `yaml:"for" doc:"how late it comes"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: of a message it strikes the reply.
func (f *SlowFirstByte) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return upon(f, d, "the reply begins late")
}

// Trouble implements [chaos.ConnFault].
func (f *SlowFirstByte) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Stream: chaos.StreamFirst, Hold: f.For.d()}
}

// Leaves implements [chaos.Choosy].
func (f *SlowFirstByte) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *SlowFirstByte) Validate() error {
	return errors.Join(f.Opened.validate(), positiveWall("for", f.For))
}
