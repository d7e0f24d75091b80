package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// This file words what the MES reports as messages of d365/v1.

// wording is the type and the content of the message that states an item. It is
// the same in every attempt.
func (s *messageSide) wording(ctx context.Context, it *item) (kind, content string, v verdict) {
	r, err := rowOf(it)
	if err != nil {
		return "", "", verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
	}
	day, _, _ := strings.Cut(r.PostingDate, "T")
	c := object{"ProductionOrderNumber": it.Order}
	switch it.name {
	case "operation-starts":
		kind = "ProdProductionOrderStart"
		c["StartedDate"], c["AutomaticBOMConsumptionRule"], c["AutomaticRouteConsumptionRule"] = day, "Never", "Never"
	case "confirmations", "rework":
		kind = "ProdProductionOrderRouteCard"
		c["RouteCardLines"], v = s.routeCard(ctx, it, r, day)
	case "consumptions", "scrap":
		kind = "ProdProductionOrderPickingList"
		c["PickingListLines"], v = picked(it, r, day)
	case "receipts":
		kind = "ProdProductionOrderReportFinished"
		c["ReportFinishedLines"], v = s.finished(ctx, it, r, day)
	default:
		v = verdict{what: refused, class: business, code: "no-message-type", reason: "the ERP takes no messages of " + it.name}
	}
	if v.what != posted {
		return "", "", v
	}
	b, err := json.Marshal(c)
	if err != nil {
		return "", "", verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
	}
	return kind, string(b), verdict{}
}

// rowOf is the only row of an item.
func rowOf(it *item) (r reported, err error) {
	if err := it.unmangled(); err != nil {
		return r, err
	}
	var m map[string]transaction
	if err := json.Unmarshal(it.body, &m); err != nil {
		return r, fmt.Errorf("read %s: %w", it.Event, err)
	}
	for _, t := range m {
		rows, err := t.rows()
		if err != nil || len(rows) != 1 {
			return r, errors.Join(fmt.Errorf("read %s: %d rows, not 1", it.Event, len(rows)), err)
		}
		return r, json.Unmarshal(rows[0], &r)
	}
	return r, fmt.Errorf("read %s: the message is empty", it.Event)
}

// routeCard are the lines of a confirmation, or of pieces that were sent back.
func (s *messageSide) routeCard(ctx context.Context, it *item, r reported, day string) ([]object, verdict) {
	material, v := s.makes(ctx, it.Order)
	if v.what != posted {
		return nil, v
	}
	n, err := strconv.Atoi(it.Operation)
	if err != nil {
		return nil, verdict{what: refused, class: dataQuality, code: "not-understood", reason: "operation " + it.Operation + " has no number"}
	}
	reason := r.SegmentData.value("Reason")
	back := func(q measure) (object, verdict) {
		amount, v := s.inBase(ctx, material, q)
		cause := "Rework"
		if reason != "" {
			cause += "_" + reason
		}
		return object{"OperationNumber": n, "ErrorQuantity": amount, "ErrorCause": cause, "ConsumptionDate": day}, v
	}
	if it.name == "rework" {
		if len(r.MaterialActual) == 0 || len(r.MaterialActual[0].Quantity) == 0 {
			return nil, verdict{what: refused, class: dataQuality, code: "not-understood", reason: "no quantity is said"}
		}
		line, v := back(r.MaterialActual[0].Quantity[0])
		return []object{line}, v
	}
	good, v := s.inBase(ctx, material, r.portion("yield"))
	if v.what != posted {
		return nil, v
	}
	line := said(object{"OperationNumber": n, "OperationsResourceId": r.center(), "Worker": r.person(), "ConsumptionDate": day, "TaskType": "Process", "ErrorCause": reason})
	line["GoodQuantity"], line["OperationCompleted"], line["BOMConsumption"], line["ReportAsFinished"] = good, yesNo(r.SegmentState == "Completed"), "No", "No"
	if seconds, ok := new(big.Rat).SetString(r.labor()); ok && seconds.Sign() > 0 {
		line["Hours"] = json.Number(seconds.Quo(seconds, big.NewRat(3600, 1)).FloatString(6))
	}
	lines := []object{line}
	if bad := r.portion("scrap"); bad.QuantityString != "" {
		if line["ErrorQuantity"], v = s.inBase(ctx, material, bad); v.what != posted {
			return nil, v
		}
	}
	if q := r.portion("rework"); strings.Trim(q.QuantityString, "0.") != "" {
		line, v := back(q)
		if v.what != posted {
			return nil, v
		}
		lines = append(lines, line)
	}
	return lines, verdict{}
}

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

// picked are the lines of what was issued or lost, in the unit in which the MES
// said it.
func picked(it *item, r reported, day string) ([]object, verdict) {
	if len(r.MaterialActual) == 0 || len(r.MaterialActual[0].Quantity) == 0 || r.MaterialActual[0].Quantity[0].QuantityString == "" {
		return nil, verdict{what: refused, class: dataQuality, code: "not-understood", reason: "no material or no quantity is said"}
	}
	used := r.MaterialActual[0]
	q := used.Quantity[0]
	line := said(object{"ItemNumber": strings.Join(used.MaterialDefinitionID, ""), "ItemBatchNumber": strings.Join(used.MaterialLotID, ""), "BOMUnitSymbol": q.UnitOfMeasure, "ConsumptionDate": day, "IsConsumptionEnded": "No"})
	if it.Operation != "" {
		n, err := strconv.Atoi(it.Operation)
		if err != nil { // without it, the line would count for the whole order
			return nil, verdict{what: refused, class: dataQuality, code: "not-understood", reason: "operation " + it.Operation + " has no number"}
		}
		line["OperationNumber"] = n
	}
	if it.name == "scrap" {
		line["ScrapBOMQuantity"] = json.Number(q.QuantityString)
		if reason := r.SegmentData.value("Reason"); reason != "" {
			line["ErrorCause"] = reason
		}
	} else {
		line["ConsumptionBOMQuantity"] = json.Number(q.QuantityString)
	}
	return []object{line}, verdict{}
}

// finished is the line of a receipt. Every field that has a default with effect
// is said: left out, the quantity is all that the order still lacks, components
// are flushed and the job is ended.
func (s *messageSide) finished(ctx context.Context, it *item, r reported, day string) ([]object, verdict) {
	if len(r.MaterialActual) == 0 || len(r.MaterialActual[0].Quantity) == 0 {
		return nil, verdict{what: refused, class: dataQuality, code: "not-understood", reason: "no material or no quantity is said"}
	}
	good, v := s.inBase(ctx, it.Material, r.MaterialActual[0].Quantity[0])
	if v.what != posted {
		return nil, v
	}
	made := r.MaterialActual[0]
	line := said(object{"ItemNumber": strings.Join(made.MaterialDefinitionID, ""), "ItemBatchNumber": strings.Join(made.MaterialLotID, ""), "ReportAsFinishedDate": day, "AutomaticBOMConsumptionRule": "Never", "AutomaticRouteConsumptionRule": "Never",
		"EndJob": "No", "EndPickingList": "No", "EndRouteCard": "No"})
	if s.defect != M122 { // DEFECT M122: the ERP knows how many there are to be
		line["ReportedGoodQuantity"] = good
	}
	if at, err := time.Parse(time.RFC3339Nano, r.PostingDate); err == nil {
		line["ExecutedDateTime"] = at.UTC().Format("2006-01-02T15:04:05.9999999Z")
	}
	return []object{line}, verdict{}
}

// makes is the material that an order makes.
func (s *messageSide) makes(ctx context.Context, order string) (string, verdict) {
	s.mu.Lock()
	material, known := s.items[order]
	s.mu.Unlock()
	if known {
		return material, verdict{}
	}
	var found []struct{ ItemNumber string }
	if v := s.read(ctx, headers, "ProductionOrderNumber eq "+quoted(order), &found); v.what != posted {
		return "", v
	}
	if len(found) == 0 {
		return "", verdict{what: refused, class: dataQuality, code: "order-unknown", reason: "the ERP does not know production order " + order}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items[order] = found[0].ItemNumber
	return found[0].ItemNumber, verdict{}
}

// inBase is a quantity in the unit in which its material is kept, for fields
// that say none.
func (s *messageSide) inBase(ctx context.Context, material string, q measure) (json.Number, verdict) {
	if q.QuantityString == "" { // a number that is left out would be 0
		return "", verdict{what: refused, class: dataQuality, code: "not-understood", reason: "no quantity is said"}
	}
	s.mu.Lock()
	t, known := s.units[material]
	s.mu.Unlock()
	if !known {
		var v verdict
		if t, v = s.table(ctx, material); v.what != posted {
			return "", v
		}
		s.mu.Lock()
		s.units[material] = t
		s.mu.Unlock()
	}
	amount, ok := new(big.Rat).SetString(q.QuantityString)
	if q.UnitOfMeasure == t.base || t.base == "" || !ok {
		return json.Number(q.QuantityString), verdict{}
	}
	f := t.factors[q.UnitOfMeasure]
	if f == nil {
		return "", verdict{what: refused, class: dataQuality, code: "unit-unknown", reason: fmt.Sprintf("%s is not counted in %s", material, q.UnitOfMeasure)}
	}
	text := amount.Mul(amount, f).FloatString(6)
	return json.Number(strings.TrimSuffix(strings.TrimRight(text, "0"), ".")), verdict{}
}
