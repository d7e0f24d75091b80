package staging

import (
	"bytes"
	"encoding/json"
	"flag"
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
	consumption = dialecttest.Consumption
)

func released() plant.Event {
	return dialecttest.Released("Assemble; test", dialecttest.Casting(), dialecttest.Coolant())
}

// goldens are the rows of the README, by file.
func goldens() map[string][]plant.Event {
	day, written := dialecttest.Day(), dialecttest.Engineering()
	packing := dialecttest.Event(plant.CenterChanged{Version: 1, WorkCenter: plant.WorkCenter{ID: "WC-PACK", Manual: true}}, dialecttest.At(4, 35, 0))
	return map[string][]plant.Event{
		"orders-release":   {released()},
		"orders-change":    day["order-changed"],
		"orders-cancel":    day["order-cancelled"],
		"operation_starts": day["operation-started"],
		"confirmations":    day["confirmation"],
		"consumptions":     day["consumptions"],
		"scrap":            day["scrap"],
		"rework":           day["rework"],
		"receipts":         day["receipt"],
		"holds":            day["lot-held"],
		"decisions":        day["lot-decided"],
		"inspections":      day["inspection"],
		"items":            day["item-changed"],
		"boms":             written["bom-changed"],
		"routings":         written["routing-changed"],
		"work_centers":     append(dialecttest.Site()["work-center-changed"], packing),
		"calendars":        dialecttest.Site()["calendar-changed"],
	}
}

func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	dialecttest.Golden(t, name+".json", got.Bytes(), *update)
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

// TestGoldenResponses: what is filled in for rows: those of consumptions.json, or
// two of which one cannot be posted.
func TestGoldenResponses(t *testing.T) {
	batch := func(events ...plant.Event) simulators.Message {
		m, err := Dialect{}.Batch(events...)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	doubtful := batch(consumption(1, "L-C3-8841", "40.125"), consumption(2, "L-OLD", "24"))
	golden(t, "response-partly.request", doubtful.Body)
	expired := &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-expired", Text: "lot L-OLD expired on 2026-02-28"}
	for name, a := range map[string]simulators.Answer{
		"response-partly": {Rows: []simulators.Row{{Doc: "4900000001"}, {Refusal: expired}}},
		"response-throttled": {Refusal: &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Throttled, Code: "quota-exceeded", Text: "more than 60 requests in 1m0s",
			After: 1500 * time.Millisecond}},
		"response-one-row-told": {Rows: []simulators.Row{{Doc: "4900000001"}, {Doc: "4900000002"}}, Told: []int{1}},
		"response-queued":       {Later: true},
	} {
		t.Run(name, func(t *testing.T) {
			m := batch(goldens()["consumptions"]...)
			if name == "response-partly" {
				m = doubtful
			}
			golden(t, name, Dialect{}.Reply(m, a).Body)
		})
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
		{"boms", `{"reference":"r","happened_at":"2026-03-02T06:05:01+01:00","material":"M","version":1,"quantity":"1","unit":"EA","line_count":2,"bom_components":[{"operation":"0010","material":"C","quantity":"1","unit":"EA"}]}`, `boms.line_count: 2 records belong to this one, and there are 1`},
		{"routings", `{"reference":"r","happened_at":"2026-03-02T06:05:01+01:00","material":"M","version":1,"line_count":0}`, `routings: a record RTG without a record OPR`},
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
