package chaos

import (
	"strconv"
	"sync"

	"github.com/andon-rig/andon/simulators/plant"
)

// Ordinals numbers the facts of a plant as they become true: the third
// confirmation of an order is the third whatever order it arrives in. It also
// tells which fact a claim is about, however the claim words it.
type Ordinals struct {
	mu    sync.RWMutex // guards what follows
	count map[string]int
	of    map[string]numbers // by natural key
	rough map[string]string  // natural key by what is left of it if lot and the like are mistaken
}

// numbers of a fact among those of its kind, within its order and within the
// run, and among all facts of the run.
type numbers struct{ order, run, all int }

// NewOrdinals returns an empty numbering.
func NewOrdinals() *Ordinals {
	return &Ordinals{count: map[string]int{}, of: map[string]numbers{}, rough: map[string]string{}}
}

// Add numbers a fact that has just become true.
func (o *Ordinals) Add(f plant.Fact) {
	kind, keys, key := string(f.Kind()), f.Keys(), plant.Natural(f)
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, known := o.of[key]; known {
		return
	}
	perOrder, perRun := kind+"/"+keys.Entity(), kind
	o.count[perOrder]++
	o.count[perRun]++
	o.of[key] = numbers{o.count[perOrder], o.count[perRun], len(o.of) + 1}
	if keys.Order != "" && keys.Counter > 0 {
		o.rough[string(roughly(nil, kind, &keys))] = key
	}
}

// Of returns the number of f within its order, or within the run if per is
// "run"; 0 if the plant knows no such fact.
func (o *Ordinals) Of(f plant.Fact, per string) int {
	if f == nil {
		return 0
	}
	return o.number(plant.Event{Fact: f}, per)
}

// number is Of for a claim, which may be told by the reference it carries.
func (o *Ordinals) number(e plant.Event, per string) int {
	if o == nil {
		return 0
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	n := o.of[string(o.resolve(e))]
	if per == "run" {
		return n.run
	}
	return n.order
}

// Count is the number of facts so far; the next has the number after it.
func (o *Ordinals) Count() int {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return len(o.of)
}

// place is the number of the fact that e is about among all facts of the run;
// 0 if the plant knows none.
func (o *Ordinals) place(e plant.Event) int {
	if o == nil {
		return 0
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.of[string(o.resolve(e))].all
}

// ID returns the identity of the fact that e is about. The reference counts
// first, if it is one of the plant's; then the business key, with and without
// the lot. A claim about no fact of the plant keeps the reference it came
// with, or else its own business key.
func (o *Ordinals) ID(e plant.Event) plant.EventID {
	if o == nil {
		return ownID(e)
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.resolve(e)
}

// resolve is ID; o.mu is held.
func (o *Ordinals) resolve(e plant.Event) plant.EventID {
	if _, known := o.of[string(e.ID)]; known {
		return e.ID
	}
	if e.Fact == nil {
		return e.ID
	}
	var room [96]byte
	key := plant.AppendNatural(room[:0], e.Fact)
	if _, known := o.of[string(key)]; known {
		return plant.EventID(key)
	}
	if k := e.Fact.Keys(); k.Order != "" && k.Counter > 0 {
		if key, known := o.rough[string(roughly(room[:0], string(e.Fact.Kind()), &k))]; known {
			return plant.EventID(key)
		}
	}
	return ownID(e)
}

func ownID(e plant.Event) plant.EventID {
	if e.ID != "" || e.Fact == nil {
		return e.ID
	}
	return plant.EventID(plant.Natural(e.Fact))
}

// roughly appends a key without what a careless SUT or a fault may have changed.
// It is still unique: counters number the facts of one kind within order and
// operation.
func roughly(b []byte, kind string, k *plant.Keys) []byte {
	b = append(append(b, kind...), '/')
	b = append(append(b, k.Order...), '/')
	b = append(append(b, k.Operation...), '/')
	return strconv.AppendInt(b, int64(k.Counter), 10)
}
