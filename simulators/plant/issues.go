package plant

import (
	"fmt"
	"slices"
)

// planUses splits what the operation needs into issues of lots, so that the
// amounts of one lot are marked, and books some in an alternative unit.
func (s *shop) planUses(sp *spec, op int, want Decimal, rows int) []use {
	id := sp.order.Operations[op].ID
	var uses []use
	for i, n := range sp.needs {
		if n.operation != id {
			continue
		}
		luck := newStream(s.cfg.Seed, sp.key+"/"+string(id), fmt.Sprintf("issue %d", i))
		sh := s.shelves[n.material]
		for _, p := range s.adjust(n, want) {
			uses = append(uses, s.issues(luck, sh, p, rows)...)
		}
		if i == 0 {
			for _, p := range sp.broken {
				uses = append(uses, use{
					before: luck.below(rows), material: n.material, lot: p.lot, quantity: Quantity{p.amount, sh.material.Unit}, base: p.amount,
					broken: true, reason: s.profile.Reasons[luck.below(len(s.profile.Reasons))],
				})
			}
		}
	}
	slices.SortStableFunc(uses, func(a, b use) int { return a.before - b.before })
	return uses
}

// adjust fits the lots set aside for a need to the quantity now wanted.
func (s *shop) adjust(n need, want Decimal) []portion {
	left := n.per.Times(int64(want / One))
	var portions []portion
	for _, p := range n.portions {
		if p.amount = min(p.amount, left); p.amount > 0 {
			portions = append(portions, p)
			left -= p.amount
		}
	}
	if left > 0 {
		if p, ok := s.shelves[n.material].spare(left); ok {
			portions = append(portions, p)
		}
	}
	return portions
}

// issues splits one portion of a lot into one to three issues.
func (s *shop) issues(luck *stream, sh *shelf, p portion, rows int) []use {
	m := sh.material
	g := grain(m.Decimals)
	for try := 0; ; try++ {
		var uses []use
		var amounts []Decimal
		rest := p.amount
		if len(m.Units) > 0 && try < 24 && luck.chance(0.6) {
			alt := m.Units[0]
			if packs := int64(rest) / int64(One) * alt.Factor.Den / alt.Factor.Num; packs > 0 {
				packs = 1 + int64(luck.below(int(packs)))
				amount, _, _ := alt.Factor.Apply(Whole(packs))
				uses = append(uses, use{material: m.ID, lot: p.lot, quantity: Quantity{Whole(packs), alt.Unit}, base: amount})
				amounts = append(amounts, amount)
				rest -= amount
			}
		}
		for _, part := range split(luck, int64(rest/g), 1+luck.below(min(3, rows+1))) {
			amount := Decimal(part) * g
			uses = append(uses, use{material: m.ID, lot: p.lot, quantity: Quantity{amount, m.Unit}, base: amount})
			amounts = append(amounts, amount)
		}
		if UniqueSums(amounts) {
			for i := range uses {
				uses[i].before = min(i, rows-1)
			}
			return uses
		}
	}
}
