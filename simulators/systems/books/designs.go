package books

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// Designs are what a system holds of one kind of document that is written
// down once and for all who need it: bills of material, routings, work centers
// or calendars. K names whose each is: of an item, or its own.
type Designs[K ~string, T any] struct {
	mu  sync.RWMutex
	all map[K]Design[T]
}

// Design is a document that is in force.
type Design[T any] struct {
	Document T
	Version  int       // 0 for what was there before the run
	Changed  time.Time // plant time, in whole seconds; zero for what was there before the run
}

// NewDesigns returns documents at version 0; id tells whose each is.
func NewDesigns[K ~string, T any](documents []T, id func(T) K) *Designs[K, T] {
	t := &Designs[K, T]{all: map[K]Design[T]{}}
	for _, d := range documents {
		t.all[id(d)] = Design[T]{Document: d}
	}
	return t
}

// Of returns what is in force of id.
func (t *Designs[K, T]) Of(id K) (Design[T], bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	d, ok := t.all[id]
	return d, ok
}

// IDs lists whose documents there are, in order.
func (t *Designs[K, T]) IDs() []K {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Sorted(maps.Keys(t.all))
}

// Change puts a document in force, unless a later version is. It reports
// whether it did. At is the plant time of the change.
func (t *Designs[K, T]) Change(id K, version int, document T, at time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if version < t.all[id].Version {
		return false
	}
	t.all[id] = Design[T]{document, version, at.Truncate(time.Second)}
	return true
}

// Save returns what puts the document of id back to what it is now.
func (t *Designs[K, T]) Save(id K) (restore func()) {
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
func NewBills(m plant.Master) *Designs[plant.ItemID, plant.Bill] {
	return NewDesigns(m.Bills, func(b plant.Bill) plant.ItemID { return b.Item })
}

// NewRoutings returns the routings of m.
func NewRoutings(m plant.Master) *Designs[plant.ItemID, plant.Routing] {
	return NewDesigns(m.Routings, func(r plant.Routing) plant.ItemID { return r.Item })
}

// NewCenters returns the work centers of m.
func NewCenters(m plant.Master) *Designs[plant.WorkCenterID, plant.WorkCenter] {
	return NewDesigns(m.WorkCenters, func(w plant.WorkCenter) plant.WorkCenterID { return w.ID })
}

// NewCalendars returns the calendars of m.
func NewCalendars(m plant.Master) *Designs[string, plant.Calendar] {
	return NewDesigns(m.Calendars(), func(c plant.Calendar) string { return c.ID })
}
