package verify

import (
	"strings"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/reports"
)

// Exit statuses, as those of package harness.
const (
	exitHolds    = 0
	exitViolated = 1
	exitRig      = 3
	exitUnknown  = 4
)

// Exit is the exit status of an outcome. What the provider did wrong weighs
// most; trouble of the environment is no verdict on it.
func (o Outcome) Exit(allowUnknown bool) int {
	switch {
	case o.Verdict == evidence.Violated:
		return exitViolated
	case o.Environment:
		return exitRig
	case o.Verdict == evidence.Holds, allowUnknown:
		return exitHolds
	}
	return exitUnknown
}

// Report is an outcome as it is told.
func (o Outcome) Report(andon, engine, target string, when time.Time, allowUnknown bool) reports.Verification {
	v := reports.Verification{
		Schema: reports.VerificationVersion, Andon: andon, Engine: engine, Target: target, When: when.UTC().Truncate(time.Second),
		Verdict: o.Verdict, Exit: o.Exit(allowUnknown), Pairs: []reports.VerifiedPair{},
	}
	for _, s := range o.Pairs {
		p := reports.VerifiedPair{
			Contract: s.Contract, Provider: s.Provider.Party, ProviderVersion: s.Provider.Version, Consumer: s.Consumer.Party, ConsumerVersion: s.Consumer.Version,
			Verdict: s.Result.Verdict, Text: s.Result.Text, Left: s.Left, Interactions: []reports.VerifiedInteraction{},
		}
		for _, one := range s.All {
			p.Interactions = append(p.Interactions, retold(one))
		}
		v.Pairs = append(v.Pairs, p)
	}
	if len(o.Pairs) == 0 {
		v.Notes = append(v.Notes, "no consumer in force relies on anything of this provider")
	}
	if o.Environment {
		v.Notes = append(v.Notes, "something failed that is not the provider; of what it kept from being seen there is no verdict")
	}
	if o.Interrupted {
		v.Notes = append(v.Notes, "interrupted: the rest was not made")
	}
	return v
}

func retold(r contracts.Replayed) reports.VerifiedInteraction {
	i := reports.VerifiedInteraction{
		Name: r.Name, Kind: r.Kind, Asked: r.Asked, Verdict: r.Verdict, Environment: r.Environment, Pending: r.Pending,
		Text: strings.TrimSpace(r.Text), Notes: r.Notes, At: r.At.String(), Millis: r.Took.Milliseconds(),
	}
	for _, b := range r.Breaches {
		i.Breaches = append(i.Breaches, reports.VerifiedBreach{Path: b.Path, Want: b.Want, Got: b.Got, At: b.Place.String()})
	}
	return i
}
