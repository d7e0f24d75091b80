package erp

import (
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// take finds what a movement wants to take, and how much of it in base units.
func (t teller) take(material plant.ItemID, lot plant.LotID, q plant.Quantity) (*books.Lot, plant.Quantity, *simulators.Refusal) {
	l, refusal := t.find(material, lot)
	if refusal != nil {
		return nil, plant.Quantity{}, refusal
	}
	base, refusal := t.moved(material, q)
	return l, base, refusal
}

// moved converts the quantity of a movement, which must be one.
func (t teller) moved(material plant.ItemID, q plant.Quantity) (plant.Quantity, *simulators.Refusal) {
	if q.Amount == 0 {
		return plant.Quantity{}, books.Refuse(books.QuantityZero, "a movement of %s has no quantity", material)
	}
	return t.items.Base(material, q)
}

// find returns the stock of material in lot.
func (t teller) find(material plant.ItemID, lot plant.LotID) (*books.Lot, *simulators.Refusal) {
	item, ok := t.items.Item(material)
	key := books.StockKey(material, lot)
	l := t.stock.Get(key)
	switch {
	case !ok:
		return nil, books.Refuse(books.ItemUnknown, "material %q is not known", material)
	case lot == "" && item.Lots:
		return nil, books.Refuse(books.LotMissing, "material %s is kept by lot, and none was said", material)
	case l == nil && lot != "":
		return nil, books.Refuse(books.LotUnknown, "lot %q is not known", lot)
	case l == nil:
		l = books.NewLot(plant.Lot{Material: material})
		l.Loose = true
		t.stock.Put(key, l)
	}
	return l, l.Of(material)
}

func (t teller) consume(f plant.Consumed, o *order, now time.Time) (plant.Quantity, *simulators.Refusal) {
	l, base, refusal := t.take(f.Material, f.Lot, f.Quantity)
	if refusal != nil {
		return base, refusal
	}
	if refusal := l.Usable(now); refusal != nil {
		return base, refusal
	}
	if refusal := t.reduce(l, base); refusal != nil {
		return base, refusal
	}
	o.used = addFlow(o.used, f.Material, f.Lot, base.Amount)
	o.begin()
	return base, nil
}

// scrap takes a lost component out of stock, whatever the state of its lot:
// what is broken is gone. Lost pieces of what the order makes are not in
// stock yet; they count as scrap of their operation.
func (t teller) scrap(f plant.Scrapped, o *order) (plant.Quantity, *simulators.Refusal) {
	if f.Material == o.header.Item {
		base, refusal := t.moved(f.Material, f.Quantity)
		if at := o.operation(f.Operation); refusal == nil && at >= 0 {
			o.sums[at].Scrap = o.sums[at].Scrap.Add(base.Amount)
			o.begin()
		}
		return base, refusal
	}
	l, base, refusal := t.take(f.Material, f.Lot, f.Quantity)
	if refusal != nil {
		return base, refusal
	}
	if refusal := t.reduce(l, base); refusal != nil {
		return base, refusal
	}
	o.begin()
	return base, nil
}

func (t teller) reduce(l *books.Lot, base plant.Quantity) *simulators.Refusal {
	if !t.Negative {
		if refusal := l.Has(base); refusal != nil {
			return refusal
		}
	}
	l.Quantity = l.Quantity.Sub(base.Amount)
	return nil
}

// receive puts goods into stock, in whatever status their lot is.
func (t teller) receive(f plant.Received, o *order) (plant.Quantity, *simulators.Refusal) {
	if f.Material != o.header.Item {
		return plant.Quantity{}, books.Refuse(books.ItemWrong, "order %s makes %s, not %s", f.Order, o.header.Item, f.Material)
	}
	base, refusal := t.moved(f.Material, f.Quantity)
	if refusal != nil {
		return base, refusal
	}
	if n := len(f.Serials); n > 1 && len(slices.Compact(slices.Sorted(slices.Values(f.Serials)))) < n {
		return base, books.Refuse(books.SerialRepeated, "a serial number is named for two pieces")
	}
	total := o.received.Add(base.Amount)
	if limit, limited := o.limit(t.Tolerance); limited && total > limit {
		return base, books.Refuse(books.OverDelivery, "receipts of %s from order %s would exceed %s, the order quantity %s and %d %%",
			total, f.Order, limit, o.quantity, t.Tolerance)
	}
	if key := books.StockKey(f.Material, f.Lot); f.Lot != "" && t.stock.Get(key) == nil {
		t.stock.Put(key, books.NewLot(plant.Lot{ID: f.Lot, Material: f.Material}))
	}
	l, refusal := t.find(f.Material, f.Lot)
	if refusal != nil {
		return base, refusal
	}
	l.Quantity = l.Quantity.Add(base.Amount)
	o.received = total
	o.made = addFlow(o.made, f.Material, f.Lot, base.Amount)
	o.begin()
	return base, nil
}

func (t teller) hold(f plant.LotHeld) *simulators.Refusal {
	l := t.stock.Get(string(f.Lot))
	if l == nil || f.Lot == "" {
		return books.Refuse(books.LotUnknown, "lot %q is not known", f.Lot)
	}
	if refusal := l.Of(f.Material); refusal != nil {
		return refusal
	}
	l.Hold(f.Case)
	return nil
}

func (t teller) ship(f plant.Shipped, now time.Time) (plant.Quantity, *simulators.Refusal) {
	material := f.Material
	if l := t.stock.Get(string(f.Lot)); material == "" && f.Lot != "" && l != nil {
		material = l.Material
	}
	l, base, refusal := t.take(material, f.Lot, f.Quantity)
	if refusal != nil {
		return base, refusal
	}
	if refusal := l.Usable(now); refusal != nil {
		return base, refusal
	}
	return base, t.reduce(l, base)
}
