package saps4

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Events is the name of every announcement: one address, and the type says what
// happened.
const Events = "events"

// Types of events. They name what changed, and the receiver reads it.
const (
	orderEvents   = "sap.s4.beh.productionorder.v1.ProductionOrder."
	productEvents = "sap.s4.beh.product.v1.Product."
	lotEvents     = "sap.s4.beh.inspectionlot.v1.InspectionLot."
)

// cloudEvent is an event of CloudEvents 1.0 in its JSON form.
type cloudEvent struct {
	Type        string    `json:"type"`
	SpecVersion string    `json:"specversion"`
	Source      string    `json:"source"`
	ID          string    `json:"id"`
	Time        string    `json:"time,omitempty"`
	DataType    string    `json:"datacontenttype"`
	Data        eventData `json:"data"`
}

// eventData are the keys of what changed.
type eventData struct {
	ProductionOrder     string `json:"ProductionOrder,omitempty"`
	ManufacturingOrder  string `json:"ManufacturingOrder,omitempty"`
	ProductionOrderType string `json:"ProductionOrderType,omitempty"`
	ProductionPlant     string `json:"ProductionPlant,omitempty"`
	Product             string `json:"Product,omitempty"`
	InspectionLot       string `json:"InspectionLot,omitempty"`
	Material            string `json:"Material,omitempty"`
	Batch               string `json:"Batch,omitempty"`
	UsageDecision       string `json:"InspLotUsageDecisionCode,omitempty"`
}

// event announces e. The identity of the event is the same however often it is
// delivered.
func (d Dialect) event(e plant.Event) simulators.Message {
	c := cloudEvent{SpecVersion: "1.0", Source: "/default/sap.s4.beh/ANDONCLNT100", ID: guid(e.ID), DataType: "application/json"}
	if !e.At.IsZero() {
		c.Time = e.At.Format(time.RFC3339Nano)
	}
	order := d.Settings.shown(e.Fact.Keys().Order)
	if order != "" {
		c.Data = eventData{ProductionOrder: order, ManufacturingOrder: order, ProductionOrderType: "PP01", ProductionPlant: sitePlant}
	}
	switch f := e.Fact.(type) {
	case plant.OrderReleased:
		c.Type = orderEvents + "Released.v1"
	case plant.OrderChanged:
		c.Type = orderEvents + "Changed.v1"
	case plant.OrderCancelled:
		c.Type = orderEvents + "Deleted.v1"
	case plant.ItemChanged:
		c.Type, c.Data.Product = productEvents+"Changed.v1", string(f.Item.ID)
	case plant.LotDecided:
		c.Type = lotEvents + "UsageDecisionMade.v1"
		c.Data = eventData{InspectionLot: string(f.Case), Material: string(f.Material), Batch: string(f.Lot), UsageDecision: string(f.Decision)}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(c) // strings cannot fail
	m := simulators.Message{Verb: "post", Name: Events, Header: map[string]string{"Content-Type": "application/cloudevents+json; charset=utf-8"}, Body: bytes.TrimSpace(b.Bytes())}
	if ref := string(e.ID); printable(ref) {
		m.Header["Andon-Event"] = ref
	}
	return m
}

// sitePlant is the plant that everything happens in.
const sitePlant = "1010"

// printable reports whether a text can be the value of a header.
func printable(s string) bool {
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return s != ""
}

// readEvent understands an event as its receiver does: as the question that it
// raises, or as what it says by itself.
func (d Dialect) readEvent(m simulators.Message) (simulators.Ask, error) {
	var c cloudEvent
	dec := json.NewDecoder(bytes.NewReader(m.Body))
	if err := dec.Decode(&c); err != nil || c.SpecVersion != "1.0" || c.ID == "" || c.Type == "" {
		return simulators.Ask{}, refuse(codeMalformed, "the body is no CloudEvent 1.0 in JSON with id and type")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return simulators.Ask{}, refuse(codeMalformed, "something follows the event")
	}
	ask := func(object, id string) (simulators.Ask, error) {
		if id == "" {
			return simulators.Ask{}, refuse(codeMalformed, "the data of the event names nothing")
		}
		return simulators.Ask{Query: &simulators.Query{Object: object, Where: map[string]string{"id": id}}}, nil
	}
	switch {
	case len(c.Type) > len(orderEvents) && c.Type[:len(orderEvents)] == orderEvents:
		return ask("order", string(d.Settings.order(c.Data.ManufacturingOrder)))
	case len(c.Type) > len(productEvents) && c.Type[:len(productEvents)] == productEvents:
		return ask("items", c.Data.Product)
	case c.Type != lotEvents+"UsageDecisionMade.v1":
		return simulators.Ask{}, refuse(codeMalformed, "events of type %q are not known here", clip(c.Type))
	}
	at, err := time.Parse(time.RFC3339Nano, c.Time)
	f := plant.LotDecided{Lot: plant.LotID(c.Data.Batch), Material: plant.ItemID(c.Data.Material), Case: plant.CaseID(c.Data.InspectionLot), Decision: plant.Decision(c.Data.UsageDecision)}
	if f.Lot == "" || f.Case == "" || err != nil {
		return simulators.Ask{}, refuse(codeMalformed, "the event names no batch, no inspection lot or no time")
	}
	return simulators.Ask{Claims: []plant.Event{{ID: plant.EventID(first(m.Header["Andon-Event"], plant.Natural(f))), At: at, Fact: f}}}, nil
}
