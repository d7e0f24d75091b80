package harness

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
)

func TestCuts(t *testing.T) {
	for name, tc := range map[string]struct {
		fault chaos.Fault
		want  bool
	}{
		"line cut until it is healed":      {&faults.NetworkLoss{}, true},
		"line cut that ends by itself":     {&faults.NetworkLoss{For: faults.Wall(time.Second)}, false},
		"outage until it is healed":        {&faults.Outage{}, true},
		"outage that ends by itself":       {&faults.Outage{For: faults.Wall(time.Second)}, false},
		"messages lost now and then":       {&faults.Lose{}, false},
		"replies lost, work done all same": {&faults.AmbiguousCommit{}, false},
	} {
		b, ok := tc.fault.(chaos.Blocker)
		if got := ok && b.Blocks(); got != tc.want {
			t.Errorf("%s: blocks = %v, want %v", name, got, tc.want)
		}
	}
}
