package oracles_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// lightWorld is a journal of an ERP that announces so, and of a SUT that posts an
// order with that quantity after it was changed from 7 to 90.
func lightWorld(announce simulators.AnnouncePolicy, posted int64) []evidence.Record {
	released := plant.Event{ID: "order-released/1/1", Fact: plant.OrderReleased{Order: plant.Order{ID: "1", Item: "PART", Quantity: plant.Of(7, "EA")}}}
	changed := plant.Event{ID: "order-changed/1/2", Fact: plant.OrderChanged{Order: "1", Version: 2, Quantity: plant.Of(90, "EA")}}
	claim := released
	claim.Fact = plant.OrderReleased{Order: plant.Order{ID: "1", Item: "PART", Quantity: plant.Of(posted, "EA")}}
	var rs []evidence.Record
	for i, b := range []evidence.Body{
		evidence.Begin{Plan: evidence.Plan{Endpoints: map[string]evidence.Endpoint{"erp": {System: "erp", Policy: simulators.Policy{Announce: announce}}, "mes": {System: "mes"}}, Items: []plant.Item{{ID: "PART", Unit: "EA"}}}},
		evidence.Truth{Event: released, Source: "erp", Sink: "mes"},
		evidence.Truth{Event: changed, Source: "erp", Sink: "mes"},
		evidence.Effect{Attempt: 1, Endpoint: "mes", Posting: simulators.Posting{Doc: "1", Claim: claim}},
		evidence.Attempt{ID: 1, Endpoint: "mes", Claims: []plant.Event{claim}},
		evidence.End{Quiet: true},
	} {
		rs = append(rs, evidence.Record{Seq: uint64(i + 1), At: time.Duration(i), Body: b})
	}
	return rs
}

// Who has to read on may read what was changed since; anything else it says is
// wrong all the same.
func TestWhatIsReadOnMayBeNewer(t *testing.T) {
	for _, c := range []struct {
		announce simulators.AnnouncePolicy
		posted   int64
		want     evidence.Verdict
	}{
		{simulators.AnnounceLight, 7, evidence.Holds}, {simulators.AnnounceLight, 90, evidence.Holds}, {simulators.AnnounceLight, 91, evidence.Violated},
		{simulators.AnnounceWhole, 90, evidence.Violated}, {"", 90, evidence.Violated},
	} {
		var got evidence.Verdict
		for _, f := range oracles.FieldFidelity().Judge(evidence.NewHistory(lightWorld(c.announce, c.posted))) {
			got = f.Verdict
		}
		if got != c.want {
			t.Errorf("announced %q, posted %d: %s, want %s", c.announce, c.posted, got, c.want)
		}
	}
}
