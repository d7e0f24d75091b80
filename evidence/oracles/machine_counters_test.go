package oracles_test

import (
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// counting adds machines to a journal: their readings go to the MES.
func counting(r *journaltest.Run) {
	r.Plan.Endpoints["machines"] = evidence.Endpoint{System: "machine", Dialect: "neutral/v1", Transport: "http"}
	r.Plan.Flows = append(r.Plan.Flows, evidence.Flow{Kind: plant.KindMachineCount, From: "machines", To: "mes"})
}

func shows(n int, count int64, resets int) plant.MachineCounted {
	return plant.MachineCounted{Machine: "M-1", Counter: n, Count: count, Modulo: 65536, Resets: resets}
}

// made posts a reading with the pieces a SUT makes of it.
func made(r *journaltest.Run, e plant.Event, amount string) {
	r.Send(journaltest.Sending{Base: journaltest.Qty(amount, "EA")}, claim(e, func(f *plant.MachineCounted) { f.Pieces = journaltest.Qty(amount, "EA") }))
}

// turning is a sound journal of a counter that rolls over and is set back.
func turning() *journaltest.Run {
	r := journaltest.New()
	counting(r)
	for _, s := range []struct {
		shows  plant.MachineCounted
		pieces string
	}{{shows(1, 65530, 0), "0"}, {shows(2, 65534, 0), "4"}, {shows(3, 10, 0), "12"}, {shows(4, 7, 1), "7"}, {shows(5, 7, 1), "0"}, {shows(6, 20, 1), "13"}} {
		made(r, r.Happen(s.shows), s.pieces)
	}
	return r
}

func TestMachineCounters(t *testing.T) {
	hear := func(r *journaltest.Run, fs ...plant.MachineCounted) (es []plant.Event) {
		counting(r)
		for _, f := range fs {
			es = append(es, r.Happen(f))
		}
		return es
	}
	// restored is a SUT that knows the first of three readings, and was put back
	// behind the second, if it was; it makes so many pieces of the third.
	restored := func(pieces string, back bool) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			made(r, hear(r, shows(1, 100, 0))[0], "0")
			backup := r.Now()
			r.Wait(time.Second)
			made(r, hear(r, shows(2, 110, 0))[0], "10")
			r.Wait(time.Second)
			if back {
				r.Add(evidence.Step{Name: evidence.StepRestore, Args: map[string]string{evidence.ArgBackup: backup.String()}})
			}
			made(r, hear(r, shows(3, 115, 0))[0], pieces)
		}
	}
	run(t, "conservation", []testCase{
		{name: "put back behind a reading, and counted from the one before", build: restored("15", true), want: evidence.Holds},
		{name: "put back behind a reading, and counted from the next", build: restored("0", true), want: evidence.Holds},
		{name: "put back behind a reading, and counted wrongly", build: restored("16", true), want: evidence.Violated, rule: "sum-differs"},
		{name: "counted from the one before all the same", build: restored("15", false), want: evidence.Violated, rule: "sum-differs"},
		{name: "counted from the next all the same", build: restored("0", false), want: evidence.Violated, rule: "sum-differs"},
		{name: "across rollover and reset", build: func(r *journaltest.Run) { *r = *turning() }, want: evidence.Holds},
		{name: "rollover taken for billions", build: func(r *journaltest.Run) {
			es := hear(r, shows(1, 65530, 0), shows(2, 10, 0))
			made(r, es[0], "0")
			made(r, es[1], "4294901776")
		}, want: evidence.Violated, rule: "sum-differs", says: "4294901776"},
		{name: "rollover taken for less than nothing", build: func(r *journaltest.Run) {
			es := hear(r, shows(1, 65530, 0), shows(2, 10, 0))
			made(r, es[0], "0")
			made(r, es[1], "-65520")
		}, want: evidence.Violated, rule: "sum-differs", says: "-65520"},
		{name: "reset taken for a rollover", build: func(r *journaltest.Run) {
			es := hear(r, shows(1, 100, 0), shows(2, 10, 1))
			made(r, es[0], "0")
			made(r, es[1], "65446")
		}, want: evidence.Violated, says: "machine M-1"},
		{name: "where the counter stands taken for pieces", build: func(r *journaltest.Run) {
			es := hear(r, shows(1, 65530, 0), shows(2, 65534, 0))
			made(r, es[0], "65530")
			made(r, es[1], "4")
		}, want: evidence.Violated},
		{name: "too few", build: func(r *journaltest.Run) {
			es := hear(r, shows(1, 0, 0), shows(2, 50, 0))
			made(r, es[0], "0")
			made(r, es[1], "49")
		}, want: evidence.Violated, says: "49"},
		{name: "right in sum", build: func(r *journaltest.Run) {
			es := hear(r, shows(1, 0, 0), shows(2, 50, 0), shows(3, 70, 0))
			made(r, es[0], "0")
			made(r, es[2], "70")
			made(r, es[1], "0")
		}, want: evidence.Holds},
		{name: "one reading was never taken, the next has its pieces", build: func(r *journaltest.Run) {
			counting(r)
			made(r, r.Happen(shows(1, 0, 0)), "0")
			r.Offer(simulators.Unknown, r.Truth(shows(2, 50, 0)))
			made(r, r.Happen(shows(3, 70, 0)), "70")
		}, want: evidence.Holds},
		{name: "one reading was never taken, and its pieces are missing", build: func(r *journaltest.Run) {
			counting(r)
			made(r, r.Happen(shows(1, 0, 0)), "0")
			r.Offer(simulators.Unknown, r.Truth(shows(2, 50, 0)))
			made(r, r.Happen(shows(3, 70, 0)), "20")
		}, want: evidence.Holds}, // who knows nothing of the second may begin anew
		{name: "pieces of a reading of which the SUT cannot know", build: func(r *journaltest.Run) {
			counting(r)
			made(r, r.Happen(shows(1, 0, 0)), "0")
			made(r, r.Happen(shows(2, 50, 0)), "70")
			r.Reply(simulators.Result{Outcome: simulators.Refused}, r.Truth(shows(3, 70, 0)))
		}, want: evidence.Violated},
		{name: "lost, which no-silent-drop tells", build: func(r *journaltest.Run) {
			es := hear(r, shows(1, 0, 0), shows(2, 50, 0))
			made(r, es[0], "0")
		}, want: evidence.Violated, rule: "explained-elsewhere"},
		{name: "reported instead", build: func(r *journaltest.Run) {
			es := hear(r, shows(1, 0, 0), shows(2, 50, 0))
			made(r, es[0], "0")
			r.Surface(es[1], simulators.Technical)
		}, want: evidence.Holds},
		{name: "a reply was lost and the MES knew", build: func(r *journaltest.Run) {
			es := hear(r, shows(1, 0, 0), shows(2, 50, 0))
			made(r, es[0], "0")
			r.Send(journaltest.Sending{Base: journaltest.Qty("50", "EA"), Heard: simulators.Result{Outcome: simulators.Unknown}}, es[1])
			r.Wait(100 * time.Millisecond)
			r.Send(journaltest.Sending{Acted: simulators.Result{Outcome: simulators.Repeated}}, es[1])
		}, want: evidence.Holds},
		{name: "a counter that does not say how far it counts", build: func(r *journaltest.Run) {
			es := hear(r, plant.MachineCounted{Machine: "M-1", Counter: 1, Count: 90}, plant.MachineCounted{Machine: "M-1", Counter: 2, Count: 5})
			made(r, es[0], "0")
			made(r, es[1], "5")
			r.Do(journaltest.Confirmed(1, "5"))
		}, want: evidence.Holds}, // nobody can say what is right
		{name: "books that keep no pieces", build: func(r *journaltest.Run) {
			for _, e := range hear(r, shows(1, 0, 0), shows(2, 50, 0)) {
				r.Post(e)
			}
			r.Do(journaltest.Confirmed(1, "5"))
		}, want: evidence.Holds},
		{name: "two machines are two counters", build: func(r *journaltest.Run) {
			counting(r)
			other := shows(1, 500, 0)
			other.Machine = "M-2"
			made(r, r.Happen(shows(1, 10, 0)), "0")
			made(r, r.Happen(other), "0")
			made(r, r.Happen(shows(2, 15, 0)), "5")
			other.Counter, other.Count = 2, 501
			made(r, r.Happen(other), "1")
		}, want: evidence.Holds},
	})
}

// TestTelemetryBelowTheERP: readings have a way now, and it does not lead to
// the ERP.
func TestTelemetryBelowTheERP(t *testing.T) {
	run(t, "no-phantom", []testCase{
		{name: "to the MES", build: func(r *journaltest.Run) { *r = *turning() }, want: evidence.Holds},
		{name: "to the ERP", build: func(r *journaltest.Run) {
			counting(r)
			r.Send(journaltest.Sending{Endpoint: "erp"}, r.Happen(shows(1, 10, 0)))
		}, want: evidence.Violated},
	})
}

// TestMutatedPieces changes the pieces of each posting of a sound journal:
// each time the sum is off, and is noticed.
func TestMutatedPieces(t *testing.T) {
	good := turning().Records()
	mutants := 0
	for at, rec := range good {
		e, ok := rec.Body.(evidence.Effect)
		if !ok {
			continue
		}
		for _, off := range []plant.Decimal{plant.One, -plant.One, plant.Whole(65536), plant.Whole(-65536), plant.Whole(1 << 32)} {
			mutant := slices.Clone(good)
			e := e
			e.Posting.Base.Amount = e.Posting.Base.Amount.Add(off)
			mutant[at].Body = e
			mutants++
			found := oracles.JudgeAll(evidence.NewHistory(mutant), oracles.Standard())
			if !slices.ContainsFunc(found, func(f evidence.Finding) bool { return f.Verdict == evidence.Violated && f.Oracle == "conservation" }) {
				t.Errorf("record %d: nobody noticed that %s is off by %s", at+1, e.Posting.Doc, off)
			}
		}
	}
	if mutants < 30 {
		t.Errorf("%d mutants only", mutants)
	}
}
