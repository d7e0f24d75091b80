package oracles

import (
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// neighbours knows which differences between fact and claim another oracle
// tells, so that one mistake is one finding.
type neighbours struct {
	h        *evidence.History
	calendar *calendar
	stale    *stale // nil if nothing was changed in the run

	changes map[plant.OrderID][]*evidence.FactView // see readLater; nil until that looks
	measure *evidence.Measure
}

func newNeighbours(h *evidence.History) *neighbours {
	return &neighbours{h: h, calendar: newCalendar(h.Plan).closingsOf(h), stale: newStale(h)}
}

// drop takes out of ds instants that were misunderstood ([TimeSemantics]),
// hours worked, which are added up per person ([Labor]), and revisions of a
// version that was replaced ([BoundedStaleness]). E is nil for a message that
// was refused. Nothing is left of a claim that says what was true when it was
// read.
func (w *neighbours) drop(f *evidence.FactView, e *evidence.EffectView, claim plant.Event, ds []evidence.Difference) []evidence.Difference {
	if len(ds) == 0 || w.readLater(f, e, claim) {
		return nil
	}
	instants := w.instants(f, e, claim, ds)
	return slices.DeleteFunc(ds, func(d evidence.Difference) bool {
		switch d.Field {
		case "labor":
			return true
		case "revision":
			_, looked, bad := w.stale.posting(f, e)
			return looked && bad
		}
		return slices.Contains(instants, d.Field)
	})
}

// instants names the instants among ds that are judged for what they mean, or
// that the SUT knew only as a list told them: rounded down, or moved on.
func (w *neighbours) instants(f *evidence.FactView, e *evidence.EffectView, claim plant.Event, ds []evidence.Difference) (told []string) {
	if !slices.ContainsFunc(ds, func(d evidence.Difference) bool {
		return slices.Contains([]string{"time", "start", "end", "due"}, d.Field)
	}) {
		return nil
	}
	closed := w.calendar.closed(f.Event.At) || e != nil && w.calendar.closedFor(f.Event.At, e.At)
	if closed && valued(f.Event.Fact.Kind()) {
		told = append(told, "time") // whatever date it was given
	}
	said := instants(claim)
	for i, want := range instants(f.Event) {
		if i >= len(said) {
			break
		}
		if _, ok := w.calendar.slip(want.at, said[i].at); ok || roundedDown(f, want.at, said[i].at) || w.movedOn(f, said[i].at) {
			told = append(told, want.field)
		}
	}
	return told
}

// roundedDown reports whether a list that the SUT heard told f with the instant
// said in place of at.
func roundedDown(f *evidence.FactView, at, said time.Time) bool {
	return slices.ContainsFunc(f.Lists, func(t *evidence.AttemptView) bool {
		return t.Rounded > 0 && at.Truncate(t.Rounded).Equal(said)
	})
}

// movedOn reports whether a list that the SUT heard told f with the instant said
// because the item had changed by then: the rows of bills of material and of
// routings bear its revision, and show when either was changed last.
func (w *neighbours) movedOn(f *evidence.FactView, said time.Time) bool {
	if k := f.Event.Fact.Kind(); k != plant.KindBillChanged && k != plant.KindRoutingChanged {
		return false
	}
	return slices.ContainsFunc(w.h.Facts, func(g *evidence.FactView) bool {
		of := g.Event
		return of.Fact.Kind() == plant.KindItemChanged && of.Fact.Keys().Material == f.Event.Fact.Keys().Material && of.At.After(f.Event.At) &&
			slices.ContainsFunc(f.Lists, func(t *evidence.AttemptView) bool {
				return t.Seq > g.Seq && (of.At.Equal(said) || t.Rounded > 0 && of.At.Truncate(t.Rounded).Equal(said))
			})
	})
}
