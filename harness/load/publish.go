package load

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A publisher sends the workload to an event broker, which hands it on to the
// build. A confirmation is taken when the broker has acknowledged it: from then
// on the build must post it. What is due together and has room goes out in one
// write.
type publisher struct {
	*emitter
	wire  wire
	conns []*pubConn
	turn  int           // whose turn it is
	room  chan struct{} // told when a connection has room again
	left  atomic.Int64  // sendings without an acknowledgement
	full  bool          // no connection had room when it was last looked for
	freed atomic.Int64  // when there was room again after there had been none
	wg    sync.WaitGroup
}

// A wire is a protocol of brokers, as far as a publisher needs it. It may be used
// by several goroutines.
type wire interface {
	// hello opens a conversation for the i-th connection and says how many
	// publications may wait for their acknowledgement, at most; 0 is any number.
	hello(c net.Conn, r *bufio.Reader, i int) (window int, err error)
	// put appends the publication of a message, which carries n confirmations
	// from seq on, over a connection under a number from 1 on.
	put(dst []byte, seq, n uint64, conn, id int) []byte
	// next reads what the broker says: an acknowledgement of a number, or 0 for
	// anything else. Answer must be written back, if there is any.
	next(r *bufio.Reader) (id int, said Outcome, answer []byte, err error)
}

// pubConn is one connection to the broker.
type pubConn struct {
	p     *publisher
	index int

	mu      sync.Mutex // guards what follows
	conn    net.Conn   // nil while there is none
	lane    *lane      // its journal and meter
	slots   []flight   // by number; try is 0 where none is under way
	free    []int      // numbers that are not in use
	out     []byte
	gen     int  // how often it was connected
	over    bool // nothing is sent any more
	retryAt int64
}

// publisher prepares publishing to an address whose path is the topic or subject
// below which confirmations are named.
func (r *run) publisher(c *Config, u *url.URL) (*publisher, error) {
	port, separator := "1883", "/"
	if u.Scheme == schemeNATS {
		port, separator = "4222", "."
	}
	to := strings.Trim(u.Path, "/")
	if u.Host == "" || to == "" || strings.ContainsAny(to, "+#*> ") {
		return nil, fmt.Errorf("%q does not say where to publish; write %s://host:%s/andon%smes", u.Redacted(), u.Scheme, port, separator)
	}
	named := func(path string) string {
		if path == "" {
			return to
		}
		return to + separator + path
	}
	addr := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port))
	if err := r.enter(addr); err != nil {
		return nil, err
	}
	p := &publisher{emitter: &emitter{run: r, wording: r.wording, addr: r.entry, shape: c.Shape, cfg: c.Emit, out: &r.out}, room: make(chan struct{}, 1)}
	r.via = strings.ToUpper(u.Scheme)
	if u.Scheme == schemeNATS {
		p.wire = newNATSWire(r.wording, named, u.User)
	} else {
		p.wire = newMQTTWire(r.wording, named, "andon-load-"+strings.ToLower(rand.Text()[:8]), u.User)
	}
	probe, err := p.dial(context.Background())
	if err != nil {
		return nil, fmt.Errorf("%s: %w; is it running?", u.Redacted(), err)
	}
	return p, probe.Close()
}

// emit implements [sender].
func (p *publisher) emit(ctx context.Context, res *Result) error {
	for i := range p.cfg.Connections {
		c := &pubConn{p: p, index: i, lane: p.newLane(i)}
		p.conns = append(p.conns, c)
		if err := c.connect(ctx, true); err != nil {
			p.hangUp()
			return fmt.Errorf("connection %d to the broker at %s: %w", i, p.addr, err)
		}
	}
	p.run.faults.begin()
	began := p.zero()
	if p.shape == nil {
		p.cfg.Until += time.Duration(began)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)) // the pacing thread never waits for a turn
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	done, by := finely()
	defer done()
	res.Pacer = by
	p.loop(ctx, began)
	p.hangUp()
	p.abandon()
	res.Scheduled = uint64(p.out.First.Load())
	if res.Sending = time.Duration(p.now() - began); p.shape != nil {
		res.Scheduled, res.Sending = p.shape.Number(), max(res.Sending, p.shape.Length())
	}
	return nil
}

// loop sends what is due, until all is acknowledged or nothing more is waited for.
func (p *publisher) loop(ctx context.Context, zero int64) {
	until, next, tidy := int64(p.cfg.Until), zero, zero
	if p.shape != nil {
		until, next = zero+int64(p.shape.Length()), zero+p.due(p.next.Load())
	}
	more := func(now int64) bool { return p.next.Load() < p.cfg.Most && (p.shape != nil || now < until) }
	for over := false; ; {
		now := p.now()
		if now >= tidy {
			p.tidy(ctx, now)
			tidy = now + int64(5*time.Millisecond)
			over = over || ctx.Err() != nil || now > until+int64(p.cfg.GiveUp)
		}
		if p.left.Load() == 0 && (over || !more(now) && p.retries.n.Load() == 0) {
			return
		}
		sent := false
		if !over {
			next, sent = p.send(zero, now, next, more)
		}
		if sent && p.shape == nil {
			continue
		}
		p.rest(tidy, next, !over && more(now))
	}
}

// send sends what is due while there is room, and returns when the next is due.
func (p *publisher) send(zero, now, next int64, more func(int64) bool) (int64, bool) {
	for sent := false; ; sent = true {
		fresh := more(now) && (p.shape == nil || next <= now)
		if !fresh && p.retries.n.Load() == 0 {
			return next, sent
		}
		c := p.pick()
		if c == nil {
			p.full = fresh
			return next, sent
		}
		n := 0
		for ; len(c.free) > 0; n++ {
			if f, ok := p.retries.take(now); ok {
				f.sent = now
				c.put(f)
				continue
			}
			if !more(now) || p.shape != nil && next > now {
				break
			}
			rows := p.wording.rows()
			f := flight{seq: p.next.Add(rows) - rows, due: now, sent: now, try: 1}
			if p.shape != nil {
				f.due = next
				p.pace(f.seq, next, max(next, p.freed.Load()), now)
				next = zero + p.due(f.seq+rows)
			}
			c.put(f)
		}
		if p.full = false; n == 0 { // what was to be sent again was not due
			c.mu.Unlock()
			return next, sent
		}
		c.write(now)
		c.mu.Unlock()
		if late := p.now(); late-now > int64(100*time.Microsecond) { // the broker did not read
			p.freed.Store(late)
		}
		now = p.now()
	}
}

// pick returns a connection with room, locked; nil if there is none.
func (p *publisher) pick() *pubConn {
	for range p.conns {
		c := p.conns[p.turn]
		p.turn = (p.turn + 1) % len(p.conns)
		c.mu.Lock()
		if c.conn != nil && len(c.free) > 0 {
			return c
		}
		c.mu.Unlock()
	}
	return nil
}

// rest waits until the next is due, or for room if there is none.
func (p *publisher) rest(tidy, next int64, more bool) {
	now := p.now()
	if more && p.shape != nil && !p.full {
		sleepUntil(p.run.start, min(next, max(tidy, now)))
		return
	}
	t := time.NewTimer(time.Duration(max(tidy-now, 0)))
	defer t.Stop()
	select {
	case <-p.room:
	case <-t.C:
	}
}

// put puts a publication behind what is to be written; c.mu is held.
func (c *pubConn) put(f flight) {
	id := c.free[len(c.free)-1]
	c.free = c.free[:len(c.free)-1]
	c.slots[id] = f
	p := c.p
	p.left.Add(1)
	n := p.rows(f.seq)
	if f.try == 1 {
		for i := range n {
			p.run.ledger.Start(f.seq+i, f.due)
		}
		p.out.First.Add(int64(n))
		if p.wording.turns != nil {
			p.run.flows[p.wording.own(f.seq)].first.Add(int64(n))
		}
	} else {
		p.out.Retried.Add(int64(n))
	}
	c.out = p.wire.put(c.out, f.seq, n, c.index, id)
}

// write writes what was put; c.mu is held.
func (c *pubConn) write(now int64) {
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.p.cfg.Timeout))
	_, err := c.conn.Write(c.out)
	if c.out = c.out[:0]; err != nil {
		c.drop(err, now)
	}
}

// connect makes the connection and has what the broker says read.
func (c *pubConn) connect(ctx context.Context, first bool) error {
	conn, err := c.p.dial(ctx)
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(conn, 16<<10)
	_ = conn.SetDeadline(time.Now().Add(c.p.cfg.Timeout))
	window, err := c.p.wire.hello(conn, r, c.index)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	_ = conn.SetDeadline(time.Time{})
	if window == 0 || window > c.p.cfg.Depth {
		window = c.p.cfg.Depth
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return conn.Close()
	}
	c.conn, c.slots, c.free = conn, make([]flight, window+1), c.free[:0]
	for id := window; id > 0; id-- {
		c.free = append(c.free, id)
	}
	if c.gen++; !first {
		c.p.out.Reconnects.Add(1)
	}
	gen := c.gen
	c.p.wg.Go(func() { c.read(conn, r, gen) })
	c.p.tell()
	return nil
}

func (p *publisher) tell() {
	select {
	case p.room <- struct{}{}:
	default:
	}
}

// read takes acknowledgements until the connection ends.
func (c *pubConn) read(conn net.Conn, r *bufio.Reader, gen int) {
	for {
		id, said, answer, err := c.p.wire.next(r)
		if len(answer) > 0 && err == nil {
			_, err = conn.Write(answer)
		}
		c.mu.Lock()
		now := c.p.now()
		if c.gen != gen || c.conn != conn { // it was dropped
			c.mu.Unlock()
			return
		}
		if err == nil && id != 0 {
			err = c.acknowledged(id, said, now)
		}
		if err != nil {
			c.drop(err, now)
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
	}
}

// acknowledged takes what the broker says of a publication; c.mu is held.
func (c *pubConn) acknowledged(id int, said Outcome, now int64) error {
	if id < 0 || id >= len(c.slots) || c.slots[id].try == 0 {
		c.p.out.Unasked.Add(1)
		return garbage("the broker acknowledges what was not published, number %d", id)
	}
	p, f := c.p, c.slots[id]
	c.slots[id].try = 0
	if len(c.free) == 0 {
		p.freed.Store(now)
	}
	c.free = append(c.free, id)
	p.out.Answered.Add(1)
	c.lane.shard.answered(now, now-f.due, now-f.sent, int64(p.rows(f.seq)), p.wording.own(f.seq))
	switch said {
	case Taken:
		p.end(c.lane, f, Taken, now)
	default:
		p.out.Throttled.Add(1)
		p.again(c.lane, f, said, now, 0)
	}
	p.left.Add(-1)
	p.tell()
	return nil
}

// drop ends the connection; what was under way on it is unknown. c.mu is held.
func (c *pubConn) drop(err error, now int64) {
	_ = c.conn.Close()
	c.conn, c.out, c.retryAt = nil, c.out[:0], now+int64(100*time.Millisecond)
	n := int64(0)
	for _, f := range c.slots {
		if f.try > 0 {
			c.lane.flight = append(c.lane.flight, f)
			n++
		}
	}
	clear(c.slots)
	c.free = c.free[:0]
	if errors.Is(err, io.ErrUnexpectedEOF) { // within a packet or between two: a broker that is gone is gone
		err = io.EOF
	}
	c.p.lost(c.lane, err, now)
	c.p.left.Add(-n)
	c.p.tell()
}

// tidy ends connections whose acknowledgements are overdue, makes new ones, and
// has the journal written if it is asked for.
func (p *publisher) tidy(ctx context.Context, now int64) {
	for _, c := range p.conns {
		c.mu.Lock()
		switch {
		case c.conn != nil && c.overdue(now):
			c.drop(errLate, now)
		case c.conn == nil && now >= c.retryAt && ctx.Err() == nil:
			c.retryAt = now + int64(time.Hour) // while this one is tried
			p.wg.Go(func() {
				if c.connect(ctx, false) != nil {
					c.mu.Lock()
					defer c.mu.Unlock()
					c.retryAt = p.now() + int64(200*time.Millisecond)
				}
			})
		}
		if p.cfg.Flush > 0 && now-c.lane.wrote > int64(p.cfg.Flush) {
			c.lane.w.flush()
			c.lane.wrote = now
		}
		c.mu.Unlock()
	}
}

func (c *pubConn) overdue(now int64) bool {
	if len(c.free) == len(c.slots)-1 {
		return false
	}
	for _, f := range c.slots {
		if f.try > 0 && now-f.sent > int64(c.p.cfg.Timeout) {
			return true
		}
	}
	return false
}

// hangUp ends all connections and waits for those who read.
func (p *publisher) hangUp() {
	for _, c := range p.conns {
		c.mu.Lock()
		if c.conn != nil {
			c.drop(io.EOF, p.now())
		}
		c.over = true
		c.mu.Unlock()
	}
	p.wg.Wait()
	for _, c := range p.conns {
		c.lane.w.flush()
	}
}
