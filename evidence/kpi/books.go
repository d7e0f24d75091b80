package kpi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// usage is what an order used of a material.
type usage struct {
	order    plant.OrderID
	material plant.ItemID
}

// mismatches is K22.
func mismatches(r *reading) ([]Measure, string) {
	used, booked := map[usage]plant.Decimal{}, map[usage]plant.Decimal{}
	var order []usage
	for _, f := range r.due() {
		if c, ok := f.Event.Fact.(plant.Consumed); ok && f.TakenBack == nil && r.h.Plan.Endpoints[f.Sink].System == "erp" {
			k := usage{c.Order, c.Material}
			if _, known := used[k]; !known {
				order = append(order, k)
			}
			used[k] = used[k].Add(r.base(c.Material, c.Quantity))
		}
	}
	if len(order) == 0 {
		return nil, "nothing was consumed that the ERP had to learn of"
	}
	for _, fact := range r.reported() {
		if c, ok := fact.(plant.Consumed); ok {
			k := usage{c.Order, c.Material}
			if _, known := used[k]; !known && booked[k] == 0 {
				order = append(order, k)
			}
			booked[k] = booked[k].Add(r.base(c.Material, c.Quantity))
		}
	}
	n := 0
	for _, k := range order {
		if used[k] == booked[k] {
			continue
		}
		if n++; len(r.which) < MostNamed {
			r.which = append(r.which, strings.ToValidUTF8(fmt.Sprintf("%s of %s: %s used, %s booked", k.material, k.order, used[k], booked[k]), "·"))
		}
	}
	return []Measure{{"orders and materials that differ", Count(n), len(order)}}, ""
}

// scrapped is K23: pieces lost, by work center, of those made there.
func scrapped(r *reading) ([]Measure, string) {
	type pieces struct{ scrap, made plant.Decimal }
	by, all := map[plant.WorkCenterID]pieces{}, pieces{}
	for _, fact := range truths(r.h) {
		c, ok := fact.(plant.Confirmed)
		if !ok {
			continue
		}
		item := r.measure.Item(c)
		scrap := r.base(item, c.Scrap)
		made := r.base(item, c.Yield).Add(scrap).Add(r.base(item, c.Rework))
		p := by[c.WorkCenter]
		by[c.WorkCenter] = pieces{p.scrap.Add(scrap), p.made.Add(made)}
		all = pieces{all.scrap.Add(scrap), all.made.Add(made)}
	}
	if all.made == 0 {
		return nil, "no pieces were confirmed"
	}
	ms := []Measure{{"of all pieces", NewRatio(int64(all.scrap), int64(all.made)), 0}}
	var lines []plant.WorkCenterID
	for id, p := range by {
		if p.scrap > 0 && id != "" {
			lines = append(lines, id)
		}
	}
	rate := func(id plant.WorkCenterID) Ratio { return NewRatio(int64(by[id].scrap), int64(by[id].made)) }
	slices.SortFunc(lines, func(a, b plant.WorkCenterID) int {
		x, y := rate(a), rate(b)
		return cmp.Or(y.r.Cmp(&x.r), cmp.Compare(a, b))
	})
	for _, id := range lines[:min(len(lines), mostUnits)] {
		ms = append(ms, Measure{"at " + named(string(id)), rate(id), 0})
	}
	return ms, ""
}

// orderAges is K24: how old the orders are that are not complete when the run
// ends.
func orderAges(r *reading) ([]Measure, string) {
	released, want, got := map[plant.OrderID]time.Time{}, map[plant.OrderID]plant.Decimal{}, map[plant.OrderID]plant.Decimal{}
	var orders []plant.OrderID
	for _, f := range r.h.Facts {
		switch b := f.Event.Fact.(type) {
		case plant.OrderReleased:
			orders = append(orders, b.Order.ID)
			released[b.Order.ID], want[b.Order.ID] = f.Event.At, r.base(b.Order.Item, b.Order.Quantity)
		case plant.OrderChanged:
			want[b.Order] = r.base(r.measure.Item(plant.Confirmed{Order: b.Order}), b.Quantity)
		case plant.OrderCancelled:
			delete(released, b.Order)
		case plant.Received:
			if f.TakenBack != nil {
				continue
			}
			got[b.Order] = got[b.Order].Add(r.base(b.Material, b.Quantity))
		}
	}
	end := r.plantEnd()
	var ages times[Plant]
	known := 0
	for _, id := range orders {
		at, there := released[id]
		if !there || at.IsZero() || end.IsZero() {
			continue
		}
		if known++; got[id] < want[id] {
			ages = append(ages, Plant(max(0, end.Sub(at))))
			if len(r.which) < MostNamed {
				r.which = append(r.which, strings.ToValidUTF8(string(id), "·"))
			}
		}
	}
	if known == 0 {
		return nil, "no order was released while the run lasted"
	}
	return append([]Measure{{"not complete at the end", Count(len(ages)), known}}, ages.ranks("age ")...), ""
}

// byHand is K25: what somebody would have to key in, because the SUT gave it
// back or lost it, by class.
func byHand(r *reading) ([]Measure, string) {
	n, lost, of := map[simulators.Class]int{}, 0, 0
	for _, f := range r.accepted() {
		of++
		if f.Posted > 0 {
			continue
		}
		if len(f.Surfaces) == 0 {
			lost++
			continue
		}
		n[f.Surfaces[0].Class]++
		r.name(f)
	}
	if of == 0 {
		return nil, "the SUT accepted no fact that must be posted"
	}
	total := 0
	var ms []Measure
	for _, c := range []simulators.Class{simulators.Technical, simulators.Business, simulators.DataQuality} {
		if total += n[c]; n[c] > 0 {
			ms = append(ms, Measure{"to be keyed in, " + string(c), Count(n[c]), of})
		}
	}
	ms = append([]Measure{{"to be keyed in", Count(total), of}}, ms...)
	return append(ms, Measure{"lost, so that nobody knows to key it in", Count(lost), of}), ""
}

// scrapLag is K26: by how much the books are behind with pieces that are lost.
func scrapLag(r *reading) ([]Measure, string) {
	const missing = "manual batch close times and audit effort are people's, and no system of the rig tells them"
	var ts times[Plant]
	var ws times[Wall]
	n, never := 0, 0
	for _, f := range r.accepted() {
		switch b := f.Event.Fact.(type) {
		case plant.Scrapped:
		case plant.Confirmed:
			if b.Scrap.Amount == 0 {
				continue
			}
		default:
			continue
		}
		n++
		e := firstPosting(f)
		if e == nil {
			never++
			r.name(f)
			continue
		}
		if r.h.Plan.Pacing.Jumps() {
			ws = append(ws, Wall(e.At-f.At))
		} else if d, ok := lag(f); ok {
			ts = append(ts, d)
		}
	}
	if n == 0 {
		return nil, "no scrap was reported"
	}
	ms := append(ts.ranks("behind "), ws.ranks("behind ")...)
	return append(ms, Measure{"never in the books", Count(never), n}), missing
}
