package plant

import (
	"fmt"
	"math"
	"time"
)

// spec is an order as planned before the run: everything that must not depend
// on when it is made.
type spec struct {
	key     string // names its random streams; the run's prefix is no part of it
	order   Order
	product *Product
	needs   []need
	broken  []portion // of the first component, lost outside consumption
	serial  int       // number of its first piece, from 0
	// reworked is the number of the operation that sends pieces back, from 1.
	reworked int
	// recorded is set where a log says what happened.
	recorded *traceOrder
}

// need is what one component line takes from which lots.
type need struct {
	operation OperationID
	material  ItemID
	per       Decimal
	portions  []portion
}

// specify plans the n-th order of a series ("order" or "open").
func (s *shop) specify(series string, n int) *spec {
	sp := &spec{key: fmt.Sprintf("%s/%d", series, n)}
	luck := newStream(s.cfg.Seed, sp.key, "what")
	sp.product = s.chooseProduct(luck, n)
	quantity := Whole(max(1, int64(math.Round(s.quantity(sp.product).draw(luck, n)))))
	o := Order{
		ID:         s.orderID(series, n),
		Item:       sp.product.Item,
		Revision:   sp.product.Revision,
		Quantity:   Quantity{quantity, sp.product.unit()},
		Priority:   1 + luck.below(4),
		Operations: s.route(sp.key, sp.product),
	}
	number := n + 1
	if series == "open" {
		number += 900_000
	}
	o.Lot = LotID(padded(fmt.Sprintf("%s5%06d", s.cfg.Run, number), 14))
	sp.serial = s.pieces[o.Item]
	s.pieces[o.Item] += int(quantity / One)
	for _, c := range sp.product.Components {
		s.needs(sp, &o, c)
	}
	if breaks := newStream(s.cfg.Seed, sp.key, "breakage"); len(sp.needs) > 0 && breaks.chance(s.profile.Rejects.Breakage) {
		sh := s.shelves[sp.needs[0].material]
		sp.broken = s.take(sh, sh.grains(Decimal(float64(sp.needs[0].per)*(0.5+2*breaks.unit()))))[:1]
	}
	sp.order = o
	if series == "order" {
		s.promise(sp)
	}
	return sp
}

// quantity is how much an order of p asks for: what the configuration says,
// else the product, else the profile.
func (s *shop) quantity(p *Product) Value {
	switch {
	case !s.cfg.Quantity.IsZero():
		return s.cfg.Quantity
	case !p.Quantity.IsZero():
		return p.Quantity
	}
	return s.profile.Quantity
}

// needs adds one line of the bill of material and sets its lots aside.
func (s *shop) needs(sp *spec, o *Order, c ProductComponent) {
	operation := o.Operations[0].ID
	for _, op := range o.Operations {
		if op.ID == c.Operation {
			operation = op.ID
		}
	}
	amount := c.Per.Times(int64(o.Quantity.Amount / One))
	sh := s.shelves[c.Material]
	o.Components = append(o.Components, Component{c.Material, operation, Quantity{amount, sh.material.Unit}})
	sp.needs = append(sp.needs, need{operation, c.Material, c.Per, s.take(sh, amount)})
}

func (s *shop) chooseProduct(luck *stream, n int) *Product {
	if len(s.profile.Products) > 0 {
		return &s.products[n%len(s.products)] // a recorded plant keeps its recorded mix
	}
	return &s.products[luck.below(len(s.products))]
}

// orderID numbers orders within the run's range. A share of them looks like
// the numbers of real shops: slashes, commas, blanks, mixed case.
func (s *shop) orderID(series string, n int) OrderID {
	number := n + 1
	if series == "open" {
		number += 900_000
	}
	luck := newStream(s.cfg.Seed, fmt.Sprintf("%s/%d", series, n), "number")
	if !luck.chance(s.cfg.OddIDs) {
		plain := fmt.Sprintf("%s%06d", s.cfg.Run, number)
		if luck.chance(0.5) {
			plain = padded(plain, 12)
		}
		return OrderID(plain)
	}
	switch luck.below(4) {
	case 0:
		return OrderID(fmt.Sprintf("ZSU/%06d/01/%d/%s, %d", number, s.cfg.Start.Year(), s.cfg.Run, 1+luck.below(9)))
	case 1:
		return OrderID(fmt.Sprintf("%s-%06d-Rev01", s.cfg.Run, number))
	case 2:
		return OrderID(fmt.Sprintf("%s-%06d-rEV0%d", s.cfg.Run, number, 1+luck.below(3)))
	}
	return OrderID(fmt.Sprintf("%s/%06d A", s.cfg.Run, number))
}

// route returns the operations of an order: the product's own, or ones made
// up for this order alone, as in shops where hardly two orders go one way.
func (s *shop) route(key string, p *Product) []Operation {
	luck := newStream(s.cfg.Seed, key, "route")
	if len(p.Operations) > 0 {
		return s.recordedRoute(p)
	}
	var free []*ProfileCenter
	var last []*ProfileCenter
	var weights []float64
	for i := range s.profile.WorkCenters {
		c := &s.profile.WorkCenters[i]
		if c.Last {
			last = append(last, c)
		} else {
			free, weights = append(free, c), append(weights, c.Weight)
		}
	}
	var way []*ProfileCenter
	for range int(s.profile.Routes.Length.draw(luck, 0)) {
		if len(way) > 1 && luck.chance(s.profile.Routes.Return) {
			way = append(way, way[luck.below(len(way)-1)])
			continue
		}
		way = append(way, free[luck.pick(weights)])
	}
	way = append(way, last...)
	operations := make([]Operation, len(way))
	for i, c := range way {
		operations[i] = Operation{
			ID:          OperationID(fmt.Sprintf("%04d", 10*(i+1))),
			Description: c.Description,
			WorkCenter:  c.ID,
			Setup:       time.Duration(10+5*luck.below(10)) * time.Minute,
			Cycle:       time.Duration(luck.lognormal(0.8, 240)) * time.Second,
			Inspect:     c.Inspect,
		}
	}
	return operations
}

func (s *shop) recordedRoute(p *Product) []Operation {
	operations := make([]Operation, len(p.Operations))
	for i, o := range p.Operations {
		operations[i] = Operation{
			ID: o.ID, Description: o.Description, WorkCenter: o.WorkCenter,
			Cycle: median(o.Cycle), Inspect: o.Inspect,
		}
	}
	return operations
}

// makeUp invents the products of a profile that has none.
func (s *shop) makeUp() {
	nouns := []string{"Shaft", "Bushing", "Cable Head", "Flange", "Spacer", "Valve Seat", "Housing", "Nozzle", "Ring", "Sleeve", "Pin", "Coupling"}
	names := faker(s.cfg.Seed, "parts")
	var weights []float64
	for _, m := range s.profile.Materials {
		weights = append(weights, m.Weight)
	}
	for i := range s.profile.Parts {
		luck := newStream(s.cfg.Seed, fmt.Sprintf("part/%d", i), "what")
		p := Product{
			Item:        s.itemID(i),
			Description: fmt.Sprintf("%s %s Ø%d", nouns[luck.below(len(nouns))], names.Color(), 4+luck.below(90)),
			Revision:    string(rune('A' + luck.below(4))),
		}
		taken := map[int]bool{}
		for k := range 1 + luck.below(3) {
			m := luck.pick(weights)
			if taken[m] {
				continue
			}
			taken[m] = true
			material := s.profile.Materials[m]
			per := material.Per
			if material.Decimals > 0 {
				g := grain(material.Decimals)
				per = max(Decimal(float64(per)*(0.5+luck.unit()))/g, 1) * g
			}
			p.Components = append(p.Components, ProductComponent{material.ID, OperationID(fmt.Sprintf("%04d", 10*(k+1))), per})
		}
		s.products = append(s.products, p)
	}
}

// itemID numbers made-up items. Odd ones come in the shapes real article keys
// have, among them two that differ only in case.
func (s *shop) itemID(i int) ItemID {
	if s.cfg.OddIDs > 0 {
		switch i % 6 {
		case 1:
			return ItemID(fmt.Sprintf("BR-%04d-Rev01", 2200+i))
		case 2:
			return ItemID(fmt.Sprintf("br-%04d-rEV01", 2200+i-1))
		case 3:
			return ItemID(fmt.Sprintf("AX-%04d-Rev00G/G01", 2200+i))
		case 4:
			return ItemID(fmt.Sprintf("4%05d.A, 2", i))
		case 5:
			return ItemID(fmt.Sprintf("SH-%04d-REV03_G01", 2200+i))
		}
	}
	return ItemID(fmt.Sprintf("%015d", 4711+i))
}
