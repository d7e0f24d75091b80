package fleet

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// A Clock is another's clock as it is known here: when, on ours, it stood at 0,
// and by how much that may be wrong. It is measured as NTP does it: the other is
// asked for its time, and it was read somewhere between question and answer.
type Clock struct {
	Zero  time.Time
	Bound time.Duration
}

// rounds is how often a clock is asked. The quickest answer has the least bound.
const rounds = 48

// now is the time here, with Go's monotonic clock in it.
type now func() time.Time

// measure asks for the other's time, in ns, several times.
func measure(now now, ask func() (int64, error)) (Clock, error) {
	var best Clock
	for i := range rounds {
		before := now()
		told, err := ask()
		if err != nil {
			return best, err
		}
		trip := now().Sub(before)
		if bound := (trip + 1) / 2; i == 0 || bound < best.Bound {
			best = Clock{Zero: before.Add(trip/2 - time.Duration(told)), Bound: bound}
		}
	}
	return best, nil
}

// Against is the bound of c once its clock was measured a second time: it holds
// for all of the time between, if both clocks drift evenly.
func (c Clock) Against(later Clock) time.Duration {
	return max(c.Bound, later.Zero.Sub(c.Zero).Abs()+later.Bound)
}

// askClock asks a run's hub for its time.
func askClock(ctx context.Context, c *nats.Conn, run string) func() (int64, error) {
	return func() (int64, error) {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		m, err := c.RequestWithContext(ctx, clockSubject(run), nil)
		if err != nil {
			return 0, fmt.Errorf("ask for the time of run %s: %w", run, err)
		}
		if len(m.Data) != 8 {
			return 0, fmt.Errorf("ask for the time of run %s: the answer has %d bytes, not 8", run, len(m.Data))
		}
		return int64(binary.LittleEndian.Uint64(m.Data)), nil
	}
}

// tellClock answers with the time, as late as can be.
func tellClock(clock func() int64) nats.MsgHandler {
	return func(m *nats.Msg) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(clock()))
		_ = m.Respond(b[:]) // who does not hear it asks again
	}
}
