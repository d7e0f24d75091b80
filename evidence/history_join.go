package evidence

import (
	"slices"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// joinOffers hangs each offer under the facts it was about.
func (h *History) joinOffers() {
	for _, o := range h.Offers {
		for _, id := range o.Facts {
			f := h.names.facts[id]
			if f == nil {
				continue
			}
			f.Undated = (len(f.Offers) == 0 || f.Undated) && slices.Contains(o.Absent, id)
			f.Offers = append(f.Offers, o)
			if o.Result.Outcome.Took() && (f.AcceptedBy == nil || o.End < f.Accepted) {
				f.Accepted, f.AcceptedBy = o.End, o
			}
		}
	}
}

// joinDisturbances hangs each strike of a fault under the facts it touched.
func (h *History) joinDisturbances() {
	for _, d := range h.Disturbances {
		if d.Phase != Struck && d.Phase != Swept {
			continue
		}
		if t := h.names.attempts[d.Message]; t != nil && d.Unheard {
			t.unhear(d)
		}
		for _, id := range d.Facts {
			if f := h.names.facts[id]; f != nil {
				f.Disturbances = append(f.Disturbances, d)
				f.Invalid, f.Garbled = f.Invalid || d.Invalid, f.Garbled || d.Garbled
				if d.Wrong != nil {
					f.wrong = d.Wrong.Fact
				}
				if d.Told != nil { // what its source says is the truth for everybody who was not there
					f.Event.At, f.Event.Fact = d.Told.At, d.Told.Fact
				}
			}
		}
	}
}

// joinLists hangs under each fact the pages of lists by which the SUT heard of
// it.
func (h *History) joinLists() {
	for _, t := range h.Attempts {
		if t.Copy || !t.Heard.Outcome.Took() {
			continue
		}
		for _, id := range t.Told {
			if f := h.names.facts[id]; f != nil {
				f.Lists = append(f.Lists, t)
			}
		}
	}
}

// unhear takes back that the SUT heard the reply: it was written down when it
// left, before d struck the connection it left by.
func (t *AttemptView) unhear(d *DisturbanceView) {
	t.Heard = simulators.Result{Outcome: simulators.Unknown, Text: d.What}
	if !slices.Contains(t.Faults, d.Fault) {
		t.Faults = append(slices.Clone(t.Faults), d.Fault) // the record stays what it is
	}
}

// holds finds the quality cases on lots: when the SUT knew of each and when a
// decision lifted it.
func (h *History) holds() {
	byCase := map[plant.CaseID]*HoldView{}
	for _, f := range h.Facts {
		switch b := f.Event.Fact.(type) {
		case plant.LotHeld:
			v := &HoldView{Lot: b.Lot, Case: b.Case, Fact: f}
			if f.AcceptedBy != nil {
				v.Accepted, v.Known = f.Accepted, true
			}
			h.Holds = append(h.Holds, v)
			byCase[b.Case] = v
		case plant.LotDecided:
			v := byCase[b.Case]
			if v != nil && v.Lot == b.Lot && b.Decision.Lifts() && v.Decision == nil {
				v.Decision, v.Lifted = f, f.At
			}
		}
	}
}
