package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// This file is what an ERP that speaks sap-s4/v2 shows, as the records of
// files/v1 name it.

// sapDate reads /Date(milliseconds+minutes)/ as an instant with its offset.
func sapDate(s string) string {
	m := sapDatePattern.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	ms, _ := strconv.ParseInt(m[1], 10, 64)
	minutes, _ := strconv.Atoi(m[2])
	return time.UnixMilli(ms).In(time.FixedZone("", minutes*60)).Format(time.RFC3339Nano)
}

var sapDatePattern = regexp.MustCompile(`^/Date\((-?\d+)([+-]\d+)?\)/$`)

// plainNumber is a decimal without the zeros that only fill it.
func plainNumber(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// sapOrder is an order as it is read.
type sapOrder struct {
	ManufacturingOrder, Material, TotalQuantity, ProductionUnit, LastChangeDateTime string
	Revision                                                                        string `json:"YY1_Revision_ORD"`
	Priority                                                                        int    `json:"YY1_Priority_ORD"`
	Version                                                                         int    `json:"YY1_Version_ORD"`
	Start                                                                           string `json:"YY1_Start_ORD"`
	End                                                                             string `json:"YY1_End_ORD"`
	OrderIsMarkedForDeletion                                                        string
	Items                                                                           struct{ Results []struct{ Batch string } } `json:"to_ProductionOrderItem"`
	Operations                                                                      struct {
		Results []struct {
			ManufacturingOrderOperation, MfgOrderOperationText, WorkCenter string
			WorkCenterStandardWorkQty1, WorkCenterStandardWorkQty2         string
			Inspect                                                        bool `json:"YY1_Inspect_OPR"`
		}
	} `json:"to_ProductionOrderOperation"`
	Components struct {
		Results []struct{ ManufacturingOrderOperation, Material, RequiredQuantity, EntryUnit string }
	} `json:"to_ProductionOrderComponent"`
}

func sapFlag(b bool) string {
	if b {
		return "X"
	}
	return ""
}

// seconds is a duration in seconds; nothing if it is none.
func seconds(s string) string {
	if s = plainNumber(s); s == "0" {
		return ""
	}
	return s
}

// announced is the order as a record, with the records below it.
func (o sapOrder) announced(kind, at string) (l line, below []line, event string) {
	version := strconv.Itoa(o.Version)
	event = kind + "/" + o.ManufacturingOrder + "/" + version
	switch kind {
	case "order-cancelled":
		return line{"CAN", event, at, o.ManufacturingOrder, version}, nil, event
	case "order-changed":
		return line{"CHG", event, at, o.ManufacturingOrder, version, plainNumber(o.TotalQuantity), o.ProductionUnit, sapDate(o.End), strconv.Itoa(o.Priority)}, nil, event
	}
	event = kind + "/" + o.ManufacturingOrder + "/1"
	batch := ""
	if len(o.Items.Results) > 0 {
		batch = o.Items.Results[0].Batch
	}
	l = line{"ORD", event, at, o.ManufacturingOrder, o.Material, o.Revision, plainNumber(o.TotalQuantity), o.ProductionUnit, sapDate(o.Start), sapDate(o.End), strconv.Itoa(o.Priority), batch}
	for _, p := range o.Operations.Results {
		below = append(below, line{"OPR", p.ManufacturingOrderOperation, p.MfgOrderOperationText, p.WorkCenter, seconds(p.WorkCenterStandardWorkQty1), seconds(p.WorkCenterStandardWorkQty2), sapFlag(p.Inspect)})
	}
	for _, c := range o.Components.Results {
		below = append(below, line{"CMP", c.ManufacturingOrderOperation, c.Material, plainNumber(c.RequiredQuantity), c.EntryUnit})
	}
	return l, below, event
}

// sapProduct is a material as it is read.
type sapProduct struct {
	Product, BaseUnit, SerialNumberProfile, LastChangeDateTime string
	IsBatchManagementRequired, IsMarkedForDeletion             bool
	Revision                                                   string `json:"YY1_Revision_PRD"`
	Decimals                                                   int    `json:"YY1_Decimals_PRD"`
	Version                                                    int    `json:"YY1_Version_PRD"`
	Description                                                struct {
		Results []struct{ ProductDescription string }
	} `json:"to_Description"`
	Units struct {
		Results []struct{ AlternativeUnit, QuantityNumerator, QuantityDenominator string }
	} `json:"to_ProductUnitsOfMeasure"`
}

func (p sapProduct) announced(at string) (l line, below []line, event string) {
	event = kindItem + "/" + p.Product + "/" + strconv.Itoa(p.Version)
	text := ""
	if len(p.Description.Results) > 0 {
		text = p.Description.Results[0].ProductDescription
	}
	l = line{"ITM", event, at, p.Product, strconv.Itoa(p.Version), text, p.Revision, p.BaseUnit, strconv.Itoa(p.Decimals), sapFlag(p.IsBatchManagementRequired), sapFlag(p.SerialNumberProfile != ""), sapFlag(p.IsMarkedForDeletion)}
	for _, u := range p.Units.Results {
		below = append(below, line{"UOM", u.AlternativeUnit, plainNumber(u.QuantityNumerator), plainNumber(u.QuantityDenominator)})
	}
	return l, below, event
}

// sapEvent is an event of the ERP.
type sapEvent struct {
	Type, SpecVersion, ID, Time string
	Data                        struct {
		ManufacturingOrder, Product, InspectionLot, Material, Batch string
		Decision                                                    string `json:"InspLotUsageDecisionCode"`
	}
}

func readSAPEvent(body []byte) (sapEvent, error) {
	var e sapEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("read event: %w", err)
	}
	if e.SpecVersion != "1.0" || e.Type == "" {
		return e, errors.New("read event: it is no CloudEvent 1.0")
	}
	return e, nil
}
