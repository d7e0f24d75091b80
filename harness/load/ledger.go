package load

import "sync/atomic"

// A Ledger knows of each confirmation when its clock began to run and what has
// become of it since: 16 bytes each, without pointers, in chunks that are made
// when they are first needed. All its methods may be used by several goroutines.
type Ledger struct {
	chunks []atomic.Pointer[chunk]
}

const (
	chunkBits = 16
	chunkSize = 1 << chunkBits
)

type chunk [chunkSize]slot

// slot is one confirmation. start is nanoseconds after the run's start, plus 1
// so that 0 means never sent. word has, from above: 32 bits of the hash of the
// key under which it was posted, 16 of how often it was applied and 16 of how
// often that was repeated; counts stop at their limit.
type slot struct {
	start atomic.Int64
	word  atomic.Uint64
}

const (
	countBits = 16
	countMax  = 1<<countBits - 1
)

// NewLedger returns a ledger for n confirmations.
func NewLedger(n uint64) *Ledger {
	return &Ledger{chunks: make([]atomic.Pointer[chunk], (n+chunkSize-1)/chunkSize)}
}

// at returns the slot of seq, or nil if it is beyond the ledger or, unless it
// may be made, nobody has written near it.
func (l *Ledger) at(seq uint64, make bool) *slot {
	if seq>>chunkBits >= uint64(len(l.chunks)) {
		return nil
	}
	p := &l.chunks[seq>>chunkBits]
	c := p.Load()
	if c == nil {
		if !make {
			return nil
		}
		p.CompareAndSwap(nil, new(chunk))
		c = p.Load()
	}
	return &c[seq&(chunkSize-1)]
}

// Start says that seq is about to be sent and since when its latency counts.
func (l *Ledger) Start(seq uint64, at int64) {
	if s := l.at(seq, true); s != nil {
		s.start.Store(at + 1)
	}
}

// Started returns since when the latency of seq counts; false if it was never
// sent.
func (l *Ledger) Started(seq uint64) (at int64, ok bool) {
	s := l.at(seq, false)
	if s == nil {
		return 0, false
	}
	v := s.start.Load()
	return v - 1, v != 0
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

// Post says that seq was posted under a key with this hash; 0 is no key.
func (l *Ledger) Post(seq uint64, key uint32) Effect {
	s := l.at(seq, false)
	if s == nil || s.start.Load() == 0 {
		return Invented
	}
	for {
		old := s.word.Load()
		applied, repeated := old>>countBits&countMax, old&countMax
		next, e := old, Applied
		switch {
		case applied == 0:
			next = old&(1<<32-1) | uint64(key)<<32
			next += 1 << countBits
		case key != 0 && uint32(old>>32) == key:
			e = Repeated
			if repeated < countMax {
				next++
			}
		default:
			e = Doubled
			if applied < countMax {
				next += 1 << countBits
			}
		}
		if s.word.CompareAndSwap(old, next) {
			return e
		}
	}
}

// Posted reports whether seq has been applied.
func (l *Ledger) Posted(seq uint64) bool {
	s := l.at(seq, false)
	return s != nil && s.word.Load()>>countBits&countMax > 0
}
