package saps4

import (
	"fmt"
	"mime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// This file takes confirmations by a function: XML over HTTP, as a manufacturing
// execution system of the vendor's posts them, beside the OData service.

// RFC is where functions are called. A token of a session is OData's: it is not
// asked for here.
const RFC = "sap/bc/soap/rfc"

const (
	// confirmFunction takes one time ticket, with goods movements.
	confirmFunction = "CO_MES_PRODORDCONF_CREATE_TT"

	functionSpace = "urn:sap-com:document:sap:rfc:functions"
	envelopeSpace = "http://schemas.xmlsoap.org/soap/envelope/"
)

// codeXML refuses what cannot be read as a call of a function.
const codeXML = "xml-unreadable"

// NeedsNoSession implements [simulators.Sessionless].
func (Dialect) NeedsNoSession(m simulators.Message) bool { return m.Name == RFC }

// A ticket is what a call of the function says.
type ticket struct {
	enveloped bool // in SOAP, and so is the answer
	id        string
	order     string
	entity    entity              // as a confirmation of the OData service, goods movements behind its navigation
	moved     []map[string]string // rows of IT_GOODSMOVEMENTS, by field, as they came
	tables    map[string]*xmltree.Node
}

// called reads a call of the function.
func (d Dialect) called(m simulators.Message) (simulators.Ask, error) {
	if method := methodOf(m); method != "POST" {
		return simulators.Ask{}, refuse(codeMethod, "%s is not for functions, which are called by POST", clip(method))
	}
	if said := m.Header["Content-Type"]; said != "" {
		media, params, err := mime.ParseMediaType(said)
		if charset := params["charset"]; err != nil || media != "text/xml" && media != "application/xml" || charset != "" && !strings.EqualFold(charset, "utf-8") {
			return simulators.Ask{}, refuse(codeMedia, "%q is not spoken here, only text/xml and application/xml in UTF-8", clip(said))
		}
	}
	t, err := d.readTicket(m.Body)
	if err != nil {
		return simulators.Ask{}, err
	}
	return d.insertConfirmation(t.entity)
}

// opened finds the element of the function in a body, bare or in an envelope.
func opened(body []byte) (function *xmltree.Node, enveloped bool, err error) {
	root, err := xmltree.Parse(body)
	if err != nil {
		return nil, looksEnveloped(body), refuse(codeXML, "%v", err)
	}
	function = root
	if enveloped = root.Name == "Envelope"; enveloped {
		if root.Space != envelopeSpace {
			return nil, true, refuse(codeXML, "line %d: the envelope is of %q, and SOAP 1.1 (%s) is spoken here", root.Line, xmltree.Clip(root.Space), envelopeSpace)
		}
		b := root.Child("Body")
		if b == nil || b.Space != envelopeSpace || len(b.Children) != 1 {
			return nil, true, refuse(codeXML, "line %d: the envelope has no Body with one element", root.Line)
		}
		function = b.Children[0]
	}
	if function.Name != confirmFunction || function.Space != functionSpace {
		return nil, enveloped, refuse(codeXML, "line %d: %s of namespace %q is no function here; there is %s of %q",
			function.Line, xmltree.Clip(function.Name), xmltree.Clip(function.Space), confirmFunction, functionSpace)
	}
	return function, enveloped, nil
}

// looksEnveloped tells of what is not XML whether its sender would understand a
// fault.
func looksEnveloped(body []byte) bool { return strings.Contains(string(body), envelopeSpace) }

// readTicket reads a call, strictly: what no table names is refused, with its
// line.
func (d Dialect) readTicket(body []byte) (t ticket, err error) {
	function, enveloped, err := opened(body)
	t.enveloped = enveloped
	if err != nil {
		return t, err
	}
	t.tables = map[string]*xmltree.Node{}
	r := ticketReader{d: d, ticket: &t}
	for _, c := range function.Children {
		if err := r.parameter(c); err != nil {
			return t, err
		}
	}
	if t.tables["IS_TIMETICKETS"] == nil {
		return t, refuse(codeMalformed, "IS_TIMETICKETS: is missing in line %d", function.Line)
	}
	if err := r.said(); err != nil {
		return t, err
	}
	return t, r.movements()
}

// ticketReader reads the parameters of a call.
type ticketReader struct {
	d      Dialect
	ticket *ticket
	again  bool // IV_2ND_TIME_CONFIRMATION
}

func (r *ticketReader) parameter(n *xmltree.Node) error {
	if foreign(n) || !slices.Contains(parameters, n.Name) {
		return refuse(codeMalformed, "%s: in line %d there is no such parameter of %s", xmltree.Clip(n.Name), n.Line, confirmFunction)
	}
	if r.ticket.tables[n.Name] != nil {
		return refuse(codeMalformed, "%s: comes a second time in line %d", n.Name, n.Line)
	}
	r.ticket.tables[n.Name] = n
	if !strings.HasPrefix(n.Name, "IV_") {
		return nil
	}
	x, err := flagged(n, n.Name)
	if err != nil {
		return err
	}
	switch n.Name {
	case "IV_2ND_TIME_CONFIRMATION":
		r.again = x
	case "IV_CALL_ON_INBOUND_QUEUE", "IV_TEUN":
		if x {
			return refuse(codeMalformed, "%s: is set in line %d, and is not played here", n.Name, n.Line)
		}
	}
	return nil
}

// foreign reports whether an element is of a namespace that is not the function's.
func foreign(n *xmltree.Node) bool { return n.Space != "" && n.Space != functionSpace }

// flagged reads X or a blank.
func flagged(n *xmltree.Node, at string) (bool, error) {
	switch text := strings.TrimSpace(n.Text); {
	case len(n.Children) > 0 || text != "" && text != "X":
		return false, refuse(codeMalformed, "%s: in line %d %q is neither X nor empty", at, n.Line, clip(text))
	default:
		return text == "X", nil
	}
}

// said reads the time ticket.
func (r *ticketReader) said() error {
	t, in := r.ticket, r.ticket.tables["IS_TIMETICKETS"]
	row, err := fieldsOf(in, "IS_TIMETICKETS", ticketNames)
	if err != nil {
		return err
	}
	if t.entity, err = entityOf(in, "IS_TIMETICKETS", row, ticketFields, confType); err != nil {
		return err
	}
	e := t.entity
	if t.id, t.order = row["CONF_ID"], row["ORDERID"]; utf8.RuneCountInString(t.id) > 40 {
		return refuse(codeMalformed, "IS_TIMETICKETS/CONF_ID: is longer than 40 characters")
	}
	if t.order == "" || row["OPERATION"] == "" {
		return refuse(codeMalformed, "IS_TIMETICKETS: ORDERID and OPERATION must be said (line %d)", in.Line)
	}
	e["OrderID"] = string(r.d.Settings.order(t.order))
	e.set("ConfirmationUnit", first(row["CONF_QUAN_UNIT"], row["CONF_QUAN_UNIT_ISO"]))
	if final := e.text("FinalConfirmationType"); !slices.Contains([]string{"", "1", "X"}, final) {
		return refuse(codeMalformed, "IS_TIMETICKETS/FIN_CONF: %q is none of X, 1 and empty", final)
	}
	if unit := e.text("OpWorkQuantityUnit1"); e.amount("OpConfirmedWorkQuantity1") != 0 && workUnits[unit] == 0 {
		return refuse(codeMalformed, "IS_TIMETICKETS/CONF_ACTI_UNIT1: %q is none of SEC, MIN and HUR", clip(unit))
	}
	for _, side := range [...][2]string{{"Start", "PROC_START"}, {"End", "PROC_FIN"}} { // where execution is not said, processing is
		if e.time("ConfirmedExecution" + side[0] + "Date").IsZero() {
			e.moveSplit(side[1], "ConfirmedExecution"+side[0])
		}
	}
	if r.again { // the same pieces come through once more
		if _, scraps := e["ConfirmationScrapQuantity"]; scraps {
			return refuse(codeMalformed, "IS_TIMETICKETS/SCRAP: does not go with IV_2ND_TIME_CONFIRMATION here")
		}
		e["ConfirmationReworkQuantity"] = e.amount("ConfirmationYieldQuantity")
		delete(e, "ConfirmationYieldQuantity")
	}
	if e.text("ExternalSystemConfirmation") == "" {
		e.set("ExternalSystemConfirmation", t.id)
	}
	return nil
}

// moveSplit takes a date and a time of day over from under another name.
func (e entity) moveSplit(from, to string) {
	if d, ok := e[from+"Date"]; ok {
		e[to+"Date"] = d
		if clock, ok := e[from+"Time"]; ok {
			e[to+"Time"] = clock
		}
	}
}

// movements reads the goods movements of the ticket, with their serial numbers.
func (r *ticketReader) movements() error {
	serials, err := r.serials()
	if err != nil {
		return err
	}
	t := r.ticket
	var items []entity
	err = r.rows("IT_GOODSMOVEMENTS", movementNames, func(i int, n *xmltree.Node, at string, row map[string]string) error {
		if len(row) == 0 { // a row of a form that nobody has filled in
			return nil
		}
		item, err := entityOf(n, at, row, movementFields, itemType)
		if err != nil {
			return err
		}
		if id := row["CONF_ID"]; id != "" && id != t.id {
			return refuse(codeMalformed, "%s/CONF_ID: in line %d %q is not the CONF_ID of the ticket", at, n.Line, clip(id))
		}
		item.set("Material", first(row["MATERIAL_LONG"], row["MATERIAL"])).set("EntryUnit", first(row["ENTRY_UOM"], row["ENTRY_UOM_ISO"]))
		item["ManufacturingOrder"] = string(r.d.Settings.order(first(row["ORDERID"], t.order)))
		if item.text("Material") == "" || item.text("EntryUnit") == "" || item["QuantityInEntryUnit"] == nil {
			return refuse(codeMalformed, "%s: MATERIAL, ENTRY_QNT and ENTRY_UOM must be said (line %d)", at, n.Line)
		}
		if move := item.text("GoodsMovementType"); reversing[move] == "" {
			return refuse(codeMalformed, "%s/MOVE_TYPE: in line %d %q is none of 101, 261 and 551", at, n.Line, clip(move))
		}
		if s := serials[i]; len(s) > 0 {
			item["to_SerialNumbers"] = s
		}
		items, t.moved = append(items, item), append(t.moved, row)
		return nil
	})
	if err == nil && len(items) > 0 {
		t.entity["to_ProdnOrdConfMatlDocItm"] = items
	}
	return err
}

// rows hands on each row of a table, with its number from 1 and its place in words.
func (r *ticketReader) rows(table string, names map[string]string, each func(i int, n *xmltree.Node, at string, row map[string]string) error) error {
	if r.ticket.tables[table] == nil {
		return nil
	}
	for i, n := range r.ticket.tables[table].Children {
		at := fmt.Sprintf("%s(%d)", table, i+1)
		if foreign(n) || n.Name != "item" {
			return refuse(codeMalformed, "%s: in line %d stands %s where rows are called item", at, n.Line, xmltree.Clip(n.Name))
		}
		row, err := fieldsOf(n, at, names)
		if err != nil {
			return err
		}
		if err := each(i+1, n, at, row); err != nil {
			return err
		}
	}
	return nil
}

// serials are the serial numbers of each row of goods movements. Tables that say
// nothing here are held against their form all the same.
func (r *ticketReader) serials() (map[int][]entity, error) {
	all := map[int][]entity{}
	for _, table := range []string{"IT_GOODSMVT_SERIALNUMBER", "IT_CHARACTERISTICS_BATCH", "IT_LINK_GM_CHAR_BATCH", "ET_DETAIL_RETURN"} {
		err := r.rows(table, rowNames[table], func(_ int, n *xmltree.Node, at string, row map[string]string) error {
			if table != "IT_GOODSMVT_SERIALNUMBER" || row["SERIALNO"] == "" {
				return nil
			}
			line, rest, ok := number(strings.TrimLeft(row["MATDOC_ITM"], "0"), 6)
			if !ok || rest != "" {
				return refuse(codeMalformed, "%s/MATDOC_ITM: in line %d %q is no number of a row", at, n.Line, clip(row["MATDOC_ITM"]))
			}
			all[int(line)] = append(all[int(line)], entity{"SerialNumber": row["SERIALNO"]})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fieldsOf reads a structure: its fields by name, without those that say nothing
// but what stands in a field that nobody has filled in.
func fieldsOf(n *xmltree.Node, at string, names map[string]string) (map[string]string, error) {
	row := map[string]string{}
	seen := map[string]bool{}
	for _, c := range n.Children {
		initial, known := names[c.Name]
		switch {
		case foreign(c) || !known:
			return nil, refuse(codeMalformed, "%s/%s: in line %d there is no such field", at, xmltree.Clip(c.Name), c.Line)
		case seen[c.Name]:
			return nil, refuse(codeMalformed, "%s/%s: comes a second time in line %d", at, c.Name, c.Line)
		case len(c.Children) > 0:
			return nil, refuse(codeMalformed, "%s/%s: in line %d there are elements in a field", at, c.Name, c.Line)
		}
		seen[c.Name] = true
		if text := strings.TrimSpace(c.Text); text != "" && text != initial {
			row[c.Name] = c.Text
		}
	}
	return row, nil
}

// entityOf reads the fields of a row that say something here, as properties of t.
func entityOf(n *xmltree.Node, at string, row map[string]string, fields []field, t *entityType) (entity, error) {
	e := entity{}
	for _, f := range fields {
		text := row[f.name]
		if text == "" {
			continue
		}
		v, err := f.value(text)
		if err != nil {
			line := n.Line
			if c := n.Child(f.name); c != nil {
				line = c.Line
			}
			return nil, refuse(codeMalformed, "%s/%s: in line %d %v", at, f.name, line, err)
		}
		if p := t.prop(f.property); p != nil && p.edm == "String" && utf8.RuneCountInString(text) > p.max {
			return nil, refuse(codeMalformed, "%s/%s: is longer than %d characters", at, f.name, p.max)
		}
		if v != nil {
			e[f.property] = v
		}
	}
	return e, nil
}

// value reads what stands in a field.
func (f field) value(text string) (any, error) {
	if f.kind != aText {
		text = strings.TrimSpace(text)
	}
	switch f.kind {
	case aNumber:
		d, err := plant.ParseDecimal(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no number such as 12.500", clip(text))
		}
		return d, nil
	case aDay:
		return readDay(text)
	case aClock:
		return readClock(text)
	case aGUID:
		return readGUID(text)
	case aCount:
		n, rest, ok := number(text, 9)
		if !ok || rest != "" {
			return nil, fmt.Errorf("%q is no whole number", clip(text))
		}
		return int(n), nil
	case anInstant:
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, fmt.Errorf("%q is no instant such as 2026-03-02T07:30:00+01:00", clip(text))
		}
		return at, nil
	}
	return text, nil
}

// readDay reads 2026-03-02 or 20260302; nil of the zeros that stand in a date
// that is not said.
func readDay(text string) (any, error) {
	if strings.Trim(text, "0-") == "" {
		return nil, nil
	}
	for _, form := range []string{"2006-01-02", "20060102"} {
		if at, err := time.Parse(form, text); err == nil {
			return at, nil
		}
	}
	return nil, fmt.Errorf("%q is no date such as 2026-03-02 or 20260302", clip(text))
}

// readClock reads 07:30:00 or 073000. 24:00:00 is the end of a day.
func readClock(text string) (any, error) {
	if text == "24:00:00" || text == "240000" {
		return 24 * time.Hour, nil
	}
	for _, form := range []string{"15:04:05", "150405"} {
		if at, err := time.Parse(form, text); err == nil {
			return at.Sub(at.Truncate(24 * time.Hour)), nil
		}
	}
	return nil, fmt.Errorf("%q is no time of day such as 07:30:00 or 073000", clip(text))
}

// readGUID reads a GUID, with or without its dashes.
func readGUID(text string) (any, error) {
	if len(text) == 32 {
		text = text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
	}
	return value("Guid", text)
}
