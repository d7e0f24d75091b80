package relay

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// errShut says that a door will not open again.
var errShut = errors.New("the relay is closed")

// A door is the address callers come to. It can be barred, so that they are
// refused, and silent, so that they are not answered; its address stays taken.
type door struct {
	addr   string
	port   int
	keeper keeper // keeps the address while nobody listens there

	mu        sync.Mutex       // guards what follows
	moved     *sync.Cond       // somebody left, or the state changed
	listener  *net.TCPListener // nil while barred
	accepting bool             // somebody is about to take the next caller
	silent    bool
	fillers   *fillers        // while silent
	ours      map[string]bool // addresses of fillers that are still in the queue
	isShut    bool
}

func openDoor(listen string) (d *door, err error) {
	at, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: not a host:port such as 127.0.0.1:8080: %w", listen, err)
	}
	d = &door{addr: listen, ours: map[string]bool{}}
	d.moved = sync.NewCond(&d.mu)
	if d.keeper, d.addr, err = keep(at); err != nil { // first: it must be bound before anybody listens
		return nil, fmt.Errorf("take %s: %w", listen, err)
	}
	if err := d.listen(); err != nil {
		return nil, errors.Join(err, d.keeper.release())
	}
	d.addr, d.port = d.listener.Addr().String(), d.listener.Addr().(*net.TCPAddr).Port
	return d, nil
}

// listen opens the address; d.mu is held or nobody else knows d.
func (d *door) listen() error {
	l, err := net.Listen("tcp", d.addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", d.addr, err)
	}
	d.listener = l.(*net.TCPListener)
	return nil
}

// set bars or opens the door, and makes it silent or not. Where silence cannot
// be had, callers are let in all the same, and whoever serves them is to be
// silent.
func (d *door) set(barred, silent bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isShut {
		return nil
	}
	defer d.moved.Broadcast()
	if barred && d.listener != nil {
		d.unsilence()
		_ = d.listener.Close()
		d.listener = nil
	}
	if !barred && d.listener == nil {
		if err := d.listen(); err != nil {
			return err
		}
	}
	switch {
	case d.listener == nil || silent == d.silent:
	case silent:
		d.hush()
	default:
		d.unsilence()
	}
	return nil
}

// hush makes the door silent, if it can be; d.mu is held.
func (d *door) hush() {
	_ = d.listener.SetDeadline(past) // nobody accepts meanwhile
	d.silent = true
	for d.accepting {
		d.moved.Wait()
	}
	if d.listener == nil || d.isShut {
		return
	}
	f, err := silence(d.listener)
	if err != nil {
		d.silent = false
		_ = d.listener.SetDeadline(time.Time{})
		return
	}
	d.fillers = f
}

// unsilence has the door answer again; d.mu is held.
func (d *door) unsilence() {
	if !d.silent {
		return
	}
	d.silent = false
	if d.fillers != nil {
		for _, c := range d.fillers.conns {
			d.ours[c.LocalAddr().String()] = true
		}
		_ = d.fillers.speak(d.listener) // fails only on a closed listener
		d.fillers = nil
	}
	_ = d.listener.SetDeadline(time.Time{})
}

// fillers are callers of our own in the queue of a silent listener.
type fillers struct{ conns []*net.TCPConn }

// knocks reports whether somebody is trying to connect in vain.
func (d *door) knocks() bool {
	d.mu.Lock()
	silent := d.silent && d.fillers != nil // the fillers are in
	d.mu.Unlock()
	return silent && knocking(d.port)
}

// accept returns the next caller, or [errShut].
func (d *door) accept() (*net.TCPConn, error) {
	for {
		l := d.await()
		if l == nil {
			return nil, errShut
		}
		c, err := l.AcceptTCP()
		own := d.accepted(c)
		switch {
		case own:
			_ = c.Close()
		case err == nil:
			return c, nil
		case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded): // barred, silent or shut
		case scarce(err):
			d.pause(5 * time.Millisecond) // until others have left
		default:
			return nil, fmt.Errorf("accept: %w", err)
		}
	}
}

// await returns the listener once the door is open; nil if it is shut.
func (d *door) await() *net.TCPListener {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !d.isShut && (d.listener == nil || d.silent) {
		d.moved.Wait()
	}
	if d.isShut {
		return nil
	}
	d.accepting = true
	return d.listener
}

// accepted ends what await began; it reports whether c is one of our own.
func (d *door) accepted(c *net.TCPConn) (own bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.accepting = false
	d.moved.Broadcast()
	if c == nil || len(d.ours) == 0 {
		return false
	}
	name := c.RemoteAddr().String()
	own = d.ours[name]
	delete(d.ours, name)
	return own
}

// pause waits a moment, or until something has moved.
func (d *door) pause(long time.Duration) {
	t := time.AfterFunc(long, d.left)
	defer t.Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.isShut {
		d.moved.Wait()
	}
}

// left tells the door that a caller has gone.
func (d *door) left() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.moved.Broadcast()
}

func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isShut {
		return
	}
	if d.listener != nil {
		d.unsilence()
		_ = d.listener.Close()
	}
	d.isShut = true
	_ = d.keeper.release()
	d.moved.Broadcast()
}
