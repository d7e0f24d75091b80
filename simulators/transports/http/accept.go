package httptransport

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// riders are the connections that are served by an express.
type riders struct {
	wg sync.WaitGroup

	mu    sync.Mutex // guards what follows
	conns map[net.Conn]bool
	over  bool
}

// add notes a connection; false if it is too late.
func (r *riders) add(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return false
	}
	if r.conns == nil {
		r.conns = map[net.Conn]bool{}
	}
	r.conns[c] = true
	return true
}

func (r *riders) drop(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
}

// end cuts all connections and returns when nobody serves any.
func (r *riders) end() {
	r.mu.Lock()
	r.over = true
	for c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.wg.Wait()
}

// accept takes connections in, until the listener is closed.
func (t *Transport) accept(base context.Context, rest *handed, receive simulators.Receiver) {
	for wait := time.Duration(0); ; {
		c, err := t.listener.Accept()
		if err != nil {
			if n, ok := err.(interface{ Temporary() bool }); ok && n.Temporary() { // too many open files, for a while
				wait = min(max(2*wait, 5*time.Millisecond), time.Second)
				time.Sleep(wait)
				continue
			}
			rest.end(err)
			return
		}
		wait = 0
		t.open.Add(1)
		plain, ok := c.(*net.TCPConn)
		if !ok || t.config.KeepAll || !t.riders.add(c) {
			t.hand(rest, c)
			continue
		}
		t.riders.wg.Go(func() {
			come := t.ride(base, plain, receive)
			t.riders.drop(c)
			if come != nil {
				t.hand(rest, &resumed{c, come})
				return
			}
			_ = c.Close() // if it is not closed yet
			t.open.Add(-1)
		})
	}
}

// hand gives a connection to net/http.
func (t *Transport) hand(rest *handed, c net.Conn) {
	if !rest.give(c) {
		_ = c.Close() // serving is over
		t.open.Add(-1)
	}
}

// handed is the listener from which net/http gets the connections that it is to
// serve.
type handed struct {
	addr  net.Addr
	conns chan net.Conn
	over  chan struct{} // closed when there will be no more
	once  sync.Once
	err   error // why; set before over is closed
}

var _ net.Listener = (*handed)(nil)

func newHanded(addr net.Addr) *handed {
	return &handed{addr: addr, conns: make(chan net.Conn), over: make(chan struct{}), err: net.ErrClosed}
}

func (h *handed) give(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.over:
		return false
	}
}

func (h *handed) end(err error) {
	h.once.Do(func() {
		h.err = err
		close(h.over)
	})
}

// Accept implements [net.Listener].
func (h *handed) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.over:
		return nil, h.err
	}
}

// Close implements [net.Listener].
func (h *handed) Close() error {
	h.end(net.ErrClosed)
	return nil
}

// Addr implements [net.Listener].
func (h *handed) Addr() net.Addr { return h.addr }

// resumed is a connection of which something was read before.
type resumed struct {
	net.Conn
	come []byte
}

// Read implements [net.Conn].
func (r *resumed) Read(b []byte) (int, error) {
	if len(r.come) > 0 {
		n := copy(b, r.come)
		r.come = r.come[n:]
		return n, nil
	}
	return r.Conn.Read(b)
}
