package harness

import (
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// narrowed lets only some of what happens on the floor be noticed. The floor
// itself goes on as in the whole run, so that every identity, quantity and
// number stays what it was.
type narrowed struct {
	only   scenarios.Only
	cases  map[plant.CaseID]bool    // quality cases whose hold was noticed
	unseen map[plant.OrderID]bool   // orders whose release was not
	mute   map[plant.MachineID]bool // machines of which a reading was not
	gone   map[plant.EventID]bool   // reports that were not
}

func newNarrowed(only scenarios.Only) *narrowed {
	return &narrowed{only: only, cases: map[plant.CaseID]bool{}, unseen: map[plant.OrderID]bool{}, mute: map[plant.MachineID]bool{}, gone: map[plant.EventID]bool{}}
}

// noticed reports whether anybody learns of e. A decision is noticed only if
// its hold was: nobody decides a case that nobody opened; and a reversal only if
// what it takes back was. Readings of a machine
// follow each other without gaps, so after one that was left out there are none.
func (n *narrowed) noticed(e plant.Event) bool {
	if n.only.IsZero() {
		return true
	}
	has := n.only.Has(e)
	switch f := e.Fact.(type) {
	case plant.OrderReleased:
		n.unseen[f.Order.ID] = !has
	case plant.LotHeld:
		n.cases[f.Case] = has
	case plant.LotDecided:
		return has && n.cases[f.Case]
	case plant.MachineCounted:
		n.mute[f.Machine] = n.mute[f.Machine] || !has
		return !n.mute[f.Machine]
	case plant.Reversed:
		return has && !n.gone[f.Original.ID]
	}
	if !has {
		n.gone[e.ID] = true
	}
	return has
}

// view is what the floor sees: an order that nobody was told of goes on as if
// the MES had it.
func (n *narrowed) view(v plant.View) plant.View {
	if n.only.IsZero() {
		return v
	}
	return pretended{v, n}
}

type pretended struct {
	plant.View
	of *narrowed
}

// Dispatched implements [plant.View].
func (p pretended) Dispatched(id plant.OrderID) (int, bool) {
	if p.of.unseen[id] {
		return 1, true
	}
	return p.View.Dispatched(id)
}
