package neutral

import (
	"bytes"
	"encoding/json"
	"flag"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

var update = flag.Bool("update", false, "rewrite the golden messages")

// What the golden messages tell of.
var (
	at = dialecttest.At
	ev = dialecttest.Event
	ea = dialecttest.EA
)

func orderReleased() plant.Event {
	return ev(plant.OrderReleased{Order: plant.Order{
		ID: "4711000001", Item: "PUMP-7", Revision: "C", Quantity: ea("200"),
		Start: at(6, 0, 0), Due: at(22, 0, 0), Priority: 40, Lot: "L-P7-0302",
		Operations: []plant.Operation{
			{ID: "0010", Description: "Machine housing", WorkCenter: "WC-CNC-02", Setup: 25 * time.Minute, Cycle: 61500 * time.Millisecond},
			{ID: "0020", Description: "Assemble and test", WorkCenter: "WC-ASM-01", Cycle: 2 * time.Minute, Inspect: true},
		},
		Components: []plant.Component{
			{Material: "CASTING-3", Operation: "0010", Quantity: ea("200")},
			{Material: "SEAL-12", Operation: "0020", Quantity: ea("400")},
			{Material: "COOLANT", Operation: "0010", Quantity: plant.Quantity{Amount: plant.MustDecimal("12.5"), Unit: "LTR"}},
		},
	}}, at(5, 30, 0))
}

func confirmation() plant.Event {
	return ev(plant.Confirmed{
		Order: "4711000001", Operation: "0010", Counter: 3, WorkCenter: "WC-CNC-02", Operator: "P-107",
		Yield: ea("61"), Scrap: ea("2"), Rework: ea("1"), Reason: "R07", Final: true,
		Start: at(6, 3, 0), End: at(7, 41, 58), Labor: 98*time.Minute + 58*time.Second,
	}, at(7, 41, 58))
}

func consumption(counter int, lot plant.LotID, amount string) plant.Event {
	return ev(plant.Consumed{Order: "4711000001", Operation: "0010", Counter: counter, Material: "CASTING-3", Lot: lot, Quantity: ea(amount)}, at(6, 5, counter))
}

// goldens are the messages of the README, by file.
func goldens() map[string][]plant.Event {
	one := func(f plant.Fact, t time.Time) []plant.Event { return []plant.Event{ev(f, t)} }
	return map[string][]plant.Event{
		"orders":            {orderReleased()},
		"orders-change":     one(plant.OrderChanged{Order: "4711000001", Version: 2, Quantity: ea("240"), Due: at(23, 30, 0), Priority: 10}, at(9, 15, 0)),
		"orders-cancel":     one(plant.OrderCancelled{Order: "4711000002", Version: 3}, at(9, 20, 0)),
		"operation-starts":  one(plant.OperationStarted{Order: "4711000001", Operation: "0010", WorkCenter: "WC-CNC-02", Operator: "P-107"}, at(6, 3, 0)),
		"confirmations":     {confirmation()},
		"consumptions":      {consumption(1, "L-C3-8841", "40"), consumption(2, "L-C3-8842", "24")},
		"scrap":             one(plant.Scrapped{Order: "4711000001", Operation: "0020", Counter: 1, Material: "SEAL-12", Lot: "L-S12-17", Quantity: ea("3"), Reason: "R02"}, at(8, 2, 11)),
		"rework":            one(plant.Reworked{Order: "4711000001", Operation: "0020", Counter: 1, Quantity: ea("1"), Reason: "R11"}, at(8, 30, 0)),
		"receipts":          one(plant.Received{Order: "4711000001", Counter: 1, Material: "PUMP-7", Lot: "L-P7-0302", Quantity: ea("2"), Serials: []plant.SerialID{"SN-000417", "SN-000418"}}, at(10, 0, 0)),
		"reversals":         one(plant.Reversed{Original: plant.Event{ID: "confirmation/4711000001/0010/3", Fact: plant.Confirmed{Order: "4711000001", Operation: "0010", Counter: 3}}}, at(7, 55, 0)),
		"reversals-receipt": one(plant.Reversed{Original: plant.Event{ID: "receipt/4711000001/L-P7-0302/1", Fact: plant.Received{Order: "4711000001", Counter: 1}}}, at(10, 20, 0)),
		"holds":             one(plant.LotHeld{Lot: "L-P7-0302", Material: "PUMP-7", Order: "4711000001", Case: "QC-0009", Reason: "bore out of tolerance"}, at(10, 30, 0)),
		"decisions":         one(plant.LotDecided{Lot: "L-P7-0302", Material: "PUMP-7", Case: "QC-0009", Decision: plant.DecideUseAsIs}, at(14, 0, 0)),
		"inspections":       one(plant.Inspected{Order: "4711000001", Operation: "0020", Counter: 1, Material: "PUMP-7", Lot: "L-P7-0302", Serial: "SN-000417", Passed: 11, Failed: 1, Text: "bore 40.021 mm, limit 40.016 mm"}, at(9, 58, 0)),
		"machine-counts":    one(plant.MachineCounted{Machine: "CNC-02-A", Counter: 7, Count: 12, Modulo: 65536, Resets: 1}, at(7, 41, 58)),
		"machine-pieces":    one(plant.MachineCounted{Machine: "CNC-02-A", Counter: 7, Count: 12, Modulo: 65536, Resets: 1, Pieces: ea("12")}, at(7, 41, 58)),
		"machine-states":    one(plant.MachineChanged{Machine: "CNC-02-A", Counter: 31, State: "INTERRUPTED"}, at(7, 12, 30)),
		"boms":              one(billChanged(), at(4, 10, 0)),
		"routings":          one(routingChanged(), at(4, 20, 0)),
		"work-centers":      one(centerChanged(), at(4, 30, 0)),
		"calendars":         one(calendarChanged(), at(4, 40, 0)),
		"items": one(plant.ItemChanged{Version: 4, Item: plant.Item{ID: "SEAL-12", Description: "Shaft seal 12 mm", Revision: "B", Unit: "EA", Lots: true,
			Units: []plant.AltUnit{{Unit: "CT", Factor: plant.Factor{Num: 144, Den: 1}}, {Unit: "KGM", Factor: plant.Factor{Num: 250, Den: 3}}}}}, at(4, 0, 0)),
	}
}

func TestGoldenMessages(t *testing.T) {
	for name, events := range goldens() {
		t.Run(name, func(t *testing.T) {
			m, err := Dialect{}.Batch(events...)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, m.Body, "", "  "); err != nil {
				t.Fatalf("body is not JSON: %v\n%s", err, m.Body)
			}
			got.WriteByte('\n')
			dialecttest.Golden(t, name+".json", got.Bytes(), *update)
		})
	}
}

func billChanged() plant.BillChanged {
	return plant.BillChanged{Version: 2, Bill: plant.Bill{Item: "PUMP-7", For: ea("100"), Components: []plant.Component{
		{Material: "C3-8840", Operation: "0010", Quantity: plant.Quantity{Amount: plant.MustDecimal("41.25"), Unit: "KGM"}},
		{Material: "SEAL-12", Operation: "0020", Quantity: ea("200")},
	}}}
}

func routingChanged() plant.RoutingChanged {
	return plant.RoutingChanged{Version: 3, Routing: plant.Routing{Item: "PUMP-7", Operations: []plant.Operation{
		{ID: "0010", Description: "Turn", WorkCenter: "WC-CNC-02", Setup: 20 * time.Minute, Cycle: 90 * time.Second},
		{ID: "0020", Description: "Inspect and pack", WorkCenter: "WC-QA-01", Cycle: 45 * time.Second, Inspect: true},
	}}}
}

func centerChanged() plant.CenterChanged {
	return plant.CenterChanged{Version: 2, WorkCenter: plant.WorkCenter{ID: "WC-CNC-02", Description: "Machining center", Machines: []plant.MachineID{"CNC-02-A", "CNC-02-B"}, Efficiency: 85}}
}

func calendarChanged() plant.CalendarChanged {
	return plant.CalendarChanged{Version: 1, Calendar: plant.Calendar{ID: "BRNO", Zone: "Europe/Prague", Shifts: []plant.Shift{
		{Name: "early", Start: 6 * 60, End: 14 * 60, Days: []time.Weekday{1, 2, 3, 4, 5, 6}}, {Name: "night", Start: 22*60 + 30, End: 6 * 60, Days: []time.Weekday{0, 1, 2, 3, 4}},
	}}}
}
