package pactcli

import (
	"context"
	"fmt"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
)

// A Replayer is the verifier as an engine of replays.
type Replayer struct {
	Engine Engine
	Target Target
}

var _ contracts.Replayer = Replayer{}

// Name implements [contracts.Replayer].
func (Replayer) Name() string { return "pact-cli" }

// Replay implements [contracts.Replayer]. The consumer's half must be pacts.
func (r Replayer) Replay(ctx context.Context, p contracts.Pair, only func(name string) bool) ([]contracts.Replayed, error) {
	if p.Consumer.Document == nil || p.Consumer.Document.Format() != pact.Name {
		return nil, fmt.Errorf("%s: engine %s replays pacts and nothing else", p.ID(), r.Name())
	}
	e := r.Engine
	if only != nil {
		e.Only = func(in *pact.Interaction) bool { return only(in.Name()) }
	}
	found, err := e.Verify(ctx, r.Target, p.Consumer.Files)
	all := make([]contracts.Replayed, len(found))
	for i, o := range found {
		all[i] = o.replayed()
	}
	return all, err
}

func (o Outcome) replayed() contracts.Replayed {
	in := o.Interaction
	r := contracts.Replayed{
		Name: in.Name(), Kind: string(in.Kind), Pending: in.Pending, At: in.Place, Took: o.Took, Breaches: o.Breaches,
		Verdict: evidence.Holds, Text: "matched",
	}
	if in.Kind == pact.HTTP {
		r.Asked = in.Request.Method + " " + in.Request.Path
	}
	switch {
	case o.Err != nil:
		r.Verdict, r.Environment, r.Text = evidence.Inconclusive, true, o.Err.Error()
	case len(o.Breaches) > 0:
		b := o.Breaches[0]
		r.Verdict, r.Text = evidence.Violated, b.Path+": want "+b.Want+", got "+b.Got
	}
	return r
}
