package oracles_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators/plant"
)

// sixHours is a unit that made 300 pieces of a minute each in six of eight
// hours, 270 of them good and 15 to be worked on again: availability 75 %,
// effectiveness 83.33 %, quality 90 %, OEE 56.25 %.
func sixHours(r *journaltest.Run) (from, to time.Time) {
	from = time.Date(2026, 3, 2, 6, 0, 0, 0, journaltest.Zone())
	to = from.Add(8 * time.Hour)
	o := journaltest.Released()
	o.Order.Operations = []plant.Operation{{ID: "0020", WorkCenter: "WC-2", Cycle: time.Minute}}
	r.At(from)
	r.Do(o)
	r.At(from.Add(3 * time.Hour))
	r.Do(r.Worked(1, "150", "P-1", 3*time.Hour))
	c := r.Worked(2, "120", "P-1", 3*time.Hour)
	c.Scrap, c.Rework = journaltest.Qty("15", "EA"), journaltest.Qty("15", "EA")
	r.At(from.Add(7 * time.Hour))
	r.Do(c)
	return from, to
}

func percent(s string) *plant.Decimal {
	d := plant.MustDecimal(s)
	return &d
}

func TestOEE(t *testing.T) {
	shows := func(change func(*evidence.UnitBook)) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			from, to := sixHours(r)
			b := evidence.UnitBook{Unit: "WC-2", From: from, To: to, Availability: percent("0.75"), Effectiveness: percent("0.8333"), Quality: percent("0.9"), OEE: percent("0.5625")}
			change(&b)
			r.Add(evidence.Snapshot{Endpoint: "mes", Units: []evidence.UnitBook{b}})
		}
	}
	under := func(rules evidence.OEERules, play func(*journaltest.Run)) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Plan.Judging.OEE = rules
			play(r)
		}
	}
	run(t, "oee", []testCase{
		{name: "nothing shown", build: func(r *journaltest.Run) { sixHours(r) }, want: evidence.Vacuous},
		{name: "as it was", build: shows(func(*evidence.UnitBook) {}), want: evidence.Holds},
		{name: "off by half a point", build: shows(func(b *evidence.UnitBook) { b.Availability = percent("0.755") }), want: evidence.Holds},
		{name: "off by half a point where none is allowed", build: under(evidence.OEERules{Permille: 1}, shows(func(b *evidence.UnitBook) { b.Availability = percent("0.755") })),
			want: evidence.Violated, rule: "oee-differs", says: "mes shows 75.50 %"},
		{name: "another availability", build: shows(func(b *evidence.UnitBook) { b.Availability = percent("0.80") }), want: evidence.Violated, rule: "oee-differs",
			says: "availability of WC-2 from 2026-03-02 06:00 to 2026-03-02 14:00: 75.00 %"},
		{name: "rework taken for good", build: shows(func(b *evidence.UnitBook) { b.Quality = percent("0.95") }), want: evidence.Violated, rule: "oee-by-another-formula",
			says: "if rework counts as good"},
		{name: "rework taken for good, as agreed", build: under(evidence.OEERules{ReworkIsGood: true}, shows(func(b *evidence.UnitBook) {
			b.Quality, b.OEE = percent("0.95"), percent("0.59375")
		})), want: evidence.Holds},
		{name: "parts right and their product not", build: shows(func(b *evidence.UnitBook) { b.OEE = percent("0.70") }), want: evidence.Violated, rule: "oee-differs", says: "OEE of WC-2"},
		{name: "the OEE of a unit that made nothing", build: shows(func(b *evidence.UnitBook) {
			*b = evidence.UnitBook{Unit: "WC-9", From: b.From, To: b.To, OEE: percent("0.5")}
		}), want: evidence.Violated, rule: "oee-undefined"},
		{name: "shown before a journal that was cut", build: shows(func(*evidence.UnitBook) {}), end: restless, want: evidence.Holds},
	})
}
