package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/glob"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// bounds follows the parts of the plant's history that faults are bound to.
// What has become true gets its number first, then is seen here, and only then
// is told to anybody: so a message is struck or not by what it is about,
// whenever it crosses.
type bounds struct {
	ordinals *chaos.Ordinals

	mu      sync.Mutex                // guards what follows: people arm faults while the plant plays
	windows map[string]*chaos.Stretch // by fault
	phases  map[string]*chaos.Stretch // by name
	phase   string                    // that lasts now
	states  []state
}

// state is a part of history between two events.
type state struct {
	*chaos.Stretch
	from, to func(plant.Event) bool // to is nil if it never ends
}

func newBounds(o *chaos.Ordinals, phases []scenarios.Phase) *bounds {
	b := &bounds{ordinals: o, windows: map[string]*chaos.Stretch{}, phases: map[string]*chaos.Stretch{}}
	for _, ph := range phases {
		b.phases[ph.Name] = &chaos.Stretch{}
	}
	if len(phases) > 0 {
		b.enter(phases[0].Name)
	}
	return b
}

// next is the number of the fact that becomes true next.
func (b *bounds) next() int { return b.ordinals.Count() + 1 }

// enter begins a phase and ends the one before it.
func (b *bounds) enter(phase string) {
	if was := b.phases[b.phase]; was != nil {
		was.End(b.next(), plant.Keys{})
	}
	if now := b.phases[phase]; now != nil {
		now.Begin(b.next(), plant.Keys{})
	}
	b.phase = phase
}

// open and close are the ends of a fault's window, if that is by fact.
func (b *bounds) open(fault string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w := b.windows[fault]; w != nil {
		w.Begin(b.next(), plant.Keys{})
	}
}

func (b *bounds) close(fault string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w := b.windows[fault]; w != nil {
		w.End(b.next(), plant.Keys{})
	}
}

// see takes notice of the event that was numbered last.
func (b *bounds) see(e plant.Event) {
	n := b.ordinals.Count()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.states {
		if s.to != nil && s.to(e) {
			s.End(n, e.Fact.Keys())
		}
		if s.from(e) {
			s.Begin(n, e.Fact.Keys())
		}
	}
}

// same is what a state can be of.
var same = map[string]func(plant.Keys) string{
	"order":     func(k plant.Keys) string { return string(k.Order) },
	"lot":       func(k plant.Keys) string { return string(k.Lot) },
	"material":  func(k plant.Keys) string { return string(k.Material) },
	"operation": func(k plant.Keys) string { return operation(k) },
	"machine":   func(k plant.Keys) string { return string(k.Machine) },
	"case":      func(k plant.Keys) string { return string(k.Case) },
}

func operation(k plant.Keys) string {
	if k.Operation == "" {
		return ""
	}
	return string(k.Order) + "/" + string(k.Operation)
}

// bind gives the rule of p the conditions that f has besides those of single
// messages.
func (r *Rig) bind(p *PlannedFault, f scenarios.Fault) {
	b := r.Plan.bounds
	b.mu.Lock()
	defer b.mu.Unlock()
	if f.During.By == scenarios.ByFact {
		b.windows[f.ID] = &chaos.Stretch{}
		p.rule.Within = append(p.rule.Within, b.windows[f.ID])
	} else {
		from, to := f.During.From, f.During.To
		p.windowed = !f.For.IsZero() || (!from.IsZero() && (from.Ref != scenarios.RunStart || !from.Delay.IsZero())) || (!to.IsZero() && to.Ref != scenarios.RunEnd)
	}
	if a := f.After; a != nil && a.Fault.S != "" {
		p.rule.After = &chaos.After{Rule: a.Fault.S, Seen: chaos.Seen(a.Seen), Nth: a.Nth}
	}
	if u := f.After.Upon(); u != nil {
		s := state{Stretch: &chaos.Stretch{}, from: u.Counter()}
		b.states, p.rule.Within = append(b.states, s), append(p.rule.Within, s.Stretch)
	}
	w := f.While
	if w == nil {
		return
	}
	p.rule.While = w.Fault.S
	if ph := b.phases[w.Phase.S]; ph != nil {
		p.rule.Within = append(p.rule.Within, ph)
	}
	if w.Since != nil {
		s := state{Stretch: &chaos.Stretch{Same: same[w.Same]}, from: w.Since.Counter()}
		if w.Until != nil {
			s.to = w.Until.Counter()
		}
		b.states, p.rule.Within = append(b.states, s), append(p.rule.Within, s.Stretch)
	}
}

// follow has links and moments remember what other faults depend on.
func (r *Rig) follow() {
	course := chaos.NewCourse()
	for _, p := range r.Plan.Faults {
		course.Follow(p.depends()...)
	}
	for _, l := range r.Plan.Links {
		l.Course = course
	}
	r.Plan.moments.Course = course
}

// depends lists the faults that p depends on.
func (p *PlannedFault) depends() []string {
	ids := []string{p.rule.While, p.rule.StruckBy}
	if p.rule.After != nil {
		ids = append(ids, p.rule.After.Rule)
	}
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" })
}

// sensible refuses conditions that the kind of fault cannot have.
func (p *PlannedFault) sensible() error {
	_, process := p.rule.Fault.(chaos.Process)
	switch {
	case process && (p.rule.Times > 0 || p.rule.InFlight > 0):
		return fmt.Errorf("%s strikes the SUT, not messages: bound it by max instead of times or inFlight", p.Info.Name)
	case chaos.PlaceOf(p.rule.Fault) == chaos.Content && p.rule.StruckBy != "":
		return fmt.Errorf("%s changes what is said, which happens when it is said first, before anything can have struck it: leave out hits.struckBy", p.Info.Name)
	case chaos.PlaceOf(p.rule.Fault) == chaos.Content && p.rule.Times > 1:
		return fmt.Errorf("%s changes a fact once and for all: leave out times", p.Info.Name)
	}
	return nil
}

// evidence is what the journal says of a fault.
func (r *Rig) evidence(p *PlannedFault) evidence.PlannedFault {
	at := ""
	for _, l := range p.links {
		if at != "" {
			at += ","
		}
		at += l.Name
	}
	return evidence.PlannedFault{
		ID: p.ID, Kind: p.Info.Name, At: at, Reproducible: r.repeats(p, len(r.Plan.Faults)),
		Requirements: p.Info.Requirements, Tolerates: p.Info.Tolerates, Group: p.group,
	}
}

// repeats reports whether the same seed has p strike the same (fact, attempt)
// pairs whatever the SUT's timing: nothing it depends on may be a matter of
// when a message crosses.
func (r *Rig) repeats(p *PlannedFault, depth int) bool {
	switch {
	case !p.reproducible() || p.rule.Max > 0 || p.rule.InFlight > 0 || p.windowed || p.rule.While != "":
		return false
	case p.rule.After != nil && p.rule.After.Rule != p.rule.StruckBy: // who comes first then is a matter of time
		return false
	case p.rule.StruckBy == "":
		return true
	}
	i := slices.IndexFunc(r.Plan.Faults, func(o *PlannedFault) bool { return o.ID == p.rule.StruckBy })
	return i >= 0 && depth > 0 && slices.Equal(r.Plan.Faults[i].links, p.links) && r.Plan.Faults[i].rule.Direction == p.rule.Direction && r.repeats(r.Plan.Faults[i], depth-1)
}

// unaimed reports whether p strikes connections, whatever they carry: several
// may do so at once.
func (p *PlannedFault) unaimed() bool {
	_, conn := p.rule.Fault.(chaos.ConnFault)
	return conn && !p.rule.ByMessage()
}

// Contests tells of faults for which it matters which of them stands first in
// the file: those that act at the same point of the same messages. Of others
// the order means nothing.
func (p *Plan) Contests() (list []string) {
	for i, a := range p.Faults {
		for _, b := range p.Faults[i+1:] {
			if place := chaos.PlaceOf(a.rule.Fault); !a.process() && !b.process() && !a.unaimed() && !b.unaimed() && place == chaos.PlaceOf(b.rule.Fault) && a.meets(b) {
				list = append(list, fmt.Sprintf("faults %s (%s) and %s (%s) can strike the same message: %s, because it stands first in the file", a.ID, a.Info.Name, b.ID, b.Info.Name,
					fmt.Sprintf(first[place], a.ID)))
			}
		}
	}
	return list
}

var first = map[chaos.Place]string{
	chaos.Content: "what it then says is changed by %s alone",
	chaos.Way:     "%s acts first, and the other on each copy it makes",
	chaos.End:     "%s decides what its sender meets",
	chaos.Carrier: "the connection meets what %s does to it",
}

func (p *PlannedFault) process() bool { _, is := p.rule.Fault.(chaos.Process); return is }

// meets reports whether a and b can strike one message. What cannot be told is
// taken for possible.
func (p *PlannedFault) meets(o *PlannedFault) bool {
	a, b := &p.rule, &o.rule
	return slices.ContainsFunc(p.links, func(l *chaos.Link) bool { return slices.Contains(o.links, l) }) &&
		(a.Direction == "" || b.Direction == "" || a.Direction == b.Direction) &&
		(a.Fact == "" || b.Fact == "" || a.Fact == b.Fact) && overlap(a.Name, b.Name) && overlap(a.Entity, b.Entity) &&
		(a.Nth == 0 || b.Nth == 0 || a.Nth == b.Nth || cmp.Or(a.Per, "order") != cmp.Or(b.Per, "order"))
}

// overlap reports whether one text can match both patterns, for sure if one of
// them is plain.
func overlap(a, b string) bool {
	return glob.Match(a, b) || glob.Match(b, a) || (strings.Contains(a, "*") && strings.Contains(b, "*"))
}
