package plant

import (
	"time"
)

// job is one order on the shop floor: a queue of steps that are taken one
// after another, each only if the MES lets it.
type job struct {
	shop  *shop
	spec  *spec
	order OrderID
	lot   LotID

	version   int     // of the order, as the ERP last stated it
	quantity  Decimal // as the ERP last stated it
	priority  int
	cancelled bool // the ERP took it back
	seen      bool // the MES had it at least once

	plans   []opPlan
	op      int // current operation; -1 before the first
	queue   []step
	want    Decimal // quantity the current operation is made for
	pace    float64 // plant time per recorded time
	yields  Decimal // of the current operation, so far
	scraps  Decimal
	yielded Decimal // of the operation before
	counts  map[counted]int
	booked  []booking // done but not yet booked
	last    Confirmed // booked last
	marks   []Decimal // yields of the current operation
	serials int       // pieces received so far
	parts   []Decimal // receipts to come

	since int64 // when work on the head of the queue began
	entry *entry
	gap   time.Duration // until the next look while waiting
	waits string        // why it cannot go on
	done  bool
}

// booking is a row done and not yet booked.
type booking struct {
	Confirmed
	lazy bool
}

// counted names a counter of facts within an order.
type counted struct {
	kind      Kind
	operation OperationID
}

// step is one thing to do on an order.
type step struct {
	do     stepKind
	after  time.Duration // recorded time it takes
	gap    time.Duration // plant time it takes on top
	row    row
	use    use
	result Inspected
	part   Decimal
	// start and end are set where a record says when the row was done.
	start, end time.Time
	op         int
	center     WorkCenterID
}

type stepKind int

const (
	stepStart stepKind = iota
	stepUse
	stepRow
	stepTwin
	stepSendBack
	stepBook
	stepBookAtEndOfShift
	stepInspect
	stepHold
	stepReceive
)

func (s *shop) newJob(sp *spec) *job {
	j := &job{
		shop: s, spec: sp, order: sp.order.ID, lot: sp.order.Lot, version: 1, quantity: sp.order.Quantity.Amount,
		priority: sp.order.Priority, op: -1, want: sp.order.Quantity.Amount, yielded: sp.order.Quantity.Amount, pace: 1, counts: map[counted]int{},
	}
	s.jobs[j.order] = j
	s.line = append(s.line, j)
	return j
}

// plan draws how all operations will go if nothing changes.
func (j *job) plan() {
	input := j.spec.order.Quantity.Amount
	j.plans = make([]opPlan, len(j.spec.order.Operations))
	for op := range j.plans {
		j.plans[op] = j.shop.planOperation(j.spec, op, input, j.want)
		input = j.plans[op].yield
	}
}

// enter queues the next operation, or what follows the last one.
func (j *job) enter() {
	if j.plans == nil {
		return // a record is queued as a whole
	}
	if j.op >= 0 {
		j.yielded = j.yields
	}
	j.op++
	j.yields, j.scraps, j.marks = 0, 0, nil
	if j.op < len(j.plans) {
		p := j.plans[j.op]
		j.queue = append(j.queue, step{do: stepStart, after: p.queue})
		return
	}
	if j.parts == nil && j.op == len(j.plans) {
		luck := newStream(j.shop.cfg.Seed, j.spec.key, "receipts")
		n := int(j.shop.profile.Receipts.draw(luck, 0))
		for i, part := range split(luck, int64(j.yielded/One), max(n, 1)) {
			j.parts = append(j.parts, Whole(part))
			j.queue = append(j.queue, step{do: stepReceive, after: time.Duration(5+15*i) * time.Minute, part: Whole(part)})
		}
	}
}

// begin fits the plan of the operation to what came in and what is wanted now,
// and queues its steps.
func (j *job) begin(want Decimal) {
	j.want = want
	input := j.yielded
	if j.op == 0 {
		input = want
	}
	input = min(input, want)
	if p := j.plans[j.op]; p.input != input || p.want != want {
		j.plans[j.op] = j.shop.planOperation(j.spec, j.op, input, want)
	}
	j.steps(0)
}

// resume queues an operation of which the first rows are done.
func (j *job) resume(rows int) {
	for _, r := range j.plans[j.op].rows[:rows] {
		j.yields += r.yield
		j.scraps += r.scrap
		j.marks = append(j.marks, r.yield)
	}
	j.plans[j.op].mode = bookAtOnce
	j.plans[j.op].uses = nil
	j.steps(rows)
}

// steps queues the current operation from the given row on.
func (j *job) steps(from int) {
	p := j.plans[j.op]
	luck := newStream(j.shop.cfg.Seed, j.spec.key, "handling")
	next := 0
	for i := from; i < len(p.rows); i++ {
		for ; next < len(p.uses) && p.uses[next].before <= i; next++ {
			j.queue = append(j.queue, step{do: stepUse, after: time.Duration(30+luck.below(180)) * time.Second, use: p.uses[next]})
		}
		j.queue = append(j.queue, step{do: stepRow, after: p.rows[i].length, row: p.rows[i]})
		if p.rows[i].sentBack > 0 {
			j.queue = append(j.queue, step{do: stepSendBack, after: time.Minute, row: p.rows[i]})
		}
	}
	switch p.mode {
	case bookAtEnd:
		j.queue = append(j.queue, step{do: stepBook, after: 3 * time.Minute})
	case bookAtEndOfShift:
		j.queue = append(j.queue, step{do: stepBookAtEndOfShift})
	}
	for _, result := range p.results {
		j.queue = append(j.queue, step{do: stepInspect, after: 90 * time.Second, result: result})
	}
	if p.hold {
		j.queue = append(j.queue, step{do: stepHold, after: 2 * time.Minute})
	}
}

// fit chooses the pace: so fast that the order ends within the shift, unless
// the configuration says how fast.
func (j *job) fit() {
	s := j.shop
	if s.cfg.Speed > 0 {
		j.pace = 1 / s.cfg.Speed
		return
	}
	total := 40 * time.Minute // for receipts
	for op := max(j.op, 0); op < len(j.plans); op++ {
		p := j.plans[op]
		total += p.queue + 4*time.Minute*time.Duration(len(p.uses)+1) + 90*time.Second*time.Duration(len(p.results))
		for _, r := range p.rows {
			total += r.length
		}
	}
	left := max(s.end-s.now, int64(s.cfg.Shift)/10)
	j.pace = min(1, 0.7*float64(left)/float64(total))
}

// due is when the head of the queue is done if work on it begins now.
func (j *job) due() int64 {
	s := j.shop
	j.since = s.present(s.now)
	switch h := j.queue[0]; {
	case h.do == stepBookAtEndOfShift:
		return s.endOfShift(s.now, 1+newStream(s.cfg.Seed, j.spec.key, "leaves").below(12))
	case h.gap > 0:
		return s.now + int64(h.gap)
	case h.after > 0:
		return s.work(s.now, max(time.Duration(float64(h.after)*j.pace).Truncate(time.Second), time.Second))
	}
	return s.now
}

// schedule enters the head of the queue into the calendar, at the earliest at
// the given time.
func (j *job) schedule(earliest int64) {
	j.entry = j.shop.calendar.add(max(j.due(), earliest), 1, j.run)
}

// run takes the steps that are due.
func (j *job) run(v View) []Event {
	var events []Event
	j.entry = nil
	for !j.done {
		if waits, over := j.blocked(v); over {
			j.finish(waits)
			break
		} else if waits != "" {
			j.wait(waits)
			break
		}
		j.waits, j.gap = "", 0
		h := j.queue[0]
		j.queue = j.queue[1:]
		events = append(events, j.mistyped(j.take(h, v))...)
		if len(j.queue) == 0 {
			j.enter()
		}
		if len(j.queue) == 0 {
			j.finish("")
			break
		}
		if at := j.due(); at > j.shop.now {
			j.entry = j.shop.calendar.add(at, 1, j.run)
			break
		}
	}
	return events
}

// wait looks again after a minute, then ever more slowly, up to a quarter of
// an hour, until the run is over.
func (j *job) wait(why string) {
	j.waits = why
	j.gap = min(max(time.Minute, (j.gap*3/2).Truncate(time.Second)), 15*time.Minute)
	at := j.shop.now + int64(j.gap)
	if at > j.shop.patience {
		if j.shop.now >= j.shop.patience {
			return // given up; an action may revive it
		}
		at = j.shop.patience
	}
	j.entry = j.shop.calendar.add(at, 1, j.run)
}

func (j *job) finish(why string) {
	j.done = true
	j.waits = why
	j.queue = nil
}

func (j *job) count(kind Kind, operation OperationID) int {
	c := counted{kind, operation}
	j.counts[c]++
	return j.counts[c]
}
