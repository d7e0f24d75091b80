package books

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// Designs are what a system holds of one kind of document that engineering
// writes for an item: its bills of material, or its routings.
type Designs[T any] struct {
	mu  sync.RWMutex
	all map[plant.ItemID]Design[T]
}

// Design is a document that is in force.
type Design[T any] struct {
	Document T
	Version  int       // 0 for what was there before the run
	Changed  time.Time // plant time, in whole seconds; zero for what was there before the run
}

// NewDesigns returns documents at version 0; item tells whose each is.
func NewDesigns[T any](documents []T, item func(T) plant.ItemID) *Designs[T] {
	t := &Designs[T]{all: map[plant.ItemID]Design[T]{}}
	for _, d := range documents {
		t.all[item(d)] = Design[T]{Document: d}
	}
	return t
}

// Of returns what is in force for an item.
func (t *Designs[T]) Of(id plant.ItemID) (Design[T], bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	d, ok := t.all[id]
	return d, ok
}

// Items lists whose documents there are, in order.
func (t *Designs[T]) Items() []plant.ItemID {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Sorted(maps.Keys(t.all))
}

// Change puts a document in force, unless a later version is. It reports
// whether it did. At is the plant time of the change.
func (t *Designs[T]) Change(id plant.ItemID, version int, document T, at time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if version < t.all[id].Version {
		return false
	}
	t.all[id] = Design[T]{document, version, at.Truncate(time.Second)}
	return true
}

// Save returns what puts the document of an item back to what it is now.
func (t *Designs[T]) Save(id plant.ItemID) (restore func()) {
	was, known := t.Of(id)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.all[id] = was; !known {
			delete(t.all, id)
		}
	}
}

// NewBills returns the bills of material of m.
func NewBills(m plant.Master) *Designs[plant.Bill] {
	return NewDesigns(m.Bills, func(b plant.Bill) plant.ItemID { return b.Item })
}

// NewRoutings returns the routings of m.
func NewRoutings(m plant.Master) *Designs[plant.Routing] {
	return NewDesigns(m.Routings, func(r plant.Routing) plant.ItemID { return r.Item })
}
