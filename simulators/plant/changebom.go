package plant

import (
	"fmt"
	"slices"
)

// changeBill is an engineering change of a bill of material: a piece needs
// another quantity of one component, and orders released from now on are
// planned and supplied by it. With For the bill speaks of so many pieces, which
// alone changes nothing about the orders.
func (s *shop) changeBill(a Action) ([]Event, error) {
	item, err := s.engineeredItem(a.Item)
	if err != nil {
		return nil, err
	}
	c, err := s.bill(item)
	if err != nil {
		return nil, err
	}
	b := c.Bill
	b.Components = slices.Clone(b.Components)
	if a.For < 0 || a.For%One != 0 || a.Quantity < 0 {
		return nil, fmt.Errorf("bill of %s: needs a positive quantity, for a whole number of pieces, not %s for %s", item, a.Quantity, a.For)
	}
	if a.For == 0 || a.Quantity > 0 || a.Component != "" {
		if err := s.changeLine(&b, a); err != nil {
			return nil, err
		}
	}
	if a.For > 0 {
		for i := range b.Components {
			q := &b.Components[i].Quantity
			q.Amount = perPiece(q.Amount, b.For.Amount).Times(int64(a.For / One))
		}
		b.For.Amount = a.For
	}
	c.Bill = b
	c.Version++
	f := *c
	f.Bill.Components = slices.Clone(b.Components)
	return []Event{s.event(f)}, nil
}

// changeLine changes what is needed of one component: the named one, or the
// first.
func (s *shop) changeLine(b *Bill, a Action) error {
	at := 0
	if a.Component != "" {
		at = slices.IndexFunc(b.Components, func(c Component) bool { return c.Material == a.Component })
	}
	if at < 0 || at >= len(b.Components) {
		return fmt.Errorf("the bill of %s has no component %q", b.Item, clip(string(a.Component)))
	}
	q := &b.Components[at].Quantity
	fine := grain(s.shelves[b.Components[at].Material].material.Decimals)
	per := a.Quantity
	if per == 0 {
		is := perPiece(q.Amount, b.For.Amount)
		per = is + max(is/10/fine, 1)*fine
	}
	if per%fine != 0 {
		return fmt.Errorf("%s of %s is measured more finely than in steps of %s", per, b.Components[at].Material, fine)
	}
	q.Amount = per.Times(int64(b.For.Amount / One))
	return nil
}

// perPiece is what one piece needs, of what so many need. Quantities of bills
// are whole multiples.
func perPiece(amount, pieces Decimal) Decimal { return amount / (pieces / One) }

// changeRouting is an engineering change of a standard routing: an operation
// takes another time for a piece, and orders released from now on are given it.
func (s *shop) changeRouting(a Action) ([]Event, error) {
	item, err := s.engineeredItem(a.Item)
	if err != nil {
		return nil, err
	}
	c, err := s.routing(item)
	if err != nil {
		return nil, err
	}
	operations := slices.Clone(c.Routing.Operations)
	at := 0
	if a.Operation != "" {
		at = slices.IndexFunc(operations, func(o Operation) bool { return o.ID == a.Operation })
	}
	if at < 0 || at >= len(operations) {
		return nil, fmt.Errorf("the routing of %s has no operation %q", item, clip(string(a.Operation)))
	}
	o := &operations[at]
	switch {
	case a.Cycle < 0:
		return nil, fmt.Errorf("operation %s of %s: a cycle of %s is no time", o.ID, item, a.Cycle)
	case a.Cycle > 0:
		o.Cycle = a.Cycle
	default:
		o.Cycle += max(o.Cycle/10, 1e9).Truncate(1e9)
	}
	c.Routing.Operations = operations
	c.Version++
	f := *c
	f.Routing.Operations = slices.Clone(operations)
	return []Event{s.event(f)}, nil
}

// engineeredItem is the named item, or what is made next.
func (s *shop) engineeredItem(named ItemID) (ItemID, error) {
	switch {
	case named != "":
		return named, nil
	case s.released < len(s.specs):
		return s.specs[s.released].order.Item, nil
	case len(s.master.Bills) > 0:
		return s.master.Bills[0].Item, nil
	}
	return "", fmt.Errorf("nothing is made here by a bill of material")
}

// bill is the one in force of an item that is made here.
func (s *shop) bill(item ItemID) (*BillChanged, error) {
	if s.bills[item] == nil {
		at := slices.IndexFunc(s.master.Bills, func(b Bill) bool { return b.Item == item })
		if at < 0 {
			return nil, fmt.Errorf("material %q has no bill of material", clip(string(item)))
		}
		if s.bills == nil {
			s.bills = map[ItemID]*BillChanged{}
		}
		b := s.master.Bills[at]
		b.Revision = ""
		s.bills[item] = &BillChanged{Bill: b}
	}
	return s.bills[item], nil
}

// routing is the standard one in force of an item that is made here.
func (s *shop) routing(item ItemID) (*RoutingChanged, error) {
	if s.routings[item] == nil {
		at := slices.IndexFunc(s.master.Routings, func(r Routing) bool { return r.Item == item })
		if at < 0 {
			return nil, fmt.Errorf("material %q has no routing", clip(string(item)))
		}
		if s.routings == nil {
			s.routings = map[ItemID]*RoutingChanged{}
		}
		r := s.master.Routings[at]
		r.Revision = ""
		s.routings[item] = &RoutingChanged{Routing: r}
	}
	return s.routings[item], nil
}

// engineered has an order that is about to be released follow the bill and the
// routing in force. What it needs less stays on the shelf, and what it needs
// more comes from the safety lot.
func (s *shop) engineered(sp *spec) {
	if c := s.bills[sp.order.Item]; c != nil && len(sp.needs) == len(c.Bill.Components) {
		for i, line := range c.Bill.Components {
			sp.needs[i].per = perPiece(line.Quantity.Amount, c.Bill.For.Amount)
			sp.order.Components[i].Quantity.Amount = sp.needs[i].per.Times(int64(sp.order.Quantity.Amount / One))
		}
	}
	c := s.routings[sp.order.Item]
	if c == nil {
		return
	}
	for i := range sp.order.Operations {
		o := &sp.order.Operations[i]
		at := slices.IndexFunc(c.Routing.Operations, func(r Operation) bool { return r.ID == o.ID && r.WorkCenter == o.WorkCenter })
		if at >= 0 { // in a shop where hardly two orders go one way the others go theirs
			o.Cycle = c.Routing.Operations[at].Cycle
		}
	}
}
