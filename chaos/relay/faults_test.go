package relay_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
)

// Each test here looks at one fault from the SUT's side of the socket, with a
// standard client, and shows how it heals and what bounds it.

func TestRefuse(t *testing.T) {
	b := serve(t, echo(t))
	there := b.dial()
	says(t, there, "before")
	b.arm(&faults.Refuse{})
	if _, err := hear(there, 1, 10*time.Second); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("what was connected met %v, want a reset", err)
	}
	b.struck(1)
	for range 3 {
		if c, err := net.Dial("tcp", b.addr); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("connecting met %v, %v, want to be refused", c, err)
		}
	}
	b.Heal("F")
	says(t, b.dial(), "after")
}

// TestRefuseIsHeard: where raw sockets can be opened, who is refused leaves a
// trace although nobody was connected; elsewhere that is said.
func TestRefuseIsHeard(t *testing.T) {
	b := serve(t, echo(t))
	refused := func(heard bool) {
		t.Helper()
		if heard {
			b.struck(1)
			if d := b.strikes()[0]; d.What != "whoever connects is refused" || d.Key != "connection 1" {
				t.Errorf("the journal says %+v", d)
			}
		}
	}
	b.arm(&faults.Refuse{})
	elsewhere, err := net.Dial("tcp", strings.Replace(b.addr, "127.0.0.1", "127.0.0.7", 1))
	if err == nil {
		_ = elsewhere.Close()
	}
	b.Heal("F")
	healed := b.healed()
	heard := strings.Contains(healed, "nobody tried to connect")
	if !heard && (runtime.GOOS == "linux" && os.Geteuid() == 0 || !strings.Contains(healed, "raw sockets")) {
		t.Errorf("healed: %q", healed)
	}
	b.arm(&faults.Refuse{})
	for range 3 {
		if _, err := net.Dial("tcp", b.addr); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("met %v, want to be refused", err)
		}
	}
	refused(heard)
	b.Heal("F")
	says(t, b.dial(), "after")
	refused(heard)
}

// healed is what the journal says of the last healing.
func (b *bench) healed() (what string) {
	for _, r := range b.journal.Records() {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == evidence.Healed {
			what = d.What
		}
	}
	return what
}

func TestConnectHang(t *testing.T) {
	b := serve(t, echo(t))
	there := b.dial()
	says(t, there, "before")
	b.arm(&faults.ConnectHang{})
	d := net.Dialer{Timeout: short}
	if c, err := d.Dial("tcp", b.addr); err == nil || !err.(net.Error).Timeout() {
		t.Errorf("connecting met %v, %v, want a timeout", c, err)
	}
	says(t, there, "what was connected goes on")
	b.struck(1)
	late := make(chan error, 1)
	go func() {
		c, err := net.DialTimeout("tcp", b.addr, 20*time.Second)
		if err == nil {
			_ = c.Close()
		}
		late <- err
	}()
	b.Heal("F")
	if err := <-late; err != nil {
		t.Errorf("who was connecting when it healed met %v", err)
	}
	says(t, b.dial(), "after")
}

func TestAcceptThenClose(t *testing.T) {
	b := serve(t, echo(t))
	there := b.dial()
	says(t, there, "before")
	b.arm(&faults.AcceptThenClose{}, once)
	if err := knock(b.addr); !errors.Is(err, io.EOF) {
		t.Errorf("a new connection met %v, want its end", err)
	}
	says(t, b.dial(), "once is enough")
	says(t, there, "what was connected goes on")
	b.struck(1)
	b.Heal("F")
	b.arm(&faults.AcceptThenClose{Abrupt: true})
	if err := knock(b.addr); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a new connection met %v, want a reset", err)
	}
	b.Heal("F")
	says(t, b.dial(), "after")
}

func TestConnLimit(t *testing.T) {
	b := serve(t, echo(t))
	b.arm(&faults.ConnLimit{Limit: 2})
	one, two := b.dial(), b.dial()
	says(t, one, "first")
	says(t, two, "second")
	three := b.dial()
	send(t, three, "third")
	silent(t, three)
	b.struck(1)
	_ = one.Close()
	if got, err := hear(three, 5, 10*time.Second); got != "third" {
		t.Errorf("when there was room, the third heard %q, %v", got, err)
	}
	b.Heal("F")
	b.arm(&faults.ConnLimit{Limit: 1, Over: faults.OverClose})
	if err := knock(b.addr); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("one too many met %v, want a reset", err)
	}
	b.Heal("F")
	says(t, b.dial(), "after")
}

func TestFlap(t *testing.T) {
	for _, gone := range []faults.Gone{faults.GoneSilent, faults.GoneReset} {
		t.Run(string(gone), func(t *testing.T) {
			b := serve(t, echo(t))
			there := b.dial()
			says(t, there, "before")
			b.arm(&faults.Flap{Up: 1, Down: long, Gone: gone})
			if gone == faults.GoneReset {
				if _, err := hear(there, 1, 10*time.Second); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("met %v, want a reset", err)
				}
				b.struck(1)
				if _, err := net.Dial("tcp", b.addr); !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("met %v, want to be refused", err)
				}
			} else {
				for len(b.strikes()) == 0 { // it may not yet have gone
					send(t, there, ".")
					_, _ = hear(there, 1, short)
				}
				silent(t, there)
			}
			b.Heal("F")
			says(t, b.dial(), "after")
		})
	}
}

func TestBlackHole(t *testing.T) {
	for _, way := range []faults.Way{faults.WayBoth, faults.WayFromSUT, faults.WayToSUT} {
		t.Run(string(way), func(t *testing.T) {
			arrived := make(chan string, 16)
			b := serve(t, server(t, func(c *net.TCPConn) {
				r := bufio.NewReader(c)
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					arrived <- line
					_, _ = io.WriteString(c, line)
				}
			}))
			c := b.dial()
			says(t, c, "before\n")
			<-arrived
			b.arm(&faults.BlackHole{Way: way})
			send(t, c, "lost?\n")
			silent(t, c)
			b.struck(1)
			select {
			case line := <-arrived:
				if way != faults.WayToSUT {
					t.Errorf("%q arrived", line)
				}
			default:
				if way == faults.WayToSUT {
					t.Error("nothing arrived: the other way should be open")
				}
			}
			d := net.Dialer{Timeout: short}
			if _, err := d.Dial("tcp", b.addr); err == nil || !err.(net.Error).Timeout() {
				t.Errorf("connecting met %v, want a timeout", err)
			}
			b.Heal("F")
			if got, err := hear(c, 6, 20*time.Second); got != "lost?\n" {
				t.Errorf("afterwards heard %q, %v: nothing in a stream may be lost", got, err)
			}
			says(t, b.dial(), "after\n")
		})
	}
}

func TestBlackHoleHidesTheEnd(t *testing.T) {
	b := serve(t, server(t, func(c *net.TCPConn) {
		_, _ = hear(c, 1, time.Minute)
		_ = c.SetLinger(0) // goes with a reset
	}))
	c := b.dial()
	b.arm(&faults.BlackHole{Way: faults.WayToSUT})
	send(t, c, "x")
	silent(t, c)
	b.Heal("F")
	if _, err := hear(c, 1, 10*time.Second); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("afterwards met %v, want the reset that was held back", err)
	}
}

func TestResetMidRequest(t *testing.T) {
	arrived := make(chan int, 1)
	b := serve(t, server(t, func(c *net.TCPConn) {
		n, err := io.Copy(io.Discard, c)
		if errors.Is(err, syscall.ECONNRESET) {
			arrived <- int(n)
		}
	}))
	b.arm(&faults.ResetMidRequest{After: 10}, once)
	c := b.dial()
	send(t, c, strings.Repeat("x", 100))
	if _, err := hear(c, 1, 10*time.Second); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("met %v, want a reset", err)
	}
	if n := <-arrived; n != 10 {
		t.Errorf("%d bytes arrived, want 10", n)
	}
	b.struck(1)
	b.Heal("F")
}

// response is an endpoint that answers every request with a page.
func response(t *testing.T, body string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, body) }))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// ask is a request as a SUT makes it, on a connection of its own.
func ask(ctx context.Context, addr string) (string, error) {
	tr := &http.Transport{DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr, nil)
	if err != nil {
		return "", err
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestResetMidResponse(t *testing.T) {
	body := strings.Repeat("y", 500)
	b := serve(t, response(t, body))
	b.arm(&faults.ResetMidResponse{After: 200}, once)
	got, err := ask(t.Context(), b.addr)
	if !errors.Is(err, syscall.ECONNRESET) || got == body {
		t.Errorf("met %d bytes, %v, want a reset in the middle", len(got), err)
	}
	if got, err = ask(t.Context(), b.addr); got != body || err != nil {
		t.Errorf("once is enough, and met %d bytes, %v", len(got), err)
	}
	b.struck(1)
	b.Heal("F")
	b.arm(&faults.ResetMidResponse{}, once) // before the first byte
	if got, err = ask(t.Context(), b.addr); !errors.Is(err, syscall.ECONNRESET) || got != "" {
		t.Errorf("met %d bytes, %v, want a reset before any", len(got), err)
	}
}

func TestHalfCloseEarly(t *testing.T) {
	b := serve(t, response(t, strings.Repeat("y", 500)))
	b.arm(&faults.HalfCloseEarly{After: 200, Way: faults.WayToSUT}, once)
	got, err := ask(t.Context(), b.addr)
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) == 0 {
		t.Errorf("met %d bytes, %v, want an unexpected end", len(got), err)
	}
	if got, err = ask(t.Context(), b.addr); len(got) != 500 || err != nil {
		t.Errorf("once is enough, and met %d bytes, %v", len(got), err)
	}
	b.struck(1)

	all := make(chan string, 1) // the other way
	b = serve(t, server(t, func(c *net.TCPConn) {
		got, _ := io.ReadAll(c)
		all <- string(got)
		_, _ = io.WriteString(c, "still here")
	}))
	b.arm(&faults.HalfCloseEarly{After: 3, Way: faults.WayFromSUT})
	c := b.dial()
	send(t, c, "abcdef")
	if got := <-all; got != "abc" {
		t.Errorf("the endpoint read %q before the end", got)
	}
	if got, err := hear(c, 10, 10*time.Second); got != "still here" {
		t.Errorf("the SUT heard %q, %v on the way that stays open", got, err)
	}
}

func TestStall(t *testing.T) {
	b := serve(t, echo(t))
	c := b.dial()
	says(t, c, "before")
	b.arm(&faults.Stall{Way: faults.WayToSUT, For: long})
	send(t, c, "held")
	silent(t, c)
	b.struck(1)
	b.Heal("F")
	if got, err := hear(c, 4, 10*time.Second); got != "held" {
		t.Errorf("healed, heard %q, %v", got, err)
	}
	b.arm(&faults.Stall{Way: faults.WayBoth, For: faults.Wall(time.Millisecond)}, once)
	says(t, c, "a stall ends by itself")
	says(t, c, "and strikes a connection once")
	b.struck(2)
}

func TestStallMakesAClientTimeOut(t *testing.T) {
	b := serve(t, response(t, "page"))
	b.arm(&faults.Stall{Way: faults.WayToSUT})
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	if _, err := ask(ctx, b.addr); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("met %v, want a timeout", err)
	}
	for b.Connections() > 0 { // the client has let go, although nothing has moved
		if t.Context().Err() != nil {
			t.Fatal("the connection still counts as held by the SUT")
		}
	}
	b.Heal("F")
	if got, err := ask(t.Context(), b.addr); got != "page" || err != nil {
		t.Errorf("healed, met %q, %v", got, err)
	}
}

func TestBandwidth(t *testing.T) {
	b := serve(t, echo(t))
	c := b.dial()
	b.arm(&faults.Bandwidth{Rate: 100, Way: faults.WayToSUT})
	send(t, c, strings.Repeat("z", 1000)) // ten seconds' worth
	got, err := hear(c, 1000, short)
	if !errors.Is(err, os.ErrDeadlineExceeded) || got == "" {
		t.Errorf("heard %d of 1000 bytes, %v, want some and then a timeout", len(got), err)
	}
	b.struck(1)
	b.Heal("F")
	rest, err := hear(c, 1000-len(got), 10*time.Second)
	if err != nil {
		t.Errorf("healed, heard %d more, %v", len(rest), err)
	}
}

func TestSlowFirstByte(t *testing.T) {
	b := serve(t, echo(t))
	c := b.dial()
	b.arm(&faults.SlowFirstByte{For: long})
	send(t, c, "late")
	silent(t, c)
	b.struck(1)
	b.Heal("F")
	if got, err := hear(c, 4, 10*time.Second); got != "late" {
		t.Errorf("healed, heard %q, %v", got, err)
	}
	b.arm(&faults.SlowFirstByte{For: faults.Wall(time.Millisecond)})
	says(t, c, "a little late")
	says(t, c, "each time")
}

func TestTrickle(t *testing.T) {
	b := serve(t, echo(t))
	c := b.dial()
	b.arm(&faults.Trickle{Chunk: 3, Gap: long, Way: faults.WayToSUT})
	send(t, c, "abcdef")
	if got, err := hear(c, 6, short); got != "abc" || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v, want three bytes and then nothing", got, err)
	}
	b.struck(1)
	b.Heal("F")
	if got, err := hear(c, 3, 10*time.Second); got != "def" {
		t.Errorf("healed, heard %q, %v", got, err)
	}
}

func TestIdleKill(t *testing.T) {
	b := serve(t, echo(t))
	idle := b.dial()
	says(t, idle, "before")
	b.arm(&faults.IdleKill{Idle: faults.Wall(20 * time.Millisecond)}, once)
	b.struck(1)
	for b.Connections() > 0 { // the journal says so a moment before it is done
		if t.Context().Err() != nil {
			t.Fatal("it still counts as held by the SUT")
		}
		runtime.Gosched()
	}
	_, _ = hear(idle, 64, short)    // what was under way at that moment
	send(t, idle, "are you there?") // the SUT's kernel takes it
	silent(t, idle)                 // no answer, no FIN, no reset
	if n := b.Connections(); n != 0 {
		t.Errorf("%d connections, want 0: nobody knows whether the SUT still has it", n)
	}
	says(t, b.dial(), "a new one works")
	b.Heal("F")
	silent(t, idle) // what was forgotten stays so
}

// TestBusyIsNotIdle: what the kernel moves counts as well.
func TestBusyIsNotIdle(t *testing.T) {
	b := serve(t, echo(t))
	c := b.dial()
	block := strings.Repeat("x", 256<<10)
	const idle = 700 * time.Millisecond
	b.arm(&faults.IdleKill{Idle: faults.Wall(idle)})
	says(t, c, block)
	says(t, c, block)
	for began := time.Now(); time.Since(began) < 2*idle; {
		says(t, c, "tick")
	}
	if n := len(b.strikes()); n > 0 {
		t.Errorf("a busy connection was struck %d times", n)
	}
}

// TestHandshakeStall needs no TLS: what a client waits for first does not come.
func TestHandshakeStall(t *testing.T) {
	b := serve(t, echo(t))
	there := b.dial()
	says(t, there, "before")
	b.arm(&faults.HandshakeStall{Existing: faults.ExistingKeep})
	says(t, there, "what was connected goes on")
	fresh := b.dial()
	send(t, fresh, "hello")
	silent(t, fresh)
	b.struck(1)
	b.Heal("F")
	if got, err := hear(fresh, 5, 10*time.Second); got != "hello" {
		t.Errorf("healed, heard %q, %v", got, err)
	}
}

// TestChanceIsKeyed: which connections are struck depends on the seed and
// their number alone, and a rule can name them.
func TestChanceIsKeyed(t *testing.T) {
	struck := func(change func(*chaos.Rule)) (which []int) {
		b := serve(t, echo(t))
		b.arm(&faults.AcceptThenClose{}, change)
		for n := 1; n <= 20; n++ {
			c := b.dial()
			_, _ = io.WriteString(c, "x")
			if _, err := hear(c, 1, 10*time.Second); err != nil {
				which = append(which, n)
			}
			_ = c.Close()
		}
		return which
	}
	half := struck(func(r *chaos.Rule) { r.P = 0.5 })
	if len(half) == 0 || len(half) == 20 {
		t.Errorf("with a chance of one half, %v were struck", half)
	}
	for range 3 {
		if again := struck(func(r *chaos.Rule) { r.P = 0.5 }); !slices.Equal(half, again) {
			t.Errorf("the same seed struck %v and then %v", half, again)
		}
	}
	if got := struck(func(r *chaos.Rule) { r.Every = 7 }); !slices.Equal(got, []int{7, 14}) {
		t.Errorf("every seventh were %v", got)
	}
	if got := struck(func(r *chaos.Rule) { r.Strikes = []chaos.Strike{{Key: chaos.ConnKey(3)}} }); !slices.Equal(got, []int{3}) {
		t.Errorf("the third was %v", got)
	}
}
