package oracles

import (
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// readLater reports whether a claim says of f what was true when it was read:
// where announcements only name what has changed, their receiver reads it as it
// is by then, and an order may have been changed once more. E is nil for a
// message that was refused.
func (w *neighbours) readLater(f *evidence.FactView, e *evidence.EffectView, claim plant.Event) bool {
	if !w.h.Plan.Endpoints[f.Source].Policy.Names {
		return false
	}
	if w.changes == nil {
		w.changes, w.measure = map[plant.OrderID][]*evidence.FactView{}, evidence.NewMeasure(w.h)
		for _, g := range w.h.Facts {
			if c, ok := g.Event.Fact.(plant.OrderChanged); ok {
				w.changes[c.Order] = append(w.changes[c.Order], g)
			}
		}
	}
	for _, g := range w.changes[f.Event.Fact.Keys().Order] {
		if e != nil && g.Seq > e.Seq {
			continue // nobody could have read that
		}
		later := f.Event
		if later.Fact = changedTo(f.Event.Fact, g.Event.Fact.(plant.OrderChanged)); later.Fact != nil && len(evidence.Compare(w.measure, later, claim)) == 0 {
			return true
		}
	}
	return false
}

// changedTo is what f says of an order after a later change; nil if it has
// nothing to say of it.
func changedTo(f plant.Fact, c plant.OrderChanged) plant.Fact {
	switch f := f.(type) {
	case plant.OrderReleased:
		f.Order.Quantity, f.Order.Due, f.Order.Priority = c.Quantity, c.Due, c.Priority
		return f
	case plant.OrderChanged:
		if c.Version > f.Version {
			f.Quantity, f.Due, f.Priority = c.Quantity, c.Due, c.Priority
			return f
		}
	}
	return nil
}
