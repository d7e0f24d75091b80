package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/andon-rig/andon/internal/glob"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Rule says when a fault strikes. Its conditions speak of meaning, not of
// time or arrival, so that the same seed hits the same (fact, attempt) pairs
// whatever the SUT's timing.
//
// A batch is touched as a whole: it meets a condition if one of its facts
// does, each fact has its own chance, and Attempts counts for the fact that
// has crossed most often, so that a batch is never kept from arriving longer
// than a single message.
type Rule struct {
	ID    string // in the plan
	Kind  string // name of the fault in the catalog
	Fault Fault

	Direction simulators.Direction // "" means both
	Name      string               // glob over the message's name ("confirmations"), or that of the list it asks for ("items"); "" means any
	Fact      plant.Kind           // only messages about facts of this kind; "" means any
	Entity    string               // glob over the message's entity, such as an order; "" means any
	Nth       int                  // only the n-th fact of its kind within Per; 0 means any
	Every     int                  // only each n-th fact of its kind within Per; 0 means any
	Per       string               // "order" (default) or "run"
	P         float64              // chance for each (fact, attempt); 0 means 1
	Attempts  int                  // strikes only the first so many attempts of a fact; 0 means any
	Times     int                  // strikes of each fact; 0 means any
	Max       int                  // strikes in all; 0 means any. Reaching it depends on arrival order
	InFlight  int                  // struck deliveries that are still on their way at a time; 0 means any. Depends on timing
	Strikes   []Strike             // only these; none means any

	// What else must have happened, or be the case; see [Course].
	After    *After     // another rule struck; nil waits for nothing
	While    string     // this rule is armed; "" means nothing
	StruckBy string     // only facts that this rule has struck; "" means any
	Within   []*Stretch // only facts that belong to all of these

	// Order is the rule's place among those that act at the same point of a
	// message's way, wherever and whenever they were armed: its line in the
	// file, say. See [Place].
	Order int

	// Writes is true if only messages that state facts are touched: no
	// questions, no requests for tokens.
	Writes bool
}

// A Strike names one crossing of one fact: the second try to post the third
// confirmation of an order. It is what a journal says a fault has struck, so
// that the same can be struck again whatever else has changed.
type Strike struct {
	Key     string // identity of the fact, or of a message that states none; * stands for any run of characters
	Attempt int    // which try, from 1; 0 means any
}

// Validate says which conditions cannot be.
func (r *Rule) Validate() error {
	switch {
	case r.Fault == nil:
		return fmt.Errorf("rule %s has no fault", r.ID)
	case r.Direction != "" && r.Direction != simulators.ToSUT && r.Direction != simulators.FromSUT:
		return fmt.Errorf("rule %s: direction %q is not one of to-sut, from-sut", r.ID, r.Direction)
	case r.Per != "" && r.Per != "order" && r.Per != "run":
		return fmt.Errorf("rule %s: per %q is not one of order, run", r.ID, r.Per)
	case !(r.P >= 0 && r.P <= 1): // so that NaN is refused too
		return fmt.Errorf("rule %s: chance %v is not between 0 and 1", r.ID, r.P)
	case min(r.Nth, r.Every, r.Attempts, r.Times, r.Max, r.InFlight) < 0:
		return fmt.Errorf("rule %s: nth, every, attempts, times, max and inFlight cannot be negative", r.ID)
	case r.Nth > 0 && r.Every > 0:
		return fmt.Errorf("rule %s: give nth or every, not both", r.ID)
	case r.After != nil && r.After.Seen != "" && r.After.Seen != SeenStrike && r.After.Seen != SeenRetry:
		return fmt.Errorf("rule %s: seen %q is not one of strike, retry", r.ID, r.After.Seen)
	case slices.ContainsFunc(r.Strikes, func(s Strike) bool { return s.Key == "" || s.Attempt < 0 }):
		return fmt.Errorf("rule %s: a strike needs the key of a fact, and its attempt counts from 1", r.ID)
	}
	return nil
}

// Place is the point of a message's way at which a fault acts. Rules act in
// the order of their places, those of one place in their [Rule.Order], and of
// one order as they were armed. So it does not matter in which order faults of
// different places stand in a file, nor which was armed first.
type Place int

// Places, in the order of a message's way.
const (
	Content Place = iota // what it says: faults that are [PerFact]
	Way                  // how often and when it arrives: copies, delays
	End                  // whether it and its reply arrive at all: each [Stopper]
	Carrier              // the connection its reply leaves by: each [ConnFault]
)

// PlaceOf is where f acts.
func PlaceOf(f Fault) Place {
	if _, ok := f.(PerFact); ok {
		return Content
	}
	if _, ok := f.(Stopper); ok {
		return End
	}
	if _, ok := f.(ConnFault); ok {
		return Carrier
	}
	return Way
}

// before reports whether r acts before s.
func (r *Rule) before(s *Rule) bool {
	if a, b := PlaceOf(r.Fault), PlaceOf(s.Fault); a != b {
		return a < b
	}
	return r.Order < s.Order
}

// A mark is what chance and attempts are counted by: one fact of a message, or
// the message itself if it states none.
type mark struct {
	key     string
	attempt int
}

// luck returns the source of randomness of a delivery that r strikes; nil if
// it does not. marks has one entry for each event, or one if there are none.
//
// times counts how often each mark was struck.
func (r *Rule) luck(d *Delivery, marks []mark, l *Link, part string, times map[string]int, cast *dice) *rand.Rand {
	if !r.fits(d) || !l.Course.met(r.After) || !l.Course.isArmed(r.While) {
		return nil
	}
	_, perFact := r.Fault.(PerFact)
	lasting := false
	if l, ok := r.Fault.(Lasting); ok {
		lasting = l.Lasts()
	}
	for i, k := range marks {
		if !r.about(d.Message.Events, i, l.Ordinals) || !r.named(k) || !l.Course.touched(r.StruckBy, k.key) || (r.Times > 0 && times[k.key] >= r.Times) {
			continue
		}
		attempt := k.attempt
		if perFact || lasting {
			attempt = 0
		}
		chance := cast.roll(l.Seed, part, k.key, attempt)
		if r.P <= 0 || r.P >= 1 || chance.Float64() < r.P {
			return chance
		}
	}
	return nil
}

// fits reports whether d as a whole meets the conditions of r.
func (r *Rule) fits(d *Delivery) bool {
	m := &d.Message
	return (r.Direction == "" || r.Direction == d.Direction) &&
		(!r.Writes || (m.Verb != "get" && len(m.Events) > 0)) &&
		(r.Attempts <= 0 || d.Attempt <= r.Attempts) &&
		(glob.Match(r.Name, m.Name) || m.Asks != nil && glob.Match(r.Name, m.Asks.Object)) && glob.Match(r.Entity, m.Entity)
}

// about reports whether the i-th event is one of those that r is about.
func (r *Rule) about(events []plant.Event, i int, o *Ordinals) bool {
	if r.Fact == "" && r.Nth <= 0 && r.Every <= 0 && len(r.Within) == 0 {
		return true
	}
	if i >= len(events) || events[i].Fact == nil {
		return false
	}
	if r.Fact != "" && events[i].Fact.Kind() != r.Fact {
		return false
	}
	for _, s := range r.Within {
		if !s.Has(o.place(events[i]), events[i].Fact.Keys()) {
			return false
		}
	}
	if r.Nth <= 0 && r.Every <= 0 {
		return true
	}
	n := o.number(events[i], r.Per)
	return n > 0 && ((r.Nth > 0 && n == r.Nth) || (r.Every > 0 && n%r.Every == 0))
}

// named reports whether k is one of the strikes that r is limited to. A fault
// that changes a fact once and for all is not limited to one try.
func (r *Rule) named(k mark) bool {
	if len(r.Strikes) == 0 {
		return true
	}
	_, perFact := r.Fault.(PerFact)
	return slices.ContainsFunc(r.Strikes, func(s Strike) bool {
		return (s.Attempt <= 0 || s.Attempt == k.attempt || perFact) && s.Key != "" && glob.Match(s.Key, k.key)
	})
}

// Chance returns a source of randomness that depends on its arguments only.
func Chance(seed uint64, part, key string, attempt int) *rand.Rand {
	return new(dice).roll(seed, part, key, attempt)
}

// dice is a source of randomness that is seeded anew for each delivery, so
// that drawing chance allocates nothing.
type dice struct {
	pcg  rand.PCG
	rand *rand.Rand
}

// roll returns the source for its arguments, good until the next roll.
func (d *dice) roll(seed uint64, part, key string, attempt int) *rand.Rand {
	h := fnv(14695981039346656037, part)
	h = fnv(mix(h), key) // mixed in between: "a", "bc" is not "ab", "c"
	d.pcg.Seed(mix(seed), mix(h+uint64(attempt)*0x9E3779B97F4A7C15))
	if d.rand == nil {
		d.rand = rand.New(&d.pcg)
	}
	return d.rand
}

// fnv continues an FNV-1a hash over s without allocating.
func fnv(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// mix spreads every bit of x over the whole word, as splitmix64 does: keys
// that differ in one digit must not have similar luck.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
