package oracles

import (
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// at returns the figure of a cell; nil if the books were not read that far, so
// that a long run costs no more than what is compared.
func (c *reconciliation) at(k cell) *figure {
	if v := c.views[k.endpoint]; v.Left > 0 && !v.shows(k) {
		return nil
	}
	b := c.by[k]
	if b == nil {
		b = &figure{}
		c.by[k] = b
		c.cells = append(c.cells, k)
	}
	return b
}

// change is what a fact does to one figure.
type change struct {
	cell
	amount  plant.Decimal
	unit    plant.Unit
	rounded bool
	unclear bool // there is no way into the base unit
}

// changes lists what a fact does to the figures of endpoint, in base units.
// The buffer is reused.
func (c *reconciliation) changes(buf []change, endpoint string, f plant.Fact) []change {
	add := func(k cell, item plant.ItemID, q plant.Quantity, sign int64) {
		if q.Amount == 0 {
			return
		}
		q, exact := c.m.Base(item, q)
		k.endpoint = endpoint
		buf = append(buf, change{k, q.Amount.Times(sign), q.Unit, !exact, q.Unit != c.units[item]})
	}
	switch b := f.(type) {
	case plant.Confirmed:
		item := c.makes[b.Order]
		of := func(field string) cell { return cell{field: field, order: b.Order, operation: b.Operation} }
		add(of("yield"), item, b.Yield, 1)
		add(of("scrap"), item, b.Scrap, 1)
		add(of("rework"), item, b.Rework, 1)
	case plant.Reworked:
		add(cell{field: "rework", order: b.Order, operation: b.Operation}, c.makes[b.Order], b.Quantity, 1)
	case plant.Consumed:
		add(cell{field: "stock", material: b.Material, lot: b.Lot}, b.Material, b.Quantity, -1)
	case plant.Scrapped:
		if b.Material == c.makes[b.Order] {
			add(cell{field: "scrap", order: b.Order, operation: b.Operation}, b.Material, b.Quantity, 1)
			break
		}
		add(cell{field: "stock", material: b.Material, lot: b.Lot}, b.Material, b.Quantity, -1)
	case plant.Received:
		add(cell{field: "received", order: b.Order}, b.Material, b.Quantity, 1)
		add(cell{field: "stock", material: b.Material, lot: b.Lot}, b.Material, b.Quantity, 1)
	case plant.Reversed:
		if b.Original.Fact == nil {
			break
		}
		n := len(buf)
		buf = c.changes(buf, endpoint, b.Original.Fact)
		for i := n; i < len(buf); i++ {
			buf[i].amount = -buf[i].amount
		}
	case plant.Shipped:
		add(cell{field: "stock", material: b.Material, lot: b.Lot}, b.Material, b.Quantity, -1)
	}
	return buf
}

// products learns what each order makes, from its release or from the goods
// that came of it.
func (c *reconciliation) products() {
	for _, f := range c.r.h.Facts {
		switch b := f.Event.Fact.(type) {
		case plant.OrderReleased:
			c.makes[b.Order.ID] = b.Order.Item
		case plant.Received:
			if c.makes[b.Order] == "" {
				c.makes[b.Order] = b.Material
			}
		}
	}
}

// facts bounds each figure by what happened: facts that must be in the books
// count, those that may be there or were reported instead may count.
func (c *reconciliation) facts() {
	var buf [4]change
	for _, f := range c.r.h.Facts {
		if c.views[f.Sink] == nil {
			continue
		}
		low, high := share(c.r.h, f)
		for _, m := range c.changes(buf[:0], f.Sink, f.Event.Fact) {
			if b := c.at(m.cell); b != nil {
				b.add(m, low, high, 0, f.Seq)
				b.due = true
			}
		}
		if b, ok := reopens(f.Event.Fact); ok && high > 0 { // what is confirmed anew ends it again
			if at := c.at(cell{endpoint: f.Sink, field: "final", order: b.Order, operation: b.Operation}); at != nil {
				at.low = 0
			}
		}
		if b, ok := f.Event.Fact.(plant.Confirmed); ok && b.Final {
			m := change{cell{endpoint: f.Sink, field: "final", order: b.Order, operation: b.Operation}, plant.One, "", false, false}
			if b := c.at(m.cell); b != nil {
				b.reach(low, high, f.Seq)
			}
		}
	}
}

// share is how often a fact must and may show in the books of its sink.
func share(h *evidence.History, f *evidence.FactView) (low, high int64) {
	a, n := allowed(h, f), postings(h, f)
	high = int64(a.max)
	if n >= 1 && f.Posted > n { // copies of ours
		high += int64(f.Posted - n)
	}
	if f.Status == evidence.Must && a.min == 1 && len(f.Surfaces) == 0 {
		low = 1
	}
	return low, high
}

// add counts a change that must show low times, may show high times and was
// booked so often.
func (b *figure) add(m change, low, high, booked int64, seq uint64) {
	if b.unit == "" {
		b.unit = m.unit
	}
	b.unclear = b.unclear || m.unclear || b.unit != m.unit
	if m.rounded {
		b.slack += plant.Decimal(max(high, booked))
	}
	if m.amount < 0 {
		low, high = high, low
	}
	b.low, b.high = b.low.Add(m.amount.Times(low)), b.high.Add(m.amount.Times(high))
	b.booked = b.booked.Add(m.amount.Times(booked))
	b.note(seq)
}

// reach is add for a mark that is set once for all.
func (b *figure) reach(low, high int64, seq uint64) {
	b.due = true
	b.low = max(b.low, plant.One.Times(low))
	b.high = max(b.high, plant.One.Times(min(high, 1)))
	b.note(seq)
}

// postings adds what the books took. What a system did by itself also
// happened, for that system alone.
func (c *reconciliation) postings() {
	var buf [4]change
	for _, e := range c.r.h.Effects {
		claim := e.Posting.Claim.Fact
		if claim == nil || c.views[e.Endpoint] == nil {
			continue
		}
		own := int64(0)
		if e.Effect.Attempt == 0 {
			own = 1
		}
		for i, m := range c.changes(buf[:0], e.Endpoint, claim) {
			if i == 0 && e.Posting.Base.Unit != "" && e.Posting.Base.Unit == m.unit && sameUse(claim) {
				m.amount = e.Posting.Base.Amount.Times(sign(m.amount))
			}
			if b := c.at(m.cell); b != nil {
				b.add(m, own, own, 1, e.Seq)
			}
		}
		if b, ok := reopens(claim); ok {
			if b := c.at(cell{endpoint: e.Endpoint, field: "final", order: b.Order, operation: b.Operation}); b != nil {
				b.booked = 0
			}
		}
		if b, ok := claim.(plant.Confirmed); ok && b.Final {
			if b := c.at(cell{endpoint: e.Endpoint, field: "final", order: b.Order, operation: b.Operation}); b != nil {
				b.booked = plant.One
			}
		}
	}
}

// reopens returns the confirmation that had ended an operation and is taken back.
func reopens(f plant.Fact) (plant.Confirmed, bool) {
	r, ok := f.(plant.Reversed)
	if !ok {
		return plant.Confirmed{}, false
	}
	c, ok := r.Original.Fact.(plant.Confirmed)
	return c, ok && c.Final
}

func sign(d plant.Decimal) int64 {
	if d < 0 {
		return -1
	}
	return 1
}

// opening adds the stock that every system began with.
func (c *reconciliation) opening() {
	for _, l := range c.r.h.Plan.Lots {
		for _, n := range c.names {
			if b := c.by[cell{endpoint: n, field: "stock", material: l.Material, lot: l.ID}]; b != nil {
				b.low, b.high, b.booked = b.low.Add(l.Quantity), b.high.Add(l.Quantity), b.booked.Add(l.Quantity)
			}
		}
	}
}
