package memory_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/harness/memory"
	"github.com/andon-rig/andon/simulators"
)

// forwarder passes on what one side announces to the other, in sequence. With
// care it takes each event once, gives it a key, waits as told, repeats until
// it knows, and reports what is refused; without, it forgets the key and gives
// up after three attempts.
type forwarder struct {
	careful bool

	mu    sync.Mutex // guards what follows
	seen  map[string]bool
	queue map[string][]simulators.Message // by where they go
	more  map[string]chan struct{}
}

func newForwarder(careful bool) *forwarder {
	return &forwarder{careful: careful, seen: map[string]bool{}, queue: map[string][]simulators.Message{},
		more: map[string]chan struct{}{"erp": make(chan struct{}, 1), "mes": make(chan struct{}, 1)}}
}

var otherSide = map[string]string{"erp": "mes", "mes": "erp"}

func (f *forwarder) Receive(endpoint string, m simulators.Message) int {
	to := otherSide[endpoint]
	f.mu.Lock()
	defer f.mu.Unlock()
	if event := m.Header["Andon-Event"]; f.careful {
		if f.seen[event] {
			return 200
		}
		f.seen[event] = true
	}
	f.queue[to] = append(f.queue[to], simulators.Message{Name: m.Name, Body: m.Body, Header: map[string]string{
		"Content-Type": m.Header["Content-Type"], "Idempotency-Key": m.Header["Andon-Event"], // some look for it elsewhere
	}})
	select {
	case f.more[to] <- struct{}{}:
	default:
	}
	return 202
}

func (f *forwarder) Work(ctx context.Context, endpoint string, post memory.Post) {
	for {
		f.mu.Lock()
		var next *simulators.Message
		if q := f.queue[endpoint]; len(q) > 0 {
			next, f.queue[endpoint] = &q[0], q[1:]
		}
		f.mu.Unlock()
		if next != nil {
			f.deliver(ctx, endpoint, *next, post)
			continue
		}
		select {
		case <-f.more[endpoint]:
		case <-ctx.Done():
			return
		}
	}
}

func (f *forwarder) deliver(ctx context.Context, endpoint string, m simulators.Message, post memory.Post) {
	reference := m.Header["Idempotency-Key"]
	if !f.careful {
		delete(m.Header, "Idempotency-Key")
	}
	for try := 0; ctx.Err() == nil && (f.careful || try < 3); try++ {
		limited, cancel := context.WithTimeout(ctx, time.Second)
		reply, err := post(limited, endpoint, m)
		cancel()
		switch v := meaning(reply); {
		case err != nil:
		case !f.careful && reply.Status/100 == 2 || v.done(reply.Status):
			return
		case !f.careful && reply.Status/100 == 4 && reply.Status != 423 && reply.Status != 429:
			return
		case v.Class == "business" || v.Class == "data-quality":
			if f.careful {
				f.report(ctx, reference, v, post)
			}
			return
		}
		wait := min(100*time.Millisecond<<min(try, 8), 2*time.Second)
		if s, err := strconv.Atoi(reply.Header["Retry-After"]); err == nil && f.careful {
			wait = max(wait, time.Duration(s)*time.Second)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// A problem is what a body says is wrong, whatever the status beside it.
type problem struct{ Class, Title, Detail string }

func meaning(r memory.Reply) (p problem) {
	if strings.HasPrefix(string(r.Body), "<") {
		return confirmed(r.Body)
	}
	if strings.HasPrefix(string(r.Body), "[") {
		return responded(r.Body)
	}
	_ = json.Unmarshal(r.Body, &p) // what cannot be read says nothing, and is found out by asking again
	return p
}

// done reports whether a reply with p in its body says that it was done.
func (p problem) done(status int) bool { return status/100 == 2 && p.Class == "" }

// report surfaces what was refused.
func (f *forwarder) report(ctx context.Context, reference string, problem problem, post memory.Post) {
	kind, _, _ := strings.Cut(reference, "/")
	body, _ := json.Marshal(map[string]any{"class": problem.Class, "kind": kind, "reference": reference, "reason": problem.Title + ": " + problem.Detail})
	for try := 0; ctx.Err() == nil && try < 10; try++ {
		if r, err := post(ctx, "exceptions", simulators.Message{Name: "exceptions", Body: body}); err == nil && r.Status/100 == 2 {
			return
		}
	}
}
