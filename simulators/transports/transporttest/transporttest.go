// Package transporttest is what every transport must stand: its own test calls
// [Run], and that is the first line of it.
//
// It knows no transport.
package transporttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// A Pair is two transports that send to each other: what A sends, B serves.
type Pair struct {
	A, B simulators.Transport
}

// Run tests that transports keep the promises of [simulators.Transport]. Make
// returns a new pair each time; A is served too, so that both can be stopped.
func Run(t *testing.T, pair func(t *testing.T) Pair) {
	t.Helper()
	t.Run("round trip", func(t *testing.T) { roundTrip(t, pair(t)) })
	t.Run("outcomes", func(t *testing.T) { outcomes(t, pair(t)) })
	t.Run("concurrent", func(t *testing.T) { concurrent(t, pair(t)) })
	t.Run("lost replies", func(t *testing.T) { lost(t, pair(t)) })
	t.Run("stops when told", func(t *testing.T) { stops(t, pair(t)) })
}

// patience is how long anything may take before a test gives up.
const patience = 20 * time.Second

// serve runs both transports until the test ends, or stop is called, and makes
// sure that they end.
func serve(t *testing.T, p Pair, receive simulators.Receiver) (sending context.Context, stop func()) {
	t.Helper()
	sending = context.WithoutCancel(t.Context())
	ctx, cancel := context.WithCancel(sending)
	ended := make(chan error, 2)
	idle := func(context.Context, simulators.Message) (simulators.Message, error) {
		return simulators.Message{}, errors.New("nobody sends here")
	}
	go func() { ended <- p.B.Serve(ctx, receive) }()
	go func() { ended <- p.A.Serve(ctx, idle) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			for range 2 {
				select {
				case err := <-ended:
					if err != nil {
						t.Errorf("serve: %v", err)
					}
				case <-time.After(patience):
					t.Error("serving did not end when told")
				}
			}
		})
	}
	t.Cleanup(stop)
	return sending, stop
}

func ok(body []byte) simulators.Message {
	return simulators.Message{Body: body, Header: map[string]string{"Content-Type": "application/json"}, Result: simulators.Result{Outcome: simulators.Applied, Status: 201}}
}

// message is one whose every part may be worded oddly.
func message(i int) simulators.Message {
	return simulators.Message{
		Verb: "post", Name: fmt.Sprintf("confirmations-%d", i), Key: "secret key", Entity: "secret entity",
		Header: map[string]string{"Content-Type": "application/json", "X-Fact-Id": fmt.Sprint("fact/", i), "Andon-Event": "Ä"},
		Body:   []byte(fmt.Sprintf("body %d \x00\xff %s", i, strings.Repeat("x", i*37%4096))),
	}
}

func roundTrip(t *testing.T, p Pair) {
	if p.A.URL() == "" || p.B.URL() == "" {
		t.Error("there is no URL before Serve is called")
	}
	var got simulators.Message
	ctx, stop := serve(t, p, func(_ context.Context, m simulators.Message) (simulators.Message, error) {
		got = m
		return ok([]byte("reply")), nil
	})
	want := message(1)
	reply, err := p.A.Send(ctx, want)
	if err != nil || !reply.Result.Outcome.Took() || string(reply.Body) != "reply" {
		t.Fatalf("reply %+v, %v", reply, err)
	}
	stop()
	if got.Verb != want.Verb || got.Name != want.Name || !bytes.Equal(got.Body, want.Body) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	for k, v := range want.Header {
		if got.Header[k] != v {
			t.Errorf("header %s is %q, want %q", k, got.Header[k], v)
		}
	}
	if got.Key != "" || got.Entity != "" || got.Events != nil || got.ID != 0 {
		t.Errorf("what is never on the wire arrived: %+v", got)
	}
}

// outcomes sends to a receiver that answers in every way.
func outcomes(t *testing.T, p Pair) {
	var answer atomic.Pointer[simulators.Message]
	ctx, _ := serve(t, p, func(context.Context, simulators.Message) (simulators.Message, error) { return *answer.Load(), nil })
	for _, c := range []struct {
		status int
		header string // Retry-After
		want   simulators.Result
	}{
		{200, "", simulators.Result{Outcome: simulators.Accepted}},
		{202, "", simulators.Result{Outcome: simulators.Accepted}},
		{400, "", simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality}},
		{401, "", simulators.Result{Outcome: simulators.Unauthorized, Class: simulators.Technical}},
		{409, "", simulators.Result{Outcome: simulators.Refused, Class: simulators.Business}},
		{422, "", simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality}},
		{429, "3", simulators.Result{Outcome: simulators.Throttled, Class: simulators.Technical, RetryAfter: 3 * time.Second}},
		{429, "", simulators.Result{Outcome: simulators.Throttled, Class: simulators.Technical}},
		{503, "2", simulators.Result{Outcome: simulators.Unavailable, Class: simulators.Technical, RetryAfter: 2 * time.Second}},
		{500, "", simulators.Result{Outcome: simulators.Unknown}},
	} {
		a := simulators.Message{Header: map[string]string{}, Result: simulators.Result{Status: c.status}}
		if c.header != "" {
			a.Header["Retry-After"] = c.header
		}
		answer.Store(&a)
		reply, err := p.A.Send(ctx, message(0))
		r := reply.Result
		if err != nil || r.Outcome != c.want.Outcome || r.Class != c.want.Class || r.RetryAfter != c.want.RetryAfter || r.Status != c.status {
			t.Errorf("status %d: %+v, %v; want %+v", c.status, r, err, c.want)
		}
	}
}

func concurrent(t *testing.T, p Pair) {
	ctx, _ := serve(t, p, func(_ context.Context, m simulators.Message) (simulators.Message, error) { return ok(m.Body), nil })
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			m := message(i)
			reply, err := p.A.Send(ctx, m)
			if err != nil || !bytes.Equal(reply.Body, m.Body) {
				t.Errorf("message %d was answered with %q, %v", i, reply.Body, err)
			}
		})
	}
	wg.Wait()
}

// lost checks that a sender whose reply is lost knows nothing, and that it
// knows nothing in the same way whether or not its message was acted upon.
func lost(t *testing.T, p Pair) {
	var acted atomic.Int32
	ctx, _ := serve(t, p, func(_ context.Context, m simulators.Message) (simulators.Message, error) {
		if m.Header["X-Fact-Id"] == "act" {
			acted.Add(1)
		}
		return simulators.Message{}, &simulators.LostError{Symptom: simulators.Symptom(m.Name), After: 30 * time.Millisecond}
	})
	for _, s := range []simulators.Symptom{simulators.Reset, simulators.Hang, simulators.Gateway} {
		var felt []simulators.Result
		for _, do := range []string{"act", "do not"} {
			start := time.Now()
			reply, err := p.A.Send(ctx, simulators.Message{Verb: "post", Name: string(s), Header: map[string]string{"X-Fact-Id": do}, Body: []byte("x")})
			if err != nil || reply.Result.Outcome != simulators.Unknown {
				t.Errorf("%s: %+v, %v; want unknown", s, reply.Result, err)
			}
			if d := time.Since(start); d < 30*time.Millisecond {
				t.Errorf("%s: silence lasted only %s", s, d)
			}
			felt = append(felt, reply.Result)
		}
		if felt[0].Status != felt[1].Status || felt[0].Outcome != felt[1].Outcome {
			t.Errorf("%s: the twins differ: %+v and %+v", s, felt[0], felt[1])
		}
	}
	if n := acted.Load(); n != 3 {
		t.Errorf("%d messages were acted upon, want 3", n)
	}
}

// stops tells serving to end while a message is under way and another is held
// in silence: the first is answered, the second is not waited for, and nothing
// is left behind.
func stops(t *testing.T, p Pair) {
	before := runtime.NumGoroutine()
	arrived, proceed := make(chan string, 2), make(chan struct{})
	ctx, stop := serve(t, p, func(_ context.Context, m simulators.Message) (simulators.Message, error) {
		arrived <- m.Name
		if m.Name == "hang" {
			return simulators.Message{}, &simulators.LostError{Symptom: simulators.Hang}
		}
		<-proceed
		return ok(nil), nil
	})
	var wg sync.WaitGroup
	for name, want := range map[string]simulators.Outcome{"hang": simulators.Unknown, "answered": simulators.Accepted} {
		wg.Go(func() {
			reply, err := p.A.Send(ctx, simulators.Message{Verb: "post", Name: name, Body: []byte("x")})
			if err != nil || reply.Result.Outcome != want {
				t.Errorf("%s: %+v, %v; want %s", name, reply.Result, err, want)
			}
		})
	}
	<-arrived
	<-arrived
	wg.Go(stop)
	close(proceed)
	wg.Wait()
	reply, err := p.A.Send(ctx, message(0))
	if err != nil || reply.Result.Outcome.Took() {
		t.Errorf("after the end: %+v, %v", reply.Result, err)
	}
	leaks(t, before)
}

// leaks waits until there are no more goroutines than before.
func leaks(t *testing.T, before int) {
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for runtime.NumGoroutine() > before {
		select {
		case <-tick.C:
		case <-deadline:
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
