package books_test

import (
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

func TestDesigns(t *testing.T) {
	nine := time.Date(2026, 3, 2, 9, 0, 0, 500, time.UTC)
	of := func(item plant.ItemID, pieces int64) plant.Bill {
		return plant.Bill{Item: item, For: plant.Of(pieces, "EA")}
	}
	bills := books.NewBills(plant.Master{Bills: []plant.Bill{of("B", 1), of("A", 1)}})
	if got := bills.IDs(); !slices.Equal(got, []plant.ItemID{"A", "B"}) {
		t.Errorf("items %v", got)
	}
	if !bills.Change("A", 2, of("A", 100), nine) {
		t.Error("a later version was not taken")
	}
	back := bills.Save("A")
	other := bills.Save("NEW")
	for _, c := range []struct {
		item    plant.ItemID
		version int
		want    bool
	}{{"A", 1, false}, {"A", 2, true}, {"A", 3, true}, {"NEW", 1, true}} {
		if got := bills.Change(c.item, c.version, of(c.item, 7), nine.Add(time.Hour)); got != c.want {
			t.Errorf("version %d of %s: taken is %t", c.version, c.item, got)
		}
	}
	back()
	other()
	if d, ok := bills.Of("A"); !ok || d.Version != 2 || d.Document.For != plant.Of(100, "EA") || !d.Changed.Equal(nine.Truncate(time.Second)) {
		t.Errorf("put back: %+v", d)
	}
	if _, ok := bills.Of("NEW"); ok {
		t.Error("what was not there is not gone")
	}
}
