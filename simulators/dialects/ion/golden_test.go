package ion

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

var update = flag.Bool("update", false, "rewrite the golden messages")

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
			{ID: "0020", Description: "Assemble & test", WorkCenter: "WC-ASM-01", Cycle: 2 * time.Minute, Inspect: true},
		},
		Components: []plant.Component{{Material: "CASTING-3", Operation: "0010", Quantity: ea("200")}},
	}}, at(5, 30, 0))
}

func confirmation() plant.Event {
	return ev(plant.Confirmed{
		Order: "4711000001", Operation: "0010", Counter: 3, WorkCenter: "WC-CNC-02", Operator: "P-107", Yield: ea("61"), Scrap: ea("2"), Rework: ea("1"), Reason: "R07",
		Final: true, Start: at(6, 3, 0), End: at(7, 41, 58), Labor: 98*time.Minute + 58*time.Second,
	}, at(7, 41, 58))
}

func goldens() map[string][]plant.Event {
	one := func(f plant.Fact, t time.Time) []plant.Event { return []plant.Event{ev(f, t)} }
	return map[string][]plant.Event{
		"order-released":    {released()},
		"order-changed":     one(plant.OrderChanged{Order: "4711000002", Version: 2, Quantity: ea("240"), Due: at(23, 30, 0), Priority: 10}, at(9, 15, 0)),
		"order-cancelled":   one(plant.OrderCancelled{Order: "4711000003", Version: 3}, at(9, 20, 0)),
		"operation-started": one(plant.OperationStarted{Order: "4711000001", Operation: "0010", WorkCenter: "WC-CNC-02", Operator: "P-107"}, at(6, 3, 0)),
		"confirmation":      {confirmation()},
		"consumptions":      {consumption(1, "L-C3-8841", "40.125"), consumption(2, "L-C3-8842", "24")},
		"scrap":             one(plant.Scrapped{Order: "4711000001", Operation: "0020", Counter: 1, Material: "SEAL-12", Lot: "L-S12-17", Quantity: ea("3"), Reason: "R02"}, at(8, 2, 11)),
		"rework":            one(plant.Reworked{Order: "4711000001", Operation: "0020", Counter: 1, Quantity: ea("1"), Reason: "R11"}, at(8, 30, 0)),
		"receipt":           one(plant.Received{Order: "4711000001", Counter: 1, Material: "PUMP-7", Lot: "L-P7-0302", Quantity: ea("2"), Serials: []plant.SerialID{"SN-000417", "SN-000418"}}, at(10, 0, 0)),
		"lot-held":          one(plant.LotHeld{Lot: "L-P7-0302", Material: "PUMP-7", Order: "4711000001", Case: "QC-0009", Reason: "bore out of tolerance"}, at(10, 30, 0)),
		"lot-decided":       one(plant.LotDecided{Lot: "L-P7-0302", Material: "PUMP-7", Case: "QC-0009", Decision: plant.DecideUseAsIs}, at(14, 0, 0)),
		"inspection":        one(plant.Inspected{Order: "4711000001", Operation: "0020", Counter: 1, Material: "PUMP-7", Lot: "L-P7-0302", Serial: "SN-000417", Passed: 11, Failed: 1, Text: `bore 40.021 mm; "limit" 40.016 mm`}, at(9, 58, 0)),
		"item-changed": one(plant.ItemChanged{Version: 4, Item: plant.Item{ID: "SEAL-12", Description: "Wellendichtring 12 µm", Revision: "B", Unit: "EA", Lots: true,
			Units: []plant.AltUnit{{Unit: "CT", Factor: plant.Factor{Num: 144, Den: 1}}, {Unit: "KGM", Factor: plant.Factor{Num: 250, Den: 3}}}}}, at(4, 0, 0)),
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
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

// TestGoldenDocuments: the documents, which are the same in every layout.
func TestGoldenDocuments(t *testing.T) {
	for name, events := range goldens() {
		t.Run(name, func(t *testing.T) {
			m, err := Dialect{}.Batch(events...)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".xml", payloadOf(t, Dialect{}, m))
			ask, err := Dialect{}.Decode(m)
			if err != nil || !reflect.DeepEqual(ask.Claims, events) {
				t.Errorf("read again: %+v, %v", ask.Claims, err)
			}
		})
	}
}

func payloadOf(t *testing.T, d Dialect, m simulators.Message) []byte {
	t.Helper()
	at, ok := d.resourceAt(m.Name)
	if !ok {
		t.Fatalf("there is no %q", m.Name)
	}
	_, payload, err := unpack(at.layout, at.version, m)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// TestGoldenLayouts: one message as it is sent, address and header included.
func TestGoldenLayouts(t *testing.T) {
	for name, d := range map[string]Dialect{"v3": {}, "v3-mime": {Settings: Settings{Layout: MIME}}, "v2": {Version: V2}, "v2-json": {Version: V2, Settings: Settings{Layout: JSON}}} {
		m, err := d.Batch(goldens()["order-cancelled"]...)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "layout-"+name+".txt", transcript(m))
	}
}

// transcript writes a message with what HTTP says of it.
func transcript(m simulators.Message) []byte {
	b := bytes.NewBufferString("POST /" + m.Name)
	sep := "?"
	for _, k := range sortedKeys(m.Params) {
		b.WriteString(sep + k + "=" + m.Params[k])
		sep = "&"
	}
	b.WriteString("\n")
	for _, k := range sortedKeys(m.Header) {
		b.WriteString(k + ": " + m.Header[k] + "\n")
	}
	b.WriteString("\n")
	b.Write(m.Body)
	return b.Bytes()
}

func refusal(class simulators.Class, code, text string) *simulators.Refusal {
	return &simulators.Refusal{Class: class, Code: code, Text: text}
}

// TestGoldenResponses: what comes later.
func TestGoldenResponses(t *testing.T) {
	expired := refusal(simulators.DataQuality, "lot-expired", "lot L-OLD expired on 2026-02-28")
	three := []plant.Event{consumption(1, "L-C3-8841", "40"), consumption(2, "L-OLD", "24"), consumption(3, "L-C3-8841", "1")}
	delivered := Dialect{Settings: Settings{ConfirmBOD: Delivered}}
	csi := Dialect{Settings: Settings{Product: "csi", ConfirmBOD: Delivered}}
	for name, c := range map[string]struct {
		d      Dialect
		events []plant.Event
		answer simulators.Answer
		want   []string // documents
	}{
		"accepted":    {Dialect{}, three[:1], simulators.Answer{Rows: []simulators.Row{{Doc: "4900000001"}}}, []string{"Acknowledge.InventoryAdjustment"}},
		"rejected":    {Dialect{}, three[1:2], simulators.Answer{Rows: []simulators.Row{{Refusal: expired}}}, []string{"Acknowledge.InventoryAdjustment"}},
		"partly":      {Dialect{}, three, simulators.Answer{Rows: []simulators.Row{{Doc: "4900000001"}, {Refusal: expired}, {Doc: "4900000002"}}}, []string{"Acknowledge.InventoryAdjustment"}},
		"both":        {delivered, three[1:2], simulators.Answer{Refusal: expired}, []string{"Acknowledge.InventoryAdjustment", "Confirm.BOD"}},
		"sync-failed": {csi, three[1:2], simulators.Answer{Refusal: expired}, []string{"Confirm.BOD"}},
		"sync-done":   {csi, three[:1], simulators.Answer{Rows: []simulators.Row{{Doc: "4900000001"}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := c.d.Batch(c.events...)
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.d.Respond(m, c.answer)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, r := range out {
				at, _ := c.d.resourceAt(r.Name)
				p, payload, err := unpack(at.layout, at.version, r)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, p.DocumentName)
				golden(t, "response-"+name+string(rune('1'+i))+".xml", payload)
				if r.Key == "" || r.Verb != "post" || len(r.Events) > 0 {
					t.Errorf("the response is %+v", r)
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("documents %q, want %q", got, c.want)
			}
		})
	}
}

func TestGoldenReplies(t *testing.T) {
	m, err := Dialect{}.Batch(confirmation())
	if err != nil {
		t.Fatal(err)
	}
	throttled := refusal(simulators.Technical, "quota-exceeded", "more than 20 requests in 1s")
	throttled.Outcome = simulators.Throttled
	for name, a := range map[string]simulators.Answer{
		"accepted": {Later: true}, "throttled": {Refusal: throttled}, "malformed": {Refusal: refusal(simulators.DataQuality, codeMalformed, "messageId: is missing")},
	} {
		golden(t, "reply-"+name+".json", Dialect{}.Reply(m, a).Body)
	}
	for _, what := range []string{"ping", "versions", "protocol", "acceptedDocuments"} {
		q := simulators.Message{Verb: "get", Method: "GET", Name: "PLANTSIM_TST/" + Gateway + "service/" + what}
		if what == "acceptedDocuments" {
			q.Name = "PLANTSIM_TST/" + Gateway + "service/v3/lid%3A%2F%2Fplantsim.mes.bravo/acceptedDocuments"
		}
		ask, err := Dialect{}.Decode(q)
		if err != nil {
			t.Fatal(err)
		}
		q.Asks = ask.Query
		golden(t, "reply-"+what+".json", Dialect{}.Reply(q, simulators.Answer{}).Body)
	}
}
