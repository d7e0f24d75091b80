package tables

import (
	"context"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// Send implements [simulators.Transport]: it inserts m and waits until the SUT
// has dealt with it.
func (t *Transport) Send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	select {
	case <-t.stopping:
		return simulators.Message{Result: simulators.Result{Outcome: simulators.Undelivered, Text: "the database is closed"}}, nil
	default:
	}
	ended := make(chan simulators.Result, 1)
	err := t.Keep(ctx, m, func(r simulators.Result) {
		if r.Outcome != simulators.Unknown {
			ended <- r
		}
	})
	if err != nil {
		return simulators.Message{}, err
	}
	tick := time.NewTicker(t.config.Poll)
	defer tick.Stop()
	for {
		select {
		case r := <-ended:
			return simulators.Message{Result: r}, nil
		case <-tick.C:
			if err := t.taken(ctx); err != nil && ctx.Err() == nil { // also after Serve has ended
				return simulators.Message{}, err
			}
		case <-ctx.Done():
			return simulators.Message{Result: simulators.Result{Outcome: simulators.Unknown, Text: ctx.Err().Error()}}, nil
		}
	}
}
