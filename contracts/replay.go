package contracts

import (
	"context"
	"fmt"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// A Replayer is an engine that puts what a consumer relies on before a
// provider that runs. How it reaches the provider is its own matter; engines
// are made by package harness/verify.
type Replayer interface {
	// Name is what --engine calls it: "andon", "pact-cli".
	Name() string
	// Replay makes the exchanges of p that only selects and returns what came
	// of each, in the order of the document. An error says that the engine
	// itself failed; what befalls one exchange is its verdict. Replay is not
	// called side by side: states of a provider belong to one exchange at a time.
	Replay(ctx context.Context, p Pair, only func(name string) bool) ([]Replayed, error)
}

// A Pair is one version of a consumer and the version of the provider that is
// put to the test, in one contract.
type Pair struct {
	Contract string       // "" outside a book
	File     ContractFile // the zero value outside a book
	Provider Half         // Document is nil if nothing says what it promises
	Consumer Half
	Known    PartyVersion // of the provider, as the book has it; the zero value outside a book
	Today    time.Time
}

// ID names the pair for people: "orders-api: mes-line1 3.2 with erp-orders 2.0".
func (p Pair) ID() string {
	s := p.Consumer.ID() + " with " + p.Provider.ID()
	if p.Contract != "" {
		s = p.Contract + ": " + s
	}
	return s
}

// Replayed is what came of one exchange that an engine has made.
type Replayed struct {
	Name    string           `json:"name"` // of the interaction, with its states
	Kind    string           `json:"kind"` // http, async, sync, graphql, openapi
	Asked   string           `json:"asked,omitempty"`
	Verdict evidence.Verdict `json:"verdict"`
	// Environment says that what failed was not the provider: a callback, a
	// broker, a connection. There is then no verdict on the provider.
	Environment bool     `json:"environment,omitempty"`
	Text        string   `json:"text"` // one sentence
	Breaches    []Breach `json:"breaches,omitempty"`
	Notes       []string `json:"notes,omitempty"`
	// Pending says that the consumer does not rely on it yet: it is told, and
	// counts for nothing.
	Pending bool          `json:"pending,omitempty"`
	At      Place         `json:"at,omitzero"`
	Took    time.Duration `json:"tookNanoseconds,omitempty"`
}

// Replay is the check that makes exchanges, as [Result.Check] names it.
const Replay = "replay"

// Sum is what the exchanges of a pair show together. left is how many of the
// document's exchanges were not made. Pending ones count for nothing; without
// any other, nothing was shown.
func (p Pair) Sum(all []Replayed, left int) Result {
	r := Result{
		Check: Replay, Contract: p.Contract, Provider: p.Provider.Party, ProviderVersion: p.Provider.Version,
		Consumer: p.Consumer.Party, ConsumerVersion: p.Consumer.Version, Digest: p.Consumer.Digest,
	}
	counted, held, pending := 0, 0, 0
	worst := Replayed{}
	for _, one := range all {
		switch {
		case one.Pending:
			pending++
			continue
		case one.Verdict == evidence.Holds:
			held++
		case one.Verdict > worst.Verdict:
			worst = one
		}
		counted++
	}
	r.Verdict = worst.Verdict
	switch {
	case counted == 0 && left > 0:
		r.Verdict, r.Text = evidence.Vacuous, fmt.Sprintf("none of %d interactions was made", left)
	case counted == 0 && pending > 0:
		r.Verdict, r.Text = evidence.Vacuous, fmt.Sprintf("all %d interactions are pending, so that nothing was shown", pending)
	case counted == 0:
		r.Verdict, r.Text = evidence.Vacuous, "there is no interaction, so that nothing was shown"
	case worst.Name != "":
		r.Text = fmt.Sprintf("%d of %d interactions matched; %s: %s", held, counted, worst.Name, worst.Text)
	case left > 0:
		r.Verdict, r.Text = evidence.Inconclusive, fmt.Sprintf("%d interactions matched, and %d were not made", held, left)
	default:
		r.Text = fmt.Sprintf("%d of %d interactions matched", held, counted)
	}
	return r
}
