package relay

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestWhoHasNoAnswerIsFound: who tries to connect to a port and has no answer is
// seen, by the kernel's own search and in its list, and nobody at another.
func TestWhoHasNoAnswerIsFound(t *testing.T) {
	var ports [2]int
	for i := range ports {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
		if i == 1 {
			break // that one answers
		}
		full, err := silence(l.(*net.TCPListener))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range full.conns {
			defer c.Close()
		}
	}
	sees := func(where string, find func(port int) (bool, error), want bool) {
		t.Helper()
		for over := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			silent, err := find(ports[0])
			answering, err2 := find(ports[1])
			if err != nil || err2 != nil || answering || silent != want && time.Now().After(over) {
				t.Errorf("%s: seen %t, want %t, at the other door %t, %v, %v", where, silent, want, answering, err, err2)
			}
			if silent == want || t.Failed() {
				return
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
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp4", fmt.Sprint("127.0.0.1:", ports[0])); err == nil {
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
