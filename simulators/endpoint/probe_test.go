package endpoint_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
)

// asking is a dialect that asks twice before it sends anything.
type asking struct{ words }

func (asking) Probe(asked []simulators.Probed) (simulators.Message, bool, error) {
	switch n := len(asked); {
	case n > 0 && !asked[n-1].Reply.Result.Outcome.Took():
		return simulators.Message{}, false, errors.New("nobody is there")
	case n == 2 && string(asked[1].Reply.Body) != "welcome":
		return simulators.Message{}, false, errors.New("not welcome")
	case n == 2:
		return simulators.Message{}, false, nil
	}
	return simulators.Message{Name: []string{"ping", "protocol"}[len(asked)]}, true, nil
}

// noted is a line that notes what crosses it, with what its sender heard.
type noted struct {
	mu  *sync.Mutex
	all *[]string
}

func (l noted) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	reply, err := far(ctx, m)
	l.mu.Lock()
	defer l.mu.Unlock()
	text := m.Name + " " + string(reply.Result.Outcome)
	if reply.Result.Text != "" {
		text += ": " + reply.Result.Text
	}
	*l.all = append(*l.all, text)
	return reply, err
}

// service is a SUT that answers by the name of a message and how often it came.
type service func(name string, n int) simulators.Message

// served is a transport to it.
type served struct {
	pushed
	answer service
	mu     *sync.Mutex
	times  map[string]int
}

func (s *served) Send(_ context.Context, m simulators.Message) (simulators.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times[m.Name]++
	return s.answer(m.Name, s.times[m.Name]), nil
}

// TestProbes: what a dialect asks is asked once, before the first message and
// again after one that was not heard, over the line; and as long as the answers
// are not right nothing is sent and everything is kept.
func TestProbes(t *testing.T) {
	said := func(o simulators.Outcome, body string) simulators.Message {
		return simulators.Message{Body: []byte(body), Result: simulators.Result{Outcome: o}}
	}
	fine := func(name string) simulators.Message {
		return said(simulators.Accepted, map[string]string{"protocol": "welcome"}[name])
	}
	const sent = "confirmation accepted"
	for name, c := range map[string]struct {
		answer service
		want   []string // the first that crosses the line
		left   int      // of two announcements
	}{
		"welcome": {func(name string, _ int) simulators.Message { return fine(name) }, []string{"ping answered", "protocol answered", sent, sent}, 0},
		"nobody there at first": {func(name string, n int) simulators.Message {
			if name == "ping" && n < 3 {
				return said(simulators.Unknown, "")
			}
			return fine(name)
		}, []string{"ping unknown: nobody is there", "ping unknown: nobody is there", "ping answered", "protocol answered", sent, sent}, 0},
		"never welcome": {func(name string, _ int) simulators.Message { return said(simulators.Accepted, "") },
			[]string{"ping answered", "protocol refused: not welcome", "ping answered", "protocol refused: not welcome"}, 2},
		"gone after the first": {func(name string, n int) simulators.Message {
			if name == "confirmation" && n == 1 {
				return said(simulators.Unknown, "")
			}
			return fine(name)
		}, []string{"ping answered", "protocol answered", "confirmation unknown", "ping answered", "protocol answered", sent}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var all []string
				line := noted{&sync.Mutex{}, &all}
				tr := &served{answer: c.answer, mu: &sync.Mutex{}, times: map[string]int{}}
				e := endpoint.New(endpoint.Config{Name: "erp", System: &books{}, Dialect: asking{}, Transport: tr, Line: line, Push: true,
					Policy: simulators.Policy{Parallel: 1}})
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- e.Run(ctx) }()
				for n := range 2 {
					if err := e.Notice(confirmation("4711", n+1)); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Minute)
				if n := e.Waiting(); n != c.left {
					t.Errorf("%d wait, want %d", n, c.left)
				}
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				line.mu.Lock()
				defer line.mu.Unlock()
				if len(all) < len(c.want) || !slices.Equal(all[:len(c.want)], c.want) || c.left > 0 && slices.Contains(all, sent) {
					t.Errorf("over the line went\n%q\nwant\n%q", all, c.want)
				}
				if c.left > 0 && len(all) > 150 { // each of the two gaps doubles to 2 s
					t.Errorf("asked %d times in a minute", len(all))
				}
			})
		})
	}
}
