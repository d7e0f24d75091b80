package oracles_test

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// erpShows is an order in the ERP's books with one operation.
func erpShows(r *journaltest.Run, o evidence.OrderBook, yield string, stock ...evidence.StockBook) {
	o.Confirmed = map[plant.OperationID]simulators.OperationSum{"0010": {Yield: plant.MustDecimal(yield)}}
	r.Books("erp", o, stock...)
}

func lotBook(lot plant.LotID, status plant.LotStatus, quantity string) evidence.StockBook {
	return evidence.StockBook{Material: "000PLATE", Lot: lot, Status: status, Quantity: plant.MustDecimal(quantity)}
}

func TestConvergence(t *testing.T) {
	conf, used := journaltest.Confirmed, journaltest.Consumed
	var any evidence.OrderBook
	const free, blocked, scrapped = plant.LotUnrestricted, plant.LotBlocked, plant.LotScrapped
	run(t, "convergence", []testCase{
		{name: "an older journal", build: func(r *journaltest.Run) { r.Do(conf(1, "5.013")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "nothing had to reach these books", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5.013"))
			r.Books("mes", any, lotBook("L-7", free, "999"))
		}, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "all agree", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5.013"))
			r.Do(used(1, "750", "G"))
			erpShows(r, any, "5.013", lotBook("L-7", free, "999.25"))
		}, want: evidence.Holds, says: "2 figures"},
		{name: "a sum nobody posted", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5.013"))
			erpShows(r, any, "10.026")
		}, want: evidence.Violated, rule: "books-differ", says: "5.013 EA\nerp shows 10.026 EA"},
		{name: "an order that is gone", build: func(r *journaltest.Run) {
			r.Truth(journaltest.Released())
			r.Do(conf(1, "5.013"))
			r.Add(evidence.Snapshot{Endpoint: "erp", Orders: []evidence.OrderBook{{Order: journaltest.Next}}})
		}, want: evidence.Violated, rule: "books-differ", says: "erp shows 0 EA"},
		{name: "a system that keeps no such books", build: func(r *journaltest.Run) {
			r.Truth(journaltest.Released())
			r.Do(conf(1, "5.013"))
			r.Do(used(1, "12.5", "KG"))
			r.Add(evidence.Snapshot{Endpoint: "erp"})
		}, want: evidence.Vacuous},
		{name: "an order that was not read", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5.013"))
			r.Add(evidence.Snapshot{Endpoint: "erp", Left: 1})
		}, want: evidence.Vacuous},
		{name: "stock that nothing explains, three ways", build: func(r *journaltest.Run) {
			r.Do(used(1, "12.5", "KG"))
			r.Books("mes", any, lotBook("L-7", free, "987.5"))
			erpShows(r, any, "0", lotBook("L-7", free, "1000"))
		}, want: evidence.Violated, rule: "books-differ", says: "erp shows 1000 KG, mes 987.5 KG"},
		{name: "a warehouse that must know", build: func(r *journaltest.Run) {
			r.Plan.Endpoints["wms"] = evidence.Endpoint{System: "wms"}
			for i, f := range r.Plan.Flows {
				if f.Kind == plant.KindReceipt {
					r.Plan.Flows[i].To = "wms"
				}
			}
			r.Do(plant.Received{Order: journaltest.Order, Counter: 1, Material: "000BOX", Lot: "FG-1", Quantity: journaltest.Qty("2", "CAR")})
			r.Books("wms", any, evidence.StockBook{Material: "000BOX", Lot: "FG-1", Quantity: plant.Whole(2)})
		}, want: evidence.Violated, rule: "books-differ", says: "24 EA\nwms shows"},
		{name: "the ERP shipped by itself", build: func(r *journaltest.Run) {
			r.Do(used(1, "12.5", "KG"))
			r.Self("erp", journaltest.Shipped("L-7"))
			erpShows(r, any, "0", lotBook("L-7", free, "982.5"))
		}, want: evidence.Holds},
		{name: "reported instead, and not in the books", build: func(r *journaltest.Run) {
			r.Surface(r.Happen(conf(1, "5.013")), simulators.Business)
			erpShows(r, any, "0")
		}, want: evidence.Holds},
		{name: "nobody knows whether it was taken", build: func(r *journaltest.Run) {
			e := r.Truth(conf(1, "5.013"))
			r.Offer(simulators.Unknown, e)
			r.Post(e)
			erpShows(r, any, "5.013")
		}, want: evidence.Holds},
		{name: "a unit without a way into the base unit", build: func(r *journaltest.Run) {
			r.Do(used(1, "3", "LB"))
			r.Do(conf(1, "5"))
			erpShows(r, any, "5", lotBook("L-7", free, "998.64"))
		}, want: evidence.Holds},
		{name: "lost: named elsewhere, told once", build: func(r *journaltest.Run) {
			r.Happen(conf(1, "5.013"))
			r.Happen(used(1, "12.5", "KG"))
			erpShows(r, any, "0", lotBook("L-7", free, "1000"))
		}, want: evidence.Violated, rule: "differs-by-named-facts"},
		{name: "posted, but the run had not settled", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5.013"))
			erpShows(r, any, "0")
		}, end: restless, want: evidence.Inconclusive, rule: "not-settled"},
		{name: "books that changed after they had been read", build: func(r *journaltest.Run) {
			erpShows(r, any, "0")
			r.Do(conf(1, "5.013"))
		}, want: evidence.Inconclusive, rule: "books-still-moving"},
		{name: "finality that got lost", build: func(r *journaltest.Run) {
			f := conf(1, "5.013")
			f.Final = true
			r.Do(f)
			erpShows(r, any, "5.013")
		}, want: evidence.Violated, rule: "books-differ", says: "final"},
		{name: "an older version came back", build: func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			r.Do(journaltest.Changed(2, "90"))
			r.Books("mes", evidence.OrderBook{Quantity: journaltest.Qty("100", "EA"), Version: 1, State: "Ready"})
		}, want: evidence.Violated, rule: "books-differ", says: "version 2"},
		{name: "the change never came: named elsewhere", build: func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			r.Happen(journaltest.Changed(2, "90"))
			r.Books("mes", evidence.OrderBook{Quantity: journaltest.Qty("100", "EA"), Version: 1, State: "Ready"})
		}, want: evidence.Violated, rule: "differs-by-named-facts"},
		{name: "the change was refused and reported", build: func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			r.Surface(r.Happen(journaltest.Changed(2, "90")), simulators.Business)
			r.Books("mes", evidence.OrderBook{Quantity: journaltest.Qty("100", "EA"), Version: 1, State: "Ready"})
		}, want: evidence.Holds},
		{name: "the right version with another quantity", build: func(r *journaltest.Run) {
			r.Do(journaltest.Changed(2, "90"))
			r.Books("mes", evidence.OrderBook{Quantity: journaltest.Qty("91", "EA"), Version: 2, Priority: 2})
		}, want: evidence.Violated, rule: "books-differ", says: "quantity"},
		{name: "the SUT itself said so: another oracle's", build: func(r *journaltest.Run) {
			e := r.Happen(journaltest.Changed(2, "90"))
			claim := e
			claim.Fact = journaltest.Changed(2, "91")
			r.Post(claim)
			r.Books("mes", evidence.OrderBook{Quantity: journaltest.Qty("91", "EA"), Version: 2, Priority: 2})
		}, want: evidence.Holds},
		{name: "somebody wrote what the ERP owns", build: func(r *journaltest.Run) {
			r.Do(journaltest.Changed(2, "90"))
			r.Books("erp", evidence.OrderBook{Quantity: journaltest.Qty("90", "EA"), Version: 2, Priority: 7})
		}, want: evidence.Violated, rule: "written-by-another-than-the-owner", says: "priority of order 000004711 in erp, which owns it: 2"},
		{name: "the SUT wrote it: a posting in the wrong system, told once", build: func(r *journaltest.Run) {
			r.Do(journaltest.Changed(2, "90"))
			r.Send(journaltest.Sending{Endpoint: "erp"}, plant.Event{ID: "x", Fact: journaltest.Changed(2, "80")})
			r.Books("erp", evidence.OrderBook{Quantity: journaltest.Qty("80", "EA"), Version: 2, Priority: 2})
		}, want: evidence.Violated, rule: "written-by-another-than-the-owner"},
		{name: "a cancelled order goes on", build: func(r *journaltest.Run) {
			r.Do(plant.OrderCancelled{Order: journaltest.Order, Version: 2})
			r.Books("mes", evidence.OrderBook{Version: 2, State: "Running"})
		}, want: evidence.Violated, says: "Cancelled"},
		{name: "a hold that stands on both sides", build: func(r *journaltest.Run) {
			r.Do(journaltest.Held("L-8", "Q-1"))
			erpShows(r, any, "0", lotBook("L-8", blocked, "50"))
		}, want: evidence.Holds},
		{name: "a hold that the books have forgotten", build: func(r *journaltest.Run) {
			r.Do(journaltest.Held("L-8", "Q-1"))
			erpShows(r, any, "0", lotBook("L-8", free, "50"))
		}, want: evidence.Violated, rule: "books-differ", says: "lot L-8 blocked in erp\nerp shows unrestricted"},
		{name: "a hold that never came", build: func(r *journaltest.Run) {
			r.Happen(journaltest.Held("L-8", "Q-1"))
			erpShows(r, any, "0", lotBook("L-8", free, "50"))
		}, want: evidence.Violated, rule: "differs-by-named-facts"},
		{name: "two cases, one still open", build: func(r *journaltest.Run) {
			r.Do(journaltest.Held("L-8", "Q-1"))
			r.Do(journaltest.Held("L-8", "Q-2"))
			r.Do(journaltest.Decided("L-8", "Q-1", plant.DecideRelease))
			erpShows(r, any, "0", lotBook("L-8", blocked, "50"))
			r.Books("mes", any, lotBook("L-8", free, "50"))
		}, want: evidence.Violated, says: "blocked in mes"},
		{name: "nobody knows whether the MES heard of the decision", build: func(r *journaltest.Run) {
			r.Do(journaltest.Held("L-8", "Q-1"))
			r.Offer(simulators.Unknown, r.Truth(journaltest.Decided("L-8", "Q-1", plant.DecideScrap)))
			erpShows(r, any, "0", lotBook("L-8", scrapped, "50"))
			r.Books("mes", any, lotBook("L-8", blocked, "50"))
		}, want: evidence.Holds},
		{name: "decided for scrap, and usable", build: func(r *journaltest.Run) {
			r.Do(journaltest.Held("L-8", "Q-1"))
			r.Do(journaltest.Decided("L-8", "Q-1", plant.DecideScrap))
			r.Books("mes", any, lotBook("L-8", free, "50"))
		}, want: evidence.Violated, says: "lot L-8 scrapped in mes"},
	})
}
