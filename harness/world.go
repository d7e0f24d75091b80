package harness

import (
	"context"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/simulators"
)

// A World stands in for the machine that a rig runs on: its network, its
// processes and the order in which things happen on it. With one, a whole run
// fits into memory and repeats exactly; see package memory.
type World interface {
	// Transport moves the messages of an endpoint, or of the worklist
	// "exceptions".
	Transport(endpoint string) simulators.Transport
	// Driver runs the SUT.
	Driver() sut.Driver
	// Turn returns at an instant at which nobody but the caller acts. Actors
	// are "plant" and, for what they announce, the endpoints.
	Turn(actor string)
}

// turns has an endpoint announce only when it is its turn.
type turns struct {
	simulators.Line
	world    World
	endpoint string
}

// Carry implements [simulators.Line].
func (t turns) Carry(ctx context.Context, m simulators.Message, dir simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	if dir == simulators.ToSUT && !m.Kept { // what is kept is the plant's own doing
		t.world.Turn(t.endpoint)
	}
	return t.Line.Carry(ctx, m, dir, far)
}
