package chaos

import (
	"slices"
	"sync"

	"github.com/andon-rig/andon/simulators/plant"
)

// A Stretch is a part of the plant's history: a phase, a fault's window, the
// times in which a lot was on hold. A fact that became true in it belongs to
// it for good, however late or often it is told; so what a rule strikes that
// is bound to stretches does not depend on the SUT's timing.
//
// A fact is placed by its number in the run ([Ordinals.Count]), because
// several facts can become true at the same time.
type Stretch struct {
	// Same, if set, has a fact belong only to what was begun for its own
	// entity: for facts about the same lot, say.
	Same func(plant.Keys) string

	mu    sync.RWMutex // guards spans
	spans []span
}

// span has the facts numbered from and up, before to.
type span struct {
	entity   string
	from, to int // to is 0 while it lasts
}

// Begin has the facts from the nth on belong to s, of the entity that keys
// name if s is about the same entity. What lasts already is not begun twice.
func (s *Stretch) Begin(nth int, keys plant.Keys) {
	entity, ok := s.entity(keys)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok || slices.ContainsFunc(s.spans, func(x span) bool { return x.to == 0 && x.entity == entity }) {
		return
	}
	s.spans = append(s.spans, span{entity: entity, from: nth})
}

// End has the nth fact and those after it not belong to s any more.
func (s *Stretch) End(nth int, keys plant.Keys) {
	entity, ok := s.entity(keys)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.spans {
		if x := &s.spans[i]; x.to == 0 && x.entity == entity {
			x.to = nth
		}
	}
}

// entity is whom a span is for; false if keys name nobody it could be for.
func (s *Stretch) entity(keys plant.Keys) (string, bool) {
	if s.Same == nil {
		return "", true
	}
	e := s.Same(keys)
	return e, e != ""
}

// Has reports whether the nth fact, about keys, belongs to s. A message about
// no fact of the plant, 0, never does.
func (s *Stretch) Has(nth int, keys plant.Keys) bool {
	entity, ok := s.entity(keys)
	if nth <= 0 || !ok {
		return false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.ContainsFunc(s.spans, func(x span) bool {
		return x.entity == entity && nth >= x.from && (x.to == 0 || nth < x.to)
	})
}
