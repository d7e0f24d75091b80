package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// This file translates between the records of files/v1 and the messages of
// neutral/v1. Identifiers, quantities and instants pass through as they were
// written; none is read as a number and written anew.

// announced is what a file states: messages for the MES.
type announcedFact struct {
	name, event string
	body        []byte
}

// announce takes the records of a file apart: each that begins a fact, with
// those that belong to it.
func announce(name string, records []line) (all []announcedFact, err error) {
	for len(records) > 0 {
		n := 1
		for n < len(records) && slices.Contains(belongs[records[n][0]], records[0][0]) {
			n++
		}
		first, err := uncounted(records[0], n-1)
		if err != nil {
			return nil, err
		}
		a, err := announceOne(name, first, records[1:n])
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", records[0][0], err)
		}
		all, records = append(all, a), records[n:]
	}
	return all, nil
}

// errNotWhole says that a document has not all of its lines, or not yet.
var errNotWhole = errors.New("the document is not whole")

// uncounted takes off a document how many lines it has. One that has another
// number of them is errNotWhole.
func uncounted(l line, has int) (line, error) {
	if !slices.Contains(documents, l[0]) {
		return l, nil
	}
	count := l.cell(cellsOf[l[0]])
	if n, err := strconv.Atoi(count); err != nil || n != has {
		return nil, fmt.Errorf("read %s: %w: it has %d lines, and says that it has %q", l[0], errNotWhole, has, clip(count))
	}
	return l[:cellsOf[l[0]]], nil
}

// documents are records that say how many lines they have, behind their cells.
var documents = []string{"BOM", "RTG", "WCT", "CAL"}

// belongs names the records that others belong to.
var belongs = map[string][]string{"OPR": {"ORD", "RTG"}, "CMP": {"ORD", "BOM"}, "UOM": {"ITM"}, "MCH": {"WCT"}, "SHF": {"CAL"}}

// cellsOf is how many cells a record has, its type included.
var cellsOf = map[string]int{"ORD": 12, "OPR": 7, "CMP": 5, "CHG": 9, "CAN": 5, "DEC": 7, "ITM": 12, "UOM": 4, "BOM": 7, "RTG": 5, "WCT": 8, "MCH": 2, "CAL": 6, "SHF": 5}

// announceOne writes a record, with those that belong to it, as a message that was
// made when what it states happened.
func announceOne(name string, l line, below []line) (announcedFact, error) {
	return announceMade(name, l, below, l.cell(2))
}

// announceMade is [announceOne] of a message that was made at another time.
func announceMade(name string, l line, below []line, made string) (announcedFact, error) {
	for _, r := range append([]line{l}, below...) {
		if n := cellsOf[r[0]]; n == 0 || len(r) < n { // what stands behind them is a later version's
			return announcedFact{}, fmt.Errorf("a record %s of %d cells", clip(r[0]), len(r))
		}
	}
	event := l[1]
	var verb, noun, task string
	var row object
	switch l[0] {
	case "ORD":
		verb, noun, task, row = "Process", "OperationsSchedule", kindReleased, released(l, below)
	case "CHG":
		verb, noun, task = "Change", "OperationsSchedule", "order-changed"
		row = request(l, l[4], object{"EndTime": l[7], "Priority": priority(l[8])}, object{"MaterialRequirement": []object{
			{"ID": "product", "MaterialUse": "Produced", "Quantity": quantity(l[5], l[6])}}})
	case "CAN":
		verb, noun, task, row = "Cancel", "OperationsSchedule", "order-cancelled", request(l, l[4], object{"RequestState": "Cancelled"}, nil)
	case "DEC":
		verb, noun, task, row = "Change", "MaterialLot", kindDecided, decided(l)
	case "ITM":
		verb, noun, task, row = "Sync", "MaterialDefinition", kindItem, itemRow(l, below)
	case "BOM":
		verb, noun, task, row = "Sync", "OperationsMaterialBill", kindBill, billRow(l, below)
	case "RTG":
		verb, noun, task, row = "Sync", "OperationsDefinition", kindRouting, routingRow(l, below)
	case "WCT":
		verb, noun, task, row = "Sync", "Equipment", kindCenter, centerRow(l, below)
	case "CAL":
		verb, noun, task = "Sync", "WorkCalendarDefinition", kindCalendar
		var err error
		if row, err = calendarRow(l, below); err != nil {
			return announcedFact{}, err
		}
	default:
		return announcedFact{}, fmt.Errorf("a record %s where none can be", clip(l[0]))
	}
	body, err := json.Marshal(object{verb + noun: object{
		"@releaseID":      "V0701",
		"ApplicationArea": object{"Sender": object{"LogicalID": "lid://andon.erp", "TaskID": task, "ReferenceID": event}, "CreationDateTime": made, "BODID": event},
		"DataArea":        object{verb: object{}, noun: []object{row}},
	}})
	return announcedFact{name, event, body}, err
}

type object = map[string]any

// said leaves out what is empty.
func said(o object) object {
	for k, v := range o {
		if v == nil || v == "" {
			delete(o, k)
		}
	}
	return o
}

func priority(s string) any {
	n, err := strconv.Atoi(s)
	if err != nil {
		return nil
	}
	return n
}

func list(s string) any {
	if s == "" {
		return nil
	}
	return []string{s}
}

func quantity(amount, unit string) []object {
	return []object{{"QuantityString": amount, "DataType": "decimal", "UnitOfMeasure": unit}}
}

// property is a named value; nothing if it was not said.
func property(id, value, kind string) []object {
	if value == "" {
		return nil
	}
	v := object{"ValueString": value}
	if kind != "" {
		v["DataType"] = kind
	}
	return []object{{"ID": id, "Value": []object{v}}}
}

// request is an operations schedule of one order, cells 1 to 3 of which every
// record has.
func request(l line, version string, more, whole object) object {
	event, order := l[1], l[3]
	segment := object{"ID": event, "OperationsDefinitionID": order, "OperationsSegmentID": order, "ProcessSegmentID": order}
	for k, v := range whole {
		segment[k] = v
	}
	r := said(more)
	r["ID"], r["Version"], r["SegmentRequirement"] = order, version, []object{said(segment)}
	return object{"ID": event, "PublishedDate": l[2], "OperationsRequest": []object{r}}
}

func released(l line, below []line) object {
	order := l[3]
	whole := object{"MaterialRequirement": []object{said(object{"ID": "product", "MaterialDefinitionID": list(l[4]), "MaterialLotID": list(l[11]), "MaterialUse": "Produced", "Quantity": quantity(l[6], l[7])})}}
	if l[5] != "" {
		whole["SegmentParameter"] = property("Revision", l[5], "")
	}
	var operations []object
	for _, op := range below {
		if op[0] != "OPR" {
			continue
		}
		o := object{"ID": order + "/" + op[1], "OperationsDefinitionID": order, "OperationsSegmentID": op[1], "ProcessSegmentID": op[1], "Description": list(op[2]),
			"EquipmentRequirement": []object{{"ID": "1", "EquipmentID": []string{op[3]}}}}
		parameters := append(property("Setup", duration(op[4]), "duration"), property("Cycle", duration(op[5]), "duration")...)
		if parameters = append(parameters, property("Inspect", truth(op[6]), "boolean")...); len(parameters) > 0 {
			o["SegmentParameter"] = parameters
		}
		var needs []object
		place := 0
		for _, c := range below {
			if c[0] != "CMP" {
				continue
			}
			if place++; c[1] == op[1] {
				needs = append(needs, object{"ID": strconv.Itoa(place), "MaterialDefinitionID": []string{c[2]}, "MaterialUse": "Consumed", "Quantity": quantity(c[3], c[4])})
			}
		}
		if len(needs) > 0 {
			o["MaterialRequirement"] = needs
		}
		operations = append(operations, said(o))
	}
	if len(operations) > 0 {
		whole["SegmentRequirementChild"] = operations
	}
	return request(l, "1", object{"StartTime": l[8], "EndTime": l[9], "Priority": priority(l[10]), "RequestState": "Released"}, whole)
}

// duration writes seconds as ISO 8601 does.
func duration(seconds string) string {
	if seconds == "" {
		return ""
	}
	return "PT" + seconds + "S"
}

func truth(flag string) string {
	if flag == "X" {
		return "true"
	}
	return ""
}

func decided(l line) object {
	disposition := "Restricted"
	if l[6] == "release" || l[6] == "use-as-is" {
		disposition = "UnRestricted"
	}
	ps := append(property("Reference", l[1], ""), property("Case", l[5], "")...)
	return said(object{"ID": l[3], "MaterialDefinitionID": l[4], "PublishedDate": l[2], "Disposition": disposition, "MaterialLotProperty": append(ps, property("Decision", l[6], "")...)})
}

func itemRow(l line, below []line) object {
	ps := append(property("Reference", l[1], ""), property("Revision", l[6], "")...)
	ps = append(ps, property("Unit", l[7], "")...)
	ps = append(ps, property("Decimals", l[8], "nonNegativeInteger")...)
	for i, name := range []string{"Lots", "Serials", "Retired"} {
		ps = append(ps, property(name, truth(l[9+i]), "boolean")...)
	}
	var units []object
	for _, u := range below {
		units = append(units, object{"ValueString": u[2] + "/" + u[3], "DataType": "", "UnitOfMeasure": u[1]})
	}
	if len(units) > 0 {
		ps = append(ps, object{"ID": "AlternativeUnits", "Value": units})
	}
	return said(object{"ID": l[3], "Version": l[4], "Description": list(l[5]), "PublishedDate": l[2], "MaterialDefinitionProperty": ps})
}

// billRow is a bill of material: what so many pieces of a material need.
func billRow(l line, below []line) object {
	var needs []object
	for i, c := range below {
		needs = append(needs, object{"ID": c[1] + "/" + strconv.Itoa(i+1), "MaterialSpecificationID": []string{c[2]}, "Quantity": quantity(c[3], c[4])})
	}
	bill := object{"ID": l[3], "Quantity": quantity(l[5], l[6])}
	if len(needs) > 0 {
		bill["AssemblyBillOfMaterialItem"] = needs
	}
	return object{"ID": l[3], "Version": l[4], "PublishedDate": l[2], "OperationsMaterialBillItem": []object{bill}}
}

// routingRow is a routing: the standard operations of a material.
func routingRow(l line, below []line) object {
	var operations []object
	for _, op := range below {
		parameters := append(property("Setup", duration(op[4]), "duration"), property("Cycle", duration(op[5]), "duration")...)
		parameters = append(parameters, property("Inspect", truth(op[6]), "boolean")...)
		o := object{"ID": op[1], "Description": list(op[2]), "EquipmentSpecification": []object{{"ID": "1", "EquipmentID": []string{op[3]}}}}
		if len(parameters) > 0 {
			o["ParameterSpecification"] = parameters
		}
		operations = append(operations, said(o))
	}
	return object{"ID": l[3], "Version": l[4], "PublishedDate": l[2], "OperationsType": "Production", "DefinitionType": "Pattern", "OperationsSegment": operations, "OperationsMaterialBillID": []string{l[3]}}
}

// reported is a row of a message of the MES.
type reported struct {
	ID                  string
	OperationsRequestID []string
	OperationsSegmentID []string
	PostingDate         string
	ActualStartTime     string
	ActualEndTime       string
	SegmentState        string
	SegmentData         properties
	PersonnelActual     []struct {
		PersonID []string
		Quantity []measure
	}
	EquipmentActual []struct{ EquipmentID []string }
	MaterialActual  []struct {
		ID                   string
		MaterialDefinitionID []string
		MaterialLotID        []string
		MaterialSubLotID     []string
		MaterialUse          use
		Quantity             []measure
		TestResult           []struct {
			Description         []string
			PropertyMeasurement []struct {
				ID    string
				Value struct{ ValueString string }
			}
		}
	}
}

// use says what became of material: a word, or Other with a word of one's own.
type use string

// uses are the words that are known. A record has none of them: its type says
// what it is about, so that a word that nobody knows would be gone.
var uses = []use{"", "Yield Produced", "Produced", "Consumed", "Returned Sample", "Scrap", "Rework"}

// UnmarshalJSON implements [json.Unmarshaler].
func (u *use) UnmarshalJSON(b []byte) error {
	var own struct {
		Other use `json:"@OtherValue"`
	}
	text := (*string)(u)
	if err := json.Unmarshal(b, text); err != nil {
		if err := json.Unmarshal(b, &own); err != nil {
			return err
		}
		*u = own.Other
	}
	if !slices.Contains(uses, *u) {
		return fmt.Errorf("MaterialUse: nobody knows the word %q", clip(string(*u)))
	}
	return nil
}

type measure struct{ QuantityString, UnitOfMeasure string }

// posting writes a unit as a file under a header that says when, and names it by
// the unit's key: the same in every attempt.
func (f FileForm) posting(u unit) ([]byte, error) {
	var records []line
	total, created := new(big.Rat), ""
	for _, it := range u {
		ls, at, err := recordsOf(it, total)
		if err != nil {
			return nil, err
		}
		if created == "" {
			created = at
		}
		records = append(records, ls...)
	}
	return f.write(u[0].name, u.key(), created, records, total)
}

// unmangled refuses a body that is not UTF-8: a decoder would put other characters
// in the place of what is not, and nobody would hear of it.
func (it *item) unmangled() error {
	if !utf8.Valid(it.body) {
		return fmt.Errorf("read %s: the body is not UTF-8", it.Event)
	}
	return nil
}

// recordsOf writes what one item states, and adds up its quantity.
func recordsOf(it *item, total *big.Rat) (records []line, at string, err error) {
	if err := it.unmangled(); err != nil {
		return nil, "", err
	}
	var m map[string]transaction
	if err := json.Unmarshal(it.body, &m); err != nil {
		return nil, "", fmt.Errorf("write %s: %w", it.Event, err)
	}
	if it.name == "reversals" {
		return nil, "", fmt.Errorf("write %s: the ERP has no word for reversals", it.Event)
	}
	for _, t := range m {
		if it.Kind == kindHeld {
			return heldRecord(it, t)
		}
		rows, err := t.rows()
		if err != nil || len(rows) != 1 {
			return nil, "", errors.Join(fmt.Errorf("write %s: %d rows, not 1", it.Event, len(rows)), err)
		}
		var r reported
		if err := json.Unmarshal(rows[0], &r); err != nil {
			return nil, "", fmt.Errorf("write %s: %w", it.Event, err)
		}
		records, sum := r.records(it)
		if q, ok := new(big.Rat).SetString(sum); ok && strings.Trim(sum, "0123456789.") == "" {
			total.Add(total, q)
		}
		return records, r.PostingDate, nil
	}
	return nil, "", fmt.Errorf("write %s: the message is empty", it.Event)
}

func heldRecord(it *item, t transaction) ([]line, string, error) {
	if len(t.DataArea.MaterialLot) != 1 {
		return nil, "", fmt.Errorf("write %s: not one lot", it.Event)
	}
	p := t.DataArea.MaterialLot[0].MaterialLotProperty
	var published struct {
		DataArea struct {
			MaterialLot []struct{ PublishedDate string }
		}
	}
	var m map[string]json.RawMessage
	_ = json.Unmarshal(it.body, &m) // has been read before
	for _, raw := range m {
		_ = json.Unmarshal(raw, &published)
	}
	at := published.DataArea.MaterialLot[0].PublishedDate
	return []line{{"HLD", it.Event, at, it.Lot, it.Material, it.Order, it.Case, p.value("Reason")}}, at, nil
}

// records are the lines of a row, and the quantity that the trailer counts.
func (r reported) records(it *item) (records []line, sum string) {
	head := line{it.Event, r.PostingDate, first(r.OperationsRequestID), first(r.OperationsSegmentID)}
	begin := func(record string, cells ...string) line { return append(append(line{record}, head...), cells...) }
	counter, reason := r.SegmentData.value("Counter"), r.SegmentData.value("Reason")
	material, lot, q := "", "", measure{}
	if len(r.MaterialActual) > 0 {
		a := r.MaterialActual[0]
		material, lot = first(a.MaterialDefinitionID), first(a.MaterialLotID)
		if len(a.Quantity) > 0 {
			q = a.Quantity[0]
		}
	}
	switch it.name {
	case "operation-starts":
		return []line{begin("STA", r.center(), r.person())}, ""
	case "confirmations":
		return []line{begin("CNF", r.confirmed(counter, reason)...)}, r.portion("yield").QuantityString
	case "consumptions":
		return []line{begin("CON", counter, material, lot, q.QuantityString, q.UnitOfMeasure)}, q.QuantityString
	case "scrap":
		return []line{begin("SCR", counter, material, lot, q.QuantityString, q.UnitOfMeasure, reason)}, q.QuantityString
	case "rework":
		return []line{begin("REW", counter, q.QuantityString, q.UnitOfMeasure, reason)}, q.QuantityString
	case "receipts":
		records = []line{{"RCV", it.Event, r.PostingDate, first(r.OperationsRequestID), counter, material, lot, q.QuantityString, q.UnitOfMeasure}}
		for _, a := range r.MaterialActual {
			for _, s := range a.MaterialSubLotID {
				records = append(records, line{"SER", s})
			}
		}
		return records, q.QuantityString
	case "inspections":
		return []line{begin("INS", r.inspected(counter, material, lot)...)}, ""
	}
	return []line{begin("???")}, "" // the import job will say so
}

func (r reported) center() string {
	if len(r.EquipmentActual) == 0 {
		return ""
	}
	return first(r.EquipmentActual[0].EquipmentID)
}

func (r reported) person() string {
	if len(r.PersonnelActual) == 0 {
		return ""
	}
	return first(r.PersonnelActual[0].PersonID)
}

// labor is the time a person worked, in seconds.
func (r reported) labor() string {
	if len(r.PersonnelActual) == 0 || len(r.PersonnelActual[0].Quantity) == 0 {
		return ""
	}
	q := r.PersonnelActual[0].Quantity[0]
	scale, known := map[string]int64{"SEC": 1, "MIN": 60, "HUR": 3600}[q.UnitOfMeasure]
	amount, ok := new(big.Rat).SetString(q.QuantityString)
	if !ok || !known {
		return q.QuantityString + " " + q.UnitOfMeasure // the import job will say so
	}
	s := amount.Mul(amount, big.NewRat(scale, 1)).FloatString(9)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func (r reported) portion(id string) measure {
	for _, a := range r.MaterialActual {
		if a.ID == id && len(a.Quantity) > 0 {
			return a.Quantity[0]
		}
	}
	return measure{}
}

func (r reported) confirmed(counter, reason string) []string {
	yield, final := r.portion("yield"), ""
	if r.SegmentState == "Completed" {
		final = "X"
	}
	return []string{counter, r.center(), r.person(), yield.QuantityString, yield.UnitOfMeasure, r.portion("scrap").QuantityString, r.portion("rework").QuantityString,
		reason, final, r.ActualStartTime, r.ActualEndTime, r.labor()}
}

func (r reported) inspected(counter, material, lot string) []string {
	serial, passed, failed, text := "", "0", "0", ""
	if len(r.MaterialActual) > 0 {
		a := r.MaterialActual[0]
		serial = first(a.MaterialSubLotID)
		for _, t := range a.TestResult {
			text = first(t.Description)
			for _, p := range t.PropertyMeasurement {
				switch p.ID {
				case "Passed":
					passed = p.Value.ValueString
				case "Failed":
					failed = p.Value.ValueString
				}
			}
		}
	}
	return []string{counter, material, lot, serial, passed, failed, text}
}
