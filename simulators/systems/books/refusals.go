package books

import (
	"fmt"

	"github.com/andon-rig/andon/simulators"
)

// Codes of refusals. The README beside this package says what each means.
const (
	AlreadyPosted         = "already-posted"
	BatchRolledBack       = "batch-rolled-back"
	BillUnknown           = "bom-unknown"
	CalendarUnknown       = "calendar-unknown"
	CaseDecided           = "case-decided"
	CaseUnknown           = "case-unknown"
	DecisionUnknown       = "decision-unknown"
	DocumentReversed      = "document-reversed"
	DocumentUnknown       = "document-unknown"
	ItemUnknown           = "item-unknown"
	ItemWrong             = "item-wrong"
	KindNotTaken          = "kind-not-taken"
	LotBlocked            = "lot-blocked"
	LotExpired            = "lot-expired"
	LotMissing            = "lot-missing"
	LotScrapped           = "lot-scrapped"
	LotUnknown            = "lot-unknown"
	LotWrongMaterial      = "lot-wrong-material"
	MachineUnknown        = "machine-unknown"
	NothingSaid           = "nothing-said"
	OperationUnknown      = "operation-unknown"
	OrderClosed           = "order-closed"
	OrderLocked           = "order-locked"
	OrderRunning          = "order-running"
	OrderUnknown          = "order-unknown"
	OverDelivery          = "over-delivery"
	PeriodClosed          = "period-closed"
	QuantityBelowProduced = "quantity-below-produced"
	QuantityNegative      = "quantity-negative"
	QuantityOutOfRange    = "quantity-out-of-range"
	QuantityZero          = "quantity-zero"
	QueryUnknown          = "query-unknown"
	RoutingMissing        = "routing-missing"
	RoutingUnknown        = "routing-unknown"
	SerialRepeated        = "serial-repeated"
	StockShort            = "stock-short"
	UnitNotConvertible    = "unit-not-convertible"
	UnitUnknown           = "unit-unknown"
	VersionOvertaken      = "version-overtaken"
	WorkCenterUnknown     = "work-center-unknown"
)

// classOf says what kind of remedy each code needs; it is the only place that
// does. A rolled-back row has the class of the row that spoilt its batch.
var classOf = map[string]simulators.Class{
	AlreadyPosted:         simulators.Business,
	BatchRolledBack:       simulators.Business,
	BillUnknown:           simulators.DataQuality,
	CalendarUnknown:       simulators.DataQuality,
	CaseDecided:           simulators.Business,
	CaseUnknown:           simulators.DataQuality,
	DecisionUnknown:       simulators.DataQuality,
	DocumentReversed:      simulators.Business,
	DocumentUnknown:       simulators.DataQuality,
	ItemUnknown:           simulators.DataQuality,
	ItemWrong:             simulators.DataQuality,
	KindNotTaken:          simulators.DataQuality,
	LotBlocked:            simulators.DataQuality,
	LotExpired:            simulators.DataQuality,
	LotMissing:            simulators.DataQuality,
	LotScrapped:           simulators.DataQuality,
	LotUnknown:            simulators.DataQuality,
	LotWrongMaterial:      simulators.DataQuality,
	MachineUnknown:        simulators.DataQuality,
	NothingSaid:           simulators.DataQuality,
	OperationUnknown:      simulators.DataQuality,
	OrderClosed:           simulators.Business,
	OrderLocked:           simulators.Technical,
	OrderRunning:          simulators.Business,
	OrderUnknown:          simulators.DataQuality,
	OverDelivery:          simulators.Business,
	PeriodClosed:          simulators.Business,
	QuantityBelowProduced: simulators.Business,
	QuantityNegative:      simulators.DataQuality,
	QuantityOutOfRange:    simulators.DataQuality,
	QuantityZero:          simulators.DataQuality,
	QueryUnknown:          simulators.DataQuality,
	RoutingMissing:        simulators.DataQuality,
	RoutingUnknown:        simulators.DataQuality,
	SerialRepeated:        simulators.DataQuality,
	StockShort:            simulators.Business,
	UnitNotConvertible:    simulators.DataQuality,
	UnitUnknown:           simulators.DataQuality,
	VersionOvertaken:      simulators.Business,
	WorkCenterUnknown:     simulators.DataQuality,
}

// Refuse returns a refusal of the class that code has, with a text for people.
func Refuse(code, format string, args ...any) *simulators.Refusal {
	r := &simulators.Refusal{Class: classOf[code], Code: code, Text: fmt.Sprintf(format, args...)}
	if code == OrderLocked {
		r.Outcome = simulators.Locked
	}
	return r
}
