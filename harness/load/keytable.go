package load

import (
	"hash/maphash"
	"sync"
)

// keyTable remembers under which keys of its own a build has posted, and what:
// an ERP that recognises repetitions by their key refuses one that comes with
// something else. Keys that carry their number need no table; a build that gives
// keys of its own costs 21 to 43 MiB for a million of them while they are kept,
// which is ten to twenty minutes. Two keys are taken for one with a chance of 1 in
// 2⁶⁴ a pair.
type keyTable struct {
	seed   maphash.Seed
	shards [64]keyShard
	turned int64 // when keys were forgotten last
}

type keyShard struct {
	mu       sync.Mutex // guards what follows
	now, old keyRows
}

// keyRows are a table with open addressing, a power of two long.
type keyRows struct {
	used int
	rows []keyRow
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
	if len(s.old.rows) > 0 {
		if r := s.old.find(h); r.hash == h {
			seq = r.seq
		}
	}
	return s.now.claim(h, seq)
}

// bytes is what the table takes.
func (t *keyTable) bytes() (n int64) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += int64(cap(s.now.rows)+cap(s.old.rows)) * 16
		s.mu.Unlock()
	}
	return n
}

// forget gives up what was claimed long ago. Only one may call it.
func (t *keyTable) forget(now int64) {
	if now-t.turned < keysKept {
		return
	}
	t.turned = now
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		s.old, s.now = s.now, keyRows{}
		s.mu.Unlock()
	}
}

func (s *keyRows) claim(h, seq uint64) (first uint64) {
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
func (s *keyRows) find(h uint64) *keyRow {
	for i := h; ; i++ {
		if r := &s.rows[i&uint64(len(s.rows)-1)]; r.hash == h || r.hash == 0 {
			return r
		}
	}
}

func (s *keyRows) grow() {
	old := s.rows
	s.rows = make([]keyRow, max(64, 2*len(old)))
	for _, r := range old {
		if r.hash != 0 {
			*s.find(r.hash) = r
		}
	}
}
