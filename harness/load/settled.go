package load

import (
	"sync"
	"time"
)

// settled is what is left of a chunk whose confirmations were all sent and
// nearly all applied: those that were not, and under which keys the others
// were, if that does not follow from their numbers.
type settled struct {
	batch uint64 // as in the ledger
	under uint32 // the key of all that were applied
	first bool   // as whole batches: the first of each under its own key

	mu   sync.Mutex       // guards what follows
	at   int64            // when it was settled
	keys []uint32         // of each, if they are not all alike
	open map[uint16]*slot // those that were not applied when the chunk was settled
}

const (
	// mostOpen is how many of a chunk may be open when it is settled: each costs more than before.
	mostOpen = chunkSize / 32
	// keysKept is how long the keys that a build gives are known, at least.
	keysKept = int64(10 * time.Minute)
	// openFor is how long a chunk with open ones may still be whole.
	openFor     = int64(10 * time.Second)
	longestLook = int64(30 * time.Second)
)

// Settle gives back what need not be kept any more at a time.
func (l *Ledger) Settle(now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := l.low; i < len(l.chunks); i++ {
		if d := l.done[i].Load(); d != nil {
			if d.forget(now) && i == l.low {
				l.low++
			}
			continue
		}
		if c := l.chunks[i].Load(); c != nil && now >= c.look && l.ripe(c, now) {
			l.done[i].Store(l.settle(uint64(i), c, now))
			l.chunks[i].Store(nil)
		}
	}
}

// forget gives keys up that were kept long enough, and reports whether there
// are none any more.
func (d *settled) forget(now int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keys != nil && now-d.at > keysKept {
		d.keys, d.under = nil, noKey
	}
	return d.keys == nil
}

// ripe reports whether a chunk can be settled; if not, it is left alone for a
// while.
func (l *Ledger) ripe(c *chunk, now int64) bool {
	open, last := 0, int64(0)
	for i := range c.slots {
		s := &c.slots[i]
		start := s.start.Load()
		if start == 0 {
			open = chunkSize
			break
		}
		if last = max(last, start); s.word.Load()/oneApplied&appliedMax == 0 {
			open++
		}
	}
	if open == 0 || open <= mostOpen && now-last > openFor {
		return true
	}
	c.wait = min(max(2*c.wait, int64(200*time.Millisecond)), longestLook)
	c.look = now + c.wait
	return false
}

// settle freezes the slots of the i-th chunk and returns what is left of them.
func (l *Ledger) settle(i uint64, c *chunk, now int64) *settled {
	d := &settled{batch: l.batch, at: now, open: map[uint16]*slot{}}
	keys := make([]uint32, chunkSize)
	alike, batched, some := true, true, false
	for k := range c.slots {
		s := &c.slots[k]
		word := s.word.Or(frozen)
		if word/oneApplied&appliedMax == 0 {
			o := &slot{}
			o.start.Store(s.start.Load())
			d.open[uint16(k)] = o
			continue
		}
		keys[k] = uint32(word >> hashShift)
		if !some {
			d.under, some = keys[k], true
		}
		alike = alike && keys[k] == d.under
		batched = batched && keys[k] == batchHash(l.batch, i<<chunkBits|uint64(k))
	}
	switch {
	case batched:
		d.first = true
	case !alike:
		d.keys = keys
	}
	return d
}

// batchHash is that of the key under which seq is posted in its batch.
func batchHash(batch, seq uint64) uint32 {
	if batch > 1 && seq%batch != 0 {
		return batchKey
	}
	return ownKey
}

// key is that under which seq was applied; noKey if that is not known any more.
func (d *settled) key(seq uint64) uint32 {
	switch {
	case d.first:
		return batchHash(d.batch, seq)
	case d.keys != nil:
		return d.keys[seq&(chunkSize-1)]
	}
	return d.under
}

func (d *settled) post(seq uint64, key uint32) (e Effect, start int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.open[uint16(seq)]; s != nil {
		var next uint64
		next, e = turn(s.word.Load(), key)
		s.word.Store(next)
		return e, s.start.Load() - 1
	}
	if key != noKey && d.key(seq) == key {
		return Repeated, 0
	}
	return Doubled, 0
}

func (d *settled) posted(seq uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.open[uint16(seq)]
	return s == nil || s.word.Load() != 0
}
