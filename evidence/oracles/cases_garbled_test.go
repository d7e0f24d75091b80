package oracles_test

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestReportsThatCanNameNothing: who was sent an empty body can report that,
// and not about what. One report settles one fact, of its kind, and only if
// our fault has garbled it.
func TestReportsThatCanNameNothing(t *testing.T) {
	garble := func(r *journaltest.Run, f plant.Fact) {
		e := r.Truth(f)
		r.Add(evidence.Disturbance{Fault: "broken", Kind: "malformed", Phase: evidence.Struck, At: "mes", Facts: []plant.EventID{e.ID}, Key: plant.Natural(f), Attempt: 1, Garbled: true})
		r.Offer(simulators.Accepted, e)
	}
	reported := func(r *journaltest.Run, kinds ...plant.Kind) {
		for _, k := range kinds {
			r.Add(evidence.Surface{Class: simulators.DataQuality, Kind: k, Reason: "malformed: unexpected end of JSON input"})
		}
	}
	confirmation := plant.KindConfirmation
	cases := []testCase{
		{name: "each reported", build: func(r *journaltest.Run) {
			garble(r, journaltest.Confirmed(1, "5.013"))
			garble(r, journaltest.Confirmed(2, "7.041"))
			reported(r, confirmation, confirmation)
		}, want: evidence.Holds},
		{name: "nobody says of what kind", build: func(r *journaltest.Run) {
			garble(r, journaltest.Confirmed(1, "5.013"))
			reported(r, "")
		}, want: evidence.Holds},
		{name: "one too many", build: func(r *journaltest.Run) {
			garble(r, journaltest.Confirmed(1, "5.013"))
			reported(r, confirmation, confirmation)
		}, want: evidence.Violated, rule: "reported-without-fact"},
		{name: "once for each delivery", build: func(r *journaltest.Run) { // its first acknowledgement was lost
			f := journaltest.Confirmed(1, "5.013")
			garble(r, f)
			r.Offer(simulators.Accepted, plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f})
			reported(r, confirmation, confirmation)
		}, want: evidence.Holds},
		{name: "once more than it was delivered", build: func(r *journaltest.Run) {
			f := journaltest.Confirmed(1, "5.013")
			garble(r, f)
			r.Offer(simulators.Accepted, plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f})
			reported(r, confirmation, confirmation, confirmation)
		}, want: evidence.Violated, rule: "reported-without-fact"},
		{name: "of another kind", build: func(r *journaltest.Run) {
			garble(r, journaltest.Confirmed(1, "5.013"))
			reported(r, plant.KindConsumption)
		}, want: evidence.Violated, rule: "reported-without-fact"},
		{name: "of what nobody garbled", build: func(r *journaltest.Run) {
			r.Happen(journaltest.Confirmed(1, "5.013"))
			reported(r, confirmation)
		}, want: evidence.Violated, rule: "reported-without-fact"},
		{name: "before it was sent", build: func(r *journaltest.Run) {
			reported(r, confirmation)
			garble(r, journaltest.Confirmed(1, "5.013"))
		}, want: evidence.Violated, rule: "reported-without-fact"},
	}
	run(t, "dead-letter", cases)
	run(t, "no-silent-drop", []testCase{
		{name: "one of two reported", build: func(r *journaltest.Run) {
			garble(r, journaltest.Confirmed(1, "5.013"))
			garble(r, journaltest.Confirmed(2, "7.041"))
			reported(r, confirmation)
		}, want: evidence.Violated},
	})
}
