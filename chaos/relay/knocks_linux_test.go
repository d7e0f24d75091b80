package relay

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// TestWhoComesElsewhereIsNotHeard: an ear hears who knocks at its door, and none of
// what the machine says otherwise, also in the moment in which it is made.
func TestWhoComesElsewhereIsNotHeard(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("raw sockets are for root")
	}
	elsewhere, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	for range 4 {
		talker, err := net.Dial("tcp4", elsewhere.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer talker.Close()
		hearer, err := elsewhere.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer hearer.Close()
		go func() { _, _ = io.Copy(io.Discard, hearer) }()
		go func() {
			for {
				if _, err := talker.Write([]byte("x")); err != nil {
					return
				}
			}
		}()
	}
	nobody, err := net.Listen("tcp4", "127.0.0.1:0") // its port is nobody else's
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	door := nobody.Addr().(*net.TCPAddr).AddrPort()
	var heard atomic.Int64
	for range 5000 {
		ear, err := overhear(netip.AddrPortFrom(door.Addr().Unmap(), door.Port()), func() { heard.Add(1) })
		if err != nil {
			t.Fatal(err)
		}
		_ = ear.Close()
	}
	if n := heard.Load(); n > 0 {
		t.Errorf("%d things said elsewhere were heard", n)
	}
	ear, err := overhear(netip.AddrPortFrom(door.Addr().Unmap(), door.Port()), func() { heard.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close()
	caller, err := net.Dial("tcp4", nobody.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	for over := time.Now().Add(10 * time.Second); heard.Load() == 0 && time.Now().Before(over); {
		time.Sleep(time.Millisecond)
	}
	if n := heard.Load(); n != 1 {
		t.Errorf("of one who knocks %d were heard", n)
	}
}
