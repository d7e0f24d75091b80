package harness

import (
	"fmt"
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// recall asks the ERP, as quality does when a supplier declares a lot bad, for
// every lot it went into, and notes what of that is missing or too much.
func (p *Plan) recall(a scenarios.Action) error {
	for _, e := range p.Endpoints {
		if p.Evidence.Endpoints[e.Name].System != "erp" {
			continue
		}
		listed, _ := e.System.State("where-used", string(a.Lot)).([]plant.LotID)
		truth := wentInto(a.Lot, p.open, p.Journal.Records())
		p.Journal.Append(evidence.Probe{Endpoint: e.Name, Name: "recall", Keys: plant.Keys{Lot: a.Lot}, Ref: a.As,
			Result: simulators.Result{Outcome: simulators.Answered}, Lots: listed, Missed: lacking(truth, listed), Extra: lacking(listed, truth)})
		return nil
	}
	return fmt.Errorf("this rig has no ERP to ask for a recall")
}

// wentInto lists, by what happened, the lots that a lot went into through any
// number of orders: an order's goods have its lot from the first issue on.
func wentInto(lot plant.LotID, open []plant.Order, records []evidence.Record) (found []plant.LotID) {
	users, makes := map[plant.LotID][]plant.OrderID{}, map[plant.OrderID][]plant.LotID{}
	made := func(o plant.OrderID, l plant.LotID) {
		if l != "" && !slices.Contains(makes[o], l) {
			makes[o] = append(makes[o], l)
		}
	}
	for _, o := range open {
		made(o.ID, o.Lot)
	}
	for _, r := range records {
		t, ok := r.Body.(evidence.Truth)
		if !ok {
			continue
		}
		switch f := t.Event.Fact.(type) {
		case plant.OrderReleased:
			made(f.Order.ID, f.Order.Lot)
		case plant.Received:
			made(f.Order, f.Lot)
		case plant.Consumed:
			if !slices.Contains(users[f.Lot], f.Order) {
				users[f.Lot] = append(users[f.Lot], f.Order)
			}
		}
	}
	for queue := []plant.LotID{lot}; len(queue) > 0; queue = queue[1:] {
		for _, order := range users[queue[0]] {
			for _, l := range makes[order] {
				if l != lot && !slices.Contains(found, l) {
					found, queue = append(found, l), append(queue, l)
				}
			}
		}
	}
	return found
}

// lacking lists what of a is not in b.
func lacking(a, b []plant.LotID) (rest []plant.LotID) {
	for _, l := range a {
		if !slices.Contains(b, l) {
			rest = append(rest, l)
		}
	}
	return rest
}
