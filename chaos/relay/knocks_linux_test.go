package relay

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestWhoComesElsewhereIsNotHeard: an ear hears who knocks at its door, and none of
// what the machine says otherwise, also in the moment in which it is made.
func TestWhoComesElsewhereIsNotHeard(t *testing.T) {
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
	listen := func(tell func()) io.Closer {
		t.Helper()
		ear, err := overhear(netip.AddrPortFrom(door.Addr().Unmap(), door.Port()), tell)
		if errors.Is(err, unix.EPERM) {
			t.Skip("who knocks is heard by raw sockets: run this as root, or with CAP_NET_RAW")
		}
		if err != nil {
			t.Fatal(err)
		}
		return ear
	}
	var strangers atomic.Int64
	for range 5000 {
		_ = listen(func() { strangers.Add(1) }).Close()
	}
	if n := strangers.Load(); n > 0 {
		t.Errorf("%d things said elsewhere were heard", n)
	}
	heard := make(chan struct{}, 8)
	defer listen(func() { heard <- struct{}{} }).Close()
	caller, err := net.Dial("tcp4", nobody.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	select {
	case <-heard:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody heard who knocked")
	}
	if len(heard) > 0 {
		t.Errorf("of one who knocked %d more were heard", len(heard))
	}
}

// TestKnocks: of the packets that a raw socket is given only one that begins a
// connection at the door is a knock; options of IP come before the TCP header.
func TestKnocks(t *testing.T) {
	door := netip.MustParseAddrPort("127.0.0.1:4711")
	packet := func(options int, to string, flags byte) []byte {
		at := netip.MustParseAddrPort(to)
		ip, tcp := make([]byte, 20+options), make([]byte, 20)
		ip[0] = 0x40 | byte(len(ip)/4)
		copy(ip[16:], at.Addr().AsSlice())
		binary.BigEndian.PutUint16(tcp[2:], at.Port())
		tcp[13] = flags
		return append(ip, tcp...)
	}
	for name, c := range map[string]struct {
		packet []byte
		any    bool // the door is at any address
		is     bool
	}{
		"a knock":              {packet: packet(0, "127.0.0.1:4711", syn), is: true},
		"with options":         {packet: packet(40, "127.0.0.1:4711", syn), is: true},
		"an answer":            {packet: packet(0, "127.0.0.1:4711", syn|ack)},
		"said when connected":  {packet: packet(0, "127.0.0.1:4711", ack)},
		"at another port":      {packet: packet(0, "127.0.0.1:4712", syn)},
		"at another address":   {packet: packet(0, "127.0.0.7:4711", syn)},
		"at any address":       {packet: packet(0, "127.0.0.7:4711", syn), any: true, is: true},
		"cut in the address":   {packet: packet(0, "127.0.0.1:4711", syn)[:19]},
		"cut before the flags": {packet: packet(0, "127.0.0.1:4711", syn)[:33]},
		"shorter than it says": {packet: packet(40, "127.0.0.1:4711", syn)[:50]},
	} {
		at := door
		if c.any {
			at = netip.AddrPortFrom(netip.IPv4Unspecified(), door.Port())
		}
		if is := isKnock(c.packet, at); is != c.is {
			t.Errorf("%s: %t, want %t", name, is, c.is)
		}
	}
}
