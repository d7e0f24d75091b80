package load

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// opened returns an ERP, and connects to it.
func opened(t *testing.T) (*ERP, func() net.Conn) {
	t.Helper()
	c := small(t, &passing{t: t}, nil)
	j, err := CreateJournal(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(c.Dir, hlogFile))
	if err != nil {
		t.Fatal(err)
	}
	r := &run{start: time.Now(), wording: c.Wording, ledger: NewLedger(c.expected(), 1), meter: NewMeter(1, log, nil), journal: j, keys: newKeyTable()}
	e, err := r.listen(&c, c.Listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, close := range []func() error{e.Close, r.meter.Close, log.Close, j.Close} {
			if err := close(); err != nil {
				t.Log(err) // the listener may be closed before
			}
		}
	})
	return e, func() net.Conn {
		c, err := net.Dial("tcp", e.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		return c
	}
}

func ask(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := io.WriteString(c, "POST /oauth/token HTTP/1.1\r\nHost: erp\r\nContent-Length: 0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c net.Conn) {
	t.Helper()
	b := make([]byte, 1024)
	if n, err := c.Read(b); err != nil || string(b[:12]) != "HTTP/1.1 200" {
		t.Fatalf("answered %q, %v", b[:n], err)
	}
}

// takeUntil serves a door that was lent until something has come about.
func takeUntil(t *testing.T, d *door, done func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !done(); {
		n, _ := unix.EpollWait(d.ep, d.events[:], 100)
		for _, ev := range d.events[:max(n, 0)] {
			d.take(ev)
		}
		if time.Now().After(until) {
			d.back <- struct{}{} // else it never ends
			t.Fatal("nothing comes at the door")
		}
	}
}

// A door that is lent is served by who has it, and afterwards by itself again,
// with the connections that came meanwhile.
func TestDoorsAreLent(t *testing.T) {
	e, connect := opened(t)
	before := connect()
	ask(t, before)
	hear(t, before)
	for n := int64(1); n <= 3; n++ {
		d := e.doors.lend(0)
		meanwhile := connect()
		ask(t, before)
		ask(t, meanwhile)
		takeUntil(t, d, func() bool { return e.run.in.Other.Load() == 4*n-1 })
		d.back <- struct{}{}
		hear(t, before)
		hear(t, meanwhile)
		for _, c := range []net.Conn{before, meanwhile} {
			ask(t, c)
			hear(t, c)
		}
	}
	if d := e.doors.lend(len(e.doors.loops)); d != nil {
		t.Error("there is no such door")
	}
}

// A door that is to end while it is lent ends when it is back.
func TestDoorEndsWhenItIsBack(t *testing.T) {
	e, connect := opened(t)
	c := connect()
	ask(t, c)
	hear(t, c)
	d := e.doors.lend(0)
	closed := make(chan error)
	go func() { closed <- e.Close() }()
	takeUntil(t, d, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.end
	})
	ask(t, c)
	takeUntil(t, d, func() bool { return e.run.in.Other.Load() == 2 })
	hear(t, c)
	select {
	case err := <-closed:
		t.Fatal("it has ended, and is lent:", err)
	default:
	}
	d.back <- struct{}{}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes came out of a door that is shut", n)
	}
}

// What has come together with more than there was room for, or with the end of
// the connection, is seen although nobody is told of it once more.
func TestDoorsSeeAllThatHasCome(t *testing.T) {
	e, connect := opened(t)
	asks := func(n int) string { // so many bytes
		const head = "POST /oauth/token HTTP/1.1\r\nHost: erp\r\nContent-Length: 0\r\nX-Fill: "
		return head + strings.Repeat("x", n-len(head)-4) + "\r\n\r\n"
	}
	for _, say := range []string{asks(200), asks(16 << 10), asks(16<<10) + asks(200), strings.Repeat(asks(1<<10), 100)} {
		d := e.doors.lend(0)
		c := connect()
		if _, err := io.WriteString(c, say); err != nil {
			t.Fatal(err)
		}
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		d.back <- struct{}{}
		got, err := io.ReadAll(c) // ends when the door has seen the end
		if err != nil {
			t.Fatal(err)
		}
		if asked, answered := strings.Count(say, "POST"), strings.Count(string(got), "HTTP/1.1 200"); asked != answered {
			t.Errorf("%d of %d were answered: %.100q", answered, asked, got)
		}
	}
}

// What has come when the bell was rung is seen before the door is lent.
func TestDoorsAreLentWithNothingForgotten(t *testing.T) {
	e, connect := opened(t)
	c := connect()
	ask(t, c)
	hear(t, c)
	for n := int64(2); n <= 4; n++ {
		first, next := e.doors.lend(0), make(chan *door)
		go func() { next <- e.doors.lend(0) }()
		rung := []unix.PollFd{{Fd: int32(first.bell), Events: unix.POLLIN}}
		if k, err := unix.Poll(rung, 20_000); k != 1 {
			t.Fatal("nobody rings: ", err)
		}
		ask(t, c)
		first.back <- struct{}{}
		second := <-next
		takeUntil(t, second, func() bool { return e.run.in.Other.Load() == n })
		hear(t, c)
		second.back <- struct{}{}
	}
}
