package load

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// An emitter is the MES: it sends the confirmations of a plan over a fixed
// number of connections, in one of two ways. Closed, each connection sends the
// next confirmation when its last was answered. Open, each confirmation is sent
// when it is due, whether others were answered or not; one that finds no
// connection free waits, and that wait is part of its latency.
type emitter struct {
	run     *run
	wording *Wording // with the head of a request before each body
	addr    string
	shape   *Shape // nil if closed
	cfg     EmitConfig
	retries retries
	next    atomic.Uint64 // the next that was never sent
	lanes   []*lane
	out     *Sent
	// starts is when the workload begins; 0 means when connections are there.
	starts int64
	began  int64 // when it began, where goroutines send
}

// EmitConfig is how confirmations are sent.
type EmitConfig struct {
	Connections int
	Depth       int           // most requests under way on one connection
	Timeout     time.Duration // for an answer
	Tries       int           // of one confirmation, the first included
	Most        uint64        // confirmations in all
	Until       time.Duration // closed: nothing new is sent after it
	GiveUp      time.Duration // after Until or the last that is due, nothing waits longer
	Flush       time.Duration // how long what is known of a sending may wait to be in the journal; 0 means until there is a block of it

	portable bool // as on systems without epoll, also where there is one
}

// Sent counts what became of sendings. All are atomic.
type Sent struct {
	First      atomic.Int64 // confirmations sent, however often each
	Retried    atomic.Int64 // sendings besides
	Answered   atomic.Int64 // answers, of any kind
	GivenUp    atomic.Int64 // confirmations that were never taken
	Overflow   atomic.Int64 // of them because too many waited to be sent again
	Queued     atomic.Int64 // confirmations that found no connection free when they were due
	Status     [6]atomic.Int64
	Throttled  atomic.Int64 // 429 or 503
	Timeouts   atomic.Int64 // confirmations without an answer in time
	Closed     atomic.Int64 // confirmations whose connection was closed before the answer
	Reset      atomic.Int64 // the same, by a reset
	Cut        atomic.Int64 // confirmations whose answer broke off
	Garbage    atomic.Int64 // confirmations answered with what is no HTTP/1.1
	Unasked    atomic.Int64 // bytes came that nobody had asked for
	Unconnect  atomic.Int64 // connections that could not be made
	Reconnects atomic.Int64 // connections made besides the first ones
}

// flight is a sending that has no answer yet.
type flight struct {
	seq       uint64
	due, sent int64
	try       uint8
}

// lane is one connection of an emitter.
type lane struct {
	conn   net.Conn
	shard  *meterShard
	w      *writer
	wrote  int64 // when w was written last
	in     []byte
	r, n   int
	out    []byte
	flight []flight // in the order in which they were sent
	resp   response
	// since is when the oldest of flight was sent; 0 if there is none. The
	// watchdog reads it.
	since atomic.Int64
	mu    sync.Mutex // guards conn against the watchdog
}

// zero is when the workload begins. An appointed time may be ahead.
func (e *emitter) zero() int64 { return cmp.Or(e.starts, e.now()) }

func (e *emitter) now() int64 { return int64(time.Since(e.run.start)) }

// begin puts a sending behind what is to be written on l.
func (e *emitter) begin(l *lane, f flight) {
	if f.try == 1 {
		e.run.ledger.Start(f.seq, f.due)
		e.out.First.Add(1)
	} else {
		e.out.Retried.Add(1)
	}
	l.out = e.wording.Append(l.out, f.seq)
	l.flight = append(l.flight, f)
}

// answered takes the answer to the oldest sending of l.
func (e *emitter) answered(l *lane, now int64) {
	f := l.flight[0]
	l.flight = l.flight[:copy(l.flight, l.flight[1:])]
	status := l.resp.status
	e.out.Answered.Add(1)
	e.out.Status[status/100].Add(1)
	l.shard.answered(now, now-f.due, now-f.sent)
	switch {
	case status < 300:
		e.end(l, f, Taken, now)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		e.out.Throttled.Add(1)
		e.again(l, f, Refused, now)
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly || status == http.StatusLocked || status >= 500:
		e.again(l, f, Unknown, now)
	default:
		e.end(l, f, Refused, now)
	}
}

// end is the last that is known of a sending.
func (e *emitter) end(l *lane, f flight, o Outcome, now int64) {
	if o != Taken {
		e.out.GivenUp.Add(1)
	}
	e.note(l, f, o, now)
}

func (e *emitter) note(l *lane, f flight, o Outcome, now int64) {
	l.w.add(&Record{Seq: f.seq, Code: uint8(o), Try: f.try, Late: uint16(min(max(f.sent-f.due, 0)/1000, 65535)), At: uint64(f.due),
		Took: uint32(min((now-f.due)/1000, 1<<32-1)), Digest: e.wording.says(f.seq)})
	if o == Taken {
		e.run.taken.Add(1)
	}
}

// again has a sending made once more, later, unless there were enough.
func (e *emitter) again(l *lane, f flight, o Outcome, now int64) {
	e.note(l, f, o, now)
	if int(f.try) >= e.cfg.Tries {
		e.out.GivenUp.Add(1)
		return
	}
	wait := int64(200*time.Millisecond) << min(f.try-1, 4)
	f.try++
	if !e.retries.add(f, now+min(wait, int64(2*time.Second))) {
		e.out.GivenUp.Add(1)
		e.out.Overflow.Add(1)
	}
}

// lost says that l has no connection any more, and why; what was under way on
// it is unknown.
func (e *emitter) lost(l *lane, err error, now int64) {
	n := int64(len(l.flight))
	var broken *protoError
	switch {
	case errors.As(err, &broken):
		e.out.Garbage.Add(max(n, 1))
	case n == 0: // closed while nothing was under way: that is its right
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errLate):
		e.out.Timeouts.Add(n)
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.out.Cut.Add(1)
		e.out.Closed.Add(n - 1)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		e.out.Reset.Add(n)
	default:
		e.out.Closed.Add(n)
	}
	for _, f := range l.flight {
		e.again(l, f, Unknown, now)
	}
	l.flight, l.out, l.r, l.n = l.flight[:0], l.out[:0], 0, 0
	l.since.Store(0)
}

var errLate = errors.New("no answer in time")

// parse takes what answers have come whole. Over says that nothing more comes.
func (e *emitter) parse(l *lane, over bool, now int64) error {
	for l.r < l.n {
		if len(l.flight) == 0 {
			e.out.Unasked.Add(int64(l.n - l.r))
			return bad(0, "the build says what nobody has asked for: %q", clip(string(l.in[l.r:l.n])))
		}
		n, err := l.resp.readResponse(l.in[l.r:l.n], over)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		l.r += n
		e.answered(l, now)
		if l.resp.close {
			return io.EOF
		}
	}
	switch {
	case over && l.r < l.n:
		return io.ErrUnexpectedEOF
	case over:
		return io.EOF
	case l.r == l.n:
		l.r, l.n = 0, 0
	case l.r > 0:
		l.n = copy(l.in, l.in[l.r:l.n])
		l.r = 0
	}
	if l.n == len(l.in) {
		if l.n > mostHead+mostBody {
			return bad(0, "an answer is longer than %d bytes", mostHead+mostBody)
		}
		l.in = append(l.in, make([]byte, len(l.in))...)
	}
	return nil
}

// retries are sendings that wait to be made again.
type retries struct {
	n    atomic.Int64
	mu   sync.Mutex // guards heap
	heap waiting
}

type later struct {
	at int64
	f  flight
}

type waiting []later

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].at < w[j].at }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(later)) }
func (w *waiting) Pop() any          { o := *w; x := o[len(o)-1]; *w = o[:len(o)-1]; return x }

// mostRetries is how many sendings may wait to be made again: 3 MiB.
const mostRetries = 1 << 16

func (q *retries) add(f flight, at int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.heap) >= mostRetries {
		return false
	}
	heap.Push(&q.heap, later{at, f})
	q.n.Add(1)
	return true
}

// take returns a sending whose time has come.
func (q *retries) take(now int64) (f flight, ok bool) {
	if q.n.Load() == 0 {
		return f, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.heap) == 0 || q.heap[0].at > now {
		return f, false
	}
	q.n.Add(-1)
	return heap.Pop(&q.heap).(later).f, true
}

// abandon writes down what waits no more.
func (e *emitter) abandon() {
	e.retries.mu.Lock()
	defer e.retries.mu.Unlock()
	e.out.GivenUp.Add(int64(len(e.retries.heap))) // their last sending is in the journal
	e.retries.heap = nil
	e.retries.n.Store(0)
}

// newLane returns the i-th lane, not connected.
func (e *emitter) newLane(i int) *lane {
	return &lane{shard: e.run.meter.shard(i), w: e.run.journal.sending(), in: make([]byte, 4096)}
}

// dial connects, for at most a second.
func (e *emitter) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: time.Second}
	c, err := d.DialContext(ctx, "tcp", e.addr)
	if err != nil {
		e.out.Unconnect.Add(1)
		return nil, fmt.Errorf("connect to the build: %w", err)
	}
	return c, nil
}
