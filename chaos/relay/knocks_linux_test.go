package relay

import (
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
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
	for range 2 { // who comes and goes all the time
		go func() {
			for {
				c, err := net.Dial("tcp4", elsewhere.Addr().String())
				if err != nil {
					return
				}
				_ = c.Close()
			}
		}()
	}
	go func() {
		for {
			c, err := elsewhere.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	nobody, err := net.Listen("tcp4", "127.0.0.1:0") // its port is nobody else's
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	door := nobody.Addr().(*net.TCPAddr).AddrPort()
	var heard atomic.Int64
	for range 2000 {
		ear, err := overhear(netip.AddrPortFrom(door.Addr().Unmap(), door.Port()), func() { heard.Add(1) })
		if err != nil {
			t.Fatal(err)
		}
		_ = ear.Close()
	}
	if n := heard.Load(); n > 0 {
		t.Errorf("%d who knocked elsewhere were heard", n)
	}
}
