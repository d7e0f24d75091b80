// Package plant is the factory the simulators share: what is made, by what
// recipe, from which lots, and what has happened so far.
//
// It knows nothing of wire formats, networks or wall-clock time. The same
// profile and seed always yield the same events.
package plant

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// An Event is one thing that happened in the plant, or that one system claims
// happened. It is the common currency of the project: simulators announce
// events, dialects translate them, and oracles compare those that were true
// with those that arrived.
type Event struct {
	ID   EventID   // survives resends; exactly-once is judged by it
	At   time.Time // plant time, in the plant's zone
	Fact Fact
}

// EventID identifies an event across every system and retry. It is derived
// from the business key ("confirmation/4711000001/0010/3"), so that the same
// seed gives the same identities whatever the SUT's timing.
type EventID string

// A Fact says what happened. The set is closed: facts.go lists every kind.
type Fact interface {
	// Kind names the kind of fact, as files and reports spell it.
	Kind() Kind
	// Keys tells which entities the fact is about.
	Keys() Keys
	// Fields lists what the fact says beyond its keys, in a fixed order and in
	// canonical words, so that two claims of one fact can be compared field by
	// field. An empty value means "not said".
	Fields() []Field
}

// A Field is one named statement of a fact.
type Field struct {
	Name  string
	Value string
}

// Kind names a kind of fact.
type Kind string

// The kinds of facts.
const (
	KindOrderReleased    Kind = "order-released"
	KindOrderChanged     Kind = "order-changed"
	KindOrderCancelled   Kind = "order-cancelled"
	KindOperationStarted Kind = "operation-started"
	KindConfirmation     Kind = "confirmation"
	KindConsumption      Kind = "consumption"
	KindScrap            Kind = "scrap"
	KindRework           Kind = "rework"
	KindReceipt          Kind = "receipt"
	KindReversal         Kind = "reversal"
	KindLotHeld          Kind = "lot-held"
	KindLotDecided       Kind = "lot-decided"
	KindInspection       Kind = "inspection"
	KindItemChanged      Kind = "item-changed"
	KindBillChanged      Kind = "bom-changed"
	KindRoutingChanged   Kind = "routing-changed"
	KindCenterChanged    Kind = "work-center-changed"
	KindCalendarChanged  Kind = "calendar-changed"
	KindShipment         Kind = "shipment"
	KindMachineCount     Kind = "machine-count"
	KindMachineState     Kind = "machine-state"
)

// Names of the entities of a plant. All are opaque strings: leading zeros,
// case and blanks are part of them.
type (
	// OrderID names a production order.
	OrderID string
	// OperationID names one operation of an order's routing: "0010".
	OperationID string
	// ItemID names a material definition.
	ItemID string
	// LotID names a material lot.
	LotID string
	// SerialID names one serialised piece.
	SerialID string
	// WorkCenterID names a work center.
	WorkCenterID string
	// MachineID names a machine (a work unit) of a work center.
	MachineID string
	// PersonID names an operator.
	PersonID string
	// CaseID names a quality case.
	CaseID string
	// Unit is a code of a unit of measure: "EA", "KG".
	Unit string
)

// Keys are the entities a fact, message or posting is about. Empty means "not
// said". Counter numbers facts of one kind within order and operation, from 1.
type Keys struct {
	Order     OrderID     `json:"order,omitempty"`
	Operation OperationID `json:"operation,omitempty"`
	Counter   int         `json:"counter,omitempty"`
	Material  ItemID      `json:"material,omitempty"`
	Lot       LotID       `json:"lot,omitempty"`
	Serial    SerialID    `json:"serial,omitempty"`
	Case      CaseID      `json:"case,omitempty"`
	Machine   MachineID   `json:"machine,omitempty"`
	// WorkCenter and Calendar are only those that a fact is a record of.
	WorkCenter WorkCenterID `json:"workCenter,omitempty"`
	Calendar   string       `json:"calendar,omitempty"`
	// Of is the kind of what a reversal takes back; the other keys name it.
	Of Kind `json:"of,omitempty"`
}

// Entity names what must be handled in sequence: the order, else the lot, the
// machine, the work center, the calendar or the material.
func (k Keys) Entity() string {
	switch {
	case k.Order != "":
		return string(k.Order)
	case k.Lot != "":
		return string(k.Lot)
	case k.Machine != "":
		return string(k.Machine)
	case k.WorkCenter != "":
		return string(k.WorkCenter)
	case k.Calendar != "":
		return k.Calendar
	}
	return string(k.Material)
}

// String writes the keys that are set: "order 4711 operation 0010 #3".
func (k Keys) String() string {
	s := ""
	add := func(name, value string) {
		if value == "" {
			return
		}
		if s != "" {
			s += " "
		}
		s += name + value
	}
	add("order ", string(k.Order))
	add("operation ", string(k.Operation))
	if k.Counter > 0 {
		add("#", strconv.Itoa(k.Counter))
	}
	add("material ", string(k.Material))
	add("lot ", string(k.Lot))
	add("serial ", string(k.Serial))
	add("case ", string(k.Case))
	add("machine ", string(k.Machine))
	add("work center ", string(k.WorkCenter))
	add("calendar ", k.Calendar)
	add("of ", string(k.Of))
	return s
}

// Natural returns the business key of a fact: kind and entities, which no two
// facts of a plant share.
func Natural(f Fact) string { return NaturalKey(f.Kind(), f.Keys()) }

// NaturalKey is [Natural] for a fact of which only kind and keys are known.
func NaturalKey(kind Kind, k Keys) string {
	return string(appendNaturalKey(make([]byte, 0, 64), kind, &k)) // judges make millions of them
}

// AppendNatural appends the business key of a fact to b.
func AppendNatural(b []byte, f Fact) []byte {
	k := f.Keys()
	return appendNaturalKey(b, f.Kind(), &k)
}

func appendNaturalKey(s []byte, kind Kind, k *Keys) []byte {
	s = append(s, kind...)
	for _, part := range [...]string{string(k.Of), string(k.Order), string(k.Operation), string(k.Lot), string(k.Serial), string(k.Case), string(k.Machine), string(k.WorkCenter), k.Calendar} {
		if part != "" {
			s = append(append(s, '/'), part...)
		}
	}
	if k.Order == "" && k.Lot == "" && k.Machine == "" && k.WorkCenter == "" && k.Calendar == "" {
		s = append(append(s, '/'), k.Material...)
	}
	if k.Counter > 0 {
		s = strconv.AppendInt(append(s, '/'), int64(k.Counter), 10)
	}
	return s
}

// jsonEvent is the stored form of an Event.
type jsonEvent struct {
	ID   EventID         `json:"id"`
	At   time.Time       `json:"at,omitzero"`
	Kind Kind            `json:"kind"`
	Fact json.RawMessage `json:"fact"`
}

// MarshalJSON writes the event with the kind of its fact beside it.
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil) }

// UnmarshalJSON reads what MarshalJSON writes; an unknown kind is an error.
func (e *Event) UnmarshalJSON(b []byte) error {
	var w jsonEvent
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	f, err := decodeFact(w.Kind, w.Fact)
	if err != nil {
		return fmt.Errorf("event %s: %w", w.ID, err)
	}
	*e = Event{w.ID, w.At, f}
	return nil
}
