package erp

import "github.com/andon-rig/andon/simulators/plant"

// completed are claims with what they leave unsaid: quantities without a unit
// are in the base unit of their material, and a receipt is of what the order
// makes, under its lot, and of all that it still lacks. Who forgets a field has
// booked the whole order.
func (e *ERP) completed(claims []plant.Event) []plant.Event {
	out := make([]plant.Event, len(claims))
	for i, c := range claims {
		out[i] = c
		if c.Fact == nil {
			continue
		}
		e.withOrder(c.Fact.Keys().Order, func(o *order) {
			if o != nil {
				out[i].Fact = e.complete(c.Fact, o)
			}
		})
	}
	return out
}

func (e *ERP) complete(f plant.Fact, o *order) plant.Fact {
	unit := func(q *plant.Quantity, material plant.ItemID) {
		if item, ok := e.items.Item(material); ok && q.Unit == "" && q.Amount != 0 {
			q.Unit = item.Unit
		}
	}
	switch f := f.(type) {
	case plant.Confirmed:
		unit(&f.Yield, o.header.Item)
		unit(&f.Scrap, o.header.Item)
		unit(&f.Rework, o.header.Item)
		return f
	case plant.Reworked:
		unit(&f.Quantity, o.header.Item)
		return f
	case plant.Consumed:
		unit(&f.Quantity, f.Material)
		return f
	case plant.Scrapped:
		if f.Material == "" {
			f.Material = o.header.Item
		}
		unit(&f.Quantity, f.Material)
		return f
	case plant.Received:
		return e.received(f, o)
	}
	return f
}

func (e *ERP) received(f plant.Received, o *order) plant.Fact {
	if f.Material == "" {
		f.Material = o.header.Item
	}
	if f.Lot == "" {
		f.Lot = o.header.Lot
	}
	item, ok := e.items.Item(f.Material)
	switch {
	case !ok || f.Quantity.Unit != "":
	case f.Quantity.Amount == 0:
		f.Quantity = plant.Quantity{Amount: max(0, o.quantity.Sub(o.received)), Unit: item.Unit}
	default:
		f.Quantity.Unit = item.Unit
	}
	return f
}
