package bridge

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// This file is all the bridge knows of neutral/v1: where in a message the few
// things stand that it needs for routing. Everything else passes through as
// the bytes it came in.

// facts is what the bridge reads from a message.
type facts struct {
	Event      string `json:"event"` // reference of the event; the same in every repetition
	Kind       string `json:"kind"`  // "confirmation", "order-changed", "lot-held", …
	Order      string `json:"order,omitempty"`
	Operation  string `json:"operation,omitempty"`
	Counter    int    `json:"counter,omitempty"`
	Material   string `json:"material,omitempty"`
	Lot        string `json:"lot,omitempty"`
	Case       string `json:"case,omitempty"`
	Version    int    `json:"version,omitempty"`  // of an order
	Decision   string `json:"decision,omitempty"` // on a lot
	Unit       string `json:"unit,omitempty"`     // of the quantity consumed
	Machine    string `json:"machine,omitempty"`
	WorkCenter string `json:"workCenter,omitempty"` // of which it is the record
	Calendar   string `json:"calendar,omitempty"`   // likewise
	Quality    string `json:"quality,omitempty"`    // of a machine's value; "" is good
	Of         string `json:"of,omitempty"`         // kind of what a reversal takes back
	Original   string `json:"original,omitempty"`   // and its reference
}

// entity names what a message must be kept in sequence with.
func (f facts) entity() string {
	return cmp.Or(f.Order, f.Lot, f.Machine, f.WorkCenter, f.Calendar, f.Material)
}

// Kinds of facts that the bridge treats in a special way.
const (
	kindConsumption = "consumption"
	kindReceipt     = "receipt"
	kindHeld        = "lot-held"
	kindDecided     = "lot-decided"
	kindReleased    = "order-released"
	kindItem        = "item-changed"
	kindBill        = "bom-changed"
	kindRouting     = "routing-changed"
	kindCenter      = "work-center-changed"
	kindCalendar    = "calendar-changed"
)

// names lists the messages there are, by the kind of fact each states. Orders
// are of three kinds, told apart by their transaction.
var names = map[string]string{
	"orders": "", "operation-starts": "operation-started", "confirmations": "confirmation", "consumptions": kindConsumption,
	"scrap": "scrap", "rework": "rework", "receipts": kindReceipt, "reversals": kindReversal, "inspections": "inspection",
	"holds": kindHeld, "decisions": kindDecided, "items": kindItem, "boms": kindBill, "routings": kindRouting, "work-centers": kindCenter, "calendars": kindCalendar, "machine-counts": kindCounted, "machine-states": kindTurned,
}

var orderKinds = map[string]string{
	"ProcessOperationsSchedule": kindReleased, "ChangeOperationsSchedule": "order-changed", "CancelOperationsSchedule": "order-cancelled",
}

// transaction is the inside of a message.
type transaction struct {
	ApplicationArea json.RawMessage
	DataArea        struct {
		OperationsPerformance []struct {
			OperationsResponse []struct {
				OperationsRequestID json.RawMessage // as it was said, byte for byte
				SegmentResponse     []json.RawMessage
			}
		}
		OperationsSchedule []struct {
			ID                string
			OperationsRequest []struct{ ID, Version string }
		}
		MaterialLot []struct {
			ID                   string
			MaterialDefinitionID string
			MaterialLotProperty  properties
		}
		MaterialDefinition []struct {
			ID                         string
			MaterialDefinitionProperty properties
		}
		OperationsMaterialBill, OperationsDefinition, Equipment, WorkCalendarDefinition []struct{ ID string }
	}
}

// segment is a row of OperationsPerformance.
type segment struct {
	ID                  string
	OperationsRequestID []string
	OperationsSegmentID []string
	SegmentData         properties
	MaterialActual      []struct {
		MaterialDefinitionID []string
		MaterialLotID        []string
		Quantity             []struct{ UnitOfMeasure string }
	}
}

// properties is a list of named values.
type properties []struct {
	ID    string
	Value []struct{ ValueString string }
}

func (ps properties) value(id string) string {
	for _, p := range ps {
		if p.ID == id && len(p.Value) > 0 {
			return p.Value[0].ValueString
		}
	}
	return ""
}

// A part is one fact of a message and a message that states it alone.
type part struct {
	facts facts
	body  []byte
}

// read takes a message apart. Event is what its header says, if anything.
func read(name, event string, body []byte) ([]part, error) {
	kind, known := names[name]
	if !known {
		return nil, fmt.Errorf("message name %q is unknown", name)
	}
	var m map[string]transaction
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	if len(m) != 1 {
		return nil, fmt.Errorf("message has %d transactions, not 1", len(m))
	}
	for verb, t := range m {
		if name == "orders" {
			kind = orderKinds[verb]
		}
		parts, err := t.parts(verb, kind, body)
		if err == nil && len(parts) == 0 {
			err = errors.New("message states nothing")
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", verb, err)
		}
		if len(parts) == 1 && event != "" {
			parts[0].facts.Event = event
		}
		for _, p := range parts {
			if p.facts.Event == "" || p.facts.entity() == "" {
				return nil, fmt.Errorf("read %s: the message names no event or nothing that it is about", verb)
			}
		}
		return parts, nil
	}
	return nil, nil // not reached: the map has one entry
}

func (t transaction) parts(verb, kind string, body []byte) (parts []part, err error) {
	rows, err := t.rows()
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		f, err := readSegment(kind, row)
		if err != nil {
			return nil, err
		}
		alone := body
		if len(rows) > 1 {
			area, err := addressed(t.ApplicationArea, f.Event)
			if err != nil {
				return nil, err
			}
			alone = compose(area, f.Event, []json.RawMessage{row})
		}
		parts = append(parts, part{f, alone})
	}
	var sender struct{ Sender struct{ ReferenceID string } }
	if len(t.ApplicationArea) > 0 {
		if err := json.Unmarshal(t.ApplicationArea, &sender); err != nil {
			return nil, err
		}
	}
	d := t.DataArea
	if n := len(d.OperationsSchedule) + len(d.MaterialLot) + len(d.MaterialDefinition) + len(d.OperationsMaterialBill) + len(d.OperationsDefinition) + len(d.Equipment) + len(d.WorkCalendarDefinition); n > 1 || n == 1 && len(parts) > 0 {
		return nil, errors.New("only operations performance may come in batches")
	}
	for _, s := range d.OperationsSchedule {
		if len(s.OperationsRequest) != 1 {
			return nil, errors.New("an operations schedule needs exactly one OperationsRequest")
		}
		r := s.OperationsRequest[0]
		version, _ := strconv.Atoi(r.Version) // 0, "not said", never counts as overtaken
		parts = append(parts, part{facts{Event: s.ID, Kind: kind, Order: r.ID, Version: version}, body})
	}
	for _, l := range d.MaterialLot {
		p := l.MaterialLotProperty
		parts = append(parts, part{facts{Event: cmp.Or(p.value("Reference"), sender.Sender.ReferenceID), Kind: kind, Lot: l.ID,
			Material: l.MaterialDefinitionID, Order: p.value("Order"), Case: p.value("Case"), Decision: p.value("Decision")}, body})
	}
	for _, m := range d.MaterialDefinition {
		parts = append(parts, part{facts{Event: cmp.Or(m.MaterialDefinitionProperty.value("Reference"), sender.Sender.ReferenceID), Kind: kind, Material: m.ID}, body})
	}
	for _, m := range slices.Concat(d.OperationsMaterialBill, d.OperationsDefinition) { // whose reference is that of the message
		parts = append(parts, part{facts{Event: sender.Sender.ReferenceID, Kind: kind, Material: m.ID}, body})
	}
	for _, w := range d.Equipment {
		parts = append(parts, part{facts{Event: sender.Sender.ReferenceID, Kind: kind, WorkCenter: w.ID}, body})
	}
	for _, c := range d.WorkCalendarDefinition {
		parts = append(parts, part{facts{Event: sender.Sender.ReferenceID, Kind: kind, Calendar: c.ID}, body})
	}
	return parts, nil
}

// rows returns the segment responses of a message, each naming its order.
func (t transaction) rows() (rows []json.RawMessage, err error) {
	for _, p := range t.DataArea.OperationsPerformance {
		for _, r := range p.OperationsResponse {
			for _, row := range r.SegmentResponse {
				if len(r.OperationsRequestID) > 0 {
					if row, err = inherit(row, r.OperationsRequestID); err != nil {
						return nil, err
					}
				}
				rows = append(rows, row)
			}
		}
	}
	return rows, nil
}

// inherit gives a row the order that stands above it.
func inherit(row, order json.RawMessage) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(row, &members); err != nil {
		return nil, err
	}
	if _, own := members["OperationsRequestID"]; own {
		return row, nil
	}
	members["OperationsRequestID"] = order
	return json.Marshal(members)
}

func readSegment(kind string, row json.RawMessage) (facts, error) {
	var s segment
	if err := json.Unmarshal(row, &s); err != nil {
		return facts{}, err
	}
	counter, _ := strconv.Atoi(s.SegmentData.value("Counter"))
	f := facts{Event: s.ID, Kind: kind, Order: first(s.OperationsRequestID), Operation: first(s.OperationsSegmentID), Counter: counter}
	if len(s.MaterialActual) > 0 {
		a := s.MaterialActual[0]
		f.Material, f.Lot = first(a.MaterialDefinitionID), first(a.MaterialLotID)
		if len(a.Quantity) > 0 {
			f.Unit = a.Quantity[0].UnitOfMeasure
		}
	}
	if kind == kindReversal {
		f.Of, f.Original = s.SegmentData.value("Of"), s.SegmentData.value("Reference")
	}
	if kind == kindCounted || kind == kindTurned {
		return f, readMachine(&f, row)
	}
	return f, nil
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// join makes one message of several that state one row each. The application
// area is that of the first, as neutral/v1 wants it of a batch.
func join(bodies [][]byte) ([]byte, error) {
	var area json.RawMessage
	var reference string
	var all []json.RawMessage
	for _, b := range bodies {
		var m map[string]transaction
		if err := json.Unmarshal(b, &m); err != nil {
			return nil, fmt.Errorf("join messages: %w", err)
		}
		rows, err := m["SyncOperationsPerformance"].rows()
		if err != nil {
			return nil, fmt.Errorf("join messages: %w", err)
		}
		if area == nil && len(rows) > 0 {
			area = m["SyncOperationsPerformance"].ApplicationArea
			f, err := readSegment("", rows[0])
			if err != nil {
				return nil, fmt.Errorf("join messages: %w", err)
			}
			reference = f.Event
		}
		all = append(all, rows...)
	}
	return compose(area, reference, all), nil
}

// addressed is an application area that names another event.
func addressed(area json.RawMessage, event string) (json.RawMessage, error) {
	var a struct {
		Sender           map[string]any
		CreationDateTime string
		BODID            string
	}
	if err := json.Unmarshal(area, &a); err != nil {
		return nil, err
	}
	if a.Sender != nil {
		a.Sender["ReferenceID"] = event
	}
	a.BODID = event
	return json.Marshal(a)
}

// compose writes an operations performance with these rows.
func compose(area json.RawMessage, reference string, rows []json.RawMessage) []byte {
	id, _ := json.Marshal(reference) // a string cannot fail
	b := bytes.NewBufferString(`{"SyncOperationsPerformance":{"@releaseID":"V0701","ApplicationArea":`)
	b.Write(area)
	fmt.Fprintf(b, `,"DataArea":{"Sync":{},"OperationsPerformance":[{"ID":%s,"OperationsResponse":[{"ID":%s,"SegmentResponse":[`, id, id)
	b.Write(bytes.Join(plainBytes(rows), []byte(",")))
	b.WriteString(`]}]}]}}}`)
	return b.Bytes()
}

func plainBytes(rows []json.RawMessage) [][]byte {
	out := make([][]byte, len(rows))
	for i, r := range rows {
		out[i] = r
	}
	return out
}

// editMaterials lets edit change every MaterialActual of a message and writes
// the message again. Numbers and unknown members stay what they were.
func editMaterials(body []byte, edit func(actual map[string]any)) ([]byte, error) {
	return editActuals(body, func(actuals []any) {
		for _, a := range actuals {
			if m, ok := a.(map[string]any); ok {
				edit(m)
			}
		}
	})
}

// editActuals is editMaterials for what concerns all actuals of a row.
func editActuals(body []byte, edit func(actuals []any)) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("edit message: %w", err)
	}
	walk(tree, func(name string, v any) {
		if list, ok := v.([]any); ok && name == "MaterialActual" {
			edit(list)
		}
	})
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(tree); err != nil {
		return nil, fmt.Errorf("edit message: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// walk shows every member of a tree.
func walk(v any, see func(name string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			see(name, inner)
			walk(inner, see)
		}
	case []any:
		for _, inner := range v {
			walk(inner, see)
		}
	}
}
