package saps4

import (
	"errors"
	"flag"
	"maps"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

var update = flag.Bool("update", false, "rewrite the golden exchanges")

func order() plant.Order {
	return plant.Order{ID: "4711000001", Item: "PUMP-7", Revision: "C", Quantity: dialecttest.EA("200"), Start: dialecttest.At(6, 0, 0), Due: dialecttest.At(14, 30, 0), Priority: 3, Lot: "P7-0302-01",
		Operations: []plant.Operation{{ID: "0010", Description: "turn", WorkCenter: "TURN", Setup: 15 * time.Minute, Cycle: 90 * time.Second}, {ID: "0020", WorkCenter: "PACK", Inspect: true}},
		Components: []plant.Component{{Material: "CASTING-3", Operation: "0010", Quantity: plant.Quantity{Amount: plant.MustDecimal("205.5"), Unit: "KGM"}}}}
}

func pump() plant.Item {
	return plant.Item{ID: "PUMP-7", Description: "pump", Revision: "C", Unit: "EA", Units: []plant.AltUnit{{Unit: "BOX", Factor: plant.Factor{Num: 12, Den: 1}}}, Lots: true}
}

// announcements and postings are those of the day that all dialects tell of.
func facts() map[string]plant.Event {
	confirmed := plant.Confirmed{Order: "4711000001", Operation: "0010", Counter: 1, WorkCenter: "TURN", Operator: "P-17", Yield: dialecttest.EA("61"), Scrap: dialecttest.EA("2"), Reason: "0001",
		Start: dialecttest.At(6, 0, 0), End: dialecttest.At(7, 30, 0), Labor: 5400 * time.Second}
	return map[string]plant.Event{
		"order-released":    dialecttest.Event(plant.OrderReleased{Order: order()}, dialecttest.At(5, 0, 0)),
		"order-changed":     dialecttest.Event(plant.OrderChanged{Order: "4711000001", Version: 2, Quantity: dialecttest.EA("250")}, dialecttest.At(6, 30, 0)),
		"order-cancelled":   dialecttest.Event(plant.OrderCancelled{Order: "4711000001", Version: 3}, dialecttest.At(9, 0, 0)),
		"item-changed":      dialecttest.Event(plant.ItemChanged{Item: pump(), Version: 1}, dialecttest.At(5, 0, 0)),
		"lot-decided":       dialecttest.Event(plant.LotDecided{Lot: "C3-8841", Material: "CASTING-3", Case: "QC-9", Decision: plant.DecideRelease}, dialecttest.At(8, 0, 0)),
		"operation-started": dialecttest.Event(plant.OperationStarted{Order: "4711000001", Operation: "0010", WorkCenter: "TURN", Operator: "P-17"}, dialecttest.At(6, 0, 0)),
		"confirmation":      dialecttest.Event(confirmed, dialecttest.At(7, 30, 0)),
		"consumption":       dialecttest.Consumption(1, "C3-8841", "61.5"),
		"scrap":             dialecttest.Event(plant.Scrapped{Order: "4711000001", Operation: "0010", Counter: 1, Material: "CASTING-3", Lot: "C3-8841", Quantity: dialecttest.EA("1"), Reason: "broken"}, dialecttest.At(6, 40, 0)),
		"rework":            dialecttest.Event(plant.Reworked{Order: "4711000001", Operation: "0020", Counter: 1, Quantity: dialecttest.EA("3"), Reason: "burr"}, dialecttest.At(8, 40, 0)),
		"receipt":           dialecttest.Event(plant.Received{Order: "4711000001", Counter: 1, Material: "PUMP-7", Lot: "P7-0302-01", Quantity: dialecttest.EA("58"), Serials: []plant.SerialID{"S-1"}}, dialecttest.At(9, 0, 0)),
		"lot-held":          dialecttest.Event(plant.LotHeld{Lot: "C3-8841", Material: "CASTING-3", Case: "QC-9", Reason: "porosity"}, dialecttest.At(7, 0, 0)),
		"inspection":        dialecttest.Event(plant.Inspected{Order: "4711000001", Operation: "0020", Counter: 1, Material: "PUMP-7", Serial: "S-1", Passed: 11, Failed: 1, Text: "bore"}, dialecttest.At(8, 30, 0)),
	}
}

// turned is a work center of which something has changed.
func turned() plant.Event {
	return dialecttest.Event(plant.CenterChanged{WorkCenter: plant.WorkCenter{ID: "TURN", Description: "lathe", Machines: []plant.MachineID{"L-1", "L-2"}, Efficiency: 90}, Version: 2}, dialecttest.At(5, 0, 0))
}

// exchanges are those that the documentation shows.
func exchanges(t testing.TB) map[string]dialecttest.Exchange {
	t.Helper()
	d, all := Dialect{}, map[string]dialecttest.Exchange{}
	made := simulators.Answer{Rows: []simulators.Row{{Doc: "5000000001"}}}
	for name, e := range facts() {
		ms, err := d.Encode(e)
		if err != nil || len(ms) != 1 {
			t.Fatalf("%s: %d messages, %v", name, len(ms), err)
		}
		x := dialecttest.Exchange{By: d, Request: ms[0]}
		if ms[0].Name != Events {
			x.Reply = d.Reply(ms[0], made)
		}
		all[name] = x
	}
	for name, e := range map[string]plant.Event{"idoc order released": facts()["order-released"], "idoc order changed": facts()["order-changed"], "idoc order cancelled": facts()["order-cancelled"],
		"idoc item changed": facts()["item-changed"], "idoc work center changed": turned()} {
		by := Dialect{Settings{Announce: ByIDocs, Zone: "Europe/Prague"}}
		ms, err := by.Encode(e)
		if err != nil || len(ms) != 1 || ms[0].Name != IDocs {
			t.Fatalf("%s: %d messages, %v", name, len(ms), err)
		}
		all[name] = dialecttest.Exchange{By: by, Request: ms[0]}
	}
	for name, of := range map[string]string{"cancel confirmation": "confirmation", "cancel document": "consumption"} {
		e := dialecttest.Event(plant.Reversed{Original: facts()[of], Document: map[string]string{"confirmation": "5000000001", "consumption": "4900000001"}[of]}, dialecttest.At(7, 45, 0))
		ms, err := d.Encode(e)
		if err != nil || len(ms) != 1 {
			t.Fatalf("%s: %d messages, %v", name, len(ms), err)
		}
		all[name] = dialecttest.Exchange{By: d, Request: ms[0], Reply: d.Reply(ms[0], simulators.Answer{Rows: []simulators.Row{{Doc: "5800000001"}}})}
	}
	get := func(as, name string, found ...any) {
		m := simulators.Message{Verb: "get", Method: "GET", Name: Root + "/" + name}
		m.Name, m.Params = nameOf(m.Name)
		all["get "+as] = dialecttest.Exchange{By: d, Request: m, Reply: d.Reply(m, simulators.Answer{Found: found})}
	}
	state := simulators.OrderState{Order: order(), Version: 2, State: "Running", Changed: dialecttest.At(7, 30, 0), Confirmed: map[plant.OperationID]simulators.OperationSum{"0010": {Yield: plant.Whole(61)}}}
	get("order", orderService+"/A_ProductionOrder_2('4711000001')?$expand=to_ProductionOrderItem,to_ProductionOrderOperation,to_ProductionOrderComponent", state)
	get("product", productService+"/A_Product('PUMP-7')?$expand=to_Description,to_ProductUnitsOfMeasure", simulators.ItemState{Item: pump(), Version: 1, Changed: dialecttest.At(5, 0, 0)})
	get("lot", batchService+"/Batch(Material='CASTING-3',BatchIdentifyingPlant='',Batch='C3-8841')", plant.Lot{ID: "C3-8841", Material: "CASTING-3", Status: plant.LotBlocked, Quantity: plant.Whole(40)})
	get("confirmation", confService+"/ProdnOrdConf2?$filter=ExternalSystemConfirmation eq guid'"+guid(facts()["confirmation"].ID)+"'", simulators.Posting{Doc: "5000000001", Claim: facts()["confirmation"]})
	get("inspection", lotService+"/A_InspectionResult?$filter=YY1_MESReference_QIR eq '"+string(facts()["inspection"].ID)+"'", simulators.Posting{Doc: "5000000001", Claim: facts()["inspection"]})
	get("hold", batchService+"/Batch?$filter=YY1_MESReference_BTC eq '"+string(facts()["lot-held"].ID)+"'", simulators.Posting{Doc: "3000000001", Claim: facts()["lot-held"]})
	changed := dialecttest.At(5, 0, 0)
	bill := simulators.BillState{Bill: plant.Bill{Item: "PUMP-7", Revision: "C", For: dialecttest.EA("1"), Components: []plant.Component{{Material: "CASTING-3", Operation: "0010", Quantity: plant.Quantity{Amount: plant.MustDecimal("1.0275"), Unit: "KGM"}}}}, Version: 1, Changed: changed}
	routing := simulators.RoutingState{Routing: plant.Routing{Item: "PUMP-7", Revision: "C", Operations: order().Operations}, Version: 1, Changed: changed}
	get("boms", billService+";v=0002/MaterialBOM?$filter=Material eq 'PUMP-7'&$expand=to_BillOfMaterialItem", bill)
	get("bom items", billService+"/MaterialBOMItem?$filter=Material eq 'PUMP-7'", simulators.BillLine{BillState: bill})
	get("routings", routingService+"/ProductionRoutingHeader?$filter=LastChangeDate ge datetime'2026-03-02T00:00:00'&$expand=to_MatlAssgmt,to_Sequence/to_Operation", routing)
	get("routing of a product", routingService+"/ProductionRoutingMatlAssgmt?$filter=Product eq 'PUMP-7'", routing)
	get("routing operations", routingService+"/ProductionRoutingOperation?$filter=ProductionRoutingGroup eq 'PUMP-7'", simulators.RoutingStep{RoutingState: routing}, simulators.RoutingStep{RoutingState: routing, Step: 1})
	pack := simulators.CenterState{WorkCenter: plant.WorkCenter{ID: "PACK", Manual: true}}
	turn := simulators.CenterState{WorkCenter: plant.WorkCenter{ID: "TURN", Description: "lathe", Machines: []plant.MachineID{"L-1", "L-2"}, Efficiency: 90}, Version: 2, Changed: changed}
	get("work centers", centerService+"/A_WorkCenterAllCapacity", pack, turn)
	get("capacities", centerService+"/A_WorkCenterCapacity?$orderby=CapacityLastChangeDateTime", pack, turn)
	get("shifts", centerService+"/A_WorkCenterCapacityShift_2?$filter=CapacityLastChangeDateTime ge datetimeoffset'2026-03-02T04:00:00Z'&$orderby=CapacityLastChangeDateTime", simulators.CalendarState{
		Calendar: plant.Calendar{ID: "BRNO", Zone: "Europe/Prague", Shifts: []plant.Shift{{Name: "early", Start: 360, End: 840, Days: []time.Weekday{time.Monday, time.Sunday}}}}, Version: 1, Changed: changed})
	get("stock", stockService+"/A_MatlStkInAcctMod?$filter=Material eq 'CASTING-3'", simulators.Stock{Material: "CASTING-3", Lot: "C3-8841", Status: plant.LotBlocked, Quantity: dialecttest.EA("40")})
	page := simulators.Message{Verb: "get", Method: "GET"}
	page.Name, page.Params = nameOf(Root + "/" + productService + "/A_Product?$filter=LastChangeDateTime ge datetimeoffset'2026-03-02T04:00:00Z'&$inlinecount=allpages")
	all["get a page of products"] = dialecttest.Exchange{By: d, Request: page, Reply: d.Reply(page, simulators.Answer{Found: []any{simulators.ItemState{Item: pump(), Version: 1, Changed: changed}}, Cursor: "2026-03-02T04:00:00Z~PUMP-7", Total: 3, More: true})}
	get("nothing", orderService+"/A_ProductionOrder_2?$filter=ManufacturingOrder eq '4711000009'&$inlinecount=allpages")
	get("count", productService+"/A_Product/$count?$filter=IsMarkedForDeletion eq false", simulators.ItemState{Item: pump(), Version: 1, Changed: changed})
	post := all["confirmation"].Request
	refusal := func(name string, m simulators.Message, r simulators.Refusal, d Dialect) {
		all[name] = dialecttest.Exchange{By: d, Request: m, Reply: d.Reply(m, simulators.Answer{Refusal: &r})}
	}
	locked := simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Locked, Code: "order-locked", Text: "4711000001 is being processed by another posting"}
	refusal("locked", post, locked, d)
	refusal("locked in German", post, locked, Dialect{Settings{Language: German}})
	noSession := simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unauthorized, Code: "csrf-token", Text: "CSRF token validation failed"}
	refusal("no session", post, noSession, d)
	refusal("no session in German", post, noSession, Dialect{Settings{Language: German}})
	malformed := post
	malformed.Body = []byte(`{"OrderID":"4711000001","OrderOperation":"0010","ConfirmationYieldQuantity":61}`)
	var why *simulators.Refusal
	if _, err := d.Decode(malformed); !errors.As(err, &why) {
		t.Fatal(err)
	}
	refusal("malformed", malformed, *why, d)
	refusal("malformed in German", malformed, *why, Dialect{Settings{Language: German}})
	unknown := simulators.Message{Verb: "get", Method: "GET"}
	unknown.Name, unknown.Params = nameOf(Root + "/" + orderService + "/A_ProductionOrder_2?$filter=Plant eq '1010'")
	if _, err := d.Decode(unknown); !errors.As(err, &why) {
		t.Fatal(err)
	}
	refusal("no property", unknown, *why, d)
	all["batch"] = inOne(t, d)
	maps.Copy(all, functionExchanges(t))
	return all
}

// inOne is a batch of a question that cannot be read, of a changeset, and of a
// question that can.
func inOne(t testing.TB, d Dialect) dialecttest.Exchange {
	t.Helper()
	const part = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
	body := "--batch_1\r\n" + part + "GET ProdnOrdConf2?$filter=OrderID eq '4711000001' HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n" +
		"--batch_1\r\nContent-Type: multipart/mixed; boundary=changeset_1\r\n\r\n"
	for _, op := range []string{"0010", "0020"} {
		body += "--changeset_1\r\n" + part + "POST ProdnOrdConf2 HTTP/1.1\r\nContent-Type: application/json\r\n\r\n" +
			`{"OrderID":"4711000001","OrderOperation":"` + op + `","ConfirmationYieldQuantity":"61.000","ConfirmationUnit":"EA"}` + "\r\n"
	}
	body += "--changeset_1--\r\n--batch_1\r\n" + part + "GET ProdnOrdConf2?$filter=OrderID%20eq%20'4711000001' HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n--batch_1--\r\n"
	m := simulators.Message{Verb: "post", Method: "POST", Name: Root + "/" + confService + "/$batch", Header: map[string]string{"Content-Type": "multipart/mixed; boundary=batch_1"}, Body: []byte(body)}
	held, err := d.Unbundle(m)
	if err != nil || len(held) != 3 {
		t.Fatalf("%d parts, %v", len(held), err)
	}
	_, err = d.Decode(held[0])
	why := new(simulators.Refusal)
	if !errors.As(err, &why) {
		t.Fatalf("a question with blanks in its address: %v", err)
	}
	posted := simulators.Posting{Doc: "5000000001", Claim: facts()["confirmation"]}
	return dialecttest.Exchange{By: d, Request: m, Reply: d.Bundle(m, []simulators.Message{d.Reply(held[0], simulators.Answer{Refusal: why}),
		d.Reply(held[1], simulators.Answer{Rows: []simulators.Row{{Doc: "5000000001"}, {Doc: "5000000002"}}}), d.Reply(held[2], simulators.Answer{Found: []any{posted}})})}
}

// TestGoldenExchanges: what goes over the wire is what testdata shows, and what
// is sent is understood as what it was made of.
func TestGoldenExchanges(t *testing.T) { dialecttest.Exchanges(t, exchanges(t), *update) }
