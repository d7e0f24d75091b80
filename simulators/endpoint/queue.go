package endpoint

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// queue works off postings that were answered "accepted", as the policy says:
// each after the delay, those of one entity in sequence or not, and again if
// they are refused, until they have failed for good.
type queue struct {
	e *Endpoint

	mu    sync.Mutex // guards what follows
	lanes map[string][]*queued
	ticks time.Duration // makes due times unique
}

// queued is a posting in the queue.
type queued struct {
	id     string
	lane   string // "" if it waits for nothing
	m      simulators.Message
	ask    simulators.Ask
	fate   *simulators.Later // what a fault makes of it; nil for nothing
	unlock func()
	failed bool // it keeps its place, because what follows must wait
}

// put queues a posting. Unlock is called when it is over.
func (q *queue) put(m simulators.Message, ask simulators.Ask, unlock func(), fate *simulators.Later) simulators.Answer {
	e, p := q.e, q.e.PolicyNow()
	if m.Release = nil; m.Manner != nil { // which rows fail is found out when they are worked off
		m.Manner = &simulators.Manner{Rows: m.Manner.Rows}
	}
	e.works.mu.Lock()
	w := e.works.add(simulators.Operation{Message: m, Accepted: ask.Now})
	w.ask = ask
	w.gone = fate != nil && fate.Then == simulators.CompletesNever
	job := &queued{id: w.ID, m: m, ask: ask, unlock: unlock, fate: fate}
	e.works.mu.Unlock()
	accepted := simulators.Answer{Later: true, Operation: job.id}
	if w.gone { // the queue has lost it
		unlock()
		return accepted
	}
	e.queued.Add(1)
	if !p.Queue.PerEntity || m.Entity == "" {
		q.due(job, p)
		return accepted
	}
	q.mu.Lock()
	job.lane = m.Entity
	q.lanes[job.lane] = append(q.lanes[job.lane], job)
	head := len(q.lanes[job.lane]) == 1
	q.mu.Unlock()
	if head {
		q.due(job, p)
	}
	return accepted
}

// due has job tried after the delay. While nobody works off the queue, it is
// looked again from time to time.
func (q *queue) due(job *queued, p simulators.Policy) {
	wait := p.Delay
	if job.fate != nil {
		wait = max(wait, job.fate.After)
	}
	if p.Queue.Stalled {
		wait = max(wait, stalledLook)
	}
	q.mu.Lock()
	q.ticks++
	wait += q.ticks
	q.mu.Unlock()
	q.e.later.Add(1)
	time.AfterFunc(wait, func() {
		defer q.e.later.Done()
		if q.e.ended.Load() {
			return
		}
		if p := q.e.PolicyNow(); p.Queue.Stalled {
			q.due(job, p)
			return
		}
		q.try(job)
	})
}

// stalledLook is how often it is looked whether somebody works off the queue.
const stalledLook = 50 * time.Millisecond

// try makes one attempt at job.
func (q *queue) try(job *queued) {
	e, p := q.e, q.e.PolicyNow()
	rows, refusal := q.carryOut(job)
	n := e.works.tried(job.id, refusal)
	switch {
	case refusal == nil:
		twice := job.fate != nil && job.fate.Then == simulators.CompletesTwice
		e.works.end(job.id, rows, nil, twice)
		e.respond(job.m, simulators.Answer{Rows: rows}, times(twice))
	case n < max(1, p.Queue.Attempts):
		q.due(job, p)
		return
	default:
		e.works.end(job.id, nil, refusal, false)
		e.respond(job.m, failed(rows, refusal), 1)
	}
	job.unlock()
	job.unlock = func() {}
	e.queued.Add(-1)
	if refusal != nil && p.Queue.Blocks && job.lane != "" {
		q.mu.Lock()
		job.failed = true
		q.mu.Unlock()
		return
	}
	q.next(job)
}

// carryOut has the system do what job says, or refuses in its place.
func (q *queue) carryOut(job *queued) ([]simulators.Row, *simulators.Refusal) {
	if job.fate != nil && job.fate.Then == simulators.CompletesNot {
		return nil, job.fate.Refusal
	}
	if job.ask.Late != nil {
		return nil, job.ask.Late
	}
	ask := job.ask
	ask.Now = q.e.Plant()
	a := q.e.handle(job.m, ask)
	refusal := a.Refusal
	for _, r := range a.Rows { // the reason, not what became of rows that were good
		if r.Refusal != nil && (refusal == nil || refusal.Code == rolledBack) {
			refusal = r.Refusal
		}
	}
	return a.Rows, refusal
}

// rolledBack is the code of a good row of a batch of which another was bad.
const rolledBack = "batch-rolled-back"

// next lets what follows job in its lane have its turn.
func (q *queue) next(job *queued) {
	if job.lane == "" {
		return
	}
	q.mu.Lock()
	lane := slices.DeleteFunc(q.lanes[job.lane], func(j *queued) bool { return j == job })
	var head *queued
	if q.lanes[job.lane] = lane; len(lane) == 0 {
		delete(q.lanes, job.lane)
	} else {
		head = lane[0]
	}
	q.mu.Unlock()
	if head != nil {
		q.due(head, q.e.PolicyNow())
	}
}

// Failed lists the operations that have failed for good, in the order in which
// they arrived: of one entity, or of all if that is "".
func (e *Endpoint) Failed(entity string) (ids []string) {
	for _, f := range e.works.list(entity).Found {
		if o, ok := f.(simulators.Operation); ok && o.State == simulators.OperationFailed {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// Requeue puts a message that has failed for good back into the queue, as a
// person does who has mended what was wrong. Operation names it.
func (e *Endpoint) Requeue(operation string) error {
	o, err := e.works.again(operation, simulators.OperationRunning)
	if err != nil {
		return err
	}
	job := e.queue.failed(operation)
	if job == nil {
		job = &queued{id: o.ID, m: o.Message, ask: o.ask, unlock: func() {}}
	}
	e.queued.Add(1)
	e.queue.due(job, e.PolicyNow())
	return nil
}

// Cancel takes a message that has failed out of the queue, so that what waits
// behind it has its turn.
func (e *Endpoint) Cancel(operation string) error {
	if _, err := e.works.again(operation, simulators.OperationCancelled); err != nil {
		return err
	}
	if job := e.queue.failed(operation); job != nil {
		e.queue.next(job)
	}
	return nil
}

// failed finds a failed message that blocks its lane, and lets it block no more.
func (q *queue) failed(id string) *queued {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, lane := range q.lanes {
		if job := lane[0]; job.id == id && job.failed {
			job.failed, job.fate = false, nil
			return job
		}
	}
	return nil
}

// tried notes an attempt and returns how many there were.
func (o *operations) tried(id string, refusal *simulators.Refusal) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.known[id]
	w.Attempts++
	w.last = refusal
	return w.Attempts
}

// again gives an operation that has failed another state.
func (o *operations) again(id string, state simulators.OperationState) (*operation, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.known[id]
	if w == nil || w.State != simulators.OperationFailed {
		return nil, fmt.Errorf("no message %q has failed", id)
	}
	w.State = state
	if state == simulators.OperationRunning {
		w.Attempts = 0
	}
	return w, nil
}

// list shows what was queued, in the order of arrival; of one entity, or of all
// if that is "".
func (o *operations) list(entity string) (a simulators.Answer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a.Found = []any{}
	var all []*operation
	for _, w := range o.known {
		if !w.gone && w.Message.Name != "" && (entity == "" || w.Message.Entity == entity) {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(x, y *operation) int { return cmp.Compare(x.Number, y.Number) })
	for _, w := range all {
		said := o.said(w)
		if said.Refusal == nil {
			said.Refusal = w.last
		}
		a.Found = append(a.Found, said)
	}
	return a
}
