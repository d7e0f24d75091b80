package books

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Ledger keeps the postings of one system and numbers them. It is safe for
// concurrent use; postings of one entity are kept in the order in which Enter
// was called, so a caller that holds the entity decides their order.
type Ledger struct {
	numbers  map[plant.Kind]*numbers // read only
	entities [shards]entityShard
	refs     [shards]refShard

	numbered documents
}

// numbers is one range of document numbers.
type numbers struct {
	first int64
	used  atomic.Int64
}

type entityShard struct {
	mu       sync.Mutex // guards what follows
	postings map[string][]*posting
	// first finds the first posting of a natural key by its hash; a key whose
	// place is taken by another stands at the next free hash. It is nil until
	// somebody asks for repetitions: most books never do.
	first map[uint64]*posting
}

type refShard struct {
	mu   sync.Mutex // guards last
	last map[plant.EventID]*posting
}

// posting is a posting and the one before it with the same reference.
type posting struct {
	simulators.Posting
	earlier *posting
}

// NewLedger returns an empty ledger. Ranges says which kinds of facts it
// posts and the first document number of each.
func NewLedger(ranges map[plant.Kind]int64) *Ledger {
	l := &Ledger{numbers: map[plant.Kind]*numbers{}}
	for k, first := range ranges {
		l.numbers[k] = &numbers{first: first}
	}
	for i := range shards {
		l.entities[i].postings = map[string][]*posting{}
		l.refs[i].last = map[plant.EventID]*posting{}
	}
	return l
}

// Takes reports whether facts of kind k are posted here.
func (l *Ledger) Takes(k plant.Kind) bool { return l.numbers[k] != nil }

// Enter posts c under the next number of its kind's range. It can be found by
// its ID and by alias, if it has one.
func (l *Ledger) Enter(c plant.Event, alias plant.EventID, base plant.Quantity, at time.Time) simulators.Posting {
	keys := c.Fact.Keys()
	n := l.numbers[c.Fact.Kind()]
	doc := strconv.FormatInt(n.first+n.used.Add(1)-1, 10)
	p := &posting{Posting: simulators.Posting{Doc: doc, Claim: c, Base: base, At: at, Alias: alias}}
	l.enterEntity(p, keys.Entity())
	l.enterDocument(p.Posting)
	if c.ID != "" {
		l.enterReference(c.ID, p)
	}
	if alias != "" && alias != c.ID {
		l.enterReference(alias, &posting{Posting: p.Posting})
	}
	return p.Posting
}

func (l *Ledger) enterEntity(p *posting, entity string) {
	s := &l.entities[place(entity)]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.postings[entity] = append(s.postings[entity], p)
	if s.first != nil {
		s.index(p)
	}
}

// index makes p known by its natural key, if it is the first; s.mu is held.
func (s *entityShard) index(p *posting) {
	if h, first := s.find(p.Claim.Fact.Kind(), naturalKeys(p.Claim.Fact)); first == nil {
		s.first[h] = p
	}
}

func (l *Ledger) enterReference(id plant.EventID, p *posting) {
	r := &l.refs[place(string(id))]
	r.mu.Lock()
	defer r.mu.Unlock()
	p.earlier = r.last[id]
	r.last[id] = p
}

// Known returns the number of the first posting with the natural key of f.
// The answer holds for as long as the caller holds what f is about.
func (l *Ledger) Known(f plant.Fact) (doc string, ok bool) {
	keys := naturalKeys(f)
	s := &l.entities[place(keys.Entity())]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		s.first = map[uint64]*posting{}
		for _, ps := range s.postings {
			for _, p := range ps {
				s.index(p)
			}
		}
	}
	if _, p := s.find(f.Kind(), keys); p != nil {
		return p.Doc, true
	}
	return "", false
}

// find returns the first posting of a natural key, or the place to put it;
// s.mu is held.
func (s *entityShard) find(kind plant.Kind, keys plant.Keys) (uint64, *posting) {
	h := hashKeys(kind, &keys)
	for {
		p := s.first[h]
		if p == nil || (p.Claim.Fact.Kind() == kind && naturalKeys(p.Claim.Fact) == keys) {
			return h, p
		}
		h++
	}
}

// Same reports whether a and b have the same natural key.
func Same(a, b plant.Fact) bool {
	return a.Kind() == b.Kind() && naturalKeys(a) == naturalKeys(b)
}

// naturalKeys are the keys of f of which [plant.Natural] is the spelling.
func naturalKeys(f plant.Fact) plant.Keys {
	k := f.Keys()
	if k.Order != "" || k.Lot != "" || k.Machine != "" || k.WorkCenter != "" || k.Calendar != "" {
		k.Material = ""
	}
	return k
}

func hashKeys(kind plant.Kind, k *plant.Keys) uint64 {
	h := mix(string(kind))
	h = fnv(h, string(k.Order))
	h = fnv(h, string(k.Operation))
	h = (h ^ uint64(k.Counter)) * 1099511628211
	h = fnv(h, string(k.Material))
	h = fnv(h, string(k.Lot))
	h = fnv(h, string(k.Serial))
	h = fnv(h, string(k.Case))
	h = fnv(h, string(k.Of))
	h = fnv(h, string(k.WorkCenter))
	h = fnv(h, k.Calendar)
	return fnv(h, string(k.Machine))
}

// OfEntity returns the postings of an order, or of a lot, machine or material
// that stands for itself, oldest first.
func (l *Ledger) OfEntity(entity string) []simulators.Posting {
	s := &l.entities[place(entity)]
	s.mu.Lock()
	defer s.mu.Unlock()
	found := make([]simulators.Posting, len(s.postings[entity]))
	for i, p := range s.postings[entity] {
		found[i] = l.shown(p.Posting)
	}
	return found
}

// OfReference returns the postings with the reference ref, oldest first.
func (l *Ledger) OfReference(ref plant.EventID) []simulators.Posting {
	r := &l.refs[place(string(ref))]
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []simulators.Posting
	for p := r.last[ref]; p != nil; p = p.earlier {
		found = append(found, l.shown(p.Posting))
	}
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found
}

// All returns all postings in the order of their numbers, which is that of their
// kinds and, of one kind, that in which they were posted.
func (l *Ledger) All() []simulators.Posting {
	var all []simulators.Posting
	for i := range l.entities {
		s := &l.entities[i]
		s.mu.Lock()
		for _, ps := range s.postings {
			for _, p := range ps {
				all = append(all, p.Posting)
			}
		}
		s.mu.Unlock()
	}
	for i := range all {
		all[i] = l.shown(all[i])
	}
	slices.SortFunc(all, func(a, b simulators.Posting) int {
		return cmp.Or(cmp.Compare(len(a.Doc), len(b.Doc)), cmp.Compare(a.Doc, b.Doc))
	})
	return all
}
