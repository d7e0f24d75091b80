package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// IdleKill has the road forget connections on which nothing has moved for a
// time. Neither end is told: there is no FIN and no reset, and what is sent
// later is lost for good. That stays so when it is healed.
//
// Layer W: firewalls, address translation and load balancers with idle
// timeouts. Observed as a request on a kept-alive connection that is never
// answered.
type IdleKill struct {
	Idle   Wall   `yaml:"idle" doc:"after how long without a byte"`
	Opened Opened `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *IdleKill) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return []chaos.Delivery{d} }

// Trouble implements [chaos.ConnFault].
func (f *IdleKill) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Stream: chaos.StreamForget, Idle: f.Idle.d()}
}

// Leaves implements [chaos.Choosy].
func (f *IdleKill) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *IdleKill) Validate() error {
	return errors.Join(f.Opened.validate(), positiveWall("idle", f.Idle))
}
