package kpi

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// A place is where stock lies.
type place struct {
	material plant.ItemID
	lot      plant.LotID
	unit     plant.Unit
}

// A movement adds to a place, or takes away.
type movement struct {
	seq uint64
	at  time.Duration
	place
	amount plant.Decimal // of the truth; what books say counts the other way round
}

// variance is K4.
func variance(r *reading) ([]Measure, string) {
	moves := r.movements()
	if len(moves) == 0 {
		return nil, "no stock was moved through the SUT"
	}
	v := differences{apart: map[place]plant.Decimal{}, units: map[plant.Unit]*difference{}}
	for _, m := range moves {
		v.move(m)
	}
	var ms []Measure
	for _, u := range v.sorted() {
		d := v.units[u]
		d.pass(r.h.Last())
		ms = append(ms, Measure{"apart at the end", Amount{plant.Quantity{Amount: d.now, Unit: u}}, d.moves},
			Measure{"apart at worst", Amount{plant.Quantity{Amount: d.worst, Unit: u}}, d.moves},
			Measure{"apart over time", Exposure{plant.Quantity{Amount: d.seconds(), Unit: u}}, d.moves})
	}
	return ms, "no prices are planned, so it has no value; a WMS is no part of this rig"
}

// movements lists what happened to stock and what the ERP's books made of it,
// in the order of the journal.
func (r *reading) movements() (ms []movement) {
	for _, f := range r.due() {
		if r.h.Plan.Endpoints[f.Sink].System == "erp" {
			if p, amount, ok := r.moved(f.Event.Fact, plant.Quantity{}); ok {
				ms = append(ms, movement{f.Seq, f.At, p, amount})
			}
		}
	}
	for _, e := range r.h.Effects {
		if e.Effect.Attempt == 0 || r.h.Plan.Endpoints[e.Endpoint].System != "erp" {
			continue
		}
		if p, amount, ok := r.moved(e.Posting.Claim.Fact, e.Posting.Base); ok {
			ms = append(ms, movement{e.Seq, e.At, p, -amount})
		}
	}
	slices.SortFunc(ms, func(a, b movement) int { return cmp.Compare(a.seq, b.seq) })
	return ms
}

// moved is what f does to stock, in base units; base is what the books took it
// for, if they said. Scrap of what the order makes was never in stock.
func (r *reading) moved(f plant.Fact, base plant.Quantity) (p place, amount plant.Decimal, ok bool) {
	var q plant.Quantity
	sign := int64(-1)
	switch b := f.(type) {
	case plant.Consumed:
		p, q = place{b.Material, b.Lot, ""}, b.Quantity
	case plant.Scrapped:
		if b.Material == r.measure.Item(plant.Confirmed{Order: b.Order}) {
			return p, 0, false
		}
		p, q = place{b.Material, b.Lot, ""}, b.Quantity
	case plant.Received:
		p, q, sign = place{b.Material, b.Lot, ""}, b.Quantity, 1
	case plant.Reversed:
		p, amount, ok = r.moved(b.Original.Fact, base)
		return p, -amount, ok
	default:
		return p, 0, false
	}
	if base.Unit != "" {
		q = base
	} else {
		q, _ = r.measure.Base(p.material, q)
	}
	p.unit = q.Unit
	return p, q.Amount.Times(sign), true
}

// differences follows how far truth and books are apart, place by place.
type differences struct {
	apart map[place]plant.Decimal
	units map[plant.Unit]*difference
}

// difference is the sum over all places of one unit.
type difference struct {
	now, worst plant.Decimal
	moves      int
	at         time.Duration
	sum        big.Int // of now × nanoseconds
}

func (v *differences) move(m movement) {
	d := v.units[m.unit]
	if d == nil {
		d = &difference{at: m.at}
		v.units[m.unit] = d
	}
	d.pass(m.at)
	before := v.apart[m.place]
	after := before.Add(m.amount)
	v.apart[m.place] = after
	d.now = d.now.Add(absolute(after)).Sub(absolute(before))
	d.worst = max(d.worst, d.now)
	d.moves++
}

// pass lets time pass until at.
func (d *difference) pass(at time.Duration) {
	if at > d.at {
		d.sum.Add(&d.sum, new(big.Int).Mul(big.NewInt(int64(d.now)), big.NewInt(int64(at-d.at))))
		d.at = at
	}
}

// seconds is the sum in quantity × seconds, cut to the millionth.
func (d *difference) seconds() plant.Decimal {
	q := new(big.Int).Quo(&d.sum, big.NewInt(int64(time.Second)))
	if !q.IsInt64() {
		return plant.Decimal(1<<63 - 1)
	}
	return plant.Decimal(q.Int64())
}

func (v *differences) sorted() []plant.Unit {
	var us []plant.Unit
	for u := range v.units {
		us = append(us, u)
	}
	slices.Sort(us)
	return us
}

func absolute(d plant.Decimal) plant.Decimal { return max(d, -d) }

// gaps is K17.
func gaps(r *reading) ([]Measure, string) {
	facts, missing, surplus := 0, 0, 0
	amounts := map[plant.Unit]plant.Decimal{}
	add := func(f plant.Fact, n int) {
		if q, ok := r.measure.Of(f); ok && stockOrWork(f) {
			amounts[q.Unit] = amounts[q.Unit].Add(q.Amount.Times(int64(n)))
		}
	}
	for _, f := range r.accepted() {
		facts++
		switch n := r.postings(f); {
		case n == 0:
			missing++
			add(f.Event.Fact, 1)
		case n > 1:
			surplus += n - 1
			add(f.Event.Fact, n-1)
		}
	}
	for _, e := range r.h.Phantoms {
		add(e.Posting.Claim.Fact, 1)
	}
	if facts+len(r.h.Phantoms) == 0 {
		return nil, "the SUT accepted no fact that must be posted"
	}
	ms := []Measure{{"missing in the books", Count(missing), facts}, {"too many in the books", Count(surplus), facts}, {"of no fact", Count(len(r.h.Phantoms)), 0}}
	for _, u := range sortedUnits(amounts) {
		ms = append(ms, Measure{"quantity", Amount{plant.Quantity{Amount: amounts[u], Unit: u}}, 0})
	}
	return ms, "no prices are planned, so it has no value"
}

// stockOrWork reports whether a fact's quantity was made, moved or lost;
// orders only plan one.
func stockOrWork(f plant.Fact) bool {
	switch f.Kind() {
	case plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindReceipt, plant.KindRework:
		return true
	}
	return false
}

func sortedUnits(amounts map[plant.Unit]plant.Decimal) (us []plant.Unit) {
	for u, a := range amounts {
		if a != 0 {
			us = append(us, u)
		}
	}
	slices.Sort(us)
	return us
}

// A link of a genealogy: this lot went into that one.
type link struct {
	order  plant.OrderID
	from   plant.ItemID
	lot    plant.LotID
	into   plant.ItemID
	intoOf plant.LotID
}

// genealogy is K15.
func genealogy(r *reading) ([]Measure, string) {
	var facts, books []plant.Fact
	for _, f := range r.due() {
		if r.h.Plan.Endpoints[f.Sink].System == "erp" && !f.Invalid {
			facts = append(facts, f.Event.Fact)
		}
	}
	for _, e := range r.h.Effects {
		if e.Effect.Attempt != 0 && r.h.Plan.Endpoints[e.Endpoint].System == "erp" {
			books = append(books, e.Posting.Claim.Fact)
		}
	}
	truth, shown := links(facts), links(books)
	if len(truth) == 0 {
		return nil, "no order both consumed a lot and delivered one"
	}
	covered := Share{Of: len(truth)}
	for l := range truth {
		if shown[l] {
			covered.N++
		}
	}
	wrong := 0
	for l := range shown {
		if !truth[l] {
			wrong++
		}
	}
	return []Measure{{"lot pairs shown", covered, covered.Of}, {"pairs that are not true", Count(wrong), len(shown)}}, "nobody asked for a trace, so it took no time"
}

// links pairs each lot an order consumed with each it delivered.
func links(facts []plant.Fact) map[link]bool {
	used, made := map[plant.OrderID][]link{}, map[plant.OrderID][]link{}
	for _, f := range facts {
		switch b := f.(type) {
		case plant.Consumed:
			if b.Lot != "" {
				used[b.Order] = append(used[b.Order], link{from: b.Material, lot: b.Lot})
			}
		case plant.Received:
			if b.Lot != "" {
				made[b.Order] = append(made[b.Order], link{into: b.Material, intoOf: b.Lot})
			}
		}
	}
	all := map[link]bool{}
	for order, us := range used {
		for _, u := range us {
			for _, m := range made[order] {
				all[link{order, u.from, u.lot, m.into, m.intoOf}] = true
			}
		}
	}
	return all
}

// named shortens a name that others chose.
func named(s string) string {
	if rs := []rune(strings.ToValidUTF8(s, "·")); len(rs) > 24 {
		return string(rs[:23]) + "…"
	}
	return strings.ToValidUTF8(s, "·")
}
