package ion

import (
	"bytes"
	"errors"
	"flag"
	"maps"
	"reflect"
	"slices"
	"strings"
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

// build is the logical ID by which a build comes.
const build = "lid://plantsim.bridge.bravo"

// by is d as whoever says what events tell words it: the ERP its own orders, master
// data and decisions, and a build what the floor reports.
func by(d Dialect, events []plant.Event) Dialect {
	switch events[0].Fact.Kind() {
	case plant.KindOperationStarted, plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindRework, plant.KindReceipt, plant.KindLotHeld, plant.KindInspection:
		d.Settings.LogicalID = build
	}
	return d
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	dialecttest.Golden(t, file, got, *update)
}

// TestGoldenDocuments: the documents, which are the same in every layout.
func TestGoldenDocuments(t *testing.T) {
	for name, events := range goldens() {
		t.Run(name, func(t *testing.T) {
			m, err := by(Dialect{}, events).Batch(events...)
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

// TestGoldenProducts: what a product words otherwise than a tenant of ours, or
// has no word for.
func TestGoldenProducts(t *testing.T) {
	for product, own := range map[string][]string{"csi": {"confirmation", "consumptions", "receipt", "scrap"}, "m3": {"consumptions", "lot-held", "receipt", "scrap"}} {
		d := Dialect{Settings: Settings{Product: product}}
		for name, events := range goldens() {
			t.Run(product+" "+name, func(t *testing.T) {
				m, err := by(d, events).Batch(events...)
				if has := d.Settings.product().noun(events[0].Fact.Kind()) != nil; has != (err == nil) {
					t.Fatalf("it has a noun: %t, %v", has, err)
				}
				if err != nil {
					return
				}
				if slices.Contains(own, name) {
					golden(t, "products/"+product+"-"+name+".xml", payloadOf(t, d, m))
				}
				ask, err := d.Decode(m)
				if err != nil || !reflect.DeepEqual(ask.Claims, events) {
					t.Errorf("read again: %+v, %v", ask.Claims, err)
				}
			})
		}
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

func refusal(class simulators.Class, code, text string) *simulators.Refusal {
	return &simulators.Refusal{Class: class, Code: code, Text: text}
}

// TestGoldenResponses: what comes later.
func TestGoldenResponses(t *testing.T) {
	expired := refusal(simulators.DataQuality, "lot-expired", "lot L-OLD expired on 2026-02-28")
	three := []plant.Event{consumption(1, "L-C3-8841", "40"), consumption(2, "L-OLD", "24"), consumption(3, "L-C3-8841", "1")}
	delivered := Dialect{Settings: Settings{ConfirmBOD: Delivered}}
	csi := Dialect{Settings: Settings{Product: "csi", ConfirmBOD: Delivered}}
	questions := map[string]string{"accepted": "response-accepted.request.xml", "rejected": "response-rejected.request.xml", "partly": "response-partly.request.xml", "sync-failed": "products/csi-issue-refused.xml"}
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
			m, err := by(c.d, c.events).Batch(c.events...)
			if err != nil {
				t.Fatal(err)
			}
			if file := questions[name]; file != "" { // "both" answers what "rejected" does, and "sync-done" is no answer
				golden(t, file, payloadOf(t, c.d, m))
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

// exchanges are what a build and ION say to each other: what it asks and posts,
// and what it is sent.
func exchanges(t testing.TB) map[string]dialecttest.Exchange {
	t.Helper()
	all := map[string]dialecttest.Exchange{}
	batch := func(d Dialect, events ...plant.Event) simulators.Message {
		m, err := by(d, events).Batch(events...)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	layouts := map[string]Dialect{"v3": {}, "v3-mime": {Settings: Settings{Layout: MIME}}, "v2": {Version: V2}, "v2-json": {Version: V2, Settings: Settings{Layout: JSON}}}
	for name, d := range layouts { // as ION sends it; what a build answers is its own affair
		all["sent "+name] = dialecttest.Exchange{By: d, Request: batch(d, goldens()["order-cancelled"]...)}
	}
	all["sent load"] = dialecttest.Exchange{By: Dialect{Settings: Settings{FirstLoad: LoadShow}}, Request: loadOf(t, Settings{LoadNouns: 2})[1]}
	post := func(name string, d Dialect, a simulators.Answer) {
		m := batch(d, confirmation())
		m.Name, m.Header = full(m.Name[len("service/"):]), map[string]string{"Authorization": "Bearer ...", "Content-Type": m.Header["Content-Type"]}
		all[name] = dialecttest.Exchange{By: d, Request: m, Reply: d.Reply(m, a)}
	}
	for name, d := range layouts {
		post("posted "+name, d, simulators.Answer{Later: true})
	}
	throttled := refusal(simulators.Technical, "quota-exceeded", "more than 20 requests in 1s")
	throttled.Outcome = simulators.Throttled
	post("throttled", Dialect{}, simulators.Answer{Refusal: throttled})
	refused := func(name string, d Dialect, change func(m *simulators.Message)) {
		post(name, d, simulators.Answer{})
		x := all[name]
		change(&x.Request)
		_, err := d.Decode(x.Request)
		why := new(simulators.Refusal)
		if !errors.As(err, &why) {
			t.Fatalf("%s: %v", name, err)
		}
		x.Reply = d.Reply(x.Request, simulators.Answer{Refusal: why})
		all[name] = x
	}
	refused("malformed", Dialect{}, func(m *simulators.Message) {
		m.Body = bytes.Replace(m.Body, []byte(`"messageId"`), []byte(`"messageNumber"`), 1)
	})
	refused("not accepted", Dialect{}, func(m *simulators.Message) {
		m.Body = bytes.Replace(m.Body, []byte("Process.ShopOrderOperation"), []byte("Process.PurchaseOrder"), 1)
	})
	refused("another principal", Dialect{Settings: Settings{Partner: "lid://plantsim.mes.charlie"}}, func(*simulators.Message) {})
	refused("inactive", Dialect{Settings: Settings{Connection: Inactive}}, func(*simulators.Message) {})
	for name, path := range map[string]string{"ping": "ping", "versions": "versions", "protocol": "protocol", "accepted documents": "v3/lid%3A%2F%2Fplantsim.bridge.bravo/acceptedDocuments"} {
		q := simulators.Message{Verb: "get", Method: "GET", Name: full(path), Header: map[string]string{"Authorization": "Bearer ..."}}
		ask, err := Dialect{}.Decode(q)
		if err != nil {
			t.Fatal(err)
		}
		q.Asks = ask.Query
		all[name] = dialecttest.Exchange{By: Dialect{}, Request: q, Reply: Dialect{}.Reply(q, simulators.Answer{})}
	}
	return all
}

// TestGoldenExchanges: what goes over the wire is what testdata shows, and what
// is sent is understood as what it was made of.
func TestGoldenExchanges(t *testing.T) { dialecttest.Exchanges(t, exchanges(t), *update) }

// TestGoldensComeByTheirSender: what a build posts is taken by a rig that lets
// nobody else in, and what it is sent is not.
func TestGoldensComeByTheirSender(t *testing.T) {
	seen := 0
	for name, x := range exchanges(t) {
		kind, layout, _ := strings.Cut(name, " ")
		if kind != "posted" && kind != "sent" {
			continue
		}
		seen++
		d := x.By.(Dialect)
		d.Settings.Partner = build
		_, err := d.Decode(x.Request)
		if (err == nil) != (kind == "posted") {
			t.Errorf("%s in %s, where only %s may come: %v", name, layout, build, err)
		}
	}
	if seen != 9 {
		t.Errorf("%d messages are shown, want a posted one and a sent one in four layouts, and a load", seen)
	}
}
