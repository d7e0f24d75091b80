package faults

import (
	"math/rand/v2"
	"slices"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// OrderClosed refuses a posting to an order because of what somebody has made
// of the order, however often it is sent.
//
// Layer D: people close, delete or forget to release orders while the plant
// goes on producing for them. Observed as a refusal that a repetition does not
// change: 409 of class business for an order that is closed or not released,
// 404 of class data quality for one that is deleted. Who was not refused at the
// first attempt is not refused later, since a posting that is done stays done.
type OrderClosed struct {
	State OrderState `yaml:"state" jsonschema:"enum=closed,enum=deleted,enum=not-released" doc:"what is the matter with the order"`

	refused map[string]bool // facts, at their first attempt
}

// OrderState is what somebody has made of an order.
type OrderState string

// States in which nothing can be posted to an order.
const (
	StateClosed      OrderState = "closed"
	StateDeleted     OrderState = "deleted"
	StateNotReleased OrderState = "not-released"
)

// Lasts implements [chaos.Lasting].
func (*OrderClosed) Lasts() bool { return true }

// Apply implements [chaos.Fault].
func (f *OrderClosed) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if !posting(d) {
		return []chaos.Delivery{d}
	}
	order := plant.OrderID("")
	for _, e := range d.Message.Events {
		if e.Fact == nil || !slices.Contains(postedToOrders, e.Fact.Kind()) || d.Attempt > 1 && !f.refused[plant.Natural(e.Fact)] {
			return []chaos.Delivery{d}
		}
		order = e.Fact.Keys().Order
	}
	if f.refused == nil {
		f.refused = map[string]bool{}
	}
	for _, e := range d.Message.Events {
		f.refused[plant.Natural(e.Fact)] = true
	}
	r := &simulators.Refusal{Class: simulators.Business, Outcome: simulators.Refused}
	switch f.State {
	case StateDeleted:
		r.Class, r.Code, r.Text = simulators.DataQuality, "order-unknown", "order "+string(order)+" is not known"
	case StateNotReleased:
		r.Code, r.Text = "order-not-released", "order "+string(order)+" is not released"
	default:
		r.Code, r.Text = "order-closed", "order "+string(order)+" is Closed"
	}
	d.Refuse = r
	d.What = "refused for good: " + r.Text
	return []chaos.Delivery{d}
}

// postedToOrders are the kinds of facts that an order takes while it is open.
var postedToOrders = []plant.Kind{plant.KindOperationStarted, plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindRework, plant.KindReceipt, plant.KindReversal}

// Validate says what is wrong with the settings.
func (f *OrderClosed) Validate() error {
	return oneOf("state", f.State, StateClosed, StateDeleted, StateNotReleased)
}

// Stops implements [chaos.Stopper].
func (*OrderClosed) Stops() {}

// Leaves implements [chaos.Choosy].
func (*OrderClosed) Leaves(at chaos.Crossing) string {
	if why := answers(at); why != "" {
		return why
	}
	if at.Kind != "" && !slices.Contains(postedToOrders, at.Kind) {
		return "it is not posted to an order"
	}
	return ""
}
