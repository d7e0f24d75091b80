package load

import (
	"sync"
	"sync/atomic"
)

// A Ledger knows of each confirmation when its clock began to run and what has
// become of it since: 16 bytes each, without pointers, in chunks that are made
// when they are first needed and given back once they are settled, so that a
// load that goes on takes no more and no more. All its methods may be used by
// several goroutines.
type Ledger struct {
	chunks []atomic.Pointer[chunk]
	done   []atomic.Pointer[settled] // instead of a chunk
	batch  uint64                    // as in the wording

	mu  sync.Mutex // is held while chunks are settled; guards low, and when chunks are looked at
	low int        // all chunks before it are settled for good
}

const (
	chunkBits = 16
	chunkSize = 1 << chunkBits
)

type chunk struct {
	slots [chunkSize]slot
	look  int64 // when it is looked at again
	wait  int64 // how long it was not worth looking
}

// slot is one confirmation. start is nanoseconds after the run's start, plus 1
// so that 0 means never sent. word has, from above: 32 bits of the hash of the
// key under which it was posted, a bit that says that the slot is settled, 15 of
// how often it was applied and 16 of how often that was repeated; counts stop at
// their limit.
type slot struct {
	start atomic.Int64
	word  atomic.Uint64
}

const (
	hashShift  = 32
	frozen     = 1 << 31
	oneApplied = 1 << 16
	appliedMax = 1<<15 - 1
	repeatMax  = 1<<16 - 1
)

// Hashes of keys that follow from the confirmation. All others are larger.
const (
	noKey    = 0
	ownKey   = 1 // the confirmation's own key
	batchKey = 2 // the key of its batch, of which it is not the first
	leastKey = 3
)

// NewLedger returns a ledger for n confirmations that are sent in batches of so
// many.
func NewLedger(n, batch uint64) *Ledger {
	k := (n + chunkSize - 1) / chunkSize
	return &Ledger{chunks: make([]atomic.Pointer[chunk], k), done: make([]atomic.Pointer[settled], k), batch: batch}
}

// at returns the slot of seq, or nil if it is beyond the ledger, settled or,
// unless it may be made, nobody has written near it.
func (l *Ledger) at(seq uint64, make bool) *slot {
	if seq>>chunkBits >= uint64(len(l.chunks)) {
		return nil
	}
	p := &l.chunks[seq>>chunkBits]
	c := p.Load()
	if c == nil {
		if !make || l.done[seq>>chunkBits].Load() != nil {
			return nil
		}
		p.CompareAndSwap(nil, new(chunk))
		c = p.Load()
	}
	return &c.slots[seq&(chunkSize-1)]
}

// after returns what is left of the chunk of seq, once it is settled.
func (l *Ledger) after(seq uint64) *settled {
	if seq>>chunkBits >= uint64(len(l.done)) {
		return nil
	}
	return l.done[seq>>chunkBits].Load()
}

// Start says that seq is about to be sent and since when its latency counts.
func (l *Ledger) Start(seq uint64, at int64) {
	if s := l.at(seq, true); s != nil {
		s.start.Store(at + 1)
	}
}

// Effect is what a posting does to the books of the ERP.
type Effect uint8

const (
	// Applied is the first posting of a confirmation.
	Applied Effect = iota
	// Repeated came under the key of one that was applied: the ERP does nothing.
	Repeated
	// Doubled was applied although it had been before, under another key or none.
	Doubled
	// Invented says something that was never sent.
	Invented
	// Reported is no posting: a person was told that it could not be posted.
	Reported
)

func (e Effect) String() string {
	return [...]string{"applied", "repeated", "doubled", "invented", "reported"}[min(e, Reported)]
}

// Post says that seq was posted under a key with this hash. If that is the
// first time, it also says since when its latency counts.
func (l *Ledger) Post(seq uint64, key uint32) (e Effect, start int64) {
	s := l.at(seq, false)
	if s == nil {
		if d := l.after(seq); d != nil {
			return d.post(seq, key)
		}
		return Invented, 0
	}
	start = s.start.Load()
	if start == 0 {
		return Invented, 0
	}
	for {
		old := s.word.Load()
		if old&frozen != 0 {
			l.mu.Lock() // until it is settled
			d := l.after(seq)
			l.mu.Unlock()
			return d.post(seq, key)
		}
		next, e := turn(old, key)
		if s.word.CompareAndSwap(old, next) {
			return e, start - 1
		}
	}
}

// turn says what a posting under key makes of a slot's word.
func turn(old uint64, key uint32) (next uint64, e Effect) {
	applied := old / oneApplied & appliedMax
	switch {
	case applied == 0:
		return uint64(key)<<hashShift | old&(1<<hashShift-1) + oneApplied, Applied
	case key != noKey && uint32(old>>hashShift) == key:
		if old&repeatMax < repeatMax {
			old++
		}
		return old, Repeated
	}
	if applied < appliedMax {
		old += oneApplied
	}
	return old, Doubled
}

// Posted reports whether seq has been applied.
func (l *Ledger) Posted(seq uint64) bool {
	if s := l.at(seq, false); s != nil {
		return s.word.Load()/oneApplied&appliedMax > 0
	}
	d := l.after(seq)
	return d != nil && d.posted(seq)
}
