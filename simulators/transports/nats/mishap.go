package nats

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/andon-rig/andon/simulators"
)

// Mishaps lists what can befall a message at this broker.
func Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.AckLost, simulators.DeliveryLost, simulators.GivenUp, simulators.TooSlow, simulators.LeaderChanged, simulators.Restarted, simulators.Undurable}
}

// A parcel is a message that something befalls. All but its channels is
// guarded by Broker.mu.
type parcel struct {
	what string // it is, so that sending it again can be told
	seq  uint64
	kind simulators.MishapKind // what is still to befall it; "" if nothing is
	sent bool                  // to the SUT, by the leader that then changed

	struck  chan struct{} // closed when it has befallen it
	settled chan struct{} // closed when the broker has the SUT's acknowledgement
}

// send has mishap befall what publish puts on the stream, and returns when the
// SUT has acknowledged it or nobody waits for that any longer. Sending again
// what is still on its way waits for it. Nil means that it is a message like any
// other.
func (b *Broker) send(ctx context.Context, m simulators.Message, what string, publish func() (uint64, error)) (uint64, error) {
	if m.Mishap != nil && m.Mishap.Kind == simulators.Undurable {
		return 0, b.restart(ctx, m.Mishap.For) // it was on no disk, and is not there afterwards
	}
	p, known := b.resume(what, m.Mishap)
	if !known {
		if m.Mishap == nil {
			b.life.RLock()
			defer b.life.RUnlock()
			return publish()
		}
		var err error
		if p, err = b.post(m.Mishap.Kind, what, publish); err != nil {
			return 0, err
		}
	}
	return p.seq, b.befall(ctx, m, p)
}

// resume finds what was sent before and is still on its way.
func (b *Broker) resume(what string, mishap *simulators.Mishap) (*parcel, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, known := b.idle[what]
	if !known {
		return nil, false
	}
	delete(b.idle, what)
	if mishap != nil && p.kind == "" {
		p.kind, p.struck = mishap.Kind, make(chan struct{})
	}
	return p, true
}

// post puts a message on the stream. Nothing is delivered or acknowledged
// meanwhile, so that it is known before the SUT is given it.
func (b *Broker) post(kind simulators.MishapKind, what string, publish func() (uint64, error)) (*parcel, error) {
	b.life.RLock()
	defer b.life.RUnlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	seq, err := publish()
	if err != nil {
		return nil, err
	}
	p := &parcel{what: what, seq: seq, kind: kind, struck: make(chan struct{}), settled: make(chan struct{})}
	b.parcels[seq] = p
	return p, nil
}

// befall waits for what befalls p and, but for an acknowledgement that its
// sender is to miss, until it is over.
func (b *Broker) befall(ctx context.Context, m simulators.Message, p *parcel) error {
	kind := simulators.MishapKind("")
	if m.Mishap != nil {
		kind = m.Mishap.Kind
	}
	switch kind {
	case simulators.Restarted:
		if err := b.restart(ctx, m.Mishap.For); err != nil {
			return err
		}
	case simulators.DeliveryLost, simulators.LeaderChanged:
		if m.Release != nil {
			m.Release() // it is on the stream: what comes after it may overtake it on the way to the SUT
		}
	}
	limit, cancel := context.WithTimeout(ctx, b.patience(ctx))
	defer cancel()
	if kind == simulators.AckLost {
		select {
		case <-p.struck:
		case <-p.settled: // the SUT has acknowledged it before its sender tried again
		case <-limit.Done():
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.idle[p.what] = p
		return nil
	}
	select {
	case <-p.settled:
	case <-limit.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.parcels, p.seq) // from now on it is a message like any other
	return nil
}

// delivered is told that the SUT is being given the message at seq.
func (b *Broker) delivered(seq uint64) passage {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.parcels[seq]
	switch {
	case p == nil:
		return pass
	case p.kind == simulators.DeliveryLost:
		p.strike()
		return drop
	case p.kind == simulators.TooSlow:
		p.strike()
		return passAndCut
	case p.kind == simulators.LeaderChanged && !p.sent:
		p.sent = true
		return leaderLeaves
	}
	return pass
}

// acknowledged is told that the SUT acknowledges the message at seq.
func (b *Broker) acknowledged(seq uint64, subject string) passage {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.parcels[seq]
	switch {
	case p == nil:
		return pass
	case p.kind == simulators.AckLost, p.kind == simulators.LeaderChanged && p.sent:
		p.strike()
		return drop
	case p.kind == simulators.GivenUp:
		p.strike()
		p.settle()
		go b.giveUp(subject)
		return drop
	}
	p.settle()
	return pass
}

// giveUp has the broker deliver a message no more.
func (b *Broker) giveUp(subject string) {
	_ = b.hands.Publish(subject, []byte("+TERM")) // without it the message comes again, which the SUT must be able to bear anyway
}

func (p *parcel) strike() {
	p.kind = ""
	close(p.struck)
}

func (p *parcel) settle() {
	select {
	case <-p.settled: // a second consumer, or a second delivery
	default:
		close(p.settled)
	}
}

// patience is how long it may take until the SUT has acknowledged a message
// once more: its own time to acknowledge, and what it needs itself.
func (b *Broker) patience(ctx context.Context) time.Duration {
	const least, most = 5 * time.Second, 60 * time.Second
	longest := time.Duration(0)
	_ = b.consumers(ctx, func(i *jetstream.ConsumerInfo) { longest = max(longest, i.Config.AckWait) })
	return min(longest+least, most)
}
