package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// LyingSuccess answers a posting with a status of success and an error in the
// body. Nothing was done.
//
// Layer A: interfaces that report the state of the call and not of the posting
// (a return table of type E, a SOAP fault with 200, GraphQL errors beside
// data), and gateways that flatten every status. Observed as 200 with the body
// of a refusal in the endpoint's own words; whoever reads the body knows what
// to do. Questions and requests for tokens are left alone.
type LyingSuccess struct {
	Says     Says `yaml:"says" jsonschema:"enum=locked,enum=unavailable,enum=refused" doc:"what the body says: locked and unavailable want a repetition, refused a person"`
	Attempts int  `yaml:"attempts" doc:"only the first so many attempts of each fact; 0 means all"`
}

// Says is what the body of a lying success says.
type Says string

// Errors in the body of a success.
const (
	SaysLocked      Says = "locked"
	SaysUnavailable Says = "unavailable"
	SaysRefused     Says = "refused"
)

// refusal is the error that stands in the body.
func (s Says) refusal() *simulators.Refusal {
	switch s {
	case SaysUnavailable:
		return &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unavailable, Code: "posting-unavailable", Text: "posting is not available at the moment", Soft: true}
	case SaysRefused:
		return &simulators.Refusal{Class: simulators.Business, Outcome: simulators.Refused, Code: "posting-refused", Text: "the posting was stopped by a check", Soft: true}
	}
	return &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Locked, Code: "order-locked", Text: "the order is being processed by another user", Soft: true}
}

// Apply implements [chaos.Fault].
func (f *LyingSuccess) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if !posting(d) || late(d, f.Attempts) {
		return []chaos.Delivery{d}
	}
	d.Refuse = f.Says.refusal()
	d.What = "not acted upon: 200, and in the body " + d.Refuse.Code
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *LyingSuccess) Validate() error {
	return errors.Join(f.Says.validate(), notNegativeCount("attempts", f.Attempts))
}

func (s Says) validate() error { return oneOf("says", s, SaysLocked, SaysUnavailable, SaysRefused) }
