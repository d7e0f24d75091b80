package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// An Agent takes pieces of work, one at a time.
type Agent struct {
	URL  string // of the NATS server
	Name string // host/pid, or what else tells it from others
	// Do carries a piece out. An error says that this agent cannot; before the
	// start, another agent is asked then.
	Do  func(ctx context.Context, t *Task) error
	Log *slog.Logger // nil discards
}

// ErrOver says that a piece is not this agent's any more.
var ErrOver = errors.New("the run is over, or the piece is another's")

// Run takes pieces until ctx ends. It is an error if the server cannot be
// reached at first; later it is waited for.
func (a *Agent) Run(ctx context.Context) error {
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	conn, js, err := connect(a.URL, "andon agent "+a.Name)
	if err != nil {
		return err
	}
	defer conn.Close()
	opening, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	work, err := queue(opening, js)
	if err != nil {
		return err
	}
	a.Log.Info("joined", "at", clean(a.URL), "agent", a.Name)
	for ctx.Err() == nil {
		waiting, done := context.WithTimeout(ctx, 5*time.Second)
		m, err := work.Next(jetstream.FetchContext(waiting))
		idle := waiting.Err() != nil
		done()
		if err != nil {
			if conn.IsClosed() {
				return fmt.Errorf("NATS at %s does not let this agent in any more: %w", clean(a.URL), cmp.Or(conn.LastError(), err))
			}
			if !idle {
				a.Log.Warn("wait for work", "error", err)
				pause(ctx, time.Second)
			}
			continue
		}
		a.take(ctx, conn, js, m)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// take does one piece.
func (a *Agent) take(ctx context.Context, conn *nats.Conn, js jetstream.JetStream, m jetstream.Msg) {
	var item Item
	meta, err := m.Metadata()
	if err != nil || json.Unmarshal(m.Data(), &item) != nil || item.Protocol != Protocol {
		a.Log.Warn("what is on the queue is no work of this version; another agent may know it", "protocol", item.Protocol)
		_ = m.NakWithDelay(time.Second)
		return
	}
	t := &Task{Item: item, Attempt: int(meta.NumDelivered), agent: a, conn: conn, js: js, msg: m}
	log := a.Log.With("run", item.Run, "piece", item.Piece, "attempt", t.Attempt)
	log.Info("took")
	switch err = t.do(ctx); {
	case err == nil:
		log.Info("done")
	case errors.Is(err, ErrOver), errors.Is(err, nats.ErrNoResponders):
		log.Warn("let go", "why", err)
		_ = m.Term()
	case ctx.Err() != nil: // we are ending: another may have it
		_ = m.Nak()
	default:
		log.Error("unable", "why", err)
		_ = m.NakWithDelay(time.Second)
		pause(ctx, 2*time.Second) // others first
	}
}

// A Task is a piece of work while an agent does it.
type Task struct {
	Item
	Attempt int
	Clock   Clock // the hub's

	agent *Agent
	conn  *nats.Conn
	js    jetstream.JetStream
	msg   jetstream.Msg

	mu       sync.Mutex // guards what follows
	state    State
	order    Order
	progress func() any
	told     chan struct{} // closed when the start is known
}

// do measures the hub's clock, has the piece done while beating, and
// acknowledges it.
func (t *Task) do(ctx context.Context) (err error) {
	if t.Clock, err = measure(time.Now, askClock(ctx, t.conn, t.Run)); err != nil {
		return err
	}
	t.told = make(chan struct{})
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t.beats(ctx, cancel)
	}()
	err = t.agent.Do(ctx, t)
	if why := context.Cause(ctx); errors.Is(why, ErrOver) {
		err = why
	}
	if err != nil && !errors.Is(err, ErrOver) {
		_, _ = t.beat(context.WithoutCancel(ctx), Unable, err.Error()) // it may have been the way there
	}
	cancel(nil)
	<-ended
	if err != nil {
		return err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer done()
	_ = t.msg.DoubleAck(ctx) // the hub has all reports; to whom it came again would be told that it is done
	return nil
}

// Await says that all is prepared, and returns what to do when the start is
// known. What progress returns goes with every beat from now on.
func (t *Task) Await(ctx context.Context, progress func() any) (Order, error) {
	t.mu.Lock()
	t.state, t.progress = Ready, progress
	t.mu.Unlock()
	select {
	case <-t.told:
	case <-ctx.Done():
		return Order{}, context.Cause(ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state = Working
	return t.order, nil
}

// Bound measures the hub's clock again and returns the bound of [Task.Clock] for
// all the time since. Without an answer it is as it was.
func (t *Task) Bound(ctx context.Context) time.Duration {
	later, err := measure(time.Now, askClock(ctx, t.conn, t.Run))
	if err != nil {
		return t.Clock.Bound
	}
	return t.Clock.Against(later)
}

// Report says something that came of the piece; it is on the stream when Report
// returns.
func (t *Task) Report(ctx context.Context, kind string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := t.js.Publish(ctx, reportSubject(t.Run, t.Piece, t.Attempt, kind), body); err != nil {
		return fmt.Errorf("report %s: %w", kind, err)
	}
	return nil
}

// beats shows that the agent lives until ctx ends, or ends it when the hub says
// so or has not been heard for two leases.
func (t *Task) beats(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for heard := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = t.msg.InProgress() // the queue goes by what comes at all
		t.mu.Lock()
		state := t.state
		t.mu.Unlock()
		if state == "" {
			continue // still preparing
		}
		o, err := t.beat(ctx, state, "")
		switch {
		case err == nil && o.Stop != "":
			stop(fmt.Errorf("%w: %s", ErrOver, o.Stop))
			return
		case err == nil:
			heard = time.Now()
			t.hear(o)
		case time.Since(heard) > 2*Lease:
			stop(fmt.Errorf("%w: nothing was heard of it for %s", ErrOver, 2*Lease))
			return
		}
	}
}

func (t *Task) hear(o Order) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.Start != 0 && t.order.Start == 0 {
		t.order = o
		close(t.told)
	}
}

func (t *Task) beat(ctx context.Context, s State, why string) (o Order, err error) {
	b := Beat{Agent: t.agent.Name, Piece: t.Piece, Attempt: t.Attempt, State: s, Why: why, Bound: t.Clock.Bound}
	t.mu.Lock()
	progress := t.progress
	t.mu.Unlock()
	if progress != nil {
		if b.Progress, err = json.Marshal(progress()); err != nil {
			return o, fmt.Errorf("word progress: %w", err)
		}
	}
	body, err := json.Marshal(b)
	if err != nil {
		return o, fmt.Errorf("word a beat: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	m, err := t.conn.RequestWithContext(ctx, beatSubject(t.Run), body)
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(m.Data, &o)
}
