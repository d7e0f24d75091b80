package evidence

import (
	"slices"

	"github.com/andon-rig/andon/simulators/plant"
)

// sums attributes effects that carry neither reference nor business key by
// their quantities: the plant chooses them so that within an order and
// operation no two subsets have one sum.
type sums struct {
	a      *attributor
	order  []groupKey // of first appearance: iteration must not depend on a map
	groups map[groupKey]*sumGroup
	budget int // subset searches left; they are not linear
	pairs  int // comparisons of effects with facts left
}

type groupKey struct {
	endpoint  string
	kind      plant.Kind
	order     plant.OrderID
	operation plant.OperationID
}

type sumGroup struct {
	open  []*EffectView // that belong to nothing yet
	odd   []*EffectView // that belong to a fact of another quantity
	keyed []*EffectView // that belong to a fact by their business key
	facts []*FactView
}

func newSums(a *attributor, open []*EffectView) *sums {
	s := &sums{a: a, groups: map[groupKey]*sumGroup{}, budget: mostSearches, pairs: mostPairs}
	for _, e := range open {
		if c := e.Posting.Claim.Fact; c != nil && additive(c.Kind()) {
			g := s.group(keyOf(e.Endpoint, c))
			g.open = append(g.open, e)
		}
	}
	for _, e := range a.h.Effects {
		if len(e.Facts) == 1 && e.Effect.Attempt != 0 && additive(e.Posting.Claim.Fact.Kind()) && s.odd(e) {
			g := s.group(keyOf(e.Endpoint, e.Facts[0].Event.Fact))
			g.odd = append(g.odd, e)
		}
	}
	for _, e := range a.h.Effects {
		if e.By != ByKey || e.Effect.Attempt == 0 || !additive(e.Posting.Claim.Fact.Kind()) {
			continue
		}
		k := keyOf(e.Endpoint, e.Facts[0].Event.Fact)
		if !s.shows(e, e.Facts[0]) {
			s.group(k)
		}
	}
	if len(s.groups) == 0 {
		return s
	}
	for _, e := range a.h.Effects {
		if e.By == ByKey && e.Effect.Attempt != 0 {
			if g := s.groups[keyOf(e.Endpoint, e.Facts[0].Event.Fact)]; g != nil {
				g.keyed = append(g.keyed, e)
			}
		}
	}
	for _, f := range a.h.Facts {
		if f.Sink == "" || !additive(f.Event.Fact.Kind()) {
			continue
		}
		if g := s.groups[keyOf(f.Sink, f.Event.Fact)]; g != nil {
			g.facts = append(g.facts, f)
		}
	}
	return s
}

func keyOf(endpoint string, f plant.Fact) groupKey {
	k := f.Keys()
	return groupKey{endpoint, f.Kind(), k.Order, k.Operation}
}

func (s *sums) group(k groupKey) *sumGroup {
	g := s.groups[k]
	if g == nil {
		g = &sumGroup{}
		s.groups[k] = g
		s.order = append(s.order, k)
	}
	return g
}

// odd reports whether e shows another quantity than the fact it belongs to.
func (s *sums) odd(e *EffectView) bool {
	stated, _ := Amount(e.Posting.Claim.Fact)
	if made, _ := Amount(e.Facts[0].Event.Fact); stated == made {
		return false
	}
	got, _ := s.a.measure.Of(e.Posting.Claim.Fact)
	want, _ := s.a.measure.Of(e.Facts[0].Event.Fact)
	return got != want
}

func (s *sums) solve() {
	for _, k := range s.order {
		g := s.groups[k]
		s.ownKeys(g)
		if len(g.open) > 0 && s.afford(len(g.open), len(g.facts)) {
			s.strict(g)
		}
		s.exact(g)
		s.sumsOfOdd(g)
		s.sumsOfOpen(g)
		s.repeats(g)
		s.splits(g)
		s.withOneTwice(g)
		s.unclear(g)
	}
}

// exact gives each open effect the one missing fact of its quantity. Where
// several facts share a quantity, the likest other fields decide.
func (s *sums) exact(g *sumGroup) {
	g.eachOpen(func(e *EffectView) bool {
		f := s.likest(e, g.facts, func(f *FactView) bool { return len(f.Effects) == 0 })
		if f != nil {
			e.attach(ByWatermark, f)
		}
		return f != nil
	})
}

// sumsOfOdd finds effects that name one fact and carry the sum of several.
func (s *sums) sumsOfOdd(g *sumGroup) {
	for _, e := range g.odd {
		if len(e.Facts) != 1 || !s.odd(e) {
			continue
		}
		f := e.Facts[0]
		got, _ := s.a.measure.Of(e.Posting.Claim.Fact)
		want, _ := s.a.measure.Of(f.Event.Fact)
		if got.Unit != want.Unit || got.Amount <= want.Amount {
			continue
		}
		others := s.fitting(e, g.facts, func(o *FactView) bool { return o != f && len(o.Effects) == 0 })
		if set := s.subset(others, plant.Quantity{Amount: got.Amount.Sub(want.Amount), Unit: got.Unit}); len(set) > 0 {
			e.detach()
			e.attach(ByWatermark, append([]*FactView{f}, set...)...)
			continue
		}
		by := e.By
		e.detach()
		if set, _ := s.oneTwice(g, e); slices.Contains(set, f) {
			e.attach(ByWatermark, set...)
		} else {
			e.attach(by, f)
		}
	}
}

// sumsOfOpen finds effects that are the sum of several missing facts.
func (s *sums) sumsOfOpen(g *sumGroup) {
	g.eachOpen(func(e *EffectView) bool {
		got, _ := s.a.measure.Of(e.Posting.Claim.Fact)
		set := s.subset(s.fitting(e, g.facts, func(f *FactView) bool { return len(f.Effects) == 0 }), got)
		if len(set) > 0 {
			e.attach(ByWatermark, set...)
		}
		return len(set) > 0
	})
}

// repeats finds effects that show once more what was posted already.
func (s *sums) repeats(g *sumGroup) {
	g.eachOpen(func(e *EffectView) bool {
		if f := s.likest(e, g.facts, func(f *FactView) bool { return len(f.Effects) > 0 }); f != nil {
			e.attach(ByWatermark, f)
			return true
		}
		got, _ := s.a.measure.Of(e.Posting.Claim.Fact)
		set := s.subset(s.fitting(e, g.facts, func(f *FactView) bool { return len(f.Effects) > 0 }), got)
		if len(set) > 0 {
			e.attach(ByWatermark, set...)
		}
		return len(set) > 0
	})
}

// splits finds missing facts that several effects make up together.
func (s *sums) splits(g *sumGroup) {
	if len(g.open) < 2 {
		return
	}
	for _, f := range g.facts {
		if len(f.Effects) > 0 {
			continue
		}
		want, _ := s.a.measure.Of(f.Event.Fact)
		var parts []*EffectView
		var amounts []plant.Decimal
		for _, e := range g.open {
			got, _ := s.a.measure.Of(e.Posting.Claim.Fact)
			if got.Unit == want.Unit && got.Amount > 0 && fits(e, f) {
				parts, amounts = append(parts, e), append(amounts, got.Amount)
			}
		}
		set, _ := s.search(amounts, want.Amount)
		if len(set) < 2 {
			continue
		}
		for _, i := range set {
			parts[i].attach(ByWatermark, f)
		}
		g.eachOpen(func(e *EffectView) bool { return len(e.Facts) > 0 })
	}
}

// eachOpen offers the open effects to take and drops those it took.
func (g *sumGroup) eachOpen(take func(*EffectView) bool) {
	left := g.open[:0]
	for _, e := range g.open {
		if !take(e) {
			left = append(left, e)
		}
	}
	g.open = left
}

// likest returns, of the facts that e fits, that allow and that have its
// quantity, the one that agrees with it most; nil if there is none.
func (s *sums) likest(e *EffectView, facts []*FactView, allow func(*FactView) bool) *FactView {
	got, _ := s.a.measure.Of(e.Posting.Claim.Fact)
	var best *FactView
	fewest := 0
	for _, f := range facts {
		want, _ := s.a.measure.Of(f.Event.Fact)
		if want != got || !allow(f) || !fits(e, f) {
			continue
		}
		if n := len(Compare(s.a.measure, f.Event, e.Posting.Claim)); best == nil || n < fewest {
			best, fewest = f, n
		}
	}
	return best
}

func (s *sums) fitting(e *EffectView, facts []*FactView, allow func(*FactView) bool) (out []*FactView) {
	for _, f := range facts {
		if allow(f) && fits(e, f) {
			out = append(out, f)
		}
	}
	return out
}

// fits reports whether e may show f as far as material, lot and time go.
func fits(e *EffectView, f *FactView) bool {
	c, k := e.Posting.Claim.Fact.Keys(), f.Event.Fact.Keys()
	if e.Seq < f.Seq {
		return false
	}
	if f.Invalid { // what the SUT was told differs from the truth
		return true
	}
	return (c.Material == "" || k.Material == "" || c.Material == k.Material) && (c.Lot == "" || k.Lot == "" || c.Lot == k.Lot)
}

// subset returns the facts, two or more, whose quantities add up to q, if
// there is exactly one such set.
func (s *sums) subset(facts []*FactView, q plant.Quantity) []*FactView {
	if len(facts) == 0 || q.Amount <= 0 {
		return nil
	}
	kept := facts[:0:0]
	var amounts []plant.Decimal
	for _, f := range facts {
		if want, _ := s.a.measure.Of(f.Event.Fact); want.Unit == q.Unit && want.Amount > 0 {
			kept, amounts = append(kept, f), append(amounts, want.Amount)
		}
	}
	var out []*FactView
	set, _ := s.search(amounts, q.Amount)
	for _, i := range set {
		out = append(out, kept[i])
	}
	return out
}

// mostRepeated is in how large a group a repetition inside a sum is looked for.
const mostRepeated = 60

// withOneTwice finds effects that are the sum of missing facts and of one that
// is in it twice, or in another posting already. The effect then belongs to
// that fact once more than it should.
func (s *sums) withOneTwice(g *sumGroup) {
	g.eachOpen(func(e *EffectView) bool {
		found, _ := s.oneTwice(g, e)
		if found != nil {
			e.attach(ByWatermark, found...)
		}
		return found != nil
	})
}

// oneTwice returns the only selection of facts, one of them once more than it
// should be, that e is the sum of; nil if there is none or more than one.
// Several is true if there is more than one.
func (s *sums) oneTwice(g *sumGroup, e *EffectView) (found []*FactView, several bool) {
	if len(g.facts) > mostRepeated {
		return nil, false
	}
	got, _ := s.a.measure.Of(e.Posting.Claim.Fact)
	for _, f := range s.fitting(e, g.facts, func(*FactView) bool { return true }) {
		with := s.sumWith(g, e, f, got)
		if with != nil && found != nil {
			return nil, true
		}
		if with != nil {
			found = with
		}
	}
	return found, false
}

// sumWith returns f, a second time if it was missing, and the missing facts
// that together have the quantity; nil if there are none.
func (s *sums) sumWith(g *sumGroup, e *EffectView, f *FactView, q plant.Quantity) []*FactView {
	amount, _ := s.a.measure.Of(f.Event.Fact)
	out := []*FactView{f}
	q.Amount = q.Amount.Sub(amount.Amount)
	if len(f.Effects) == 0 {
		out, q.Amount = append(out, f), q.Amount.Sub(amount.Amount)
	}
	switch {
	case amount.Unit != q.Unit || amount.Amount <= 0 || q.Amount < 0:
		return nil
	case q.Amount == 0:
		return out
	}
	set := s.subset(s.fitting(e, g.facts, func(o *FactView) bool { return o != f && len(o.Effects) == 0 }), q)
	if set == nil {
		return nil
	}
	return append(out, set...)
}
