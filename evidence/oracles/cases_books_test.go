package oracles_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// claim is e with another fact, as a SUT that alters it would send it.
func claim[F plant.Fact](e plant.Event, change func(*F)) plant.Event {
	f := e.Fact.(F)
	change(&f)
	e.Fact = f
	return e
}

func TestFieldFidelity(t *testing.T) {
	conf, used := journaltest.Confirmed, journaltest.Consumed
	altered := func(change func(*plant.Confirmed)) func(*journaltest.Run) {
		return func(r *journaltest.Run) { r.Post(claim(r.Happen(conf(1, "5.013")), change)) }
	}
	issued := func(change func(*plant.Consumed)) func(*journaltest.Run) {
		return func(r *journaltest.Run) { r.Post(claim(r.Happen(used(1, "2.5", "KG")), change)) }
	}
	// queued has the ERP take an issue over and never post it.
	queued := func(change func(*plant.Consumed), reported bool) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			e := r.Plan.Endpoints["erp"]
			e.Policy.Accept = simulators.AcceptQueued
			r.Plan.Endpoints["erp"] = e
			fact := r.Happen(used(1, "2.5", "KG"))
			taken := simulators.Result{Outcome: simulators.Accepted, Status: 202}
			r.Send(journaltest.Sending{Acted: taken, Heard: taken}, claim(fact, change))
			if reported {
				r.Surface(fact, simulators.DataQuality)
			}
		}
	}
	// rounded has a change told with its time rounded down to multiples of d, and
	// passed on at a whole minute.
	rounded := func(heard simulators.Outcome, d time.Duration) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.At(time.Date(2026, 3, 2, 9, 7, 31, 0, time.UTC))
			e := r.Truth(journaltest.Item(2, "C", 12))
			r.Rounded(d, heard, e)
			e.At = e.At.Truncate(time.Minute)
			r.Post(e)
		}
	}
	// movedOn has a bill of material told by a list after its item was changed by
	// other, and passed on with the time of that change.
	movedOn := func(of, other plant.ItemID, later bool) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			nine := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
			r.At(nine)
			e := r.Truth(plant.BillChanged{Version: 1, Bill: plant.Bill{Item: of, For: plant.Of(1, "EA"), Components: []plant.Component{{Material: "CASTING-3", Operation: "0010", Quantity: plant.Of(1, "EA")}}}})
			change := plant.ItemChanged{Version: 1, Item: plant.Item{ID: other, Unit: "EA", Revision: "B"}}
			r.At(nine.Add(time.Minute))
			if later {
				r.List(simulators.Answered, e)
				r.Truth(change)
			} else {
				r.Truth(change)
				r.List(simulators.Answered, e)
			}
			e.At = e.At.Add(time.Minute)
			r.Post(e)
		}
	}
	run(t, "field-fidelity", []testCase{
		{name: "the time of a bill of material whose item was changed before the list was read", build: movedOn("PUMP-7", "PUMP-7", false), want: evidence.Holds},
		{name: "the time of a bill of material, when another item was changed", build: movedOn("PUMP-7", "PUMP-8", false), want: evidence.Violated, rule: "time"},
		{name: "the time of a bill of material whose item was changed after the list was read", build: movedOn("PUMP-7", "PUMP-7", true), want: evidence.Violated, rule: "time"},
		{name: "faithful", build: func(r *journaltest.Run) { r.Do(conf(1, "5.013")) }, want: evidence.Holds},
		{name: "digits lost", build: altered(func(c *plant.Confirmed) { c.Yield = journaltest.Qty("5.01", "EA") }), want: evidence.Violated, rule: "digits-lost", says: "off by 0.003 EA"},
		{name: "thousandfold", build: altered(func(c *plant.Confirmed) { c.Yield = journaltest.Qty("5013", "EA") }), want: evidence.Violated, rule: "decimal-point-moved"},
		{name: "scrap booked as nothing", build: func(r *journaltest.Run) {
			c := conf(1, "5")
			c.Scrap, c.Reason = journaltest.Qty("2", "EA"), "SCRATCH"
			r.Post(claim(r.Happen(c), func(c *plant.Confirmed) { c.Scrap = plant.Quantity{} }))
		}, want: evidence.Violated, says: "scrap 2 EA"},
		{name: "reason left out", build: func(r *journaltest.Run) {
			c := conf(1, "5")
			c.Scrap, c.Reason = journaltest.Qty("2", "EA"), "SCRATCH"
			r.Post(claim(r.Happen(c), func(c *plant.Confirmed) { c.Reason = "" }))
		}, want: evidence.Violated, rule: "field-lost"},
		{name: "zeros of the order trimmed", build: altered(func(c *plant.Confirmed) { c.Order = "4711" }), want: evidence.Violated, rule: "zeros-or-blanks-trimmed", says: "order 4711"},
		{name: "letter case of the lot", build: issued(func(c *plant.Consumed) { c.Lot = "l-7" }), want: evidence.Violated, rule: "letter-case"},
		{name: "lot left out", build: issued(func(c *plant.Consumed) { c.Lot = "" }), want: evidence.Violated, rule: "field-lost"},
		{name: "another lot", build: issued(func(c *plant.Consumed) { c.Lot = "L-8" }), want: evidence.Violated, rule: "field-changed"},
		{name: "unit changed without converting", build: issued(func(c *plant.Consumed) { c.Quantity = journaltest.Qty("2.5", "G") }), want: evidence.Violated, rule: "unit-factor-skipped"},
		{name: "unit factor inverted", build: issued(func(c *plant.Consumed) { c.Quantity = journaltest.Qty("0.0025", "G") }), want: evidence.Violated, rule: "unit-factor-wrong"},
		{name: "unit converted exactly", build: issued(func(c *plant.Consumed) { c.Quantity = journaltest.Qty("2500", "G") }), want: evidence.Holds},
		{name: "the last digit of a unit that does not divide", build: func(r *journaltest.Run) {
			r.Plan.Items = append(r.Plan.Items, plant.Item{ID: "WIRE", Unit: "M", Units: []plant.AltUnit{{Unit: "COIL", Factor: plant.Factor{Num: 100, Den: 3}}}})
			wire := plant.Consumed{Order: journaltest.Order, Operation: "0010", Counter: 1, Material: "WIRE", Quantity: journaltest.Qty("1", "COIL")}
			r.Post(claim(r.Happen(wire), func(c *plant.Consumed) { c.Quantity = journaltest.Qty("33.333334", "M") }))
		}, want: evidence.Holds},
		{name: "more than the last digit of a unit that does not divide", build: func(r *journaltest.Run) {
			r.Plan.Items = append(r.Plan.Items, plant.Item{ID: "WIRE", Unit: "M", Units: []plant.AltUnit{{Unit: "COIL", Factor: plant.Factor{Num: 100, Den: 3}}}})
			wire := plant.Consumed{Order: journaltest.Order, Operation: "0010", Counter: 1, Material: "WIRE", Quantity: journaltest.Qty("1", "COIL")}
			r.Post(claim(r.Happen(wire), func(c *plant.Consumed) { c.Quantity = journaltest.Qty("33.33", "M") }))
		}, want: evidence.Violated},
		{name: "an inexact time", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5"))
			e.At = e.At.Add(100 * time.Second)
			r.Post(e)
		}, want: evidence.Violated, rule: "time"},
		{name: "a time that a list told rounded down", build: rounded(simulators.Answered, time.Minute), want: evidence.Holds},
		{name: "a time rounded down further than the list told it", build: rounded(simulators.Answered, time.Second), want: evidence.Violated, rule: "time"},
		{name: "a time rounded down as in an answer that the SUT never heard", build: rounded(simulators.Unknown, time.Minute), want: evidence.Violated, rule: "time"},
		{name: "a time rounded down, which the list told exactly", build: rounded(simulators.Answered, 0), want: evidence.Violated, rule: "time"},
		{name: "time moved by an hour, which another oracle tells", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5"))
			e.At = e.At.Add(time.Hour)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "time moved by an hour and a quantity changed", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5"))
			e.At = e.At.Add(time.Hour)
			r.Post(claim(e, func(c *plant.Confirmed) { c.Yield = journaltest.Qty("6", "EA") }))
		}, want: evidence.Violated, rule: "quantity"},
		{name: "queued with a lot cut off, and refused later", build: queued(func(c *plant.Consumed) { c.Lot = "L" }, true), want: evidence.Violated, rule: "field-changed", says: "took it over and has not posted it"},
		{name: "queued as it was, and refused later", build: queued(func(*plant.Consumed) {}, true), want: evidence.Holds},
		{name: "queued without its lot, and refused later", build: queued(func(c *plant.Consumed) { c.Lot = "" }, true), want: evidence.Holds},
		{name: "queued with a lot cut off, and nothing reported", build: queued(func(c *plant.Consumed) { c.Lot = "L" }, false), want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "converted by a factor that was changed in the run", build: func(r *journaltest.Run) {
			r.Do(journaltest.Item(2, "C", 10))
			e := r.Happen(plant.Received{Order: journaltest.Order, Counter: 1, Material: "000BOX", Lot: "FG-1", Quantity: journaltest.Qty("2", "CAR")})
			r.Post(claim(e, func(b *plant.Received) { b.Quantity = journaltest.Qty("20", "EA") }))
		}, want: evidence.Holds},
		{name: "converted by a factor that never was", build: func(r *journaltest.Run) {
			r.Do(journaltest.Item(2, "C", 10))
			e := r.Happen(plant.Received{Order: journaltest.Order, Counter: 1, Material: "000BOX", Lot: "FG-1", Quantity: journaltest.Qty("2", "CAR")})
			r.Post(claim(e, func(b *plant.Received) { b.Quantity = journaltest.Qty("22", "EA") }))
		}, want: evidence.Violated},
		{name: "another zone, the same instant", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5"))
			e.At = e.At.In(time.FixedZone("CET", 3600))
			r.Post(e)
		}, want: evidence.Holds},
		{name: "fractions of a second cut off", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5"))
			e.At = e.At.Add(-700 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "time not said", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5"))
			e.At = time.Time{}
			r.Post(e)
		}, want: evidence.Holds},
		{name: "operator not said", build: altered(func(c *plant.Confirmed) { c.Operator = "" }), want: evidence.Holds},
		{name: "another operator", build: altered(func(c *plant.Confirmed) { c.Operator = "P-2" }), want: evidence.Violated, says: "operator P-2"},
		{name: "old revision", build: func(r *journaltest.Run) {
			r.Post(claim(r.Happen(journaltest.Released()), func(o *plant.OrderReleased) { o.Order.Revision = "A" }))
		}, want: evidence.Violated, says: "revision A"},
		{name: "component missing", build: func(r *journaltest.Run) {
			o := journaltest.Released()
			o.Order.Components = append(o.Order.Components, plant.Component{Material: "SCREW", Operation: "0020", Quantity: journaltest.Qty("800", "EA")})
			r.Post(claim(r.Happen(o), func(o *plant.OrderReleased) { o.Order.Components = o.Order.Components[:1] }))
		}, want: evidence.Violated, says: "component 0020 SCREW nothing"},
		{name: "components not carried at all", build: func(r *journaltest.Run) {
			r.Post(claim(r.Happen(journaltest.Released()), func(o *plant.OrderReleased) { o.Order.Components, o.Order.Operations = nil, nil }))
		}, want: evidence.Holds},
		{name: "a valid fact refused because the SUT altered it", build: func(r *journaltest.Run) {
			e := r.Happen(used(1, "2.5", "KG"))
			r.Send(journaltest.Sending{Acted: simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality, Code: "item-unknown"}},
				claim(e, func(c *plant.Consumed) { c.Material = "PLATE" }))
			r.Surface(e, simulators.DataQuality)
		}, want: evidence.Violated, rule: "zeros-or-blanks-trimmed", says: "erp refused it (item-unknown)"},
		{name: "an invalid fact is not compared", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5"))
			r.Fault("f", "invalid-lot", "mes")
			e := r.Truth(used(1, "2.5", "KG"))
			r.Spoil("f", "invalid-lot", "mes", e)
			r.Offer(simulators.Applied, e)
			r.Send(journaltest.Sending{Acted: expired}, claim(e, func(c *plant.Consumed) { c.Lot = "L-0" }))
		}, want: evidence.Holds},
		{name: "a sum has no time and operator of its own", build: func(r *journaltest.Run) {
			a, b := r.Happen(conf(1, "5.013")), r.Happen(conf(2, "7.041"))
			_ = a
			c := conf(2, "12.054")
			c.Operator = "P-9"
			r.Post(plant.Event{ID: b.ID, At: b.At.Add(time.Hour), Fact: c})
		}, want: evidence.Holds},
	})
}

func TestConservation(t *testing.T) {
	conf := journaltest.Confirmed
	refused := func(exceptions bool) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Plan.Delivers.Exceptions = exceptions
			r.Do(conf(1, "5.013"))
			r.Send(journaltest.Sending{Acted: closed}, r.Happen(conf(2, "7.041")))
		}
	}
	run(t, "conservation", []testCase{
		{name: "less by what was refused and not reported", build: refused(true), want: evidence.Violated},
		{name: "less by what was refused, and there is nowhere to report it", build: refused(false), want: evidence.Holds},
		{name: "sums agree", build: func(r *journaltest.Run) { r.Do(conf(1, "5.013")); r.Do(conf(2, "7.041")) }, want: evidence.Holds},
		{name: "drift", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5.013"))
			r.Post(claim(r.Happen(conf(2, "7.041")), func(c *plant.Confirmed) { c.Yield = journaltest.Qty("7.04", "EA") }))
		}, want: evidence.Violated, rule: "sum-differs", says: "yield of order 000004711 operation 0010 in erp: 12.054 EA\n12.053 EA\noff by -0.001 EA over 2 facts"},
		{name: "between two bounds", build: func(r *journaltest.Run) {
			r.Offer(simulators.Unknown, r.Truth(conf(1, "5.013")))
			r.Post(claim(r.Happen(conf(2, "7.041")), func(c *plant.Confirmed) { c.Yield = journaltest.Qty("70.41", "EA") }))
		}, want: evidence.Violated, says: "between 7.041 and 12.054 EA"},
		{name: "unit factor skipped", build: func(r *journaltest.Run) {
			r.Post(claim(r.Happen(journaltest.Consumed(1, "250", "G")), func(c *plant.Consumed) { c.Quantity.Unit = "KG" }))
		}, want: evidence.Violated, rule: "sum-differs", says: "250 KG"},
		{name: "the books' own figure counts", build: func(r *journaltest.Run) {
			r.Send(journaltest.Sending{Base: journaltest.Qty("0.249", "KG")}, r.Happen(journaltest.Consumed(1, "250", "G")))
		}, want: evidence.Violated, says: "0.249 KG"},
		{name: "the last digit of a unit that does not divide is nobody's", build: func(r *journaltest.Run) {
			r.Plan.Items = append(r.Plan.Items, plant.Item{ID: "WIRE", Unit: "M", Units: []plant.AltUnit{{Unit: "COIL", Factor: plant.Factor{Num: 100, Den: 3}}}})
			wire := plant.Consumed{Order: journaltest.Order, Operation: "0010", Counter: 1, Material: "WIRE", Quantity: journaltest.Qty("1", "COIL")}
			r.Post(claim(r.Happen(wire), func(c *plant.Consumed) { c.Quantity = journaltest.Qty("33.333334", "M") }))
		}, want: evidence.Holds},
		{name: "scrap booked as yield", build: func(r *journaltest.Run) {
			c := conf(1, "5")
			c.Scrap = journaltest.Qty("2", "EA")
			r.Post(claim(r.Happen(c), func(c *plant.Confirmed) { c.Yield, c.Scrap = journaltest.Qty("7", "EA"), plant.Quantity{} }))
		}, want: evidence.Violated},
		{name: "losses and doubles are told in one finding", build: func(r *journaltest.Run) {
			r.Happen(conf(1, "5.013"))
			e := r.Happen(journaltest.Consumed(1, "3", "KG"))
			r.Post(e)
			r.Post(e)
		}, want: evidence.Violated, rule: "explained-elsewhere", says: "fully explained"},
		{name: "a double beside facts that may be there", build: func(r *journaltest.Run) {
			e := r.Do(journaltest.Consumed(1, "23.998", "KG"))
			r.Post(e)
			r.Do(journaltest.Consumed(2, "25", "KG"))
			r.Offer(simulators.Unknown, r.Truth(journaltest.Consumed(3, "16.816", "KG")))
		}, want: evidence.Violated, rule: "explained-elsewhere", says: "between 48.998 and 65.814 KG\n72.996 KG\nfully explained"},
		{name: "a loss beside a fact that may be there and is", build: func(r *journaltest.Run) {
			r.Happen(journaltest.Consumed(1, "23.998", "KG"))
			e := r.Truth(journaltest.Consumed(2, "3", "KG"))
			r.Offer(simulators.Unknown, e)
			r.Post(e)
		}, want: evidence.Violated, rule: "explained-elsewhere"},
		{name: "a double does not explain what is more than that", build: func(r *journaltest.Run) {
			e := r.Happen(journaltest.Consumed(1, "10", "KG"))
			r.Post(e)
			r.Post(e)
			r.Post(claim(r.Happen(journaltest.Consumed(2, "5", "KG")), func(c *plant.Consumed) { c.Quantity = journaltest.Qty("50", "KG") }))
			r.Offer(simulators.Unknown, r.Truth(journaltest.Consumed(3, "1", "KG")))
		}, want: evidence.Violated, rule: "sum-differs", says: "between 15 and 16 KG"},
		{name: "unknown offers may or may not be there", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5.013"))
			e := r.Truth(conf(2, "7.041"))
			r.Offer(simulators.Unknown, e)
			r.Post(e)
			r.Offer(simulators.Unknown, r.Truth(conf(3, "9.1")))
		}, want: evidence.Holds},
		{name: "reported facts need not be there", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5.013"))
			r.Surface(r.Happen(conf(2, "7.041")), simulators.Business)
		}, want: evidence.Holds},
		{name: "missing while the run goes on", build: func(r *journaltest.Run) { r.Happen(conf(1, "5.013")) }, end: restless, want: evidence.Inconclusive},
		{name: "too much is too much even while the run goes on", build: func(r *journaltest.Run) {
			r.Post(claim(r.Happen(conf(1, "5.013")), func(c *plant.Confirmed) { c.Yield = journaltest.Qty("50.13", "EA") }))
		}, end: restless, want: evidence.Violated},
		{name: "a double is too much even while the run goes on", build: func(r *journaltest.Run) {
			r.Happen(conf(1, "5.013"))
			e := r.Happen(journaltest.Consumed(1, "3", "KG"))
			r.Post(e)
			r.Post(e)
		}, end: restless, want: evidence.Violated, rule: "explained-elsewhere", says: "6 KG"},
		{name: "aggregated", build: func(r *journaltest.Run) {
			r.Happen(conf(1, "5.013"))
			b := r.Happen(conf(2, "7.041"))
			r.Post(plant.Event{ID: b.ID, Fact: conf(2, "12.054")})
		}, want: evidence.Holds},
		{name: "more of a lot than there was", build: func(r *journaltest.Run) {
			e := r.Happen(journaltest.Consumed(1, "600", "KG"))
			r.Post(e)
			r.Post(e)
		}, want: evidence.Violated},
	})
}

func TestNoPostingAfterHold(t *testing.T) {
	held, used := journaltest.Held, journaltest.Consumed
	run(t, "no-posting-after-hold", []testCase{
		{name: "kept", build: func(r *journaltest.Run) { r.Do(held("L-7", "Q-1")) }, want: evidence.Holds},
		{name: "no hold", build: func(r *journaltest.Run) { r.Do(used(1, "2", "KG")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "consumed while held", build: func(r *journaltest.Run) {
			e := r.Happen(used(1, "2", "KG"))
			r.Happen(held("L-7", "Q-1"))
			r.Wait(time.Second)
			r.Post(e)
		}, want: evidence.Violated, rule: "posted-on-held-lot", says: "lot L-7"},
		{name: "within the declared grace", build: func(r *journaltest.Run) {
			r.Plan.Delivers.GraceMillis = 2000
			e := r.Happen(used(1, "2", "KG"))
			r.Do(held("L-7", "Q-1"))
			r.Wait(time.Second)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "begun before the hold was accepted", build: func(r *journaltest.Run) {
			e := r.Happen(used(1, "2", "KG"))
			h := r.Truth(held("L-7", "Q-1"))
			r.Post(e)
			r.Offer(simulators.Applied, h)
			r.Post(h)
		}, want: evidence.Holds},
		{name: "hold offered with unknown outcome only", build: func(r *journaltest.Run) {
			r.Do(held("L-8", "Q-0"))
			e := r.Happen(used(1, "2", "KG"))
			r.Offer(simulators.Unknown, r.Truth(held("L-7", "Q-1")))
			r.Wait(time.Second)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "after the lot was released", build: func(r *journaltest.Run) {
			e := r.Happen(used(1, "2", "KG"))
			r.Do(held("L-7", "Q-1"))
			r.Wait(time.Second)
			r.Happen(journaltest.Decided("L-7", "Q-1", plant.DecideRelease))
			r.Post(e)
		}, want: evidence.Holds},
		{name: "after the lot was condemned", build: func(r *journaltest.Run) {
			e := r.Happen(used(1, "2", "KG"))
			r.Do(held("L-7", "Q-1"))
			r.Wait(time.Second)
			r.Happen(journaltest.Decided("L-7", "Q-1", plant.DecideScrap))
			r.Post(e)
		}, want: evidence.Violated},
		{name: "one of two cases is still open", build: func(r *journaltest.Run) {
			e := r.Happen(used(1, "2", "KG"))
			r.Do(held("L-7", "Q-1"))
			r.Do(held("L-7", "Q-2"))
			r.Wait(time.Second)
			r.Happen(journaltest.Decided("L-7", "Q-1", plant.DecideRelease))
			r.Post(e)
		}, want: evidence.Violated},
		{name: "another lot", build: func(r *journaltest.Run) {
			e := r.Happen(used(1, "2", "KG"))
			r.Do(held("L-8", "Q-1"))
			r.Wait(time.Second)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "refused by the ERP", build: func(r *journaltest.Run) {
			e := r.Happen(used(1, "2", "KG"))
			r.Do(held("L-7", "Q-1"))
			r.Wait(time.Second)
			r.Send(journaltest.Sending{Acted: closed}, e)
		}, want: evidence.Holds},
		{name: "hold dropped and the lot shipped", build: func(r *journaltest.Run) {
			r.Happen(held("L-7", "Q-1"))
			r.Self("erp", journaltest.Shipped("L-7"))
		}, want: evidence.Violated, rule: "hold-kept-back", says: "shipped"},
		{name: "hold that nobody could read, reported before the lot was shipped", build: func(r *journaltest.Run) {
			h := r.Happen(held("L-7", "Q-1"))
			r.Add(evidence.Disturbance{Fault: "zone", Kind: "local-time", Phase: evidence.Struck, At: "mes", Facts: []plant.EventID{h.ID}, Garbled: true})
			r.Surface(h, simulators.DataQuality)
			r.Self("erp", journaltest.Shipped("L-7"))
		}, want: evidence.Holds},
		{name: "hold that nobody could read, and nobody heard of", build: func(r *journaltest.Run) {
			h := r.Happen(held("L-7", "Q-1"))
			r.Add(evidence.Disturbance{Fault: "zone", Kind: "local-time", Phase: evidence.Struck, At: "mes", Facts: []plant.EventID{h.ID}, Garbled: true})
			r.Self("erp", journaltest.Shipped("L-7"))
		}, want: evidence.Violated, rule: "hold-kept-back"},
		{name: "hold sent too late", build: func(r *journaltest.Run) {
			h := r.Happen(held("L-7", "Q-1"))
			r.Wait(time.Second)
			r.Self("erp", journaltest.Shipped("L-7"))
			r.Post(h)
		}, want: evidence.Violated, rule: "hold-kept-back"},
		{name: "hold on its way when the lot was shipped", build: func(r *journaltest.Run) {
			h := r.Happen(held("L-7", "Q-1"))
			r.Self("erp", journaltest.Shipped("L-7"))
			r.Post(h)
		}, want: evidence.Holds},
		{name: "the ERP would not listen", build: func(r *journaltest.Run) {
			h := r.Happen(held("L-7", "Q-1"))
			r.Send(journaltest.Sending{Acted: undelivered, Heard: outage}, h)
			r.Wait(time.Second)
			r.Self("erp", journaltest.Shipped("L-7"))
			r.Post(h)
		}, want: evidence.Holds},
		{name: "a simulated ERP that ships what it knows to be held is our fault", build: func(r *journaltest.Run) {
			r.Do(held("L-7", "Q-1"))
			r.Wait(time.Second)
			r.Self("erp", journaltest.Shipped("L-7"))
		}, want: evidence.Inconclusive, rule: "rig-ignored-hold"},
	})
}

func TestOrderCausality(t *testing.T) {
	conf := journaltest.Confirmed
	run(t, "order-causality", []testCase{
		{name: "in order", build: func(r *journaltest.Run) { r.Do(conf(1, "5.013")); r.Do(conf(2, "7.041")) }, want: evidence.Holds},
		{name: "second before first", build: func(r *journaltest.Run) {
			a, b := r.Happen(conf(1, "5.013")), r.Happen(conf(2, "7.041"))
			r.Post(b)
			r.Post(a)
		}, want: evidence.Violated, rule: "posted-out-of-order", says: "#1 posted before the confirmation of order 000004711 operation 0010 #2"},
		{name: "overlapping attempts have no order", build: func(r *journaltest.Run) {
			a, b := r.Happen(conf(1, "5.013")), r.Happen(conf(2, "7.041"))
			r.Post(b)
			r.Wait(-25 * time.Millisecond)
			r.Send(journaltest.Sending{Lasts: time.Second}, a)
		}, want: evidence.Holds},
		{name: "our own fault let the second one pass", build: func(r *journaltest.Run) {
			a, b := r.Truth(conf(1, "5.013")), r.Truth(conf(2, "7.041"))
			r.Offer(simulators.Applied, b)
			r.Offer(simulators.Applied, a)
			r.Post(b)
			r.Post(a)
		}, want: evidence.Holds},
		{name: "one that had to be corrected first holds up nobody", build: func(r *journaltest.Run) {
			a, b := r.Happen(conf(1, "5.013")), r.Happen(conf(2, "7.041"))
			r.Send(journaltest.Sending{Acted: closed}, a)
			r.Post(b)
			r.Post(a)
		}, want: evidence.Holds},
		{name: "a source that declares no order", build: func(r *journaltest.Run) {
			m := r.Plan.Endpoints["mes"]
			m.Policy.Ordering = simulators.OrderNone
			r.Plan.Endpoints["mes"] = m
			a, b := r.Happen(conf(1, "5.013")), r.Happen(conf(2, "7.041"))
			r.Post(b)
			r.Post(a)
		}, want: evidence.Holds},
		{name: "other operations have no order", build: func(r *journaltest.Run) {
			other := conf(1, "5.013")
			other.Operation = "0020"
			r.Do(conf(1, "3"))
			a, b := r.Happen(other), r.Happen(conf(2, "7.041"))
			r.Post(b)
			r.Post(a)
		}, want: evidence.Holds},
		{name: "other operations, and the contract keeps the order in sequence", build: func(r *journaltest.Run) {
			other := conf(1, "5.013")
			other.Operation = "0020"
			r.Do(conf(1, "3"))
			a, b := r.Happen(other), r.Happen(conf(2, "7.041"))
			held := &evidence.Held{By: []int{0}, Sequence: "erp/postings 4711"}
			r.Send(journaltest.Sending{Held: held}, b)
			r.Send(journaltest.Sending{Held: held}, a)
		}, want: evidence.Violated, rule: "posted-out-of-order", says: `contract erp/postings keeps in sequence what has the ordering key "4711"`},
		{name: "two orders by the contract's key", build: func(r *journaltest.Run) {
			other := conf(1, "5.013")
			other.Operation = "0020"
			r.Do(conf(1, "3"))
			a, b := r.Happen(other), r.Happen(conf(2, "7.041"))
			r.Send(journaltest.Sending{Held: &evidence.Held{Sequence: "erp/postings 4711"}}, b)
			r.Send(journaltest.Sending{Held: &evidence.Held{Sequence: "erp/postings 4712"}}, a)
		}, want: evidence.Holds},
		{name: "confirmed before started", build: func(r *journaltest.Run) {
			a := r.Happen(plant.OperationStarted{Order: journaltest.Order, Operation: "0010"})
			r.Do(conf(1, "5.013"))
			r.Post(a)
		}, want: evidence.Violated},
		{name: "changed before released", build: func(r *journaltest.Run) {
			a := r.Happen(journaltest.Released())
			r.Do(journaltest.Changed(2, "90"))
			r.Post(a)
		}, want: evidence.Violated},
		{name: "older version over a newer one", build: func(r *journaltest.Run) {
			a, b := r.Truth(journaltest.Changed(2, "90")), r.Truth(journaltest.Changed(3, "80"))
			r.Offer(simulators.Applied, b)
			r.Offer(simulators.Applied, a)
			r.Post(b)
			r.Post(a)
		}, want: evidence.Violated, rule: "stale-overwrite", says: "version 2 posted over it"},
		{name: "older version first", build: func(r *journaltest.Run) {
			a, b := r.Truth(journaltest.Changed(2, "90")), r.Truth(journaltest.Changed(3, "80"))
			r.Offer(simulators.Applied, b)
			r.Offer(simulators.Applied, a)
			r.Post(a)
			r.Post(b)
		}, want: evidence.Holds},
	})
}
