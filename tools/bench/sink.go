package main

import (
	"bufio"
	"bytes"
	"math"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// sink answers 201 to everything, and stands still for a second from stall on.
// It notes when requests come while arrivals has room.
type sink struct {
	l     net.Listener
	count atomic.Int64
	stall atomic.Int64 // ns since 1970; 0 for never

	mu       sync.Mutex // guards what follows
	arrivals []int64    // ns since 1970
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{l: l}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s, nil
}

func (s *sink) url() string { return "http://" + s.l.Addr().String() + "/" }
func (s *sink) close()      { _ = s.l.Close() }

var contentLength = []byte("content-length:")

func (s *sink) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	for length := 0; ; {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if n := len(contentLength); len(line) > n && bytes.EqualFold(line[:n], contentLength) {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(line[n:]))) // all senders say it right
		}
		if len(line) > 2 {
			continue
		}
		if _, err := r.Discard(length); err != nil {
			return
		}
		s.came()
		if _, err := c.Write(created); err != nil {
			return
		}
	}
}

var created = []byte("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

func (s *sink) came() {
	at := s.stall.Load()
	s.count.Add(1)
	if at == 0 && cap(s.arrivals) == 0 {
		return
	}
	now := time.Now().UnixNano()
	s.mu.Lock()
	if len(s.arrivals) < cap(s.arrivals) {
		s.arrivals = append(s.arrivals, now)
	}
	s.mu.Unlock()
	if at != 0 && now >= at {
		time.Sleep(time.Duration(at + int64(time.Second) - now))
	}
}

// punctuality is how well what came kept to a rate.
type punctuality struct {
	p50, p99 time.Duration // of the distance to the even line through all
	rate     float64
}

// watch notes at most so many arrivals until heard is called.
func (s *sink) watch(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals = make([]int64, 0, n)
}

// heard says how punctual what came was, at a rate per second. The first second
// is left out: that is making connections.
func (s *sink) heard(rate float64) (p punctuality) {
	s.mu.Lock()
	at := s.arrivals
	s.arrivals = nil
	s.mu.Unlock()
	slices.Sort(at)
	if len(at) > 0 {
		first, _ := slices.BinarySearch(at, at[0]+int64(time.Second))
		at = at[first:]
	}
	if len(at) < 100 {
		return punctuality{p50: time.Hour, p99: time.Hour}
	}
	p.rate = float64(len(at)-1) / time.Duration(at[len(at)-1]-at[0]).Seconds()
	off := make([]float64, len(at))
	for i := range at {
		off[i] = float64(at[i]-at[0]) - float64(i)*1e9/rate
	}
	line := median(off)
	for i := range off {
		off[i] = math.Abs(off[i] - line)
	}
	slices.Sort(off)
	p.p50, p.p99 = time.Duration(off[len(off)/2]), time.Duration(off[len(off)*99/100])
	return p
}
