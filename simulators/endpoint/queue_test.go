package endpoint_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// fussy are books that refuse some facts so often, and note every try.
type fussy struct {
	books
	mu      sync.Mutex // guards what follows
	refuses map[plant.EventID]int
	tries   []string
}

func (f *fussy) Handle(a simulators.Ask, post func(simulators.Posting)) simulators.Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := a.Claims[0].ID
	f.tries = append(f.tries, strings.TrimPrefix(string(id), "confirmation/"))
	if f.refuses[id] > 0 {
		f.refuses[id]--
		return simulators.Answer{Rows: []simulators.Row{{Refusal: &simulators.Refusal{Class: simulators.Technical, Code: "no"}}}}
	}
	return f.books.Handle(a, post)
}

func (f *fussy) tried() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.tries, " ")
}

// lister is a dialect that lays an answer to a question about the queue aside.
type lister struct {
	words
	found *[]any
}

func (l lister) Reply(m simulators.Message, a simulators.Answer) simulators.Message {
	if m.Verb == "get" {
		*l.found = a.Found
	}
	return l.words.Reply(m, a)
}

// queueing is an endpoint that only queues what it is told.
func queueing(f *fussy, q simulators.QueuePolicy) *endpoint.Endpoint {
	return endpoint.New(endpoint.Config{System: f, Dialect: lister{found: new([]any)}, Line: straight{}, Policy: simulators.Policy{Accept: simulators.AcceptQueued, Delay: time.Second, Queue: q}})
}

func TestQueueTriesInSequenceAndAgain(t *testing.T) {
	const first, always = plant.EventID("confirmation/1/0010/1"), 99
	for _, tc := range []struct {
		name    string
		queue   simulators.QueuePolicy
		refused int
		after   time.Duration
		tries   string
		docs    int
		states  string
	}{
		{"one order waits, another does not", simulators.QueuePolicy{PerEntity: true}, 0, 1500 * time.Millisecond, "1/0010/1 2/0010/1", 2, "succeeded running succeeded"},
		{"nothing waits", simulators.QueuePolicy{}, 0, 1500 * time.Millisecond, "1/0010/1 1/0010/2 2/0010/1", 3, "succeeded succeeded succeeded"},
		{"third time lucky", simulators.QueuePolicy{PerEntity: true, Attempts: 3}, 2, 10 * time.Second, "1/0010/1 2/0010/1 1/0010/1 1/0010/1 1/0010/2", 3, "succeeded succeeded succeeded"},
		{"failed for good, and passed", simulators.QueuePolicy{PerEntity: true, Attempts: 3}, always, 10 * time.Second, "1/0010/1 2/0010/1 1/0010/1 1/0010/1 1/0010/2", 2, "failed succeeded succeeded"},
		{"failed for good, and in the way", simulators.QueuePolicy{PerEntity: true, Attempts: 2, Blocks: true}, always, 10 * time.Second, "1/0010/1 2/0010/1 1/0010/1", 1, "failed running succeeded"},
		{"nobody works it off", simulators.QueuePolicy{PerEntity: true, Stalled: true}, 0, 10 * time.Second, "", 0, "running running running"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fussy{refuses: map[plant.EventID]int{first: tc.refused}}
				e := queueing(f, tc.queue)
				for _, c := range []plant.Event{confirmation("1", 1), confirmation("1", 2), confirmation("2", 1)} {
					if got := receive(t, e, message(t, c)).Result.Outcome; got != simulators.Accepted {
						t.Fatalf("outcome %s, want accepted", got)
					}
				}
				time.Sleep(tc.after)
				synctest.Wait()
				if got := f.tried(); got != tc.tries {
					t.Errorf("tried %s, want %s", got, tc.tries)
				}
				if got := states(t, e); got != tc.states || f.count() != tc.docs {
					t.Errorf("states %s, %d documents; want %s, %d", got, f.count(), tc.states, tc.docs)
				}
				e.ChangePolicy(func(p *simulators.Policy) { p.Queue.Stalled = false })
				time.Sleep(10 * time.Second) // nothing of it may be left when the test ends
			})
		})
	}
}

// states are those of all that was queued, in the order of arrival.
func states(t *testing.T, e *endpoint.Endpoint) string {
	t.Helper()
	var all []string
	receive(t, e, simulators.Message{Verb: "get", Name: "?queue"})
	for _, o := range *e.Dialect.(lister).found {
		all = append(all, string(o.(simulators.Operation).State))
	}
	return strings.Join(all, " ")
}

// A person puts a failed message back into the queue, or takes it out; either
// way what waits behind it goes on.
func TestPersonSeesToWhatHasFailed(t *testing.T) {
	for _, tc := range []struct {
		name          string
		see           func(*endpoint.Endpoint, string) error
		docs          int
		states, tries string
	}{
		{"requeued", (*endpoint.Endpoint).Requeue, 2, "succeeded succeeded", "1/0010/1 1/0010/1 1/0010/2"},
		{"cancelled", (*endpoint.Endpoint).Cancel, 1, "cancelled succeeded", "1/0010/1 1/0010/2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fussy{refuses: map[plant.EventID]int{"confirmation/1/0010/1": 1}}
				e := queueing(f, simulators.QueuePolicy{PerEntity: true, Blocks: true})
				receive(t, e, message(t, confirmation("1", 1)))
				receive(t, e, message(t, confirmation("1", 2)))
				if err := tc.see(e, "OP-1"); err == nil {
					t.Error("a message that has not failed was seen to")
				}
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if got := states(t, e); got != "failed running" {
					t.Fatalf("states %s, want failed running", got)
				}
				if err := tc.see(e, "OP-1"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if got := states(t, e); got != tc.states || f.count() != tc.docs || f.tried() != tc.tries || e.Waiting() != 0 {
					t.Errorf("states %s, %d documents, tried %s, %d waiting; want %s, %d, %s, 0", got, f.count(), f.tried(), e.Waiting(), tc.states, tc.docs, tc.tries)
				}
			})
		})
	}
}

// Where not all are remembered, the oldest that are in the books are forgotten; what
// has failed stays for a person.
func TestQueueForgetsWhatIsInTheBooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fussy{refuses: map[plant.EventID]int{"confirmation/1/0010/1": 99}}
		e := endpoint.New(endpoint.Config{System: f, Dialect: lister{found: new([]any)}, Line: straight{}, Policy: simulators.Policy{Accept: simulators.AcceptQueued, Delay: time.Second}, Remember: 2})
		for _, c := range []plant.Event{confirmation("1", 1), confirmation("1", 2), confirmation("2", 1), confirmation("3", 1), confirmation("4", 1)} {
			receive(t, e, message(t, c))
			time.Sleep(2 * time.Second)
			synctest.Wait()
		}
		if got := states(t, e); got != "failed succeeded succeeded" || f.tried() != "1/0010/1 1/0010/2 2/0010/1 3/0010/1 4/0010/1" {
			t.Errorf("the queue shows %q after %q", got, f.tried())
		}
		if ids := e.Failed(""); len(ids) != 1 || ids[0] != "OP-1" {
			t.Errorf("%v have failed", ids)
		}
	})
}
