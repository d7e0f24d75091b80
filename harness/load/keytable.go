package load

import (
	"hash/maphash"
	"sync"
)

// keyTable remembers under which keys of its own a build has posted, and what:
// an ERP that recognises repetitions by their key refuses one that comes with
// something else. Keys that carry their number need no table; a build that gives
// keys of its own costs 21 to 43 MiB for a million of them. Two keys are taken
// for one with a chance of 1 in 2⁶⁴ a pair.
type keyTable struct {
	seed   maphash.Seed
	shards [64]keyShard
}

type keyShard struct {
	mu   sync.Mutex // guards what follows
	used int
	rows []keyRow // open addressing; a power of two
}

type keyRow struct{ hash, seq uint64 }

func newKeyTable() *keyTable { return &keyTable{seed: maphash.MakeSeed()} }

// claim notes that a row was posted under a key, and returns what was first: the
// row of the confirmation itself, unless the key has been used for another.
func (t *keyTable) claim(key []byte, row int, seq uint64) (first uint64) {
	h := maphash.Bytes(t.seed, key) ^ mix(uint64(row))
	h = max(h, 1) // 0 is an empty row
	s := &t.shards[h>>58]
	s.mu.Lock()
	defer s.mu.Unlock()
	if 4*(s.used+1) > 3*len(s.rows) {
		s.grow()
	}
	r := s.find(h)
	if r.hash == 0 {
		s.used++
		*r = keyRow{h, seq}
	}
	return r.seq
}

// find returns the row of h, or the empty one where it belongs.
func (s *keyShard) find(h uint64) *keyRow {
	for i := h; ; i++ {
		if r := &s.rows[i&uint64(len(s.rows)-1)]; r.hash == h || r.hash == 0 {
			return r
		}
	}
}

func (s *keyShard) grow() {
	old := s.rows
	s.rows = make([]keyRow, max(64, 2*len(old)))
	for _, r := range old {
		if r.hash != 0 {
			*s.find(r.hash) = r
		}
	}
}
