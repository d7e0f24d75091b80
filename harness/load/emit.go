package load

import (
	"cmp"
	"container/heap"
	"context"
	"crypto/tls"
	"crypto/x509"
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

	"github.com/andon-rig/andon/harness/load/http1"
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
	secure *tls.Config // of connections to the build; nil for plain ones
	began  int64       // when it began, where goroutines send
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

	portable bool           // as on systems without epoll, also where there is one
	roots    *x509.CertPool // whom certificates are believed; nil for those whom the system does
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
	resp   http1.Response
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
	n := e.rows(f.seq)
	if f.try == 1 {
		for i := range n {
			e.run.ledger.Start(f.seq+i, f.due)
		}
		e.out.First.Add(int64(n))
		if e.wording.turns != nil {
			e.run.flows[e.wording.own(f.seq)].first.Add(int64(n))
		}
	} else {
		e.out.Retried.Add(int64(n))
	}
	if e.wording.batch > 1 {
		l.out = e.wording.AppendBatch(l.out, f.seq, n)
	} else {
		l.out = e.wording.Append(l.out, f.seq)
	}
	l.flight = append(l.flight, f)
}

// rows is how many confirmations the message that begins with seq carries.
func (e *emitter) rows(seq uint64) uint64 {
	if e.wording.batch < 2 {
		return 1
	}
	return min(e.wording.batch, e.cfg.Most-seq)
}

// count is how many confirmations flights carry.
func (e *emitter) count(fs []flight) (n int64) {
	for _, f := range fs {
		n += int64(e.rows(f.seq))
	}
	return n
}

// due is when the message that begins with seq is due after the workload's
// beginning: with the last of its confirmations.
func (e *emitter) due(seq uint64) int64 {
	if seq >= e.cfg.Most {
		seq = e.cfg.Most - 1
	}
	return int64(e.shape.Due(seq + e.rows(seq) - 1))
}

// answered takes the answer to the oldest sending of l.
func (e *emitter) answered(l *lane, now int64) {
	f := l.flight[0]
	l.flight = l.flight[:copy(l.flight, l.flight[1:])]
	status := l.resp.Status
	e.out.Answered.Add(1)
	e.out.Status[status/100].Add(1)
	l.shard.answered(now, now-f.due, now-f.sent, int64(e.rows(f.seq)), e.wording.own(f.seq))
	switch {
	case status == http.StatusMultiStatus && e.wording.batch > 1: // which rows were taken, only the body says
		e.end(l, f, Unknown, now)
	case status < 300:
		e.end(l, f, Taken, now)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		e.out.Throttled.Add(1)
		e.again(l, f, Refused, now, retryAfter(l.resp.After))
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly || status == http.StatusLocked || status >= 500:
		e.again(l, f, Unknown, now, retryAfter(l.resp.After))
	default:
		e.end(l, f, Refused, now)
	}
}

// end is the last that is known of a sending.
func (e *emitter) end(l *lane, f flight, o Outcome, now int64) {
	if o != Taken {
		e.gaveUp(f)
	}
	e.note(l, f, o, now)
}

// gaveUp counts a message that was never taken, and returns how many
// confirmations it carries.
func (e *emitter) gaveUp(f flight) int64 {
	n := int64(e.rows(f.seq))
	e.out.GivenUp.Add(n)
	if e.wording.turns != nil {
		e.run.flows[e.wording.own(f.seq)].gaveUp.Add(n)
	}
	return n
}

func (e *emitter) note(l *lane, f flight, o Outcome, now int64) {
	r := Record{Code: uint8(o), Try: f.try, Late: uint16(min(max(f.sent-f.due, 0)/1000, 65535)), At: uint64(f.due), Took: uint32(min((now-f.due)/1000, 1<<32-1))}
	n := e.rows(f.seq)
	for i := range n {
		r.Seq = f.seq + i
		r.Digest = e.wording.says(r.Seq)
		l.w.add(&r)
	}
	if o == Taken {
		e.run.taken.Add(int64(n))
		if e.wording.turns != nil {
			e.run.flows[e.wording.own(f.seq)].taken.Add(int64(n))
		}
	}
}

// again has a sending made once more, later, unless there were enough. Asked is
// how long the build wants us to wait.
func (e *emitter) again(l *lane, f flight, o Outcome, now int64, asked time.Duration) {
	e.note(l, f, o, now)
	if int(f.try) >= e.cfg.Tries {
		e.gaveUp(f)
		return
	}
	wait := max(min(200*time.Millisecond<<min(f.try-1, 4), 2*time.Second), asked)
	f.try++
	if !e.retries.add(f, now+int64(wait)) {
		e.out.Overflow.Add(e.gaveUp(f))
	}
}

// longestWait is the most that an answer can have us wait.
const longestWait = time.Hour

// retryAfter reads what stands in Retry-After: seconds or a date (RFC 9110
// §10.2.3); 0 if it is neither.
func retryAfter(text []byte) time.Duration {
	if len(text) == 0 {
		return 0
	}
	if s, ok := http1.Number(text); ok {
		return min(time.Duration(min(s, 1<<30))*time.Second, longestWait)
	}
	at, err := http.ParseTime(string(text))
	if err != nil {
		return 0
	}
	return min(max(time.Until(at), 0), longestWait)
}

// lost says that l has no connection any more, and why; what was under way on
// it is unknown.
func (e *emitter) lost(l *lane, err error, now int64) {
	n := e.count(l.flight)
	var noise *noiseError
	var malformed *http1.Error
	switch {
	case errors.As(err, &noise), errors.As(err, &malformed):
		e.out.Garbage.Add(max(n, 1))
	case n == 0: // closed while nothing was under way: that is its right
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errLate):
		e.out.Timeouts.Add(n)
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.out.Cut.Add(e.count(l.flight[:1]))
		e.out.Closed.Add(e.count(l.flight[1:]))
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		e.out.Reset.Add(n)
	default:
		e.out.Closed.Add(n)
	}
	for _, f := range l.flight {
		e.again(l, f, Unknown, now, 0)
	}
	l.flight, l.out, l.r, l.n, l.resp = l.flight[:0], l.out[:0], 0, 0, http1.Response{}
	l.since.Store(0)
}

var errLate = errors.New("no answer in time")

// noiseError says that what came is not of the protocol.
type noiseError struct{ text string }

func (e *noiseError) Error() string { return e.text }

func garbage(format string, args ...any) error { return &noiseError{fmt.Sprintf(format, args...)} }

// parse takes what answers have come whole. Over says that nothing more comes.
func (e *emitter) parse(l *lane, over bool, now int64) error {
	for l.r < l.n {
		if len(l.flight) == 0 {
			e.out.Unasked.Add(int64(l.n - l.r))
			return garbage("the build says what nobody has asked for: %q", clip(string(l.in[l.r:l.n])))
		}
		n, err := l.resp.Read(l.in[l.r:l.n], over)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		l.r += n
		e.answered(l, now)
		if l.resp.Close {
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
		if l.n > http1.MostHead+http1.MostBody {
			return garbage("an answer is longer than %d bytes", http1.MostHead+http1.MostBody)
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
	for _, later := range e.retries.heap {
		e.gaveUp(later.f) // their last sending is in the journal
	}
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
	if e.secure != nil {
		return e.handshake(ctx, c)
	}
	return c, nil
}
