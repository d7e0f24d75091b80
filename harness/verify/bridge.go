package verify

import (
	"context"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
)

// A Bridge has messages sent and catches them.
type Bridge struct{}

func (a *Andon) message(_ context.Context, _ contracts.Pair, _ *pact.Interaction, _ *contracts.Replayed) {
}
