package mes_test

import (
	"testing"

	"github.com/andon-rig/andon/simulators/plant"
)

// TestReversalsAreNoticed: what is taken back has never been, and is announced.
func TestReversalsAreNoticed(t *testing.T) {
	for _, f := range []plant.Fact{
		plant.Confirmed{Order: "4711", Operation: "0020", Counter: 1, Yield: plant.Of(2, "BOX"), Scrap: plant.Of(1, "EA"), Rework: plant.Of(1, "EA"), Final: true},
		plant.Consumed{Order: "4711", Operation: "0010", Counter: 1, Material: "STEEL", Lot: "S-1", Quantity: plant.Of(3, "KG")},
		plant.Scrapped{Order: "4711", Operation: "0010", Counter: 1, Material: "STEEL", Lot: "S-1", Quantity: plant.Of(3, "KG")},
		plant.Scrapped{Order: "4711", Operation: "0010", Counter: 1, Material: "PUMP", Quantity: plant.Of(3, "EA")},
		plant.Received{Order: "4711", Counter: 1, Material: "PUMP", Lot: "P-4711", Quantity: plant.Of(3, "EA")},
	} {
		m := newMES()
		m.Notice(event(plant.Confirmed{Order: "4711", Operation: "0010", Counter: 1, Yield: plant.Of(1, "EA")}))
		before := dump(m)
		m.Notice(event(f))
		if dump(m) == before {
			t.Fatalf("%T changed nothing", f)
		}
		if got := m.Notice(event(plant.Reversed{Original: event(f)})); len(got) != 1 {
			t.Errorf("%T: the reversal was announced as %v", f, got)
		}
		if after := dump(m); after != before {
			t.Errorf("%T: books were\n%s\nand are\n%s", f, before, after)
		}
	}
}
