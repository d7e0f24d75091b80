package faults

import (
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators/plant"
)

// UnknownReference has an announcement name an order, operation, material or
// machine that nobody has heard of.
//
// Layer D: a mistyped or misread number, master data of another system, a
// number range that was moved. Observed as a message that is well formed and
// that the other system must refuse (404 or 422, data quality) however often it
// is sent.
type UnknownReference struct {
	Names Reference `yaml:"names" jsonschema:"enum=any,enum=order,enum=operation,enum=material,enum=machine" doc:"what nobody has heard of; any draws one that the message names"`

	known map[string]bool
}

// Reference is something that a message names.
type Reference string

// What can be named wrongly.
const (
	AnyReference       Reference = "any"
	ReferenceOrder     Reference = "order"
	ReferenceOperation Reference = "operation"
	ReferenceMaterial  Reference = "material"
	ReferenceMachine   Reference = "machine"
)

var _ = []chaos.PerFact{&UnknownReference{}, &InvalidLot{}}

// Inform implements [chaos.Informed].
func (f *UnknownReference) Inform(m plant.Master) {
	f.known = map[string]bool{}
	for _, i := range m.Items {
		f.known[string(i.ID)] = true
	}
	for _, o := range m.Open {
		f.known[string(o.ID)] = true
	}
	for _, w := range m.WorkCenters {
		for _, id := range w.Machines {
			f.known[string(id)] = true
		}
	}
}

// PerFact implements [chaos.PerFact].
func (*UnknownReference) PerFact() {}

// Apply implements [chaos.Fault].
func (f *UnknownReference) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	e, ok := announcement(d)
	if !ok {
		return []chaos.Delivery{d}
	}
	list := []Reference{f.Names}
	if f.Names == "" || f.Names == AnyReference {
		list = []Reference{ReferenceOrder, ReferenceOperation, ReferenceMaterial, ReferenceMachine}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	for _, ref := range list {
		was, now := "", ""
		fact := renamed(e.Fact, ref, func(id string) string {
			if id == "" {
				return ""
			}
			was, now = id, id+"-X"
			for f.known[now] {
				now += "X"
			}
			return now
		})
		if now != "" {
			return invalid(d, with(e, fact), fmt.Sprintf("%s %s replaced by %s, which nobody knows", ref, was, now))
		}
	}
	return []chaos.Delivery{d}
}

// renamed is f in which to has replaced what ref refers to. To is not called if
// f does not name it, or if the system that f is told to need not know it.
func renamed(f plant.Fact, ref Reference, to func(string) string) plant.Fact {
	order := func(id plant.OrderID, on Reference) plant.OrderID {
		if ref == on {
			return plant.OrderID(to(string(id)))
		}
		return id
	}
	operation := func(id plant.OperationID) plant.OperationID {
		return plant.OperationID(order(plant.OrderID(id), ReferenceOperation))
	}
	material := func(id plant.ItemID) plant.ItemID {
		return plant.ItemID(order(plant.OrderID(id), ReferenceMaterial))
	}
	machine := func(id plant.MachineID) plant.MachineID {
		return plant.MachineID(order(plant.OrderID(id), ReferenceMachine))
	}
	switch f := f.(type) {
	case plant.OperationStarted:
		f.Order, f.Operation = order(f.Order, ReferenceOrder), operation(f.Operation)
		return f
	case plant.Confirmed:
		f.Order, f.Operation = order(f.Order, ReferenceOrder), operation(f.Operation)
		return f
	case plant.Reworked:
		f.Order, f.Operation = order(f.Order, ReferenceOrder), operation(f.Operation)
		return f
	case plant.Consumed:
		f.Order, f.Operation, f.Material = order(f.Order, ReferenceOrder), operation(f.Operation), material(f.Material)
		return f
	case plant.Scrapped:
		f.Order, f.Operation, f.Material = order(f.Order, ReferenceOrder), operation(f.Operation), material(f.Material)
		return f
	case plant.Inspected:
		f.Order, f.Operation = order(f.Order, ReferenceOrder), operation(f.Operation)
		return f
	case plant.Received:
		f.Order, f.Material = order(f.Order, ReferenceOrder), material(f.Material)
		return f
	case plant.OrderChanged:
		f.Order = order(f.Order, ReferenceOrder)
		return f
	case plant.MachineCounted:
		f.Machine = machine(f.Machine)
		return f
	case plant.MachineChanged:
		f.Machine = machine(f.Machine)
		return f
	}
	return f
}

// Validate says what is wrong with the settings.
func (f *UnknownReference) Validate() error {
	return oneOf("names", f.Names, AnyReference, ReferenceOrder, ReferenceOperation, ReferenceMaterial, ReferenceMachine)
}

// Leaves implements [chaos.Choosy].
func (*UnknownReference) Leaves(at chaos.Crossing) string {
	return among(at, "it names nothing that could be unknown where it is told", plant.KindOperationStarted, plant.KindConfirmation, plant.KindRework,
		plant.KindConsumption, plant.KindScrap, plant.KindInspection, plant.KindReceipt, plant.KindOrderChanged, plant.KindMachineCount, plant.KindMachineState)
}
