package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// events consumes what the systems announce from a NATS JetStream stream,
// through a durable consumer per system. A message is acknowledged when it is
// stored; until then the broker delivers it again.
type events struct {
	url   string
	inbox *inbox
	log   *slog.Logger
}

// stream is where the systems' events are kept, on subjects andon.<system>.<name>.
const stream = "ANDON"

// run consumes until ctx is done.
func (e *events) run(ctx context.Context) error {
	options := []nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond), nats.RetryOnFailedConnect(true)}
	if e.inbox.defect == M86 {
		options = append(options, nats.NoReconnect()) // DEFECT M86: a connection that was there stays there
	}
	conn, err := nats.Connect(e.url, options...)
	if err != nil {
		return fmt.Errorf("connect to events at %s: %w", e.url, err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return fmt.Errorf("use JetStream: %w", err)
	}
	done := make(chan error, 2)
	for _, from := range []string{"erp", "mes"} {
		go func() { done <- e.consume(ctx, js, from) }()
	}
	return errors.Join(<-done, <-done)
}

// consume takes one system's events in their order.
func (e *events) consume(ctx context.Context, js jetstream.JetStream, from string) error {
	for fails := 0; ctx.Err() == nil; {
		err := e.read(ctx, js, from)
		if ctx.Err() != nil {
			break
		}
		fails++
		e.log.Warn("consume events", "of", from, "error", err)
		sleep(ctx, backoff(fails))
	}
	return nil
}

func (e *events) read(ctx context.Context, js jetstream.JetStream, from string) error {
	// One unacknowledged event at a time: after a crash the broker waits until
	// the event that was under way has been taken again. With more it would
	// hand out later ones meanwhile, and an order's events would pass each
	// other.
	consumer, err := js.CreateOrUpdateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Durable: "bridge-" + from, FilterSubject: "andon." + from + ".>", AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Second,
		MaxAckPending: 1,
	})
	if err != nil {
		return fmt.Errorf("open consumer: %w", err)
	}
	delivered := recounted{}
	for ctx.Err() == nil {
		for e.inbox.full() && ctx.Err() == nil {
			sleep(ctx, idle)
		}
		if err := e.page(ctx, from, consumer, delivered); err != nil {
			return err // what was not acknowledged comes again
		}
	}
	return nil
}

// page waits for an event and takes it.
func (e *events) page(ctx context.Context, from string, consumer jetstream.Consumer, delivered recounted) error {
	waiting, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	first, err := consumer.Next(jetstream.FetchContext(waiting))
	switch {
	case err != nil && waiting.Err() != nil:
		return nil // nothing came
	case err != nil:
		return fmt.Errorf("fetch event: %w", err)
	}
	return e.take(ctx, from, []jetstream.Msg{first}, delivered)
}

// take stores events in one transaction and acknowledges them.
func (e *events) take(ctx context.Context, from string, all []jetstream.Msg, delivered recounted) error {
	var items []*item
	var bad []report
	for _, m := range all {
		name, event := strings.TrimPrefix(m.Subject(), "andon."+from+"."), m.Headers().Get("Andon-Event")
		got, err := e.inbox.open(from, name, event, m.Data())
		if err != nil { // there is nobody to refuse it to
			bad = append(bad, unreadable(name, event, err))
		}
		items = append(items, got...)
	}
	if e.inbox.defect == M55 {
		delivered.count(items)
	}
	if err := e.inbox.accept(ctx, items, func(w *writer) error { return w.reports(bad) }); err != nil {
		return err
	}
	e.inbox.teller.poke()
	for _, m := range all {
		if err := m.Ack(); err != nil {
			return fmt.Errorf("acknowledge event: %w", err)
		}
	}
	return nil
}
