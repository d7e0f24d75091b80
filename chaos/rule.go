package chaos

import (
	"math/rand/v2"
	"path"
	"sync"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Rule says when a fault strikes. Its conditions speak of meaning, not of
// time or arrival, so that the same seed hits the same (fact, attempt) pairs
// whatever the SUT's timing.
type Rule struct {
	ID    string // in the plan
	Kind  string // name of the fault in the catalog
	Fault Fault

	Direction simulators.Direction // "" means both
	Name      string               // glob over the message's name ("confirmations"); "" means any
	Fact      plant.Kind           // only messages about facts of this kind; "" means any
	Entity    string               // glob over the message's entity, such as an order; "" means any
	Nth       int                  // only the n-th fact of its kind within Per; 0 means any
	Every     int                  // only each n-th fact of its kind within Per; 0 means any
	Per       string               // "order" (default) or "run"
	P         float64              // chance for each (fact, attempt); 0 means 1
	Attempts  int                  // strikes only the first so many attempts of a key; 0 means any
	Max       int                  // strikes in all; 0 means any. Reaching it depends on arrival order

	// Writes is true if only messages that state something are touched, not
	// questions.
	Writes bool
}

// A PerFact fault changes what a message says. Its chance is drawn once for
// each fact, so that every delivery of the fact is changed alike.
type PerFact interface {
	Fault
	PerFact()
}

// matches reports whether d meets the conditions of r other than chance.
func (r *Rule) matches(d Delivery, ordinals *Ordinals) bool {
	m := d.Message
	switch {
	case r.Direction != "" && r.Direction != d.Direction,
		r.Writes && m.Verb == "get",
		!glob(r.Name, m.Name),
		!glob(r.Entity, m.Entity),
		r.Attempts > 0 && d.Attempt > r.Attempts:
		return false
	}
	if r.Fact == "" && r.Nth == 0 && r.Every == 0 {
		return true
	}
	for _, e := range m.Events {
		if e.Fact == nil || (r.Fact != "" && e.Fact.Kind() != r.Fact) {
			continue
		}
		if r.Nth == 0 && r.Every == 0 {
			return true
		}
		n := ordinals.Of(e.Fact, r.Per)
		if n > 0 && ((r.Nth > 0 && n == r.Nth) || (r.Every > 0 && n%r.Every == 0)) {
			return true
		}
	}
	return false
}

// chance returns the luck of d under r: a source that is the same whenever
// seed, rule, key and attempt are.
func (r *Rule) chance(seed uint64, d Delivery) *rand.Rand {
	attempt := d.Attempt
	if _, ok := r.Fault.(PerFact); ok {
		attempt = 0
	}
	return Chance(seed, r.ID, d.Message.Key, attempt)
}

func glob(pattern, s string) bool {
	if pattern == "" || pattern == s {
		return true
	}
	ok, err := path.Match(pattern, s)
	return err == nil && ok
}

// Chance returns a source of randomness that depends on its arguments only.
func Chance(seed uint64, part, key string, attempt int) *rand.Rand {
	h := fnv(14695981039346656037, part)
	h = fnv(h*31+0x9E3779B97F4A7C15, key)
	return rand.New(rand.NewPCG(seed, h^uint64(attempt)*0xD1342543DE82EF95))
}

// fnv continues an FNV-1a hash over s without allocating.
func fnv(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// Ordinals numbers the facts of a plant as they become true: the third
// confirmation of an order is the third whatever order it arrives in.
type Ordinals struct {
	mu    sync.RWMutex // guards what follows
	count map[string]int
	of    map[string][2]int // by natural key: within the order, within the run
}

// NewOrdinals returns an empty numbering.
func NewOrdinals() *Ordinals {
	return &Ordinals{count: map[string]int{}, of: map[string][2]int{}}
}

// Add numbers a fact that has just become true.
func (o *Ordinals) Add(f plant.Fact) {
	kind, key := string(f.Kind()), plant.Natural(f)
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, known := o.of[key]; known {
		return
	}
	perOrder, perRun := kind+"/"+f.Keys().Entity(), kind
	o.count[perOrder]++
	if perOrder != perRun {
		o.count[perRun]++
	}
	o.of[key] = [2]int{o.count[perOrder], o.count[perRun]}
}

// Of returns the number of f within its order, or within the run if per is
// "run"; 0 if the plant knows no such fact.
func (o *Ordinals) Of(f plant.Fact, per string) int {
	if o == nil {
		return 0
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	n := o.of[plant.Natural(f)]
	if per == "run" {
		return n[1]
	}
	return n[0]
}
