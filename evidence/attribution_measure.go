package evidence

import (
	"slices"

	"github.com/andon-rig/andon/simulators/plant"
)

// Measure converts quantities into base units, exactly.
type Measure struct {
	items  map[plant.ItemID]plant.Item
	orders map[plant.OrderID]plant.ItemID // what each order makes
	redone map[plant.ItemID][]plant.Item  // later definitions, of items whose unit factors were changed
}

// NewMeasure learns items from the plan and the facts, and what orders make
// from their releases and receipts.
func NewMeasure(h *History) *Measure {
	m := &Measure{items: map[plant.ItemID]plant.Item{}, orders: map[plant.OrderID]plant.ItemID{}}
	for _, i := range h.Plan.Items {
		m.items[i.ID] = i
	}
	for _, f := range h.Facts {
		switch b := f.Event.Fact.(type) {
		case plant.ItemChanged:
			m.learn(b.Item)
		case plant.OrderReleased:
			m.orders[b.Order.ID] = b.Order.Item
		case plant.Received:
			m.orders[b.Order] = b.Material
		}
	}
	return m
}

// learn takes in a definition: the first counts, and later ones with other
// factors are kept beside it.
func (m *Measure) learn(i plant.Item) {
	first, known := m.items[i.ID]
	switch {
	case !known:
		m.items[i.ID] = i
	case first.Unit != i.Unit || !slices.Equal(first.Units, i.Units):
		if m.redone == nil {
			m.redone = map[plant.ItemID][]plant.Item{}
		}
		m.redone[i.ID] = append(m.redone[i.ID], i)
	}
}

// Redefined reports whether the unit factors of an item were changed in the
// run. Then its quantities have no single equivalent in the base unit, and
// which of them may be used when is a matter of versions.
func (m *Measure) Redefined(item plant.ItemID) bool { return m.redone[item] != nil }

// same reports whether two quantities are equal by any definition of the item
// that was in force in the run.
func (m *Measure) same(item plant.ItemID, a, b plant.Quantity) bool {
	for _, i := range m.redone[item] {
		f, ok := i.Factor(a.Unit)
		g, too := i.Factor(b.Unit)
		if !ok || !too {
			continue
		}
		x, _, err := f.Apply(a.Amount)
		y, _, bad := g.Apply(b.Amount)
		if err == nil && bad == nil && x == y {
			return true
		}
	}
	return false
}

// Item returns the material a fact's quantities are of; "" if that is unknown.
func (m *Measure) Item(f plant.Fact) plant.ItemID {
	switch b := f.(type) {
	case plant.OrderReleased:
		return b.Order.Item
	case plant.ItemChanged:
		return b.Item.ID
	}
	k := f.Keys()
	if k.Material != "" {
		return k.Material
	}
	return m.orders[k.Order]
}

// Base converts q of item into the item's base unit; it returns q itself if
// the item or its unit is not known. Exact is false if digits were lost.
func (m *Measure) Base(item plant.ItemID, q plant.Quantity) (base plant.Quantity, exact bool) {
	i, ok := m.items[item]
	if !ok || q.Unit == i.Unit {
		return q, true
	}
	f, ok := i.Factor(q.Unit)
	if !ok {
		return q, true
	}
	d, exact, err := f.Apply(q.Amount)
	if err != nil {
		return q, true
	}
	return plant.Quantity{Amount: d, Unit: i.Unit}, exact
}

// Of returns the quantity that tells a fact from its like, in base units; ok is
// false for facts without one. It is the one the plant watermarks: yield for
// confirmations.
func (m *Measure) Of(f plant.Fact) (q plant.Quantity, ok bool) {
	q, ok = Amount(f)
	if !ok {
		return q, false
	}
	q, _ = m.Base(m.Item(f), q)
	return q, true
}

// Amount returns the quantity a fact is about, as stated; ok is false for
// facts that are about none.
func Amount(f plant.Fact) (q plant.Quantity, ok bool) {
	switch b := f.(type) {
	case plant.Confirmed:
		return b.Yield, true
	case plant.Consumed:
		return b.Quantity, true
	case plant.Scrapped:
		return b.Quantity, true
	case plant.Reworked:
		return b.Quantity, true
	case plant.Received:
		return b.Quantity, true
	case plant.Shipped:
		return b.Quantity, true
	case plant.OrderReleased:
		return b.Order.Quantity, true
	case plant.OrderChanged:
		return b.Quantity, true
	}
	return plant.Quantity{}, false
}

// additive reports whether facts of the kind may be posted as a sum.
func additive(k plant.Kind) bool {
	switch k {
	case plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindRework, plant.KindReceipt:
		return true
	}
	return false
}
