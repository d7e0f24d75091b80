package main

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// serving has callers handled until the test ends, and says where.
func serving(t *testing.T, handle func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				handle(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}

// TestHalfClose: the bench tells a relay that keeps it from one that does not.
func TestHalfClose(t *testing.T) {
	far := serving(t, counts)
	rude := func(c *net.TCPConn) { // hears the end of one way and closes both
		up, err := net.Dial("tcp", far)
		if err != nil {
			return
		}
		_, _ = io.Copy(up, c)
		_ = up.Close()
	}
	for name, tc := range map[string]struct {
		addr string
		want bool
	}{
		"direct":       {far, true},
		"io.Copy":      {serving(t, func(c *net.TCPConn) { copyBoth(c, far, false) }), true},
		"with buffers": {serving(t, func(c *net.TCPConn) { copyBoth(c, far, true) }), true},
		"rude":         {serving(t, rude), false},
	} {
		if got, err := keepsHalfClose(tc.addr); err != nil || got != tc.want {
			t.Errorf("%s: kept %v, %v", name, got, err)
		}
	}
}

// TestFigures computes what the rows show.
func TestFigures(t *testing.T) {
	if got := paired([]float64{90, 10, 30}, []float64{100, 5, 30}); got != 1 {
		t.Errorf("the median of 0.9, 2 and 1 is %g", got)
	}
	ms := time.Millisecond
	if got := added([]time.Duration{3 * ms, 9 * ms, 4 * ms}, []time.Duration{ms, ms, ms}); got != 3*ms {
		t.Errorf("the median of 2, 8 and 3 ms is %s", got)
	}
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i)
	}
	if p50, p99 := percentile(hundred, 50), percentile(hundred, 99); p50 != 50 || p99 != 99 {
		t.Errorf("of 0 to 99, p50 %d and p99 %d", p50, p99)
	}
}
