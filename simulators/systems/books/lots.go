package books

import (
	"maps"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Lot is a lot in a system's books: its stock and its quality cases. Stock
// of a material that is not kept by lot is a Lot without ID.
type Lot struct {
	plant.Lot
	// Loose stock has no opening balance, so nobody can say it is short.
	Loose   bool
	blocked bool // from the beginning, by no case
	cases   map[plant.CaseID]plant.Decision
}

// Undecided is the decision on a case that is still open.
const Undecided plant.Decision = ""

// NewLot returns a lot as l describes it; a blocked one stays so whatever
// becomes of its cases.
func NewLot(l plant.Lot) *Lot {
	if l.Status == "" {
		l.Status = plant.LotUnrestricted
	}
	return &Lot{Lot: l, blocked: l.Status == plant.LotBlocked}
}

// StockKey is under which name the stock of material in lot is kept.
func StockKey(material plant.ItemID, lot plant.LotID) string {
	if lot == "" {
		return "\x00" + string(material)
	}
	return string(lot)
}

// Clone returns a copy that shares nothing with l.
func (l *Lot) Clone() *Lot {
	c := *l
	c.cases = maps.Clone(l.cases)
	return &c
}

// Hold opens a case. A case that was decided before its hold became known
// stays decided: the decision is the later of the two.
func (l *Lot) Hold(c plant.CaseID) {
	if _, known := l.cases[c]; !known {
		l.decide(c, Undecided)
	}
}

// Decide ends a case.
func (l *Lot) Decide(c plant.CaseID, d plant.Decision) { l.decide(c, d) }

// Case returns the decision on a case, [Undecided] if there is none yet.
func (l *Lot) Case(c plant.CaseID) (d plant.Decision, known bool) {
	d, known = l.cases[c]
	return d, known
}

// Cases returns all cases of the lot.
func (l *Lot) Cases() map[plant.CaseID]plant.Decision { return maps.Clone(l.cases) }

func (l *Lot) decide(c plant.CaseID, d plant.Decision) {
	if l.cases == nil {
		l.cases = map[plant.CaseID]plant.Decision{}
	}
	l.cases[c] = d
	if l.Status == plant.LotScrapped {
		return // there is no way back
	}
	l.Status = plant.LotUnrestricted
	if l.blocked {
		l.Status = plant.LotBlocked
	}
	for _, d := range l.cases {
		switch {
		case d == plant.DecideScrap:
			l.Status = plant.LotScrapped
			return
		case !d.Lifts():
			l.Status = plant.LotBlocked
		}
	}
}

// Of refuses the lot for a material it is not of. Material "" is not said.
func (l *Lot) Of(material plant.ItemID) *simulators.Refusal {
	if material != "" && material != l.Material {
		return Refuse(LotWrongMaterial, "lot %q is of material %s, not %s", l.ID, l.Material, material)
	}
	return nil
}

// Usable refuses the lot if it may not be used at now.
func (l *Lot) Usable(now time.Time) *simulators.Refusal {
	switch {
	case l.Status == plant.LotScrapped:
		return Refuse(LotScrapped, "lot %q of %s is scrapped", l.ID, l.Material)
	case l.Status == plant.LotBlocked:
		return Refuse(LotBlocked, "lot %q of %s is blocked%s", l.ID, l.Material, l.by())
	case !l.Expires.IsZero() && !now.Before(l.Expires):
		return Refuse(LotExpired, "lot %q of %s expired on %s, and it is %s", l.ID, l.Material,
			l.Expires.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	return nil
}

// by names the case that blocks the lot; of several, the first by name, so
// that the same books word the same refusal.
func (l *Lot) by() string {
	first := plant.CaseID("")
	for c, d := range l.cases {
		if !d.Lifts() && (first == "" || c < first) {
			first = c
		}
	}
	if first == "" {
		return ""
	}
	return " by quality case " + string(first)
}

// Has refuses to take more than there is.
func (l *Lot) Has(base plant.Quantity) *simulators.Refusal {
	if !l.Loose && base.Amount > l.Quantity {
		return Refuse(StockShort, "lot %q of %s holds %s %s, not %s", l.ID, l.Material, l.Quantity, base.Unit, base)
	}
	return nil
}
