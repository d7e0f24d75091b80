package books

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Items are a system's material definitions. They are read by every posting
// and hardly ever changed, so readers take no lock: a change replaces all.
type Items struct {
	mu  sync.Mutex // held by whoever changes now
	now atomic.Pointer[definitions]
}

type definitions struct {
	items    map[plant.ItemID]plant.Item
	versions map[plant.ItemID]int
	changed  map[plant.ItemID]time.Time
	units    map[plant.Unit]bool // all that any item has
}

// NewItems returns the definitions of m, all at version 0.
func NewItems(m plant.Master) *Items {
	d := &definitions{items: map[plant.ItemID]plant.Item{}, versions: map[plant.ItemID]int{}, changed: map[plant.ItemID]time.Time{}}
	for _, i := range m.Items {
		d.items[i.ID] = i
	}
	t := &Items{}
	t.now.Store(d.collect())
	return t
}

// collect notes which units there are.
func (d *definitions) collect() *definitions {
	d.units = map[plant.Unit]bool{}
	for _, i := range d.items {
		d.units[i.Unit] = true
		for _, a := range i.Units {
			d.units[a.Unit] = true
		}
	}
	return d
}

// Item returns the definition of id.
func (t *Items) Item(id plant.ItemID) (plant.Item, bool) {
	i, ok := t.now.Load().items[id]
	return i, ok
}

// Version returns how often id was changed, by the numbers of its changes.
func (t *Items) Version(id plant.ItemID) int { return t.now.Load().versions[id] }

// Change puts a definition in force from the next posting on, unless a later
// version is. It reports whether it did. At is the plant time of the change.
func (t *Items) Change(f plant.ItemChanged, at time.Time) (changed bool) {
	t.replace(func(d *definitions) {
		if changed = f.Version >= d.versions[f.Item.ID]; changed {
			d.items[f.Item.ID], d.versions[f.Item.ID], d.changed[f.Item.ID] = f.Item, f.Version, at.Truncate(time.Second)
		}
	})
	return changed
}

// Save returns what puts the definition of id back to what it is now.
func (t *Items) Save(id plant.ItemID) (restore func()) {
	old := t.now.Load()
	item, known := old.items[id]
	version, changed := old.versions[id], old.changed[id]
	return func() {
		t.replace(func(d *definitions) {
			d.items[id], d.versions[id], d.changed[id] = item, version, changed
			if !known {
				delete(d.items, id)
				delete(d.versions, id)
				delete(d.changed, id)
			}
		})
	}
}

// replace puts a changed copy in the place of the definitions.
func (t *Items) replace(change func(*definitions)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.now.Load()
	d := &definitions{items: maps.Clone(old.items), versions: maps.Clone(old.versions), changed: maps.Clone(old.changed)}
	change(d)
	t.now.Store(d.collect())
}

// State returns the definition of id as lists show it.
func (t *Items) State(id plant.ItemID) simulators.ItemState {
	d := t.now.Load()
	return simulators.ItemState{Item: d.items[id], Version: d.versions[id], Changed: d.changed[id]}
}

// All returns the definitions in order of their identifiers.
func (t *Items) All() []simulators.ItemState {
	d := t.now.Load()
	all := make([]simulators.ItemState, 0, len(d.items))
	for _, id := range slices.Sorted(maps.Keys(d.items)) {
		all = append(all, simulators.ItemState{Item: d.items[id], Version: d.versions[id], Changed: d.changed[id]})
	}
	return all
}

// Base converts q of the item to its base unit. Nothing of no unit is nothing.
// A result that has no exact spelling is rounded to the millionth, half away
// from zero.
func (t *Items) Base(id plant.ItemID, q plant.Quantity) (plant.Quantity, *simulators.Refusal) {
	d := t.now.Load()
	item, ok := d.items[id]
	switch {
	case !ok:
		return plant.Quantity{}, Refuse(ItemUnknown, "material %q is not known", id)
	case q.Amount < 0:
		return plant.Quantity{}, Refuse(QuantityNegative, "quantity %s of %s is negative", q, id)
	case q.Amount == 0 && q.Unit == "":
		return plant.Quantity{Unit: item.Unit}, nil
	case q.Unit == item.Unit:
		return q, nil
	case !d.units[q.Unit]:
		return plant.Quantity{}, Refuse(UnitUnknown, "unit %q is not known (%s of %s)", q.Unit, q.Amount, id)
	}
	factor, ok := item.Factor(q.Unit)
	if !ok {
		return plant.Quantity{}, Refuse(UnitNotConvertible, "%s of %s cannot be converted to its base unit %s", q, id, item.Unit)
	}
	base, _, err := factor.Apply(q.Amount)
	if err != nil {
		return plant.Quantity{}, Refuse(QuantityOutOfRange, "%s of %s in %s: %v", q, id, item.Unit, err)
	}
	return plant.Quantity{Amount: base, Unit: item.Unit}, nil
}
