package bridge

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// This file translates between BODs of Infor ION and flat records (flatrows.go),
// which are another form of the same facts.

// Names of the documents.
const (
	ionSpace   = "http://schema.infor.com/InforOAGIS/2"
	ionRelease = "9.2"
)

// ionNoun is where the cells of a record stand in a noun, in their order.
type ionNoun struct {
	record, verb, noun, action string
	says                       [2]string // an element and the word in it; empty if there is none
	places                     []string  // Element/Path or Element/Path@attribute
	below                      []ionNoun // record, noun (its element) and places
}

var ionNouns = []ionNoun{
	{record: "ORD", verb: "Sync", noun: "ProductionOrder", action: "Add", places: under("ProductionOrderHeader", "AlternateDocumentID/ID DocumentDateTime DocumentID/ID ItemID/ID ItemID/RevisionID OrderQuantity OrderQuantity@unitCode PlannedStartDateTime DueDateTime Priority LotIDs/ID"),
		below: []ionNoun{
			{record: "OPR", noun: "ProductionOrderOperation", places: strings.Fields("ID Description WorkCenterReference/DocumentID/ID SetupDuration RunDuration InspectionRequiredIndicator")},
			{record: "CMP", noun: "ProductionOrderMaterial", places: strings.Fields("OperationReference/ID ItemID/ID RequiredQuantity RequiredQuantity@unitCode")},
		}},
	{record: "CHG", verb: "Sync", noun: "ProductionOrder", action: "Replace", places: under("ProductionOrderHeader", "AlternateDocumentID/ID DocumentDateTime DocumentID/ID DocumentID/ID@variationID OrderQuantity OrderQuantity@unitCode DueDateTime Priority")},
	{record: "CAN", verb: "Sync", noun: "ProductionOrder", action: "Delete", places: under("ProductionOrderHeader", "AlternateDocumentID/ID DocumentDateTime DocumentID/ID DocumentID/ID@variationID")},
	{record: "DEC", verb: "Sync", noun: "InventoryHold", action: "Replace", places: under("InventoryHoldHeader", "AlternateDocumentID/ID DocumentDateTime LotIDs/ID ItemID/ID DocumentID/ID DispositionCode")},
	{record: "ITM", verb: "Sync", noun: "ItemMaster", action: "Replace", places: under("ItemMasterHeader", "AlternateDocumentID/ID LastModificationDateTime ItemID/ID ItemID/ID@variationID Description ItemID/RevisionID BaseUOMCode QuantityDecimals LotControlIndicator SerialControlIndicator ObsoleteIndicator"),
		below: []ionNoun{{record: "UOM", noun: "UOMConversion", places: strings.Fields("UOMCode ConversionNumerator ConversionDenominator")}}},

	{record: "BOM", verb: "Sync", noun: "BillOfMaterials", action: "Replace", places: under("BillOfMaterialsHeader", "AlternateDocumentID/ID LastModificationDateTime ItemID/ID ItemID/ID@variationID BaseQuantity BaseQuantity@unitCode"),
		below: []ionNoun{{record: "CMP", noun: "BillOfMaterialsComponent", places: strings.Fields("OperationReference/ID ItemID/ID RequiredQuantity RequiredQuantity@unitCode")}}},
	{record: "RTG", verb: "Sync", noun: "Routing", action: "Replace", places: under("RoutingHeader", "AlternateDocumentID/ID LastModificationDateTime ItemID/ID ItemID/ID@variationID"),
		below: []ionNoun{{record: "OPR", noun: "RoutingOperation", places: strings.Fields("ID Description WorkCenterReference/DocumentID/ID SetupDuration RunDuration InspectionRequiredIndicator")}}},

	{record: "WCT", verb: "Sync", noun: "WorkCenter", action: "Replace", places: under("WorkCenterHeader", "AlternateDocumentID/ID LastModificationDateTime DocumentID/ID DocumentID/ID@variationID Description ManualIndicator EfficiencyPercent"),
		below: []ionNoun{{record: "MCH", noun: "WorkCenterMachine", places: []string{"ID"}}}},
	{record: "CAL", verb: "Sync", noun: "ShopCalendar", action: "Replace", places: under("ShopCalendarHeader", "AlternateDocumentID/ID LastModificationDateTime DocumentID/ID DocumentID/ID@variationID TimeZoneCode"),
		below: []ionNoun{{record: "SHF", noun: "ShopCalendarShift", places: strings.Fields("ID StartTime EndTime WorkDays")}}},

	{record: "STA", verb: "Process", noun: "ShopOrderOperation", action: "Change", says: [2]string{"Status/Code", "Started"}, places: strings.Fields("AlternateDocumentID/ID DocumentDateTime ProductionOrderReference/DocumentID/ID ID WorkCenterReference/DocumentID/ID PersonnelReference/ID")},
	{record: "CNF", verb: "Process", noun: "ShopOrderOperation", action: "Change", says: [2]string{"Status/Code", "Reported"}, places: strings.Fields("AlternateDocumentID/ID DocumentDateTime ProductionOrderReference/DocumentID/ID ID ReportNumber WorkCenterReference/DocumentID/ID PersonnelReference/ID " +
		"CompletedQuantity CompletedQuantity@unitCode RejectedQuantity ReworkQuantity ReasonCode OperationCompletedIndicator ActualStartDateTime ActualEndDateTime LaborDuration")},
	{record: "REW", verb: "Process", noun: "ShopOrderOperation", action: "Change", says: [2]string{"Status/Code", "Rework"}, places: strings.Fields("AlternateDocumentID/ID DocumentDateTime ProductionOrderReference/DocumentID/ID ID ReportNumber ReworkQuantity ReworkQuantity@unitCode ReasonCode")},
	{record: "CON", verb: "Process", noun: "InventoryAdjustment", action: "Add", says: [2]string{"InventoryAdjustmentHeader/Type", "Issue"},
		places: append(under("InventoryAdjustmentHeader", "DocumentID/ID DocumentDateTime ProductionOrderReference/DocumentID/ID ProductionOrderReference/OperationID ReportNumber"), under("InventoryAdjustmentLine", "ItemID/ID LotIDs/ID Quantity Quantity@unitCode")...)},
	{record: "SCR", verb: "Process", noun: "InventoryAdjustment", action: "Add", says: [2]string{"InventoryAdjustmentHeader/Type", "Scrap"},
		places: append(append(under("InventoryAdjustmentHeader", "DocumentID/ID DocumentDateTime ProductionOrderReference/DocumentID/ID ProductionOrderReference/OperationID ReportNumber"), under("InventoryAdjustmentLine", "ItemID/ID LotIDs/ID Quantity Quantity@unitCode")...), "InventoryAdjustmentHeader/ReasonCode")},
	{record: "RCV", verb: "Process", noun: "ReceiveDelivery", action: "Add", says: [2]string{"ReceiveDeliveryHeader/Type", "Production"},
		places: append(under("ReceiveDeliveryHeader", "DocumentID/ID DocumentDateTime ProductionOrderReference/DocumentID/ID ReportNumber"), under("ReceiveDeliveryItem", "ItemID/ID LotIDs/ID ReceivedQuantity ReceivedQuantity@unitCode")...),
		below:  []ionNoun{{record: "SER", noun: "SerialNumber", places: []string{"ID"}}}},
	{record: "INS", verb: "Process", noun: "InspectDelivery", action: "Add",
		places: append(under("InspectDeliveryHeader", "DocumentID/ID DocumentDateTime ProductionOrderReference/DocumentID/ID ProductionOrderReference/OperationID ReportNumber"), under("InspectDeliveryItem", "ItemID/ID LotIDs/ID SerialNumber PassedCount FailedCount Note")...)},
	{record: "HLD", verb: "Process", noun: "InventoryHold", action: "Add", places: under("InventoryHoldHeader", "AlternateDocumentID/ID DocumentDateTime LotIDs/ID ItemID/ID ProductionOrderReference/DocumentID/ID DocumentID/ID ReasonCode")},
}

// csiNouns are those that CloudSuite Industrial takes instead: it has no document for
// the confirmation of an operation, what its run was comes in as a timesheet, and
// goods are put into stock by an adjustment of it. All are Syncs, which nobody
// acknowledges.
var csiNouns = []ionNoun{
	{record: "CNF", verb: "Sync", noun: "EmployeeTimesheet", action: "Add", says: [2]string{"Type", "Run"}, places: otherwise("CNF").places},
	{record: "CON", verb: "Sync", noun: "InventoryAdjustment", action: "Add", says: otherwise("CON").says, places: otherwise("CON").places},
	{record: "SCR", verb: "Sync", noun: "InventoryAdjustment", action: "Add", says: otherwise("SCR").says, places: otherwise("SCR").places},
	{record: "RCV", verb: "Sync", noun: "InventoryAdjustment", action: "Add", says: [2]string{"InventoryAdjustmentHeader/Type", "Receipt"},
		places: append(under("InventoryAdjustmentHeader", "DocumentID/ID DocumentDateTime ProductionOrderReference/DocumentID/ID ReportNumber"), under("InventoryAdjustmentLine", "ItemID/ID LotIDs/ID Quantity Quantity@unitCode")...),
		below:  []ionNoun{{record: "SER", noun: "SerialNumber", places: []string{"ID"}}}},
}

// otherwise is how a record is told to other products.
func otherwise(record string) ionNoun {
	return ionNouns[slices.IndexFunc(ionNouns, func(n ionNoun) bool { return n.record == record })]
}

// taken finds the noun by which a product takes a record; ok is false if it has
// none.
func taken(product, record string) (n ionNoun, ok bool) {
	all := ionNouns
	if product == productCSI {
		all = csiNouns
	}
	i := slices.IndexFunc(all, func(n ionNoun) bool { return n.record == record })
	if i < 0 {
		return n, false
	}
	return all[i], true
}

// under puts an element before each path.
func under(above, paths string) []string {
	all := strings.Fields(paths)
	for i := range all {
		all[i] = above + "/" + all[i]
	}
	return all
}

// ionNames are the messages that records belong to.
var ionNames = map[string]string{"ORD": "orders", "CHG": "orders", "CAN": "orders", "DEC": "decisions", "ITM": "items", "BOM": "boms", "RTG": "routings", "WCT": "work-centers", "CAL": "calendars"}

// opened checks the head of a BOD, and tells what is to be done with its nouns.
func opened(bod *element) (action string, err error) {
	switch {
	case bod.space != ionSpace:
		return "", fmt.Errorf("read BOD: the namespace %q is not %s", clip(bod.space), ionSpace)
	case bod.attr("releaseID") != ionRelease:
		return "", fmt.Errorf("read BOD: releaseID %q is not %s", clip(bod.attr("releaseID")), ionRelease)
	case bod.said("ApplicationArea", "CreationDateTime") == "" || !strings.Contains(bod.said("ApplicationArea", "CreationDateTime"), "T"):
		return "", fmt.Errorf("read BOD: it does not say when it was made")
	}
	data := bod.at("DataArea")
	if data == nil {
		return "", fmt.Errorf("read BOD: it has no data area")
	}
	for _, e := range data.all("ActionExpression") {
		action = e.attr("actionCode")
	}
	return action, nil
}

// ionAnnounced reads a BOD that the ERP announces into messages for the MES.
func ionAnnounced(bod *element) ([]announcedFact, error) {
	records, err := ionRecords(bod)
	if err != nil {
		return nil, err
	}
	return ionFacts(records)
}

// ionFacts are the messages that records are.
func ionFacts(records [][]line) (all []announcedFact, err error) {
	for _, of := range records {
		fact, err := announceOne(ionNames[of[0][0]], of[0], of[1:])
		if err != nil {
			return nil, err
		}
		all = append(all, fact)
	}
	return all, nil
}

// ionRecords are the nouns of a BOD as records, each with those that belong to it. In a
// Show they are as in the Sync of a change, and there may be none.
func ionRecords(bod *element) (all [][]line, err error) {
	action, err := opened(bod)
	if err != nil {
		return nil, err
	}
	name, shown := strings.CutPrefix(bod.name, ionShow)
	if shown {
		name, action = "Sync"+name, "Replace"
	} else {
		name = bod.name
	}
	for _, e := range bod.at("DataArea").in {
		i := slices.IndexFunc(ionNouns, func(n ionNoun) bool {
			return name == n.verb+n.noun && e.name == n.noun && n.action == action && ionNames[n.record] != ""
		})
		if i < 0 {
			if e.name == "Sync" || e.name == "Process" || shown && e.name == ionShow {
				continue
			}
			return nil, fmt.Errorf("read BOD: %s with actionCode %q is not for us", clip(bod.name), clip(action))
		}
		n := ionNouns[i]
		var below []line
		for _, b := range n.below {
			for _, c := range e.in {
				if c.name == b.noun {
					below = append(below, b.line(c))
				}
			}
		}
		first := n.line(e)
		if needed := 4; n.record != "ITM" && slices.Contains(first[1:needed], "") {
			return nil, fmt.Errorf("read BOD: %s lacks what names it", clip(bod.name))
		}
		all = append(all, append([]line{first}, below...))
	}
	if len(all) == 0 && !shown {
		return nil, fmt.Errorf("read BOD: %s says nothing", clip(bod.name))
	}
	return all, nil
}

// line reads the cells of a noun.
func (n ionNoun) line(e *element) line {
	l := line{n.record}
	for _, p := range n.places {
		path, attr, _ := strings.Cut(p, "@")
		at := e.at(strings.Split(path, "/")...)
		cell := ""
		switch {
		case at == nil:
		case attr != "":
			cell = at.attr(attr)
		default:
			cell = at.text
		}
		switch {
		case strings.HasSuffix(path, "Duration"):
			cell = strings.TrimSuffix(strings.TrimPrefix(cell, "PT"), "S")
		case strings.HasSuffix(path, "Indicator") && cell == "true":
			cell = "X"
		case strings.HasSuffix(path, "Indicator"):
			cell = ""
		}
		l = append(l, cell)
	}
	return l
}

// ionHead is what a BOD says outside of its nouns.
type ionHead struct{ tenant, entity, from, id string }

// ionPosting writes a unit as a BOD. The first record of each fact begins a noun.
func ionPosting(u unit, h ionHead, product string) (document string, bod []byte, err error) {
	var nouns bytes.Buffer
	var n ionNoun
	created := ""
	w := bodWriter{}
	for _, it := range u {
		records, at, err := recordsOf(it, new(big.Rat))
		if err != nil {
			return "", nil, err
		}
		var known bool
		if n, known = taken(product, records[0][0]); !known {
			return "", nil, fmt.Errorf("write %s: there is no document for it", it.Event)
		}
		if created == "" {
			created = at
		}
		root := n.element(records[0])
		for _, r := range records[1:] {
			for _, b := range n.below {
				if b.record == r[0] {
					root.in = append(root.in, b.element(r))
				}
			}
		}
		w.tree(root)
	}
	nouns.Write(w.b.Bytes())
	if w.err != nil {
		return "", nil, w.err
	}
	document, bod = ionDocument{n.verb, n.noun, n.action, created, nouns.Bytes()}.written(h, ionID{h.id, 1})
	return document, bod, nil
}

// ionDocument is what a BOD is made of.
type ionDocument struct {
	verb, noun, action, created string
	nouns                       []byte
}

func (d ionDocument) written(h ionHead, id ionID) (document string, bod []byte) {
	name := d.verb + d.noun
	bod = fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<%s xmlns="%s" releaseID="%s"><ApplicationArea><Sender><LogicalID>%s</LogicalID><ConfirmationCode>OnError</ConfirmationCode></Sender><CreationDateTime>%s</CreationDateTime><BODID>%s</BODID></ApplicationArea>`+
		`<DataArea><%s><TenantID>%s</TenantID><AccountingEntityID>%s</AccountingEntityID><LocationID>%s</LocationID><ActionCriteria><ActionExpression actionCode="%s"/></ActionCriteria></%s>%s</DataArea></%s>`,
		name, ionSpace, ionRelease, escaped(h.from), escaped(d.created), id.of(h, d.noun, d.verb), d.verb, escaped(h.tenant), escaped(h.entity), escaped(h.entity), d.action, d.verb, d.nouns, name)
	return d.verb + "." + d.noun, bod
}

// element is a noun with the cells of a record.
func (n ionNoun) element(l line) *element {
	root := &element{name: n.noun}
	if n.says[0] != "" {
		root.reach(strings.Split(n.says[0], "/")).text = n.says[1]
	}
	for i, p := range n.places {
		if i+1 >= len(l) || l[i+1] == "" {
			continue
		}
		cell := l[i+1]
		path, attr, _ := strings.Cut(p, "@")
		at := root.reach(strings.Split(path, "/"))
		switch {
		case attr != "":
			at.attrs = append(at.attrs, attribute(attr, cell))
		case strings.HasSuffix(path, "Duration"):
			at.text = "PT" + cell + "S"
		case strings.HasSuffix(path, "Indicator"):
			at.text = "true"
		default:
			at.text = cell
		}
	}
	return root
}

func attribute(name, value string) xml.Attr {
	return xml.Attr{Name: xml.Name{Local: name}, Value: value}
}

// reach finds the element at a path, or makes it.
func (e *element) reach(path []string) *element {
	for _, name := range path {
		i := slices.IndexFunc(e.in, func(c *element) bool { return c.name == name })
		if i < 0 {
			i = len(e.in)
			e.in = append(e.in, &element{name: name})
		}
		e = e.in[i]
	}
	return e
}

// tree writes an element with what is in it.
func (w *bodWriter) tree(e *element) {
	w.b.WriteString("<" + e.name)
	for _, a := range e.attrs {
		w.b.WriteString(" " + a.Name.Local + `="`)
		w.text(a.Value)
		w.b.WriteString(`"`)
	}
	w.b.WriteString(">")
	w.text(e.text)
	for _, c := range e.in {
		w.tree(c)
	}
	w.b.WriteString("</" + e.name + ">")
}
