package endpoint

import (
	"context"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// outbox delivers announcements until they are taken: one entity's in
// sequence, entities side by side.
type outbox struct {
	e *Endpoint

	mu     sync.Mutex // guards what follows
	lanes  map[string]*lane
	ready  []*lane // that have something to send now
	wake   chan struct{}
	left   int           // announcements not taken yet
	single int           // names lanes of messages that are in sequence with nothing
	ticks  time.Duration // makes due times unique
}

// lane holds the announcements of one entity.
type lane struct {
	name    string
	queue   []announcement
	working bool // its head is under way or waiting to be sent again
}

type announcement struct {
	m     simulators.Message
	tries int
}

func newOutbox(e *Endpoint) *outbox {
	return &outbox{e: e, lanes: map[string]*lane{}, wake: make(chan struct{}, 1)}
}

func (o *outbox) size() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.left
}

// put queues m for delivery.
func (o *outbox) put(m simulators.Message) {
	ordered := o.e.PolicyNow().Ordering != simulators.OrderNone && m.Entity != ""
	o.mu.Lock()
	o.left++
	if ordered {
		o.add(m.Entity, announcement{m: m})
	} else {
		o.add(o.alone(), announcement{m: m})
	}
	o.mu.Unlock()
	o.poke()
}

// alone returns the name of a lane for one message; o.mu is held.
func (o *outbox) alone() string {
	o.single++
	return "\x00" + time.Duration(o.single).String()
}

// add puts a on the lane called name; o.mu is held.
func (o *outbox) add(name string, a announcement) {
	l := o.lanes[name]
	if l == nil {
		l = &lane{name: name}
		o.lanes[name] = l
	}
	l.queue = append(l.queue, a)
	if !l.working && len(l.queue) == 1 {
		o.ready = append(o.ready, l)
	}
}

func (o *outbox) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// run delivers until ctx is done and every delivery under way has ended.
func (o *outbox) run(ctx context.Context) {
	parallel := o.e.PolicyNow().Parallel
	if parallel <= 0 {
		parallel = 16
	}
	slots := make(chan struct{}, parallel)
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		l, a, ok := o.next()
		if !ok {
			select {
			case <-o.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		wg.Go(func() {
			defer func() { <-slots }()
			o.send(ctx, l, a)
		})
	}
}

// next takes the head of the first lane that is ready.
func (o *outbox) next() (*lane, announcement, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.ready) == 0 {
		return nil, announcement{}, false
	}
	l := o.ready[0]
	o.ready = o.ready[1:]
	a := l.queue[0]
	l.queue = l.queue[1:]
	l.working = true
	return l, a, true
}

// send tries once to deliver a, and sees to what follows.
func (o *outbox) send(ctx context.Context, l *lane, a announcement) {
	var once sync.Once
	overtaken := false
	if wait, ok := o.e.prober.may(ctx); !ok && ctx.Err() == nil {
		o.again(l, a, wait, false)
		return
	}
	a.m.Release = func() { // later messages of the entity need not wait
		once.Do(func() {
			o.mu.Lock()
			overtaken = true
			o.free(l)
			o.mu.Unlock()
			o.poke()
		})
	}
	reply, err := o.e.Line.Carry(ctx, a.m, simulators.ToSUT, o.e.send)
	once.Do(func() {}) // no release from here on
	a.tries++
	redeliver := o.e.PolicyNow().Redelivery
	outcome := reply.Result.Outcome
	o.e.prober.heard(outcome)
	done := err == nil && (outcome.Took() || outcome == simulators.Refused || reply.Result.LetGo)
	if exhausted := redeliver.Max > 0 && a.tries >= redeliver.Max; done || exhausted || ctx.Err() != nil {
		o.mu.Lock()
		o.left--
		if !overtaken {
			o.free(l)
		}
		o.mu.Unlock()
		o.poke()
		return
	}
	o.again(l, a, max(gap(redeliver, a.tries), reply.Result.RetryAfter), overtaken)
}

// free lets the next announcement of l go; o.mu is held.
func (o *outbox) free(l *lane) {
	l.working = false
	if len(l.queue) > 0 {
		o.ready = append(o.ready, l)
		return
	}
	delete(o.lanes, l.name)
}

// again puts a back at the head of its lane after a while, or on a lane of its
// own if others have passed it.
func (o *outbox) again(l *lane, a announcement, wait time.Duration, overtaken bool) {
	o.mu.Lock()
	o.ticks++
	wait += o.ticks // no two deliveries are due at the same instant
	o.mu.Unlock()
	time.AfterFunc(wait, func() {
		o.mu.Lock()
		if overtaken {
			o.add(o.alone(), a)
		} else {
			l.queue = append([]announcement{a}, l.queue...)
			l.working = false
			o.ready = append(o.ready, l)
		}
		o.mu.Unlock()
		o.poke()
	})
}

// gap is how long to wait after the n-th try.
func gap(r simulators.Redelivery, n int) time.Duration {
	g := r.Gap
	if g <= 0 {
		g = 200 * time.Millisecond
	}
	limit := r.MaxGap
	if limit <= 0 {
		limit = 2 * time.Second
	}
	for range min(n-1, 16) {
		g *= 2
	}
	return min(g, limit)
}
