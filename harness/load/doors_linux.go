package load

import (
	"net"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// doors are where postings come in here: a few threads, each of which waits for
// all of its connections at once. A goroutine for each connection costs a
// fruitless read and a wake-up more for each posting.
type doors struct {
	erp   *ERP
	loops []*door
	wg    sync.WaitGroup
}

// door is one thread.
type door struct {
	erp  *ERP
	ep   int
	bell int     // an eventfd that wakes the thread to end it
	w    *writer // of all its connections
	byFD []*caller
	tidy int64

	mu    sync.Mutex // guards new, end and asked
	new   map[int32]*caller
	end   bool
	asked bool // somebody waits to serve it for a while

	given, back chan struct{} // hand it over

	events [128]unix.EpollEvent
}

// caller is a connection at a door.
type caller struct {
	*posting
	fd     int
	since  int64 // when a request began that has not come whole, or answers that are not read; 0 if neither
	stuck  bool  // a write was short: the descriptor is watched for room instead
	ending bool  // nothing is read any more
}

// openDoors returns nil where it cannot be done.
func (e *ERP) openDoors() *doors {
	d := &doors{erp: e}
	for range max(runtime.GOMAXPROCS(0)/2, 1) {
		l, err := e.newDoor()
		if err != nil {
			break
		}
		d.loops = append(d.loops, l)
		d.wg.Go(l.run)
	}
	if len(d.loops) == 0 {
		return nil
	}
	return d
}

func (e *ERP) newDoor() (*door, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err == nil {
		err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, bell, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(bell)})
		if err != nil {
			_ = unix.Close(bell)
		}
	}
	if err != nil {
		_ = unix.Close(ep)
		return nil, err
	}
	return &door{erp: e, ep: ep, bell: bell, w: e.run.journal.posting(), new: map[int32]*caller{}, given: make(chan struct{}), back: make(chan struct{})}, nil
}

// admit takes the n-th connection over.
func (d *doors) admit(n int, c net.Conn) {
	l := d.loops[n%len(d.loops)]
	fd := own(c)
	if fd < 0 {
		d.erp.open.Add(-1)
		return
	}
	p := d.erp.posting(n)
	p.w = l.w
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.end {
		l.new[int32(fd)] = &caller{posting: p, fd: fd}
		if unix.EpollCtl(l.ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: comes, Fd: int32(fd)}) == nil {
			return
		}
		delete(l.new, int32(fd))
	}
	d.erp.open.Add(-1)
	_ = unix.Close(fd)
}

// close ends all connections and returns when their evidence is written.
func (d *doors) close() {
	if d == nil {
		return
	}
	for _, l := range d.loops {
		l.mu.Lock()
		l.end = true
		l.mu.Unlock()
		l.ring()
	}
	d.wg.Wait()
}

// lend returns the i-th door for its caller to serve, whose thread waits for more
// than that, until it is sent back; nil if there is none. All of it must be
// back before the doors are closed.
func (d *doors) lend(i int) *door {
	if d == nil || i >= len(d.loops) {
		return nil
	}
	l := d.loops[i]
	l.mu.Lock()
	l.asked = true
	l.mu.Unlock()
	l.ring()
	<-l.given
	return l
}

func (l *door) ring() { _, _ = unix.Write(l.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

func (l *door) now() int64 { return int64(time.Since(l.erp.run.start)) }

func (l *door) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		n, _ := unix.EpollWait(l.ep, l.events[:], int(housekeeping/int64(time.Millisecond))*20) // an interruption is harmless
		rung := false
		for _, ev := range l.events[:max(n, 0)] {
			l.take(ev)
			rung = rung || int(ev.Fd) == l.bell
		}
		if rung && l.called() { // not before, as nobody is told again of what else has come
			l.shut()
			return
		}
		l.look(l.now())
	}
}

// called does what the bell was rung for, and reports whether that is to end.
func (l *door) called() (over bool) {
	l.mu.Lock()
	asked := l.asked
	l.asked = false
	l.mu.Unlock()
	if asked {
		l.given <- struct{}{}
		<-l.back
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// take does what an event is about. Of the bell that is only to hear it: what it
// was rung for is done by [door.called].
func (l *door) take(ev unix.EpollEvent) {
	if int(ev.Fd) == l.bell {
		_, _ = unix.Read(l.bell, make([]byte, 8))
	} else if c := l.caller(ev.Fd); c != nil {
		l.serve(c, ev.Events)
	}
}

// look ends connections that keep us waiting, now and then.
func (l *door) look(now int64) {
	if now >= l.tidy {
		l.tidy = now + 20*housekeeping
		l.hurry(now)
	}
}

// caller returns the connection on a descriptor.
func (l *door) caller(fd int32) *caller {
	if int(fd) < len(l.byFD) && l.byFD[fd] != nil {
		return l.byFD[fd]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for fd, c := range l.new {
		for len(l.byFD) <= int(fd) {
			l.byFD = append(l.byFD, nil)
		}
		l.byFD[fd] = c
	}
	clear(l.new)
	if int(fd) >= len(l.byFD) {
		return nil
	}
	return l.byFD[fd]
}

// serve does what a connection is ready for.
func (l *door) serve(c *caller, events uint32) {
	if events&unix.EPOLLOUT != 0 && !l.write(c) {
		return
	}
	if c.stuck || events&^unix.EPOLLOUT == 0 {
		if events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			l.drop(c)
		}
		return
	}
	room := c.space()
	n, err := rawRead(c.fd, room)
	switch {
	case err == unix.EAGAIN:
		return
	case err == unix.EINTR:
		l.listen(c)
		return
	case err != nil || n == 0:
		if c.begun() {
			l.erp.run.in.Broken.Add(1)
		}
		l.drop(c)
		return
	}
	c.came(n)
	l.answer(c)
	if perhapsMore(n, len(room), events) && l.byFD[c.fd] == c && !c.stuck {
		l.listen(c)
	}
}

// listen has the next event be about what c says.
func (l *door) listen(c *caller) {
	_ = unix.EpollCtl(l.ep, unix.EPOLL_CTL_MOD, c.fd, &unix.EpollEvent{Events: comes, Fd: int32(c.fd)}) // a descriptor that is gone shows when it is read
}

// answer answers what has come, as far as the build reads answers.
func (l *door) answer(c *caller) {
	now := l.now()
	for {
		want := c.process(now)
		c.ending = want == wantsEnd
		if !l.write(c) || want != wantsRoom {
			break
		}
	}
	if !c.begun() && !c.stuck {
		c.since = 0
	} else if c.since == 0 {
		c.since = now
	}
}

// write writes the answers and reports whether all of them were taken and more
// may come.
func (l *door) write(c *caller) bool {
	if len(c.out) > 0 {
		n, err := rawWrite(c.fd, c.out)
		if err != nil && err != unix.EAGAIN && err != unix.EINTR {
			l.drop(c)
			return false
		}
		c.out = c.out[:copy(c.out, c.out[max(n, 0):])]
		if n > 0 && c.stuck { // it does read, if slowly
			c.since = l.now()
		}
	}
	if stuck := len(c.out) > 0; stuck != c.stuck {
		if c.stuck = stuck; stuck {
			_ = unix.EpollCtl(l.ep, unix.EPOLL_CTL_MOD, c.fd, &unix.EpollEvent{Events: unix.EPOLLOUT, Fd: int32(c.fd)})
		} else {
			l.listen(c)
		}
		if !stuck && !c.ending {
			l.answer(c) // what had come before
			return false
		}
	}
	if c.ending && !c.stuck {
		l.drop(c)
		return false
	}
	return !c.stuck
}

// hurry ends connections that keep us waiting.
func (l *door) hurry(now int64) {
	for _, c := range l.byFD {
		if c != nil && c.since != 0 && now-c.since > int64(requestLimit) {
			if !c.stuck {
				l.erp.run.in.Broken.Add(1)
			}
			l.drop(c)
		}
	}
}

func (l *door) drop(c *caller) {
	l.byFD[c.fd] = nil
	_ = unix.Close(c.fd) // leaves the epoll set, too
	l.erp.open.Add(-1)
}

// shut ends the thread.
func (l *door) shut() {
	l.mu.Lock()
	for _, c := range l.new {
		_ = unix.Close(c.fd)
	}
	clear(l.new)
	l.mu.Unlock()
	for _, c := range l.byFD {
		if c != nil {
			_ = unix.Close(c.fd)
		}
	}
	_ = unix.Close(l.bell)
	_ = unix.Close(l.ep)
	l.w.flush()
}
