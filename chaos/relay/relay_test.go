package relay_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/chaos/relay"
	"github.com/andon-rig/andon/evidence"
)

// short is a time that is waited for in vain; long one that must not be over
// before a test ends.
const (
	short = 60 * time.Millisecond
	long  = faults.Wall(time.Hour)
)

// bench is a relay between a test, which plays the SUT, and an address.
type bench struct {
	*relay.Relay
	t       *testing.T
	journal *evidence.Journal
	riders  *chaos.Riders
	addr    string
}

// discard is where servers may complain.
var discard = log.New(io.Discard, "", 0)

// serve runs a relay to upstream until the test ends, and has it leave nothing
// behind.
func serve(t *testing.T, upstream string) *bench {
	t.Helper()
	j, riders := evidence.NewJournal(nil), new(chaos.Riders)
	r, err := relay.New(relay.Config{Name: "erp", Upstream: upstream, Seed: 7, Journal: j, Riders: riders})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &bench{r, t, j, riders, r.Addr()}
}

// arm puts a fault in force under the id "F".
func (b *bench) arm(f chaos.Fault, change ...func(*chaos.Rule)) {
	b.t.Helper()
	if v, ok := f.(faults.Validator); ok {
		if err := v.Validate(); err != nil {
			b.t.Fatal(err)
		}
	}
	rule := &chaos.Rule{ID: "F", Kind: "kind", Fault: f}
	for _, c := range change {
		c(rule)
	}
	if err := b.Arm(rule); err != nil {
		b.t.Fatal(err)
	}
}

func once(r *chaos.Rule) { r.Max = 1 }

// strikes is what the journal says of the fault.
func (b *bench) strikes() (ds []evidence.Disturbance) {
	for _, r := range b.journal.Records() {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == evidence.Struck {
			ds = append(ds, d)
		}
	}
	return ds
}

// struck waits until the journal says that the fault struck n times.
func (b *bench) struck(n int) {
	b.t.Helper()
	for len(b.strikes()) < n {
		select {
		case <-b.t.Context().Done():
			b.t.Fatalf("struck %v, want %d", b.strikes(), n)
		case <-time.After(time.Millisecond):
		}
	}
	if got := b.strikes(); len(got) != n {
		b.t.Errorf("struck %d times, want %d: %v", len(got), n, got)
	}
}

// dial connects as the SUT does.
func (b *bench) dial() *net.TCPConn {
	b.t.Helper()
	c, err := net.DialTimeout("tcp", b.addr, 5*time.Second)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// echo says what it hears.
func echo(t *testing.T) string {
	return server(t, func(c *net.TCPConn) {
		_, _ = io.Copy(c, c)
		_ = c.CloseWrite()
	})
}

// server accepts until the test ends.
func server(t *testing.T, handle func(c *net.TCPConn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				stop := context.AfterFunc(ctx, func() { _ = c.Close() })
				defer stop()
				defer c.Close()
				handle(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		cancel()
		wg.Wait()
	})
	return l.Addr().String()
}

// says sends s and expects it back.
func says(t *testing.T, c net.Conn, s string) {
	t.Helper()
	send(t, c, s)
	if got, err := hear(c, len(s), 10*time.Second); got != s {
		t.Fatalf("heard %q, %v, want %q", got, err, s)
	}
}

func send(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

// hear reads n bytes, waiting so long.
func hear(c net.Conn, n int, within time.Duration) (string, error) {
	_ = c.SetReadDeadline(time.Now().Add(within))
	b := make([]byte, n)
	got, err := io.ReadFull(c, b)
	return string(b[:got]), err
}

// silent expects that nothing is heard, not even an end.
func silent(t *testing.T, c net.Conn) {
	t.Helper()
	if got, err := hear(c, 1, short); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("heard %q, %v, want silence", got, err)
	}
}

// TestHalfCloseIsKept: a SUT that has said all it will still hears.
func TestHalfCloseIsKept(t *testing.T) {
	b := serve(t, server(t, func(c *net.TCPConn) {
		all, _ := io.ReadAll(c)
		fmt.Fprintf(c, "got %d", len(all))
	}))
	c := b.dial()
	send(t, c, "hello")
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); string(got) != "got 5" || err != nil {
		t.Errorf("heard %q, %v", got, err)
	}
}

// TestEveryByteArrives sends more than fits into any buffer, both ways at once
// and in pieces of many sizes, while faults that lose nothing come and go.
func TestEveryByteArrives(t *testing.T) {
	b := serve(t, echo(t))
	c := b.dial()
	sent := make([]byte, 6<<20)
	for i := range sent {
		sent[i] = byte(i * 2654435761 >> 13)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for rest, n := sent, 1; len(rest) > 0; n = n*3%200_003 + 1 {
			n = min(n, len(rest))
			if _, err := c.Write(rest[:n]); err != nil {
				t.Error(err)
				return
			}
			rest = rest[n:]
		}
		_ = c.CloseWrite()
	})
	done := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			harmless := []chaos.Fault{&faults.Stall{Way: faults.WayBoth, For: faults.Wall(time.Millisecond)}, &faults.Bandwidth{Rate: 1 << 30, Way: faults.WayBoth},
				&faults.Trickle{Chunk: 32 << 10, Gap: faults.Wall(time.Microsecond), Way: faults.WayBoth}, &faults.BlackHole{Way: faults.WayToSUT}}
			b.arm(harmless[i%len(harmless)])
			b.Heal("F")
		}
	})
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	got, err := io.ReadAll(c)
	close(done)
	wg.Wait()
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes arrived as they were sent, %v", len(got), len(sent), err)
	}
}

// TestResetArrivesAsReset in both directions.
func TestResetArrivesAsReset(t *testing.T) {
	met := make(chan error, 1)
	b := serve(t, server(t, func(c *net.TCPConn) {
		r := bufio.NewReader(c)
		switch word, _ := r.ReadString('\n'); word {
		case "reset me\n":
			_ = c.SetLinger(0)
		case "wait\n":
			_, err := r.ReadByte()
			met <- err
		}
	}))
	c := b.dial()
	send(t, c, "reset me\n")
	if _, err := hear(c, 1, 10*time.Second); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the SUT met %v, want a reset", err)
	}
	c = b.dial()
	send(t, c, "wait\n")
	_ = c.SetLinger(0)
	_ = c.Close()
	if err := <-met; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the endpoint met %v, want a reset", err)
	}
}

// TestOneSlowUpstreamBlocksNobody: whoever comes while somebody waits for an
// upstream that does not answer is let in all the same.
func TestOneSlowUpstreamBlocksNobody(t *testing.T) {
	var served atomic.Int32
	b := serve(t, server(t, func(c *net.TCPConn) {
		if served.Add(1) == 1 {
			_, _ = io.Copy(io.Discard, c) // and never a word
			return
		}
		_, _ = io.Copy(c, c)
	}))
	stuck := b.dial()
	send(t, stuck, strings.Repeat("x", 1<<20))
	says(t, b.dial(), "anybody there?")
}

// TestNobodyUpstream: who reaches the relay and nothing behind it is reset.
func TestNobodyUpstream(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	b := serve(t, l.Addr().String())
	if err := knock(b.addr); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("met %v, want a reset", err)
	}
}

// knock connects and says what is met first.
func knock(addr string) error {
	c, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = hear(c, 1, 10*time.Second)
	return err
}

// TestHTTPThroughTheRelay uses a standard client over kept-alive connections.
func TestHTTPThroughTheRelay(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = w.Write(bytes.ToUpper(b))
	}))
	defer s.Close()
	b := serve(t, s.Listener.Addr().String())
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := range 20 {
		body := strings.Repeat("q", i*7001)
		resp, err := client.Post("http://"+b.addr, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || string(got) != strings.ToUpper(body) {
			t.Fatalf("request %d: %d bytes, %v", i, len(got), err)
		}
	}
	if n := b.Connections(); n != 1 {
		t.Errorf("%d connections held, want 1", n)
	}
}

// TestNothingIsLeftBehind: after every fault has struck, the relay has given
// back its goroutines and descriptors.
func TestNothingIsLeftBehind(t *testing.T) {
	upstream := echo(t)
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 3 {
		for _, info := range faults.All() {
			if _, ok := info.New().(chaos.ConnFault); !ok {
				continue
			}
			r, err := relay.New(relay.Config{Name: "erp", Upstream: upstream})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- r.Serve(ctx) }()
			talk := func() {
				c, err := net.DialTimeout("tcp", r.Addr(), short)
				if err != nil {
					return
				}
				_, _ = io.WriteString(c, "hello")
				_, _ = hear(c, 1, short/4)
				_ = c.Close()
			}
			talk()
			if err := r.Arm(&chaos.Rule{ID: "F", Fault: info.New()}); err != nil {
				t.Fatal(err)
			}
			talk()
			talk()
			cancel() // with the fault still in force
			if err := <-ended; err != nil {
				t.Errorf("%s: %v", info.Name, err)
			}
		}
	}
	for t.Context().Err() == nil && (runtime.NumGoroutine() > goroutines || openFiles(t) > files) {
		runtime.Gosched() // what was closed a moment ago is on its way
	}
	if g, f := runtime.NumGoroutine(), openFiles(t); g > goroutines || f > files {
		t.Errorf("%d goroutines and %d descriptors, before %d and %d", g, f, goroutines, files)
	}
}

// openFiles counts the descriptors of this process; 0 where they cannot be.
func openFiles(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil && runtime.GOOS == "linux" {
		t.Fatal(err)
	}
	return len(list)
}
