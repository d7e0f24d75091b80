package oracles_test

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Who is only told the name of an order reads it as it is by then.
func TestWhatWasReadLater(t *testing.T) {
	read := func(names bool, changedFirst bool, quantity string) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			e := r.Plan.Endpoints["erp"]
			e.Policy.Names = names
			r.Plan.Endpoints["erp"] = e
			released, c := r.Happen(journaltest.Released()), journaltest.Changed(2, "90")
			post := func() {
				r.Post(claim(released, func(o *plant.OrderReleased) {
					o.Order.Quantity, o.Order.Due, o.Order.Priority = journaltest.Qty(quantity, "EA"), c.Due, c.Priority
				}))
			}
			if changedFirst {
				r.Post(r.Happen(c))
				post()
				return
			}
			post()
			r.Post(r.Happen(c))
		}
	}
	run(t, "field-fidelity", []testCase{
		{name: "as it was changed to", build: read(true, true, "90"), want: evidence.Holds},
		{name: "as it never was", build: read(true, true, "91"), want: evidence.Violated},
		{name: "as it was going to be", build: read(true, false, "90"), want: evidence.Violated},
		{name: "where all was told", build: read(false, true, "90"), want: evidence.Violated},
	})
}

// A session that has ended is renewed; it says nothing of what one may do.
func TestEndedSessionIsNoScope(t *testing.T) {
	refused := func(code string) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.HandOut()
			r.Send(journaltest.Sending{Acted: simulators.Result{Outcome: simulators.Unauthorized, Status: 403, Code: code}}, r.Happen(journaltest.Confirmed(1, "5")))
		}
	}
	run(t, "secrets", []testCase{
		{name: "session", build: refused("csrf-token"), want: evidence.Holds},
		{name: "scope", build: refused("insufficient_scope"), want: evidence.Violated, rule: "outside-its-scope"},
	})
}
