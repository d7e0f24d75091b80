package relay

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
)

// conn is one caller and the connection made for it.
type conn struct {
	r    *Relay
	n    uint64 // the n-th of this road, from 1
	near *net.TCPConn
	far  *net.TCPConn // nil until it is there
	name string       // how the far end knows it, once known is true

	gone    chan struct{} // closed when it has ended
	once    sync.Once
	known   atomic.Bool
	dead    atomic.Bool   // the road has forgotten it
	used    atomic.Int64  // when bytes last moved, if the relay minds; Unix nanoseconds
	turn    atomic.Uint64 // goes up when bytes come from the caller after some went to it
	heard   atomic.Uint64 // turn when bytes last went to the caller
	said    atomic.Bool   // bytes have come from the caller
	shut    atomic.Bool   // the caller will send no more
	holding atomic.Int32  // pumps that hold bytes back instead of reading

	late atomic.Pointer[hit] // held back what was last sent to the SUT; it may have gone meanwhile
	sent atomic.Bool         // that has been sent on

	mu      sync.Mutex      // guards what follows
	luck    map[*armed]*hit // of rules that were asked about; nil for those that do not strike
	touched []*hit          // by message
	pumps   [2]*pump
}

// run takes c from its accepting to its end.
func (c *conn) run() {
	c.used.Store(time.Now().UnixNano())
	if !c.enter() {
		return
	}
	ctx, stop := c.lasting()
	far, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", c.r.config.Upstream)
	stop()
	if err != nil {
		c.end(true) // the nearest there is to being refused
		return
	}
	c.relay(far.(*net.TCPConn))
}

// lasting returns a context that is done when c has ended; stop releases it.
func (c *conn) lasting() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-c.gone:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() { cancel(); wg.Wait() }
}

// relay moves bytes both ways until both have ended.
func (c *conn) relay(far *net.TCPConn) {
	c.mu.Lock()
	c.far = far
	forth := &pump{c: c, from: c.near, to: far, near: true, dir: c.r.way(true)}
	back := &pump{c: c, from: far, to: c.near, dir: c.r.way(false)}
	c.pumps = [2]*pump{forth, back}
	c.mu.Unlock()
	c.r.register(c)
	if c.over() { // before far was known to it
		_ = far.Close()
		return
	}
	var wg sync.WaitGroup
	wg.Go(back.run)
	forth.run()
	wg.Wait()
	if !c.dead.Load() {
		c.end(false)
	}
}

// enter lets c meet what is at the door; false if it does not get in.
func (c *conn) enter() bool {
	for {
		rev := c.r.rev.Load()
		wait := false
		for _, h := range c.hits() {
			switch t := h.a.t; {
			case t.Door == chaos.DoorSlam:
				if h.strike("accepted, then closed") {
					c.end(t.Abrupt)
					return false
				}
			case t.Door == chaos.DoorFull && c.r.rank(c) >= t.Limit:
				if t.Abrupt {
					if h.strike("one more than %d connections: closed", t.Limit) {
						c.end(true)
						return false
					}
					continue
				}
				wait = h.strike("one more than %d connections: it has to wait", t.Limit) || wait
			case h.a.silences(): // only where SYNs cannot be dropped, or it came just before
				wait = h.strike("accepted, and not a word") || wait
			}
		}
		if !wait {
			return true
		}
		c.r.await(c, rev, 0)
		if c.over() {
			return false
		}
	}
}

// hits lists what strikes c now, in the order in which it was armed.
func (c *conn) hits() []*hit {
	c.r.mu.Lock()
	rules := append(make([]*armed, 0, len(c.r.rules)), c.r.rules...)
	c.r.mu.Unlock()
	var hits []*hit
	for _, a := range rules {
		if h := c.hit(a, true); h != nil {
			hits = append(hits, h)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.touched {
		if !h.a.over() {
			hits = append(hits, h)
		}
	}
	return hits
}

// hit is how a strikes c, nil if it does not. What it has done so far stays
// with it.
func (c *conn) hit(a *armed, draw bool) *hit {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, known := c.luck[a]
	if !known && draw {
		if c.r.due(a, c.n) && !(a.t.Fresh && c.said.Load()) {
			h = &hit{a: a, c: c}
			h.ways[0].left, h.ways[1].left = a.t.After, a.t.After
		}
		c.luck[a] = h
	}
	return h
}

// touch has a strike what goes to the SUT from now on.
func (c *conn) touch(a *armed) {
	h := &hit{a: a, c: c, message: true}
	h.ways[0].left, h.ways[1].left = a.t.After, a.t.After
	c.mu.Lock()
	c.touched = append(c.touched, h)
	c.mu.Unlock()
	c.r.rev.Add(1)
	c.kick()
}

// kick has the pumps of c look at what is in force.
func (c *conn) kick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pumps {
		if p != nil && p.splicing {
			_ = p.from.SetReadDeadline(past) // fails only on a closed connection, which is over anyway
		}
	}
}

// over reports whether c has ended.
func (c *conn) over() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// unheard writes down that what was held back for the SUT came too late.
func (c *conn) unheard() {
	if h := c.late.Swap(nil); h != nil {
		h.unheard()
	}
}

// broken is c being reset from outside, in text for people. If the caller has
// said something since bytes last went to it, it may not have heard what became
// of its message.
func (c *conn) broken(text string) evidence.Disturbance {
	d := evidence.Disturbance{What: text}
	c.mu.Lock()
	unseen := c.pumps[0] != nil && c.pumps[0].splicing // what comes from the caller is counted later
	c.mu.Unlock()
	rider, ok := c.rider()
	if ok && c.r.config.Opened == chaos.BySUT && (unseen || c.heard.Load() != c.turn.Load()) {
		d.Message, d.Facts, d.Attempt, d.Unheard = rider.Message, rider.Facts, rider.Attempt, true
	}
	return d
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// end closes both sides, in order or with a reset.
func (c *conn) end(abrupt bool) {
	c.once.Do(func() {
		close(c.gone)
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, s := range []*net.TCPConn{c.near, c.far} {
			if s == nil || c.dead.Load() && s == c.near {
				continue
			}
			if abrupt {
				_ = s.SetLinger(0)
			}
			_ = s.Close()
		}
	})
}

// forget is what a firewall or address translation does to an idle connection:
// nothing gets through any more, and neither end is told. What the caller sends
// is taken by the kernel and ignored. The far end is let go.
func (c *conn) forget() {
	if c.dead.Swap(true) {
		return
	}
	c.r.mu.Lock()
	closed := c.r.closed
	if !closed {
		c.r.graves = append(c.r.graves, c.near)
		if len(c.r.graves) > mostGraves {
			bury(c.r.graves[0])
			c.r.graves = c.r.graves[1:]
		}
	}
	c.r.mu.Unlock()
	if closed {
		bury(c.near)
	}
	_ = c.near.SetReadDeadline(past) // its pump has nothing more to do
	c.end(false)
}

// mostGraves is how many forgotten connections are kept from telling their
// callers so.
const mostGraves = 1024

// bury closes a forgotten connection at last.
func bury(g *net.TCPConn) {
	_ = g.SetLinger(0)
	_ = g.Close()
}

// held reports whether the caller still has c open.
func (c *conn) held() bool {
	switch {
	case c.dead.Load(), c.shut.Load():
		return false
	case c.holding.Load() > 0 || !c.known.Load(): // nobody reads, so nobody has noticed
		return !peerGone(c.near)
	}
	return true
}

// rider is the message that last began to cross on c.
func (c *conn) rider() (chaos.Rider, bool) {
	if c.r.config.Riders == nil || !c.known.Load() {
		return chaos.Rider{}, false
	}
	return c.r.config.Riders.On(c.name)
}
