package evidence

import (
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestWhatNobodyHasDated: of a fact that was only ever told by what a message
// lacked, a claim may say any instant, and nothing else than what happened.
func TestWhatNobodyHasDated(t *testing.T) {
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		absent, told bool
		undated      bool
		want         []string // fields that differ
	}{
		"told by its absence": {true, false, true, []string{"revision"}},
		"told plainly":        {false, true, false, []string{"revision", "time"}},
		"told in both ways":   {true, true, false, []string{"revision", "time"}},
	} {
		b := newBook()
		gone := plant.Event{ID: "gone", At: at, Fact: plant.ItemChanged{Version: 2, Item: plant.Item{ID: "A", Unit: "EA", Revision: "C", Retired: true}}}
		b.add(Truth{Event: gone, Source: "erp", Sink: "mes"})
		if c.absent {
			b.id++
			b.add(Offer{ID: b.id, Endpoint: "erp", Facts: []plant.EventID{"other", gone.ID}, Absent: []plant.EventID{gone.ID}, Attempt: 1, Start: b.now(), End: b.now() + 1, Result: simulators.Result{Outcome: simulators.Accepted}})
		}
		if c.told {
			b.offer(gone, simulators.Accepted)
		}
		h := b.history()
		f := h.Fact(gone.ID)
		if f.Undated != c.undated || f.Status != Must {
			t.Errorf("%s: undated %t, %s", name, f.Undated, f.Status)
		}
		var fields []string
		claim := plant.Event{ID: gone.ID, At: at.Add(time.Hour), Fact: plant.ItemChanged{Version: 2, Item: plant.Item{ID: "A", Unit: "EA", Revision: "D", Retired: true}}}
		for _, d := range f.Compare(NewMeasure(h), claim) {
			fields = append(fields, d.Field)
		}
		if slices.Sort(fields); !slices.Equal(fields, c.want) {
			t.Errorf("%s: a claim of another time and state differs in %q, want %q", name, fields, c.want)
		}
	}
}
