package saps4

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// This file shows objects of the books as entities.

// Tag implements [simulators.Tagger]. The tag of an order is when it was last
// changed, to the second: every posting moves it.
func (d Dialect) Tag(found any) string {
	switch f := found.(type) {
	case simulators.OrderState:
		return tag(stamp(f.Changed))
	case *simulators.OrderState:
		return tag(stamp(f.Changed))
	case plant.Lot:
		h := fnv.New64a()
		fmt.Fprint(h, f.Material, f.Status, f.Expires.Unix())
		return tag(strconv.FormatUint(h.Sum64(), 36))
	}
	return ""
}

func tag(s string) string { return "W/\"'" + s + "'\"" }

// entities are the rows of type t that found shows.
func (d Dialect) entities(t *entityType, found []any) (all []entity) {
	for i, f := range found {
		if rows, ok := d.master(t, f); ok {
			all = append(all, rows...)
			continue
		}
		switch f := f.(type) {
		case simulators.OrderState:
			all = append(all, d.ofOrder(t, f)...)
		case *simulators.OrderState:
			all = append(all, d.ofOrder(t, *f)...)
		case simulators.ItemState:
			all = append(all, ofProduct(t, f)...)
		case plant.Item:
			all = append(all, ofProduct(t, simulators.ItemState{Item: f})...)
		case plant.Lot:
			all = append(all, d.ofLot(f))
		case simulators.Posting:
			all = append(all, d.ofPosting(t, f)...)
		case simulators.Operation:
			all = append(all, d.ofPooled(i, f)...)
		}
	}
	return all
}

func (d Dialect) ofOrder(t *entityType, s simulators.OrderState) []entity {
	e := d.order(s)
	switch t {
	case orderItemType:
		return e.rows("to_ProductionOrderItem")
	case operationType:
		return e.rows("to_ProductionOrderOperation")
	case componentType:
		return e.rows("to_ProductionOrderComponent")
	case statusType:
		return e.rows("to_ProductionOrderStatus")
	}
	return []entity{e}
}

// order shows an order with all that belongs to it.
func (d Dialect) order(s simulators.OrderState) entity {
	o, id, changed := s.Order, d.Settings.shown(s.Order.ID), stamp(s.Changed)
	e := entity{etag: d.Tag(s), "ManufacturingOrder": id, "ManufacturingOrderType": "PP01", "Material": string(o.Item), "ProductionPlant": sitePlant,
		"TotalQuantity": o.Quantity.Amount, "ProductionUnit": string(o.Quantity.Unit), "LastChangeDateTime": changed, "YY1_Revision_ORD": o.Revision,
		"YY1_Priority_ORD": o.Priority, "YY1_Version_ORD": s.Version, "OrderIsReleased": "X"}
	e.split("MfgOrderPlannedStart", o.Start).split("MfgOrderPlannedEnd", o.Due).set("YY1_Start_ORD", o.Start).set("YY1_End_ORD", o.Due)
	for state, name := range map[string]string{"Completed": "OrderIsConfirmed", "Closed": "OrderIsClosed", "Cancelled": "OrderIsMarkedForDeletion"} {
		if s.State == state {
			e[name] = "X"
		}
	}
	e["to_ProductionOrderItem"] = []entity{{"ManufacturingOrder": id, "ManufacturingOrderItem": "0001", "Material": string(o.Item), "Batch": string(o.Lot),
		"MfgOrderItemPlannedTotalQty": o.Quantity.Amount, "MfgOrderItemGoodsReceiptQty": s.Received, "ProductionUnit": string(o.Quantity.Unit)}}
	var operations, components []entity
	for _, op := range o.Operations {
		sum := s.Confirmed[op.ID]
		one := entity{etag: tag(changed), "ManufacturingOrder": id, "ManufacturingOrderOperation": string(op.ID), "MfgOrderOperationText": op.Description, "WorkCenter": string(op.WorkCenter),
			"WorkCenterStandardWorkQty1": plant.Decimal(op.Setup / time.Microsecond), "WorkCenterStandardWorkQtyUnit1": "SEC",
			"WorkCenterStandardWorkQty2": plant.Decimal(op.Cycle / time.Microsecond), "WorkCenterStandardWorkQtyUnit2": "SEC",
			"YY1_Inspect_OPR": op.Inspect, "OpTotalConfirmedYieldQty": sum.Yield, "OpTotalConfirmedScrapQty": sum.Scrap, "OpTotalConfirmedReworkQty": sum.Rework, "LastChangeDateTime": changed}
		if sum.Final {
			one["OperationIsConfirmed"] = "X"
		}
		operations = append(operations, one)
	}
	for i, c := range o.Components {
		components = append(components, entity{etag: tag(changed), "Reservation": id, "ReservationItem": fmt.Sprintf("%04d", i+1), "ManufacturingOrder": id,
			"ManufacturingOrderOperation": string(c.Operation), "Material": string(c.Material), "RequiredQuantity": c.Quantity.Amount, "EntryUnit": string(c.Quantity.Unit), "LastChangeDateTime": changed})
	}
	e["to_ProductionOrderOperation"], e["to_ProductionOrderComponent"], e["to_ProductionOrderStatus"] = operations, components, statuses(id, s)
	return e
}

// statuses are those of an order by their codes.
func statuses(id string, s simulators.OrderState) []entity {
	one := func(code, short, name string) entity {
		return entity{"ManufacturingOrder": id, "StatusCode": code, "StatusShortName": short, "StatusName": name}
	}
	all := []entity{one("I0002", "REL", "Released")}
	switch s.State {
	case "Running":
		all = append(all, one("I0010", "PCNF", "Partially confirmed"))
	case "Completed":
		all = append(all, one("I0009", "CNF", "Confirmed"))
	case "Closed":
		all = append(all, one("I0045", "TECO", "Technically completed"))
	case "Cancelled":
		all = append(all, one("I0076", "DLFL", "Deletion flag"))
	}
	return all
}

func ofProduct(t *entityType, s simulators.ItemState) []entity {
	i := s.Item
	e := entity{"Product": string(i.ID), "ProductType": "FERT", "BaseUnit": string(i.Unit), "IsBatchManagementRequired": i.Lots, "IsMarkedForDeletion": i.Retired,
		"YY1_Revision_PRD": i.Revision, "YY1_Decimals_PRD": i.Decimals, "YY1_Version_PRD": s.Version}
	e.set("LastChangeDateTime", s.Changed)
	if i.Serials {
		e["SerialNumberProfile"] = "0001"
	}
	descriptions, units := []entity{}, []entity{}
	if i.Description != "" {
		descriptions = append(descriptions, entity{"Product": string(i.ID), "Language": "EN", "ProductDescription": i.Description})
	}
	for _, u := range i.Units {
		units = append(units, entity{"Product": string(i.ID), "AlternativeUnit": string(u.Unit), "QuantityNumerator": plant.Whole(u.Factor.Num), "QuantityDenominator": plant.Whole(u.Factor.Den)})
	}
	switch t {
	case descriptionType:
		return descriptions
	case unitType:
		return units
	}
	e["to_Description"], e["to_ProductUnitsOfMeasure"] = descriptions, units
	return []entity{e}
}

func (d Dialect) ofLot(l plant.Lot) entity {
	e := entity{etag: d.Tag(l), "Material": string(l.Material), "Batch": string(l.ID), "MatlBatchIsInRstrcdUseStock": l.Status != plant.LotUnrestricted,
		"BatchIsMarkedForDeletion": l.Status == plant.LotScrapped, "YY1_Quantity_BTC": l.Quantity}
	return e.set("ShelfLifeExpirationDate", day(l.Expires)).set("YY1_ExpiresAt_BTC", l.Expires)
}

// ofPosting shows a document, if it is of the kind that t is for.
func (d Dialect) ofPosting(t *entityType, p simulators.Posting) []entity {
	if p.Claim.Fact == nil {
		return nil
	}
	switch f := p.Claim.Fact.(type) {
	case plant.OperationStarted, plant.Confirmed, plant.Reworked:
		if t != confType {
			return nil
		}
		e := d.confirmation(p.Claim)
		e["ConfirmationGroup"], e["ConfirmationCount"] = p.Doc, firstCount
		if p.Reversed != "" {
			e["IsReversed"] = true
		}
		if guidPattern.MatchString(string(p.Alias)) {
			e["ExternalSystemConfirmation"] = string(p.Alias)
		}
		return []entity{e}
	case plant.Consumed, plant.Scrapped, plant.Received:
		if t != headerType && t != itemType {
			return nil
		}
		e := d.document(p.Claim)
		d.number(e, p.Doc, p.Claim.At)
		if p.Alias != "" {
			e["ReferenceDocument"] = string(p.Alias)
		}
		for _, item := range e.rows("to_MaterialDocumentItem") {
			if p.Reversed != "" {
				item["GoodsMovementIsCancelled"] = true
			}
		}
		if t == itemType {
			return e.rows("to_MaterialDocumentItem")
		}
		return []entity{e}
	case plant.Inspected:
		if t == resultType {
			return []entity{d.inspection(p.Claim, f).set("InspectionLot", p.Doc)}
		}
	case plant.LotHeld:
		if t == lotType {
			return []entity{held(p.Claim, f)}
		}
	case plant.Reversed:
		return d.ofReversal(t, p)
	}
	return nil
}

// firstCount is the count of every confirmation: each has a group of its own.
const firstCount = "00000001"

// number gives a document its number.
func (d Dialect) number(e entity, doc string, at time.Time) {
	year := strconv.Itoa(at.Year())
	e["MaterialDocument"], e["MaterialDocumentYear"] = doc, year
	for i, item := range e.rows("to_MaterialDocumentItem") {
		item["MaterialDocument"], item["MaterialDocumentYear"], item["MaterialDocumentItem"] = doc, year, strconv.Itoa(i+1)
		for _, s := range item.rows("to_SerialNumbers") {
			s["MaterialDocument"], s["MaterialDocumentYear"], s["MaterialDocumentItem"] = doc, year, strconv.Itoa(i+1)
		}
	}
}

// ofPooled shows what waits for a person because it was refused.
func (d Dialect) ofPooled(i int, o simulators.Operation) []entity {
	if o.Refusal == nil {
		return nil
	}
	e := entity{"Number": strconv.Itoa(i + 1), "ManufacturingOrder": d.Settings.shown(plant.OrderID(o.Message.Entity)), "MessageCode": codeOf(o.Refusal), "MessageText": d.text(o.Refusal), "IsDone": ""}
	if o.State == simulators.OperationSucceeded {
		e["IsDone"] = "X"
	}
	if ask, err := d.Decode(o.Message); err == nil && len(ask.Claims) > 0 { // what came together has the reference of the first
		e.set(reference+"FPO", string(ask.Claims[0].ID))
	}
	return []entity{e.set("EnteredAt", o.Accepted)}
}
