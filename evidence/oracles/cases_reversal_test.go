package oracles_test

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// taking plans that reversals go from the MES to the ERP.
func taking(r *journaltest.Run) *journaltest.Run {
	r.Plan.Flows = append(r.Plan.Flows, evidence.Flow{Kind: plant.KindReversal, From: "mes", To: "erp"})
	return r
}

// back is what the books make of the reversal of o, the n-th document.
func back(id plant.EventID, o plant.Event, doc string) plant.Event {
	return plant.Event{ID: id, Fact: plant.Reversed{Original: o, Document: doc}}
}

// TestReversals: what was taken back does not count, in any sum.
func TestReversals(t *testing.T) {
	one, two := journaltest.Confirmed(1, "50"), journaltest.Confirmed(2, "61")
	// typo reports one, takes it back as post says, and reports two.
	typo := func(post func(r *journaltest.Run, o, back plant.Event)) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			taking(r)
			o := r.Do(one)
			post(r, o, r.Happen(plant.Reversed{Original: o}))
			r.Do(two)
		}
	}
	sound := typo(func(r *journaltest.Run, o, e plant.Event) { r.Post(back(e.ID, o, "5000000001")) })
	nameless := typo(func(r *journaltest.Run, o, e plant.Event) {
		o.Fact = plant.Confirmed{Order: journaltest.Order, Operation: "0010", Yield: journaltest.Qty("50", "EA")} // no counter
		r.Post(back("", o, "5000000001"))
	})
	nothing := typo(func(*journaltest.Run, plant.Event, plant.Event) {})
	other := typo(func(r *journaltest.Run, _, e plant.Event) {
		o := r.Do(journaltest.Confirmed(3, "7"))
		r.Post(back(e.ID, o, "5000000002"))
	})
	reported := typo(func(r *journaltest.Run, _, e plant.Event) { r.Surface(e, simulators.DataQuality) })
	refused := typo(func(r *journaltest.Run, o, e plant.Event) {
		r.Send(journaltest.Sending{Acted: simulators.Result{Outcome: simulators.Refused, Class: simulators.Business, Code: "order-closed"}}, back(e.ID, o, "5000000001"))
		r.Surface(e, simulators.Business)
	})
	twice := typo(func(r *journaltest.Run, o, e plant.Event) {
		r.Post(back(e.ID, o, "5000000001"))
		r.Post(back(e.ID, o, "5000000001"))
	})
	run(t, "conservation", []testCase{
		{name: "taken back", build: sound, want: evidence.Holds},
		{name: "taken back by the number of its document", build: nameless, want: evidence.Holds},
		{name: "not taken back", build: nothing, want: evidence.Violated},
		{name: "taken back twice", build: twice, want: evidence.Violated},
		{name: "another one taken back", build: other, want: evidence.Violated, says: "yield of order 000004711"},
		{name: "left to a person", build: refused, want: evidence.Holds},
	})
	run(t, "exactly-once", []testCase{
		{name: "taken back", build: sound, want: evidence.Holds},
		{name: "taken back by the number of its document", build: nameless, want: evidence.Holds},
		{name: "taken back twice", build: twice, want: evidence.Violated, says: "reversal"},
	})
	run(t, "no-phantom", []testCase{{name: "taken back by the number of its document", build: nameless, want: evidence.Holds}})
	run(t, "no-silent-drop", []testCase{{name: "not taken back", build: nothing, want: evidence.Violated, says: "reversal"}})
	run(t, "field-fidelity", []testCase{
		{name: "taken back", build: sound, want: evidence.Holds},
		{name: "another one taken back", build: other, want: evidence.Violated, says: "original confirmation/000004711/0010/3"},
	})
	run(t, "dead-letter", []testCase{
		{name: "refused and with a person", build: refused, want: evidence.Holds},
		{name: "reported without an attempt", build: reported, want: evidence.Violated, rule: "valid-and-reported"},
		{name: "refused where it was taken back already", build: typo(func(r *journaltest.Run, o, e plant.Event) {
			r.Post(back(e.ID, o, "5000000001"))
			r.Send(journaltest.Sending{Acted: simulators.Result{Outcome: simulators.Refused, Class: simulators.Business, Code: "document-reversed"}}, back(e.ID, o, "5000000001"))
		}), want: evidence.Vacuous},
	})
}

// TestReversedLotsAreNotConnected: a lot that was reported by mistake is in no
// product, and one whose report was taken back by mistake is.
func TestReversedLotsAreNotConnected(t *testing.T) {
	wrong := func(r *journaltest.Run) (plant.Event, plant.Event) {
		taking(r)
		o := r.Do(journaltest.Used(journaltest.Order, "000PLATE", "L-8", "2", "KG"))
		e := r.Happen(plant.Reversed{Original: o})
		return o, e
	}
	rest := func(r *journaltest.Run) plant.Event {
		u := journaltest.Used(journaltest.Order, "000PLATE", "L-7", "2", "KG")
		u.Counter = 2
		e := r.Do(u)
		r.Do(journaltest.Made(journaltest.Order, "FG-1"))
		return e
	}
	run(t, "genealogy", []testCase{
		{name: "taken back", build: func(r *journaltest.Run) {
			o, e := wrong(r)
			r.Post(back(e.ID, o, "5000000001"))
			rest(r)
		}, want: evidence.Holds},
		{name: "the right one taken back", build: func(r *journaltest.Run) {
			_, e := wrong(r)
			o := rest(r)
			r.Post(back(e.ID, o, "5000000002"))
		}, want: evidence.Violated, rule: "edge-missing", says: "L-7"},
	})
}
