package oracles_test

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestCutover(t *testing.T) {
	conf := journaltest.Confirmed
	change := func(r *journaltest.Run) { r.Step("do cutover") }
	declare := func(r *journaltest.Run, frozen evidence.Frozen) {
		r.CutOver("file", "api", "do cutover")
		if frozen != "" {
			r.Plan.Cutover.Freeze, r.Plan.Cutover.Frozen = "do freeze", frozen
		}
	}
	by := func(r *journaltest.Run, route string, e plant.Event) {
		r.Send(journaltest.Sending{Route: route, Key: route + string(e.ID)}, e)
	}
	// inFreeze posts a fact that becomes true in the freeze by these ways.
	inFreeze := func(frozen evidence.Frozen, routes ...string) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			declare(r, frozen)
			r.Step("do freeze")
			e := r.Happen(conf(1, "5.013"))
			change(r)
			for _, w := range routes {
				by(r, w, e)
			}
			by(r, "api", r.Happen(conf(2, "7.041")))
		}
	}
	// twoDoors is a rig with an endpoint for each way into the same books.
	twoDoors := func(r *journaltest.Run) {
		r.Plan.Endpoints["erp-new"] = r.Plan.Endpoints["erp"]
		declare(r, "")
		r.Plan.Cutover.Old.Endpoints, r.Plan.Cutover.New.Endpoints = []string{"erp"}, []string{"erp-new"}
	}
	stock := func(r *journaltest.Run, endpoint, quantity string) {
		r.Books(endpoint, evidence.OrderBook{}, lotBook("L-7", plant.LotUnrestricted, quantity))
	}
	run(t, "cutover", []testCase{
		{name: "none declared", build: func(r *journaltest.Run) { r.Do(conf(1, "5.013")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "declared, and it never came", build: func(r *journaltest.Run) {
			declare(r, "")
			by(r, "file", r.Happen(conf(1, "5.013")))
		}, want: evidence.Vacuous, rule: "never-cut-over"},
		{name: "before by the old way, afterwards by the new one", build: func(r *journaltest.Run) {
			declare(r, "")
			by(r, "file", r.Happen(conf(1, "5.013")))
			change(r)
			by(r, "api", r.Happen(conf(2, "7.041")))
		}, want: evidence.Holds, says: "2 facts"},
		{name: "under way when it came, and by the new way then", build: func(r *journaltest.Run) {
			declare(r, "")
			e := r.Happen(conf(1, "5.013"))
			change(r)
			by(r, "api", e)
		}, want: evidence.Holds},
		{name: "under way when it came, and by both ways", build: func(r *journaltest.Run) {
			declare(r, "")
			e := r.Happen(conf(1, "5.013"))
			by(r, "file", e)
			change(r)
			by(r, "api", e)
		}, want: evidence.Violated, rule: "by-both-ways", says: "1 time by file, 1 time by api"},
		{name: "under way when it came, and by neither", build: func(r *journaltest.Run) {
			declare(r, "")
			r.Happen(conf(1, "5.013"))
			change(r)
			by(r, "api", r.Happen(conf(2, "7.041")))
		}, want: evidence.Violated, rule: "by-neither-way"},
		{name: "by neither, but reported", build: func(r *journaltest.Run) {
			declare(r, "")
			r.Surface(r.Happen(conf(1, "5.013")), simulators.Technical)
			change(r)
		}, want: evidence.Holds},
		{name: "by neither, and the run had not settled", build: func(r *journaltest.Run) {
			declare(r, "")
			r.Happen(conf(1, "5.013"))
			change(r)
		}, end: restless, want: evidence.Inconclusive, rule: "not-settled"},
		{name: "lost long afterwards: nothing to do with it", build: func(r *journaltest.Run) {
			declare(r, "")
			change(r)
			r.Happen(conf(1, "5.013"))
		}, want: evidence.Holds},
		{name: "the old way goes on", build: func(r *journaltest.Run) {
			declare(r, "")
			change(r)
			by(r, "file", r.Happen(conf(1, "5.013")))
		}, want: evidence.Violated, rule: "by-the-wrong-way", says: "by api"},
		{name: "frozen, and drained by the old way", build: inFreeze(evidence.FrozenOld, "file"), want: evidence.Holds},
		{name: "frozen, to be drained by the old way", build: inFreeze(evidence.FrozenOld, "api"), want: evidence.Violated, rule: "by-the-wrong-way", says: "by file"},
		{name: "frozen, to wait for the new way", build: inFreeze(evidence.FrozenNew, "file"), want: evidence.Violated, rule: "by-the-wrong-way", says: "in the freeze"},
		{name: "frozen, and waited for", build: inFreeze(evidence.FrozenNew, "api"), want: evidence.Holds},
		{name: "frozen, by either", build: inFreeze(evidence.FrozenEither, "file"), want: evidence.Holds},
		{name: "frozen, by either, but not both", build: inFreeze(evidence.FrozenEither, "file", "api"), want: evidence.Violated, rule: "by-both-ways"},
		{name: "frozen, keyed in by hand", build: inFreeze(evidence.FrozenByHand), want: evidence.Holds},
		{name: "frozen, keyed in by hand and sent", build: inFreeze(evidence.FrozenByHand, "api"), want: evidence.Violated, rule: "by-the-wrong-way", says: "by hand"},
		{name: "two doors, both used", build: func(r *journaltest.Run) {
			twoDoors(r)
			e := r.Happen(conf(1, "5.013"))
			r.Post(e)
			change(r)
			r.Send(journaltest.Sending{Endpoint: "erp-new", Key: "again"}, e)
		}, want: evidence.Violated, rule: "by-both-ways"},
		{name: "two doors, one after the other", build: func(r *journaltest.Run) {
			twoDoors(r)
			r.Do(conf(1, "5.013"))
			e := r.Happen(conf(2, "7.041"))
			change(r)
			r.Send(journaltest.Sending{Endpoint: "erp-new"}, e)
		}, want: evidence.Holds},
		{name: "the balance is carried over", build: func(r *journaltest.Run) {
			twoDoors(r)
			stock(r, "erp", "1000")
			r.Do(journaltest.Consumed(1, "12.5", "KG"))
			change(r)
			r.Send(journaltest.Sending{Endpoint: "erp-new"}, r.Happen(journaltest.Consumed(2, "750", "G")))
			stock(r, "erp-new", "986.75")
		}, want: evidence.Holds},
		{name: "the balance is that from before", build: func(r *journaltest.Run) {
			twoDoors(r)
			stock(r, "erp", "1000")
			r.Do(journaltest.Consumed(1, "12.5", "KG"))
			change(r)
			stock(r, "erp-new", "1000")
		}, want: evidence.Violated, rule: "balance-not-carried-over", says: "987.5"},
		{name: "a lot left behind", build: func(r *journaltest.Run) {
			twoDoors(r)
			stock(r, "erp", "1000")
			change(r)
			r.Add(evidence.Snapshot{Endpoint: "erp-new"})
		}, want: evidence.Violated, rule: "balance-not-carried-over"},
	})
}

// TestTwoDoorsAreNoPhantoms: a posting by the other way into the same books is
// no posting in the wrong system.
func TestTwoDoorsAreNoPhantoms(t *testing.T) {
	r := journaltest.New()
	r.Plan.Endpoints["erp-new"] = r.Plan.Endpoints["erp"]
	e := r.Happen(journaltest.Confirmed(1, "5.013"))
	r.Send(journaltest.Sending{Endpoint: "erp-new"}, e)
	if f := judge(t, "no-phantom", r.History())[0]; f.Verdict != evidence.Violated {
		t.Errorf("without a cutover: %+v", f)
	}
	r.CutOver("file", "api", "do cutover")
	r.Plan.Cutover.Old.Endpoints, r.Plan.Cutover.New.Endpoints = []string{"erp"}, []string{"erp-new"}
	for _, o := range []string{"no-phantom", "exactly-once"} {
		if f := judge(t, o, r.History())[0]; f.Verdict != evidence.Holds {
			t.Errorf("%+v", f)
		}
	}
}
