// Package books is what the books of every simulated system have in common:
// locks that cannot deadlock, document numbers, postings that can be found
// again, materials with their units, lots with their quality cases, and the
// one table of reasons for a refusal.
//
// It knows nothing of any single system's rules; those are in erp, mes and
// machine.
package books

import (
	"math/bits"
	"sync"
)

// shards is how many parts books are split into. It is the number of bits of a
// [Set], so that a set of locks is one word and taking them in ascending order
// is a loop over its bits.
const shards = 64

// A Set names shards, one bit each.
type Set uint64

// Of returns the shard of an identifier, and the empty set for "".
func Of(id string) Set {
	if id == "" {
		return 0
	}
	return 1 << place(id)
}

func place(id string) uint { return uint(mix(id) % shards) }

// Spread returns a number below n that is always the same for id.
func Spread(id string, n int) int { return int(mix(id) % uint64(n)) }

// mix hashes id by FNV-1a: the same in every process, so that a run repeats
// exactly.
func mix(id string) uint64 { return fnv(14695981039346656037, id) }

func fnv(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h ^ h>>32
}

// Locks guard the shards of one kind of object. Whoever needs several takes
// them by one call, which goes in ascending order; whoever needs locks of two
// kinds takes those of orders before those of lots. So no two can wait for
// each other in a circle.
type Locks struct{ mu [shards]sync.Mutex }

// Lock takes all locks of s.
func (l *Locks) Lock(s Set) {
	for ; s != 0; s &= s - 1 {
		l.mu[bits.TrailingZeros64(uint64(s))].Lock()
	}
}

// Unlock gives all locks of s back.
func (l *Locks) Unlock(s Set) {
	for ; s != 0; s &= s - 1 {
		l.mu[bits.TrailingZeros64(uint64(s))].Unlock()
	}
}

// A Table keeps objects of one kind by their identifier, split like the
// [Locks] that guard it: whoever calls Get, Put or Drop holds the lock of the
// identifier.
type Table[K ~string, V any] struct{ parts [shards]map[K]V }

// NewTable returns an empty table.
func NewTable[K ~string, V any]() *Table[K, V] {
	t := &Table[K, V]{}
	for i := range t.parts {
		t.parts[i] = map[K]V{}
	}
	return t
}

// Get returns the object called id, or the zero value.
func (t *Table[K, V]) Get(id K) V { return t.parts[place(string(id))][id] }

// Put keeps v as id.
func (t *Table[K, V]) Put(id K, v V) { t.parts[place(string(id))][id] = v }

// Drop forgets id.
func (t *Table[K, V]) Drop(id K) { delete(t.parts[place(string(id))], id) }

// Each shows every object to visit, shard by shard, under its lock.
func (t *Table[K, V]) Each(l *Locks, visit func(K, V)) {
	for i := range t.parts {
		func() {
			l.mu[i].Lock()
			defer l.mu[i].Unlock()
			for k, v := range t.parts[i] {
				visit(k, v)
			}
		}()
	}
}
