package verify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/graphql"
	"github.com/andon-rig/andon/contracts/inline"
	"github.com/andon-rig/andon/contracts/openapi"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
)

// Andon is the engine of our own: it makes each exchange once, in the order of
// the document, and judges it by the matchers that also judge runs.
type Andon struct {
	target Target
	wire   wire
	states *states
}

var _ contracts.Replayer = (*Andon)(nil)

// NewAndon makes the engine for a target.
func NewAndon(t Target) *Andon {
	if t.Timeout <= 0 {
		t.Timeout = DefaultTimeout
	}
	if t.MaxBody <= 0 {
		t.MaxBody = DefaultMaxBody
	}
	a := &Andon{target: t, wire: newWire(t.Timeout, t.MaxBody, t.Roots)}
	if t.States != nil {
		a.states = &states{wire: a.wire, at: t.States}
	}
	return a
}

// Name implements [contracts.Replayer].
func (*Andon) Name() string { return "andon" }

// Replay implements [contracts.Replayer].
func (a *Andon) Replay(ctx context.Context, p contracts.Pair, only func(name string) bool) ([]contracts.Replayed, error) {
	switch d := p.Consumer.Document.(type) {
	case *pact.Document:
		return each(ctx, d.Interactions, (*pact.Interaction).Name, only, func(in *pact.Interaction) contracts.Replayed { return a.interaction(ctx, p, in) }), nil
	case *graphql.Operations:
		return each(ctx, d.Calls(), graphql.Call.Name, only, func(c graphql.Call) contracts.Replayed { return a.call(ctx, p, c) }), nil
	case *openapi.Document:
		return each(ctx, d.Examples(), openapi.Example.Name, only, func(e openapi.Example) contracts.Replayed { return a.example(ctx, p, d, e) }), nil
	}
	return idle(p, only), nil
}

// idle tells of a document that holds no exchanges.
func idle(p contracts.Pair, only func(string) bool) []contracts.Replayed {
	r := contracts.Replayed{
		Name: "all of it", Kind: p.Consumer.Document.Format(), Verdict: evidence.Vacuous, At: contracts.Place{File: p.Consumer.Folder},
		Text: "not made: format " + p.Consumer.Document.Format() + " holds no exchanges that this engine could make",
	}
	if !only(r.Name) {
		return nil
	}
	return []contracts.Replayed{r}
}

// each replays what only selects, until it is interrupted.
func each[T any](ctx context.Context, all []T, name func(T) string, only func(string) bool, do func(T) contracts.Replayed) (seen []contracts.Replayed) {
	for _, one := range all {
		if !only(name(one)) || ctx.Err() != nil {
			continue
		}
		began := time.Now()
		r := do(one)
		r.Took = time.Since(began)
		seen = append(seen, r)
	}
	return seen
}

// interaction replays one interaction of a pact between setup and teardown of
// its states.
func (a *Andon) interaction(ctx context.Context, p contracts.Pair, in *pact.Interaction) contracts.Replayed {
	r := contracts.Replayed{Name: in.Name(), Kind: string(in.Kind), Pending: in.Pending, At: in.Place}
	if why := a.cannot(in); why != "" {
		r.Verdict, r.Text = evidence.Vacuous, why
		return r
	}
	values, err := a.states.setup(ctx, p.Consumer.Party, in)
	if err != nil {
		r.Verdict, r.Environment, r.Text = evidence.Inconclusive, true, err.Error()
		if err := a.states.teardown(context.WithoutCancel(ctx), p.Consumer.Party, in); err != nil {
			r.Notes = append(r.Notes, err.Error())
		}
		return r
	}
	filled, notes := in.Fill(pact.Values{States: values, Chance: rand.New(rand.NewPCG(a.target.Seed, uint64(len(in.Name()))))})
	r.Notes = append(r.Notes, notes...)
	if in.Kind == pact.HTTP {
		a.http(ctx, p, filled, &r)
	} else {
		a.message(ctx, p, filled, &r)
	}
	if err := a.states.teardown(context.WithoutCancel(ctx), p.Consumer.Party, in); err != nil {
		r.Environment = true
		r.Notes = append(r.Notes, err.Error())
		if r.Verdict == evidence.Holds {
			r.Verdict, r.Text = evidence.Inconclusive, "matched, but "+err.Error()
		}
	}
	return r
}

// cannot says why an interaction is not made, "" if it is.
func (a *Andon) cannot(in *pact.Interaction) string {
	switch {
	case in.Kind == pact.HTTP && a.target.URL == nil:
		return "not made: it is a request over HTTP, and no --url says where to"
	case in.Kind != pact.HTTP && a.target.Bridge == nil:
		return "not made: it is a message, and no --messages says how to have it sent"
	}
	return ""
}

func (a *Andon) http(ctx context.Context, p contracts.Pair, in *pact.Interaction, r *contracts.Replayed) {
	asked := in.Request.Exchange()
	r.Asked = asked.Method + " " + asked.Path
	reply, bad := a.wire.send(ctx, a.target.URL, asked, a.target.Header)
	if bad != nil {
		fault(r, bad)
		return
	}
	breaches, err := in.Judge(reply)
	judged(r, breaches, err)
	if r.Verdict == evidence.Violated && a.states == nil && len(in.States) > 0 && wrongStatus(breaches) {
		r.Verdict = evidence.Inconclusive
		r.Notes = append(r.Notes, fmt.Sprintf("it asks for %s, and nobody brought the provider there: --states names the callback that does", stateNames(in)))
	}
	if r.Verdict == evidence.Holds {
		a.promised(p, contracts.Exchange{FromConsumer: true, Request: asked, Reply: &reply}, r)
	}
}

func wrongStatus(breaches []contracts.Breach) bool {
	for _, b := range breaches {
		if b.Path == "status" {
			return true
		}
	}
	return false
}

func stateNames(in *pact.Interaction) string {
	var all []string
	for _, s := range in.States {
		all = append(all, fmt.Sprintf("%q", s.Name))
	}
	return "state " + strings.Join(all, " and ")
}

// promised holds an answer that suits the consumer against what the provider
// itself promises, and looks whether it tells the version that it should.
func (a *Andon) promised(p contracts.Pair, x contracts.Exchange, r *contracts.Replayed) {
	var breaches []contracts.Breach
	if c, ok := p.Provider.Document.(contracts.Checker); ok {
		found, covered := c.Check(x)
		if !covered {
			r.Notes = append(r.Notes, "the document of "+p.Provider.ID()+" does not promise it")
		}
		for _, b := range found {
			if b.Reply || !x.FromConsumer {
				breaches = append(breaches, b)
			}
		}
	}
	breaches = append(breaches, told(p, x, r)...)
	if p.Known.Version != "" && x.FromConsumer && x.Reply != nil && x.Reply.Status/100 == 2 {
		breaches = append(breaches, inline.Unannounced(p.Known, p.Today, *x.Reply)...)
	}
	if len(breaches) > 0 {
		judged(r, breaches, nil)
		r.Notes = append(r.Notes, "it is what the consumer relies on, but not what "+p.Provider.ID()+" promises")
	}
}

// told says what is wrong with the version that an exchange tells. What only
// the request could tell is the consumer's to say.
func told(p contracts.Pair, x contracts.Exchange, r *contracts.Replayed) (breaches []contracts.Breach) {
	for _, t := range p.File.Tellings(x) {
		provides := t.Reply || !x.FromConsumer
		b := contracts.Breach{Reply: x.Reply != nil, Path: t.Told.String(), Want: strconv.Quote(p.Provider.Version), Got: strconv.Quote(t.Version), Place: t.Told.Place()}
		switch {
		case t.Version == p.Provider.Version, t.Version == "" && t.Told.Optional:
		case t.Version == "" && provides:
			b.Got = "nothing"
			breaches = append(breaches, b)
		case t.Version == "":
			r.Notes = append(r.Notes, t.Told.String()+" tells no version, as the contract demands")
		case provides:
			breaches = append(breaches, b)
		default:
			r.Notes = append(r.Notes, fmt.Sprintf("%s asks for version %s", t.Told, t.Version))
		}
	}
	return breaches
}

// fault notes why there was nothing to judge.
func fault(r *contracts.Replayed, t *trouble) {
	r.Verdict, r.Environment, r.Text = t.verdict, t.environment, t.text
}

// judged notes what was wrong with what came.
func judged(r *contracts.Replayed, breaches []contracts.Breach, err error) {
	switch {
	case err != nil:
		r.Verdict, r.Text, r.Breaches = evidence.Inconclusive, err.Error(), breaches
	case len(breaches) > 0 && !slices.ContainsFunc(breaches, func(b contracts.Breach) bool { return !b.Unclear }):
		r.Verdict, r.Breaches, r.Text = evidence.Inconclusive, breaches, fmt.Sprintf("%s: cannot be told: %s", breaches[0].Path, breaches[0].Got)
	case len(breaches) == 0:
		r.Verdict, r.Text = evidence.Holds, "matched"
	default:
		b := breaches[0]
		r.Verdict, r.Breaches, r.Text = evidence.Violated, breaches, fmt.Sprintf("%s: want %s, got %s", b.Path, b.Want, b.Got)
		if len(breaches) > 1 {
			r.Text += fmt.Sprintf(" (and %d more)", len(breaches)-1)
		}
	}
}
