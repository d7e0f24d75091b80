package staging

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// What the golden messages tell of.
var (
	at          = dialecttest.At
	ev          = dialecttest.Event
	ea          = dialecttest.EA
	consumption = dialecttest.Consumption
)

func released() plant.Event {
	return ev(plant.OrderReleased{Order: plant.Order{
		ID: "4711000001", Item: "PUMP-7", Revision: "C", Quantity: ea("200"), Start: at(6, 0, 0), Due: at(22, 0, 0), Priority: 40, Lot: "L-P7-0302",
		Operations: []plant.Operation{
			{ID: "0010", Description: "Gehäuse fräsen", WorkCenter: "WC-CNC-02", Setup: 25 * time.Minute, Cycle: 61500 * time.Millisecond},
			{ID: "0020", Description: "Assemble; test", WorkCenter: "WC-ASM-01", Cycle: 2 * time.Minute, Inspect: true},
		},
		Components: []plant.Component{
			{Material: "CASTING-3", Operation: "0010", Quantity: ea("200")},
			{Material: "COOLANT", Operation: "0010", Quantity: plant.Quantity{Amount: plant.MustDecimal("12.5"), Unit: "LTR"}},
		},
	}}, at(5, 30, 0))
}

// goldens are the rows of the README, by file.
func goldens() map[string][]plant.Event {
	one := func(f plant.Fact, t time.Time) []plant.Event { return []plant.Event{ev(f, t)} }
	return map[string][]plant.Event{
		"orders-release":   {released()},
		"orders-change":    one(plant.OrderChanged{Order: "4711000002", Version: 2, Quantity: ea("240"), Due: at(23, 30, 0), Priority: 10}, at(9, 15, 0)),
		"orders-cancel":    one(plant.OrderCancelled{Order: "4711000003", Version: 3}, at(9, 20, 0)),
		"operation_starts": one(plant.OperationStarted{Order: "4711000001", Operation: "0010", WorkCenter: "WC-CNC-02", Operator: "P-107"}, at(6, 3, 0)),
		"confirmations": one(plant.Confirmed{Order: "4711000001", Operation: "0010", Counter: 3, WorkCenter: "WC-CNC-02", Operator: "P-107", Yield: ea("61"), Scrap: ea("2"), Rework: ea("1"),
			Reason: "R07", Final: true, Start: at(6, 3, 0), End: at(7, 41, 58), Labor: 98*time.Minute + 58*time.Second}, at(7, 41, 58)),
		"consumptions": {consumption(1, "L-C3-8841", "40.125"), consumption(2, "L-C3-8842", "24")},
		"scrap":        one(plant.Scrapped{Order: "4711000001", Operation: "0020", Counter: 1, Material: "SEAL-12", Lot: "L-S12-17", Quantity: ea("3"), Reason: "R02"}, at(8, 2, 11)),
		"rework":       one(plant.Reworked{Order: "4711000001", Operation: "0020", Counter: 1, Quantity: ea("1"), Reason: "R11"}, at(8, 30, 0)),
		"receipts":     one(plant.Received{Order: "4711000001", Counter: 1, Material: "PUMP-7", Lot: "L-P7-0302", Quantity: ea("2"), Serials: []plant.SerialID{"SN-000417", "SN-000418"}}, at(10, 0, 0)),
		"holds":        one(plant.LotHeld{Lot: "L-P7-0302", Material: "PUMP-7", Order: "4711000001", Case: "QC-0009", Reason: "bore out of tolerance"}, at(10, 30, 0)),
		"decisions":    one(plant.LotDecided{Lot: "L-P7-0302", Material: "PUMP-7", Case: "QC-0009", Decision: plant.DecideUseAsIs}, at(14, 0, 0)),
		"inspections": one(plant.Inspected{Order: "4711000001", Operation: "0020", Counter: 1, Material: "PUMP-7", Lot: "L-P7-0302", Serial: "SN-000417", Passed: 11, Failed: 1,
			Text: `bore 40.021 mm; "limit" 40.016 mm`}, at(9, 58, 0)),
		"items": one(plant.ItemChanged{Version: 4, Item: plant.Item{ID: "SEAL-12", Description: "Wellendichtring 12 µm", Revision: "B", Unit: "EA", Lots: true,
			Units: []plant.AltUnit{{Unit: "CT", Factor: plant.Factor{Num: 144, Den: 1}}, {Unit: "KGM", Factor: plant.Factor{Num: 250, Den: 3}}}}}, at(4, 0, 0)),
	}
}

func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s:\n%s\nwant\n%s", file, got.Bytes(), want)
	}
}

// Each golden message is read as what it was made of.
func TestGolden(t *testing.T) {
	for name, events := range goldens() {
		t.Run(name, func(t *testing.T) {
			m, err := Dialect{}.Batch(events...)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, m.Body)
			ask, err := Dialect{}.Decode(m)
			if err != nil || !reflect.DeepEqual(ask.Claims, events) {
				t.Errorf("read as %+v, %v", ask.Claims, err)
			}
		})
	}
}

func TestGoldenResponses(t *testing.T) {
	m, err := Dialect{}.Batch(consumption(1, "L-C3-8841", "40.125"), consumption(2, "L-OLD", "24"))
	if err != nil {
		t.Fatal(err)
	}
	expired := &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-expired", Text: "lot L-OLD expired on 2026-02-28"}
	for name, a := range map[string]simulators.Answer{
		"response-partly": {Rows: []simulators.Row{{Doc: "4900000001"}, {Refusal: expired}}},
		"response-throttled": {Refusal: &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Throttled, Code: "quota-exceeded", Text: "more than 60 requests in 1m0s",
			After: 1500 * time.Millisecond}},
		"response-one-row-told": {Rows: []simulators.Row{{Doc: "4900000001"}, {Doc: "4900000002"}}, Told: []int{1}},
		"response-queued":       {Later: true},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, Dialect{}.Reply(m, a).Body) })
	}
}

// What is wrong with a row is told with its place.
func TestMistakesAreTold(t *testing.T) {
	for _, c := range []struct{ table, body, want string }{
		{"consumption", `{}`, `there is no table "consumption"`},
		{"receipt_serials", `{"serial":"1"}`, `whose rows stand for themselves`},
		{"holds", `{"reference":"r","happened_at":"2026-03-02T06:05:01+01:00","lot":"L","quality_case":"Q","reason":1}`, `holds.reason: 1 is a number`},
		{"rework", `{"reference":"r","happened_at":"2026-03-02 06:05","order_no":"1","operation":"0010","counter":1,"quantity":"1","unit":"EA"}`, `rework.happened_at: "2026-03-02 06:05" is not an instant`},
		{"rework", `{"reference":"r","happened_at":"2026-03-02T06:05:01+01:00","order_no":"1","operation":"0010","counter":"1","quantity":"1","unit":"EA"}`, `rework.counter: "1" is text`},
		{"rework", `{"reference":"r","happened_at":"2026-03-02T06:05:01+01:00","order_no":"1","operation":"0010","counter":1,"quantity":1,"unit":"EA"}`, `rework.quantity: 1 is a number`},
		{"rework", `{"reference":"r","happened_at":"2026-03-02T06:05:01+01:00","order_no":"1","operation":"0010","counter":1,"quantity":"1,5","unit":"EA"}`, `rework.quantity`},
		{"rework", `{"reference":"r","happened_at":"2026-03-02T06:05:01+01:00","order_no":"1","operation":"0010","counter":1,"unit":"EA"}`, `rework.quantity: is empty`},
		{"orders", `{"action":"reclaim","reference":"r"}`, `orders.action: "reclaim" is not one of release, change, cancel`},
		{"orders", `{"action":"release","order_operations":{}}`, `orders.order_operations: not a list of rows`},
		{"orders", `{"action":"release","order_operations":[{"operation":1}]}`, `orders.order_operations[0].operation: 1 is a number`},
		{"scrap", `[]`, `scrap: there is no row`},
		{"scrap", `[{"reference":"r"},{}]`, `scrap: there is no row`},
		{"scrap", `{"reference":"r"} x`, `scrap: something stands behind the rows`},
		{"scrap", `[{"reference":"r"}]`, `scrap.happened_at: is empty`},
	} {
		_, err := Dialect{}.Decode(simulators.Message{Verb: "post", Name: c.table, Body: []byte(c.body)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %s", c.table, c.body, err, c.want)
		}
	}
}

// A schema that changes is read by nobody who relies on what was agreed, unless
// something was only added.
func TestDrift(t *testing.T) {
	m, err := Dialect{}.Batch(released())
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[simulators.Drift]string{
		simulators.DriftExtraField: `{"future_use":"2031",`, simulators.DriftRenamed: `"qty":`, simulators.DriftNull: `"quantity":null`, simulators.DriftEnum: `"action":"reclaim"`,
		simulators.DriftManyDecimals: `.000000000001"`, simulators.DriftNegative: `"-`, simulators.DriftNoOffset: `T05:30:00"`,
	} {
		got, ok := Dialect{}.Drift(m, d)
		if !ok || !strings.Contains(string(got.Body), want) {
			t.Errorf("%s: %v, %s", d, ok, got.Body)
		}
	}
	for _, d := range []simulators.Drift{simulators.DriftCutOff, simulators.DriftEmpty, simulators.DriftComma, simulators.DriftExponent, simulators.DriftType} {
		if _, ok := (Dialect{}).Drift(m, d); ok {
			t.Errorf("%s cannot happen to a row", d)
		}
	}
	reply := Dialect{}.Reply(m, simulators.Answer{Rows: []simulators.Row{{Doc: "1"}}})
	reply.Result.Outcome = simulators.Applied
	if got, ok := (Dialect{}).Drift(reply, simulators.DriftEnum); !ok || !strings.Contains(string(got.Body), `"response_code":299`) {
		t.Errorf("reply: %v, %s", ok, got.Body)
	}
}

func FuzzDecode(f *testing.F) {
	for _, events := range goldens() {
		m, err := Dialect{}.Batch(events...)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.Name, m.Body)
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		ask, err := Dialect{}.Decode(simulators.Message{Verb: "post", Name: name, Body: body})
		if err != nil {
			return
		}
		if len(ask.Claims) == 0 {
			t.Fatal("neither claims nor a refusal")
		}
		// What was understood can be said again, and is understood as the same.
		again, err := Dialect{}.Batch(ask.Claims...)
		if err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		same, err := Dialect{}.Decode(again)
		if err != nil || !reflect.DeepEqual(ask.Claims, same.Claims) {
			t.Fatalf("%v\n%s\n%s", err, body, again.Body)
		}
	})
}
