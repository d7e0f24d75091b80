package relay

import (
	"context"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestWhoHasNoAnswerIsFound: who tries to connect to a port and has no answer is
// seen, by the kernel's own search and in its list, and nobody at another.
func TestWhoHasNoAnswerIsFound(t *testing.T) {
	open := func() (*net.TCPListener, int) {
		t.Helper()
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l.(*net.TCPListener), l.Addr().(*net.TCPAddr).Port
	}
	silent, port := open()
	_, answering := open()
	full, err := silence(silent)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range full.conns {
		defer c.Close()
	}
	sees := func(where string, find func(port int) (bool, error), want bool) {
		t.Helper()
		for over := time.After(10 * time.Second); ; {
			waits, err := find(port)
			elsewhere, err2 := find(answering)
			if err != nil || err2 != nil || elsewhere {
				t.Fatalf("%s: at the other door %t, %v, %v", where, elsewhere, err, err2)
			}
			if waits == want {
				return
			}
			select { // the kernel tells nobody when it changes its mind
			case <-over:
				t.Fatalf("%s: seen %t, want %t", where, waits, want)
			case <-time.After(time.Millisecond):
			}
		}
	}
	ways := map[string]func(port int) (bool, error){
		"search": func(port int) (bool, error) { return synIsOut(unix.AF_INET, uint16(port)) },
		"list":   func(port int) (bool, error) { return synIsListed("/proc/net/tcp", port), nil },
		"both":   func(port int) (bool, error) { return knocking(port), nil },
	}
	for where, find := range ways {
		sees(where, find, false)
	}
	ctx, giveUp := context.WithCancel(t.Context())
	given := make(chan struct{})
	go func() {
		defer close(given)
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp4", silent.Addr().String()); err == nil {
			_ = c.Close()
		}
	}()
	for where, find := range ways {
		sees(where, find, true)
	}
	giveUp()
	<-given
	for where, find := range ways {
		sees(where, find, false)
	}
}
