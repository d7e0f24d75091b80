package oee_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence/iso22400"
	"github.com/andon-rig/andon/evidence/oee"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators/plant"
)

// released is an order whose first operation takes a minute a piece.
func released() plant.OrderReleased {
	o := journaltest.Released()
	o.Order.Operations = []plant.Operation{{ID: "0020", WorkCenter: "WC-2", Cycle: time.Minute}}
	return o
}

func day(hour, minute int) time.Time {
	return time.Date(2026, 3, 2, hour, minute, 0, 0, journaltest.Zone())
}

// A shift of eight hours in which a unit made 300 pieces in six, 270 of them
// good: availability 6/8, effectiveness 300 min / 360 min, quality 270/300.
func TestTruthOfAShift(t *testing.T) {
	r := journaltest.New()
	r.At(day(6, 0))
	r.Do(released())
	r.At(day(9, 0))
	r.Do(worked(1, "140", "10", 3*time.Hour))
	r.At(day(13, 0))
	c := worked(2, "130", "20", 3*time.Hour)
	c.Scrap, c.Rework = journaltest.Qty("10", "EA"), journaltest.Qty("10", "EA")
	r.Do(c)
	r.At(day(13, 0))
	// A second person at the same unit, at the same time, is not more of its time.
	r.Do(plant.Confirmed{Order: journaltest.Order, Operation: "0020", Counter: 3, WorkCenter: "WC-2", Yield: journaltest.Qty("0", "EA"), Labor: time.Hour})
	u := oee.Of(r.History()).In("WC-2", day(6, 0), day(14, 0))
	for name, got := range map[string]string{
		"availability 3/4":       u.Availability(iso22400.Options{}).RatString(),
		"effectiveness 5/6":      u.Effectiveness(iso22400.Options{}).RatString(),
		"quality 9/10":           u.QualityRatio(iso22400.Options{}).RatString(),
		"OEE 9/16":               u.OEE(iso22400.Options{}).RatString(),
		"with rework good 14/15": u.QualityRatio(iso22400.Options{ReworkIsGood: true}).RatString(),
	} {
		if want := name[len(name)-len(got):]; want != got {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if got := oee.Of(r.History()).In("WC-9", day(6, 0), day(14, 0)); got != (oee.Unit{}) {
		t.Errorf("a unit nobody has heard of: %+v", got)
	}
}

func worked(n int, yield, scrap string, labor time.Duration) plant.Confirmed {
	return plant.Confirmed{Order: journaltest.Order, Operation: "0020", Counter: n, WorkCenter: "WC-2",
		Yield: journaltest.Qty(yield, "EA"), Scrap: journaltest.Qty(scrap, "EA"), Labor: labor}
}

// Only what lies in the window counts, and time outside of shifts is planned
// for if something was made in it.
func TestWindowAndShifts(t *testing.T) {
	r := journaltest.New()
	r.Plan.Shifts = []plant.Shift{{Name: "early", Start: 6 * 60, End: 14 * 60, Days: []time.Weekday{time.Monday}}}
	r.At(day(6, 0))
	r.Do(released())
	r.At(day(15, 0)) // an hour in the shift and one after it
	r.Do(worked(1, "60", "0", 2*time.Hour))
	whole := oee.Of(r.History()).In("WC-2", day(0, 0), day(24, 0))
	if whole.PBT != 9*time.Hour || whole.APT != 2*time.Hour {
		t.Errorf("planned %s, busy %s", whole.PBT, whole.APT)
	}
	early := oee.Of(r.History()).In("WC-2", day(6, 0), day(14, 0))
	if early.PBT != 8*time.Hour || early.APT != time.Hour || early.PQ != 0 {
		t.Errorf("planned %s, busy %s, %s pieces", early.PBT, early.APT, early.PQ)
	}
}

// What no routing gives a time has no effectiveness.
func TestWithoutAPlannedTimeThereIsNoOEE(t *testing.T) {
	r := journaltest.New()
	r.Do(worked(1, "5", "0", time.Minute))
	from, to := day(0, 0), day(24, 0)
	if all := oee.Of(r.History()).All(from, to); all.OEE(iso22400.Options{}) != nil || all.Effectiveness(iso22400.Options{}) != nil || all.Availability(iso22400.Options{}) == nil {
		t.Errorf("%+v", all)
	}
}
