package evidence

import "github.com/andon-rig/andon/simulators/plant"

// document names a posting by its number.
type document struct{ endpoint, number string }

// takeBack joins reversals with what they take back, facts with facts and
// postings with postings.
func (h *History) takeBack() {
	var postings []*EffectView
	for _, f := range h.Facts {
		if r, ok := f.Event.Fact.(plant.Reversed); ok {
			if o := h.names.facts[r.Original.ID]; o != nil && o.TakenBack == nil {
				o.TakenBack = f
			}
		}
	}
	for _, e := range h.Effects {
		if _, ok := e.Posting.Claim.Fact.(plant.Reversed); ok {
			postings = append(postings, e)
		}
	}
	if len(postings) == 0 {
		return
	}
	by := h.documents()
	for _, e := range postings {
		r := e.Posting.Claim.Fact.(plant.Reversed)
		if o := by[document{e.Endpoint, r.Document}]; o != nil && o.TakenBack == nil {
			o.TakenBack = e
		}
	}
}

// documents finds postings by their numbers.
func (h *History) documents() map[document]*EffectView {
	by := make(map[document]*EffectView, len(h.Effects))
	for _, e := range h.Effects {
		by[document{e.Endpoint, e.Posting.Doc}] = e
	}
	return by
}

// reversals gives reversals that name a document, and neither their own reference
// nor a counter, to the facts that take back what that document shows.
func (a *attributor) reversals(open []*EffectView) {
	var by map[document]*EffectView
	of := func(endpoint string, claim plant.Event) *FactView {
		r, ok := claim.Fact.(plant.Reversed)
		if !ok || r.Document == "" {
			return nil
		}
		if by == nil {
			by = a.h.documents()
		}
		o := by[document{endpoint, r.Document}]
		if o == nil || len(o.Facts) != 1 {
			return nil
		}
		f := o.Facts[0].TakenBack
		if f == nil || !a.h.Plan.SameBooks(f.Sink, endpoint) {
			return nil
		}
		return f
	}
	for _, e := range open {
		if f := of(e.Endpoint, e.Posting.Claim); f != nil && len(e.Facts) == 0 && e.Seq > f.Seq {
			e.attach(ByKey, f)
		}
	}
	for _, t := range a.h.Attempts {
		for i, c := range t.Claims {
			if t.Facts[i] != nil {
				continue
			}
			if f := of(t.Endpoint, c); f != nil {
				t.Facts[i] = f
				f.Attempts = append(f.Attempts, t)
			}
		}
	}
}
