package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// Instant is a point of a run on both clocks.
type Instant struct {
	Plant time.Time
	Wall  time.Duration // on the journal's clock
}

// Timeline says what is due when. It is a pure value of the scenario and of
// what it is told: it reads no clock and acts on nothing.
//
// Whoever plays it loops: tell it every event of the plant as it becomes true
// ([Timeline.See]), advance to the earliest of the plant's next event and
// [Timeline.NextAt], ask what is due ([Timeline.Due]), and do it. When the
// plant has nothing more to do, [Timeline.End] returns the last actions, among
// them the healing of every fault that is still armed.
//
// A Timeline is not safe for concurrent use.
type Timeline struct {
	entries []*entry
	moments map[string]Instant
	bound   map[string]map[string]string // by step: what it acted on
	armed   []string
	orders  []plant.OrderID
	ended   bool
	faults  []Fault
	now     Instant // of what is being done
	calm    bool    // nothing is armed any more
}

// entry is a step, or an end of a fault's window, that has not come yet.
type entry struct {
	step  *Step    // nil of a fault or a phase
	where *program // of step.Upon
	met   int      // how often upon's event happened
	event bool     // it did, often enough

	at    Moment // when it is due; zero waits for step.Upon
	arm   string // fault to arm
	heal  string // fault to heal
	close string // fault whose window, by fact, is over
	phase *Phase // that begins
	done  bool
}

// NewTimeline returns the timeline of s for a run that begins at start.
// Faults without a window of their own, and which no step arms, are due at
// once.
func NewTimeline(s Scenario, start Instant) *Timeline {
	t := &Timeline{moments: map[string]Instant{RunStart: start}, bound: map[string]map[string]string{}, faults: s.Faults}
	for i := range s.Phases { // before the faults of the same moment, which belong to the next phase
		if i < len(s.Phases)-1 {
			t.entries = append(t.entries, &entry{at: s.Phases[i].To, phase: &s.Phases[i+1]})
		}
	}
	for _, f := range s.Faults {
		t.window(f, s.arms(f.ID))
	}
	for i := range s.When {
		st := &s.When[i]
		e := &entry{step: st, at: st.At}
		switch {
		case !st.After.IsZero():
			e.at = st.After
		case st.Upon != nil && st.Upon.Where.Source != "":
			e.where, _ = compileWhere(st.Upon.Where) // compiled before, when the file was read
		}
		t.entries = append(t.entries, e)
	}
	return t
}

// window puts the two ends of a fault's window on the timeline.
func (t *Timeline) window(f Fault, byStep bool) {
	w := f.During
	if w.From.IsZero() {
		w.From = Moment{Ref: RunStart, Pos: f.Pos}
	}
	if !byStep || !f.During.From.IsZero() {
		t.entries = append(t.entries, &entry{at: w.From, arm: f.ID})
	}
	switch {
	case w.To.IsZero() || w.To.Ref == RunEnd:
	case w.By == ByFact:
		t.entries = append(t.entries, &entry{at: w.To, close: f.ID})
	default:
		t.entries = append(t.entries, &entry{at: w.To, heal: f.ID})
	}
}

// arms reports whether a step arms the fault.
func (s *Scenario) arms(id string) bool {
	for _, st := range s.When {
		for _, a := range st.acts {
			if a.name == DoArm && a.args.Fault.S == id {
				return true
			}
		}
	}
	return false
}

// Due returns what has become due by now, in order, and takes it as done.
func (t *Timeline) Due(now Instant) []Action {
	var actions []Action
	for !t.ended {
		e := t.ripe(now)
		if e == nil {
			break
		}
		actions = append(actions, t.fire(e, now)...)
	}
	return actions
}

// ripe returns the entry that was due first; of several due at the same time
// the first of the file.
func (t *Timeline) ripe(now Instant) (first *entry) {
	var earliest Instant
	for _, e := range t.entries {
		at, known := t.due(e, now)
		if e.done || !known || !reachedBy(at, now) || !t.resolvable(e) {
			continue
		}
		if first == nil || sooner(at, earliest) {
			first, earliest = e, at
		}
	}
	return first
}

// due returns when e is due; false if that cannot be said yet. Of the two
// clocks only the one its delay is measured on is set.
func (t *Timeline) due(e *entry, now Instant) (Instant, bool) {
	if e.event {
		return now, true
	}
	if e.at.IsZero() {
		return Instant{}, false
	}
	from, known := t.moments[e.at.Ref]
	if e.at.Delay.Domain == yamlfile.WallTime {
		return Instant{Wall: from.Wall + e.at.Delay.D}, known
	}
	return Instant{Plant: from.Plant.Add(e.at.Delay.D)}, known
}

func reachedBy(at, now Instant) bool {
	if at.Plant.IsZero() {
		return at.Wall <= now.Wall
	}
	return !at.Plant.After(now.Plant)
}

func sooner(a, b Instant) bool {
	if a.Plant.IsZero() || b.Plant.IsZero() {
		return false // clocks that cannot be compared: the order of the file
	}
	return a.Plant.Before(b.Plant)
}

// See takes notice of an event that has become true and returns what is due
// because of it.
func (t *Timeline) See(ev plant.Event, now Instant) []Action {
	if released, ok := ev.Fact.(plant.OrderReleased); ok {
		t.orders = append(t.orders, released.Order.ID)
	}
	for _, e := range t.entries {
		if e.done || e.event || e.step == nil || e.step.Upon == nil || e.step.Upon.Event != ev.Fact.Kind() {
			continue
		}
		if e.where != nil {
			if ok, _, err := e.where.eval(map[string]any{"event": viewOf(ev)}); err != nil || !ok {
				continue
			}
		}
		if e.met++; e.met >= max(e.step.Upon.Nth, 1) {
			e.event = true
			t.bind(e.step.As, boundBy(ev))
		}
	}
	return t.Due(now)
}

// boundBy is what an event lends to the step that waited for it.
func boundBy(ev plant.Event) map[string]string {
	k, b := ev.Fact.Keys(), map[string]string{"event": string(ev.ID)}
	for name, value := range map[string]string{
		"order": string(k.Order), "lot": string(k.Lot), "case": string(k.Case), "material": string(k.Material), "operation": string(k.Operation),
	} {
		if value != "" {
			b[name] = value
		}
	}
	return b
}

func (t *Timeline) bind(step string, what map[string]string) {
	if step == "" {
		return
	}
	if t.bound[step] == nil {
		t.bound[step] = map[string]string{}
	}
	for name, value := range what {
		if t.bound[step][name] == "" {
			t.bound[step][name] = value
		}
	}
}

// NextAt returns the plant time at which something is due next, as far as it
// is known; false if nothing is.
func (t *Timeline) NextAt() (time.Time, bool) {
	var next time.Time
	for _, e := range t.entries {
		if at, known := t.due(e, Instant{}); known && !e.done && !e.event && !at.Plant.IsZero() && t.resolvable(e) && (next.IsZero() || at.Plant.Before(next)) {
			next = at.Plant
		}
	}
	return next, !next.IsZero() && !t.ended
}

// NextWall is [Timeline.NextAt] for what is due by wall time.
func (t *Timeline) NextWall() (time.Duration, bool) {
	next, found := time.Duration(0), false
	for _, e := range t.entries {
		if at, known := t.due(e, Instant{}); known && !e.done && !e.event && at.Plant.IsZero() && t.resolvable(e) && (!found || at.Wall < next) {
			next, found = at.Wall, true
		}
	}
	return next, found && !t.ended
}

// End ends the timeline: what waits for run.end is due, and every armed fault
// is healed. Afterwards nothing is due any more.
func (t *Timeline) End(now Instant) []Action {
	if t.ended {
		return nil
	}
	t.moments[RunEnd] = now
	actions := t.Due(now)
	for _, id := range slices.Clone(t.armed) {
		actions = append(actions, t.heal(id, yamlfile.Pos{})...)
	}
	t.ended = true
	return actions
}

// Left describes the steps that did not happen, for the report: a step that
// waited in vain has shown nothing.
func (t *Timeline) Left() []string {
	var left []string
	for _, e := range t.entries {
		if e.done || e.step == nil {
			continue
		}
		what := e.step.As
		if len(e.step.acts) > 0 {
			what = strings.TrimSpace(what + " " + e.step.acts[0].name)
		}
		left = append(left, fmt.Sprintf("%s: %s", e.step.Pos, what))
	}
	return left
}

// Armed lists the faults that are armed now.
func (t *Timeline) Armed() []string { return slices.Clone(t.armed) }
