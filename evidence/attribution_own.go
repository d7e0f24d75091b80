package evidence

import (
	"cmp"
	"slices"

	"github.com/andon-rig/andon/simulators/plant"
)

// mostPairs bounds how many effects and facts are compared field by field over
// a whole journal; beyond it business keys are believed.
const mostPairs = 2_000_000

// ownKeys finds out whether a group's business keys are the SUT's own: one
// that counts postings by itself, because it has dropped, split or added up
// some, names other facts with them than it means. Both readings are tried,
// and the one that explains more postings exactly is taken; keys win a draw.
func (s *sums) ownKeys(g *sumGroup) {
	right := 0
	for _, e := range g.keyed {
		if s.shows(e, e.Facts[0]) {
			right++
		}
	}
	if right == len(g.keyed) || !s.afford(len(g.keyed)+len(g.open), len(g.facts)) {
		return
	}
	for _, e := range g.keyed {
		if !s.shows(e, e.Facts[0]) && s.alike(e, e.Facts[0]) {
			right++ // all else bears its key out: the quantity is what is wrong
		}
	}
	was, before := map[*EffectView]*FactView{}, slices.Clone(g.open)
	right += s.explained(g, before) // by the facts that no key names
	for _, e := range g.keyed {
		was[e] = e.Facts[0]
		e.detach()
	}
	g.open = append(g.open, g.keyed...)
	slices.SortFunc(g.open, func(a, b *EffectView) int { return cmp.Compare(a.Seq, b.Seq) })
	s.strict(g)
	s.sumsOfOpen(g)
	s.withOneTwice(g)
	several := map[*EffectView]bool{} // explained, though not how
	for _, e := range g.open {
		several[e] = s.severalWays(g, e)
	}
	explained := len(before) + len(g.keyed) - len(g.open) + s.explained(g, g.open)
	for _, e := range g.open {
		if several[e] {
			explained++
		}
	}
	if explained > right {
		g.eachOpen(func(e *EffectView) bool { // what nothing explains may be what its key says
			f := was[e]
			if f == nil || len(f.Effects) > 0 || several[e] {
				return false
			}
			e.attach(ByKey, f)
			return true
		})
		return
	}
	for _, e := range slices.Concat(before, g.keyed) {
		e.detach()
	}
	for _, e := range g.keyed {
		e.attach(ByKey, was[e])
	}
	g.open = before
}

// explained counts the effects that repeat some fact in all but the counter,
// each fact being good for one.
func (s *sums) explained(g *sumGroup, effects []*EffectView) (n int) {
	used := map[*FactView]bool{}
	for _, e := range effects {
		for _, f := range g.facts {
			if !used[f] && fits(e, f) && s.agree(e, f) && s.alike(e, f) {
				used[f] = true
				n++
				break
			}
		}
	}
	return n
}

// afford takes n × m comparisons from the budget.
func (s *sums) afford(n, m int) bool {
	s.pairs -= n * m
	return s.pairs >= 0
}

// shows reports whether e states the quantity and the instant of f.
func (s *sums) shows(e *EffectView, f *FactView) bool {
	at := e.Posting.Claim.At
	return s.agree(e, f) && (at.IsZero() || sameInstant(at, f.Event.At))
}

// agree reports whether e states the quantity of f.
func (s *sums) agree(e *EffectView, f *FactView) bool {
	got, _ := s.a.measure.Of(e.Posting.Claim.Fact)
	want, _ := s.a.measure.Of(f.Event.Fact)
	return got == want
}

// strict gives open effects to the missing facts that they repeat in all but
// the counter, and then to those they repeat in all but counter and quantity,
// if together they have it.
func (s *sums) strict(g *sumGroup) {
	g.eachOpen(func(e *EffectView) bool {
		for _, f := range g.facts {
			if len(f.Effects) == 0 && fits(e, f) && s.agree(e, f) && s.alike(e, f) {
				e.attach(ByWatermark, f)
				return true
			}
		}
		return false
	})
	for _, f := range g.facts {
		if len(f.Effects) > 0 || len(g.open) < 2 {
			continue
		}
		for _, e := range s.parts(g, f) {
			e.attach(ByWatermark, f)
		}
		g.eachOpen(func(e *EffectView) bool { return len(e.Facts) > 0 })
	}
}

// parts are open effects that make up f, once or several times, and agree with
// it in all else.
func (s *sums) parts(g *sumGroup, f *FactView) []*EffectView {
	want, _ := s.a.measure.Of(f.Event.Fact)
	var parts []*EffectView
	var amounts []plant.Decimal
	sum := plant.Decimal(0)
	for _, e := range g.open {
		got, _ := s.a.measure.Of(e.Posting.Claim.Fact)
		if got.Unit == want.Unit && got.Amount > 0 && fits(e, f) && s.alike(e, f) {
			parts, amounts, sum = append(parts, e), append(amounts, got.Amount), sum.Add(got.Amount)
		}
	}
	if want.Amount > 0 && len(parts) > 1 && sum%want.Amount == 0 {
		return parts
	}
	set, _ := s.search(amounts, want.Amount)
	if len(set) < 2 {
		return nil
	}
	var out []*EffectView
	for _, i := range set {
		out = append(out, parts[i])
	}
	return out
}

// alike reports whether e departs from f in nothing but quantities.
func (s *sums) alike(e *EffectView, f *FactView) bool {
	return !slices.ContainsFunc(Compare(s.a.measure, f.Event, e.Posting.Claim), func(d Difference) bool {
		switch d.Field {
		case "yield", "scrap", "rework", "quantity":
			return false
		}
		return true
	})
}

// unclear marks what cannot be told: postings that more than one selection of
// facts explains, or that are too many to try, and the facts that may be in
// them. Nobody is accused of either.
func (s *sums) unclear(g *sumGroup) {
	missing := func(f *FactView) bool { return len(f.Effects) == 0 && f.Status != MustNot }
	summed := false
	for _, e := range g.open {
		if !s.severalWays(g, e) {
			continue
		}
		summed = true
		e.Unclear = "more than one selection of the facts of this operation adds up to it"
		for _, f := range s.fitting(e, g.facts, missing) {
			f.Unclear = "posting " + e.Posting.Doc + " carries no reference and may contain it: more than one selection of facts adds up to it"
		}
	}
	for _, f := range g.facts {
		summed = summed || slices.ContainsFunc(f.Effects, func(e *EffectView) bool { return len(e.Facts) > 1 })
	}
	if !summed {
		return
	}
	for _, f := range g.facts {
		if q, ok := s.a.measure.Of(f.Event.Fact); ok && q.Amount == 0 && missing(f) && f.Unclear == "" {
			f.Unclear = "facts of this operation were posted as sums, in which a quantity of 0 leaves no trace"
		}
	}
}

// severalWays reports whether more than one selection of missing facts, or of
// missing facts and a repeated one, adds up to e, or whether that could not be
// found out.
func (s *sums) severalWays(g *sumGroup, e *EffectView) bool {
	q, ok := s.a.measure.Of(e.Posting.Claim.Fact)
	if !ok || q.Amount <= 0 {
		return false
	}
	var amounts []plant.Decimal
	sum := plant.Decimal(0)
	for _, f := range s.fitting(e, g.facts, func(f *FactView) bool { return len(f.Effects) == 0 }) {
		if want, _ := s.a.measure.Of(f.Event.Fact); want.Unit == q.Unit && want.Amount > 0 {
			amounts, sum = append(amounts, want.Amount), sum.Add(want.Amount)
		}
	}
	if _, sure := s.search(amounts, q.Amount); !sure && sum >= q.Amount {
		return true
	}
	_, several := s.oneTwice(g, e)
	return several
}
