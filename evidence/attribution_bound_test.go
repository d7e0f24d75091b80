package evidence_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// worst is a journal in which no key can be believed: a SUT that counts by
// itself and skips the first confirmation, in operations of this size.
func worst(facts, size int) []evidence.Record {
	var rs []evidence.Record
	add := func(b evidence.Body) {
		rs = append(rs, evidence.Record{Seq: uint64(len(rs) + 1), At: time.Duration(len(rs)), Body: b})
	}
	add(evidence.Begin{Plan: evidence.Plan{Endpoints: map[string]evidence.Endpoint{"erp": {System: "erp"}}}})
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	for n := 0; n < facts; n++ {
		c := plant.Confirmed{Order: plant.OrderID(rune('A' + n/size)), Operation: "0010", Counter: n%size + 1, Yield: plant.Quantity{Amount: plant.Decimal(n%7) * plant.One, Unit: "EA"}}
		e := plant.Event{ID: plant.EventID(plant.Natural(c)), At: at.Add(time.Duration(n) * time.Minute), Fact: c}
		add(evidence.Truth{Event: e, Source: "mes", Sink: "erp"})
		if c.Counter == 1 {
			continue
		}
		c.Counter--
		e.ID, e.Fact = "", c
		add(evidence.Effect{Attempt: uint64(n + 1), Endpoint: "erp", Posting: simulators.Posting{Doc: "d", Claim: e}})
		add(evidence.Attempt{ID: uint64(n + 1), Endpoint: "erp", Claims: []plant.Event{e}})
	}
	add(evidence.End{Quiet: true})
	return rs
}

// Attribution stays within its bounds on journals that give it most to do, and
// names the skipped confirmations as long as it can afford to.
func TestAttributionIsBounded(t *testing.T) {
	for _, c := range []struct{ facts, size, lost int }{{1000, 10, 100}, {20_000, 10, 2_000}, {5_000, 5_000, -1}} {
		records := worst(c.facts, c.size)
		began := time.Now()
		h := evidence.NewHistory(records)
		took := time.Since(began)
		lost, right := 0, 0
		for _, f := range h.Facts {
			if len(f.Effects) == 0 && f.Unclear == "" {
				if lost++; f.Event.Fact.(plant.Confirmed).Counter == 1 {
					right++
				}
			}
		}
		t.Logf("%d facts in operations of %d: %v, %d lost, %d of them rightly", c.facts, c.size, took.Round(time.Millisecond), lost, right)
		if took > 20*time.Second {
			t.Errorf("took %v", took)
		}
		if c.lost >= 0 && (lost != c.lost || right != c.lost) {
			t.Errorf("%d facts in operations of %d: %d lost, %d of them rightly, want %d", c.facts, c.size, lost, right, c.lost)
		}
	}
}
