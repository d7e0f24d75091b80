package d365

import (
	"bytes"
	"errors"
	"flag"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// underWay is an order on which work has begun.
func underWay() simulators.OrderState {
	return simulators.OrderState{Version: 2, State: "Running", Received: plant.Whole(61), Order: plant.Order{ID: "4711000001", Item: "PUMP-7", Revision: "C", Quantity: dialecttest.EA("200"),
		Lot: "L-P7-0302", Start: dialecttest.At(6, 0, 0), Due: dialecttest.At(22, 0, 0),
		Operations: []plant.Operation{{ID: "0010", Description: "Machine housing", WorkCenter: "WC-CNC-02", Setup: 25 * time.Minute, Cycle: 61 * time.Second}, {ID: "0020", WorkCenter: "WC-ASM-01"}},
		Components: []plant.Component{{Material: "CASTING-3", Operation: "0010", Quantity: dialecttest.EA("200")}, {Material: "COOLANT", Operation: "0010", Quantity: plant.Quantity{Amount: plant.MustDecimal("12.5"), Unit: "LTR"}}}}}
}

// facts are the golden events.
func facts() map[string]plant.Event {
	at := dialecttest.At
	return map[string]plant.Event{
		"event-released":  dialecttest.Event(plant.OrderReleased{Order: underWay().Order}, at(5, 30, 0)),
		"event-changed":   dialecttest.Event(plant.OrderChanged{Order: "4711000001", Version: 2, Quantity: dialecttest.EA("240")}, at(9, 15, 0)),
		"event-cancelled": dialecttest.Event(plant.OrderCancelled{Order: "4711000002", Version: 3}, at(9, 20, 0)),
		"start":           dialecttest.Event(plant.OperationStarted{Order: "4711000001", Operation: "0010"}, at(6, 3, 0)),
		"route-card":      dialecttest.Event(plant.Confirmed{Order: "4711000001", Operation: "0010", Counter: 3, WorkCenter: "WC-CNC-02", Operator: "P-107", Yield: dialecttest.EA("61"), Scrap: dialecttest.EA("2"), Rework: dialecttest.EA("1"), Reason: "R07", Final: true, Labor: 5938 * time.Second}, at(7, 41, 58)),
		"route-rework":    dialecttest.Event(plant.Reworked{Order: "4711000001", Operation: "0020", Counter: 1, Quantity: dialecttest.EA("1"), Reason: "R11"}, at(8, 30, 0)),
		"picking-list":    dialecttest.Consumption(1, "L-C3-8841", "40.125"),
		"picking-scrap":   dialecttest.Event(plant.Scrapped{Order: "4711000001", Operation: "0020", Counter: 1, Material: "SEAL-12", Lot: "L-S12-17", Quantity: dialecttest.EA("3"), Reason: "R02"}, at(8, 2, 11)),
		"report-finished": dialecttest.Event(plant.Received{Order: "4711000001", Counter: 1, Material: "PUMP-7", Lot: "L-P7-0302", Quantity: dialecttest.EA("2")}, at(10, 0, 0)),
	}
}

func bill() simulators.BillState {
	return simulators.BillState{Version: 1, Bill: plant.Bill{Item: "PUMP-7", Revision: "C", For: dialecttest.EA("1"), Components: []plant.Component{{Material: "CASTING-3", Operation: "0010", Quantity: dialecttest.EA("1")}, {Material: "COOLANT", Operation: "0010", Quantity: plant.Quantity{Amount: plant.MustDecimal("0.0625"), Unit: "LTR"}}}}}
}

func route() simulators.RoutingState {
	return simulators.RoutingState{Version: 1, Routing: plant.Routing{Item: "PUMP-7", Revision: "C", Operations: underWay().Order.Operations}}
}

// calendar has the hours of early and night shifts, of which one goes on after midnight.
func calendar() plant.Calendar {
	return plant.Calendar{ID: "BRNO", Zone: "Europe/Prague", Shifts: []plant.Shift{{Name: "early", Start: 6 * 60, End: 14 * 60, Days: []time.Weekday{time.Monday, time.Tuesday}}, {Name: "night", Start: 22 * 60, End: 6 * 60, Days: []time.Weekday{time.Monday}}}}
}

// exchanges are those that the documentation shows.
func exchanges(t testing.TB) map[string]dialecttest.Exchange {
	t.Helper()
	d, all := Dialect{}, map[string]dialecttest.Exchange{}
	for name, e := range facts() {
		ms, err := d.Encode(e)
		if err != nil || len(ms) != 1 {
			t.Fatalf("%s: %v", name, err)
		}
		x := dialecttest.Exchange{By: d, Request: ms[0], Told: ms[0].Name == BusinessEvents}
		if !x.Told {
			x.Reply = d.Reply(ms[0], simulators.Answer{Later: true, Operation: "OP-1"})
		}
		all[name] = x.LaidOut()
	}
	get := func(set, filter string) simulators.Message {
		m := simulators.Message{Verb: "get", Method: "GET", Name: Data + "/" + set}
		if filter != "" {
			m.Params = map[string]string{"$filter": filter}
		}
		return m
	}
	sent, err := d.Encode(facts()["picking-list"])
	if err != nil {
		t.Fatal(err)
	}
	bare := sent[0]
	bare.Body = []byte(`{"_companyId":"DEMO","_messageQueue":"JmgMES3P","_messageType":"ProdProductionOrderStart"}`)
	why := new(simulators.Refusal)
	if _, err := d.Decode(bare); !errors.As(err, &why) {
		t.Fatalf("without a content: %v", err)
	}
	queued := simulators.Operation{ID: "OP-1", Number: 1, State: simulators.OperationRunning, Message: sent[0]}
	failed := queued
	failed.Number, failed.State, failed.Attempts, failed.Refusal = 2, simulators.OperationFailed, 3, refuse("lot-expired", "lot L-C3-8841 expired on 2026-02-28")
	for name, c := range map[string]struct {
		m simulators.Message
		a simulators.Answer
	}{
		"malformed":            {bare, simulators.Answer{Refusal: why}},
		"throttled":            {sent[0], simulators.Answer{Refusal: &simulators.Refusal{Outcome: simulators.Throttled, Code: "quota-exceeded", Text: "more than 20 requests in 1s", After: time.Second}}},
		"get-header":           {get("ProductionOrderHeaders", "ProductionOrderNumber eq '4711000001'"), simulators.Answer{Found: []any{underWay()}}},
		"get-header-by-key":    {get("ProductionOrderHeaders(dataAreaId='demo',ProductionOrderNumber='4711000001')", "dataAreaId eq 'demo'"), simulators.Answer{Found: []any{underWay()}}},
		"get-operations":       {get("ProductionOrderRouteOperations", "ProductionOrderNumber eq '4711000001'"), simulators.Answer{Found: []any{underWay()}}},
		"get-bom-lines":        {get("ProductionOrderBillOfMaterialLines", "ProductionOrderNumber eq '4711000001'"), simulators.Answer{Found: []any{underWay()}}},
		"get-product":          {get("ReleasedProductsV2", "ItemNumber eq 'CASTING-3'"), simulators.Answer{Found: []any{plant.Item{ID: "CASTING-3", Description: "Casting", Unit: "KGM", Lots: true}}}},
		"get-conversions":      {get("ProductSpecificUnitOfMeasureConversions", "ProductNumber eq 'CASTING-3'"), simulators.Answer{Found: []any{plant.Item{ID: "CASTING-3", Unit: "KGM", Units: []plant.AltUnit{{Unit: "EA", Factor: plant.Factor{Num: 63, Den: 20}}}}}}},
		"get-batch":            {get("ItemBatches", "BatchNumber eq 'L-C3-8841'"), simulators.Answer{Found: []any{plant.Lot{ID: "L-C3-8841", Material: "CASTING-3", Status: plant.LotBlocked, Quantity: plant.Whole(40)}}}},
		"get-messages":         {get("SysMessages", "DependencyKey eq '4711000001'"), simulators.Answer{Found: []any{queued, failed}}},
		"get-failed":           {get("SysMessages", "DependencyKey eq '4711000001' and MessageState eq Microsoft.Dynamics.DataEntities.SysMessageState'Failed'"), simulators.Answer{Found: []any{queued, failed}}},
		"get-boms":             {get("BillOfMaterialsHeaders", "BOMId eq 'PUMP-7'"), simulators.Answer{Found: []any{bill()}}},
		"get-bom-versions":     {get("BillOfMaterialsVersions", "ManufacturedItemNumber eq 'PUMP-7'"), simulators.Answer{Found: []any{bill()}}},
		"get-bill-lines":       {get("BillOfMaterialsLines", "BOMId eq 'PUMP-7'"), simulators.Answer{Found: []any{simulators.BillLine{BillState: bill()}, simulators.BillLine{BillState: bill(), Line: 1}}}},
		"get-routes":           {get("RouteHeaders", "RouteId eq 'PUMP-7'"), simulators.Answer{Found: []any{route()}}},
		"get-route-versions":   {get("RouteVersionsV2", "ItemNumber eq 'PUMP-7'"), simulators.Answer{Found: []any{route()}}},
		"get-route-operations": {get("RouteOperations", "RouteId eq 'PUMP-7'"), simulators.Answer{Found: []any{simulators.RoutingStep{RoutingState: route()}, simulators.RoutingStep{RoutingState: route(), Step: 1}}}},
		"get-route-properties": {get("RouteOperationsProperties", "RouteId eq 'PUMP-7'"), simulators.Answer{Found: []any{simulators.RoutingStep{RoutingState: route()}}}},
		"get-resources":        {get("OperationsResources", ""), simulators.Answer{Found: []any{simulators.CenterState{WorkCenter: plant.WorkCenter{ID: "WC-ASM-01", Manual: true}}, simulators.CenterState{WorkCenter: plant.WorkCenter{ID: "WC-CNC-02", Description: "machining center", Machines: []plant.MachineID{"M-1", "M-2"}, Efficiency: 90}, Version: 2, Changed: dialecttest.At(5, 0, 0)}}}},
		"get-calendars":        {get("WorkCalendars", ""), simulators.Answer{Found: []any{simulators.CalendarState{Calendar: calendar(), Version: 1, Changed: dialecttest.At(5, 0, 0)}}}},
		"get-intervals":        {get("WorkCalendarTimeIntervals", "WorkCalendarDate ge 2026-03-02T12:00:00Z and WorkCalendarDate le 2026-03-03T12:00:00Z"), simulators.Answer{Found: []any{simulators.CalendarState{Calendar: calendar()}}}},
		"get-on-hand":          {get("WarehousesOnHandV2", "ItemNumber eq 'CASTING-3'"), simulators.Answer{Found: []any{simulators.OnHand{Material: "CASTING-3", Quantity: dialecttest.EA("60"), Available: plant.Whole(20)}}}},
		"get-page":             {get("ReleasedProductsV2", "ProductLifecycleStateId ne 'Obsolete'"), simulators.Answer{Found: []any{plant.Item{ID: "CASTING-3", Unit: "KGM"}}, Total: 3, More: true}},
		"get-nothing":          {get("ProductionOrderHeaders", "ProductionOrderNumber eq '4799'"), simulators.Answer{Refusal: refuse("order-unknown", "order 4799 is not known")}},
		"get-no-property":      {get("ProductionOrderHeaders", "ProductionOrderNumber eq '4711000001' and Qty gt 5"), simulators.Answer{Found: []any{underWay()}}},
	} {
		all[name] = dialecttest.Exchange{By: d, Request: c.m, Reply: d.Reply(c.m, c.a)}.LaidOut()
	}
	all["metadata"] = dialecttest.Exchange{By: d, Request: get("$metadata", ""), Reply: d.Reply(get("$metadata", ""), simulators.Answer{})}
	return all
}

// TestGoldenExchanges: what goes over the wire is what testdata shows, laid out
// for people, and what is sent is understood as what it was made of.
func TestGoldenExchanges(t *testing.T) { dialecttest.Exchanges(t, exchanges(t), *update) }

// Whoever looks into the wrong company finds nothing, and is not told why.
func TestOtherCompaniesAreNotSeen(t *testing.T) {
	d := Dialect{Settings{Company: "USMF", UserCompany: "DAT"}}
	for params, want := range map[string]bool{"": false, "false": false, "true": true} {
		m := simulators.Message{Verb: "get", Name: "data/ProductionOrderHeaders", Params: map[string]string{"$filter": "ProductionOrderNumber eq '4711000001'"}}
		if params != "" {
			m.Params["cross-company"] = params
		}
		got := d.Reply(m, simulators.Answer{Found: []any{underWay()}})
		if has := bytes.Contains(got.Body, []byte("PUMP-7")); has != want || got.Result.Status != 200 || !has && !bytes.Contains(got.Body, []byte(`"value":[]`)) {
			t.Errorf("cross-company=%s: %d %s", params, got.Result.Status, got.Body)
		}
	}
}
