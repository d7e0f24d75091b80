package plant

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const bulk ItemID = "SYRUP-BULK"

// TestTwoLevels: every finished lot goes back to bought lots through lots that
// were in stock when they were used, some through two of them, and what is used
// of a lot is no more than was made of it.
func TestTwoLevels(t *testing.T) {
	for seed := range uint64(12) {
		f := mustNew(t, Config{Profile: "process-batch", Seed: seed, Orders: 12, Open: -1})
		events := drain(f)
		if w := f.Waiting(); len(w) > 0 {
			t.Fatalf("seed %d: %v", seed, w)
		}
		item := map[OrderID]ItemID{}
		stock := map[LotID]Decimal{}
		parents := map[OrderID][]LotID{}
		for _, e := range events {
			switch f := e.Fact.(type) {
			case OrderReleased:
				item[f.Order.ID] = f.Order.Item
				if f.Order.Item == bulk && (f.Order.Quantity.Unit != "KG" || f.Order.Quantity.Amount != Whole(100)) {
					t.Fatalf("seed %d: order of %s", seed, f.Order.Quantity)
				}
			case Received:
				if f.Material == bulk {
					stock[f.Lot] += f.Quantity.Amount
				}
			case Consumed:
				if f.Material != bulk {
					break
				}
				parents[f.Order] = append(parents[f.Order], f.Lot)
				if stock[f.Lot] -= f.Quantity.Amount; stock[f.Lot] < 0 {
					t.Errorf("seed %d: %s takes what is not there", seed, e.ID)
				}
			}
		}
		several, bottled := 0, 0
		for id, made := range item {
			lots := parents[id]
			slices.Sort(lots)
			switch lots = slices.Compact(lots); {
			case made == bulk && len(lots) > 0:
				t.Errorf("seed %d: order %s makes bulk of bulk", seed, id)
			case made != bulk && len(lots) == 0:
				t.Errorf("seed %d: order %s fills bottles of nothing", seed, id)
			case made != bulk:
				bottled++
				if len(lots) > 1 {
					several++
				}
			}
		}
		if bottled != 8 || several == 0 {
			t.Errorf("seed %d: %d orders bottled, %d of them from several lots", seed, bottled, several)
		}
	}
}

func drain(f Floor) (events []Event) {
	for {
		if _, ok := f.Next(); !ok {
			return events
		}
		events = append(events, f.Advance(everything{})...)
	}
}

// TestNothingIsBottledBeforeItIsMade: a lot that is held back keeps those who
// need it waiting, and one that never comes is replaced from stock.
func TestNothingIsBottledBeforeItIsMade(t *testing.T) {
	begin := func() (Floor, OrderID, []Event) {
		f := mustNew(t, Config{Profile: "process-batch", Seed: 3, Orders: 2, Open: -1, Manual: true})
		events, err := f.Do(Action{Do: "release-orders", Count: 2})
		if err != nil {
			t.Fatal(err)
		}
		return f, events[0].Fact.(OrderReleased).Order.ID, events
	}
	f, _, events := begin()
	lot := events[0].Fact.(OrderReleased).Order.Lot
	if _, err := f.Do(Action{Do: "place-hold", Lot: lot}); err != nil {
		t.Fatal(err)
	}
	view := holding{lot}
	for {
		if _, ok := f.Next(); !ok {
			break
		}
		for _, e := range f.Advance(view) {
			if c, ok := e.Fact.(Consumed); ok && c.Material == bulk {
				t.Fatalf("%s although the lot is held", e.ID)
			}
		}
	}
	if w := f.Waiting(); len(w) == 0 {
		t.Error("nobody waits")
	}

	f, first, _ := begin()
	if _, err := f.Do(Action{Do: "cancel-order", Order: first}); err != nil {
		t.Fatal(err)
	}
	from := LotID("")
	for {
		if _, ok := f.Next(); !ok {
			break
		}
		for _, e := range f.Advance(without{first}) {
			if c, ok := e.Fact.(Consumed); ok && c.Material == bulk {
				from = c.Lot
			}
		}
	}
	if from == "" || from == lot || !strings.Contains(string(from), "9000") {
		t.Errorf("bottled from lot %q, want the one that is kept in reserve", from)
	}
}

// everything is the view of an MES that shows all as usable.
type everything struct{}

func (everything) Dispatched(OrderID) (int, bool)   { return 1, true }
func (everything) Quantity(OrderID) (Decimal, bool) { return 0, false }
func (everything) Usable(LotID) bool                { return true }

type holding struct{ lot LotID }

func (holding) Dispatched(OrderID) (int, bool)   { return 1, true }
func (holding) Quantity(OrderID) (Decimal, bool) { return 0, false }
func (h holding) Usable(id LotID) bool           { return id != h.lot }

type without struct{ order OrderID }

func (w without) Dispatched(id OrderID) (int, bool) { return 1, id != w.order }
func (without) Quantity(OrderID) (Decimal, bool)    { return 0, false }
func (without) Usable(LotID) bool                   { return true }

// TestAShipmentIsInTheUnitOfItsMaterial: not everything comes in pieces.
func TestAShipmentIsInTheUnitOfItsMaterial(t *testing.T) {
	f := mustNew(t, Config{Profile: "process-batch", Seed: 3, Orders: 1, Open: -1, Shift: 8 * time.Hour})
	lot := LotID("")
	for _, e := range drain(f) {
		if r, ok := e.Fact.(Received); ok {
			lot = r.Lot
		}
	}
	events, err := f.Do(Action{Do: "ship", Lot: lot, Quantity: One})
	if err != nil {
		t.Fatal(err)
	}
	if s := events[0].Fact.(Shipped); s.Quantity.Unit != "KG" {
		t.Errorf("shipped %s", s.Quantity)
	}
}
