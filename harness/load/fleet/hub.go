package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Hub is the side of one run that gives out its work.
type Hub struct {
	run  string
	conn *nats.Conn
	js   jetstream.JetStream
	last uint64 // place on the stream of the newest report that was handed on
}

// OpenHub joins the NATS server at url for a run. Clock is the run's time in ns.
// Each beat of an agent is answered by what heard returns; it is called from one
// goroutine.
func OpenHub(ctx context.Context, url, run string, clock func() int64, heard func(Beat) Order) (*Hub, error) {
	c, js, err := connect(url, "andon load "+run)
	if err != nil {
		return nil, err
	}
	h := &Hub{run: run, conn: c, js: js}
	if err := h.open(ctx, clock, heard); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *Hub) open(ctx context.Context, clock func() int64, heard func(Beat) Order) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := queue(ctx, h.js); err != nil {
		return err
	}
	_, err := h.js.CreateStream(ctx, jetstream.StreamConfig{Name: runStream(h.run), Subjects: []string{"andon-load.run." + h.run + ".report.>"}})
	if err != nil {
		return fmt.Errorf("make the stream of reports: %w", err)
	}
	if _, err := h.conn.Subscribe(clockSubject(h.run), tellClock(clock)); err != nil {
		return fmt.Errorf("tell the time: %w", err)
	}
	_, err = h.conn.Subscribe(beatSubject(h.run), func(m *nats.Msg) {
		var b Beat
		if json.Unmarshal(m.Data, &b) != nil {
			return // not an agent of ours
		}
		answer, _ := json.Marshal(heard(b)) // of numbers and texts
		_ = m.Respond(answer)               // who does not hear it asks again
	})
	if err != nil {
		return fmt.Errorf("listen to agents: %w", err)
	}
	return h.conn.Flush()
}

// Offer puts pieces of work on the queue.
func (h *Hub) Offer(ctx context.Context, works []json.RawMessage) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for i, w := range works {
		body, err := json.Marshal(Item{Protocol: Protocol, Run: h.run, Piece: i, Work: w})
		if err != nil {
			return fmt.Errorf("offer piece %d: %w", i, err)
		}
		if _, err := h.js.Publish(ctx, workSubject(h.run), body); err != nil {
			return fmt.Errorf("offer piece %d: %w", i, err)
		}
	}
	return nil
}

// Reports hands every report to take, until ctx ends.
func (h *Hub) Reports(ctx context.Context, take func(Report) error) error {
	c, err := h.js.OrderedConsumer(ctx, runStream(h.run), jetstream.OrderedConsumerConfig{})
	if err != nil {
		return fmt.Errorf("read reports: %w", err)
	}
	all, err := c.Messages()
	if err != nil {
		return fmt.Errorf("read reports: %w", err)
	}
	defer all.Stop()
	for {
		m, err := all.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("read reports: %w", err)
		}
		r, place, err := reportOf(m)
		if err != nil {
			return err
		}
		if place <= h.last {
			continue // the server began anew after a break
		}
		h.last = place
		if err := take(r); err != nil {
			return fmt.Errorf("report of piece %d, attempt %d: %w", r.Piece, r.Attempt, err)
		}
	}
}

func reportOf(m jetstream.Msg) (r Report, place uint64, err error) {
	parts := strings.Split(m.Subject(), ".")
	meta, err := m.Metadata()
	if err == nil && len(parts) == 7 {
		r.Kind, r.Body, place = parts[6], m.Data(), meta.Sequence.Stream
		r.Piece, err = strconv.Atoi(parts[4])
	}
	if err == nil && len(parts) == 7 {
		r.Attempt, err = strconv.Atoi(parts[5])
	}
	if err != nil || len(parts) != 7 {
		return r, 0, fmt.Errorf("read reports: what is on %s is none: %w", m.Subject(), err)
	}
	return r, place, nil
}

// Written is the place on the stream of the newest report there is.
func (h *Hub) Written(ctx context.Context) (uint64, error) {
	s, err := h.js.Stream(ctx, runStream(h.run))
	if err != nil {
		return 0, fmt.Errorf("look at the stream of reports: %w", err)
	}
	return s.CachedInfo().State.LastSeq, nil
}

// Close takes back what nobody has taken and removes the run's reports.
func (h *Hub) Close() error {
	defer h.conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	work, err := h.js.Stream(ctx, workStream)
	if err == nil {
		err = work.Purge(ctx, jetstream.WithPurgeSubject(workSubject(h.run)))
	}
	if err != nil {
		err = fmt.Errorf("take back pieces of work: %w", err)
	}
	if derr := h.js.DeleteStream(ctx, runStream(h.run)); derr != nil && !errors.Is(derr, jetstream.ErrStreamNotFound) {
		err = errors.Join(err, fmt.Errorf("remove the stream of reports: %w", derr))
	}
	return err
}
