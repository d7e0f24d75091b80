package chaos_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestAStrikeAboutOthersLeavesThemAsTheyAre: a message that one fault has
// spoilt brings others with it through a second one. Those are not spoilt.
func TestAStrikeAboutOthersLeavesThemAsTheyAre(t *testing.T) {
	l := newLink("mes")
	spoilt, old := confirmation("4711", 2), confirmation("4711", 1)
	for _, e := range []plant.Event{old, spoilt} {
		l.Ordinals.Add(e.Fact)
	}
	l.Arm(&chaos.Rule{ID: "spoil", Kind: "spoil", Fault: fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
		d.Invalid, d.What = true, "spoilt"
		return []chaos.Delivery{d}
	})})
	l.Arm(&chaos.Rule{ID: "bring", Kind: "bring", Fault: fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
		brought := d
		brought.Message = about("confirmations", old)
		d.About, d.What = []plant.Event{old}, "with it an old one"
		return []chaos.Delivery{d, brought}
	})})
	if _, err := l.Carry(t.Context(), about("confirmations", spoilt), simulators.ToSUT, applied); err != nil {
		t.Fatal(err)
	}
	l.Wait()
	ds := strikes(l.Journal)
	if len(ds) != 2 {
		t.Fatalf("%d strikes: %+v", len(ds), ds)
	}
	if !ds[0].Invalid || !slices.Equal(ds[0].Facts, []plant.EventID{spoilt.ID}) {
		t.Errorf("the spoilt one: %+v", ds[0])
	}
	if ds[1].Invalid || ds[1].Garbled || ds[1].Told != nil || !slices.Equal(ds[1].Facts, []plant.EventID{old.ID}) {
		t.Errorf("the one it brought: %+v", ds[1])
	}
}
