package faults

import (
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// DelayedApproval holds the announcement of a decision on a lot while the rest
// of the plant goes on and later messages pass.
//
// Layer D: the quality department decides late, or the decision is stuck in a
// queue. Observed as a lot that stays on hold. On the wire only wall time can
// pass; to have the decision itself fall later in plant time is up to the
// scenario.
type DelayedApproval struct {
	For Wall `yaml:"for" doc:"how long the decision is held"`
}

// Apply implements [chaos.Fault].
func (f *DelayedApproval) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	decides := slices.ContainsFunc(d.Message.Events, func(e plant.Event) bool { return e.Fact != nil && e.Fact.Kind() == plant.KindLotDecided })
	if decides && d.Direction == simulators.ToSUT {
		d.After += f.For.d()
		d.Overtake = true
		d.What = "decision held for " + f.For.d().String()
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *DelayedApproval) Validate() error {
	if f.For <= 0 {
		return errors.New("for: say how long the decision is held")
	}
	return nil
}
