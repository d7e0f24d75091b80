package harness

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

// TestSnapshotsShowWhatWasTouched reads a real ERP's books: what something
// happened to is there, and nothing else.
func TestSnapshotsShowWhatWasTouched(t *testing.T) {
	m := plant.Master{
		Items: []plant.Item{{ID: "BOX", Unit: "EA"}, {ID: "PLATE", Unit: "KG", Lots: true}, {ID: "GLUE", Unit: "L"}},
		Lots:  []plant.Lot{{ID: "L-1", Material: "PLATE", Quantity: plant.Whole(100)}, {ID: "L-2", Material: "PLATE", Quantity: plant.Whole(7)}},
		Open:  []plant.Order{{ID: "4711", Item: "BOX", Quantity: plant.Of(10, "EA"), Operations: []plant.Operation{{ID: "0010"}}}, {ID: "4712", Item: "BOX", Quantity: plant.Of(1, "EA")}},
	}
	books := erp.New(m)
	p := &Plan{Journal: evidence.NewJournal(nil), Endpoints: []*endpoint.Endpoint{endpoint.New(endpoint.Config{Name: "erp", System: books})}}
	for i, f := range []plant.Fact{
		plant.Confirmed{Order: "4711", Operation: "0010", Counter: 1, Yield: plant.Of(4, "EA")},
		plant.Consumed{Order: "4711", Operation: "0010", Counter: 1, Material: "PLATE", Lot: "L-1", Quantity: plant.Of(3, "KG")},
		plant.Consumed{Order: "4711", Operation: "0010", Counter: 2, Material: "GLUE", Quantity: plant.Of(2, "L")},
		plant.LotHeld{Lot: "L-1", Material: "PLATE", Case: "Q-1"},
		plant.Confirmed{Order: "unheard of", Operation: "0010", Counter: 1},
	} {
		e := plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
		p.Journal.Append(evidence.Truth{Event: e, Sink: "erp"})
		if a := books.Handle(simulators.Ask{Claims: []plant.Event{e}}, func(simulators.Posting) {}); i < 4 && (a.Refusal != nil || a.Rows[0].Refusal != nil) {
			t.Fatalf("%s: %+v", e.ID, a)
		}
	}
	p.snapshots()
	records := p.Journal.Records()
	s, ok := records[len(records)-1].Body.(evidence.Snapshot)
	if !ok || s.Endpoint != "erp" || s.Left != 0 || len(s.Orders) != 1 || len(s.Stock) != 2 {
		t.Fatalf("got %+v", records[len(records)-1].Body)
	}
	if o := s.Orders[0]; o.Order != "4711" || o.Item != "BOX" || o.Confirmed["0010"].Yield != plant.Whole(4) || o.State != "Running" {
		t.Errorf("order %+v", o)
	}
	if l := s.Stock[0]; l.Lot != "L-1" || l.Quantity != plant.Whole(97) || l.Status != plant.LotBlocked {
		t.Errorf("lot %+v", l)
	}
	if l := s.Stock[1]; l.Material != "GLUE" || l.Lot != "" || l.Quantity != plant.Whole(-2) {
		t.Errorf("stock without lot %+v", l)
	}
}

func TestSnapshotsAreBounded(t *testing.T) {
	p := &Plan{Journal: evidence.NewJournal(nil), Endpoints: []*endpoint.Endpoint{endpoint.New(endpoint.Config{Name: "erp", System: erp.New(plant.Master{})})}}
	for i := range mostInSnapshot + 3 {
		p.Journal.Append(evidence.Truth{Event: plant.Event{Fact: plant.OrderCancelled{Order: plant.OrderID(plant.Whole(int64(i)).String())}}})
	}
	p.snapshots()
	records := p.Journal.Records()
	if s := records[len(records)-1].Body.(evidence.Snapshot); s.Left != 3 {
		t.Errorf("%d were left out", s.Left)
	}
}
