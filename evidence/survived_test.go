package evidence

import (
	"testing"
	"time"
)

// TestSurvived: a SUT that was told to stop still hears answers, and forgets
// them when it ends, at a moment that nobody notes.
func TestSurvived(t *testing.T) {
	at := func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }
	h := NewHistory([]Record{
		{Seq: 1, Body: Begin{}},
		{Seq: 2, At: at(10), Body: Step{Name: "sut.start"}},
		{Seq: 3, At: at(100), Body: Step{Name: "sut.pause"}},
		{Seq: 4, At: at(200), Body: Step{Name: "sut.stop"}},
		{Seq: 5, At: at(300), Body: Step{Name: "sut.start"}},
		{Seq: 6, At: at(400), Body: Step{Name: "sut.exit"}},
		{Seq: 7, At: at(500), Body: End{Quiet: true}},
	})
	for _, c := range []struct {
		from, to int
		want     bool
	}{
		{20, 190, true}, {20, 210, false}, {210, 290, false}, {290, 310, false}, {310, 390, true}, {310, 410, false}, {410, 450, false},
	} {
		if got := h.Survived(at(c.from), at(c.to)); got != c.want {
			t.Errorf("from %d to %d: %t, want %t", c.from, c.to, got, c.want)
		}
	}
}
