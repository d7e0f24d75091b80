package harness

import (
	"slices"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

// TestARecallSeesWhatTheBooksMiss: two levels, of whose second the books have
// lost one edge and made another up.
func TestARecallSeesWhatTheBooksMiss(t *testing.T) {
	made := func(id plant.OrderID, item plant.ItemID, lot plant.LotID) plant.Order {
		return plant.Order{ID: id, Item: item, Lot: lot, Quantity: plant.Of(10, "EA"), Operations: []plant.Operation{{ID: "0010"}}}
	}
	m := plant.Master{Items: []plant.Item{{ID: "RAW", Unit: "EA", Lots: true}, {ID: "SEMI", Unit: "EA", Lots: true}, {ID: "DONE", Unit: "EA", Lots: true}},
		Lots: []plant.Lot{{ID: "R-1", Material: "RAW", Quantity: plant.Whole(99)}, {ID: "R-2", Material: "RAW", Quantity: plant.Whole(99)}},
		Open: []plant.Order{made("1", "SEMI", "S-1"), made("2", "DONE", "D-2"), made("3", "DONE", "D-3"), made("4", "DONE", "D-4")}}
	books := erp.New(m)
	p := &Plan{Journal: evidence.NewJournal(nil), open: m.Open, Evidence: evidence.Plan{Endpoints: map[string]evidence.Endpoint{"erp": {System: "erp"}}},
		Endpoints: []*endpoint.Endpoint{endpoint.New(endpoint.Config{Name: "erp", System: books})}}
	use := func(order plant.OrderID, material plant.ItemID, lot plant.LotID) plant.Fact {
		return plant.Consumed{Order: order, Operation: "0010", Counter: 1, Material: material, Lot: lot, Quantity: plant.Of(1, "EA")}
	}
	happen := func(f plant.Fact) {
		p.Journal.Append(evidence.Truth{Event: plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}})
	}
	post := func(f plant.Fact) {
		if a := books.Handle(simulators.Ask{Claims: []plant.Event{{Fact: f}}}, func(simulators.Posting) {}); a.Rows[0].Refusal != nil {
			t.Fatal(a.Rows[0].Refusal)
		}
	}
	received := plant.Received{Order: "1", Counter: 1, Material: "SEMI", Lot: "S-1", Quantity: plant.Of(10, "EA")}
	for _, f := range []plant.Fact{use("1", "RAW", "R-1"), received, use("2", "SEMI", "S-1"), use("3", "SEMI", "S-1"), use("4", "RAW", "R-2")} {
		happen(f)
	}
	for _, f := range []plant.Fact{use("1", "RAW", "R-1"), received, use("2", "SEMI", "S-1"), use("4", "SEMI", "S-1")} {
		post(f)
	}
	if err := p.recall(scenarios.Action{Do: scenarios.DoRecall, As: "drill", Lot: "R-1"}); err != nil {
		t.Fatal(err)
	}
	records := p.Journal.Records()
	got := records[len(records)-1].Body.(evidence.Probe)
	for _, c := range []struct {
		what      string
		got, want []plant.LotID
	}{
		{"the books list", got.Lots, []plant.LotID{"S-1", "D-2", "D-4"}}, {"missed", got.Missed, []plant.LotID{"D-3"}}, {"extra", got.Extra, []plant.LotID{"D-4"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s %v, want %v", c.what, c.got, c.want)
		}
	}
	if got.Ref != "drill" || got.Keys.Lot != "R-1" {
		t.Errorf("probe %+v", got)
	}
	if err := (&Plan{}).recall(scenarios.Action{}); err == nil {
		t.Error("a rig without ERP answered")
	}
}
