package oracles_test

import (
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// viewMutations break what the rig saw besides facts and postings: wording,
// books, samples, secrets and routes.
func viewMutations() []mutation {
	return []mutation{
		{"say it in a way the contract does not know", []string{"contract-conformance"}, onAttempt(func(rs []evidence.Record, at int) bool {
			return rs[at].Body.(evidence.Attempt).Heard.Outcome == simulators.Applied
		}, func(a *evidence.Attempt) { a.Breach = "malformed: no quantity" })},
		{"answer in a way the contract does not know", []string{"contract-conformance"}, func(rs []evidence.Record, at int) []evidence.Record {
			o, ok := rs[at].Body.(evidence.Offer)
			if !ok {
				return nil
			}
			o.Result.Status, o.Breach = 302, "status: 302 redirects"
			rs[at].Body = o
			return rs
		}},
	}
}
