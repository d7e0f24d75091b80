package oracles_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestContractConformance(t *testing.T) {
	conf := journaltest.Confirmed
	const comma = `malformed: ….QuantityString: "12,5" is not a plain decimal number`
	malformed := simulators.Result{Outcome: simulators.Refused, Status: 400, Class: simulators.DataQuality, Code: "malformed"}
	// sends has the SUT post what nobody can read, under this key.
	sendsTo := func(r *journaltest.Run, name, key string) {
		r.Add(evidence.Attempt{ID: 900, Endpoint: "erp", Verb: "post", Name: name, Key: "post " + name, IdemKey: key, Attempt: 1,
			Start: r.Now(), End: r.Now() + 5*time.Millisecond, Acted: malformed, Heard: malformed, Breach: comma})
	}
	sends := func(r *journaltest.Run, key string) { sendsTo(r, "confirmations", key) }
	// speaks gives the ERP another dialect than the MES has.
	speaks := func(r *journaltest.Run, dialect string) {
		e := r.Plan.Endpoints["erp"]
		e.Dialect = dialect
		r.Plan.Endpoints["erp"] = e
	}
	replies := func(r *journaltest.Run, faults ...string) {
		e := r.Truth(conf(1, "5.013"))
		r.Add(evidence.Offer{ID: 901, Endpoint: "mes", Name: "confirmations", Key: "k", Attempt: 1, Start: r.Now(), End: r.Now() + 5*time.Millisecond,
			Facts: []plant.EventID{e.ID}, Result: simulators.Result{Outcome: simulators.Refused, Status: 302}, Faults: faults,
			Breach: "status: 302 redirects"})
	}
	// garble has a fault word e otherwise than agreed; offer announces it.
	garble := func(r *journaltest.Run, e plant.Event) {
		r.Add(evidence.Disturbance{Fault: "drift", Kind: "schema-drift", Phase: evidence.Struck, At: "mes", Facts: []plant.EventID{e.ID}, Key: plant.Natural(e.Fact), Attempt: 1, Garbled: true})
	}
	offers := uint64(950)
	offer := func(r *journaltest.Run, e plant.Event, o simulators.Outcome) {
		offers++
		r.Add(evidence.Offer{ID: offers, Endpoint: "mes", Name: "confirmations", Key: plant.Natural(e.Fact), Attempt: int(offers - 950), Start: r.Now(), End: r.Now() + 5*time.Millisecond,
			Facts: []plant.EventID{e.ID}, Result: simulators.Result{Outcome: o}})
		r.Wait(10 * time.Millisecond)
	}
	run(t, "contract-conformance", []testCase{
		{name: "well worded", build: func(r *journaltest.Run) { r.Do(conf(1, "5.013")) }, want: evidence.Holds},
		{name: "nothing sent", build: func(r *journaltest.Run) { r.Happen(conf(1, "5.013")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "an older journal", build: func(r *journaltest.Run) {
			r.Plan.Breaches = false
			r.Do(conf(1, "5.013"))
		}, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "a decimal comma", build: func(r *journaltest.Run) {
			sends(r, string(r.Happen(conf(1, "12.5")).ID))
		}, want: evidence.Violated, rule: "invalid-message", says: `"12,5" is not a plain decimal number`},
		{name: "a message about nobody knows what", build: func(r *journaltest.Run) {
			r.Happen(conf(1, "12.5"))
			sends(r, "")
		}, want: evidence.Violated, rule: "invalid-message"},
		{name: "a reply that redirects", build: func(r *journaltest.Run) { replies(r) }, want: evidence.Violated, rule: "invalid-reply", says: "302"},
		{name: "refused by the rules, but well worded", build: func(r *journaltest.Run) {
			r.Send(journaltest.Sending{Acted: closed}, r.Happen(conf(1, "5.013")))
		}, want: evidence.Holds},
		{name: "it says what our fault made of it", build: func(r *journaltest.Run) {
			r.Fault("drift", "schema-drift", "mes")
			e := r.Truth(conf(1, "12.5"))
			r.Spoil("drift", "schema-drift", "mes", e)
			r.Offer(simulators.Applied, e)
			sends(r, string(e.ID))
		}, want: evidence.Holds},
		{name: "it may say what our fault made of something", build: func(r *journaltest.Run) {
			r.Fault("drift", "schema-drift", "mes")
			e := r.Truth(conf(1, "12.5"))
			r.Spoil("drift", "schema-drift", "mes", e)
			r.Offer(simulators.Applied, e)
			sends(r, "a key of its own")
		}, want: evidence.Inconclusive, says: "cannot be blamed on the SUT"},
		{name: "it was taken, and nobody heard so", build: func(r *journaltest.Run) {
			r.Fault("drift", "schema-drift", "mes")
			e := r.Truth(conf(1, "12.5"))
			garble(r, e)
			offer(r, e, simulators.Unknown)
			sends(r, "a key of its own")
			offer(r, e, simulators.Accepted)
		}, want: evidence.Holds},
		{name: "bad data was handed on that nobody can read", build: func(r *journaltest.Run) {
			r.Fault("odd", "odd-quantity", "mes")
			e := r.Truth(conf(1, "12.5"))
			r.Spoil("odd", "odd-quantity", "mes", e)
			offer(r, e, simulators.Accepted)
			sends(r, "a key of its own")
		}, want: evidence.Holds},
		{name: "it was handed on to a system that speaks otherwise", build: func(r *journaltest.Run) {
			speaks(r, "b2mml-xml/v7")
			r.Fault("odd", "odd-quantity", "mes")
			e := r.Truth(conf(1, "12.5"))
			r.Spoil("odd", "odd-quantity", "mes", e)
			offer(r, e, simulators.Accepted)
			sendsTo(r, "bods", "a key of its own")
		}, want: evidence.Holds},
		{name: "another message, to a system that speaks alike", build: func(r *journaltest.Run) {
			r.Fault("odd", "odd-quantity", "mes")
			e := r.Truth(conf(1, "12.5"))
			r.Spoil("odd", "odd-quantity", "mes", e)
			offer(r, e, simulators.Accepted)
			sendsTo(r, "bods", "a key of its own")
		}, want: evidence.Inconclusive},
		{name: "it never reached the SUT", build: func(r *journaltest.Run) {
			r.Fault("drift", "schema-drift", "mes")
			e := r.Truth(conf(1, "12.5"))
			garble(r, e)
			offer(r, e, simulators.Undelivered)
			sends(r, "a key of its own")
		}, want: evidence.Violated},
		{name: "it was dealt with before", build: func(r *journaltest.Run) {
			r.Fault("drift", "schema-drift", "mes")
			e := r.Truth(conf(1, "12.5"))
			garble(r, e)
			offer(r, e, simulators.Unknown)
			r.Surface(e, simulators.DataQuality)
			r.Wait(10 * time.Millisecond)
			sends(r, "a key of its own")
		}, want: evidence.Inconclusive, says: "cannot be blamed on the SUT"},
		{name: "sent before our fault touched anything", build: func(r *journaltest.Run) {
			sends(r, "a key of its own")
			e := r.Truth(conf(1, "12.5"))
			r.Spoil("drift", "schema-drift", "mes", e)
			r.Offer(simulators.Applied, e)
		}, want: evidence.Violated},
		{name: "bytes garbled on the wire", build: func(r *journaltest.Run) {
			r.Fault("noise", "corrupt", "erp")
			e := r.Happen(conf(1, "12.5"))
			r.Add(evidence.Disturbance{Fault: "noise", Kind: "corrupt", Phase: evidence.Struck, At: "erp"})
			r.Wait(-5 * time.Millisecond)
			sends(r, string(e.ID))
		}, want: evidence.Holds},
		{name: "bytes garbled elsewhere", build: func(r *journaltest.Run) {
			r.Fault("noise", "corrupt", "mes")
			e := r.Happen(conf(1, "12.5"))
			r.Add(evidence.Disturbance{Fault: "noise", Kind: "corrupt", Phase: evidence.Struck, At: "mes"})
			r.Wait(-5 * time.Millisecond)
			sends(r, string(e.ID))
		}, want: evidence.Violated},
		{name: "a wrong reply that a fault also hid", build: func(r *journaltest.Run) { replies(r, "f") }, want: evidence.Violated, rule: "invalid-reply"},
	})
}

// TestABreachIsToldOnce: a message that is repeated is one finding.
func TestABreachIsToldOnce(t *testing.T) {
	r := journaltest.New()
	e := r.Happen(journaltest.Confirmed(1, "12.5"))
	for range 30 {
		r.Send(journaltest.Sending{Acted: closed, Breach: "malformed: no quantity"}, e)
	}
	found := judge(t, "contract-conformance", r.History())
	if len(found) != 1 || found[0].Count != 30 || found[0].Class != evidence.CauseContract {
		t.Errorf("got %+v", found)
	}
}
