package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// Refuse lets nobody listen at the endpoint's address. The address stays
// taken, so that nobody else gets it meanwhile.
//
// Layer W: the process behind the address has gone, or a firewall rejects.
// Observed as a reset that answers the SYN, connection refused, and as resets
// of what was connected.
type Refuse struct {
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *Refuse) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return []chaos.Delivery{d} }

// Trouble implements [chaos.ConnFault].
func (f *Refuse) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Door: chaos.DoorRefuse}
}

// Leaves implements [chaos.Choosy].
func (f *Refuse) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *Refuse) Validate() error { return errors.Join(f.Opened.validate()) }

// Blocks implements [chaos.Blocker].
func (*Refuse) Blocks() bool { return true }
