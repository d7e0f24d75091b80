package oracles

import (
	"fmt"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var convergenceInfo = Info{
	Name: "convergence", ID: "O20",
	Doc:          "after all has come to rest, the books of the systems do not agree with each other and with what happened",
	Requirements: []string{"CTL-20", "CTL-21", "KPI-04", "KPI-06", "SYS-09", "UP-17", "UP-22", "DN-05"},
}

// Convergence compares what the books of each system showed at the end with
// what happened: sums and finality of operations, receipts, stock and status
// of lots, and the fields of an order, which only their owner may write. A
// system is judged by the facts that must reach it; a fact that was reported
// instead, or that nobody knows of, may show or not. Where the postings
// themselves are out of bounds, other oracles name the fact, and the
// difference is told in one finding.
func Convergence() evidence.Judge {
	return oracle{convergenceInfo, convergence, "%d figures in the books at the end are what happened",
		"the journal has no books of the end to compare, or nothing of what they show had to reach them"}
}

// cell is one figure in the books of one system.
type cell struct {
	endpoint, field string // "yield", "scrap", "rework", "received", "stock", "final"
	order           plant.OrderID
	operation       plant.OperationID
	material        plant.ItemID
	lot             plant.LotID
}

func (c cell) keys() plant.Keys {
	return plant.Keys{Order: c.order, Operation: c.operation, Material: c.material, Lot: c.lot}
}

// elsewhere is the same figure in the books of another system.
func (c cell) elsewhere(endpoint string) cell {
	c.endpoint = endpoint
	return c
}

// figure is what a cell may show, and what the postings in the journal make
// of it.
type figure struct {
	low, high, slack plant.Decimal
	booked           plant.Decimal
	unit             plant.Unit
	unclear          bool // not all of it is in one unit
	due              bool // some fact had to reach these books
	seqs             []uint64
}

func (b *figure) out(v plant.Decimal) bool { return v < b.low-b.slack || v > b.high+b.slack }

func (b *figure) note(seq uint64) {
	if len(b.seqs) < 6 {
		b.seqs = append(b.seqs, seq)
	}
}

// view is what one system showed at the end.
type view struct {
	*evidence.SnapshotView
	orders map[plant.OrderID]*evidence.OrderBook
	stock  map[stockKey]*evidence.StockBook
}

type stockKey struct {
	material plant.ItemID
	lot      plant.LotID
}

type reconciliation struct {
	r     *report
	m     *evidence.Measure
	names []string // of endpoints with a view, in the order of the journal
	views map[string]*view
	makes map[plant.OrderID]plant.ItemID
	units map[plant.ItemID]plant.Unit
	cells []cell // in the order they were met
	by    map[cell]*figure
}

func convergence(r *report) {
	if len(r.h.Snapshots) == 0 {
		return
	}
	c := &reconciliation{r: r, m: evidence.NewMeasure(r.h), views: map[string]*view{}, makes: map[plant.OrderID]plant.ItemID{}, units: map[plant.ItemID]plant.Unit{}, by: map[cell]*figure{}}
	for _, i := range r.h.Plan.Items {
		c.units[i.ID] = i.Unit
	}
	c.products()
	for _, s := range r.h.Snapshots {
		if len(s.Units) > 0 && len(s.Orders)+len(s.Stock) == 0 {
			continue // it shows figures, not books
		}
		c.see(s)
	}
	c.stillMoving()
	c.facts()
	c.postings()
	c.opening()
	c.compare()
	c.headers()
	c.statuses()
}

// see takes the books of a system; what it showed last counts.
func (c *reconciliation) see(s *evidence.SnapshotView) {
	v := &view{SnapshotView: s, orders: make(map[plant.OrderID]*evidence.OrderBook, len(s.Orders)), stock: make(map[stockKey]*evidence.StockBook, len(s.Stock))}
	for i := range s.Orders {
		o := &s.Orders[i]
		v.orders[o.Order] = o
		if o.Item != "" && c.makes[o.Order] == "" {
			c.makes[o.Order] = o.Item
		}
	}
	for i := range s.Stock {
		v.stock[stockKey{s.Stock[i].Material, s.Stock[i].Lot}] = &s.Stock[i]
	}
	if c.views[s.Endpoint] == nil {
		c.names = append(c.names, s.Endpoint)
	}
	c.views[s.Endpoint] = v
}

// stillMoving leaves out systems whose books went on changing after they had
// been read.
func (c *reconciliation) stillMoving() {
	for i := len(c.r.h.Effects) - 1; i >= 0; i-- {
		e := c.r.h.Effects[i]
		if len(c.r.h.Snapshots) == 0 || e.Seq < c.r.h.Snapshots[0].Seq {
			return // none of the rest is later than any of the books
		}
		if v := c.views[e.Endpoint]; v != nil && e.Seq > v.Seq {
			delete(c.views, e.Endpoint)
			c.r.inconclusive(evidence.Finding{Rule: "books-still-moving", Class: evidence.CauseRig, Evidence: []uint64{v.Seq, e.Seq},
				Text: "the books of " + e.Endpoint + " changed after they had been read"})
		}
	}
}

// shows reports whether the books of v have what k is a figure of.
func (v *view) shows(k cell) bool {
	if k.field == "stock" {
		return v.stock[stockKey{k.material, k.lot}] != nil
	}
	return v.orders[k.order] != nil
}

// value is what the books of v show in cell k; ok is false if they were not
// read that far, or if the system keeps no such books at all.
func (v *view) value(k cell) (d plant.Decimal, ok bool) {
	if k.field == "stock" {
		if s := v.stock[stockKey{k.material, k.lot}]; s != nil {
			return s.Quantity, true
		}
		return 0, v.Left == 0 && len(v.stock) > 0
	}
	o := v.orders[k.order]
	if o == nil {
		return 0, v.Left == 0 && len(v.orders) > 0
	}
	sum := o.Confirmed[k.operation]
	switch k.field {
	case "yield":
		d = sum.Yield
	case "scrap":
		d = sum.Scrap
	case "rework":
		d = sum.Rework
	case "final":
		d = truthOf(sum)
	case "received":
		d = o.Received
	}
	return d, true
}

func truthOf(s simulators.OperationSum) plant.Decimal {
	if s.Final {
		return plant.One
	}
	return 0
}

// compare holds every figure that some fact had to reach against its bounds.
func (c *reconciliation) compare() {
	for _, k := range c.cells {
		b, v := c.by[k], c.views[k.endpoint]
		if !b.due || b.unclear || v == nil {
			continue
		}
		got, ok := v.value(k)
		if !ok {
			continue
		}
		if c.r.judged++; !b.out(got) {
			continue
		}
		f := evidence.Finding{Keys: k.keys(), Class: evidence.CauseTechnical, Rule: "books-differ", Confidence: "high"}
		f.Expected = "the " + k.field + " that happened: " + b.says(k)
		f.Got = c.shown(k, got)
		f.Evidence = few(append([]uint64{v.Seq}, b.seqs...))
		if !b.out(b.booked) {
			c.r.missing(f, false)
			continue
		}
		if k.field == "final" {
			continue // postings that do not say so are another oracle's
		}
		f.Rule, f.Text = "differs-by-named-facts", "the postings themselves do not add up: other oracles name the facts"
		c.r.missing(f, true)
	}
}

// says words the bounds of a figure.
func (b *figure) says(k cell) string {
	if k.field == "final" {
		return map[bool]string{true: "final", false: "not final"}[b.low > 0]
	}
	if b.low == b.high {
		return plant.Quantity{Amount: b.low, Unit: b.unit}.String()
	}
	return fmt.Sprintf("%s to %s", b.low, plant.Quantity{Amount: b.high, Unit: b.unit})
}

// shown says what each system shows in a cell, the one that is wrong first.
func (c *reconciliation) shown(k cell, got plant.Decimal) string {
	parts := []string{k.endpoint + " shows " + plant.Quantity{Amount: got, Unit: c.by[k].unit}.String()}
	for _, n := range c.names {
		if n == k.endpoint || c.views[n] == nil {
			continue
		}
		if d, ok := c.views[n].value(k.elsewhere(n)); ok {
			parts = append(parts, n+" "+plant.Quantity{Amount: d, Unit: c.by[k].unit}.String())
		}
	}
	return strings.Join(parts, ", ")
}
