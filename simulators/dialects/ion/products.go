package ion

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/plant"
)

// Which business object documents exist is a matter of the product, so nouns
// are data. A line without a blank before it begins one:
//
//	kind of fact   verb and noun   action   Element/Path=Word ...
//
// The words behind the action tell the nouns of one name apart. Each line below
// says where a statement of the fact stands: in an element, or in an attribute
// of one. A statement with nothing but a path, written with an asterisk, is an
// element that is repeated, and the lines behind it are about what is in it.
// Names of statements are the columns of files/v1; those of BOM and RTG are in engineering.go, of WCT and CAL in site.go, and STATUS is in change.go.

// orderReleased is how products that we know tell of the release of an order.
const orderReleased = `
order-released Sync ProductionOrder Add ProductionOrderHeader/Status/Code=Released
  ORDER ProductionOrderHeader/DocumentID/ID
  REFERENCE ProductionOrderHeader/AlternateDocumentID/ID
  AT ProductionOrderHeader/DocumentDateTime
  MATERIAL ProductionOrderHeader/ItemID/ID
  REVISION ProductionOrderHeader/ItemID/RevisionID
  QUANTITY ProductionOrderHeader/OrderQuantity
  UNIT ProductionOrderHeader/OrderQuantity@unitCode
  START ProductionOrderHeader/PlannedStartDateTime
  DUE ProductionOrderHeader/DueDateTime
  PRIORITY ProductionOrderHeader/Priority
  LOT ProductionOrderHeader/LotIDs/ID
  OPR *ProductionOrderOperation
    OPERATION ID
    TEXT Description
    WORKCENTER WorkCenterReference/DocumentID/ID
    SETUP SetupDuration
    CYCLE RunDuration
    INSPECT InspectionRequiredIndicator
  CMP *ProductionOrderMaterial
    OPERATION OperationReference/ID
    MATERIAL ItemID/ID
    QUANTITY RequiredQuantity
    UNIT RequiredQuantity@unitCode
`

// generic is what our own tenant has. The names follow public lists of nouns;
// what is inside of them is ours, for Infor publishes no schemas.
const generic = orderReleased + `
order-changed Sync ProductionOrder Replace
  ORDER ProductionOrderHeader/DocumentID/ID
  VERSION ProductionOrderHeader/DocumentID/ID@variationID
  REFERENCE ProductionOrderHeader/AlternateDocumentID/ID
  AT ProductionOrderHeader/DocumentDateTime
  QUANTITY ProductionOrderHeader/OrderQuantity
  UNIT ProductionOrderHeader/OrderQuantity@unitCode
  DUE ProductionOrderHeader/DueDateTime
  PRIORITY ProductionOrderHeader/Priority
  STATUS ProductionOrderHeader/Status/Code

order-cancelled Sync ProductionOrder Delete
  ORDER ProductionOrderHeader/DocumentID/ID
  VERSION ProductionOrderHeader/DocumentID/ID@variationID
  REFERENCE ProductionOrderHeader/AlternateDocumentID/ID
  AT ProductionOrderHeader/DocumentDateTime

item-changed Sync ItemMaster Replace
  MATERIAL ItemMasterHeader/ItemID/ID
  REVISION ItemMasterHeader/ItemID/RevisionID
  VERSION ItemMasterHeader/ItemID/ID@variationID
  REFERENCE ItemMasterHeader/AlternateDocumentID/ID
  AT ItemMasterHeader/LastModificationDateTime
  TEXT ItemMasterHeader/Description
  UNIT ItemMasterHeader/BaseUOMCode
  DECIMALS ItemMasterHeader/QuantityDecimals
  LOTS ItemMasterHeader/LotControlIndicator
  SERIALS ItemMasterHeader/SerialControlIndicator
  RETIRED ItemMasterHeader/ObsoleteIndicator
  UOM *UOMConversion
    UNIT UOMCode
    NUMERATOR ConversionNumerator
    DENOMINATOR ConversionDenominator

bom-changed Sync BillOfMaterials Replace
  MATERIAL BillOfMaterialsHeader/ItemID/ID
  VERSION BillOfMaterialsHeader/ItemID/ID@variationID
  REFERENCE BillOfMaterialsHeader/AlternateDocumentID/ID
  AT BillOfMaterialsHeader/LastModificationDateTime
  QUANTITY BillOfMaterialsHeader/BaseQuantity
  UNIT BillOfMaterialsHeader/BaseQuantity@unitCode
  CMP *BillOfMaterialsComponent
    OPERATION OperationReference/ID
    MATERIAL ItemID/ID
    QUANTITY RequiredQuantity
    UNIT RequiredQuantity@unitCode

routing-changed Sync Routing Replace
  MATERIAL RoutingHeader/ItemID/ID
  VERSION RoutingHeader/ItemID/ID@variationID
  REFERENCE RoutingHeader/AlternateDocumentID/ID
  AT RoutingHeader/LastModificationDateTime
  OPR *RoutingOperation
    OPERATION ID
    TEXT Description
    WORKCENTER WorkCenterReference/DocumentID/ID
    SETUP SetupDuration
    CYCLE RunDuration
    INSPECT InspectionRequiredIndicator

work-center-changed Sync WorkCenter Replace
  WORKCENTER WorkCenterHeader/DocumentID/ID
  VERSION WorkCenterHeader/DocumentID/ID@variationID
  REFERENCE WorkCenterHeader/AlternateDocumentID/ID
  AT WorkCenterHeader/LastModificationDateTime
  TEXT WorkCenterHeader/Description
  MANUAL WorkCenterHeader/ManualIndicator
  EFFICIENCY WorkCenterHeader/EfficiencyPercent
  MCH *WorkCenterMachine
    MACHINE ID

calendar-changed Sync ShopCalendar Replace
  CALENDAR ShopCalendarHeader/DocumentID/ID
  VERSION ShopCalendarHeader/DocumentID/ID@variationID
  REFERENCE ShopCalendarHeader/AlternateDocumentID/ID
  AT ShopCalendarHeader/LastModificationDateTime
  ZONE ShopCalendarHeader/TimeZoneCode
  SHF *ShopCalendarShift
    SHIFT ID
    START StartTime
    END EndTime
    DAYS WorkDays

operation-started Process ShopOrderOperation Change Status/Code=Started
  ORDER ProductionOrderReference/DocumentID/ID
  OPERATION ID
  REFERENCE AlternateDocumentID/ID
  AT DocumentDateTime
  WORKCENTER WorkCenterReference/DocumentID/ID
  OPERATOR PersonnelReference/ID

confirmation Process ShopOrderOperation Change Status/Code=Reported
  ORDER ProductionOrderReference/DocumentID/ID
  OPERATION ID
  REFERENCE AlternateDocumentID/ID
  COUNTER ReportNumber
  AT DocumentDateTime
  WORKCENTER WorkCenterReference/DocumentID/ID
  OPERATOR PersonnelReference/ID
  YIELD CompletedQuantity
  UNIT CompletedQuantity@unitCode
  SCRAP RejectedQuantity
  REWORK ReworkQuantity
  REASON ReasonCode
  FINAL OperationCompletedIndicator
  START ActualStartDateTime
  END ActualEndDateTime
  LABOR LaborDuration

rework Process ShopOrderOperation Change Status/Code=Rework
  ORDER ProductionOrderReference/DocumentID/ID
  OPERATION ID
  REFERENCE AlternateDocumentID/ID
  COUNTER ReportNumber
  AT DocumentDateTime
  QUANTITY ReworkQuantity
  UNIT ReworkQuantity@unitCode
  REASON ReasonCode

consumption Process InventoryAdjustment Add InventoryAdjustmentHeader/Type=Issue
  REFERENCE InventoryAdjustmentHeader/DocumentID/ID
  AT InventoryAdjustmentHeader/DocumentDateTime
  ORDER InventoryAdjustmentHeader/ProductionOrderReference/DocumentID/ID
  OPERATION InventoryAdjustmentHeader/ProductionOrderReference/OperationID
  COUNTER InventoryAdjustmentHeader/ReportNumber
  MATERIAL InventoryAdjustmentLine/ItemID/ID
  LOT InventoryAdjustmentLine/LotIDs/ID
  QUANTITY InventoryAdjustmentLine/Quantity
  UNIT InventoryAdjustmentLine/Quantity@unitCode

scrap Process InventoryAdjustment Add InventoryAdjustmentHeader/Type=Scrap
  REFERENCE InventoryAdjustmentHeader/DocumentID/ID
  AT InventoryAdjustmentHeader/DocumentDateTime
  ORDER InventoryAdjustmentHeader/ProductionOrderReference/DocumentID/ID
  OPERATION InventoryAdjustmentHeader/ProductionOrderReference/OperationID
  COUNTER InventoryAdjustmentHeader/ReportNumber
  REASON InventoryAdjustmentHeader/ReasonCode
  MATERIAL InventoryAdjustmentLine/ItemID/ID
  LOT InventoryAdjustmentLine/LotIDs/ID
  QUANTITY InventoryAdjustmentLine/Quantity
  UNIT InventoryAdjustmentLine/Quantity@unitCode

receipt Process ReceiveDelivery Add ReceiveDeliveryHeader/Type=Production
  REFERENCE ReceiveDeliveryHeader/DocumentID/ID
  AT ReceiveDeliveryHeader/DocumentDateTime
  ORDER ReceiveDeliveryHeader/ProductionOrderReference/DocumentID/ID
  COUNTER ReceiveDeliveryHeader/ReportNumber
  MATERIAL ReceiveDeliveryItem/ItemID/ID
  LOT ReceiveDeliveryItem/LotIDs/ID
  QUANTITY ReceiveDeliveryItem/ReceivedQuantity
  UNIT ReceiveDeliveryItem/ReceivedQuantity@unitCode
  SER *SerialNumber
    SERIAL ID

inspection Process InspectDelivery Add
  REFERENCE InspectDeliveryHeader/DocumentID/ID
  AT InspectDeliveryHeader/DocumentDateTime
  ORDER InspectDeliveryHeader/ProductionOrderReference/DocumentID/ID
  OPERATION InspectDeliveryHeader/ProductionOrderReference/OperationID
  COUNTER InspectDeliveryHeader/ReportNumber
  MATERIAL InspectDeliveryItem/ItemID/ID
  LOT InspectDeliveryItem/LotIDs/ID
  SERIAL InspectDeliveryItem/SerialNumber
  PASSED InspectDeliveryItem/PassedCount
  FAILED InspectDeliveryItem/FailedCount
  TEXT InspectDeliveryItem/Note

lot-held Process InventoryHold Add
  REFERENCE InventoryHoldHeader/AlternateDocumentID/ID
  AT InventoryHoldHeader/DocumentDateTime
  CASE InventoryHoldHeader/DocumentID/ID
  LOT InventoryHoldHeader/LotIDs/ID
  MATERIAL InventoryHoldHeader/ItemID/ID
  ORDER InventoryHoldHeader/ProductionOrderReference/DocumentID/ID
  REASON InventoryHoldHeader/ReasonCode

lot-decided Sync InventoryHold Replace
  REFERENCE InventoryHoldHeader/AlternateDocumentID/ID
  AT InventoryHoldHeader/DocumentDateTime
  CASE InventoryHoldHeader/DocumentID/ID
  LOT InventoryHoldHeader/LotIDs/ID
  MATERIAL InventoryHoldHeader/ItemID/ID
  DECISION InventoryHoldHeader/DispositionCode
`

// csi has what SyteLine publishes of its inbound and outbound documents and what
// of our facts fits into them: there is no document for the confirmation of an
// operation. What it receives are Syncs, to which nobody is told that they
// were posted.
const csi = orderReleased + `
consumption Sync InventoryAdjustment Add InventoryAdjustmentHeader/Type=Issue
  REFERENCE InventoryAdjustmentHeader/DocumentID/ID
  AT InventoryAdjustmentHeader/DocumentDateTime
  ORDER InventoryAdjustmentHeader/ProductionOrderReference/DocumentID/ID
  OPERATION InventoryAdjustmentHeader/ProductionOrderReference/OperationID
  COUNTER InventoryAdjustmentHeader/ReportNumber
  MATERIAL InventoryAdjustmentLine/ItemID/ID
  LOT InventoryAdjustmentLine/LotIDs/ID
  QUANTITY InventoryAdjustmentLine/Quantity
  UNIT InventoryAdjustmentLine/Quantity@unitCode

scrap Sync InventoryAdjustment Add InventoryAdjustmentHeader/Type=Scrap
  REFERENCE InventoryAdjustmentHeader/DocumentID/ID
  AT InventoryAdjustmentHeader/DocumentDateTime
  ORDER InventoryAdjustmentHeader/ProductionOrderReference/DocumentID/ID
  OPERATION InventoryAdjustmentHeader/ProductionOrderReference/OperationID
  COUNTER InventoryAdjustmentHeader/ReportNumber
  REASON InventoryAdjustmentHeader/ReasonCode
  MATERIAL InventoryAdjustmentLine/ItemID/ID
  LOT InventoryAdjustmentLine/LotIDs/ID
  QUANTITY InventoryAdjustmentLine/Quantity
  UNIT InventoryAdjustmentLine/Quantity@unitCode

receipt Sync ReceiveDelivery Add ReceiveDeliveryHeader/Type=Production
  REFERENCE ReceiveDeliveryHeader/DocumentID/ID
  AT ReceiveDeliveryHeader/DocumentDateTime
  ORDER ReceiveDeliveryHeader/ProductionOrderReference/DocumentID/ID
  COUNTER ReceiveDeliveryHeader/ReportNumber
  MATERIAL ReceiveDeliveryItem/ItemID/ID
  LOT ReceiveDeliveryItem/LotIDs/ID
  QUANTITY ReceiveDeliveryItem/ReceivedQuantity
  UNIT ReceiveDeliveryItem/ReceivedQuantity@unitCode
  SER *SerialNumber
    SERIAL ID
`

var products = map[string]*product{"generic": mustProduct("generic", generic), "csi": mustProduct("csi", csi)}

func mustProduct(name, table string) *product {
	p, err := readProduct(name, table)
	if err != nil {
		panic(err) // a mistake in a table above
	}
	return p
}

// product is the nouns that one has.
type product struct {
	name  string
	nouns []*noun
}

// noun is how one kind of fact is worded.
type noun struct {
	kind               plant.Kind
	verb, name, action string
	marks              []mark // words that tell it from others of its name
	group
}

// mark is an element that must say a word.
type mark struct {
	path []string
	word string
}

// group is what stands in a noun, or in an element of it that is repeated.
type group struct {
	record string   // of files/v1
	path   []string // of the element; nil of a noun
	places []place
	below  []*group
}

// place is where a statement stands.
type place struct {
	column string
	cell   int // where the record has it
	form   files.Form
	path   []string
	attr   string // "" if it is the text of the element
}

// records are the kinds of facts by the type of record of files/v1, or of ours.
var records = map[plant.Kind]string{
	plant.KindOrderReleased: "ORD", plant.KindOrderChanged: "CHG", plant.KindOrderCancelled: "CAN", plant.KindLotDecided: "DEC", plant.KindItemChanged: "ITM", plant.KindBillChanged: "BOM", plant.KindRoutingChanged: "RTG",
	plant.KindCenterChanged: "WCT", plant.KindCalendarChanged: "CAL",
	plant.KindOperationStarted: "STA", plant.KindConfirmation: "CNF", plant.KindConsumption: "CON", plant.KindScrap: "SCR", plant.KindRework: "REW",
	plant.KindReceipt: "RCV", plant.KindInspection: "INS", plant.KindLotHeld: "HLD",
}

// readProduct reads a table of nouns.
func readProduct(name, table string) (*product, error) {
	p := &product{name: name}
	var n *noun
	var g *group
	for i, line := range strings.Split(table, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		var err error
		switch {
		case line[0] != ' ' && line[0] != '\t':
			n, err = readNoun(words)
			if err == nil {
				p.nouns, g = append(p.nouns, n), &n.group
			}
		case n == nil:
			err = fmt.Errorf("%q stands before the first noun", words[0])
		case len(words) != 2:
			err = fmt.Errorf("a statement and its place are wanted, not %d words", len(words))
		case words[1][0] == '*':
			g = &group{record: words[0], path: strings.Split(words[1][1:], "/")}
			n.below = append(n.below, g)
			err = g.known()
		default:
			err = g.add(words[0], words[1])
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return p, nil
}

func readNoun(words []string) (*noun, error) {
	if len(words) < 4 {
		return nil, fmt.Errorf("a noun is begun by a kind of fact, verb, noun and action, not by %q", strings.Join(words, " "))
	}
	n := &noun{kind: plant.Kind(words[0]), verb: words[1], name: words[2], action: words[3]}
	n.record = records[n.kind]
	if n.record == "" {
		return nil, fmt.Errorf("%q is none of the kinds of facts that can be told: %v", words[0], slices.Sorted(maps.Keys(records)))
	}
	if n.verb != "Sync" && n.verb != "Process" {
		return nil, fmt.Errorf("%q is not a verb that tells of something: Sync or Process", n.verb)
	}
	for _, w := range words[4:] {
		path, word, ok := strings.Cut(w, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not Element/Path=Word", w)
		}
		n.marks = append(n.marks, mark{strings.Split(path, "/"), word})
	}
	return n, nil
}

// known refuses a group of records that there are not.
func (g *group) known() error {
	if columnsOf(g.record) == nil {
		return fmt.Errorf("there are no records %q", g.record)
	}
	return nil
}

func (g *group) add(column, where string) error {
	columns := columnsOf(g.record)
	cell := slices.IndexFunc(columns, func(c files.Column) bool { return c.Name == column })
	if cell < 0 {
		return fmt.Errorf("a record %s has no column %q", g.record, column)
	}
	path, attr, _ := strings.Cut(where, "@")
	g.places = append(g.places, place{column, cell, columns[cell].Form, strings.Split(path, "/"), attr})
	return nil
}

// noun is how a kind of fact is worded; nil if it is not.
func (p *product) noun(kind plant.Kind) *noun {
	if i := slices.IndexFunc(p.nouns, func(n *noun) bool { return n.kind == kind }); i >= 0 {
		return p.nouns[i]
	}
	return nil
}

// with is p with the nouns of more instead of its own.
func (p *product) with(more *product) *product {
	out := &product{name: p.name, nouns: slices.Clone(more.nouns)}
	for _, n := range p.nouns {
		if more.noun(n.kind) == nil {
			out.nouns = append(out.nouns, n)
		}
	}
	return out
}

// documents are the names of all documents, for those who ask.
func (p *product) documents() (names []string) {
	for _, n := range p.nouns {
		if name := n.verb + "." + n.name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
