package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// HalfCloseEarly ends one direction in order after some bytes. The other stays
// open.
//
// Layer W: a proxy that loses its upstream and closes what it has begun to
// pass on. Observed as an unexpected end of file; the effect exists.
type HalfCloseEarly struct {
	After  int64  `yaml:"after" doc:"bytes let through first; by message, of its reply"`
	Way    Way    `yaml:"way" jsonschema:"enum=both,enum=to-sut,enum=from-sut" doc:"which direction ends"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: of a message it strikes the reply.
func (f *HalfCloseEarly) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return upon(f, d, "the reply ends in the middle")
}

// Trouble implements [chaos.ConnFault].
func (f *HalfCloseEarly) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Stream: chaos.StreamClose, Way: f.Way.direction(), After: f.After}
}

// Leaves implements [chaos.Choosy].
func (f *HalfCloseEarly) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *HalfCloseEarly) Validate() error {
	return errors.Join(f.Opened.validate(), notNegativeBytes(f.After), f.Way.validate())
}
