package scenarios

import (
	"testing"

	"github.com/andon-rig/andon/simulators"
)

// What a file says of a queue changes that, and nothing else.
func TestQueueIsChangedByLines(t *testing.T) {
	yes, no := true, false
	was := simulators.QueuePolicy{PerEntity: true, Attempts: 3, Stalled: true}
	for _, c := range []struct {
		says Queue
		want simulators.QueuePolicy
	}{
		{Queue{}, was},
		{Queue{Order: simulators.OrderNone}, simulators.QueuePolicy{Attempts: 3, Stalled: true}},
		{Queue{Attempts: 1, Failed: FailedBlocks}, simulators.QueuePolicy{PerEntity: true, Attempts: 1, Blocks: true, Stalled: true}},
		{Queue{Stalled: &no}, simulators.QueuePolicy{PerEntity: true, Attempts: 3}},
		{Queue{Stalled: &yes, Failed: FailedPassed}, was},
	} {
		if got := (&Policy{Queue: &c.says}).Apply(simulators.Policy{Queue: was}).Queue; got != c.want {
			t.Errorf("%+v makes %+v, want %+v", c.says, got, c.want)
		}
	}
	if err := (&Policy{Queue: &Queue{Attempts: -1}}).Check(); err == nil {
		t.Error("a number of attempts below 0 is taken")
	}
	if err := (&Policy{Queue: &Queue{Attempts: 3}}).Check(); err != nil {
		t.Error(err)
	}
}
