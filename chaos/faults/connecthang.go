package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// ConnectHang leaves whoever connects without an answer. What was connected
// goes on.
//
// Layer W: a firewall that drops, a full accept queue, a route that is gone.
// Observed as a connect timeout; when it is healed, SYNs that the SUT's kernel
// repeats get through.
type ConnectHang struct {
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *ConnectHang) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *ConnectHang) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Door: chaos.DoorHang}
}

// Leaves implements [chaos.Choosy].
func (f *ConnectHang) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *ConnectHang) Validate() error { return errors.Join(f.Opened.validate()) }
