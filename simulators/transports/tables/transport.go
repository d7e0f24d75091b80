// Package tables moves messages as rows of staging tables in a database: what
// the system announces is inserted for the SUT, which says in the row how far
// it is; what the SUT inserts is taken up by an import job that polls, and
// columns of the row say later what became of it.
//
// It knows neither dialects nor faults. What a fault wants done to a row is a
// [simulators.Mishap] of the message.
package tables

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// Config is what a transport is made of.
type Config struct {
	Tables []simulators.Table
	// URL of a database of the user's own, postgres://…, in which a schema is
	// made; "" makes an embedded one below Folder.
	URL, Folder string
	Poll        time.Duration // between looks into the tables; 0 means 10 ms
	Log         *slog.Logger  // nil discards
}

const (
	defaultPoll = 10 * time.Millisecond
	grace       = 2 * time.Second        // for what is under way when Serve is told to end
	patience    = 250 * time.Millisecond // with one import before the next begins
	limit       = 10 * time.Second       // of one statement
)

// Transport is a simulators.Transport over tables.
type Transport struct {
	config   Config
	db       *database
	serving  atomic.Bool
	stopping chan struct{} // closed when Serve is told to end
	imports  sync.WaitGroup
	mishaps  sync.WaitGroup // rows that are still to come, locks that are held

	embrace sync.Mutex // held by who makes a deadlock

	mu     sync.Mutex // guards what follows
	number map[string]int64
	kept   map[string]map[int64]*kept // rows before the SUT, by table and id
	taking map[string]bool            // what is being imported, by table and id
	shut   bool
}

// kept is a row that the SUT has not dealt with.
type kept struct {
	m    simulators.Message
	told func(simulators.Result)
}

var _ simulators.Keeper = (*Transport)(nil)

// New makes the tables. The database is there until Close.
func New(ctx context.Context, c Config) (*Transport, error) {
	if len(c.Tables) == 0 {
		return nil, errors.New("tables: there is none")
	}
	if c.Poll <= 0 {
		c.Poll = defaultPoll
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	db, err := open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if _, err := db.ExecContext(ctx, ddl(c.Tables, db.flavour, false)); err != nil {
		return nil, errors.Join(fmt.Errorf("make tables: %w", err), db.close())
	}
	return &Transport{config: c, db: db, stopping: make(chan struct{}), number: map[string]int64{}, kept: map[string]map[int64]*kept{}, taking: map[string]bool{}}, nil
}

// URL is where the SUT finds the database.
func (t *Transport) URL() string { return t.db.url }

// Close ends the sessions, and takes the tables away if they are in a database
// of the user's own. Call it after Serve has returned.
func (t *Transport) Close() error { return t.db.close() }

// Serve implements [simulators.Transport]. It can be called once. When ctx is
// done it takes nothing new, gives what is under way two seconds, and returns
// when everything it started has ended.
func (t *Transport) Serve(ctx context.Context, receive simulators.Receiver) error {
	if t.serving.Swap(true) {
		return errors.New("serve tables: this transport has been served before")
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	within := func(m simulators.Message) (simulators.Message, error) { return receive(base, m) }
	tick := time.NewTicker(t.config.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := t.look(ctx, within); err != nil && ctx.Err() == nil {
			t.config.Log.Error("look into the tables", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	t.stop(cancel)
	return nil
}

// stop ends what is under way.
func (t *Transport) stop(cancel context.CancelFunc) {
	t.mu.Lock()
	t.shut = true
	t.mu.Unlock()
	close(t.stopping)
	ended := make(chan struct{})
	go func() {
		t.imports.Wait()
		t.mishaps.Wait()
		close(ended)
	}()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		cancel()
	}
	<-ended
	ctx, done := context.WithTimeout(context.Background(), limit)
	defer done()
	if err := t.taken(ctx); err != nil {
		t.config.Log.Error("look into the tables", "error", err)
	}
}

// look goes through the tables once.
func (t *Transport) look(ctx context.Context, receive receiver) error {
	if err := t.taken(ctx); err != nil {
		return err
	}
	groups, err := t.arrived(ctx)
	for _, g := range groups {
		if ctx.Err() != nil {
			return nil
		}
		t.next(ctx, g, receive)
	}
	return err
}

type receiver = func(simulators.Message) (simulators.Message, error)

// next imports one message and waits for it, though not for ever: an import
// that hangs holds up nobody else's.
func (t *Transport) next(ctx context.Context, g group, receive receiver) {
	if !t.begin(g) {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer t.imports.Done()
		if err := t.take(g, receive); err != nil {
			t.config.Log.Error("import rows", "table", g.table.Name, "error", err)
		}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// begin notes that rows are being imported; false if some are already, or if
// nothing is taken any more.
func (t *Transport) begin(g group) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shut {
		return false
	}
	for _, k := range g.keys() {
		if t.taking[k] {
			return false
		}
	}
	for _, k := range g.keys() {
		t.taking[k] = true
	}
	t.imports.Add(1)
	return true
}

// silence lasts for d or until serving ends, which it reports as false.
func (t *Transport) silence(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.stopping:
		return false
	}
}
