package scenarios

import (
	"slices"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// resolvable reports whether everything e acts on is known by now.
func (t *Timeline) resolvable(e *entry) bool {
	if e.heal != "" || e.close != "" {
		return slices.Contains(t.armed, e.heal+e.close)
	}
	if e.step == nil {
		return true
	}
	for _, a := range e.step.acts {
		for _, target := range []Target{a.args.Order, a.args.Lot, a.args.Case} {
			if _, ok := t.resolve(target); !ok {
				return false
			}
		}
	}
	return true
}

// resolve looks up what a target stands for.
func (t *Timeline) resolve(target Target) (string, bool) {
	switch {
	case target.Nth > 0:
		if target.Nth > len(t.orders) {
			return "", false
		}
		return string(t.orders[target.Nth-1]), true
	case target.Ref != "":
		id, ok := t.bound[target.Ref][target.Field]
		return id, ok
	}
	return target.ID, true
}

// fire takes e as done and returns its actions.
func (t *Timeline) fire(e *entry, now Instant) []Action {
	e.done = true
	t.now = now
	switch {
	case e.arm != "":
		return t.arm(e.arm, e.at.Pos)
	case e.heal != "":
		return t.heal(e.heal, e.at.Pos)
	case e.close != "":
		return []Action{{Do: DoClose, Fault: e.close, Pos: e.at.Pos}}
	case e.phase != nil:
		return t.enter(e.phase)
	}
	st := e.step
	if st.As != "" {
		t.moments[st.As] = now
	}
	var actions []Action
	for _, a := range st.acts {
		switch a.name {
		case DoArm:
			actions = append(actions, named(t.arm(a.args.Fault.S, a.pos), st.As)...)
		case DoHeal:
			for _, id := range slices.Clone(t.armed) {
				if a.args.Fault.S == "" || a.args.Fault.S == id {
					actions = append(actions, named(t.heal(id, a.pos), st.As)...)
				}
			}
		default:
			actions = append(actions, t.action(a, st.As))
		}
	}
	if len(actions) == 0 && st.As != "" { // a name for a moment: the journal must know it
		actions = []Action{{Do: DoNothing, As: st.As, Pos: st.Pos, bound: t.bound[st.As]}}
	}
	return actions
}

// DoNothing is the action of a step that only gives a moment a name; whoever
// plays it has nothing to do but to write it into the journal.
const DoNothing = "note"

// Actions of the timeline itself, which no step can do.
const (
	DoClose = "close" // the window of a fault is over for facts from now on
	DoPhase = "phase" // a phase begins; As is its name
)

// enter begins a phase. In a calm one nothing is armed any more.
func (t *Timeline) enter(ph *Phase) []Action {
	actions := []Action{{Do: DoPhase, As: ph.Name, Pos: ph.Pos}}
	if ph.Calm {
		t.calm = true
		for _, id := range slices.Clone(t.armed) {
			actions = append(actions, t.heal(id, ph.Pos)...)
		}
	}
	return actions
}

func named(actions []Action, as string) []Action {
	for i := range actions {
		actions[i].As = as
	}
	return actions
}

// limit heals a fault that is armed now when its time is over.
func (t *Timeline) limit(id string, d yamlfile.Duration) {
	began := armedMoment + id
	t.moments[began] = t.now
	t.entries = slices.DeleteFunc(t.entries, func(e *entry) bool { return e.heal == id && e.at.Ref == began })
	t.entries = append(t.entries, &entry{at: Moment{Ref: began, Delay: d}, heal: id})
}

// armedMoment begins the names of moments at which faults were armed; no step
// can be called so.
const armedMoment = "armed "

func (t *Timeline) arm(id string, pos yamlfile.Pos) []Action {
	if t.calm || slices.Contains(t.armed, id) {
		return nil
	}
	t.armed = append(t.armed, id)
	if i := slices.IndexFunc(t.faults, func(f Fault) bool { return f.ID == id }); i >= 0 && !t.faults[i].For.IsZero() {
		t.limit(id, t.faults[i].For)
	}
	return []Action{{Do: DoArm, Fault: id, Pos: pos}}
}

func (t *Timeline) heal(id string, pos yamlfile.Pos) []Action {
	i := slices.Index(t.armed, id)
	if i < 0 {
		return nil
	}
	t.armed = slices.Delete(t.armed, i, i+1)
	return []Action{{Do: DoHeal, Fault: id, Pos: pos}}
}

// action looks up what a acts on, and lends it to steps that refer to as.
func (t *Timeline) action(a act, as string) Action {
	order, _ := t.resolve(a.args.Order)
	lot, _ := t.resolve(a.args.Lot)
	quality, _ := t.resolve(a.args.Case)
	due := Action{
		Do: a.name, As: as, Kind: a.args.Kind, Order: plant.OrderID(order), Lot: plant.LotID(lot), Case: plant.CaseID(quality), Item: plant.ItemID(a.args.Item.S), Retire: a.args.Retire, Count: a.args.Count,
		Priority: a.args.Priority, Decision: a.args.Decision, Reason: a.args.Reason, At: a.args.At.S, Set: a.args.Set, Frozen: a.args.Frozen, Pos: a.pos,
	}
	if a.args.Quantity != nil {
		due.Quantity = plant.Decimal(*a.args.Quantity)
	}
	if a.args.For != nil {
		due.For = plant.Decimal(*a.args.For)
	}
	for _, of := range a.args.Of {
		due.Of = append(due.Of, recordsOf[of])
	}
	due.WorkCenter, due.Efficiency, due.Shift, due.Day = plant.WorkCenterID(a.args.WorkCenter.S), a.args.Efficiency, a.args.Shift.S, a.args.Day
	due.Component, due.Operation, due.Cycle = plant.ItemID(a.args.Component.S), plant.OperationID(a.args.Operation.S), a.args.Cycle.D
	t.bind(as, map[string]string{"order": order, "lot": lot, "case": quality})
	due.bound = t.bound[as]
	return due
}
