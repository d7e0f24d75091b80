package oracles_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestBoundedStaleness(t *testing.T) {
	const next = journaltest.Next
	change, work, item := journaltest.Changed, journaltest.Confirmed, journaltest.Item
	// late lets work go on between a change that the SUT takes and its passing
	// on.
	late := func(meanwhile func(r *journaltest.Run)) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			e := r.Happen(change(2, "90"))
			meanwhile(r)
			r.Do(work(1, "5"))
			r.Post(e)
		}
	}
	wait := func(d time.Duration) func(*journaltest.Run) { return func(r *journaltest.Run) { r.Wait(d) } }
	// stated has the SUT release an order at a revision after the material was
	// changed to revision C.
	stated := func(revision string, after time.Duration) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Do(item(2, "C", 12))
			r.Wait(after)
			r.Post(claim(r.Happen(journaltest.ReleasedAs(next, "C")), func(o *plant.OrderReleased) { o.Order.Revision = revision }))
		}
	}
	// converted has the SUT post two cartons in pieces after the carton became
	// smaller, for an order released before or after that.
	converted := func(pieces string, releasedFirst bool) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			if releasedFirst {
				r.Do(journaltest.ReleasedAs(next, "B"))
			}
			r.Do(item(2, "C", 10))
			r.Wait(10 * time.Second)
			if !releasedFirst {
				r.Do(journaltest.ReleasedAs(next, "C"))
			}
			e := r.Happen(plant.Received{Order: next, Counter: 1, Material: "000BOX", Lot: "FG-2", Quantity: journaltest.Qty("2", "CAR")})
			r.Post(claim(e, func(b *plant.Received) { b.Quantity = journaltest.Qty(pieces, "EA") }))
		}
	}
	run(t, "bounded-staleness", []testCase{
		{name: "passed on before work went on", build: func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			r.Do(change(2, "90"))
			r.Wait(time.Minute)
			r.Do(work(1, "5"))
		}, want: evidence.Holds},
		{name: "nothing to judge", build: func(r *journaltest.Run) { r.Do(work(1, "5")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "work went on by the old version", build: late(wait(8 * time.Second)), want: evidence.Violated, rule: "worked-by-old-version", says: "order 000004711 in mes at version 2 within 5s"},
		{name: "the same, within a bound of its own", build: late(func(r *journaltest.Run) { r.Plan.Judging.Staleness = 30_000; r.Wait(8 * time.Second) }), want: evidence.Holds},
		{name: "work went on for a moment", build: late(wait(3 * time.Second)), want: evidence.Holds},
		{name: "work went on in another order", build: func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			e := r.Happen(change(2, "90"))
			r.Wait(8 * time.Second)
			other := work(1, "5")
			other.Order = next
			r.Do(other)
			r.Post(e)
		}, want: evidence.Vacuous},
		{name: "the MES was away", build: late(func(r *journaltest.Run) {
			r.Fault("down", "outage", "mes")
			r.Wait(8 * time.Second)
			r.Heal("down", "outage", "mes")
		}), want: evidence.Holds},
		{name: "the ERP was away, which is no reason", build: late(func(r *journaltest.Run) {
			r.Fault("down", "outage", "erp")
			r.Wait(8 * time.Second)
			r.Heal("down", "outage", "erp")
		}), want: evidence.Violated},
		{name: "the MES was away for a part of it only", build: late(func(r *journaltest.Run) {
			r.Fault("down", "outage", "mes")
			r.Wait(8 * time.Second)
			r.Heal("down", "outage", "mes")
			r.Wait(7 * time.Second)
		}), want: evidence.Violated},
		{name: "the SUT was down", build: late(func(r *journaltest.Run) {
			r.Step("sut.kill")
			r.Wait(8 * time.Second)
			r.Step("sut.start")
			r.Wait(4 * time.Second)
		}), want: evidence.Holds},
		{name: "the MES turned the SUT away", build: late(func(r *journaltest.Run) {
			e := plant.Event{ID: "order-changed/000004711/2", Fact: change(2, "90")}
			for range 6 {
				r.Send(journaltest.Sending{Acted: outage}, e)
				r.Wait(1500 * time.Millisecond)
			}
		}), want: evidence.Holds},
		{name: "never accepted for sure", build: func(r *journaltest.Run) {
			e := r.Truth(change(2, "90"))
			r.Offer(simulators.Unknown, e)
			r.Wait(8 * time.Second)
			r.Do(work(1, "5"))
			r.Post(e)
		}, want: evidence.Vacuous},
		{name: "lost, which another oracle tells", build: func(r *journaltest.Run) {
			r.Happen(change(2, "90"))
			r.Wait(8 * time.Second)
			r.Do(work(1, "5"))
		}, want: evidence.Vacuous},
		{name: "a newer version came in time", build: func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			r.Happen(change(2, "90"))
			r.Do(change(3, "80"))
			r.Wait(8 * time.Second)
			r.Do(work(1, "5"))
		}, want: evidence.Holds},
		{name: "a material used by its old definition", build: func(r *journaltest.Run) {
			plate := r.Plan.Items[1]
			e := r.Happen(plant.ItemChanged{Version: 2, Item: plate})
			r.Wait(8 * time.Second)
			r.Do(journaltest.Consumed(1, "2", "KG"))
			r.Post(e)
		}, want: evidence.Violated, rule: "worked-by-old-version", says: "material 000PLATE in mes at version 2"},

		{name: "an order released at the revision it was read with", build: stated("B", 8*time.Second), want: evidence.Violated, rule: "old-version-used", says: "revision B of version 0"},
		{name: "the same a moment after the change", build: stated("B", time.Second), want: evidence.Vacuous},
		{name: "an order released at its own revision", build: stated("C", 8*time.Second), want: evidence.Holds},
		{name: "an order released at a revision that never was, which another oracle tells", build: stated("X", 8*time.Second), want: evidence.Holds},
		{name: "an order of the old revision, passed on as it is", build: func(r *journaltest.Run) {
			r.Do(item(2, "C", 12))
			r.Wait(8 * time.Second)
			r.Do(journaltest.ReleasedAs(next, "B"))
		}, want: evidence.Holds},
		{name: "converted by the factor that was read once", build: converted("24", false), want: evidence.Violated, rule: "old-version-used", says: "24 EA for 2 CAR, the factor of version 0"},
		{name: "converted by the new factor", build: converted("20", false), want: evidence.Holds},
		{name: "an old order may keep the old factor", build: converted("24", true), want: evidence.Vacuous},
		{name: "converted by a factor that never was, which another oracle tells", build: converted("22", false), want: evidence.Holds},
		{name: "not at rest", build: late(wait(8 * time.Second)), end: restless, want: evidence.Violated},
	})
}

func TestMasterData(t *testing.T) {
	item := journaltest.Item
	other := func(r *journaltest.Run, version int) plant.ItemChanged {
		return plant.ItemChanged{Version: version, Item: r.Plan.Items[1]}
	}
	retired := item(3, "C", 12)
	retired.Item.Retired = true
	run(t, "master-data", []testCase{
		{name: "all there", build: func(r *journaltest.Run) { r.Do(item(2, "C", 12)); r.Do(other(r, 1)); r.Do(item(3, "D", 12)) }, want: evidence.Holds},
		{name: "nothing to judge", build: func(r *journaltest.Run) { r.Do(journaltest.Released()) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "a record is missing", build: func(r *journaltest.Run) { r.Happen(item(2, "C", 12)) }, want: evidence.Violated, rule: "record-missing", says: "material 000BOX in mes at version 2"},
		{name: "an older version is held", build: func(r *journaltest.Run) { r.Do(item(2, "C", 12)); r.Happen(item(3, "D", 12)) }, want: evidence.Violated, rule: "record-outdated", says: "version 2"},
		{name: "an older version was written last", build: func(r *journaltest.Run) {
			a := r.Happen(item(2, "C", 12))
			r.Do(item(3, "D", 12))
			r.Post(a)
		}, want: evidence.Violated, rule: "record-outdated"},
		{name: "passed over when asking", build: func(r *journaltest.Run) {
			r.Truth(item(2, "C", 12))
			r.Post(r.Truth(other(r, 1)))
		}, want: evidence.Violated, rule: "record-missing", says: "a cycle has passed it over"},
		{name: "changed in the same second as what came last", build: func(r *journaltest.Run) {
			at := time.Date(2026, 3, 2, 9, 7, 31, 0, time.UTC)
			r.At(at.Add(100 * time.Millisecond))
			r.Truth(item(2, "C", 12))
			r.At(at.Add(200 * time.Millisecond))
			r.Post(r.Truth(other(r, 1)))
		}, want: evidence.Holds},
		{name: "changed after the last cycle", build: func(r *journaltest.Run) {
			r.Post(r.Truth(other(r, 1)))
			r.Truth(item(2, "C", 12))
		}, want: evidence.Holds},
		{name: "only changed after the last cycle", build: func(r *journaltest.Run) { r.Truth(item(2, "C", 12)) }, want: evidence.Vacuous},
		{name: "never taken for sure", build: func(r *journaltest.Run) {
			r.Offer(simulators.Unknown, r.Truth(item(2, "C", 12)))
			r.Do(other(r, 1))
		}, want: evidence.Holds},
		{name: "a retired material still active", build: func(r *journaltest.Run) {
			r.Post(claim(r.Happen(retired), func(b *plant.ItemChanged) { b.Item.Retired = false }))
		}, want: evidence.Violated, rule: "retirement-lost", says: "active: 5000000001"},
		{name: "retired as it should", build: func(r *journaltest.Run) { r.Do(retired) }, want: evidence.Holds},
		{name: "overtaken, and the newer one held", build: func(r *journaltest.Run) {
			r.Happen(item(2, "C", 12))
			r.Do(item(3, "D", 12))
		}, want: evidence.Holds},
		{name: "refused and reported", build: func(r *journaltest.Run) {
			e := r.Happen(item(2, "C", 12))
			r.Send(journaltest.Sending{Acted: closed}, e)
			r.Surface(e, simulators.Business)
			r.Do(other(r, 1))
		}, want: evidence.Holds},
		{name: "there may still be something to come", build: func(r *journaltest.Run) { r.Happen(item(2, "C", 12)) }, end: restless, want: evidence.Inconclusive, rule: "not-settled"},
	})
}

// What nobody announces is told by pages of lists that the SUT reads.
func TestMasterDataThatListsTell(t *testing.T) {
	item := journaltest.Item
	// told has version 2 passed on, and version 3 on a page before so much time.
	told := func(heard simulators.Outcome, before time.Duration, more ...func(*journaltest.Run, plant.Event)) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Post(r.Truth(item(2, "C", 12)))
			e := r.Truth(item(3, "D", 12))
			r.List(heard, e)
			for _, m := range more {
				m(r, e)
			}
			r.Wait(before)
			r.Token("erp")
		}
	}
	const long = 4 * time.Second
	run(t, "master-data", []testCase{
		{name: "read and not passed on", build: told(simulators.Answered, long), want: evidence.Violated, rule: "record-outdated", says: "erp told it in answer to items"},
		{name: "the only change, read and not passed on", build: func(r *journaltest.Run) {
			r.List(simulators.Answered, r.Truth(item(2, "C", 12)))
			r.Wait(long)
			r.Token("erp")
		}, want: evidence.Violated, rule: "record-missing", says: "erp told it in answer to items"},
		{name: "read and passed on", build: told(simulators.Answered, long, func(r *journaltest.Run, e plant.Event) { r.Post(e) }), want: evidence.Holds},
		{name: "the answer was cut", build: told(simulators.Unknown, long), want: evidence.Holds},
		{name: "the answer was refused", build: told(simulators.Throttled, long), want: evidence.Holds},
		{name: "read a moment before the end", build: told(simulators.Answered, passing/2), want: evidence.Holds},
		{name: "read once more, a moment before the end", build: told(simulators.Answered, long, func(r *journaltest.Run, e plant.Event) { r.List(simulators.Answered, e) }), want: evidence.Violated},
		{name: "an older version read last", build: func(r *journaltest.Run) {
			a, b := r.Truth(item(2, "C", 12)), r.Truth(item(3, "D", 12))
			r.List(simulators.Answered, b)
			r.Post(b)
			r.List(simulators.Answered, a)
			r.Wait(long)
			r.Token("erp")
		}, want: evidence.Holds},
		{name: "the SUT was killed before it can have noted it", build: told(simulators.Answered, long, func(r *journaltest.Run, _ plant.Event) { r.Step("sut.kill"); r.Step("sut.start") }), want: evidence.Holds},
		{name: "the SUT was killed later", build: told(simulators.Answered, long, func(r *journaltest.Run, _ plant.Event) { r.Wait(passing); r.Step("sut.kill"); r.Step("sut.start") }), want: evidence.Violated},
		{name: "reported", build: told(simulators.Answered, long, func(r *journaltest.Run, e plant.Event) { r.Surface(e, simulators.Business) }), want: evidence.Holds},
		{name: "told only in a copy of the question", build: func(r *journaltest.Run) {
			r.Post(r.Truth(item(2, "C", 12)))
			r.Add(evidence.Attempt{ID: 99, Endpoint: "erp", Verb: "get", Name: "items", Copy: true, Heard: simulators.Result{Outcome: simulators.Answered}, Told: []plant.EventID{r.Truth(item(3, "D", 12)).ID}})
			r.Wait(long)
			r.Token("erp")
		}, want: evidence.Holds},
		{name: "the connection broke while the answer was on its way", build: func(r *journaltest.Run) {
			r.Post(r.Truth(item(2, "C", 12)))
			question := r.List(simulators.Answered, r.Truth(item(3, "D", 12)))
			r.Add(evidence.Disturbance{Fault: "cut", Kind: "reset-mid-response", Phase: evidence.Struck, At: "erp", Message: question, Unheard: true})
			r.Wait(long)
			r.Token("erp")
		}, want: evidence.Holds},
		{name: "an earlier state was put back", build: func(r *journaltest.Run) {
			backup := r.Now()
			told(simulators.Answered, long)(r)
			r.Add(evidence.Step{Name: evidence.StepRestore, Args: map[string]string{evidence.ArgBackup: backup.String()}})
			r.Wait(long)
			r.Token("erp")
		}, want: evidence.Holds},
		{name: "not at rest", build: told(simulators.Answered, long), end: restless, want: evidence.Inconclusive, rule: "not-settled"},
	})
}

// passing is what a SUT may take to pass on what it has read.
const passing = time.Second
