package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// Bandwidth lets at most so many bytes a second through a connection.
//
// Layer W: a thin or crowded line. Observed as slow transfers and, beyond the
// SUT's timeout, as an unknown result.
type Bandwidth struct {
	Rate   int64  `yaml:"rate" doc:"bytes a second"`
	Way    Way    `yaml:"way" jsonschema:"enum=both,enum=to-sut,enum=from-sut" doc:"which direction is thin"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: of a message it strikes the reply.
func (f *Bandwidth) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return upon(f, d, "the reply is slow")
}

// Trouble implements [chaos.ConnFault].
func (f *Bandwidth) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Stream: chaos.StreamSlow, Way: f.Way.direction(), Rate: f.Rate}
}

// Leaves implements [chaos.Choosy].
func (f *Bandwidth) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *Bandwidth) Validate() error {
	return errors.Join(f.Opened.validate(), positive("rate", f.Rate), f.Way.validate())
}
