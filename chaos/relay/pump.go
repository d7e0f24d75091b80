package relay

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// size of what is moved at once.
const size = 64 << 10

var buffers = sync.Pool{New: func() any { return new([size]byte) }}

// A pump moves the bytes of one direction.
type pump struct {
	c        *conn
	from, to *net.TCPConn
	near     bool                 // from the caller
	dir      simulators.Direction // "to-sut", "from-sut"

	raw  syscall.RawConn
	take func(fd uintptr) bool // made once: what raw.Read calls
	buf  *[size]byte           // while there is something in it
	n    int
	err  error

	hits []*hit // in force at rev
	rev  uint64
	// large is true if what was read last was, and most how much the kernel may
	// move then before the next look.
	large bool
	most  int64
	small int // reads in a row that were not

	splicing bool // guarded by c.mu: the kernel moves bytes, and looks at nothing
}

// errCut ends a pump whose connection was cut on purpose.
var errCut = errors.New("cut")

func (p *pump) index() int {
	if p.near {
		return 0
	}
	return 1
}

func (p *pump) words() string {
	if p.dir == simulators.ToSUT {
		return "to the SUT"
	}
	return "from the SUT"
}

// run moves bytes until the direction has ended, and passes on how.
func (p *pump) run() {
	var err error
	if p.raw, err = p.from.SyscallConn(); err == nil {
		p.take = p.taker()
		p.rev = ^p.c.r.rev.Load() // look
		err = p.move()
	}
	p.release()
	switch {
	case errors.Is(err, errCut), p.c.dead.Load(), errors.Is(err, net.ErrClosed):
	case errors.Is(err, io.EOF):
		_ = p.to.CloseWrite() // the other way stays open
	case errors.Is(err, errWrite):
		p.c.unheard()
		_ = p.from.CloseRead() // what else it sends is nobody's any more; how the other end ended is told by the pump that reads there
	default:
		p.c.unheard()
		p.c.end(true) // a reset arrives as a reset
	}
}

// errWrite is an error of the end that is written to.
var errWrite = errors.New("write")

func (p *pump) move() error {
	for {
		p.look()
		if len(p.hits) == 0 && p.large && !p.c.r.minds.Load() {
			p.large = false
			if err := p.splice(); err != nil {
				return p.last(err)
			}
			continue
		}
		if err := p.read(); err != nil {
			return p.last(err)
		}
		if p.large = p.n >= large; p.large {
			p.small = 0
		} else if p.small++; p.small > spell { // a large message may begin with a small piece
			p.most = 0
		}
		p.noted()
		if err := p.pass(p.buf[:p.n]); err != nil {
			return err
		}
		p.release()
	}
}

// noted says what the arrival of bytes tells of the connection.
func (p *pump) noted() {
	c := p.c
	if c.r.minds.Load() {
		c.used.Store(time.Now().UnixNano())
	}
	if p.near {
		c.said.Store(true)
		c.turn.Add(1)
		if c.late.Load() != nil && c.sent.Load() {
			c.late.Store(nil) // who goes on has heard
		}
	}
}

// look finds out what is in force, if that has changed.
func (p *pump) look() {
	rev := p.c.r.rev.Load()
	if rev == p.rev {
		return
	}
	p.rev, p.hits = rev, p.hits[:0]
	for _, h := range p.c.hits() {
		if h.strikes(p) {
			p.hits = append(p.hits, h)
		}
	}
}

// pass sends b on as those in force will have it.
func (p *pump) pass(b []byte) error {
	for len(b) > 0 {
		p.look()
		if len(p.hits) == 0 {
			return p.write(b)
		}
		if held, err := p.holds(); err != nil {
			return err
		} else if held {
			continue
		}
		n, gap := len(b), time.Duration(0)
		for _, h := range p.hits {
			if h.a.t.Upon != chaos.ReplyAny {
				h.seek(p, b)
			}
			n = h.most(p, n)
		}
		if err := p.cut(0); err != nil {
			return err
		}
		if err := p.write(b[:n]); err != nil {
			return err
		}
		if err := p.cut(n); err != nil {
			return err
		}
		for _, h := range p.hits {
			h.went(p, b[:n])
			gap += h.rest(n)
		}
		b = b[n:]
		if gap > 0 {
			p.c.r.await(p.c, p.rev, gap)
		}
	}
	return nil
}

// holds has the first of those in force that wants to keep bytes back do so.
func (p *pump) holds() (bool, error) {
	for _, h := range p.hits {
		if h.hold(p) {
			select {
			case <-p.c.gone:
				p.c.unheard()
				return true, errCut
			default:
				return true, nil
			}
		}
	}
	return false, nil
}

// hold waits until h is healed, until d is over if that is not 0, or until
// free says so. It always reports that it held.
func (p *pump) hold(h *hit, d time.Duration, free func() bool) bool {
	c := p.c
	c.holding.Add(1)
	defer c.holding.Add(-1)
	if !p.near && c.r.config.Opened == chaos.BySUT {
		c.sent.Store(false)
		c.late.Store(h)
	}
	until := time.Now().Add(d)
	for !h.a.over() && !free() && !c.over() {
		rev, left := c.r.rev.Load(), time.Duration(0)
		if d > 0 {
			if left = time.Until(until); left <= 0 {
				break
			}
		}
		if h.a.over() || free() {
			break // it was so before rev was read
		}
		c.r.await(c, rev, left)
	}
	if c.late.Load() != nil && peerGone(c.near) {
		c.unheard()
	}
	return true
}

// cut ends the connection if one of those in force wants that after n more
// bytes.
func (p *pump) cut(n int) error {
	for _, h := range p.hits {
		if !h.cuts(p, n) {
			continue
		}
		if h.a.t.Stream == chaos.StreamReset {
			p.c.end(true)
			return errCut
		}
		_ = p.to.CloseWrite()
		return p.drain()
	}
	return nil
}

// drain reads on for nobody: the sender does not know that its reader has been
// told that this was all.
func (p *pump) drain() error {
	_, _ = io.Copy(io.Discard, p.from)
	return errCut
}

// write sends b on.
func (p *pump) write(b []byte) error {
	if _, err := p.to.Write(b); err != nil {
		return errors.Join(errWrite, err)
	}
	if !p.near {
		p.c.sent.Store(true)
		p.c.heard.Store(p.c.turn.Load())
	}
	return nil
}

// last holds back the end of the direction as it would bytes, and passes on
// how it ended.
func (p *pump) last(err error) error {
	c := p.c
	if p.near && errors.Is(err, io.EOF) {
		c.shut.Store(true)
		if c.late.Load() != nil && !c.sent.Load() {
			c.unheard()
		}
	}
	for p.look(); len(p.hits) > 0; p.look() {
		held, herr := p.holds()
		if herr != nil {
			return herr
		}
		if !held {
			break
		}
	}
	return err
}

// splice has the kernel move bytes, without looking at them, until something
// changes or a good deal has been moved.
func (p *pump) splice() error {
	c := p.c
	c.mu.Lock()
	if c.r.rev.Load() != p.rev {
		c.mu.Unlock()
		return nil
	}
	p.splicing = true
	c.mu.Unlock()
	p.most = min(max(2*p.most, leastSpliced), mostSpliced)
	some := &io.LimitedReader{R: p.from, N: p.most}
	n, err := p.to.ReadFrom(some)
	c.mu.Lock()
	p.splicing = false
	if !c.dead.Load() {
		_ = p.from.SetReadDeadline(time.Time{})
	}
	c.mu.Unlock()
	if n > 0 {
		if !p.near {
			c.sent.Store(true)
			c.heard.Store(c.turn.Load())
		}
		p.noted()
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case err == nil && some.N > 0:
		return io.EOF
	}
	return err
}

// large is from when on it pays to have the kernel move what follows. It moves
// more from time to time, as long as that stays so: small messages are moved
// faster by hand.
const (
	large        = 16 << 10
	leastSpliced = 1 << 20
	mostSpliced  = 1 << 30
	spell        = 8 // small reads after which what comes is no longer large
)
