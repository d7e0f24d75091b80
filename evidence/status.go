package evidence

import (
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// judgeStatus says for each fact what may be demanded of the SUT.
func (h *History) judgeStatus() {
	h.supersede()
	undone := h.undone()
	for _, f := range h.Facts {
		f.Status, f.WhyStatus = f.status()
		for _, u := range undone {
			f.Forgotten = f.Forgotten || u.toldOnlyThen(f)
			if f.Status == Must && u.forgot(f) {
				f.Status, f.WhyStatus = May, fmt.Sprintf("the SUT accepted it %s after the backup to which it was put back, and had not posted it by then: nobody can have told it again", f.Accepted-u.From)
			}
		}
	}
	for _, u := range undone {
		h.forgive(u)
	}
}

// forgive excuses what waits for a decision that was forgotten: the SUT keeps
// what uses a held lot until it hears of the decision, and was told of it once.
func (h *History) forgive(u forgotten) {
	waiting := map[plant.LotID]map[plant.CaseID]bool{}
	for _, f := range h.Facts {
		if held, ok := f.Event.Fact.(plant.LotHeld); ok && f.AcceptedBy != nil && !u.toldOnlyThen(f) {
			if waiting[held.Lot] == nil {
				waiting[held.Lot] = map[plant.CaseID]bool{}
			}
			waiting[held.Lot][held.Case] = false
		}
	}
	for _, f := range h.Facts {
		if d, ok := f.Event.Fact.(plant.LotDecided); ok && u.toldOnlyThen(f) {
			if _, held := waiting[d.Lot][d.Case]; held {
				waiting[d.Lot][d.Case] = true
			}
		}
	}
	for _, f := range h.Facts {
		if f.Status != Must || len(f.Effects) > 0 {
			continue
		}
		for of, gone := range waiting[uses(f.Event.Fact)] {
			if gone {
				f.Status, f.WhyStatus = May, fmt.Sprintf("its lot was held, and the SUT was told of the decision on %s between the backup to which it was put back and that moment: it may wait for it for ever", of)
			}
		}
	}
}

// uses is the lot that a fact must not be posted for while it is held; "" if
// there is none.
func uses(f plant.Fact) plant.LotID {
	switch f := f.(type) {
	case plant.Consumed:
		return f.Lot
	case plant.Received:
		return f.Lot
	}
	return ""
}

// undone lists the times that the SUT has forgotten, because a state of their
// beginning was put back at their end.
func (h *History) undone() (list []forgotten) {
	for _, s := range h.Steps {
		if s.Name != StepRestore {
			continue
		}
		if from, err := time.ParseDuration(s.Args[ArgBackup]); err == nil {
			list = append(list, forgotten{Interval{From: from, To: s.At}})
		}
	}
	return list
}

type forgotten struct{ Interval }

// Forgot reports whether the SUT had forgotten at one moment what it learned at
// another: a state from before that was put back in between.
func (h *History) Forgot(learned, by time.Duration) bool {
	return slices.ContainsFunc(h.undone(), func(u forgotten) bool { return u.From <= learned && learned <= u.To && u.To <= by })
}

// forgot reports whether all that the SUT knew of f was forgotten: it took it
// in the time, no offer of it later, and had not posted it when the time ended.
func (u forgotten) forgot(f *FactView) bool {
	return u.toldOnlyThen(f) && !(len(f.Effects) > 0 && f.Effects[0].At <= u.To)
}

// toldOnlyThen reports whether the SUT was told of f in the time, and not again
// after it.
func (u forgotten) toldOnlyThen(f *FactView) bool {
	if f.AcceptedBy == nil || f.Accepted < u.From || f.Accepted > u.To {
		return false
	}
	for _, o := range f.Offers {
		if o.Result.Outcome.Took() && o.End > u.To {
			return false
		}
	}
	return true
}

func (f *FactView) status() (Status, string) {
	unknown, refused, undelivered := tally(f.Offers)
	switch {
	case f.Invalid:
		return MustNot, "a fault made it invalid: it must be refused and reported, not posted"
	case f.AcceptedBy != nil && f.Superseded:
		return May, "a newer version was accepted before it took effect"
	case f.AcceptedBy != nil:
		return Must, fmt.Sprintf("the SUT accepted it at try %d", f.AcceptedBy.Attempt)
	case unknown > 0:
		return May, fmt.Sprintf("no offer was answered (%d of unknown outcome): the SUT may know of it", unknown)
	case refused > 0:
		return MustNot, "the SUT refused it at intake"
	case undelivered > 0:
		return May, "no offer reached the SUT: it can only know of it by asking"
	case len(f.Offers) > 0:
		return May, "the SUT was never ready to take it"
	}
	return May, "it was never offered to the SUT: it can only know of it by asking"
}

// tally counts offers that were not taken by what is known of them.
func tally(offers []*OfferView) (unknown, refused, undelivered int) {
	for _, o := range offers {
		switch o.Result.Outcome {
		case simulators.Unknown:
			unknown++
		case simulators.Refused:
			refused++
		case simulators.Undelivered:
			undelivered++
		}
	}
	return unknown, refused, undelivered
}

// versioned tells which object and version a fact sets, if it is one of a
// series in which the newest counts.
func versioned(f plant.Fact) (object plant.Keys, version int, ok bool) {
	switch b := f.(type) {
	case plant.OrderReleased:
		return plant.Keys{Order: b.Order.ID}, 1, true
	case plant.OrderChanged:
		return plant.Keys{Order: b.Order}, b.Version, true
	case plant.OrderCancelled:
		return plant.Keys{Order: b.Order}, b.Version, true
	case plant.ItemChanged:
		return plant.Keys{Material: b.Item.ID}, b.Version, true
	case plant.BillChanged:
		return plant.Keys{Material: b.Bill.Item, Of: b.Kind()}, b.Version, true
	case plant.RoutingChanged:
		return plant.Keys{Material: b.Routing.Item, Of: b.Kind()}, b.Version, true
	case plant.CenterChanged:
		return plant.Keys{WorkCenter: b.WorkCenter.ID}, b.Version, true
	case plant.CalendarChanged:
		return plant.Keys{Calendar: b.Calendar.ID}, b.Version, true
	}
	return plant.Keys{}, 0, false
}

// Versioned tells which object the fact sets and to which version, for facts of
// which the newest counts; ok is false for all others.
func (f *FactView) Versioned() (object plant.Keys, version int, ok bool) {
	return versioned(f.Event.Fact)
}

// supersede marks versions that need not take effect any more because a newer
// one was accepted first. A release is only superseded by a cancellation: a
// change needs it.
func (h *History) supersede() {
	newest := map[plant.Keys]*FactView{}
	for i := len(h.Facts) - 1; i >= 0; i-- {
		f := h.Facts[i]
		object, version, ok := f.Versioned()
		if !ok {
			continue
		}
		n := newest[object]
		if n != nil && supersedes(n, f, version) {
			f.Superseded = true
		}
		if _, v, _ := nilSafe(n); f.AcceptedBy != nil && !f.Invalid && version > v {
			newest[object] = f
		}
	}
}

func nilSafe(f *FactView) (plant.Keys, int, bool) {
	if f == nil {
		return plant.Keys{}, 0, false
	}
	return f.Versioned()
}

// supersedes reports whether accepting n made it needless that old, of the
// given version, take effect.
func supersedes(n, old *FactView, version int) bool {
	if _, v, _ := n.Versioned(); v <= version {
		return false
	}
	if _, released := old.Event.Fact.(plant.OrderReleased); released {
		if _, cancelled := n.Event.Fact.(plant.OrderCancelled); !cancelled {
			return false
		}
	}
	return len(old.Effects) == 0 || old.Effects[0].At > n.Accepted
}
