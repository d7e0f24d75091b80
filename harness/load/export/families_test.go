package export

import (
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/load"
)

// TestTheBoundOfClocks: it is there with agents only.
func TestTheBoundOfClocks(t *testing.T) {
	bound := func(f load.Figures) []point {
		all := families(f)
		i := slices.IndexFunc(all, func(x family) bool { return x.prometheus == "andon_load_clock_bound_seconds" })
		if i < 0 {
			return nil
		}
		return all[i].points
	}
	if got := bound(load.Figures{}); got != nil {
		t.Errorf("of one clock: %v", got)
	}
	if got := bound(load.Figures{Bound: 67 * time.Microsecond}); len(got) != 1 || got[0].value != 67e-6 {
		t.Errorf("of several: %v", got)
	}
}
