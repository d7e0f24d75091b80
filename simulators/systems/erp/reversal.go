package erp

import (
	"slices"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// Resolve implements [simulators.Resolver]: a reversal learns which document it
// takes back, and what that said.
func (e *ERP) Resolve(claims []plant.Event) []plant.Event {
	cloned := false
	for i, c := range claims {
		f, ok := c.Fact.(plant.Reversed)
		if !ok {
			continue
		}
		p, ok := e.desk.Ledger.Original(f)
		if !ok {
			continue
		}
		if !cloned {
			claims, cloned = slices.Clone(claims), true
		}
		claims[i].Fact = plant.Reversed{Original: p.Claim, Document: p.Doc}
	}
	return claims
}

// reached are the entities that a claim changes: those of what it takes back, if
// it is a reversal.
func reached(f plant.Fact) plant.Keys {
	if r, ok := f.(plant.Reversed); ok && r.Original.Fact != nil {
		return r.Original.Fact.Keys()
	}
	return f.Keys()
}

// reversible refuses a reversal of what is not in the books, cannot be taken
// back or was before. Other claims it lets pass.
func (t teller) reversible(c plant.Event) simulators.Row {
	f, ok := c.Fact.(plant.Reversed)
	if !ok {
		return simulators.Row{}
	}
	p, known := t.desk.Ledger.Original(f)
	if !known || f.Document == "" {
		return simulators.Row{Refusal: books.Refuse(books.DocumentUnknown, "nothing was posted that %s could take back", naming(f))}
	}
	if !slices.Contains(plant.Reversible(), p.Claim.Fact.Kind()) {
		return simulators.Row{Refusal: books.Refuse(books.KindNotTaken, "document %s is a %s, which cannot be taken back", p.Doc, p.Claim.Fact.Kind())}
	}
	if o := t.orders.Get(reached(f).Order); o != nil && slices.Contains(o.reversed, p.Doc) {
		r := books.Refuse(books.DocumentReversed, "document %s was taken back before, by document %s", p.Doc, p.Reversed)
		return simulators.Row{Refusal: r, Doc: p.Reversed, Known: true}
	}
	return simulators.Row{}
}

// naming says what a reversal is about.
func naming(f plant.Reversed) string {
	switch {
	case f.Document != "":
		return "a reversal of document " + f.Document
	case f.Original.ID != "":
		return "a reversal of " + string(f.Original.ID)
	}
	return "a reversal of " + f.Keys().String()
}

// reverse takes a document back: what it has put into an order or into stock
// goes out again, and the other way round.
func (t teller) reverse(f plant.Reversed, o *order) (plant.Quantity, *simulators.Refusal) {
	p, _ := t.desk.Ledger.Document(f.Document)
	base, refusal := p.Base, (*simulators.Refusal)(nil)
	switch was := p.Claim.Fact.(type) {
	case plant.Confirmed:
		refusal = t.unconfirm(was, base, o)
	case plant.Consumed:
		if refusal = t.increase(was.Material, was.Lot, base.Amount); refusal == nil {
			o.used = addFlow(o.used, was.Material, was.Lot, -base.Amount)
		}
	case plant.Scrapped:
		if was.Material != o.header.Item {
			refusal = t.increase(was.Material, was.Lot, base.Amount)
		} else if at := o.operation(was.Operation); at >= 0 {
			o.sums[at].Scrap = o.sums[at].Scrap.Sub(base.Amount)
		}
	case plant.Received:
		var l *books.Lot
		if l, refusal = t.find(was.Material, was.Lot); refusal == nil {
			refusal = t.reduce(l, base)
		}
		if refusal == nil {
			o.received = o.received.Sub(base.Amount)
			o.made = addFlow(o.made, was.Material, was.Lot, -base.Amount)
		}
	}
	if refusal == nil {
		o.reversed = append(o.reversed, p.Doc)
	}
	return base, refusal
}

// unconfirm takes a confirmation back. One that had ended its operation opens it
// again.
func (t teller) unconfirm(was plant.Confirmed, yield plant.Quantity, o *order) *simulators.Refusal {
	scrap, refusal := t.items.Base(o.header.Item, was.Scrap)
	if refusal != nil {
		return refusal
	}
	rework, refusal := t.items.Base(o.header.Item, was.Rework)
	if refusal != nil {
		return refusal
	}
	at := o.operation(was.Operation)
	sum := &o.sums[at]
	sum.Yield, sum.Scrap, sum.Rework = sum.Yield.Sub(yield.Amount), sum.Scrap.Sub(scrap.Amount), sum.Rework.Sub(rework.Amount)
	if was.Final {
		sum.Final = false
		if at == len(o.sums)-1 && o.state == completed {
			o.state = running
		}
	}
	return nil
}

func (t teller) increase(material plant.ItemID, lot plant.LotID, q plant.Decimal) *simulators.Refusal {
	l, refusal := t.find(material, lot)
	if refusal == nil {
		l.Quantity = l.Quantity.Add(q)
	}
	return refusal
}
