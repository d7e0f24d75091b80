// Package verify puts what consumers rely on before a provider that runs:
// requests are made and answers judged, messages are asked for and caught on
// the transport that really carries them.
//
// It knows neither plants nor faults. How an exchange is judged is the
// contract formats' business; here it is made, bounded and told.
package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
)

// Options say what is verified.
type Options struct {
	Engine contracts.Replayer
	Pairs  []contracts.Pair
	// Only selects interactions by name; nil takes all.
	Only func(name string) bool
	// Now is when it was seen.
	Now func() time.Time
}

// An Outcome is all that was seen.
type Outcome struct {
	Verdict     evidence.Verdict
	Environment bool // something failed that was not the provider
	Interrupted bool
	Pairs       []Seen
	shown       bool // something of a pair was selected
}

// Seen is what was seen of one pair.
type Seen struct {
	contracts.Pair
	All    []contracts.Replayed
	Left   int // exchanges that were not selected
	Result contracts.Result
}

// Run replays every pair. An error is the engine's own; of pairs before it the
// outcome tells.
func Run(ctx context.Context, o Options) (Outcome, error) {
	out := Outcome{Verdict: evidence.Vacuous}
	for _, p := range o.Pairs {
		s := Seen{Pair: p}
		all, err := o.Engine.Replay(ctx, p, func(name string) bool {
			if o.Only != nil && !o.Only(name) {
				s.Left++
				return false
			}
			return true
		})
		if err != nil && ctx.Err() == nil {
			return out, fmt.Errorf("%s: engine %s: %w", p.ID(), o.Engine.Name(), err)
		}
		s.All = all
		s.Result = p.Sum(all, s.Left)
		s.Result.When = o.Now().UTC().Truncate(time.Second)
		out.add(s)
		if errors.Is(ctx.Err(), context.Canceled) {
			out.Interrupted = true
			out.Verdict = max(out.Verdict, evidence.Inconclusive)
			break
		}
	}
	return out, nil
}

// add joins what was seen of one more pair. What was left out on purpose makes
// the result of a pair inconclusive, but not the run: the user has asked for
// it. A run of which nothing was selected has shown nothing.
func (o *Outcome) add(s Seen) {
	o.Pairs = append(o.Pairs, s)
	if s.Left > 0 && len(s.All) == 0 {
		return
	}
	for _, one := range s.All {
		o.Environment = o.Environment || one.Environment && !one.Pending
	}
	v := s.Pair.Sum(s.All, 0).Verdict
	if !o.shown {
		o.Verdict, o.shown = v, true
		return
	}
	o.Verdict = max(o.Verdict, v)
}

// Results are what the matrix needs of an outcome.
func (o Outcome) Results() []contracts.Result {
	all := []contracts.Result{}
	for _, s := range o.Pairs {
		all = append(all, s.Result)
	}
	return all
}
