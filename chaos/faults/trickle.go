package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// Trickle passes a few bytes at a time, with pauses in between.
//
// Layer W: a congested line, an overloaded proxy. Observed as short reads, and
// as a total timeout although an idle timeout never fires.
type Trickle struct {
	Chunk  int    `yaml:"chunk" doc:"bytes at a time"`
	Gap    Wall   `yaml:"gap" doc:"pause after each"`
	Way    Way    `yaml:"way" jsonschema:"enum=both,enum=to-sut,enum=from-sut" doc:"which direction trickles"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: of a message it strikes the reply.
func (f *Trickle) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return upon(f, d, "the reply trickles")
}

// Trouble implements [chaos.ConnFault].
func (f *Trickle) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Stream: chaos.StreamTrickle, Way: f.Way.direction(), Chunk: f.Chunk, Gap: f.Gap.d()}
}

// Leaves implements [chaos.Choosy].
func (f *Trickle) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *Trickle) Validate() error {
	return errors.Join(f.Opened.validate(), positive("chunk", f.Chunk), positiveWall("gap", f.Gap), f.Way.validate())
}
