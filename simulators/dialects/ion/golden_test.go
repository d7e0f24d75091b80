package ion

import (
	"bytes"
	"flag"
	"maps"
	"reflect"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

var update = flag.Bool("update", false, "rewrite the golden messages")

// What the golden messages tell of.
var (
	consumption  = dialecttest.Consumption
	confirmation = dialecttest.Confirmation
)

func released() plant.Event {
	return dialecttest.Released("Assemble & test", dialecttest.Casting())
}

func goldens() map[string][]plant.Event {
	all := dialecttest.Day()
	maps.Copy(all, dialecttest.Engineering())
	maps.Copy(all, dialecttest.Site())
	all["order-released"] = []plant.Event{released()}
	return all
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	dialecttest.Golden(t, file, got, *update)
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
