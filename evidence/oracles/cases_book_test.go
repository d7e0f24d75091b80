package oracles_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestContractsOfABook judges what holding exchanges against a book has shown.
func TestContractsOfABook(t *testing.T) {
	conf := journaltest.Confirmed
	done := simulators.Result{Outcome: simulators.Applied, Status: 201}
	covered := &evidence.Held{By: []int{0}}
	breaks := func(by evidence.Sender, change func(*evidence.ContractBreach)) *evidence.Held {
		b := evidence.ContractBreach{Rule: evidence.BreaksPromise, Contract: "erp/postings", Half: "erp 2.0", By: by, Path: "$.rows[0].qty",
			Want: "a value, it is required", Got: "nothing", Place: "contracts/erp/postings/2.0/openapi.yaml:41:9", Users: []string{"mes 3.2"}}
		if change != nil {
			change(&b)
		}
		return &evidence.Held{By: []int{0}, Breaches: []evidence.ContractBreach{b}}
	}
	inForce := func(r *journaltest.Run) {
		r.Plan.Contracts = &evidence.InForce{Book: "contracts", SUT: evidence.Party{Name: "mes", Versions: []string{"3.2"}}, Halves: []evidence.ContractHalf{{Contract: "erp/postings", Party: "erp", Version: "2.0"}}}
	}
	id := uint64(900)
	posts := func(r *journaltest.Run, e plant.Event, h *evidence.Held, faults ...string) {
		id++
		r.Add(evidence.Attempt{ID: id, Endpoint: "erp", Verb: "post", Name: "confirmations", Key: "k", IdemKey: string(e.ID), Attempt: 1, Claims: []plant.Event{e},
			Start: r.Now(), End: r.Now() + 5*time.Millisecond, Acted: done, Heard: done, Held: h, Faults: faults})
	}
	announces := func(r *journaltest.Run, e plant.Event, h *evidence.Held, faults ...string) {
		id++
		r.Add(evidence.Offer{ID: id, Endpoint: "mes", Name: "confirmations", Key: "k", Attempt: 1, Facts: []plant.EventID{e.ID},
			Start: r.Now(), End: r.Now() + 5*time.Millisecond, Result: simulators.Result{Outcome: simulators.Accepted, Status: 202}, Held: h, Faults: faults})
	}
	run(t, "contract-conformance", []testCase{
		{name: "kept", build: func(r *journaltest.Run) {
			inForce(r)
			posts(r, r.Happen(conf(1, "5.013")), covered)
		}, want: evidence.Holds},
		{name: "broken by the SUT", build: func(r *journaltest.Run) {
			inForce(r)
			posts(r, r.Happen(conf(1, "5.013")), breaks(evidence.SUTSent, nil))
		}, want: evidence.Violated, rule: evidence.BreaksPromise, says: "confirmations to erp with $.rows[0].qty: a value, it is required"},
		{name: "and where that stands", build: func(r *journaltest.Run) {
			inForce(r)
			posts(r, r.Happen(conf(1, "5.013")), breaks(evidence.SUTSent, nil))
		}, want: evidence.Violated, says: "contracts/erp/postings/2.0/openapi.yaml:41:9: erp 2.0 promises it in erp/postings"},
		{name: "those who rely on it are named", build: func(r *journaltest.Run) {
			inForce(r)
			posts(r, r.Happen(conf(1, "5.013")), breaks(evidence.SUTSent, nil))
		}, want: evidence.Violated, says: "and mes 3.2 relies on it"},
		{name: "the SUT's reply", build: func(r *journaltest.Run) {
			inForce(r)
			announces(r, r.Happen(conf(1, "5.013")), breaks(evidence.SUTSent, func(b *evidence.ContractBreach) { b.Reply = true }))
		}, want: evidence.Violated, says: "the reply to confirmations from mes"},
		{name: "broken by the rig's own endpoint", build: func(r *journaltest.Run) {
			inForce(r)
			announces(r, r.Happen(conf(1, "5.013")), breaks(evidence.RigSent, nil))
		}, want: evidence.Inconclusive, rule: evidence.BreaksPromise, says: "the rig's own endpoint breaks it"},
		{name: "broken by the rig's endpoint under a fault", build: func(r *journaltest.Run) {
			inForce(r)
			r.Fault("later", "async-accept", "mes")
			announces(r, r.Happen(conf(1, "5.013")), breaks(evidence.RigSent, nil), "later")
		}, want: evidence.Holds},
		{name: "it cannot be told", build: func(r *journaltest.Run) {
			inForce(r)
			posts(r, r.Happen(conf(1, "5.013")), breaks(evidence.SUTSent, func(b *evidence.ContractBreach) {
				b.Unclear, b.Got = true, "the regular expression takes longer than 200ms"
			}))
		}, want: evidence.Inconclusive, says: "takes longer than 200ms"},
		{name: "it says what our fault made of it", build: func(r *journaltest.Run) {
			inForce(r)
			r.Fault("drift", "schema-drift", "mes")
			e := r.Truth(conf(1, "12.5"))
			r.Spoil("drift", "schema-drift", "mes", e)
			r.Offer(simulators.Applied, e)
			posts(r, e, breaks(evidence.SUTSent, nil))
		}, want: evidence.Holds},
		{name: "a version that is not told is the SUT's own mistake, whatever was spoilt", build: func(r *journaltest.Run) {
			inForce(r)
			r.Fault("drift", "schema-drift", "mes")
			e := r.Truth(conf(1, "12.5"))
			r.Spoil("drift", "schema-drift", "mes", e)
			r.Offer(simulators.Applied, e)
			posts(r, plant.Event{Fact: conf(9, "1")}, breaks(evidence.SUTSent, func(b *evidence.ContractBreach) { b.Rule, b.Path = evidence.TellsNoVersion, "header X-Api-Version" }))
		}, want: evidence.Violated, rule: evidence.TellsNoVersion},
		{name: "nothing was covered", build: func(r *journaltest.Run) {
			inForce(r)
			posts(r, r.Happen(conf(1, "5.013")), &evidence.Held{})
		}, want: evidence.Vacuous, rule: oracles.RuleUncovered},
		{name: "nobody was held against anything", build: func(r *journaltest.Run) {
			inForce(r)
			posts(r, r.Happen(conf(1, "5.013")), nil)
		}, want: evidence.Vacuous, rule: oracles.RuleUncovered},
		{name: "outside an open book", build: func(r *journaltest.Run) {
			inForce(r)
			e := r.Happen(conf(1, "5.013"))
			posts(r, e, covered)
			announces(r, e, &evidence.Held{})
		}, want: evidence.Holds, rule: "outside-all-contracts", says: "drift: no contract covers confirmations from mes"},
		{name: "outside a closed book", build: func(r *journaltest.Run) {
			inForce(r)
			r.Plan.Contracts.Closed = true
			posts(r, r.Happen(conf(1, "5.013")), &evidence.Held{})
		}, want: evidence.Violated, rule: "outside-all-contracts", says: "confirmations to erp"},
		{name: "the rig outside a closed book", build: func(r *journaltest.Run) {
			inForce(r)
			r.Plan.Contracts.Closed = true
			e := r.Happen(conf(1, "5.013"))
			posts(r, e, covered)
			announces(r, e, &evidence.Held{})
		}, want: evidence.Inconclusive, rule: "outside-all-contracts"},
		{name: "once in the words of the book is enough", build: func(r *journaltest.Run) {
			inForce(r)
			e := r.Happen(conf(1, "5.013"))
			id++
			r.Add(evidence.Attempt{ID: id, Endpoint: "erp", Verb: "post", Name: "confirmations", Key: "k", IdemKey: string(e.ID), Attempt: 1,
				Start: r.Now(), End: r.Now() + 5*time.Millisecond, Acted: done, Heard: done, Held: breaks(evidence.SUTSent, nil), Breach: "malformed: qty"})
		}, want: evidence.Violated, rule: evidence.BreaksPromise},
	})
}
