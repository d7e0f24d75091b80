package load

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/internal/race"
)

// full returns a ledger whose first chunk, and one more confirmation, is sent.
func full(batch uint64) *Ledger {
	l := NewLedger(2*chunkSize, batch)
	for seq := range uint64(chunkSize + 1) {
		l.Start(seq, int64(seq))
	}
	return l
}

// A settled ledger answers as one that keeps everything.
func TestSettledLedgerForgetsNothing(t *testing.T) {
	if race.Enabled {
		return // nothing in it is concurrent: make rounds
	}
	for _, c := range []struct {
		what  string
		batch uint64
		key   func(seq uint64) uint32
		takes int // bytes for keys
	}{
		{"own keys", 1, func(uint64) uint32 { return ownKey }, 0},
		{"no keys", 1, func(uint64) uint32 { return noKey }, 0},
		{"keys of batches", 16, func(seq uint64) uint32 { return batchHash(16, seq) }, 0},
		{"keys of the build", 1, func(seq uint64) uint32 { return max(uint32(mix(seq)), leastKey) }, 4 * chunkSize},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(c.what))))
			keeps, settles := full(c.batch), full(c.batch)
			both := func(seq uint64, key uint32) {
				t.Helper()
				want, at := keeps.Post(seq, key)
				got, gotAt := settles.Post(seq, key)
				if got != want || want == Applied && at != gotAt {
					t.Fatalf("posting %d under %d is %s, of %d; without settling %s, of %d", seq, key, got, gotAt, want, at)
				}
				if keeps.Posted(seq) != settles.Posted(seq) {
					t.Fatalf("whether %d was posted is another", seq)
				}
			}
			open := map[uint64]bool{}
			for range 100 {
				open[r.Uint64N(chunkSize)] = true
			}
			for seq := range uint64(chunkSize) {
				if !open[seq] {
					both(seq, c.key(seq))
				}
			}
			settles.Settle(int64(time.Second))
			if settles.chunks[0].Load() == nil {
				t.Error("a chunk of which some were not posted is settled at once")
			}
			settles.Settle(int64(time.Minute))
			d := settles.after(0)
			if d == nil || settles.chunks[0].Load() != nil || len(d.open) != len(open) || 4*len(d.keys) != c.takes {
				t.Fatalf("after a minute %+v is left", d)
			}
			for range 20_000 {
				seq := r.Uint64N(chunkSize + 2)
				key := c.key(seq)
				if r.IntN(4) == 0 {
					key = r.Uint32N(10)
				}
				both(seq, key)
				if len(open) > 0 { // and one that is late
					for seq := range open {
						both(seq, c.key(seq))
						both(seq, c.key(seq))
						delete(open, seq)
						break
					}
				}
			}
			settles.Settle(int64(time.Minute) + keysKept + 1)
			if d.keys != nil || settles.low != 1 {
				t.Errorf("keys are kept forever: %d of them", len(d.keys))
			}
		})
	}
}

// What is posted while a chunk is settled is neither lost nor doubled.
func TestPostingWhileSettling(t *testing.T) {
	t.Parallel()
	for round := range race.Rounds(20, 2) {
		l := full(1)
		var wg sync.WaitGroup
		var applied, repeated [4]int
		for i := range applied {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(round), uint64(i)))
				for _, k := range r.Perm(chunkSize) {
					switch e, _ := l.Post(uint64(k), ownKey); e {
					case Applied:
						applied[i]++
					case Repeated:
						repeated[i]++
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		for now, over := int64(time.Minute), false; !over; now += int64(time.Minute) {
			select {
			case <-done:
				over = true
			default:
			}
			l.Settle(now)
		}
		if a := applied[0] + applied[1] + applied[2] + applied[3]; a != chunkSize {
			t.Fatalf("of %d confirmations %d were applied", chunkSize, a)
		}
		if n := repeated[0] + repeated[1] + repeated[2] + repeated[3]; n != 3*chunkSize {
			t.Fatalf("%d repetitions, want %d", n, 3*chunkSize)
		}
		if l.after(0) == nil {
			t.Error("the chunk is not settled in the end")
		}
	}
}

func TestKeyTableForgetsInTime(t *testing.T) {
	k := newKeyTable()
	for i := range uint64(1000) {
		if got := k.claim([]byte("key"), int(i), i); got != i {
			t.Fatalf("row %d is taken for %d", i, got)
		}
	}
	k.forget(keysKept)
	if got := k.claim([]byte("key"), 5, 77); got != 5 {
		t.Errorf("after ten minutes key and row are of %d, want 5", got)
	}
	k.forget(2 * keysKept)
	if got := k.claim([]byte("key"), 5, 77); got != 5 {
		t.Errorf("asked for again it is forgotten: %d", got)
	}
	if got := k.claim([]byte("key"), 6, 77); got != 77 {
		t.Errorf("after twenty minutes it is still of %d", got)
	}
}

// A column is an array of bytes, however little it takes up.
func TestColumnIsAnArray(t *testing.T) {
	const n = 3*chunkSize + 100
	r := rand.New(rand.NewPCG(5, 6))
	c, want := newColumn(n, stPosted), make([]uint8, n)
	set := func(seq uint64, bits uint8) {
		if old := c.set(seq, bits); old != want[seq] {
			t.Fatalf("%d had %b, want %b", seq, old, want[seq])
		}
		want[seq] |= bits
	}
	for _, k := range r.Perm(n) {
		set(uint64(k), stPosted)
		if r.IntN(1000) == 0 {
			set(r.Uint64N(n), stDoubled)
		}
	}
	whole := newColumn(chunkSize, stPosted)
	for k := range uint64(chunkSize) {
		whole.set(k, stPosted)
	}
	b := &whole.blocks[0]
	if !b.all || b.bytes != nil {
		t.Error("a block that is all as usual takes memory")
	}
	if old := whole.set(9, stAltered); old != stPosted || b.at(9, stPosted) != stPosted|stAltered || b.at(8, stPosted) != stPosted {
		t.Error("what comes later is not put down")
	}
	for seq := range uint64(n) {
		if got := c.blocks[seq>>chunkBits].at(seq&(chunkSize-1), stPosted); got != want[seq] {
			t.Fatalf("%d has %b, want %b", seq, got, want[seq])
		}
	}
}
