// Package relay stands between the SUT and an address and can do to their
// connections what networks do: refuse, hold, thin out, cut and forget them.
// It works for anything that speaks TCP.
//
// It knows bytes and connections, no messages: what crosses is told it by a
// [chaos.Link], so that the journal can name the message a connection broke on.
//
// What it promises: a half-closed connection stays half-open, a reset arrives
// as a reset, one slow or dead far end delays nobody else, and no byte inside
// a stream is lost that TCP would not lose. A connection costs two goroutines
// and, while it is idle, no buffer.
package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// Config is what a relay is made of.
type Config struct {
	Name     string            // of the endpoint, as the journal has it
	Listen   string            // host:port; "" means 127.0.0.1:0
	Upstream string            // host:port it leads to
	Opened   chaos.Side        // who calls; "" means the SUT
	Seed     uint64            // of the run
	Journal  *evidence.Journal // nil writes nothing
	Riders   *chaos.Riders     // knows which message is on which connection; nil knows none
}

// dialTimeout is how long the far end may take to accept.
const dialTimeout = 10 * time.Second

// A Relay listens at one address and leads to another.
type Relay struct {
	config Config
	door   *door

	rev     atomic.Uint64 // changes whenever what is in force does
	minds   atomic.Bool   // somebody wants to know when connections were last used
	serving sync.WaitGroup

	mu      sync.Mutex    // guards what follows
	rules   []*armed      // in the order they were armed
	changed chan struct{} // closed and replaced when rev changes
	conns   map[*conn]struct{}
	byName  map[string]*conn // by how the far end knows them
	graves  []*net.TCPConn   // forgotten by the road; their callers must not be told
	opened  uint64
	closed  bool
}

var _ chaos.Conns = (*Relay)(nil)

// New binds the address at once, so that it can be handed out before anything
// is served. The caller calls Serve or Close.
func New(c Config) (*Relay, error) {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Opened == "" {
		c.Opened = chaos.BySUT
	}
	if c.Journal == nil {
		c.Journal = evidence.NewJournal(nil)
	}
	d, err := openDoor(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("relay to %s: %w", c.Upstream, err)
	}
	return &Relay{config: c, door: d, changed: make(chan struct{}), conns: map[*conn]struct{}{}, byName: map[string]*conn{}}, nil
}

// Addr is where it listens, as host:port. It stays the same while nobody is
// let in.
func (r *Relay) Addr() string { return r.door.addr }

// Serve relays until ctx is done, and returns when everything has ended.
func (r *Relay) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = r.Close() })
	defer stop()
	for {
		near, err := r.door.accept()
		if errors.Is(err, errShut) {
			break
		}
		if err != nil {
			_ = r.Close() // the first error counts
			r.serving.Wait()
			return fmt.Errorf("relay to %s: %w", r.config.Upstream, err)
		}
		r.receive(near)
	}
	r.serving.Wait()
	return nil
}

// Close ends every connection and frees the address.
func (r *Relay) Close() error {
	r.mu.Lock()
	r.closed = true
	conns, graves := r.list(), r.graves
	r.graves = nil
	for _, a := range r.rules {
		a.heal()
		if a.ear != nil {
			_ = a.ear.Close()
		}
	}
	r.mu.Unlock()
	r.door.shut()
	for _, c := range conns {
		c.end(false)
	}
	for _, g := range graves {
		bury(g)
	}
	return nil
}

// Connections is how many connections the caller holds open, as far as can be
// seen from here.
func (r *Relay) Connections() int {
	r.mu.Lock()
	conns := r.list()
	r.mu.Unlock()
	n := 0
	for _, c := range conns {
		if c.held() {
			n++
		}
	}
	return n
}

// list copies the connections; r.mu is held.
func (r *Relay) list() []*conn {
	list := make([]*conn, 0, len(r.conns))
	for c := range r.conns {
		list = append(list, c)
	}
	return list
}

// receive takes in a caller. Whatever takes time happens on its own.
func (r *Relay) receive(near *net.TCPConn) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		_ = near.Close()
		return
	}
	r.opened++
	c := &conn{r: r, n: r.opened, near: near, gone: make(chan struct{}), luck: map[*armed]*hit{}}
	r.conns[c] = struct{}{}
	r.serving.Add(1)
	r.mu.Unlock()
	go func() {
		defer r.serving.Done()
		c.run()
		r.mu.Lock()
		delete(r.conns, c)
		if c.known.Load() {
			delete(r.byName, c.name)
		}
		if r.queues() {
			close(r.changed) // somebody may be waiting for this place
			r.changed = make(chan struct{})
		}
		r.mu.Unlock()
		if c.known.Load() && r.config.Riders != nil {
			r.config.Riders.Forget(c.name)
		}
		r.door.left()
	}()
}

// queues reports whether callers may have to wait for others to leave; r.mu is
// held.
func (r *Relay) queues() bool {
	return slices.ContainsFunc(r.rules, func(a *armed) bool { return a.t.Door == chaos.DoorFull })
}

// register makes c known by the name the far end has for it.
func (r *Relay) register(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.name = c.far.LocalAddr().String()
	c.known.Store(true)
	r.byName[c.name] = c
}

// way is the direction of bytes from the caller, or to it.
func (r *Relay) way(fromNear bool) simulators.Direction {
	if fromNear == (r.config.Opened == chaos.BySUT) {
		return simulators.FromSUT
	}
	return simulators.ToSUT
}
