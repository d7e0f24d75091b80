package httptransport

import (
	"context"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
)

// TestConnections counts what is held open, whether it says anything or not.
func TestConnections(t *testing.T) {
	tr, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- tr.Serve(ctx, func(context.Context, simulators.Message) (simulators.Message, error) {
			return simulators.Message{}, nil
		})
	}()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	await := func(want int) {
		t.Helper()
		for tr.Connections() != want {
			if t.Context().Err() != nil {
				t.Fatalf("%d connections, want %d", tr.Connections(), want)
			}
			runtime.Gosched()
		}
	}
	await(0)
	var held []net.Conn
	for n := range 3 {
		c, err := net.Dial("tcp", strings.TrimPrefix(tr.URL(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
		await(n + 1)
	}
	for n, c := range held {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		await(2 - n)
	}
}
