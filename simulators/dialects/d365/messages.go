package d365

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/andon-rig/andon/simulators/plant"
)

// Message types of the queue for third-party manufacturing execution systems.
const (
	TypeStart          = "ProdProductionOrderStart"
	TypeReportFinished = "ProdProductionOrderReportFinished"
	TypePickingList    = "ProdProductionOrderPickingList"
	TypeRouteCard      = "ProdProductionOrderRouteCard"
	TypeEnd            = "ProdProductionOrderEnd"
)

// Types returns the message types, in the order of their documentation.
func Types() []string {
	return []string{TypeStart, TypeReportFinished, TypePickingList, TypeRouteCard, TypeEnd}
}

// start is the content of a ProdProductionOrderStart.
type start struct {
	ProductionOrderNumber         string
	StartedQuantity               *number `json:",omitempty"`
	StartedDate                   date    `json:",omitempty"`
	AutomaticBOMConsumptionRule   word    `json:",omitempty"`
	AutomaticRouteConsumptionRule word    `json:",omitempty"`
}

// reportFinished is the content of a ProdProductionOrderReportFinished.
type reportFinished struct {
	ProductionOrderNumber string
	ReportFinishedLines   []finishedLine
	PrintLabel            word `json:",omitempty"`
}

type finishedLine struct {
	LineNumber                                   *number  `json:",omitempty"`
	ItemNumber                                   string   `json:",omitempty"`
	ProductionType                               word     `json:",omitempty"`
	ReportedErrorQuantity                        *number  `json:",omitempty"`
	ReportedGoodQuantity                         *number  `json:",omitempty"`
	ReportedErrorCatchWeightQuantity             *number  `json:",omitempty"`
	ReportedGoodCatchWeightQuantity              *number  `json:",omitempty"`
	AcceptError                                  word     `json:",omitempty"`
	ErrorCause                                   word     `json:",omitempty"`
	ExecutedDateTime                             *instant `json:",omitempty"`
	ReportAsFinishedDate                         date     `json:",omitempty"`
	AutomaticBOMConsumptionRule                  word     `json:",omitempty"`
	AutomaticRouteConsumptionRule                word     `json:",omitempty"`
	RespectFlushingPrincipleDuringOverproduction word     `json:",omitempty"`
	JournalNameId                                string   `json:",omitempty"`
	PickingListJournalNameId                     string   `json:",omitempty"`
	RouteCardJournalNameId                       string   `json:",omitempty"`
	FromOperationNumber                          *int     `json:",omitempty"`
	ToOperationNumber                            *int     `json:",omitempty"`
	BaseValue                                    string   `json:",omitempty"`
	EndJob                                       word     `json:",omitempty"`
	EndPickingList                               word     `json:",omitempty"`
	EndRouteCard                                 word     `json:",omitempty"`
	PostNow                                      word     `json:",omitempty"`
	AutoUpdate                                   word     `json:",omitempty"`
	GenerateLicensePlate                         word     `json:",omitempty"`
	dimensions
}

// dimensions are those that inventory is kept by.
type dimensions struct {
	InventoryLotId, ProductColorId, ProductConfigurationId, ProductSizeId, ProductStyleId, ProductVersionId string `json:",omitempty"`

	ItemBatchNumber, ProductSerialNumber, LicensePlateNumber, InventoryStatusId string `json:",omitempty"`

	ProductionWarehouseId, ProductionSiteId, ProductionWarehouseLocationId string `json:",omitempty"`

	InventoryDimension1, InventoryDimension2, InventoryDimension3, InventoryDimension4, InventoryDimension5, InventoryDimension6    string `json:",omitempty"`
	InventoryDimension7, InventoryDimension8, InventoryDimension9, InventoryDimension10, InventoryDimension11, InventoryDimension12 string `json:",omitempty"`
}

// pickingList is the content of a ProdProductionOrderPickingList.
type pickingList struct {
	ProductionOrderNumber string
	JournalNameId         string `json:",omitempty"`
	PickingListLines      []pickingLine
}

type pickingLine struct {
	ItemNumber                     string
	ConsumptionBOMQuantity         *number `json:",omitempty"`
	ProposalBOMQuantity            *number `json:",omitempty"`
	ScrapBOMQuantity               *number `json:",omitempty"`
	BOMUnitSymbol                  string  `json:",omitempty"`
	ConsumptionInventoryQuantity   *number `json:",omitempty"`
	ProposalInventoryQuantity      *number `json:",omitempty"`
	ConsumptionCatchWeightQuantity *number `json:",omitempty"`
	ProposalCatchWeightQuantity    *number `json:",omitempty"`
	ConsumptionDate                date    `json:",omitempty"`
	OperationNumber                *int    `json:",omitempty"`
	LineNumber                     *number `json:",omitempty"`
	PositionNumber                 string  `json:",omitempty"`
	IsConsumptionEnded             word    `json:",omitempty"`
	ErrorCause                     word    `json:",omitempty"`
	dimensions
}

// routeCard is the content of a ProdProductionOrderRouteCard.
type routeCard struct {
	ProductionOrderNumber string
	JournalNameId         string `json:",omitempty"`
	RouteCardLines        []routeLine
}

type routeLine struct {
	OperationNumber             *int
	OperationPriority           word    `json:",omitempty"`
	OperationId                 string  `json:",omitempty"`
	OperationsResourceId        string  `json:",omitempty"`
	Worker                      string  `json:",omitempty"`
	HoursRouteCostCategoryId    string  `json:",omitempty"`
	QuantityRouteCostCategoryId string  `json:",omitempty"`
	HourlyRate                  *number `json:",omitempty"`
	Hours                       *number `json:",omitempty"`
	GoodQuantity                *number `json:",omitempty"`
	ErrorQuantity               *number `json:",omitempty"`
	CatchWeightGoodQuantity     *number `json:",omitempty"`
	CatchWeightErrorQuantity    *number `json:",omitempty"`
	QuantityPrice               *number `json:",omitempty"`
	ProcessingPercentage        *number `json:",omitempty"`
	ConsumptionDate             date    `json:",omitempty"`
	TaskType                    word    `json:",omitempty"`
	ErrorCause                  word    `json:",omitempty"`
	OperationCompleted          word    `json:",omitempty"`
	BOMConsumption              word    `json:",omitempty"`
	ReportAsFinished            word    `json:",omitempty"`
}

// end is the content of a ProdProductionOrderEnd.
type end struct {
	ProductionOrderNumber    string
	ExecutedDateTime         *instant `json:",omitempty"`
	EndedDate                date     `json:",omitempty"`
	UseTimeAndAttendanceCost word     `json:",omitempty"`
	AutoReportAsFinished     word     `json:",omitempty"`
	AutoUpdate               word     `json:",omitempty"`
}

// Rework has no field of its own. ErrorCause is an extensible enumeration: this
// installation has extended it by the reasons of its plant, and by the same
// behind this prefix for what was sent back.
const rework = "Rework"

func reworkCause(reason string) word {
	if reason == "" {
		return rework
	}
	return word(rework + "_" + reason)
}

// reworkReason is the reason behind a cause; false if it is none for rework.
func reworkReason(cause word) (string, bool) {
	rest, ok := strings.CutPrefix(string(cause), rework)
	if !ok || rest != "" && rest[0] != '_' {
		return "", false
	}
	return strings.TrimPrefix(rest, "_"), true
}

// content words a fact as the content of a message.
func content(e plant.Event) (kind string, content any, err error) {
	switch f := e.Fact.(type) {
	case plant.OperationStarted:
		return TypeStart, start{ProductionOrderNumber: string(f.Order), StartedDate: dayOf(e.At), AutomaticBOMConsumptionRule: "Never", AutomaticRouteConsumptionRule: "Never"}, nil
	case plant.Confirmed:
		lines, err := confirmation(f, dayOf(e.At))
		return TypeRouteCard, routeCard{ProductionOrderNumber: string(f.Order), RouteCardLines: lines}, err
	case plant.Reworked:
		n, err := operationNumber(f.Operation)
		line := routeLine{OperationNumber: n, ErrorQuantity: amount(f.Quantity.Amount), ErrorCause: reworkCause(f.Reason), ConsumptionDate: dayOf(e.At)}
		return TypeRouteCard, routeCard{ProductionOrderNumber: string(f.Order), RouteCardLines: []routeLine{line}}, err
	case plant.Consumed:
		line, err := picking(f.Operation, f.Material, f.Lot, f.Quantity.Unit, dayOf(e.At))
		line.ConsumptionBOMQuantity = amount(f.Quantity.Amount)
		return TypePickingList, pickingList{ProductionOrderNumber: string(f.Order), PickingListLines: []pickingLine{line}}, err
	case plant.Scrapped:
		line, err := picking(f.Operation, f.Material, f.Lot, f.Quantity.Unit, dayOf(e.At))
		line.ScrapBOMQuantity, line.ErrorCause = amount(f.Quantity.Amount), word(f.Reason)
		return TypePickingList, pickingList{ProductionOrderNumber: string(f.Order), PickingListLines: []pickingLine{line}}, err
	case plant.Received:
		line, err := finished(f)
		line.ExecutedDateTime, line.ReportAsFinishedDate = instantOf(e.At), dayOf(e.At)
		return TypeReportFinished, reportFinished{ProductionOrderNumber: string(f.Order), ReportFinishedLines: []finishedLine{line}}, err
	}
	return "", nil, fmt.Errorf("no word for %s", e.Fact.Kind())
}

func confirmation(f plant.Confirmed, on date) ([]routeLine, error) {
	n, err := operationNumber(f.Operation)
	line := routeLine{OperationNumber: n, OperationsResourceId: string(f.WorkCenter), Worker: string(f.Operator), Hours: hours(f.Labor),
		GoodQuantity: amount(f.Yield.Amount), ConsumptionDate: on, TaskType: "Process", ErrorCause: word(f.Reason), OperationCompleted: yesNo(f.Final),
		BOMConsumption: "No", ReportAsFinished: "No"}
	if _, no := reworkReason(line.ErrorCause); no {
		err = errors.Join(err, fmt.Errorf("the reason %q is one for rework here", clip(f.Reason)))
	}
	if f.Scrap.Amount != 0 {
		line.ErrorQuantity = amount(f.Scrap.Amount)
	}
	lines := []routeLine{line}
	if f.Rework.Amount != 0 {
		lines = append(lines, routeLine{OperationNumber: n, ErrorQuantity: amount(f.Rework.Amount), ErrorCause: reworkCause(f.Reason), ConsumptionDate: on})
	}
	return lines, err
}

func picking(op plant.OperationID, material plant.ItemID, lot plant.LotID, unit plant.Unit, on date) (line pickingLine, err error) {
	line = pickingLine{ItemNumber: string(material), BOMUnitSymbol: string(unit), ConsumptionDate: on, IsConsumptionEnded: "No"}
	line.ItemBatchNumber = string(lot)
	if op != "" {
		line.OperationNumber, err = operationNumber(op)
	}
	return line, err
}

func finished(f plant.Received) (finishedLine, error) {
	line := finishedLine{ItemNumber: string(f.Material), ReportedGoodQuantity: amount(f.Quantity.Amount), AutomaticBOMConsumptionRule: "Never", AutomaticRouteConsumptionRule: "Never",
		EndJob: "No", EndPickingList: "No", EndRouteCard: "No"}
	line.ItemBatchNumber = string(f.Lot)
	switch {
	case f.Quantity.Amount == 0:
		return line, errors.New("a receipt of nothing cannot be said")
	case len(f.Serials) > 1:
		return line, errors.New("a line has room for one serial number")
	case len(f.Serials) == 1:
		line.ProductSerialNumber = string(f.Serials[0])
	}
	return line, nil
}

// plain writes v without escaping what HTML would want to be.
func plain(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // of structures, texts and numbers
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
