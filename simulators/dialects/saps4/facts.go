package saps4

import (
	"crypto/sha1"
	"encoding/base32"
	"fmt"
	"math"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// This file says what facts of the plant are in entities, and reads them again.

// Types of goods movements.
const (
	movementReceipt = "101" // of what an order makes
	movementIssue   = "261" // to an order
	movementScrap   = "551" // from unrestricted stock
)

// guid is an identity of sixteen bytes made of a reference (RFC 9562, version 5).
func guid(ref plant.EventID) string {
	b := sha1.Sum([]byte("andon/" + string(ref)))
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// sixteen is a reference that a ReferenceDocument has room for.
func sixteen(ref plant.EventID) string {
	b := sha1.Sum([]byte("andon/" + string(ref)))
	return base32.StdEncoding.EncodeToString(b[:10])
}

// set adds what is said.
func (e entity) set(name string, v any) entity {
	if v == "" {
		return e
	}
	if t, ok := v.(time.Time); ok && t.IsZero() {
		return e
	}
	e[name] = v
	return e
}

func (e entity) text(name string) string { s, _ := e[name].(string); return s }

func (e entity) time(name string) time.Time { t, _ := e[name].(time.Time); return t }

func (e entity) flag(name string) bool { b, _ := e[name].(bool); return b }

func (e entity) number(name string) int { n, _ := e[name].(int); return n }

func (e entity) amount(name string) plant.Decimal { d, _ := e[name].(plant.Decimal); return d }

func (e entity) rows(name string) []entity { r, _ := e[name].([]entity); return r }

// custom adds what the customer's own properties say of an event.
func (e entity) custom(suffix string, ev plant.Event) entity {
	e.set(reference+suffix, string(ev.ID)).set(happened+suffix, ev.At)
	if n := ev.Fact.Keys().Counter; n > 0 {
		e[counter+suffix] = n
	}
	return e
}

// day is the day of an instant where it was.
func day(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// split is an instant as a date and a time of day of the system's zone, which is
// UTC; seconds are the finest that both can say.
func (e entity) split(name string, t time.Time) entity {
	if t.IsZero() {
		return e
	}
	t = t.UTC()
	d := day(t)
	e[name+"Date"], e[name+"Time"] = d, t.Sub(d).Truncate(time.Second)
	return e
}

// joined reads an instant that was split; zero if there is no date.
func (e entity) joined(name string) time.Time {
	d := e.time(name + "Date")
	if d.IsZero() {
		return d
	}
	clock, _ := e[name+"Time"].(time.Duration)
	return d.Add(clock)
}

// confirmation is what is confirmed of an operation. A start is a confirmation
// of no quantity that has a beginning; rework by itself is one of no yield.
func (d Dialect) confirmation(ev plant.Event) entity {
	k := ev.Fact.Keys()
	e := entity{"OrderID": d.Settings.shown(k.Order), "OrderOperation": string(k.Operation), "Sequence": "0"}
	e.set("PostingDate", day(ev.At)).set("ExternalSystemConfirmation", guid(ev.ID)).custom("CNF", ev)
	switch f := ev.Fact.(type) {
	case plant.OperationStarted:
		e.set("WorkCenter", string(f.WorkCenter)).set("Personnel", string(f.Operator)).split("ConfirmedExecutionStart", ev.At)
	case plant.Reworked:
		e.set("ConfirmationUnit", string(f.Quantity.Unit)).set("VarianceReasonCode", f.Reason)
		e["ConfirmationReworkQuantity"] = f.Quantity.Amount
	case plant.Confirmed:
		e.set("WorkCenter", string(f.WorkCenter)).set("Personnel", string(f.Operator)).set("VarianceReasonCode", f.Reason)
		e.set("ConfirmationUnit", string(f.Yield.Unit)).split("ConfirmedExecutionStart", f.Start).split("ConfirmedExecutionEnd", f.End)
		e["ConfirmationYieldQuantity"], e["IsFinalConfirmation"] = f.Yield.Amount, f.Final
		e.part("ConfirmationScrapQuantity", f.Scrap).part("ConfirmationReworkQuantity", f.Rework)
		if f.Labor > 0 {
			e["OpConfirmedWorkQuantity1"], e["OpWorkQuantityUnit1"] = plant.Decimal(f.Labor/time.Microsecond), "SEC"
		}
	}
	return e
}

func (e entity) part(name string, q plant.Quantity) entity {
	if q != (plant.Quantity{}) {
		e[name] = q.Amount
	}
	return e
}

// confirmed reads a confirmation.
func (d Dialect) confirmed(e entity) (plant.Event, error) {
	order, op := d.Settings.order(e.text("OrderID")), plant.OperationID(e.text("OrderOperation"))
	if order == "" || op == "" {
		return plant.Event{}, refuse(codeMalformed, "ProdnOrdConf2: OrderID and OrderOperation must be said")
	}
	ev := plant.Event{ID: plant.EventID(e.text(reference + "CNF")), At: e.happened("CNF", e.joined("ConfirmedExecutionEnd"), e.joined("ConfirmedExecutionStart"))}
	ev.ID = first(ev.ID, plant.EventID(e.text("ExternalSystemConfirmation")))
	unit := plant.Unit(e.text("ConfirmationUnit"))
	_, yields := e["ConfirmationYieldQuantity"]
	_, reworks := e["ConfirmationReworkQuantity"]
	_, scraps := e["ConfirmationScrapQuantity"]
	_, begins := e["ConfirmedExecutionStartDate"]
	quantity := func(name string) plant.Quantity {
		if _, said := e[name]; !said {
			return plant.Quantity{}
		}
		return plant.Quantity{Amount: e.amount(name), Unit: unit}
	}
	n := e.number(counter + "CNF")
	switch {
	case !yields && reworks && !scraps:
		ev.Fact = plant.Reworked{Order: order, Operation: op, Counter: n, Quantity: quantity("ConfirmationReworkQuantity"), Reason: e.text("VarianceReasonCode")}
	case !yields && !scraps && begins && n == 0:
		ev.Fact = plant.OperationStarted{Order: order, Operation: op, WorkCenter: plant.WorkCenterID(e.text("WorkCenter")), Operator: plant.PersonID(e.text("Personnel"))}
	default:
		labor, err := e.labor()
		if err != nil {
			return ev, err
		}
		ev.Fact = plant.Confirmed{Order: order, Operation: op, Counter: n, WorkCenter: plant.WorkCenterID(e.text("WorkCenter")), Operator: plant.PersonID(e.text("Personnel")),
			Yield: quantity("ConfirmationYieldQuantity"), Scrap: quantity("ConfirmationScrapQuantity"), Rework: quantity("ConfirmationReworkQuantity"),
			Reason: e.text("VarianceReasonCode"), Final: e.flag("IsFinalConfirmation") || e.text("FinalConfirmationType") == "X",
			Start: e.joined("ConfirmedExecutionStart"), End: e.joined("ConfirmedExecutionEnd"), Labor: labor}
	}
	return ev, nil
}

func first[S ~string](all ...S) S {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// happened is when what e states was: as the customer's property says, else as
// the first of others that is told, else on the day of posting.
func (e entity) happened(suffix string, others ...time.Time) time.Time {
	for _, t := range append([]time.Time{e.time(happened + suffix)}, append(others, e.time("PostingDate"))...) {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// workUnits are the units in which work is told.
var workUnits = map[string]time.Duration{"SEC": time.Second, "S": time.Second, "MIN": time.Minute, "HUR": time.Hour, "H": time.Hour}

// labor reads the work of one person.
func (e entity) labor() (time.Duration, error) {
	q := e.amount("OpConfirmedWorkQuantity1")
	if q == 0 {
		return 0, nil
	}
	unit := workUnits[e.text("OpWorkQuantityUnit1")]
	scale := int64(unit) / int64(plant.One)
	if unit == 0 || int64(q) > math.MaxInt64/scale {
		return 0, refuse(codeMalformed, "ProdnOrdConf2/OpConfirmedWorkQuantity1: is an amount of SEC, MIN or HUR")
	}
	return time.Duration(int64(q) * scale), nil
}

// document is a goods movement.
func (d Dialect) document(ev plant.Event) entity {
	k := ev.Fact.Keys()
	item := entity{"Material": string(k.Material), "ManufacturingOrder": d.Settings.shown(k.Order)}
	item.set("Batch", string(k.Lot)).set("YY1_Operation_MMI", string(k.Operation)).custom("MMI", ev)
	code, q := "03", plant.Quantity{}
	switch f := ev.Fact.(type) {
	case plant.Consumed:
		item["GoodsMovementType"], q = movementIssue, f.Quantity
	case plant.Scrapped:
		item["GoodsMovementType"], q = movementScrap, f.Quantity
		item.set("GoodsMovementReasonCode", f.Reason)
	case plant.Received:
		item["GoodsMovementType"], item["GoodsMovementRefDocType"], q, code = movementReceipt, "F", f.Quantity, "02"
		var serials []entity
		for _, s := range f.Serials {
			serials = append(serials, entity{"SerialNumber": string(s)})
		}
		if len(serials) > 0 {
			item["to_SerialNumbers"] = serials
		}
	}
	item["QuantityInEntryUnit"], item["EntryUnit"] = q.Amount, string(q.Unit)
	e := entity{"GoodsMovementCode": code, "ReferenceDocument": sixteen(ev.ID), "to_MaterialDocumentItem": []entity{item}}
	return e.set("PostingDate", day(ev.At)).set("DocumentDate", day(ev.At))
}

// moved reads a goods movement of a document, or of a confirmation to an
// operation.
func (d Dialect) moved(item, above entity) (plant.Event, error) {
	order, op := d.Settings.order(first(item.text("ManufacturingOrder"), above.text("OrderID"))), plant.OperationID(first(item.text("YY1_Operation_MMI"), above.text("OrderOperation")))
	n, material, lot := item.number(counter+"MMI"), plant.ItemID(item.text("Material")), plant.LotID(item.text("Batch"))
	q := plant.Quantity{Amount: item.amount("QuantityInEntryUnit"), Unit: plant.Unit(item.text("EntryUnit"))}
	ev := plant.Event{At: item.happened("MMI", above.happened("CNF", above.joined("ConfirmedExecutionEnd")))}
	ev.ID = plant.EventID(first(item.text(reference+"MMI"), above.text("ReferenceDocument"), above.text(reference+"CNF"), above.text("ExternalSystemConfirmation")))
	if _, said := item["QuantityInEntryUnit"]; !said || material == "" || q.Unit == "" || order == "" {
		return ev, refuse(codeMalformed, "item: Material, QuantityInEntryUnit, EntryUnit and the order must be said")
	}
	switch item.text("GoodsMovementType") {
	case movementIssue:
		ev.Fact = plant.Consumed{Order: order, Operation: op, Counter: n, Material: material, Lot: lot, Quantity: q}
	case movementScrap:
		ev.Fact = plant.Scrapped{Order: order, Operation: op, Counter: n, Material: material, Lot: lot, Quantity: q, Reason: item.text("GoodsMovementReasonCode")}
	case movementReceipt:
		f := plant.Received{Order: order, Counter: n, Material: material, Lot: lot, Quantity: q}
		for _, s := range item.rows("to_SerialNumbers") {
			f.Serials = append(f.Serials, plant.SerialID(s.text("SerialNumber")))
		}
		ev.Fact = f
	default:
		return ev, refuse(codeMalformed, "item/GoodsMovementType: %q is none of 101, 261 and 551", clip(item.text("GoodsMovementType")))
	}
	return ev, nil
}

// held restricts a batch for a quality case.
func held(ev plant.Event, f plant.LotHeld) entity {
	e := entity{"Material": string(f.Material), "BatchIdentifyingPlant": "", "Batch": string(f.Lot), "MatlBatchIsInRstrcdUseStock": true}
	return e.custom("BTC", ev).set("YY1_QualityCase_BTC", string(f.Case)).set("YY1_HoldReason_BTC", f.Reason).set("YY1_Order_BTC", string(f.Order))
}

func (d Dialect) restricted(e entity) (plant.Event, error) {
	f := plant.LotHeld{Lot: plant.LotID(e.text("Batch")), Material: plant.ItemID(e.text("Material")), Order: plant.OrderID(e.text("YY1_Order_BTC")),
		Case: plant.CaseID(e.text("YY1_QualityCase_BTC")), Reason: e.text("YY1_HoldReason_BTC")}
	if f.Lot == "" || !e.flag("MatlBatchIsInRstrcdUseStock") {
		return plant.Event{}, refuse(codeMalformed, "Batch: only MatlBatchIsInRstrcdUseStock true can be written; who lifts a restriction decides in quality management")
	}
	return plant.Event{ID: plant.EventID(e.text(reference + "BTC")), At: e.happened("BTC"), Fact: f}, nil
}

// inspection is the result of one.
func (d Dialect) inspection(ev plant.Event, f plant.Inspected) entity {
	e := entity{"ManufacturingOrder": d.Settings.shown(f.Order), "ManufacturingOrderOperation": string(f.Operation), "Material": string(f.Material),
		"YY1_Passed_QIR": f.Passed, "YY1_Failed_QIR": f.Failed}
	return e.set("Batch", string(f.Lot)).set("SerialNumber", string(f.Serial)).set("InspectionResultText", f.Text).custom("QIR", ev)
}

func (d Dialect) inspected(e entity) (plant.Event, error) {
	f := plant.Inspected{Order: d.Settings.order(e.text("ManufacturingOrder")), Operation: plant.OperationID(e.text("ManufacturingOrderOperation")), Counter: e.number(counter + "QIR"),
		Material: plant.ItemID(e.text("Material")), Lot: plant.LotID(e.text("Batch")), Serial: plant.SerialID(e.text("SerialNumber")),
		Passed: e.number("YY1_Passed_QIR"), Failed: e.number("YY1_Failed_QIR"), Text: e.text("InspectionResultText")}
	if f.Order == "" || f.Passed < 0 || f.Failed < 0 {
		return plant.Event{}, refuse(codeMalformed, "A_InspectionResult: ManufacturingOrder must be said, and counts are not negative")
	}
	return plant.Event{ID: plant.EventID(e.text(reference + "QIR")), At: e.happened("QIR"), Fact: f}, nil
}
