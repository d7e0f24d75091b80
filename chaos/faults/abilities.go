package faults

import (
	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
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
