package counterpart

import (
	"context"
	"fmt"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/verify"
)

// A Consumer asks a provider, over and over, what it has written down.
type Consumer struct {
	Engine contracts.Replayer
	Pairs  []contracts.Pair
	Every  time.Duration // from one exchange to the next
	Times  int           // rounds; without end if 0
	See    func(contracts.Pair, contracts.Replayed)
}

// Run asks until it has made its rounds or its context ends, and returns the
// worst that it has seen; vacuous if that is nothing.
func (c Consumer) Run(ctx context.Context) (verdict evidence.Verdict, environment bool, err error) {
	verdict = evidence.Vacuous
	seen := 0
	tick := time.NewTicker(max(c.Every, time.Millisecond))
	defer tick.Stop()
	for round := 0; c.Times == 0 || round < c.Times; round++ {
		before := seen
		for _, p := range c.Pairs {
			for _, name := range names(p) {
				if seen > 0 {
					select {
					case <-tick.C:
					case <-ctx.Done():
						return verdict, environment, nil
					}
				}
				all, err := c.Engine.Replay(ctx, p, func(n string) bool { return n == name })
				if err != nil {
					return verdict, environment, fmt.Errorf("%s: %w", p.ID(), err)
				}
				if ctx.Err() != nil {
					return verdict, environment, nil // cut off by the end, which is no verdict
				}
				for _, r := range all {
					if seen++; seen == 1 {
						verdict = evidence.Holds
					}
					if !r.Pending {
						verdict, environment = max(verdict, r.Verdict), environment || r.Environment
					}
					c.See(p, r)
				}
			}
		}
		if seen == before {
			break // there is nothing to ask
		}
	}
	return verdict, environment, nil
}

// names are those of the exchanges of a pair, each once and in order.
func names(p contracts.Pair) (all []string) {
	known := map[string]bool{}
	_, _ = verify.NewAndon(verify.Target{}).Replay(context.Background(), p, func(n string) bool {
		if !known[n] {
			known[n] = true
			all = append(all, n)
		}
		return false
	})
	return all
}
