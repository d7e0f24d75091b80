package oracles

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// header is one version of an order, as the fact that made it says.
type header struct {
	fact    *evidence.FactView
	version int
}

// headers compares the fields of each order that its owner writes: in the
// owner's own books they must be the last ones it set, in the books they must
// reach the last ones the SUT had to bring.
func (c *reconciliation) headers() {
	versions, orders := map[plant.OrderID][]header{}, []plant.OrderID(nil)
	for _, f := range c.r.h.Facts {
		v, ok := versionOf(f.Event.Fact)
		if !ok {
			continue
		}
		id := f.Event.Fact.Keys().Order
		if versions[id] == nil {
			orders = append(orders, id)
		}
		versions[id] = append(versions[id], header{f, v})
	}
	if len(orders) == 0 {
		return
	}
	said := c.saidOfOrders()
	for _, id := range orders {
		hs := versions[id]
		slices.SortStableFunc(hs, func(a, b header) int { return cmp.Compare(b.version, a.version) })
		if v := c.views[hs[0].fact.Source]; v != nil && v.orders[id] != nil {
			c.owned(v, v.orders[id], hs[0], said[sink{v.Endpoint, id}])
		}
		if v := c.views[hs[0].fact.Sink]; v != nil && hs[0].fact.Sink != hs[0].fact.Source {
			c.brought(v, v.orders[id], hs, said[sink{v.Endpoint, id}])
		}
	}
}

func versionOf(f plant.Fact) (int, bool) {
	switch b := f.(type) {
	case plant.OrderReleased:
		return 1, true
	case plant.OrderChanged:
		return b.Version, true
	case plant.OrderCancelled:
		return b.Version, true
	}
	return 0, false
}

// sink is an order in the books of an endpoint.
type sink struct {
	endpoint string
	order    plant.OrderID
}

// saidOfOrders finds what the SUT last posted of each order's header.
func (c *reconciliation) saidOfOrders() map[sink]*evidence.EffectView {
	last := map[sink]*evidence.EffectView{}
	for _, e := range c.r.h.Effects {
		if e.Effect.Attempt == 0 || e.Posting.Claim.Fact == nil || c.views[e.Endpoint] == nil {
			continue
		}
		if _, ok := versionOf(e.Posting.Claim.Fact); ok {
			last[sink{e.Endpoint, e.Posting.Claim.Fact.Keys().Order}] = e
		}
	}
	return last
}

// owned judges the owner's books: nobody else may have written these fields.
func (c *reconciliation) owned(v *view, o *evidence.OrderBook, want header, said *evidence.EffectView) {
	c.r.judged++
	field, expected, got := differs(c.m, want, o)
	if field == "" {
		return
	}
	f := about(want.fact)
	f.Expected = fmt.Sprintf("%s of order %s in %s, which owns it: %s", field, o.Order, v.Endpoint, expected)
	f.Got, f.Class, f.Rule, f.Confidence = got, evidence.CauseTechnical, "written-by-another-than-the-owner", "high"
	f.Evidence = few([]uint64{want.fact.Seq, v.Seq})
	if said != nil { // a posting that belongs to no fact: told there
		f.Evidence = few([]uint64{want.fact.Seq, said.Seq, v.Seq})
		c.r.missing(f, true)
		return
	}
	c.r.missing(f, false)
}

// brought judges the books that the SUT had to bring the order to. Versions
// that may be there are as good as the newest that must be.
func (c *reconciliation) brought(v *view, o *evidence.OrderBook, hs []header, said *evidence.EffectView) {
	if o == nil && (v.Left > 0 || len(v.orders) == 0) {
		return
	}
	var must *header
	for i := range hs {
		if low, _ := share(c.r.h, hs[i].fact); low == 1 {
			must = &hs[i]
			break
		}
	}
	if must == nil {
		return
	}
	c.r.judged++
	if o == nil || o.Version < must.version {
		c.outdated(v, o, must, said)
		return
	}
	for _, h := range hs {
		if h.version != o.Version {
			continue
		}
		field, expected, got := differs(c.m, h, o)
		if field == "" || said != nil && c.posted(said, field, o) {
			return // or it was posted so, which is another oracle's
		}
		f := about(h.fact)
		f.Expected = fmt.Sprintf("%s of order %s in %s as in version %d: %s", field, o.Order, v.Endpoint, h.version, expected)
		f.Got, f.Class, f.Rule, f.Confidence = got, evidence.CauseTechnical, "books-differ", "high"
		f.Evidence = few([]uint64{h.fact.Seq, v.Seq})
		c.r.missing(f, false)
		return
	}
}

// outdated tells of an order that is not there, or in an older version.
func (c *reconciliation) outdated(v *view, o *evidence.OrderBook, must *header, said *evidence.EffectView) {
	f := about(must.fact)
	f.Expected = fmt.Sprintf("version %d of order %s in %s", must.version, f.Keys.Order, v.Endpoint)
	f.Got, f.Class, f.Rule, f.Confidence = "no such order", evidence.CauseTechnical, "books-differ", "high"
	if o != nil {
		f.Got = fmt.Sprintf("version %d", o.Version)
	}
	f.Evidence = few([]uint64{must.fact.Seq, v.Seq})
	last := 0
	if said != nil {
		last, _ = versionOf(said.Posting.Claim.Fact)
	}
	if lost(must.fact) || last < must.version { // lost, or overwritten by an older one: named elsewhere
		f.Rule, f.Text = "differs-by-named-facts", "the postings themselves do not add up: other oracles name the facts"
		c.r.missing(f, true)
		return
	}
	c.r.missing(f, false)
}

// posted reports whether the SUT itself posted what the books show in field.
func (c *reconciliation) posted(e *evidence.EffectView, field string, o *evidence.OrderBook) bool {
	v, _ := versionOf(e.Posting.Claim.Fact)
	h := header{&evidence.FactView{Event: e.Posting.Claim}, v}
	wrong, _, _ := differs(c.m, h, o)
	return wrong != field
}

// differs compares an order with one of its versions; field is "" if nothing
// differs.
func differs(m *evidence.Measure, h header, o *evidence.OrderBook) (field, want, got string) {
	quantity := func(q plant.Quantity) bool {
		a, _ := m.Base(o.Item, q)
		b, _ := m.Base(o.Item, o.Quantity)
		field, want, got = "quantity", q.String(), o.Quantity.String()
		return a != b
	}
	due := func(at time.Time) bool {
		field, want, got = "due date", at.Format(time.RFC3339), o.Due.Format(time.RFC3339)
		return at.Sub(o.Due).Abs() >= time.Second
	}
	priority := func(p int) bool {
		field, want, got = "priority", fmt.Sprint(p), fmt.Sprint(o.Priority)
		return p != o.Priority
	}
	switch b := h.fact.Event.Fact.(type) {
	case plant.OrderReleased:
		if h.version == o.Version && (quantity(b.Order.Quantity) || due(b.Order.Due) || priority(b.Order.Priority)) {
			return field, want, got
		}
	case plant.OrderChanged:
		if quantity(b.Quantity) || due(b.Due) || priority(b.Priority) {
			return field, want, got
		}
	case plant.OrderCancelled:
		if o.State != "Cancelled" {
			return "state", "Cancelled", o.State
		}
	}
	return "", "", ""
}
