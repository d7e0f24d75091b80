// Package neutral words plant events as B2MML-JSON (V0701) over HTTP or a
// broker: the dialect neutral/v1, which belongs to no vendor.
//
// It is a pure codec: it knows no network, no clock and no books. README.md
// beside it has every body in full.
package neutral

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Dialect is neutral/v1. The zero value is ready for use.
type Dialect struct{}

var _ simulators.Dialect = Dialect{}

// Names of messages: the last part of the URL or subject, equal on both sides
// of the SUT, so that a build may simply forward what it gets.
const (
	Orders          = "orders"
	OperationStarts = "operation-starts"
	Confirmations   = "confirmations"
	Consumptions    = "consumptions"
	Scrap           = "scrap"
	Rework          = "rework"
	Receipts        = "receipts"
	Reversals       = "reversals"
	Holds           = "holds"
	Decisions       = "decisions"
	Inspections     = "inspections"
	Items           = "items"
	Bills           = "boms"
	Routings        = "routings"
	WorkCenters     = "work-centers"
	Calendars       = "calendars"
	MachineCounts   = "machine-counts"
	MachineStates   = "machine-states"
)

// Names returns the names of all messages, in the order of the README.
func Names() []string {
	return []string{Orders, OperationStarts, Confirmations, Consumptions, Scrap, Rework, Receipts, Reversals, Holds, Decisions, Inspections, Items, Bills, Routings, WorkCenters, Calendars, MachineCounts, MachineStates}
}

// NameOf is the name of the message that states a fact of kind; "" if there is
// no word for it.
func NameOf(kind plant.Kind) string {
	w, _ := wordingOf(kind)
	return w.name
}

// KindsOf lists the kinds of facts that a transaction states: a verb such as
// Sync with a noun such as OperationsPerformance.
func KindsOf(verb, noun string) (kinds []plant.Kind) {
	for _, name := range Names() {
		for _, k := range kindsOf(name) {
			if w, _ := wordingOf(k); w.verb == verb && w.noun == noun {
				kinds = append(kinds, k)
			}
		}
	}
	return kinds
}

// wording is what an event of one kind is called.
type wording struct {
	name string // of the message
	verb string // of the transaction: Sync, Process, Change, Cancel
	noun string // what the data area holds
	from string // logical id of the sender
}

const (
	fromERP = "lid://andon.erp"
	fromMES = "lid://andon.mes"

	fromMachine = "lid://andon.machine"
)

// wordingOf tells how kind is worded; false if this dialect has no word for it.
func wordingOf(kind plant.Kind) (wording, bool) {
	switch kind {
	case plant.KindOrderReleased:
		return wording{Orders, "Process", schedule, fromERP}, true
	case plant.KindOrderChanged:
		return wording{Orders, "Change", schedule, fromERP}, true
	case plant.KindOrderCancelled:
		return wording{Orders, "Cancel", schedule, fromERP}, true
	case plant.KindOperationStarted:
		return wording{OperationStarts, "Sync", performance, fromMES}, true
	case plant.KindConfirmation:
		return wording{Confirmations, "Sync", performance, fromMES}, true
	case plant.KindConsumption:
		return wording{Consumptions, "Sync", performance, fromMES}, true
	case plant.KindScrap:
		return wording{Scrap, "Sync", performance, fromMES}, true
	case plant.KindRework:
		return wording{Rework, "Sync", performance, fromMES}, true
	case plant.KindReceipt:
		return wording{Receipts, "Sync", performance, fromMES}, true
	case plant.KindReversal:
		return wording{Reversals, "Cancel", performance, fromMES}, true
	case plant.KindInspection:
		return wording{Inspections, "Sync", performance, fromMES}, true
	case plant.KindLotHeld:
		return wording{Holds, "Sync", lot, fromMES}, true
	case plant.KindLotDecided:
		return wording{Decisions, "Change", lot, fromERP}, true
	case plant.KindItemChanged:
		return wording{Items, "Sync", definition, fromERP}, true
	case plant.KindBillChanged:
		return wording{Bills, "Sync", bill, fromERP}, true
	case plant.KindRoutingChanged:
		return wording{Routings, "Sync", routing, fromERP}, true
	case plant.KindCenterChanged:
		return wording{WorkCenters, "Sync", equipment, fromERP}, true
	case plant.KindCalendarChanged:
		return wording{Calendars, "Sync", workCalendar, fromERP}, true
	case plant.KindMachineCount:
		return wording{MachineCounts, "Sync", performance, fromMachine}, true
	case plant.KindMachineState:
		return wording{MachineStates, "Sync", performance, fromMachine}, true
	}
	return wording{}, false
}

// Policy is how a neutral/v1 interface behaves unless the rig file says
// otherwise: everything a careful sender can hope for.
func (Dialect) Policy() simulators.Policy {
	return simulators.Policy{
		Auth:       simulators.AuthOAuth2,
		TokenTTL:   15 * time.Second,
		Accept:     simulators.AcceptDone,
		Dedupe:     simulators.DedupeKey,
		Lookup:     true,
		Ordering:   simulators.OrderPerEntity,
		Lock:       simulators.LockNone,
		Batch:      simulators.BatchPerRow,
		Redelivery: simulators.Redelivery{Gap: 200 * time.Millisecond, MaxGap: 2 * time.Second},
	}
}

// Encode implements [simulators.Dialect]. Shipments have no word in this
// dialect.
func (d Dialect) Encode(e plant.Event) ([]simulators.Message, error) {
	if e.Fact == nil {
		return nil, fmt.Errorf("encode event %s: it has no fact", e.ID)
	}
	if _, ok := wordingOf(e.Fact.Kind()); !ok {
		return nil, nil
	}
	m, err := d.Batch(e)
	if err != nil {
		return nil, err
	}
	return []simulators.Message{m}, nil
}

// Batch words several events of one kind as one message of several rows.
func (Dialect) Batch(events ...plant.Event) (simulators.Message, error) {
	if len(events) == 0 {
		return simulators.Message{}, errors.New("encode batch: there is no event")
	}
	kind := events[0].Fact.Kind()
	words, ok := wordingOf(kind)
	if !ok {
		return simulators.Message{}, fmt.Errorf("encode batch: no word for %s", kind)
	}
	if len(events) > 1 && sole(words.noun) {
		return simulators.Message{}, fmt.Errorf("encode batch: %s come one to a message, whose reference is theirs", words.name)
	}
	w := &writer{b: make([]byte, 0, usualSize*len(events))}
	w.begin(words, kind, events[0])
	keys := make([]string, len(events))
	for i, e := range events {
		if e.Fact.Kind() != kind {
			return simulators.Message{}, fmt.Errorf("encode batch: %s among %s", e.Fact.Kind(), kind)
		}
		if err := w.event(e); err != nil {
			return simulators.Message{}, fmt.Errorf("encode event %s: %w", e.ID, err)
		}
		keys[i] = plant.Natural(e.Fact)
	}
	w.end(words)
	if !validText(w.b) {
		return simulators.Message{}, fmt.Errorf("encode event %s: a text in it is not UTF-8", events[0].ID)
	}
	entity := events[0].Fact.Keys().Entity()
	return simulators.Message{
		Verb: "post", Name: words.name, Body: w.b, Events: events,
		Key: strings.Join(keys, " + "), Entity: entity,
		Header: map[string]string{
			"Content-Type":     "application/json",
			"Andon-Event":      string(events[0].ID),
			"Andon-Entity":     entity,
			"Andon-Message-Id": messageID(words.name, w.b),
		},
	}, nil
}

// usualSize is enough for nearly every message about one event.
const usualSize = 1280

// messageID names a message: equal for all deliveries of one wording.
func messageID(name string, body []byte) string {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte{0})
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil)[:12])
}
