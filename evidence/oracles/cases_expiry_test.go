package oracles_test

import (
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// An issue of a lot that the SUT reports without having tried to post it: who
// speaks, and when the SUT may have been right.
func TestValidIssuesThatAreReported(t *testing.T) {
	midnight := time.Date(2026, 3, 3, 0, 0, 0, 0, journaltest.Zone())
	// until makes lot L-7 good until then; used is an issue of it that the SUT
	// took, reported is one that it reported as well.
	until := func(r *journaltest.Run, at time.Time) { r.Plan.Lots[0].Expires = at }
	used := func(r *journaltest.Run) plant.Event {
		return r.Happen(journaltest.Consumed(1, "2.5", "KG"))
	}
	reported := func(r *journaltest.Run) { r.Surface(used(r), simulators.DataQuality) }
	plain := func(change func(*journaltest.Run)) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			change(r)
			reported(r)
		}
	}
	release := func(r *journaltest.Run, then func(e plant.Event)) {
		e := r.Truth(journaltest.Released())
		then(e)
		reported(r)
	}
	nothing := func(*journaltest.Run) {}
	tests := []struct {
		name   string
		build  func(*journaltest.Run)
		letter evidence.Verdict // of dead-letter
		edge   bool             // time-semantics finds it violated, too
		says   string           // of dead-letter, or of time-semantics at the edge
	}{
		{name: "half an hour into its last day, on which it is the day before in UTC", build: plain(func(r *journaltest.Run) { until(r, midnight); r.At(midnight.Add(-23*time.Hour - 30*time.Minute)) }), letter: evidence.Violated, edge: true,
			says: "before it expires, on its last day"},
		{name: "on a day of UTC that is the last", build: plain(func(r *journaltest.Run) { until(r, midnight); r.At(midnight.Add(-20 * time.Hour)) }), letter: evidence.Violated, edge: true,
			says: "which by the calendar of UTC is on the day on which it expires"},
		{name: "a week before it expires", build: plain(func(r *journaltest.Run) { until(r, midnight); r.At(midnight.AddDate(0, 0, -7)) }), letter: evidence.Violated, says: "its lot is good until 2026-03-03 00:00:00 +01:00"},
		{name: "of a lot that never expires", build: plain(nothing), letter: evidence.Violated, says: "does not expire"},
		{name: "the moment it expires", build: plain(func(r *journaltest.Run) { until(r, midnight); r.At(midnight) }), letter: evidence.Holds},
		{name: "the last second before", build: plain(func(r *journaltest.Run) { until(r, midnight); r.At(midnight.Add(-time.Second)) }), letter: evidence.Violated, edge: true},
		{name: "called a matter of business", build: func(r *journaltest.Run) { r.Surface(used(r), simulators.Business) }, letter: evidence.Holds},
		{name: "refused by the ERP", build: func(r *journaltest.Run) {
			until(r, midnight)
			e := used(r)
			r.Send(journaltest.Sending{Acted: expired}, e)
			r.Surface(e, simulators.DataQuality)
		}, letter: evidence.Holds},
		{name: "made invalid by a fault", build: func(r *journaltest.Run) {
			r.Fault("f", "invalid-lot", "mes")
			e := r.Truth(journaltest.Consumed(1, "2.5", "KG"))
			r.Spoil("f", "invalid-lot", "mes", e)
			r.Offer(simulators.Applied, e)
			r.Surface(e, simulators.DataQuality)
		}, letter: evidence.Holds},
		{name: "nobody knows whether it was taken over", build: func(r *journaltest.Run) {
			e := r.Truth(journaltest.Consumed(1, "2.5", "KG"))
			r.Offer(simulators.Unknown, e)
			r.Surface(e, simulators.DataQuality)
		}, letter: evidence.Holds},
		{name: "its lot was held once", build: plain(func(r *journaltest.Run) {
			r.Do(journaltest.Held("L-7", "QC-1"))
			r.Do(journaltest.Decided("L-7", "QC-1", plant.DecideUseAsIs))
		}), letter: evidence.Holds},
		{name: "another lot was held", build: plain(func(r *journaltest.Run) { r.Do(journaltest.Held("L-8", "QC-1")) }), letter: evidence.Violated},
		{name: "the lot is blocked from the beginning", build: plain(func(r *journaltest.Run) { r.Plan.Lots[0].Status = plant.LotBlocked }), letter: evidence.Holds},
		{name: "a lot that the run has made", build: plain(func(r *journaltest.Run) { r.Plan.Lots = r.Plan.Lots[1:] }), letter: evidence.Holds},
		{name: "the lot is of another material", build: plain(func(r *journaltest.Run) { r.Plan.Lots[0].Material = "000BOX" }), letter: evidence.Holds},
		{name: "its unit is not known", build: plain(func(r *journaltest.Run) { r.Plan.Items = r.Plan.Items[:1] }), letter: evidence.Holds},
		{name: "its material was changed in the run", build: plain(func(r *journaltest.Run) {
			i := journaltest.Item(2, "C", 12)
			i.Item.ID = "000PLATE"
			r.Do(i)
		}), letter: evidence.Holds},
		{name: "its lot, material and order were touched afterwards", build: func(r *journaltest.Run) {
			reported(r)
			i := journaltest.Item(2, "C", 12)
			i.Item.ID = "000PLATE"
			for _, f := range []plant.Fact{journaltest.Held("L-7", "QC-1"), i, plant.OrderCancelled{Order: journaltest.Order, Version: 2}} {
				r.Do(f)
			}
		}, letter: evidence.Violated},
		{name: "its order was taken over before", build: func(r *journaltest.Run) { release(r, func(e plant.Event) { r.Offer(simulators.Applied, e) }) }, letter: evidence.Violated},
		{name: "its order was not heard of for sure", build: func(r *journaltest.Run) { release(r, func(e plant.Event) { r.Offer(simulators.Unknown, e) }) }, letter: evidence.Holds},
		{name: "its order was cancelled", build: plain(func(r *journaltest.Run) {
			r.Do(plant.OrderCancelled{Order: journaltest.Order, Version: 2})
		}), letter: evidence.Holds},
		{name: "it asked, and a fault touched the answer", build: func(r *journaltest.Run) {
			e := used(r)
			r.Add(evidence.Attempt{ID: 900, Endpoint: "erp", Verb: "get", Name: "lots/L-7", Start: r.Now(), End: r.Now(), Faults: []string{"stale"}})
			r.Surface(e, simulators.DataQuality)
		}, letter: evidence.Holds},
		{name: "it asked, and was told", build: func(r *journaltest.Run) {
			e := used(r)
			r.Add(evidence.Attempt{ID: 900, Endpoint: "erp", Verb: "get", Name: "lots/L-7", Start: r.Now(), End: r.Now()})
			r.Surface(e, simulators.DataQuality)
		}, letter: evidence.Violated},
		{name: "it had tried, and never heard a refusal", build: func(r *journaltest.Run) {
			e := used(r)
			r.Send(journaltest.Sending{Acted: busy}, e)
			r.Surface(e, simulators.DataQuality)
		}, letter: evidence.Violated, says: "never refused it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := journaltest.New()
			tt.build(r)
			h := evidence.NewHistory(r.Records())
			letter, times := judge(t, "dead-letter", h), judge(t, "time-semantics", h)
			if got := evidence.Worst(letter); got != tt.letter {
				t.Errorf("dead-letter: %v, want %v: %+v", got, tt.letter, letter)
			}
			if got := evidence.Worst(times); (got == evidence.Violated) != tt.edge || got == evidence.Inconclusive {
				t.Errorf("time-semantics: %v: %+v", got, times)
			}
			speaker := letter
			if tt.edge {
				speaker = times
			}
			check(t, speaker, testCase{want: evidence.Worst(speaker), says: tt.says})
		})
	}
}

// expiryMutations have the SUT report an issue that it has posted.
func expiryMutations() []mutation {
	reported := func(expires func(time.Time) time.Time) func([]evidence.Record, int) []evidence.Record {
		return onEffect(func(e evidence.Effect) bool {
			f, ok := e.Posting.Claim.Fact.(plant.Consumed)
			return ok && f.Lot == "L-7"
		}, func(rs []evidence.Record, at int, e evidence.Effect) []evidence.Record {
			a, ok := rs[at+1].Body.(evidence.Attempt)
			if !ok || len(a.Claims) != 1 || a.Heard.Outcome != simulators.Applied {
				return nil
			}
			f := e.Posting.Claim.Fact.(plant.Consumed)
			b := rs[0].Body.(evidence.Begin)
			b.Plan.Lots = slices.Clone(b.Plan.Lots)
			b.Plan.Lots[0].Expires = expires(e.Posting.Claim.At)
			rs[0].Body = b
			rs[at].Body = evidence.Surface{Class: simulators.DataQuality, Kind: plant.KindConsumption, Keys: f.Keys(), Reference: string(e.Posting.Claim.ID), Reason: "lot-expired"}
			return slices.Delete(rs, at+1, at+2)
		})
	}
	return []mutation{
		{"report a valid issue instead of posting it", []string{"dead-letter"}, reported(func(time.Time) time.Time { return time.Time{} })},
		{"take the last day of a lot for the day after", []string{"time-semantics"}, reported(by(3 * time.Hour))},
	}
}
