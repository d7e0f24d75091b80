// Package bridge is a reference integration between an ERP, whatever dialect it
// speaks, and a MES: what one announces is posted to the other exactly once, in
// sequence per order, whatever the network, the systems or a kill -9 do.
//
// It is a program of its own that knows the wire formats and nothing else of
// this module. For testing those who should notice, one of the mistakes in
// defects.go can be planted in it.
package bridge

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Main runs the bridge as a program and returns its exit code: 0 after it was
// told to stop, 1 if it could not go on, 2 if it was set up wrongly.
func Main(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) int {
	c, err := readConfig(args, env, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp), errors.Is(err, errListed):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "bridge: %v\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(stderr, nil))
	if err := Run(ctx, c, log, func(addr string) { log.Info("ready", "listen", addr, "defect", c.Defect) }); err != nil {
		fmt.Fprintf(stderr, "bridge: %v\n", err)
		return 1
	}
	return 0
}

// Run is the bridge: it takes messages into the inbox, delivers them from the
// outboxes and reports exceptions until ctx is done. Then it finishes what is
// under way and leaves the rest in the store. Ready is told where it listens.
func Run(ctx context.Context, c Config, log *slog.Logger, ready func(addr string)) (err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen for webhooks: %w", err)
	}
	way := &standby{}
	door := newDoor(way, log)
	served := make(chan error, 1)
	go func() { served <- door.server.Serve(listener) }()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- work(ctx, c, log, way, door, func() { ready(listener.Addr().String()) }) }()
	select {
	case err = <-served:
		if errors.Is(err, http.ErrServerClosed) {
			err = nil // by the work, which is about to be over
		}
		cancel()
		return errors.Join(err, <-over)
	case err = <-over:
		return errors.Join(err, door.close(ctx))
	}
}

// work is the bridge behind its door. It waits until no other instance works
// with the same store, and then works until ctx is done.
func work(ctx context.Context, c Config, log *slog.Logger, way *standby, door *door, ready func()) (err error) {
	if c.Defect != M65 { // DEFECT M65: nobody asks whether somebody else works here
		lease, err := takeLease(ctx, c.StateDir, func() { way.waits.Store(true) })
		if err != nil {
			if ctx.Err() != nil {
				return nil // told to stop while it stood by
			}
			return err
		}
		defer func() { err = errors.Join(err, lease.close()) }()
	}
	store, err := openStore(ctx, c.StateDir, c.Sync)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.close()) }() // after it nobody works with the store, and the lease may go
	b := assemble(c, store, log)
	if err := b.recover(ctx); err != nil {
		return err
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel() // before the wait
	for _, c := range b.couriers {
		wg.Go(func() { c.run(ctx) })
	}
	wg.Go(func() { b.teller.run(ctx) })
	if c.Defect == M87 {
		wg.Go(func() { reopenLog(ctx, c.StateDir) })
	}
	wg.Go(func() { (&gaps{inbox: b.inbox}).run(ctx) })
	if b.inbox.flawed != nil {
		wg.Go(func() { b.inbox.flawed.run(ctx) })
	}
	sources := make(chan error, len(b.sources))
	for _, s := range b.sources {
		wg.Go(func() { sources <- s(ctx) })
	}

	b.inbox.ready.Store(true)
	handler := b.inbox.handler()
	way.active.Store(&handler)
	ready()
	select {
	case <-ctx.Done():
	case err = <-sources:
	}
	return errors.Join(err, door.close(ctx)) // what has begun is answered while the store is open
}

// door is where webhooks come in.
type door struct {
	server *http.Server
	unused sync.Map // connections on which nothing has been said
	shut   atomic.Bool
}

func newDoor(h http.Handler, log *slog.Logger) *door {
	d := &door{server: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}}
	d.server.ConnState = func(c net.Conn, s http.ConnState) {
		if s != http.StateNew {
			d.unused.Delete(c)
			return
		}
		d.unused.Store(c, nil)
		if d.shut.Load() { // it came between the two steps of close
			_ = c.Close()
		}
	}
	return d
}

// close answers webhooks that have begun; then nothing new can come.
func (d *door) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	d.shut.Store(true)
	d.unused.Range(func(c, _ any) bool { // a shutdown would wait seconds for these
		_ = c.(net.Conn).Close()
		return true
	})
	if err := d.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("finish webhooks: %w", err), d.server.Close())
	}
	return nil
}

// bridge is its parts, joined.
type bridge struct {
	store    *store
	inbox    *inbox
	holds    *holds
	outbox   map[string]*outbox
	couriers []*courier
	teller   *teller
	sources  []func(context.Context) error // of messages, besides webhooks
}

func assemble(c Config, s *store, log *slog.Logger) *bridge {
	h := newHolds(c.Defect)
	erp, mes := c.sides()
	var u *units
	if d, ok := erp.(dictionary); ok && c.Units == "base" {
		u = &units{erp: d, known: map[string]unitTable{}}
	}
	b := &bridge{store: s, holds: h, outbox: map[string]*outbox{"erp": newOutbox(c, h), "mes": newOutbox(c, h)}}
	b.teller = &teller{store: s, url: c.Exceptions, client: &http.Client{}, limit: c.Timeout, log: log, wake: make(chan struct{}, 1)}
	for name, to := range map[string]side{"erp": erp, "mes": mes} {
		b.couriers = append(b.couriers, &courier{name: name, to: to, next: c.nextSide(to), outbox: b.outbox[name], store: s, holds: h, units: u,
			teller: b.teller, wrongly: newMisreversal(c.Defect), attempts: c.Attempts, defect: c.Defect, log: log})
	}
	b.inbox = &inbox{store: s, outbox: b.outbox, holds: h, units: u, teller: b.teller, backlog: c.Backlog, limit: c.Timeout, log: log, defect: c.Defect,
		documents: map[string]func([]byte) (string, []byte, error){}}
	if c.Dialect == dialectB2MML {
		b.inbox.documents[bodName] = func(body []byte) (string, []byte, error) { return messageOf(body, c.Envelope) }
	}
	if e, ok := erp.(*sapSide); ok {
		e.store = s
	}
	if m, ok := erp.(*messageSide); ok {
		m.store, m.ranks.store, b.inbox.readOn = s, s, m.readOn
		b.sources = append(b.sources, func(ctx context.Context) error { return m.requeued(ctx, b.teller, log) })
	}
	if s, ok := erp.(*ionSide); ok {
		b.inbox.ion = s
		b.outbox["mes"].unordered = true
		if s.bus {
			b.teller.bus, b.teller.outbox = s, b.outbox["erp"]
		}
	}
	if s, ok := erp.(*sapSide); ok {
		b.inbox.named, b.inbox.documents[idocName] = s.announced, newIDocReader(c).message
	}
	b.inbox.flawed = flaw(b.inbox, c.Defect)
	if from, ok := erp.(lister); ok && c.Master == "lists" {
		b.sources = append(b.sources, (&lists{name: "erp", from: from, inbox: b.inbox, page: c.Page, defect: c.Defect, log: log}).run)
	}
	for name, from := range map[string]side{"erp": erp, "mes": mes} {
		if src, ok := from.(source); ok {
			b.sources = append(b.sources, func(ctx context.Context) error { return src.fetch(ctx, b.inbox) })
		} else if n, ok := from.(neutralSide); ok && c.Feed {
			b.sources = append(b.sources, (&feed{n.system, b.inbox, log.With("of", name)}).run)
		}
	}
	if c.MQTT != "" {
		b.sources = append(b.sources, (&subscriber{c.MQTT, b.inbox, log, c.Defect, recounted{}}).run)
	}
	if c.Events != "" {
		b.sources = append(b.sources, (&events{c.Events, b.inbox, log}).run)
	}
	return b
}

// recover reads back what an earlier run has left: first which lots are held,
// then what is still to be delivered.
func (b *bridge) recover(ctx context.Context) error {
	if err := b.store.openCases(ctx, b.holds.open); err != nil {
		return fmt.Errorf("recover holds: %w", err)
	}
	phase, boundary, err := b.store.cutover(ctx)
	if err != nil {
		return fmt.Errorf("recover cutover: %w", err)
	}
	b.outbox["erp"].cutOver(phase, boundary)
	err = b.store.pending(ctx, func(it *item) {
		if o := b.outbox[it.to]; o != nil {
			o.add(it)
		}
	})
	if err != nil {
		return fmt.Errorf("recover outbox: %w", err)
	}
	return nil
}
