package reports

import (
	"time"

	"github.com/andon-rig/andon/evidence"
)

// VerificationVersion is the form in which a verification is told to programs.
const VerificationVersion = "andon.verification/v1"

// A Verification is everything known when a provider has been verified.
type Verification struct {
	Schema  string           `json:"schema"` // andon.verification/v1
	Andon   string           `json:"andon"`  // version
	Engine  string           `json:"engine"`
	Target  string           `json:"target"` // addresses that were talked to
	When    time.Time        `json:"when"`
	Verdict evidence.Verdict `json:"verdict"`
	Exit    int              `json:"exit"`
	Pairs   []VerifiedPair   `json:"pairs"`
	Notes   []string         `json:"notes,omitempty"`
}

// A VerifiedPair is a version of a consumer with the provider's in one
// contract.
type VerifiedPair struct {
	Contract        string                `json:"contract,omitempty"`
	Provider        string                `json:"provider"`
	ProviderVersion string                `json:"providerVersion,omitempty"`
	Consumer        string                `json:"consumer"`
	ConsumerVersion string                `json:"consumerVersion,omitempty"`
	Verdict         evidence.Verdict      `json:"verdict"`
	Text            string                `json:"text"`
	Left            int                   `json:"notSelected,omitempty"`
	Interactions    []VerifiedInteraction `json:"interactions"`
}

// A VerifiedInteraction is one exchange and what came of it.
type VerifiedInteraction struct {
	Name        string           `json:"name"`
	Kind        string           `json:"kind"`
	Asked       string           `json:"asked,omitempty"`
	Verdict     evidence.Verdict `json:"verdict"`
	Environment bool             `json:"environment,omitempty"` // what failed was not the provider
	Pending     bool             `json:"pending,omitempty"`     // counts for nothing
	Text        string           `json:"text"`
	Breaches    []VerifiedBreach `json:"breaches,omitempty"`
	Notes       []string         `json:"notes,omitempty"`
	At          string           `json:"at,omitempty"` // file:line of the contract
	Millis      int64            `json:"tookMillis"`
}

// A VerifiedBreach is one thing that was not as the contract says.
type VerifiedBreach struct {
	Path string `json:"path"`
	Want string `json:"want"`
	Got  string `json:"got"`
	At   string `json:"at,omitempty"`
}

// ID names the pair for people: "orders-api: mes-line1 3.2 with erp-orders 2.0".
func (p VerifiedPair) ID() string {
	name := func(party, version string) string {
		if version == "" {
			return party
		}
		return party + " " + version
	}
	s := name(p.Consumer, p.ConsumerVersion) + " with " + name(p.Provider, p.ProviderVersion)
	if p.Contract != "" {
		s = p.Contract + ": " + s
	}
	return s
}

// A Tally counts the interactions of a verification.
type Tally struct {
	Made, Held, Violated, Inconclusive, Vacuous, Pending, Left int
}

// Count counts the interactions. Pending ones are in no other figure than
// their own and Made.
func (v Verification) Count() (t Tally) {
	for _, p := range v.Pairs {
		t.Left += p.Left
		for _, i := range p.Interactions {
			t.Made++
			switch {
			case i.Pending:
				t.Pending++
			case i.Verdict == evidence.Holds:
				t.Held++
			case i.Verdict == evidence.Violated:
				t.Violated++
			case i.Verdict == evidence.Inconclusive:
				t.Inconclusive++
			default:
				t.Vacuous++
			}
		}
	}
	return t
}
