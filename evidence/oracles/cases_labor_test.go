package oracles_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestLabor(t *testing.T) {
	// booked has the SUT post an hour of work after one that it posts well.
	booked := func(change func(*plant.Confirmed)) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Do(r.Worked(1, "8.25", "P-1", 25*time.Minute))
			r.Post(claim(r.Happen(r.Worked(2, "7.011", "P-1", time.Hour)), change))
		}
	}
	hours := func(d time.Duration) func(*journaltest.Run) {
		return booked(func(c *plant.Confirmed) { c.Labor = d })
	}
	run(t, "labor", []testCase{
		{name: "as worked", build: hours(time.Hour), want: evidence.Holds},
		{name: "nothing to judge", build: func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "5")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "half a minute off", build: hours(time.Hour + 30*time.Second), want: evidence.Holds},
		{name: "two minutes off", build: hours(time.Hour + 2*time.Minute), want: evidence.Violated, rule: "hours-differ", says: "1h25m0s of operator P-1 on order 000004711"},
		{name: "two minutes off where five are tolerated", build: func(r *journaltest.Run) {
			r.Plan.Judging.Labor = 300_000
			hours(time.Hour + 2*time.Minute)(r)
		}, want: evidence.Holds},
		{name: "rounded a little ten times", build: func(r *journaltest.Run) {
			for n := range 10 {
				r.Post(claim(r.Happen(r.Worked(n+1, "1", "P-1", 10*time.Minute+29*time.Second)), func(c *plant.Confirmed) { c.Labor = 10 * time.Minute }))
			}
		}, want: evidence.Violated, says: "over 10 postings"},
		{name: "minutes taken for hours", build: hours(60 * time.Hour), want: evidence.Violated, rule: "hours-unit", says: "factor 60"},
		{name: "hours left out of one", build: hours(0), want: evidence.Violated, rule: "hours-left-out"},
		{name: "hours left out of one that the MES worded otherwise than agreed", build: func(r *journaltest.Run) {
			r.Do(r.Worked(1, "8.25", "P-1", 25*time.Minute))
			e := r.Happen(r.Worked(2, "7.011", "P-1", time.Hour))
			r.Add(evidence.Disturbance{Fault: "drift", Kind: "schema-drift", Phase: evidence.Struck, At: "mes", Facts: []plant.EventID{e.ID}, Key: plant.Natural(e.Fact), Attempt: 1, Garbled: true})
			r.Post(claim(e, func(c *plant.Confirmed) { c.Labor = 0 }))
		}, want: evidence.Holds},
		{name: "hours left out of all", build: func(r *journaltest.Run) {
			r.Post(claim(r.Happen(r.Worked(1, "8", "P-1", time.Hour)), func(c *plant.Confirmed) { c.Labor = 0 }))
		}, want: evidence.Vacuous},
		{name: "four machines minded, and booked four times", build: func(r *journaltest.Run) {
			for n := range 4 {
				f := r.Worked(n+1, "1", "P-1", time.Hour)
				f.Labor = 15 * time.Minute
				r.Post(claim(r.Happen(f), func(c *plant.Confirmed) { c.Labor = time.Hour }))
			}
		}, want: evidence.Violated, rule: "hours-from-clock", says: "several times"},
		{name: "four machines minded, and booked once", build: func(r *journaltest.Run) {
			for n := range 4 {
				f := r.Worked(n+1, "1", "P-1", time.Hour)
				f.Labor = 15 * time.Minute
				r.Do(f)
			}
		}, want: evidence.Holds},
		{name: "two added up with their hours", build: func(r *journaltest.Run) {
			r.Happen(r.Worked(1, "8.25", "P-1", 25*time.Minute))
			e := r.Happen(r.Worked(2, "7.011", "P-1", time.Hour))
			sum := r.Worked(0, "15.261", "P-1", 85*time.Minute)
			r.Post(plant.Event{At: e.At, Fact: sum})
		}, want: evidence.Holds},
		{name: "two added up with the hours of one", build: func(r *journaltest.Run) {
			r.Happen(r.Worked(1, "8.25", "P-1", 25*time.Minute))
			e := r.Happen(r.Worked(2, "7.011", "P-1", time.Hour))
			r.Post(plant.Event{At: e.At, Fact: r.Worked(0, "15.261", "P-1", time.Hour)})
		}, want: evidence.Violated, rule: "hours-of-sum"},
		{name: "two of different people added up for one", build: func(r *journaltest.Run) {
			r.Happen(r.Worked(1, "8.25", "P-1", 25*time.Minute))
			e := r.Happen(r.Worked(2, "7.011", "P-2", time.Hour))
			r.Post(plant.Event{At: e.At, Fact: r.Worked(0, "15.261", "P-1", 85*time.Minute)})
		}, want: evidence.Violated, rule: "hours-of-others", says: "booked for operator P-1"},
		{name: "two of different people added up for nobody", build: func(r *journaltest.Run) {
			r.Happen(r.Worked(1, "8.25", "P-1", 25*time.Minute))
			e := r.Happen(r.Worked(2, "7.011", "P-2", time.Hour))
			r.Post(plant.Event{At: e.At, Fact: r.Worked(0, "15.261", "", 85*time.Minute)})
		}, want: evidence.Holds},
		{name: "split, each part with all the hours", build: func(r *journaltest.Run) {
			r.Do(r.Worked(1, "8.25", "P-1", 25*time.Minute))
			e := r.Happen(r.Worked(2, "7.011", "P-1", time.Hour))
			for _, part := range []string{"3", "4.011"} {
				r.Post(plant.Event{At: e.At, Fact: r.Worked(0, part, "P-1", time.Hour)})
			}
		}, want: evidence.Violated, rule: "hours-of-sum"},
		{name: "split, the hours with one part", build: func(r *journaltest.Run) {
			r.Do(r.Worked(1, "8.25", "P-1", 25*time.Minute))
			e := r.Happen(r.Worked(2, "7.011", "P-1", time.Hour))
			r.Post(plant.Event{At: e.At, Fact: r.Worked(0, "3", "P-1", time.Hour)})
			r.Post(plant.Event{At: e.At, Fact: r.Worked(0, "4.011", "P-1", 0)})
		}, want: evidence.Holds},
		{name: "posted twice, which another oracle tells", build: func(r *journaltest.Run) {
			r.Post(r.Do(r.Worked(1, "8.25", "P-1", time.Hour)))
		}, want: evidence.Holds},
		{name: "lost, which another oracle tells", build: func(r *journaltest.Run) {
			r.Do(r.Worked(1, "8.25", "P-1", time.Hour))
			r.Happen(r.Worked(2, "7", "P-1", time.Hour))
		}, want: evidence.Holds},
		{name: "made invalid by our own fault", build: func(r *journaltest.Run) {
			r.Do(r.Worked(1, "8.25", "P-1", time.Hour))
			e := r.Truth(r.Worked(2, "7", "P-1", time.Hour))
			r.Spoil("f", "labor", "mes", e)
			r.Offer(simulators.Applied, e)
			r.Post(claim(e, func(c *plant.Confirmed) { c.Labor = 5 * time.Hour }))
		}, want: evidence.Holds},
	})
}
