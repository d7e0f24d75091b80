package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// Whatever the ways there and back take, another's clock is within the bound of
// what was measured.
func TestClockIsWithinItsBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		here := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
		zero := here.Add(time.Duration(rng.Int64N(int64(time.Hour))) - 30*time.Minute)
		ask := func() (int64, error) {
			here = here.Add(time.Duration(rng.Int64N(int64(2 * time.Millisecond))))
			told := int64(here.Sub(zero))
			here = here.Add(time.Duration(rng.Int64N(int64(2 * time.Millisecond))))
			return told, nil
		}
		c, err := measure(func() time.Time { return here }, ask)
		if wrong := c.Zero.Sub(zero).Abs(); err != nil || wrong > c.Bound || c.Bound > time.Millisecond {
			t.Fatalf("wrong by %s with a bound of %s (%v)", wrong, c.Bound, err)
		}
		drifted := Clock{Zero: c.Zero.Add(time.Duration(rng.Int64N(int64(time.Second)))), Bound: c.Bound}
		if b := c.Against(drifted); b < drifted.Zero.Sub(c.Zero) || b < c.Bound {
			t.Fatalf("a drift of %s has a bound of %s", drifted.Zero.Sub(c.Zero), b)
		}
	}
	broken := errors.New("nobody there")
	if _, err := measure(time.Now, func() (int64, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("without an answer: %v", err)
	}
}

// counted keeps what a hub hears.
type counted struct {
	mu    sync.Mutex // guards what follows
	beats []Beat
	say   func(Beat) Order
}

func (c *counted) heard(b Beat) Order {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.beats = append(c.beats, b)
	return c.say(b)
}

// world is a server, a hub with one piece of work, and what it heard.
func world(t *testing.T, say func(Beat) Order) (*Server, *Hub, *counted) {
	t.Helper()
	s, err := StartServer("")
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{say: say}
	began := time.Now()
	h, err := OpenHub(t.Context(), s.URL(), "run", func() int64 { return int64(time.Since(began)) }, c.heard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(h.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := h.Offer(t.Context(), []json.RawMessage{json.RawMessage(`"work"`)}); err != nil {
		t.Fatal(err)
	}
	return s, h, c
}

// run has agents run until the test ends.
func run(t *testing.T, url string, do map[string]func(context.Context, *Task) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for name, f := range do {
		wg.Go(func() {
			if err := (&Agent{URL: url, Name: name, Do: f}).Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

// reports reads so many reports.
func reports(t *testing.T, h *Hub, n int) (all []Report) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := h.Reports(ctx, func(r Report) error {
		if all = append(all, r); len(all) == n {
			cancel()
		}
		return nil
	})
	if err != nil || len(all) != n {
		t.Fatalf("%d reports, not %d: %v", len(all), n, err)
	}
	return all
}

// An agent that is told the start does its piece; its reports come in order.
func TestPieceIsDone(t *testing.T) {
	s, h, heard := world(t, func(Beat) Order { return Order{Start: 42, From: 7} })
	run(t, s.URL(), map[string]func(context.Context, *Task) error{"one": func(ctx context.Context, task *Task) error {
		o, err := task.Await(ctx, func() any { return map[string]int{"sent": 3} })
		if err != nil {
			return err
		}
		if o.Start != 42 || o.From != 7 || string(task.Work) != `"work"` || task.Clock.Bound <= 0 {
			t.Errorf("told %+v of %s, clock %+v", o, task.Work, task.Clock)
		}
		for _, text := range []string{"a", "b", "c"} {
			if err := task.Report(ctx, "text", []byte(text)); err != nil {
				return err
			}
		}
		return nil
	}})
	text := ""
	for _, r := range reports(t, h, 3) {
		text += string(r.Body)
		if r.Piece != 0 || r.Attempt != 1 || r.Kind != "text" {
			t.Errorf("%+v", r)
		}
	}
	if n, err := h.Written(t.Context()); text != "abc" || n != 3 || err != nil {
		t.Errorf("reports say %q; %d are written (%v)", text, n, err)
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	if b := heard.beats[0]; b.Agent != "one" || b.State != Ready || string(b.Progress) != `{"sent":3}` {
		t.Errorf("heard %+v", b)
	}
}

// A piece that an agent cannot do goes to another, and the hub hears why.
func TestPieceGoesToAnother(t *testing.T) {
	s, h, heard := world(t, func(Beat) Order { return Order{Start: 1} })
	run(t, s.URL(), map[string]func(context.Context, *Task) error{
		"first": func(ctx context.Context, task *Task) error {
			if task.Attempt == 1 {
				return errors.New("no way there")
			}
			return task.Report(ctx, "done", nil)
		},
		"second": func(ctx context.Context, task *Task) error {
			if task.Attempt == 1 {
				return errors.New("no way there")
			}
			return task.Report(ctx, "done", nil)
		},
	})
	if r := reports(t, h, 1)[0]; r.Attempt != 2 {
		t.Errorf("%+v", r)
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	if b := heard.beats[0]; b.State != Unable || b.Why != "no way there" || b.Attempt != 1 {
		t.Errorf("heard %+v", b)
	}
}

// Who is told to stop stops, and says nothing more.
func TestToldToStop(t *testing.T) {
	s, _, _ := world(t, func(Beat) Order { return Order{Stop: "enough"} })
	why := make(chan error, 1)
	run(t, s.URL(), map[string]func(context.Context, *Task) error{"one": func(ctx context.Context, task *Task) error {
		_, err := task.Await(ctx, nil)
		why <- err
		return err
	}})
	select {
	case err := <-why:
		if !errors.Is(err, ErrOver) || !strings.Contains(err.Error(), "enough") {
			t.Errorf("stopped by %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it was told to stop, and goes on")
	}
}

// Without its token nobody joins a server of ours, and the token is not told.
func TestServerIsClosedToStrangers(t *testing.T) {
	s, err := StartServer("")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := s.URL()[strings.Index(s.URL(), "@")+1:]
	err = (&Agent{URL: "nats://guess@" + at, Name: "stranger"}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "Authorization") || strings.Contains(err.Error(), "guess") {
		t.Errorf("a stranger: %v", err)
	}
}

// Pieces that nobody has taken go with their run.
func TestPiecesAreTakenBack(t *testing.T) {
	s, err := StartServer("")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, js, err := connect(s.URL(), "test")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	left := func() uint64 {
		t.Helper()
		work, err := js.Stream(t.Context(), workStream)
		if err != nil {
			t.Fatal(err)
		}
		return work.CachedInfo().State.Msgs
	}
	var hubs []*Hub
	for _, run := range []string{"one", "two"} {
		h, err := OpenHub(t.Context(), s.URL(), run, func() int64 { return 0 }, func(Beat) Order { return Order{} })
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Offer(t.Context(), []json.RawMessage{json.RawMessage("1"), json.RawMessage("2")}); err != nil {
			t.Fatal(err)
		}
		hubs = append(hubs, h)
	}
	for i, want := range []uint64{4, 2, 0} {
		if n := left(); n != want {
			t.Errorf("%d pieces are left, want %d", n, want)
		}
		if i < len(hubs) {
			if err := hubs[i].Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
