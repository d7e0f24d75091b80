package main

import (
	"bufio"
	"bytes"
	"fmt"
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
	answers  []int64    // of the same requests
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
		i := s.came()
		if _, err := c.Write(created); err != nil {
			return
		}
		if i >= 0 {
			s.answered(i)
		}
	}
}

var created = []byte("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

// came notes a request, and stands still if it is time to; its number among those
// that are noted, -1 if it is none of them.
func (s *sink) came() int {
	at := s.stall.Load()
	s.count.Add(1)
	if at == 0 && cap(s.arrivals) == 0 {
		return -1
	}
	i, now := -1, time.Now().UnixNano()
	s.mu.Lock()
	if len(s.arrivals) < cap(s.arrivals) {
		i = len(s.arrivals)
		s.arrivals, s.answers = append(s.arrivals, now), append(s.answers, 0)
	}
	s.mu.Unlock()
	if at != 0 && now >= at {
		time.Sleep(time.Duration(at + int64(time.Second) - now))
	}
	return i
}

func (s *sink) answered(i int) {
	now := time.Now().UnixNano()
	s.mu.Lock()
	if i < len(s.answers) {
		s.answers[i] = now
	}
	s.mu.Unlock()
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
	s.arrivals, s.answers = make([]int64, 0, n), make([]int64, 0, n)
}

// waits says how long what came had to wait, from when it was due by a rate per
// second until it was answered. What came before an instant, in ns since 1970, came
// when it was due, in the middle.
func (s *sink) waits(rate float64, before int64) (percentiles, error) {
	s.mu.Lock()
	at, answers := s.arrivals, s.answers
	s.arrivals, s.answers = nil, nil
	s.mu.Unlock()
	due := func(i int) int64 { return int64(float64(i) * 1e9 / rate) }
	var off []float64
	for i := 0; i < len(at) && at[i] < before; i++ {
		off = append(off, float64(at[i]-due(i)))
	}
	if len(off) < 100 {
		return percentiles{}, fmt.Errorf("only %d requests came before the server stood still", len(off))
	}
	began := int64(median(off))
	wait := make([]float64, len(at))
	for i := range at {
		if answers[i] == 0 {
			return percentiles{}, fmt.Errorf("request %d was never answered", i)
		}
		wait[i] = float64(answers[i]-began-due(i)) / 1e6
	}
	slices.Sort(wait)
	return percentiles{p90: wait[len(wait)*90/100], p99: wait[len(wait)*99/100]}, nil
}

// heard says how punctual what came was, at a rate per second. The first second
// is left out: that is making connections.
func (s *sink) heard(rate float64) (p punctuality) {
	s.mu.Lock()
	at := s.arrivals
	s.arrivals, s.answers = nil, nil
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
