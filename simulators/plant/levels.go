package plant

import "fmt"

// A plant of two levels uses what it has made: orders of a finished product
// take the lots of its semi-finished one, first in first out, as if they were
// bought. Which lots, and how much of each, is planned before the run like
// everything else; an operation begins when there is enough of them in stock.

// unit is what the product is measured in.
func (p *Product) unit() Unit {
	if p.Unit == "" {
		return "EA"
	}
	return p.Unit
}

// semiFinished returns, for a product that others use, the material it is to
// them; false if none does.
func (s *shop) semiFinished(p *Product) (ProfileMaterial, bool) {
	for i := range s.products {
		for _, c := range s.products[i].Components {
			if c.Material == p.Item && s.profile.material(p.Item) == nil {
				return ProfileMaterial{ID: p.Item, Description: p.Description, Unit: p.unit(), Decimals: p.Decimals, LotSize: Decimal(s.quantity(p).mean() * float64(One))}, true
			}
		}
	}
	return ProfileMaterial{}, false
}

// promise puts the lot that an order will make on the shelf, if others use it:
// what comes out in the end, if nothing is changed in the run.
func (s *shop) promise(sp *spec) {
	sh := s.shelves[sp.product.Item]
	if sh == nil {
		return
	}
	out := sp.order.Quantity.Amount
	for op := range sp.order.Operations {
		out = s.planOperation(sp, op, out, sp.order.Quantity.Amount).yield
	}
	s.makers[sp.order.Lot] = sp.order.ID
	sh.lots = append(sh.lots, Lot{ID: sp.order.Lot, Material: sp.product.Item, Status: LotUnrestricted, Quantity: out})
	sh.left = append(sh.left, out)
}

// unmade tells why not so much can be taken from a lot yet: another order is
// to make it. Over means that it will never make enough.
func (s *shop) unmade(lot LotID, amount Decimal) (why string, over bool) {
	maker, made := s.makers[lot]
	if !made {
		return "", false
	}
	g := s.goods[lot]
	if g != nil && g.received-g.shipped-g.taken >= amount {
		return "", false
	}
	j := s.jobs[maker]
	return fmt.Sprintf("order %s has not made enough of lot %s yet", maker, lot), j != nil && (j.done || j.cancelled)
}

// draw notes that the operation which begins takes its lots.
func (j *job) draw() {
	for _, n := range j.spec.needs {
		if n.operation != j.spec.order.Operations[j.op].ID {
			continue
		}
		for _, p := range n.portions {
			if g := j.shop.goods[p.lot]; g != nil {
				g.taken += p.amount
			}
		}
	}
}
