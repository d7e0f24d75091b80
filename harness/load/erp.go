package load

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// An ERP takes the postings of a load. It looks at every byte of every posting:
// what is byte for byte a confirmation of the run is known by its key in an
// array; anything else is read by the dialect's own decoder and compared by
// content. It answers as the dialect neutral/v1 does, books nothing, and also
// plays what else a build may call: tokens, the MES, the worklist of exceptions
// and the question which postings there are.
type ERP struct {
	listener net.Listener
	run      *run
	token    string // "" asks for none
	base     string // the path below which the build looks for it; "" where that is not known
	doors    *doors // nil where the system has no epoll
	open     atomic.Int64
	wg       sync.WaitGroup

	mu    sync.Mutex // guards conns: those that are served by a goroutine each
	conns map[net.Conn]bool
}

// mostConns is how many connections a build may hold; one more is closed at once.
const mostConns = 4096

// Received counts what came in at the simulated systems. All are atomic.
type Received struct {
	Postings  atomic.Int64 // of confirmations, rows of batches each
	Identical atomic.Int64 // of them byte for byte as they were sent
	Reworded  atomic.Int64 // of them read by the decoder
	Strange   atomic.Int64 // of them without a key of this run in them
	Reused    atomic.Int64 // refused: the key had come with another confirmation
	Malformed atomic.Int64 // requests that are no HTTP/1.1, or no message
	Unauth    atomic.Int64 // without a valid token
	Other     atomic.Int64 // other requests, served
	Unserved  atomic.Int64 // other requests, not known here
	Reports   atomic.Int64 // to the worklist of exceptions
	Conns     atomic.Int64 // connections opened
	Turned    atomic.Int64 // connections turned away, as there were too many
	Broken    atomic.Int64 // connections that ended inside a request
}

// listen starts the ERP of a load at addr.
func (r *run) listen(c *Config, addr string) (*ERP, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for postings: %w", err)
	}
	e := &ERP{listener: l, run: r, token: c.Token, conns: map[net.Conn]bool{}}
	if b, ok := c.Build.(Based); ok {
		e.base = b.ERPBase()
	}
	if !c.Emit.portable {
		e.doors = e.openDoors()
	}
	e.wg.Go(e.accept)
	return e, nil
}

// URL is where the ERP listens.
func (e *ERP) URL() string { return "http://" + e.listener.Addr().String() }

func (e *ERP) accept() {
	for n := 0; ; n++ {
		c, err := e.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files, for a while
			time.Sleep(10 * time.Millisecond)
			continue
		}
		e.run.in.Conns.Add(1)
		switch {
		case e.open.Add(1) > mostConns:
			e.open.Add(-1)
			e.run.in.Turned.Add(1)
			_ = c.Close()
		case e.doors != nil:
			e.doors.admit(n, c)
		case e.keep(c):
			e.wg.Go(func() {
				defer e.forget(c)
				p := e.posting(n)
				p.serve(c)
				p.w.flush()
			})
		}
	}
}

// keep notes a connection that a goroutine will serve; false if it is too late.
func (e *ERP) keep(c net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conns == nil {
		_ = c.Close()
		return false
	}
	e.conns[c] = true
	return true
}

func (e *ERP) forget(c net.Conn) {
	e.open.Add(-1)
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.conns, c)
	_ = c.Close() // it is over either way
}

// Close ends all connections and returns when their evidence is written.
func (e *ERP) Close() error {
	err := e.listener.Close()
	e.mu.Lock()
	conns := e.conns
	e.conns = nil
	for c := range conns {
		_ = c.Close()
	}
	e.mu.Unlock()
	e.wg.Wait()
	e.doors.close()
	return err
}

// examples keeps the first altered and unknown postings and reports in words.
type examples struct {
	mu                      sync.Mutex // guards what follows
	altered, strange, tolds []string
}

func (x *examples) see(s statement, w *Wording) {
	if s.ours && s.digest == w.says(s.seq) {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case s.ours && len(x.altered) < mostExamples:
		x.altered = append(x.altered, fmt.Sprintf("sent %s; posted %s", w.Tell(s.seq), s.text))
	case !s.ours && len(x.strange) < mostExamples:
		x.strange = append(x.strange, s.text)
	}
}

func (x *examples) report(body []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.tolds) < mostExamples {
		x.tolds = append(x.tolds, clip(string(body)))
	}
}
