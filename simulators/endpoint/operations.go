package endpoint

import (
	"strconv"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// operations are the postings that were answered "accepted", and what has
// become of them. Their senders ask here.
type operations struct {
	mu    sync.Mutex // guards what follows
	known map[string]*operation
	all   int      // that there ever were
	keep  int      // how many that came to a good end are remembered; 0 is all
	done  []string // those, a ring
	next  int      // where in it the oldest is
}

type operation struct {
	simulators.Operation
	flaps bool // asked once more after it was done, it runs again
	gone  bool // the queue has lost it
	ask   simulators.Ask
	last  *simulators.Refusal // of the last attempt
}

// begin notes a posting and returns its name.
func (o *operations) begin() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.add(simulators.Operation{}).ID
}

// add notes an operation that runs; o.mu is held.
func (o *operations) add(op simulators.Operation) *operation {
	o.all++
	op.Number = o.all
	op.ID, op.State = "OP-"+strconv.Itoa(op.Number), simulators.OperationRunning
	w := &operation{Operation: op}
	o.known[op.ID] = w
	return w
}

// end notes what has become of id.
func (o *operations) end(id string, rows []simulators.Row, refusal *simulators.Refusal, flaps bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.known[id]
	w.Rows, w.Refusal, w.State, w.flaps = rows, refusal, simulators.OperationSucceeded, flaps
	if refusal != nil {
		w.State = simulators.OperationFailed
	} else if !flaps {
		o.age(w)
	}
}

// age has an operation that came to a good end take the place of the oldest such,
// where not all are kept; o.mu is held.
func (o *operations) age(w *operation) {
	if o.keep == 0 {
		return
	}
	w.ask = simulators.Ask{}
	if len(o.done) < o.keep {
		o.done = append(o.done, w.ID)
		return
	}
	delete(o.known, o.done[o.next])
	o.done[o.next] = w.ID
	o.next = (o.next + 1) % o.keep
}

// read says how far id is. One that is carried out twice is said to be done,
// to run, and to be done: who waits for the end must not take it for two.
func (o *operations) read(id string) simulators.Answer {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.known[id]
	if w == nil {
		return simulators.Answer{}
	}
	return simulators.Answer{Found: []any{o.said(w)}}
}

// said is what is told of w this time; o.mu is held.
func (o *operations) said(w *operation) simulators.Operation {
	said := w.Operation
	if w.flaps && w.State != simulators.OperationRunning {
		w.State, w.flaps = simulators.OperationRunning, false
		time.AfterFunc(flap, func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			w.State = said.State
		})
	}
	if said.State == simulators.OperationRunning {
		said.Rows, said.Refusal = nil, nil
	}
	return said
}

// flap is how long an operation that was done is said to run again.
const flap = 100 * time.Millisecond

// operate accepts a posting and sees to what l says comes of it. Unlock is
// called when it is over.
func (e *Endpoint) operate(m simulators.Message, ask simulators.Ask, l simulators.Later, unlock func()) simulators.Answer {
	if e.PolicyNow().Accept == simulators.AcceptQueued {
		return e.queue.put(m, ask, unlock, &l)
	}
	id := e.works.begin()
	accepted := simulators.Answer{Later: true, Operation: id}
	if l.Then == simulators.CompletesNever {
		unlock()
		return accepted
	}
	m.Manner = nil
	e.queued.Add(1)
	e.later.Add(1)
	time.AfterFunc(l.After, func() {
		defer e.later.Done()
		defer e.queued.Add(-1)
		defer unlock()
		if l.Then == simulators.CompletesNot {
			e.works.end(id, nil, l.Refusal, false)
			e.respond(m, simulators.Answer{Refusal: l.Refusal}, 1)
			return
		}
		ask.Now = e.Plant()
		a := e.handle(m, ask)
		refusal := a.Refusal
		for _, r := range a.Rows {
			if r.Refusal != nil && refusal == nil {
				refusal = r.Refusal
			}
		}
		e.works.end(id, a.Rows, refusal, l.Then == simulators.CompletesTwice)
		e.respond(m, a, times(l.Then == simulators.CompletesTwice))
	})
	return accepted
}
