package chaos

import (
	"context"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// kept is an announcement that waits where the SUT can fetch it.
type kept struct {
	fate
	payload string
	served  int           // how often it was fetched
	last    time.Duration // when that was
	taken   bool
}

// keepFirst puts the original where the SUT can fetch it, at once or later;
// its sender waits for neither.
func (l *Link) keepFirst(ctx context.Context, first *fate, far simulators.Receiver) (simulators.Message, error) {
	if first.After <= 0 {
		return simulators.Message{}, l.keep(ctx, first, far)
	}
	if first.Overtake && first.Message.Release != nil {
		first.Message.Release()
	}
	f := *first
	l.apart(ctx, func(own context.Context) { _ = l.keep(own, &f, far) })
	return simulators.Message{}, nil
}

// keep puts one delivery where the SUT can fetch it. It is no offer yet:
// nobody has seen it.
func (l *Link) keep(way context.Context, f *fate, far simulators.Receiver) error {
	defer l.landed(f)
	if err := sleep(way, f.After); err != nil {
		return err
	}
	k := &kept{fate: *f, payload: l.store(f.Message.Body)}
	l.mu.Lock()
	if l.shelf == nil {
		l.shelf = map[uint64]*kept{}
	}
	l.shelf[f.Message.ID] = k
	l.mu.Unlock()
	_, err := far(way, f.Message)
	return err
}

// Fetched writes down that the SUT was given announcements which were kept for
// it, and that may or may not have reached it; or, by what it asked for next,
// that it has taken them. It is called while the SUT's request is answered, so
// that the evidence is saved before the reply leaves.
func (l *Link) Fetched(ms []simulators.Message, taken bool) {
	result := simulators.Result{Outcome: simulators.Unknown, Text: "served"}
	if taken {
		result = simulators.Result{Outcome: simulators.Accepted, Text: "the SUT came back for what follows it"}
	}
	for _, m := range ms {
		l.Told(m, result)
	}
}

// Told writes down what is known of an announcement that was kept for the SUT:
// Unknown if it was put before it, anything else if that was its end.
func (l *Link) Told(m simulators.Message, result simulators.Result) {
	taken := result.Outcome != simulators.Unknown
	l.mu.Lock()
	k := l.shelf[m.ID]
	if k == nil || (taken && k.taken) {
		l.mu.Unlock()
		return
	}
	now := l.Journal.Now()
	start := now
	if taken {
		k.taken, start = true, k.last
	} else {
		k.served, k.last = k.served+1, now
	}
	f := &k.fate
	offer := evidence.Offer{
		ID: m.ID, Endpoint: l.Name, Name: m.Name, Key: m.Key, Facts: f.facts(l.Ordinals), Absent: f.absent(l.Ordinals), Attempt: f.Attempt + max(k.served, 1) - 1, Copy: f.copied,
		Start: start, End: now, Result: result, Payload: k.payload, Faults: f.touched,
	}
	first := k.served == 1 && !taken
	l.mu.Unlock()
	if first {
		offer.Wire, offer.Held = l.wire(f, simulators.Message{}, k.payload)
	}
	l.Journal.Append(offer)
	l.fetched(f, taken, offer)
}

// fetched tells those who wait for it how far the announcement has come.
func (l *Link) fetched(f *fate, taken bool, o evidence.Offer) {
	if !taken {
		if o.Attempt == f.Attempt {
			f.pass(l, BeforeApply)
		}
		return
	}
	f.pass(l, AfterApply)
	f.pass(l, AfterReply)
	if l.Observe != nil {
		l.Observe(f.Message, f.Direction, o.Result)
	}
}
