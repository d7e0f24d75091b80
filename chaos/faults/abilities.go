package faults

import (
	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Faults that do nothing but stop messages or their replies.
var _ = []chaos.Stopper{&Lose{}, &NetworkLoss{}, &AmbiguousCommit{}, &RefuseBeforeApply{}, &Throttle{}, &Outage{}, &StaleToken{}}

// Stops implements [chaos.Stopper].
func (*Lose) Stops() {}

// Stops implements [chaos.Stopper].
func (*NetworkLoss) Stops() {}

// Stops implements [chaos.Stopper].
func (*AmbiguousCommit) Stops() {}

// Stops implements [chaos.Stopper].
func (*RefuseBeforeApply) Stops() {}

// Stops implements [chaos.Stopper].
func (*Throttle) Stops() {}

// Stops implements [chaos.Stopper].
func (*Outage) Stops() {}

// Stops implements [chaos.Stopper].
func (*StaleToken) Stops() {}

// Blocks implements [chaos.Blocker]. A cut that ends by itself is none: nobody
// outside knows whether it is over.
func (f *NetworkLoss) Blocks() bool { return f.For == 0 }

// Blocks implements [chaos.Blocker]; see [NetworkLoss.Blocks].
func (f *Outage) Blocks() bool { return f.For == 0 }

// Suits implements [chaos.Particular]: who needs no token cannot be told that
// his is stale.
func (*StaleToken) Suits(p simulators.Policy) bool { return p.Auth == simulators.AuthOAuth2 }

// Faults that can do something only to some messages.
var _ = []chaos.Choosy{&Throttle{}, &Outage{}, &StaleToken{}, &LyingSuccess{}, &Reorder{}, &Duplicate{}, &InvalidLot{}, &DelayedApproval{}}

// answers is why a fault that words an answer leaves announcements alone.
func answers(at chaos.Crossing) string {
	if at.Direction == simulators.ToSUT {
		return "only systems answer so; the SUT answers for itself"
	}
	return ""
}

// Leaves implements [chaos.Choosy].
func (*Throttle) Leaves(at chaos.Crossing) string { return answers(at) }

// Leaves implements [chaos.Choosy].
func (*Outage) Leaves(at chaos.Crossing) string { return answers(at) }

// Leaves implements [chaos.Choosy].
func (*StaleToken) Leaves(at chaos.Crossing) string { return answers(at) }

// Leaves implements [chaos.Choosy].
func (*LyingSuccess) Leaves(at chaos.Crossing) string { return answers(at) }

// Leaves implements [chaos.Choosy].
func (*Reorder) Leaves(at chaos.Crossing) string {
	if at.Direction != simulators.ToSUT {
		return "what the SUT sends it puts in order itself"
	}
	return ""
}

// Leaves implements [chaos.Choosy].
func (*Duplicate) Leaves(at chaos.Crossing) string {
	if d := at.Policy.Dedupe; at.Direction != simulators.ToSUT && d != simulators.DedupeKey && d != simulators.DedupeNatural {
		return "an endpoint without protection would post our own copies"
	}
	return ""
}

// Leaves implements [chaos.Choosy].
func (*InvalidLot) Leaves(at chaos.Crossing) string {
	return announced(at, plant.KindConsumption, "only announced consumptions name a lot to use")
}

// Leaves implements [chaos.Choosy].
func (*DelayedApproval) Leaves(at chaos.Crossing) string {
	return announced(at, plant.KindLotDecided, "only announced decisions can be late")
}

func announced(at chaos.Crossing, kind plant.Kind, why string) string {
	if at.Direction != simulators.ToSUT || (at.Kind != "" && at.Kind != kind) {
		return why
	}
	return ""
}
