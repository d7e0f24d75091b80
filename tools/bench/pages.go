package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// callers is how many ask for pages at once, each over a connection that it
// keeps.
const callers = 16

// pages is how many answers a second come, and how many in all, all callers
// together.
func pages(addr, path string, length time.Duration) (rate float64, all int, err error) {
	var n atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, callers)
	began := time.Now()
	until := began.Add(length)
	for i := range callers {
		wg.Go(func() { errs[i] = read(addr, path, until, &n) })
	}
	wg.Wait()
	return float64(n.Load()) / time.Since(began).Seconds(), int(n.Load()), errors.Join(errs...)
}

func read(addr, path string, until time.Time, n *atomic.Int64) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	ask := []byte("GET " + path + " HTTP/1.1\r\nHost: far\r\n\r\n")
	for r := bufio.NewReaderSize(c, 32<<10); time.Now().Before(until); n.Add(1) {
		if _, err := c.Write(ask); err != nil {
			return err
		}
		if status, err := skip(r); err != nil || status != 200 {
			return errors.Join(err, fmt.Errorf("answered %d", status))
		}
	}
	return nil
}

// pour is how many megabytes a second can be sent, and how many were.
func pour(addr string, length time.Duration) (rate, sent float64, err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	if _, err := io.WriteString(c, "S"); err != nil {
		return 0, 0, err
	}
	b := make([]byte, 256<<10)
	began := time.Now()
	for time.Since(began) < length {
		k, err := c.Write(b)
		if err != nil {
			return 0, 0, err
		}
		sent += float64(k) / 1e6
	}
	return sent / time.Since(began).Seconds(), sent, nil
}

// keepsHalfClose reports whether who has said all that he will is still
// answered.
func keepsHalfClose(addr string) (bool, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false, err
	}
	defer c.Close()
	if _, err := io.WriteString(c, "S1234567890"); err != nil {
		return false, err
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return false, err
	}
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return false, err
	}
	b, _ := io.ReadAll(c) // cut off is lost
	return string(b) == fmt.Sprintf("%020d", 10), nil
}
