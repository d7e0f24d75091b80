package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pacer is how open workloads keep time here: one locked thread with a timer
// slack of 1 ns sleeps in epoll_pwait2 until the next confirmation is due or an
// answer is there, and does everything else between.
type pacer struct {
	*emitter
	door    *door // that this thread serves as well; nil for none
	ep      int   // the door's, if there is one
	all     []*rawLane
	byFD    []*rawLane // by descriptor; nil where there is none
	free    []*rawLane // connected, with nothing under way
	flying  int
	freed   int64 // when a connection was free again after none had been
	dialed  chan dialed
	dials   int // under way
	coarse  bool
	w       *writer
	wrote   int64    // when w was written last
	zero    int64    // when the workload begins
	until   int64    // of a closed workload: when nothing new is sent any more
	urgency *urgency // nil if nothing is due at a time
	events  [128]unix.EpollEvent
}

// rawLane is a lane on a descriptor of its own, which Go's poller does not know.
type rawLane struct {
	*lane
	fd      int // -1 if there is none
	retryAt int64
	dialing bool
	writing bool // a write was short: the descriptor is watched for room
	inFree  bool
}

type dialed struct {
	lane *rawLane
	fd   int // -1 if it could not be made
}

// housekeeping is how often timeouts are looked for.
const housekeeping = int64(5 * time.Millisecond)

// open runs an open workload and returns when it is over; what it paced by is
// told.
func (e *emitter) open(ctx context.Context) (by string, err error) {
	if e.cfg.portable {
		e.converse(ctx)
		return byTimers, nil
	}
	return e.paced(ctx, 0, e.cfg.Connections, nil)
}

// closed runs a closed workload on half of the processors: a thread that goes
// from one answer to the next costs less than a goroutine for each connection. If
// the build is on this machine, the other half is its own: then these threads
// also take the postings, so that they rarely sleep and nothing waits for them.
func (e *emitter) closed(ctx context.Context) error {
	if e.cfg.portable {
		e.converse(ctx)
		return nil
	}
	threads := min(max(runtime.GOMAXPROCS(0)/2, 1), e.cfg.Connections)
	errs := make([]error, threads)
	var wg sync.WaitGroup
	for i := range threads {
		from, to := i*e.cfg.Connections/threads, (i+1)*e.cfg.Connections/threads
		wg.Go(func() {
			var d *door
			if e.beside() {
				d = e.run.doors.lend(i)
			}
			_, errs[i] = e.paced(ctx, from, to-from, d)
			if d != nil {
				d.back <- struct{}{}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// beside reports whether the build is on this machine.
func (e *emitter) beside() bool {
	host, _, err := net.SplitHostPort(e.addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip.IsLoopback())
}

// paced runs a workload over n connections, the first of them of this number, on
// this thread, which also serves a door, if it is given one.
func (e *emitter) paced(ctx context.Context, first, n int, d *door) (by string, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // without it sleeps end 50 µs late
	defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }()
	p := &pacer{emitter: e, door: d, dialed: make(chan dialed, n)}
	if d != nil {
		p.ep = d.ep
	} else if p.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return "", fmt.Errorf("create epoll: %w", err)
	} else {
		defer unix.Close(p.ep)
	}
	p.w = e.run.journal.sending()
	for i := range n {
		l := &rawLane{lane: e.newLane(first + i), fd: -1}
		l.w = p.w // one thread, one block that fills
		p.all = append(p.all, l)
		p.dial(ctx, l)
	}
	for range p.all { // begin with all connections there
		p.connected(<-p.dialed, true)
	}
	e.run.faults.begin()
	p.zero, p.until = e.zero(), int64(e.cfg.Until)
	if p.shape != nil {
		p.urgency = urgent(p.now())
		defer p.urgency.lower()
	}
	p.loop(ctx)
	p.end()
	by = "epoll_pwait2 on a locked thread"
	if p.coarse {
		by = "epoll_wait and clock_nanosleep on a locked thread"
	}
	return by + p.urgency.said(), nil
}

func (p *pacer) loop(ctx context.Context) {
	giveUp, next, tidy := p.until+int64(p.cfg.GiveUp), p.zero, p.zero
	if p.shape != nil {
		giveUp, next = p.zero+int64(p.shape.Length()+p.cfg.GiveUp), p.zero+p.due(p.next.Load())
	}
	for over := false; ; {
		now := p.now()
		if !over {
			next = p.send(now, next)
		}
		if now = p.now(); now >= tidy {
			p.tidy(ctx, now)
			tidy = now + housekeeping
			over = over || ctx.Err() != nil || now > giveUp // what is under way may still be answered
		}
		if p.flying == 0 && (over || !p.more(now) && p.retries.n.Load() == 0) {
			return
		}
		wait := tidy - now
		if !over && p.shape != nil && len(p.free) > 0 && p.more(now) {
			wait = min(wait, next-now)
		}
		p.wait(max(wait, 0))
	}
}

// send sends everything that is due while there are connections for it, and
// returns when the next one is due.
func (p *pacer) send(now, next int64) int64 {
	for {
		fresh := p.more(now) && (p.shape == nil || next <= now)
		if !fresh && p.retries.n.Load() == 0 {
			return next
		}
		l := p.pick()
		if l == nil {
			return next
		}
		for len(l.flight) < p.cfg.Depth {
			if f, ok := p.retries.take(now); ok {
				f.sent = now
				p.begin(l.lane, f)
				p.flying++
				continue
			}
			if !p.more(now) || p.shape != nil && next > now {
				break
			}
			seq := p.next.Add(p.wording.rows()) - p.wording.rows()
			if seq >= p.cfg.Most { // another thread has begun the last
				break
			}
			f := flight{seq: seq, due: now, sent: now, try: 1}
			if p.shape != nil {
				f.due = next
				p.pace(seq, next, max(next, p.freed), now)
				next = p.zero + p.due(seq+p.wording.rows())
			}
			p.begin(l.lane, f)
			p.flying++
			if p.shape == nil {
				continue
			}
			if p.cfg.Depth == 1 || len(p.free) > 0 {
				break
			}
		}
		if len(l.flight) == 0 { // what was to be sent again was not due
			p.release(l)
			return next
		}
		p.write(l)
		now = p.now()
	}
}

// more reports whether there is anything that was never sent.
func (p *pacer) more(now int64) bool {
	return p.next.Load() < p.cfg.Most && (p.shape != nil || now < p.until)
}

// pick takes a connection on which one more may be under way: one with nothing
// on it, if there is one.
func (p *pacer) pick() *rawLane {
	for n := len(p.free); n > 0; n = len(p.free) {
		l := p.free[n-1]
		p.free, l.inFree = p.free[:n-1], false
		if l.fd >= 0 && len(l.flight) == 0 {
			return l
		}
	}
	if p.cfg.Depth > 1 && p.shape != nil {
		for _, l := range p.all {
			if l.fd >= 0 && !l.writing && len(l.flight) < p.cfg.Depth {
				return l
			}
		}
	}
	return nil
}

// release makes a connection free.
func (p *pacer) release(l *rawLane) {
	if l.inFree || l.fd < 0 {
		return
	}
	if len(p.free) == 0 {
		p.freed = p.now()
	}
	l.inFree = true
	p.free = append(p.free, l)
}

// write writes what has begun on l; what does not fit waits for room.
func (p *pacer) write(l *rawLane) {
	n, err := rawWrite(l.fd, l.out)
	if err != nil && err != unix.EAGAIN && err != unix.EINTR {
		p.drop(l, err)
		return
	}
	l.out = l.out[:copy(l.out, l.out[max(n, 0):])]
	if short := len(l.out) > 0; short != l.writing {
		l.writing = short
		p.listen(l)
	}
}

// read takes what has come on l.
func (p *pacer) read(l *rawLane, events uint32) {
	room := len(l.in) - l.n
	n, err := rawRead(l.fd, l.in[l.n:])
	switch {
	case err == unix.EAGAIN:
		return
	case err == unix.EINTR:
		p.listen(l)
		return
	case err != nil:
		p.drop(l, err)
		return
	}
	l.n += n
	before := len(l.flight)
	err = p.parse(l.lane, n == 0, p.now())
	p.flying -= before - len(l.flight)
	if err != nil {
		p.drop(l, err)
		return
	}
	if len(l.flight) == 0 {
		p.release(l)
	}
	if perhapsMore(n, room, events) {
		p.listen(l)
	}
}

// listen has the next event be about what l says, or about room for what is to
// be written.
func (p *pacer) listen(l *rawLane) {
	ev := unix.EpollEvent{Events: comes, Fd: int32(l.fd)}
	if l.writing {
		ev.Events |= unix.EPOLLOUT
	}
	_ = unix.EpollCtl(p.ep, unix.EPOLL_CTL_MOD, l.fd, &ev) // a descriptor that is gone shows when it is read
}

// drop ends a connection; another is made in its place.
func (p *pacer) drop(l *rawLane, err error) {
	now := p.now()
	p.flying -= len(l.flight)
	p.lost(l.lane, err, now)
	p.byFD[l.fd] = nil
	_ = unix.Close(l.fd) // leaves the epoll set, too
	l.fd, l.writing, l.retryAt = -1, false, now
}

// tidy ends connections whose answer is overdue and makes new ones, and has the
// journal written if it is asked for.
func (p *pacer) tidy(ctx context.Context, now int64) {
	if p.cfg.Flush > 0 && now-p.wrote > int64(p.cfg.Flush) {
		p.w.flush()
		p.wrote = now
	}
	if p.urgency != nil {
		p.urgency.look(now)
	}
	if p.door != nil {
		p.door.look(now)
	}
	for more := true; more && p.dials > 0; {
		select {
		case d := <-p.dialed:
			p.connected(d, false)
		default:
			more = false
		}
	}
	for _, l := range p.all {
		switch {
		case l.fd < 0 && !l.dialing && now >= l.retryAt:
			p.dial(ctx, l)
		case l.fd >= 0 && len(l.flight) > 0 && now-l.flight[0].sent > int64(p.cfg.Timeout):
			p.drop(l, errLate)
		}
	}
}

// dial connects beside the pacing thread.
func (p *pacer) dial(ctx context.Context, l *rawLane) {
	l.dialing = true
	p.dials++
	go func() {
		fd := -1
		if c, err := p.emitter.dial(ctx); err == nil {
			fd = own(c)
		}
		p.dialed <- dialed{l, fd}
	}()
}

// own returns a descriptor of c's connection that Go's poller does not know.
func own(c net.Conn) int {
	defer c.Close()
	fd := -1
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return fd
	}
	_ = raw.Control(func(old uintptr) {
		if n, err := unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			fd = n
		}
	})
	return fd
}

func (p *pacer) connected(d dialed, first bool) {
	l := d.lane
	p.dials--
	l.dialing = false
	if d.fd < 0 {
		l.retryAt = p.now() + int64(100*time.Millisecond)
		return
	}
	if err := unix.EpollCtl(p.ep, unix.EPOLL_CTL_ADD, d.fd, &unix.EpollEvent{Events: comes, Fd: int32(d.fd)}); err != nil {
		_ = unix.Close(d.fd)
		l.retryAt = p.now() + int64(100*time.Millisecond)
		return
	}
	if !first {
		p.out.Reconnects.Add(1)
	}
	l.fd = d.fd
	for len(p.byFD) <= d.fd {
		p.byFD = append(p.byFD, nil)
	}
	p.byFD[d.fd] = l
	p.release(l)
}

// wait sleeps for so many ns or until something comes, and takes it.
func (p *pacer) wait(ns int64) {
	n := 0
	if !p.coarse {
		ts := unix.NsecToTimespec(ns)
		r, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.ep), uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
		if errno == unix.ENOSYS || errno == unix.EPERM { // before Linux 5.11, or in an old sandbox
			p.coarse = true
		}
		if errno == 0 {
			n = int(r)
		}
	}
	if p.coarse {
		if ns > 0 && ns < int64(time.Millisecond) {
			ts := unix.NsecToTimespec(ns)
			_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, nil) // ending early is harmless
			ns = 0
		}
		n, _ = unix.EpollWait(p.ep, p.events[:], int(ns/int64(time.Millisecond))) // an interruption is harmless
	}
	for _, ev := range p.events[:max(n, 0)] {
		l := (*rawLane)(nil)
		if int(ev.Fd) < len(p.byFD) {
			l = p.byFD[ev.Fd]
		}
		if l == nil {
			if p.door != nil {
				p.door.take(ev)
			}
			continue
		}
		if ev.Events&unix.EPOLLOUT != 0 {
			p.write(l)
		}
		if l.fd >= 0 && ev.Events&^unix.EPOLLOUT != 0 {
			p.read(l, ev.Events)
		}
	}
}

// end gives up what is still under way.
func (p *pacer) end() {
	for p.dials > 0 {
		d := <-p.dialed
		p.dials--
		if d.fd >= 0 {
			_ = unix.Close(d.fd)
		}
	}
	now := p.now()
	for _, l := range p.all {
		if len(l.flight) > 0 {
			p.lost(l.lane, io.EOF, now)
		}
		if l.fd >= 0 {
			_ = unix.Close(l.fd)
		}
	}
	p.w.flush()
	p.abandon()
}
