package dialecttest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// The golden messages of all dialects tell of one day in one plant, so that
// they can be laid side by side.

// At is a time of that day, an hour east of Greenwich.
func At(hour, minute, second int) time.Time {
	return time.Date(2026, 3, 2, hour, minute, second, 0, time.FixedZone("", 3600))
}

// Event is f at t, under its natural key.
func Event(f plant.Fact, t time.Time) plant.Event {
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: t, Fact: f}
}

// EA is a number of pieces.
func EA(s string) plant.Quantity { return plant.Quantity{Amount: plant.MustDecimal(s), Unit: "EA"} }

// Consumption is the issue of so many kilograms of a lot to the first operation.
func Consumption(counter int, lot plant.LotID, kilograms string) plant.Event {
	return Event(plant.Consumed{Order: "4711000001", Operation: "0010", Counter: counter, Material: "CASTING-3", Lot: lot,
		Quantity: plant.Quantity{Amount: plant.MustDecimal(kilograms), Unit: "KGM"}}, At(6, 5, counter))
}

// Released is the release of the order that the day is about, with a word for
// its second operation and what it needs; each dialect has its own trouble
// with those.
func Released(assemble string, components ...plant.Component) plant.Event {
	return Event(plant.OrderReleased{Order: plant.Order{
		ID: "4711000001", Item: "PUMP-7", Revision: "C", Quantity: EA("200"), Start: At(6, 0, 0), Due: At(22, 0, 0), Priority: 40, Lot: "L-P7-0302",
		Operations: []plant.Operation{
			{ID: "0010", Description: "Gehäuse fräsen", WorkCenter: "WC-CNC-02", Setup: 25 * time.Minute, Cycle: 61500 * time.Millisecond},
			{ID: "0020", Description: assemble, WorkCenter: "WC-ASM-01", Cycle: 2 * time.Minute, Inspect: true},
		},
		Components: components,
	}}, At(5, 30, 0))
}

// Casting is what the first operation needs.
func Casting() plant.Component {
	return plant.Component{Material: "CASTING-3", Operation: "0010", Quantity: EA("200")}
}

// Coolant is what the first operation needs, in another unit.
func Coolant() plant.Component {
	return plant.Component{Material: "COOLANT", Operation: "0010", Quantity: plant.Quantity{Amount: plant.MustDecimal("12.5"), Unit: "LTR"}}
}

// Confirmation is the last confirmation of the first operation.
func Confirmation() plant.Event {
	return Event(plant.Confirmed{
		Order: "4711000001", Operation: "0010", Counter: 3, WorkCenter: "WC-CNC-02", Operator: "P-107", Yield: EA("61"), Scrap: EA("2"), Rework: EA("1"), Reason: "R07",
		Final: true, Start: At(6, 3, 0), End: At(7, 41, 58), Labor: 98*time.Minute + 58*time.Second,
	}, At(7, 41, 58))
}

// Day is what else happens, by what it is.
func Day() map[string][]plant.Event {
	one := func(f plant.Fact, t time.Time) []plant.Event { return []plant.Event{Event(f, t)} }
	return map[string][]plant.Event{
		"order-changed":     one(plant.OrderChanged{Order: "4711000002", Version: 2, Quantity: EA("240"), Due: At(23, 30, 0), Priority: 10}, At(9, 15, 0)),
		"order-cancelled":   one(plant.OrderCancelled{Order: "4711000003", Version: 3}, At(9, 20, 0)),
		"operation-started": one(plant.OperationStarted{Order: "4711000001", Operation: "0010", WorkCenter: "WC-CNC-02", Operator: "P-107"}, At(6, 3, 0)),
		"confirmation":      {Confirmation()},
		"consumptions":      {Consumption(1, "L-C3-8841", "40.125"), Consumption(2, "L-C3-8842", "24")},
		"scrap":             one(plant.Scrapped{Order: "4711000001", Operation: "0020", Counter: 1, Material: "SEAL-12", Lot: "L-S12-17", Quantity: EA("3"), Reason: "R02"}, At(8, 2, 11)),
		"rework":            one(plant.Reworked{Order: "4711000001", Operation: "0020", Counter: 1, Quantity: EA("1"), Reason: "R11"}, At(8, 30, 0)),
		"receipt":           one(plant.Received{Order: "4711000001", Counter: 1, Material: "PUMP-7", Lot: "L-P7-0302", Quantity: EA("2"), Serials: []plant.SerialID{"SN-000417", "SN-000418"}}, At(10, 0, 0)),
		"lot-held":          one(plant.LotHeld{Lot: "L-P7-0302", Material: "PUMP-7", Order: "4711000001", Case: "QC-0009", Reason: "bore out of tolerance"}, At(10, 30, 0)),
		"lot-decided":       one(plant.LotDecided{Lot: "L-P7-0302", Material: "PUMP-7", Case: "QC-0009", Decision: plant.DecideUseAsIs}, At(14, 0, 0)),
		"inspection":        one(plant.Inspected{Order: "4711000001", Operation: "0020", Counter: 1, Material: "PUMP-7", Lot: "L-P7-0302", Serial: "SN-000417", Passed: 11, Failed: 1, Text: `bore 40.021 mm; "limit" 40.016 mm`}, At(9, 58, 0)),
		"item-changed": one(plant.ItemChanged{Version: 4, Item: plant.Item{ID: "SEAL-12", Description: "Wellendichtring 12 µm", Revision: "B", Unit: "EA", Lots: true,
			Units: []plant.AltUnit{{Unit: "CT", Factor: plant.Factor{Num: 144, Den: 1}}, {Unit: "KGM", Factor: plant.Factor{Num: 250, Den: 3}}}}}, At(4, 0, 0)),
	}
}

// Engineering is what dialects announce of it besides materials, if they have a
// word for that.
func Engineering() map[string][]plant.Event {
	one := func(f plant.Fact, t time.Time) []plant.Event { return []plant.Event{Event(f, t)} }
	return map[string][]plant.Event{
		"bom-changed": one(plant.BillChanged{Version: 2, Bill: plant.Bill{Item: "PUMP-7", For: EA("100"), Components: []plant.Component{
			{Material: "C3-8840", Operation: "0010", Quantity: plant.Quantity{Amount: plant.MustDecimal("41.25"), Unit: "KGM"}}, {Material: "SEAL-12", Operation: "0020", Quantity: EA("200")}}}}, At(4, 10, 0)),
		"routing-changed": one(plant.RoutingChanged{Version: 3, Routing: plant.Routing{Item: "PUMP-7", Operations: []plant.Operation{
			{ID: "0010", Description: "Drehen", WorkCenter: "WC-CNC-02", Setup: 20 * time.Minute, Cycle: 90 * time.Second}, {ID: "0020", Description: "Prüfen & packen", WorkCenter: "WC-QA-01", Cycle: 45 * time.Second, Inspect: true}}}}, At(4, 20, 0)),
	}
}

// Site is what dialects announce of work centers and calendars, if they have a
// word for that.
func Site() map[string][]plant.Event {
	one := func(f plant.Fact, t time.Time) []plant.Event { return []plant.Event{Event(f, t)} }
	return map[string][]plant.Event{
		"work-center-changed": one(plant.CenterChanged{Version: 2, WorkCenter: plant.WorkCenter{ID: "WC-CNC-02", Description: "Dreh- & Fräszentrum", Machines: []plant.MachineID{"CNC-02-A", "CNC-02-B"}, Efficiency: 85}}, At(4, 30, 0)),
		"calendar-changed": one(plant.CalendarChanged{Version: 1, Calendar: plant.Calendar{ID: "BRNO", Zone: "Europe/Prague", Shifts: []plant.Shift{
			{Name: "Früh", Start: 6 * 60, End: 14 * 60, Days: []time.Weekday{1, 2, 3, 4, 5, 6}}, {Name: "Nacht", Start: 22*60 + 30, End: 6 * 60, Days: []time.Weekday{0, 1, 2, 3, 4}}}}}, At(4, 40, 0)),
	}
}

// Golden holds got against a file below testdata, which it becomes first if it
// is to be rewritten.
func Golden(t *testing.T, file string, got []byte, rewrite bool) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if rewrite {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("differs from %s (rewrite with -update):\n%s", file, got)
	}
}
