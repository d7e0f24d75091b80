package d365

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// envelope is what is posted to SendMessage: the content is a string.
type envelope struct {
	Company string  `json:"_companyId"`
	Queue   string  `json:"_messageQueue,omitempty"` // JmgMES3P if left out
	Type    string  `json:"_messageType"`
	Content *string `json:"_messageContent"`
}

// sendMessage words a fact as a message in its envelope.
func (d Dialect) sendMessage(e plant.Event) ([]byte, error) {
	kind, c, err := content(e)
	if err != nil {
		return nil, err
	}
	text := string(plain(c))
	return plain(envelope{d.Settings.company(), Queue, kind, &text}), nil
}

// received reads a message in its envelope. What is wrong with the content is
// found out when it is worked off.
func (d Dialect) received(body []byte) (simulators.Ask, error) {
	var e envelope
	if err := strict(body, &e, Refused); err != nil {
		return simulators.Ask{}, refuse(codeMalformed, "%s", err)
	}
	switch {
	case e.Content == nil:
		return simulators.Ask{}, refuse(codeMalformed, "_messageContent is missing; it is JSON in a string")
	case e.Company == "" || e.Type == "":
		return simulators.Ask{}, refuse(codeMalformed, "_companyId and _messageType are needed")
	case e.Queue != "" && e.Queue != Queue:
		return simulators.Ask{}, refuse(codeMalformed, "_messageQueue: there is no queue %q here, only %s", clip(e.Queue), Queue)
	case !slices.Contains(Types(), e.Type):
		return simulators.Ask{}, refuse(codeMalformed, "_messageType: %q is not one of %s", clip(e.Type), strings.Join(Types(), ", "))
	}
	ask, err := d.content(e.Type, *e.Content)
	ask.Defaults = true
	switch {
	case err != nil:
		ask.Late, ask.Entity = refuse(codeMalformed, "%s: %s", e.Type, err), dependency(*e.Content)
	case !strings.EqualFold(e.Company, d.Settings.company()):
		ask.Late = refuse("company-unknown", "production order %s does not exist in company %s", orderOf(ask), clip(e.Company))
	}
	return ask, nil
}

// dependency is the order that a content names, also if the rest of it is wrong.
func dependency(content string) string {
	var c struct{ ProductionOrderNumber string }
	_ = json.Unmarshal([]byte(content), &c) // of what is no JSON at all nobody knows the order
	return c.ProductionOrderNumber
}

func orderOf(a simulators.Ask) plant.OrderID {
	if len(a.Claims) > 0 {
		return a.Claims[0].Fact.Keys().Order
	}
	return a.Ends
}

// content reads what stands in the string.
func (d Dialect) content(kind, text string) (ask simulators.Ask, err error) {
	b := []byte(text)
	switch kind {
	case TypeStart:
		var c start
		if err = errors.Join(strict(b, &c, d.Settings.Unknown), c.check()); err == nil {
			ask.Claims = []plant.Event{{Fact: plant.OperationStarted{Order: plant.OrderID(c.ProductionOrderNumber)}}}
		}
	case TypeReportFinished:
		var c reportFinished
		if err = strict(b, &c, d.Settings.Unknown); err == nil {
			ask.Claims, err = c.claims()
		}
	case TypePickingList:
		var c pickingList
		if err = strict(b, &c, d.Settings.Unknown); err == nil {
			ask.Claims, err = c.claims()
		}
	case TypeRouteCard:
		var c routeCard
		if err = strict(b, &c, d.Settings.Unknown); err == nil {
			ask.Claims, err = c.claims()
		}
	case TypeEnd:
		var c end
		if err = errors.Join(strict(b, &c, d.Settings.Unknown), c.check()); err == nil {
			ask.Ends = plant.OrderID(c.ProductionOrderNumber)
		}
	}
	ask.Batch = len(ask.Claims) > 1
	if err != nil {
		ask = simulators.Ask{}
	}
	return ask, err
}

// rules for what is consumed by itself.
var (
	bomRules   = []string{"FlushingPrincip", "Always", "Never"}
	routeRules = []string{"RouteDependent", "Always", "Never"}
)

func (c start) check() error {
	return errors.Join(needed("ProductionOrderNumber", c.ProductionOrderNumber), c.AutomaticBOMConsumptionRule.one(bomRules...), c.AutomaticRouteConsumptionRule.one(routeRules...))
}

func (c end) check() error {
	return errors.Join(needed("ProductionOrderNumber", c.ProductionOrderNumber), c.UseTimeAndAttendanceCost.one("Yes", "No"), c.AutoReportAsFinished.one("Yes", "No"), c.AutoUpdate.one("Yes", "No"))
}

func needed(name, value string) error {
	if value == "" {
		return fmt.Errorf("%s is needed", name)
	}
	return nil
}

func lines(order, name string, n int) error {
	if n == 0 {
		return errors.Join(needed("ProductionOrderNumber", order), fmt.Errorf("%s has no line", name))
	}
	return needed("ProductionOrderNumber", order)
}

// notNegative reports quantities below zero.
func notNegative(rs ...*number) error {
	for _, r := range rs {
		if r != nil && *r < 0 {
			return fmt.Errorf("a quantity of %s", plant.Decimal(*r))
		}
	}
	return nil
}

func (c reportFinished) claims() (claims []plant.Event, err error) {
	err = errors.Join(lines(c.ProductionOrderNumber, "ReportFinishedLines", len(c.ReportFinishedLines)), c.PrintLabel.one("Yes", "No"))
	for i, l := range c.ReportFinishedLines {
		got, lerr := l.claims(plant.OrderID(c.ProductionOrderNumber))
		claims = append(claims, got...)
		err = errors.Join(err, numbered(i, lerr))
	}
	return claims, err
}

func numbered(i int, err error) error {
	if err != nil {
		return fmt.Errorf("line %d: %w", i+1, err)
	}
	return nil
}

// claims are what a line reports: good pieces, and bad ones. Who says no good
// quantity means all that the order still lacks.
func (l finishedLine) claims(order plant.OrderID) (claims []plant.Event, err error) {
	at := time.Time{}
	if l.ExecutedDateTime != nil {
		at = l.ExecutedDateTime.Time
	}
	err = errors.Join(notNegative(l.ReportedGoodQuantity, l.ReportedErrorQuantity), l.AutomaticBOMConsumptionRule.one(bomRules...), l.AutomaticRouteConsumptionRule.one(routeRules...),
		l.ProductionType.one("MainItem", "Formula", "BOM", "Co_Product", "By_Product", "None"))
	for _, w := range []word{l.AcceptError, l.RespectFlushingPrincipleDuringOverproduction, l.EndJob, l.EndPickingList, l.EndRouteCard, l.PostNow, l.AutoUpdate, l.GenerateLicensePlate} {
		err = errors.Join(err, w.one("Yes", "No"))
	}
	if l.ReportedGoodQuantity == nil || *l.ReportedGoodQuantity != 0 {
		f := plant.Received{Order: order, Material: plant.ItemID(l.ItemNumber), Lot: plant.LotID(l.ItemBatchNumber), Quantity: l.ReportedGoodQuantity.quantity("")}
		if l.ProductSerialNumber != "" {
			f.Serials = []plant.SerialID{plant.SerialID(l.ProductSerialNumber)}
		}
		claims = append(claims, plant.Event{At: at, Fact: f})
	}
	if l.ReportedErrorQuantity != nil && *l.ReportedErrorQuantity != 0 {
		claims = append(claims, plant.Event{At: at, Fact: plant.Scrapped{Order: order, Material: plant.ItemID(l.ItemNumber), Quantity: l.ReportedErrorQuantity.quantity(""), Reason: string(l.ErrorCause)}})
	}
	if len(claims) == 0 {
		err = errors.Join(err, errors.New("it reports nothing"))
	}
	return claims, err
}

func (c pickingList) claims() (claims []plant.Event, err error) {
	err = lines(c.ProductionOrderNumber, "PickingListLines", len(c.PickingListLines))
	for i, l := range c.PickingListLines {
		got, lerr := l.claims(plant.OrderID(c.ProductionOrderNumber))
		claims = append(claims, got...)
		err = errors.Join(err, numbered(i, lerr))
	}
	return claims, err
}

func (l pickingLine) claims(order plant.OrderID) (claims []plant.Event, err error) {
	err = errors.Join(needed("ItemNumber", l.ItemNumber), l.IsConsumptionEnded.one("Yes", "No"),
		notNegative(l.ConsumptionBOMQuantity, l.ConsumptionInventoryQuantity, l.ScrapBOMQuantity))
	f := plant.Consumed{Order: order, Material: plant.ItemID(l.ItemNumber), Lot: plant.LotID(l.ItemBatchNumber), Quantity: l.ConsumptionBOMQuantity.quantity(l.BOMUnitSymbol)}
	if l.OperationNumber != nil {
		f.Operation = operationID(*l.OperationNumber)
	}
	if l.ConsumptionBOMQuantity == nil {
		f.Quantity = l.ConsumptionInventoryQuantity.quantity("")
	}
	scrap := l.ScrapBOMQuantity.quantity(l.BOMUnitSymbol)
	if f.Quantity.Amount != 0 || scrap.Amount == 0 {
		claims = append(claims, plant.Event{Fact: f})
	}
	if scrap.Amount != 0 {
		claims = append(claims, plant.Event{Fact: plant.Scrapped{Order: order, Operation: f.Operation, Material: f.Material, Lot: f.Lot, Quantity: scrap, Reason: string(l.ErrorCause)}})
	}
	return claims, err
}

func (c routeCard) claims() (claims []plant.Event, err error) {
	err = lines(c.ProductionOrderNumber, "RouteCardLines", len(c.RouteCardLines))
	for i, l := range c.RouteCardLines {
		if l.OperationNumber == nil {
			err = errors.Join(err, numbered(i, errors.New("OperationNumber is needed")))
			continue
		}
		err = errors.Join(err, numbered(i, l.check()))
		op, order := operationID(*l.OperationNumber), plant.OrderID(c.ProductionOrderNumber)
		reason, back := reworkReason(l.ErrorCause)
		if !back {
			claims = append(claims, plant.Event{Fact: l.confirmed(order, op)})
			continue
		}
		q := l.ErrorQuantity.quantity("")
		if n := len(claims); n > 0 { // it belongs to the line before it
			if f, ok := claims[n-1].Fact.(plant.Confirmed); ok && f.Operation == op && f.Reason == reason && f.Rework.Amount == 0 {
				f.Rework = q
				claims[n-1].Fact = f
				continue
			}
		}
		claims = append(claims, plant.Event{Fact: plant.Reworked{Order: order, Operation: op, Quantity: q, Reason: reason}})
	}
	return claims, err
}

func (l routeLine) check() error {
	err := errors.Join(notNegative(l.GoodQuantity, l.ErrorQuantity, l.Hours), l.TaskType.one("QueueBefore", "Setup", "Process", "Overlap", "Transport", "QueueAfter", "Burden"))
	for _, w := range []word{l.OperationCompleted, l.BOMConsumption, l.ReportAsFinished} {
		err = errors.Join(err, w.one("Yes", "No"))
	}
	if n := *l.OperationNumber; n < 0 || n > 1e8 {
		err = errors.Join(err, fmt.Errorf("OperationNumber %d is out of range", n))
	}
	return err
}

func (l routeLine) confirmed(order plant.OrderID, op plant.OperationID) plant.Confirmed {
	return plant.Confirmed{Order: order, Operation: op, WorkCenter: plant.WorkCenterID(l.OperationsResourceId), Operator: plant.PersonID(l.Worker),
		Yield: l.GoodQuantity.quantity(""), Scrap: l.ErrorQuantity.quantity(""), Reason: string(l.ErrorCause), Final: l.OperationCompleted == "Yes", Labor: l.Hours.duration()}
}
