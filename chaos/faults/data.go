package faults

import (
	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// announcement returns the event that d announces, if it is one and announces
// nothing else.
func announcement(d chaos.Delivery) (plant.Event, bool) {
	if d.Direction != simulators.ToSUT || len(d.Message.Events) != 1 || d.Message.Events[0].Fact == nil {
		return plant.Event{}, false
	}
	return d.Message.Events[0], true
}

// saying is d when it says f instead.
func saying(d chaos.Delivery, e plant.Event, what string) []chaos.Delivery {
	d.Message.Events = []plant.Event{e}
	d.Reword, d.Perhaps, d.What = true, true, what
	return []chaos.Delivery{d}
}

// invalid is saying of a fact that must not be posted so.
func invalid(d chaos.Delivery, e plant.Event, what string) []chaos.Delivery {
	d.Invalid = true
	return saying(d, e, what)
}

// with is e with another fact.
func with(e plant.Event, f plant.Fact) plant.Event { return plant.Event{ID: e.ID, At: e.At, Fact: f} }

// among says why a fault of data leaves what crosses there alone: it changes
// what systems announce, and only facts of these kinds.
func among(at chaos.Crossing, why string, kinds ...plant.Kind) string {
	if at.Direction != simulators.ToSUT {
		return "only what systems announce; what the SUT sends is its own doing"
	}
	for _, k := range kinds {
		if at.Kind == "" || at.Kind == k {
			return ""
		}
	}
	return why
}

// quantity returns the quantity that f is about, if there is one.
func quantity(f plant.Fact) (plant.Quantity, bool) {
	switch f := f.(type) {
	case plant.Confirmed:
		return f.Yield, true
	case plant.Consumed:
		return f.Quantity, true
	case plant.Scrapped:
		return f.Quantity, true
	case plant.Reworked:
		return f.Quantity, true
	case plant.Received:
		return f.Quantity, true
	case plant.OrderChanged:
		return f.Quantity, true
	}
	return plant.Quantity{}, false
}

// withQuantity is f with another quantity; f has one.
func withQuantity(f plant.Fact, q plant.Quantity) plant.Fact {
	switch f := f.(type) {
	case plant.Confirmed:
		f.Yield = q
		return f
	case plant.Consumed:
		f.Quantity = q
		return f
	case plant.Scrapped:
		f.Quantity = q
		return f
	case plant.Reworked:
		f.Quantity = q
		return f
	case plant.Received:
		f.Quantity = q
		return f
	case plant.OrderChanged:
		f.Quantity = q
		return f
	}
	return f
}

// quantified are the kinds of facts that have one quantity to be wrong about.
var quantified = []plant.Kind{plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindRework, plant.KindReceipt, plant.KindOrderChanged}

var _ = []chaos.Pushed{&Malformed{}, &Contradiction{}}

// Pushed implements [chaos.Pushed].
func (*Malformed) Pushed() {}

// Pushed implements [chaos.Pushed].
func (*Contradiction) Pushed() {}
