package oracles_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestTimeSemantics(t *testing.T) {
	berlin := journaltest.Zone()
	when := func(s string) time.Time {
		at, err := time.Parse("2006-01-02T15:04:05Z07:00", s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	// dated posts a fact of one instant under another.
	dated := func(truth, claim string) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.At(when(truth))
			e := r.Happen(journaltest.Confirmed(1, "5"))
			e.At = when(claim)
			r.Post(e)
		}
	}
	worked := func(change func(*plant.Confirmed)) func(*journaltest.Run) {
		return func(r *journaltest.Run) { r.Post(claim(r.Happen(r.Worked(1, "5", "P-1", time.Hour)), change)) }
	}
	early := func(r *journaltest.Run) (plant.Event, time.Time) { // a fact of a period that was closed since
		e := r.Happen(journaltest.Confirmed(1, "5"))
		r.Plan.PeriodOpens = time.Date(2026, 4, 1, 0, 0, 0, 0, berlin)
		return e, r.Plan.PeriodOpens.Add(6 * time.Hour)
	}
	closePeriod := func(r *journaltest.Run) (opens time.Time) { // in the run
		opens = time.Date(2026, 4, 1, 0, 0, 0, 0, berlin)
		r.Add(evidence.Step{Name: evidence.PeriodClosed, Args: map[string]string{evidence.PeriodOpens: opens.Format(time.RFC3339)}})
		return opens
	}
	periodClosed := simulators.Result{Outcome: simulators.Refused, Status: 422, Class: simulators.Business, Code: "period-closed"}
	run(t, "time-semantics", []testCase{
		{name: "as it happened", build: func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "5")) }, want: evidence.Holds},
		{name: "nothing to judge", build: func(r *journaltest.Run) { r.Self("erp", journaltest.Shipped("L-7")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},

		{name: "local time sent as UTC in winter", build: dated("2026-03-02T13:41:10+01:00", "2026-03-02T13:41:10Z"), want: evidence.Violated, rule: "zone-lost", says: "off by +1h"},
		{name: "local time sent as UTC in summer", build: dated("2026-07-02T13:41:10+02:00", "2026-07-02T13:41:10Z"), want: evidence.Violated, rule: "zone-lost", says: "off by +2h"},
		{name: "and so into another shift", build: dated("2026-07-02T13:41:10+02:00", "2026-07-02T13:41:10Z"), want: evidence.Violated, says: "shift late of 2026-07-02 instead of shift early of 2026-07-02"},
		{name: "told to the minute besides", build: dated("2026-03-02T13:41:10+01:00", "2026-03-02T13:41:00Z"), want: evidence.Violated, rule: "zone-lost"},
		{name: "UTC sent as local time, over midnight", build: dated("2026-03-03T00:20:00+01:00", "2026-03-02T23:20:00+01:00"), want: evidence.Violated, rule: "utc-as-local", says: "2026-03-02 instead of 2026-03-03"},
		{name: "over midnight of the month's end", build: dated("2026-04-01T00:20:00+02:00", "2026-03-31T22:20:00+02:00"), want: evidence.Violated, rule: "utc-as-local", says: "March 2026 instead of April 2026"},
		{name: "summer's offset in winter", build: dated("2026-03-02T13:41:10+01:00", "2026-03-02T13:41:10+02:00"), want: evidence.Violated, rule: "dst-offset"},
		{name: "the offset of New York", build: dated("2026-03-02T13:41:10+01:00", "2026-03-02T13:41:10-05:00"), want: evidence.Violated, rule: "wrong-offset", says: "off by +6h"},
		{name: "the other half past two", build: dated("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"), want: evidence.Violated, rule: "dst-offset"},
		{name: "the other half past two, told in UTC", build: dated("2026-10-25T02:30:00+02:00", "2026-10-25T01:30:00Z"), want: evidence.Violated, rule: "dst-double", says: "02:30 comes twice"},
		{name: "an hour off in summer", build: dated("2026-07-02T13:41:10+02:00", "2026-07-02T12:41:10+02:00"), want: evidence.Violated, rule: "dst-hour"},
		{name: "morning for afternoon", build: dated("2026-03-02T13:41:10+01:00", "2026-03-02T01:41:10+01:00"), want: evidence.Violated, rule: "hours-shifted", says: "morning taken for afternoon"},
		{name: "only the date", build: dated("2026-03-02T13:41:10+01:00", "2026-03-02T00:00:00+01:00"), want: evidence.Violated, rule: "time-of-day-lost"},
		{name: "the day before", build: dated("2026-03-02T13:41:10+01:00", "2026-03-01T13:41:10+01:00"), want: evidence.Violated, rule: "day-shifted"},
		{name: "the time of posting instead, in the next shift", build: dated("2026-03-02T13:59:10+01:00", "2026-03-02T14:03:33+01:00"), want: evidence.Violated, rule: "other-period-or-day", says: "shift late"},
		{name: "inexact within the shift, which another oracle tells", build: dated("2026-03-02T13:41:10+01:00", "2026-03-02T13:43:33+01:00"), want: evidence.Holds},
		{name: "the same instant in UTC", build: dated("2026-03-03T00:20:00+01:00", "2026-03-02T23:20:00Z"), want: evidence.Holds},
		{name: "the same instant in another zone, in the hour that comes twice", build: dated("2026-10-25T02:30:00+01:00", "2026-10-24T21:30:00-04:00"), want: evidence.Holds},
		{name: "the hour that never was, as people say it", build: dated("2026-03-29T03:30:00+02:00", "2026-03-29T02:30:00+01:00"), want: evidence.Holds},
		{name: "midnight, because it was", build: dated("2026-03-02T00:00:00+01:00", "2026-03-02T00:00:00+01:00"), want: evidence.Holds},
		{name: "fractions of a second cut off", build: dated("2026-03-02T13:41:10+01:00", "2026-03-02T13:41:10+01:00"), want: evidence.Holds},
		{name: "either reading of a source without offset", build: func(r *journaltest.Run) {
			r.Plan.Judging.LocalTime = []string{"mes"}
			dated("2026-10-25T02:30:00+02:00", "2026-10-25T01:30:00Z")(r)
		}, want: evidence.Holds},
		{name: "a third reading of a source without offset", build: func(r *journaltest.Run) {
			r.Plan.Judging.LocalTime = []string{"mes"}
			dated("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00Z")(r)
		}, want: evidence.Violated, rule: "zone-lost"},
		{name: "without a zone in the plan the fact's own offset serves", build: func(r *journaltest.Run) {
			r.Plan.Zone = ""
			dated("2026-03-02T13:41:10+01:00", "2026-03-02T13:41:10Z")(r)
		}, want: evidence.Violated, rule: "zone-lost"},

		{name: "posted in time, and its period was closed afterwards", build: func(r *journaltest.Run) {
			r.Post(r.Happen(journaltest.Confirmed(1, "5")))
			closePeriod(r)
		}, want: evidence.Holds},
		{name: "posted as it was after its period had been closed in the run", build: func(r *journaltest.Run) {
			e := r.Happen(journaltest.Confirmed(1, "5"))
			closePeriod(r)
			r.Post(e)
		}, want: evidence.Violated, rule: "closed-period-posted"},
		{name: "dated anew after its period had been closed in the run", build: func(r *journaltest.Run) {
			e := r.Happen(journaltest.Confirmed(1, "5"))
			e.At = closePeriod(r)
			r.Post(e)
		}, want: evidence.Violated, rule: "redated-silently"},

		{name: "work that ends before it begins", build: worked(func(c *plant.Confirmed) { c.End = c.End.Add(-2 * time.Hour) }), want: evidence.Violated, says: "ends 1h0m0s before it begins"},
		{name: "work that lasts a day too long", build: worked(func(c *plant.Confirmed) { c.Start = c.Start.AddDate(0, 0, -1) }), want: evidence.Violated, rule: "day-shifted", says: "lasts 25h0m0s instead of 1h0m0s"},
		{name: "a due date a day early", build: func(r *journaltest.Run) {
			o := journaltest.Released()
			o.Order.Due = time.Date(2026, 3, 6, 0, 0, 0, 0, berlin)
			r.Post(claim(r.Happen(o), func(o *plant.OrderReleased) { o.Order.Due = o.Order.Due.AddDate(0, 0, -1) }))
		}, want: evidence.Violated, rule: "day-shifted", says: "due 2026-03-06"},
		{name: "a night shift over the change of the clocks", build: func(r *journaltest.Run) {
			r.At(time.Date(2026, 10, 25, 5, 30, 0, 0, berlin))
			r.Do(r.Worked(1, "5", "P-1", 8*time.Hour+30*time.Minute))
		}, want: evidence.Holds},

		{name: "not dated where nobody dates", build: func(r *journaltest.Run) {
			e := r.Happen(journaltest.Confirmed(1, "5"))
			r.At(time.Date(2026, 4, 1, 8, 0, 0, 0, berlin))
			e.At = time.Time{}
			r.Post(e)
		}, want: evidence.Vacuous},
		{name: "not dated, and posted in the next month", build: func(r *journaltest.Run) {
			r.Do(journaltest.Confirmed(1, "5"))
			e := r.Happen(journaltest.Confirmed(2, "5"))
			r.At(time.Date(2026, 4, 1, 8, 0, 0, 0, berlin))
			e.At = time.Time{}
			r.Post(e)
		}, want: evidence.Violated, rule: "date-left-out", says: "April 2026 instead of March 2026"},
		{name: "not dated where others are and its kind is not", build: func(r *journaltest.Run) {
			r.Do(journaltest.Confirmed(1, "5"))
			e := r.Happen(journaltest.Consumed(1, "5", "KG"))
			r.At(time.Date(2026, 4, 1, 8, 0, 0, 0, berlin))
			e.At = time.Time{}
			r.Post(e)
		}, want: evidence.Holds},
		{name: "not dated, and posted on the same day", build: func(r *journaltest.Run) {
			r.Do(journaltest.Confirmed(1, "5"))
			e := r.Happen(journaltest.Confirmed(2, "5"))
			e.At = time.Time{}
			r.Post(e)
		}, want: evidence.Holds},

		{name: "of a closed period, refused and reported", build: func(r *journaltest.Run) {
			e, _ := early(r)
			r.Send(journaltest.Sending{Acted: periodClosed}, e)
			r.Surface(e, simulators.Business)
			r.Do(journaltest.Scrapped(time.Date(2026, 4, 1, 8, 0, 0, 0, berlin), r))
		}, want: evidence.Holds},
		{name: "of a closed period, dated anew although nobody said so", build: func(r *journaltest.Run) {
			e, open := early(r)
			e.At = open
			r.Post(e)
		}, want: evidence.Violated, rule: "redated-silently", says: "closedPeriod"},
		{name: "of a closed period, dated anew as promised", build: func(r *journaltest.Run) {
			e, open := early(r)
			r.Plan.Delivers.ClosedPeriod = evidence.RedateClosed
			e.At = open
			r.Post(e)
		}, want: evidence.Holds},
		{name: "posted into a closed period", build: func(r *journaltest.Run) {
			e, _ := early(r)
			r.Post(e)
		}, want: evidence.Violated, rule: "closed-period-posted"},
		{name: "a hold is bound to no period", build: func(r *journaltest.Run) {
			r.Plan.PeriodOpens = time.Date(2026, 4, 1, 0, 0, 0, 0, berlin)
			r.Do(journaltest.Held("L-8", "Q-1"))
		}, want: evidence.Holds},
		{name: "refused because it was shifted out of the open period", build: func(r *journaltest.Run) {
			r.At(time.Date(2026, 4, 1, 0, 20, 0, 0, berlin))
			e := r.Happen(journaltest.Confirmed(1, "5"))
			r.Plan.PeriodOpens = time.Date(2026, 4, 1, 0, 0, 0, 0, berlin)
			c := e
			c.At = e.At.Add(-2 * time.Hour)
			r.Send(journaltest.Sending{Acted: periodClosed}, c)
			r.Surface(e, simulators.Business)
		}, want: evidence.Violated, rule: "utc-as-local", says: "refused as period-closed"},
		{name: "a fact our own fault made invalid", build: func(r *journaltest.Run) {
			r.Do(journaltest.Confirmed(2, "5"))
			e := r.Truth(journaltest.Confirmed(1, "5"))
			r.Spoil("f", "clock", "mes", e)
			r.Offer(simulators.Applied, e)
			e.At = e.At.Add(time.Hour)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "a sum has no instant of its own", build: func(r *journaltest.Run) {
			r.Do(journaltest.Confirmed(3, "4.4"))
			a, b := r.Happen(journaltest.Confirmed(1, "5.013")), r.Happen(journaltest.Confirmed(2, "7.041"))
			sum := journaltest.Confirmed(0, "12.054")
			sum.Counter = 0
			r.Post(plant.Event{At: b.At.Add(time.Hour), Fact: sum})
			_ = a
		}, want: evidence.Holds},
		{name: "cut off", build: dated("2026-03-02T13:41:10+01:00", "2026-03-02T13:41:10Z"), end: restless, want: evidence.Violated, rule: "zone-lost"},
	})
}
