package bridge

import (
	"context"
	"slices"
	"sync"
	"time"
)

// An item is one message in the outbox.
type item struct {
	seq   int64
	to    string // "erp" or "mes"
	name  string // "confirmations"
	facts        // what the bridge knows of it
	idem  string // idempotency key, given when it was taken
	body  []byte // nil if it has to be read from the store

	// batch tells with which others it was sent: 0 means not decided yet, a
	// sequence number the batch that begins with it, alone that it must never
	// be in one. It is durable before a batch is sent, because the same rows
	// must be sent under the same key also after a crash.
	batch    int64
	attempts int

	seen      time.Time // when it was first to be sent, for what waits for its order
	unknown   bool      // it was refused once because of that
	recovered bool      // read back at start: whether it was sent before is unknown
	sent      bool
	asked     bool // … and its system was asked since
	doubt     bool // it was sent, and nobody knows what became of it
	resent    bool // only defect M23 does this
	twice     bool // only defect M66 does this: by the new way as well
	anew      bool // only defect M63 does this
	mistaken  bool // only defects in reversals do this
}

// alone is the batch of an item that must be sent by itself.
const alone = -1

// outbox keeps what has to be delivered to one system: one lane for each
// entity, worked in sequence, lanes side by side. Holds have lanes of their
// own, which are urgent. The durable outbox is in the store; this is its
// order of work.
type outbox struct {
	parallel int
	most     int // rows of a batch
	defect   Defect
	holds    *holds
	// unordered is true if messages come in no sequence: versions of an order are
	// put in theirs here.
	unordered bool

	mu     sync.Mutex // guards what follows
	lanes  map[string]*lane
	ready  []*lane // whose head can be sent
	urgent []*lane
	flying int // deliveries under way
	bytes  int // of bodies in memory
	size   int // items in lanes
	// making are receipts that are still to be delivered, by lot: until then nobody
	// there knows the lot.
	making map[string]map[int64]bool

	// What was taken behind boundary goes by the new way; it waits in frozen
	// until the new way is open. See cutover.go.
	phase    phase
	boundary int64
	frozen   []*item

	// After a pause the endpoint is tried with one delivery at a time until
	// one gets through, so that it is not run over the moment it is back.
	pausedTo time.Time
	probing  bool
	pauses   int // in a row

	wake chan struct{}
}

// lane is what must be delivered in sequence.
type lane struct {
	name   string
	urgent bool
	queue  []*item
	busy   bool // its head is under way or waiting to be tried again
}

// mostBytes is how much of the bodies is kept in memory, per system.
const mostBytes = 32 << 20

// reserve is how many deliveries of urgent lanes may go beyond the limit.
const reserve = 4

func newOutbox(c Config, h *holds) *outbox {
	return &outbox{parallel: c.Parallel, most: c.Batch, defect: c.Defect, holds: h, lanes: map[string]*lane{}, making: map[string]map[int64]bool{}, wake: make(chan struct{}, 1)}
}

// laneOf names the lane of an item.
func (o *outbox) laneOf(it *item) (name string, urgent bool) {
	switch {
	case o.defect == M17: // DEFECT M17: one queue for everything
		return "", false
	case o.defect == M25: // DEFECT M25: every message for itself
		return it.Event, false
	case o.defect == M16 && it.sent: // DEFECT M16: what was refused goes round and round beside its order
		return it.Event, false
	case it.Kind == kindHeld:
		return "hold " + it.Lot, true
	}
	return it.entity(), false
}

// add appends an item to its lane.
func (o *outbox) add(it *item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shelve(it)
	if it.Kind == kindReceipt && it.Lot != "" {
		if o.making[it.Lot] == nil {
			o.making[it.Lot] = map[int64]bool{}
		}
		o.making[it.Lot][it.seq] = true
	}
	if o.phase == frozen && it.seq > o.boundary {
		o.frozen = append(o.frozen, it)
		return
	}
	o.line(it)
	o.poke()
}

// line appends an item to its lane; o.mu is held.
func (o *outbox) line(it *item) {
	l := o.lane(it)
	l.queue = append(l.queue, it)
	o.order(l)
	o.offer(l)
}

// order puts versions of an order in sequence, where they come in none.
func (o *outbox) order(l *lane) {
	if o.unordered && o.defect != M27 {
		slices.SortStableFunc(l.queue, func(a, b *item) int {
			if a.Version == 0 || b.Version == 0 {
				return 0
			}
			return a.Version - b.Version
		})
	}
}

// resume puts items that were parked before everything else in their lanes.
func (o *outbox) resume(units []unit) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := len(units) - 1; i >= 0; i-- {
		l := o.lane(units[i][0])
		l.queue = append(append([]*item(nil), units[i]...), l.queue...)
		o.size += len(units[i])
		o.offer(l)
	}
	o.poke()
}

// lane finds or makes the lane of an item; o.mu is held.
func (o *outbox) lane(it *item) *lane {
	name, urgent := o.laneOf(it)
	l := o.lanes[name]
	if l == nil {
		l = &lane{name: name, urgent: urgent}
		o.lanes[name] = l
	}
	return l
}

// offer lists a lane as ready if it is; o.mu is held. A lane is listed once:
// being listed counts as busy.
func (o *outbox) offer(l *lane) {
	switch {
	case l.busy:
	case len(l.queue) == 0:
		delete(o.lanes, l.name)
	case l.urgent:
		l.busy = true
		o.urgent = append(o.urgent, l)
	default:
		l.busy = true
		o.ready = append(o.ready, l)
	}
}

// shelve keeps a body in memory if there is room; o.mu is held.
func (o *outbox) shelve(it *item) {
	o.size++
	if o.bytes+len(it.body) > mostBytes {
		it.body = nil
	}
	o.bytes += len(it.body)
}

// unit is what is sent together: one item, or the rows of a batch.
type unit []*item

// next takes what is to be sent now. If there is nothing, wait says when to
// look again; 0 means when woken.
func (o *outbox) next(now time.Time) (l *lane, u unit, wait time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if wait := o.pausedTo.Sub(now); wait > 0 {
		return nil, nil, wait
	}
	limit := o.parallel
	if o.probing {
		limit = 1
	}
	for len(o.urgent) > 0 && (o.flying < limit || !o.probing && o.flying < limit+reserve) {
		l, o.urgent = o.urgent[0], o.urgent[1:]
		if u := o.pop(l); u != nil {
			return l, u, 0
		}
	}
	for len(o.ready) > 0 && o.flying < limit {
		l, o.ready = o.ready[0], o.ready[1:]
		if u := o.pop(l); u != nil {
			return l, u, 0
		}
	}
	return nil, nil, 0
}

// pop takes the first unit of a lane that is not on hold; o.mu is held.
func (o *outbox) pop(l *lane) unit {
	for len(l.queue) > 0 {
		n := o.together(l.queue)
		u := unit(append([]*item(nil), l.queue[:n]...))
		l.queue = l.queue[n:]
		o.size -= n
		if o.holds.park(u) {
			continue
		}
		o.flying++
		return u
	}
	l.busy = false
	o.offer(l)
	return nil
}

// run hands out units until ctx is done and everything under way has ended.
func (o *outbox) run(ctx context.Context, work func(*lane, unit)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		l, u, wait := o.next(time.Now())
		if u != nil {
			wg.Go(func() { work(l, u) })
			continue
		}
		if wait <= 0 {
			wait = time.Hour
		}
		timer.Reset(wait)
		select {
		case <-o.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// landed says that a delivery has ended, whatever is still to be written down.
func (o *outbox) landed() {
	o.mu.Lock()
	o.flying--
	o.mu.Unlock()
	o.poke()
}

// proceed lets a lane go on with what comes next.
func (o *outbox) proceed(l *lane, gone unit) {
	o.release(gone)
	o.mu.Lock()
	l.busy = false
	o.offer(l)
	o.mu.Unlock()
	o.poke()
}

// release forgets the bodies of what is settled.
func (o *outbox) release(gone unit) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, it := range gone {
		o.bytes -= len(it.body)
		it.body = nil
		if lot := o.making[it.Lot]; it.Kind == kindReceipt && lot != nil {
			if delete(lot, it.seq); len(lot) == 0 {
				delete(o.making, it.Lot)
			}
		}
	}
}

// unmade reports whether an item uses a lot of which an earlier receipt is still
// to be delivered: another order made it, so that no lane keeps the two in sequence.
func (o *outbox) unmade(it *item) bool {
	if it.Kind != kindConsumption && it.Kind != "scrap" {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for seq := range o.making[it.Lot] {
		if seq < it.seq {
			return true
		}
	}
	return false
}

// unshelved counts what a body has grown by.
func (o *outbox) unshelved(bytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bytes += bytes
}

// retry puts items back at the head of their lane, to be tried after a gap.
func (o *outbox) retry(l *lane, back unit, gap time.Duration) {
	o.mu.Lock()
	l.queue = append(back, l.queue...)
	o.order(l)
	o.size += len(back)
	o.mu.Unlock()
	if gap <= 0 {
		o.proceed(l, nil)
		return
	}
	time.AfterFunc(gap, func() { o.proceed(l, nil) })
}

// aside is what defect M16 does with a message that was refused.
func (o *outbox) aside(it *item) {
	time.AfterFunc(backoff(it.attempts), func() { o.add(it) })
}

// later puts an item back into its lane behind the others, after a gap.
func (o *outbox) later(l *lane, it *item, gap time.Duration) {
	time.AfterFunc(gap, func() { o.add(it) })
	o.proceed(l, nil)
}

// pause keeps everything from the endpoint for as long as it asks, or, if it
// does not say, for a growing while.
func (o *outbox) pause(after time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !time.Now().Before(o.pausedTo) { // several deliveries may be told at once
		o.pauses++
	}
	to := time.Now().Add(max(after+pauseMargin, backoff(o.pauses)))
	if to.After(o.pausedTo) {
		o.pausedTo = to
	}
	o.probing = true
}

// heard draws from a verdict what it says about the endpoint.
func (o *outbox) heard(v verdict) {
	switch {
	case v.pause:
		o.pause(v.after)
	case v.code != "no-reply" && v.what != waiting:
		o.answered()
	}
}

// pauseMargin keeps the end of a pause from being a moment early by rounding.
const pauseMargin = 5 * time.Millisecond

// answered ends the caution that follows a pause.
func (o *outbox) answered() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Now().After(o.pausedTo) {
		o.probing, o.pauses = false, 0
	}
}

// paused is for how much longer the endpoint has asked for patience; 0 if it
// has not.
func (o *outbox) paused() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return max(0, time.Until(o.pausedTo))
}

// waiting is the number of items in lanes.
func (o *outbox) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size
}

func (o *outbox) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// early reports whether an item may be about an order of which nothing has come
// yet. For how long that is waited for begins with the first question.
func (o *outbox) early(it *item) bool {
	if !o.unordered || it.Version < 2 {
		return false
	}
	if it.seen.IsZero() {
		it.seen = time.Now()
	}
	return time.Since(it.seen) < earlyPatience
}

// earlyPatience is how long a change waits for the order that it changes. Orders
// that were there before the bridge never come.
const (
	earlyPatience = time.Second
	// refusedPatience is how much longer it waits when the MES knows no such order
	// either, before it is tried once more.
	refusedPatience = 4 * time.Second
)

// tooEarly reports whether it was refused because its order has not come yet, and
// has it wait once more.
func (o *outbox) tooEarly(it *item, v verdict) bool {
	if !o.unordered || it.Version < 2 || it.unknown || v.what != refused || v.code != "order-unknown" {
		return false
	}
	it.unknown, it.seen = true, time.Now().Add(refusedPatience)
	return true
}
