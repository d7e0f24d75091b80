package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"

	"github.com/andon-rig/andon/chaos/relay"
)

// Servers of the relay's measurement: what stands at the far end, our relay
// with no fault armed, and relays that do nothing but copy.
const (
	farEnd   = "far-end"
	ours     = "relay"
	copying  = "io-copy"      // io.Copy both ways, which Linux does in the kernel
	buffered = "user-copying" // the same with a buffer of 32 KiB, which it does not
)

// beRoad is one of them, in front of the addresses of upstreams, if it is a
// relay. It prints an address for each, one a line, answers each line on its
// standard input with its goroutines and resident bytes, and ends with its
// input.
func beRoad(name string, upstreams []string, profile string) error {
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var serving sync.WaitGroup
	defer serving.Wait()
	defer stop()
	switch name {
	case farEnd:
		if err := beFarEnd(ctx, &serving); err != nil {
			return err
		}
	case ours:
		for _, up := range upstreams {
			r, err := relay.New(relay.Config{Name: "bench", Upstream: up})
			if err != nil {
				return err
			}
			fmt.Println(r.Addr())
			serving.Go(func() { _ = r.Serve(ctx) })
		}
	case copying, buffered:
		for _, up := range upstreams {
			if err := listen(ctx, &serving, func(c *net.TCPConn) { copyBoth(c, up, name == buffered) }); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("there is no server called %s", name)
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		runtime.GC()
		fmt.Println(runtime.NumGoroutine(), resident())
	}
	return nil
}

// listen has every caller handled until ctx ends, and prints where.
func listen(ctx context.Context, serving *sync.WaitGroup, handle func(*net.TCPConn)) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	context.AfterFunc(ctx, func() { _ = l.Close() })
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the process at the latest
				defer c.Close()
				handle(c.(*net.TCPConn))
			}()
		}
	})
	return nil
}

// copyBoth is all that a relay must do.
func copyBoth(near *net.TCPConn, upstream string, inUser bool) {
	c, err := net.Dial("tcp", upstream)
	if err != nil {
		return
	}
	defer c.Close()
	far := c.(*net.TCPConn)
	move := func(to, from *net.TCPConn) {
		if inUser {
			_, _ = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, 32<<10))
		} else {
			_, _ = io.Copy(to, from)
		}
		_ = to.CloseWrite()
	}
	done := make(chan struct{})
	go func() { defer close(done); move(far, near) }()
	move(near, far)
	<-done
}

// Sizes of the pages that the far end serves.
const smallPage, largePage = 256, 64 << 10

// beFarEnd serves /small and /large over HTTP, and at a second address echoes
// what follows an E, or counts what follows an S.
func beFarEnd(ctx context.Context, serving *sync.WaitGroup) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	page := func(n int) http.HandlerFunc {
		body := bytes.Repeat([]byte("x"), n)
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Length"] = []string{strconv.Itoa(n)}
			_, _ = w.Write(body)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/small", page(smallPage))
	mux.HandleFunc("/large", page(largePage))
	s := &http.Server{Handler: mux}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	fmt.Println(l.Addr())
	serving.Go(func() { _ = s.Serve(l) })
	return listen(ctx, serving, counts)
}

// counts echoes what follows an E, and counts what follows anything else.
func counts(c *net.TCPConn) {
	var kind [1]byte
	if _, err := io.ReadFull(c, kind[:]); err != nil {
		return
	}
	if kind[0] == 'E' {
		_, _ = io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 4<<10))
		return
	}
	if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, 256<<10)); err == nil {
		fmt.Fprintf(c, "%020d", n)
	}
}

// resident is how much memory this process takes up, in bytes; 0 where the
// kernel does not say.
func resident() int {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(b) {
		var kib int
		if n, _ := fmt.Sscanf(string(line), "VmRSS: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}
