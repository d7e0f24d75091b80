package oracles_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestGenealogy(t *testing.T) {
	const first, next = journaltest.Order, journaltest.Next
	used, made := journaltest.Used, journaltest.Made
	// chain is two orders, the second made from the first; post says what
	// becomes of each fact.
	chain := func(post func(r *journaltest.Run, e plant.Event)) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			for _, f := range []plant.Fact{used(first, "000PLATE", "L-7", "2", "KG"), made(first, "FG-1", "S-1"), used(next, "000BOX", "FG-1", "4", "EA"), made(next, "FG-2", "S-2")} {
				post(r, r.Happen(f))
			}
		}
	}
	but := func(id plant.EventID, change func(r *journaltest.Run, e plant.Event)) func(*journaltest.Run) {
		return chain(func(r *journaltest.Run, e plant.Event) {
			if e.ID == id {
				change(r, e)
				return
			}
			r.Post(e)
		})
	}
	nothing := func(*journaltest.Run, plant.Event) {}
	const raw, goods, half = "consumption/000004711/0010/L-7/1", "receipt/000004711/FG-1/1", "consumption/000004712/0010/FG-1/1"
	run(t, "genealogy", []testCase{
		{name: "connected as they were", build: chain(func(r *journaltest.Run, e plant.Event) { r.Post(e) }), want: evidence.Holds},
		{name: "nothing to judge", build: func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "5")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "a raw lot is not connected", build: but(raw, nothing), want: evidence.Violated, rule: "edge-missing", says: "a recall of lot L-7 would miss lots FG-1, FG-2"},
		{name: "nor found from the finished lot", build: but(raw, nothing), want: evidence.Violated, says: "tracing back lot FG-1 would miss lot L-7"},
		{name: "the half that joins both orders is missing", build: but(half, nothing), want: evidence.Violated, rule: "edge-missing", says: "a recall of lot FG-1 would miss lot FG-2"},
		{name: "a finished lot is in no books", build: but(goods, nothing), want: evidence.Violated, rule: "edge-missing", says: "lot FG-1 cannot be traced back to lot L-7"},
		{name: "another lot is connected instead", build: but(raw, func(r *journaltest.Run, e plant.Event) {
			r.Post(claim(e, func(c *plant.Consumed) { c.Lot = "L-8" }))
		}), want: evidence.Violated, rule: "edge-missing", says: "a recall of lot L-8 would wrongly take lots FG-1, FG-2"},
		{name: "the lot was left out", build: but(raw, func(r *journaltest.Run, e plant.Event) {
			r.Post(claim(e, func(c *plant.Consumed) { c.Lot = "" }))
		}), want: evidence.Violated, rule: "edge-missing"},
		{name: "used at another operation", build: but(raw, func(r *journaltest.Run, e plant.Event) {
			r.Post(claim(e, func(c *plant.Consumed) { c.Operation = "0020" }))
		}), want: evidence.Violated, says: "lot L-7 used at operation 0020"},
		{name: "goods received into the lot they are made of", build: but(goods, func(r *journaltest.Run, e plant.Event) {
			r.Post(claim(e, func(b *plant.Received) { b.Lot = "L-7" }))
		}), want: evidence.Violated, rule: "cycle", says: "by the books lot L-7 is made of itself"},
		{name: "rework is not shown", build: func(r *journaltest.Run) {
			r.Happen(plant.Reworked{Order: first, Operation: "0020", Counter: 1, Quantity: journaltest.Qty("1", "EA"), Reason: "BURR"})
		}, want: evidence.Violated, rule: "edge-missing", says: "rework of operation 0020"},
		{name: "all serials of one receipt left out", build: but(goods, func(r *journaltest.Run, e plant.Event) {
			r.Post(claim(e, func(b *plant.Received) { b.Serials = nil }))
		}), want: evidence.Violated, rule: "serials-lost", says: "piece S-1 is of lot FG-1"},
		{name: "one piece in two lots", build: but(goods, func(r *journaltest.Run, e plant.Event) {
			r.Post(claim(e, func(b *plant.Received) { b.Serials = []plant.SerialID{"S-2"} }))
		}), want: evidence.Violated, rule: "serial-twice"},
		{name: "pieces of two materials with one number", build: func(r *journaltest.Run) {
			plate := made(next, "FG-2", "S-1")
			plate.Material = "000PLATE"
			for _, f := range []plant.Fact{used(first, "000PLATE", "L-7", "2", "KG"), made(first, "FG-1", "S-1"), used(next, "000BOX", "FG-1", "4", "EA"), plate} {
				r.Post(r.Happen(f))
			}
		}, want: evidence.Holds},
		{name: "no serials where the interface has none", build: chain(func(r *journaltest.Run, e plant.Event) {
			for name, end := range r.Plan.Endpoints {
				end.Dialect = "of " + name
				r.Plan.Endpoints[name] = end
			}
			if _, ok := e.Fact.(plant.Received); ok {
				e = claim(e, func(b *plant.Received) { b.Serials = nil })
			}
			r.Post(e)
		}), want: evidence.Holds},

		{name: "one of two issues of a lot lost, so that it is still connected", build: chain(func(r *journaltest.Run, e plant.Event) {
			if e.ID == raw {
				again := used(first, "000PLATE", "L-7", "1", "KG")
				again.Counter = 2
				r.Happen(again)
			}
			r.Post(e)
		}), want: evidence.Holds},
		{name: "an issue the SUT may not know of", build: func(r *journaltest.Run) {
			r.Do(made(first, "FG-1"))
			r.Offer(simulators.Unknown, r.Truth(used(first, "000PLATE", "L-7", "2", "KG")))
		}, want: evidence.Holds},
		{name: "an issue the SUT may not know of, and posted", build: func(r *journaltest.Run) {
			r.Do(made(first, "FG-1"))
			e := r.Truth(used(first, "000PLATE", "L-7", "2", "KG"))
			r.Offer(simulators.Unknown, e)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "refused and reported, so that somebody will mend it", build: but(raw, func(r *journaltest.Run, e plant.Event) {
			r.Send(journaltest.Sending{Acted: expired}, e)
			r.Surface(e, simulators.DataQuality)
		}), want: evidence.Holds},
		{name: "both issues posted as one sum", build: func(r *journaltest.Run) {
			r.Do(made(first, "FG-1"))
			a, b := r.Happen(journaltest.Consumed(1, "2.5", "KG")), r.Happen(journaltest.Consumed(2, "3.25", "KG"))
			sum := journaltest.Consumed(0, "5.75", "KG")
			sum.Counter = 0
			r.Post(plant.Event{At: b.At, Fact: sum})
			_ = a
		}, want: evidence.Holds},
		{name: "an order that uses its own kind of material, from another lot", build: func(r *journaltest.Run) {
			r.Do(used(next, "000BOX", "FG-0", "4", "EA"))
			r.Do(made(next, "FG-1"))
		}, want: evidence.Holds},
		{name: "goods that really went back into the lot they came from", build: func(r *journaltest.Run) {
			r.Do(used(next, "000BOX", "FG-1", "4", "EA"))
			r.Do(made(next, "FG-1"))
		}, want: evidence.Holds},
		{name: "posted late is not posted never", build: but(raw, nothing), end: restless, want: evidence.Inconclusive, rule: "not-settled"},
		{name: "posted twice is connected once", build: but(raw, func(r *journaltest.Run, e plant.Event) { r.Post(e); r.Post(e) }), want: evidence.Holds},
	})
}

// TestAHoleInTheGenealogyIsToldWithItsCause: the lost posting is the finding,
// what a recall would miss comes under it.
func TestAHoleInTheGenealogyIsToldWithItsCause(t *testing.T) {
	r := journaltest.New()
	r.Do(journaltest.Made(journaltest.Order, "FG-1"))
	e := r.Happen(journaltest.Used(journaltest.Order, "000PLATE", "L-7", "2", "KG"))
	r.Happen(journaltest.Confirmed(1, "50")) // lost as well, and of the same order
	found := oracles.JudgeAll(r.History(), oracles.Standard())
	at := slices.IndexFunc(found, func(f evidence.Finding) bool { return f.Oracle == "genealogy" })
	if g := found[at]; g.Fact != e.ID || !strings.HasPrefix(g.Text, "a consequence of what ") || !strings.HasSuffix(g.Text, "a recall of lot L-7 would miss lot FG-1; tracing back lot FG-1 would miss lot L-7") {
		t.Errorf("got %+v", g)
	}
}

// TestManyHolesAreCounted: a SUT that posts no lot at all is told of once per
// order up to a limit, and tracing through a great tree takes no time.
func TestManyHolesAreCounted(t *testing.T) {
	r := journaltest.New()
	for n := range 300 {
		order := plant.OrderID("00001" + string(rune('A'+n%26)) + string(rune('A'+n/26)))
		r.Happen(journaltest.Used(order, "000PLATE", "L-7", "1", "KG"))
		r.Do(journaltest.Made(order, plant.LotID("FG-"+order)))
	}
	listed, counted := 0, 0
	for _, f := range judge(t, "genealogy", r.History()) {
		listed++
		counted += max(1, f.Count)
	}
	if listed > 20 || counted != 300 {
		t.Errorf("%d findings count %d orders", listed, counted)
	}
}
