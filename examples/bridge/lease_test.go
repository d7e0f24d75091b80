package bridge

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestSecondInstanceStandsBy starts another instance on the store of one that
// works: it is healthy and takes nothing until the first is gone, and then
// finishes what that has left.
func TestSecondInstanceStandsBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.spawn().sendAll(start("1"), confirmation("1", 1))
	w.settled(start("1"), confirmation("1", 1))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := w.config
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Listen = l.Addr().String()
	_ = l.Close()
	active, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- Run(ctx, c, slog.New(slog.DiscardHandler), func(a string) { active <- a }) }()
	post := func() int {
		r, err := client.Post("http://"+c.Listen+"/mes/confirmations", "application/json", bytes.NewReader(nil))
		if err != nil {
			return 0
		}
		defer r.Body.Close()
		return r.StatusCode
	}
	for limit := time.Now().Add(10 * time.Second); ; w.pass(5 * time.Millisecond) {
		r, err := client.Get("http://" + c.Listen + "/health")
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(limit) {
			t.Fatalf("it is not healthy while it stands by: %v", err)
		}
	}
	if got := post(); got != http.StatusServiceUnavailable {
		t.Errorf("standing by it answers a webhook with %d, want 503", got)
	}
	select {
	case <-active:
		t.Fatal("two instances are active")
	default:
	}
	w.kill()
	select {
	case <-active:
	case <-time.After(10 * time.Second):
		t.Fatal("the first is dead and the second still stands by")
	}
	if got := post(); got != http.StatusBadRequest {
		t.Errorf("active it answers an empty webhook with %d, want 400", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
