package d365

import (
	"encoding/json"
	"errors"
	"fmt"
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

// standards has samples of our own making, structurally after the public
// documentation of the interface.
const standards = "../../../../shared/standards/d365-mes-own"

// TestSamplesAreAccepted: the samples of messages are accepted as they are, and
// that of an event is what is announced.
func TestSamplesAreAccepted(t *testing.T) {
	if _, err := os.Stat(standards); err != nil {
		t.Skipf("the samples are not part of this repository, put them at %s: %v", standards, err)
	}
	want := map[string]string{
		"start": "operation-started/P000417", "report-as-finished": "receipt/P000417/LOT-P7-0203-01 61 + scrap/P000417 2 Material",
		"picking-list": "consumption/P000417/0010 63", "route-card": "confirmation/P000417/0010 61 2 Final=false 3h37m48s", "end": "end P000417",
	}
	for name, says := range want {
		b, err := os.ReadFile(filepath.Join(standards, "send-message-"+name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		ask, err := Dialect{}.Decode(simulators.Message{Verb: "post", Method: "POST", Name: SendMessage, Body: b})
		if err != nil || ask.Late != nil {
			t.Errorf("%s: %v, %v", name, err, ask.Late)
			continue
		}
		if got := told(ask); got != says {
			t.Errorf("%s says %s, want %s", name, got, says)
		}
	}
	b, err := os.ReadFile(filepath.Join(standards, "business-event-production-order-released.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sample, ours map[string]any
	ms, err := Dialect{}.Encode(plant.Event{ID: "1", At: time.UnixMilli(1770098400000), Fact: plant.OrderReleased{Order: plant.Order{ID: "P000417"}}})
	if err != nil || json.Unmarshal(b, &sample) != nil || json.Unmarshal(ms[0].Body, &ours) != nil {
		t.Fatal(err)
	}
	for _, different := range []string{"ControlNumber", "EventId"} {
		if reflect.TypeOf(sample[different]) != reflect.TypeOf(ours[different]) {
			t.Errorf("%s is %v, and in the sample %v", different, ours[different], sample[different])
		}
		delete(sample, different)
		delete(ours, different)
	}
	if !reflect.DeepEqual(sample, ours) {
		t.Errorf("announced %v, the sample is %v", ours, sample)
	}
}

// told is an ask in few words.
func told(a simulators.Ask) string {
	if a.Ends != "" {
		return "end " + string(a.Ends)
	}
	var all []string
	for _, c := range a.Claims {
		s := plant.Natural(c.Fact)
		switch f := c.Fact.(type) {
		case plant.Received:
			s += " " + f.Quantity.Amount.String()
		case plant.Scrapped:
			s += " " + f.Quantity.Amount.String() + " " + f.Reason
		case plant.Consumed:
			s += " " + f.Quantity.Amount.String()
		case plant.Confirmed:
			s += fmt.Sprintf(" %s %s Final=%t %s", f.Yield.Amount, f.Scrap.Amount, f.Final, f.Labor)
		}
		all = append(all, s)
	}
	return strings.Join(all, " + ")
}

// send is a message of a type with that content.
func send(kind, content string) simulators.Message {
	b := plain(envelope{"demo", Queue, kind, &content})
	return simulators.Message{Verb: "post", Method: "POST", Name: SendMessage, Body: b}
}

func TestEnvelopeIsRefusedAtOnce(t *testing.T) {
	for _, c := range []struct{ body, text string }{
		{`{`, "unexpected end"},
		{`{"_companyId":"DEMO","_messageType":"ProdProductionOrderEnd","_messageContent":{"ProductionOrderNumber":"1"}}`, "string"},
		{`{"_companyId":"DEMO","_messageType":"ProdProductionOrderEnd"}`, "_messageContent is missing"},
		{`{"_messageType":"ProdProductionOrderEnd","_messageContent":"{}"}`, "_companyId"},
		{`{"_companyId":"DEMO","_messageType":"ProdProductionOrderStop","_messageContent":"{}"}`, `"ProdProductionOrderStop" is not one of`},
		{`{"_companyId":"DEMO","_messageQueue":"Mine","_messageType":"ProdProductionOrderEnd","_messageContent":"{}"}`, `no queue "Mine"`},
		{`{"companyId":"DEMO","_messageType":"ProdProductionOrderEnd","_messageContent":"{}"}`, "unknown field"},
	} {
		_, err := Dialect{}.Decode(simulators.Message{Verb: "post", Name: SendMessage, Body: []byte(c.body)})
		if r := new(simulators.Refusal); !errors.As(err, &r) || r.Code != codeMalformed || !strings.Contains(r.Text, c.text) {
			t.Errorf("%s: %v, want %s", c.body, err, c.text)
		}
	}
	for _, m := range []simulators.Message{{Verb: "get", Method: "GET", Name: SendMessage}, {Verb: "patch", Method: "PATCH", Name: "data/ItemBatches"}, {Verb: "post", Name: "bods"}} {
		_, err := Dialect{}.Decode(m)
		if r := new(simulators.Refusal); !errors.As(err, &r) || (statusFor(r) != 405 && statusFor(r) != 404) {
			t.Errorf("%s %s: %v", m.Method, m.Name, err)
		}
	}
}

// What is wrong in the string is found out when the message is worked off.
func TestContentIsRefusedLater(t *testing.T) {
	for _, c := range []struct{ kind, content, text string }{
		{TypeEnd, ``, "unexpected end"},
		{TypeEnd, `{}`, "ProductionOrderNumber is needed"},
		{TypeEnd, `{"ProductionOrderNumber":"1","AutoUpdate":"true"}`, `"true" is not one of Yes, No`},
		{TypeStart, `{"ProductionOrderNumber":"1","AutomaticBOMConsumptionRule":"Sometimes"}`, "FlushingPrincip"},
		{TypeStart, `{"ProductionOrderNumber":"1","StartedDate":"03.02.2026"}`, "is not a date"},
		{TypeStart, `{"ProductionOrderNumber":"1","StartedDate":"2026-02-03T08:00:00Z"}`, "is not a date"},
		{TypeReportFinished, `{"ProductionOrderNumber":"1"}`, "ReportFinishedLines has no line"},
		{TypeReportFinished, `{"ProductionOrderNumber":"1","ReportFinishedLines":[{"ReportedGoodQuantity":"5"}]}`, "is not a number"},
		{TypeReportFinished, `{"ProductionOrderNumber":"1","ReportFinishedLines":[{"ReportedGoodQuantity":0}]}`, "line 1: it reports nothing"},
		{TypeReportFinished, `{"ProductionOrderNumber":"1","ReportFinishedLines":[{"ReportedGoodQuantity":-1}]}`, "a quantity of -1"},
		{TypeReportFinished, `{"ProductionOrderNumber":"1","ReportFinishedLines":[{"ReportedGoodQuantity":1,"ExecutedDateTime":"yesterday"}]}`, "is not a time"},
		{TypeReportFinished, `{"ProductionOrderNumber":"1","ReportFinishedLines":[{"ReportedGoodQty":5}]}`, "unknown field"},
		{TypePickingList, `{"ProductionOrderNumber":"1","PickingListLines":[{"ConsumptionBOMQuantity":1}]}`, "ItemNumber is needed"},
		{TypePickingList, `{"ProductionOrderNumber":"1","PickingListLines":[{"ItemNumber":"A","ConsumptionBOMQuantity":1.0000001}]}`, "more than 6 digits"},
		{TypePickingList, `{"ProductionOrderNumber":"1","PickingListLines":[{"ItemNumber":"A","ConsumptionBOMQuantity":1e999999999}]}`, "out of range"},
		{TypeRouteCard, `{"ProductionOrderNumber":"1","RouteCardLines":[{"GoodQuantity":1}]}`, "OperationNumber is needed"},
		{TypeRouteCard, `{"ProductionOrderNumber":"1","RouteCardLines":[{"OperationNumber":10,"TaskType":"Work"}]}`, "QueueBefore"},
	} {
		ask, err := Dialect{}.Decode(send(c.kind, c.content))
		if err != nil || ask.Late == nil || ask.Late.Code != codeMalformed || !strings.Contains(ask.Late.Text, c.text) || len(ask.Claims) > 0 {
			t.Errorf("%s %s: %v, later %v; want %s", c.kind, c.content, err, ask.Late, c.text)
		}
	}
	m := send(TypeEnd, `{"ProductionOrderNumber":"P1"}`)
	m.Body = []byte(strings.Replace(string(m.Body), "demo", "USMF", 1))
	if ask, err := (Dialect{}).Decode(m); err != nil || ask.Late == nil || ask.Late.Code != "company-unknown" {
		t.Errorf("of another company: %v, later %v", err, ask.Late)
	}
}

// Who misspells a quantity where that is ignored has said none, and books the
// whole order.
func TestUnknownMembersAreIgnoredIfToldSo(t *testing.T) {
	m := send(TypeReportFinished, `{"ProductionOrderNumber":"1","ReportFinishedLines":[{"ReportedGoodQty":5}]}`)
	ask, err := Dialect{Settings{Unknown: Ignored}}.Decode(m)
	if err != nil || ask.Late != nil || len(ask.Claims) != 1 {
		t.Fatalf("%v, later %v, %d claims", err, ask.Late, len(ask.Claims))
	}
	if f := ask.Claims[0].Fact.(plant.Received); f.Quantity != (plant.Quantity{}) || !ask.Defaults {
		t.Errorf("it says %v, with defaults %t", f.Quantity, ask.Defaults)
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ kind, content, says string }{
		{TypeReportFinished, `{"ProductionOrderNumber":"1","ReportFinishedLines":[{"ReportedErrorQuantity":2,"ErrorCause":"Machine"}]}`, "receipt/1 0 + scrap/1 2 Machine"},
		{TypeReportFinished, `{"ProductionOrderNumber":"1","ReportFinishedLines":[{"ReportedGoodQuantity":0,"ReportedErrorQuantity":2}]}`, "scrap/1 2 "},
		{TypeReportFinished, `{"ProductionOrderNumber":"1","ReportFinishedLines":[{"ReportedGoodQuantity":1E+1},{"ReportedGoodQuantity":2.50,"ItemBatchNumber":"B"}]}`, "receipt/1 10 + receipt/1/B 2.5"},
		{TypePickingList, `{"ProductionOrderNumber":"1","PickingListLines":[{"ItemNumber":"A","ConsumptionInventoryQuantity":3},{"ItemNumber":"A","ConsumptionBOMQuantity":1,"ScrapBOMQuantity":2,"OperationNumber":20}]}`,
			"consumption/1 3 + consumption/1/0020 1 + scrap/1/0020 2 "},
		{TypePickingList, `{"ProductionOrderNumber":"1","PickingListLines":[{"ItemNumber":"A"}]}`, "consumption/1 0"},
		{TypeRouteCard, `{"ProductionOrderNumber":"1","RouteCardLines":[{"OperationNumber":10,"GoodQuantity":5,"OperationCompleted":"Yes"},{"OperationNumber":10,"ErrorQuantity":1,"ErrorCause":"Rework_R1"}]}`,
			"confirmation/1/0010 5 0 Final=true 0s + rework/1/0010"},
	} {
		ask, err := Dialect{}.Decode(send(c.kind, c.content))
		if got := told(ask); err != nil || ask.Late != nil || got != c.says {
			t.Errorf("%s says %q, want %q (%v, later %v)", c.content, got, c.says, err, ask.Late)
		}
	}
}

// What has no field is an error, never something else.
func TestWhatCannotBeSaidIsAnError(t *testing.T) {
	for _, f := range []plant.Fact{
		plant.Confirmed{Order: "1", Operation: "10"}, plant.Confirmed{Order: "1", Operation: "A"}, plant.Confirmed{Order: "1", Operation: "0010", Reason: "Rework_1"},
		plant.Consumed{Order: "1", Operation: "10", Material: "M"}, plant.Received{Order: "1", Material: "M"},
		plant.Received{Order: "1", Material: "M", Quantity: plant.Of(2, ""), Serials: []plant.SerialID{"1", "2"}},
	} {
		if ms, err := (Dialect{}).Encode(dialecttest.Event(f, dialecttest.At(6, 0, 0))); err == nil {
			t.Errorf("%+v is said as %s", f, ms[0].Body)
		}
	}
}

func TestEvents(t *testing.T) {
	last := int64(0)
	for i, e := range []plant.Event{
		dialecttest.Event(plant.OrderReleased{Order: plant.Order{ID: "1"}}, dialecttest.At(6, 0, 0)),
		dialecttest.Event(plant.OrderChanged{Order: "1", Version: 2}, dialecttest.At(6, 0, 0)),
		dialecttest.Event(plant.OrderCancelled{Order: "1", Version: 3}, dialecttest.At(6, 0, 1)),
	} {
		var got struct {
			ControlNumber                         int64
			BusinessEventId, OldStatus, NewStatus string
		}
		ms, err := Dialect{}.Encode(e)
		if err != nil || json.Unmarshal(ms[0].Body, &got) != nil {
			t.Fatal(err)
		}
		want := []string{EventReleased, EventStatusChanged + " Scheduled Released", EventStatusChanged + " Released Created"}[i]
		if says := strings.TrimSpace(got.BusinessEventId + " " + got.OldStatus + " " + got.NewStatus); says != want {
			t.Errorf("%s is announced as %s, want %s", e.ID, says, want)
		}
		if got.ControlNumber <= last || strings.Contains(string(ms[0].Body), "uantity") {
			t.Errorf("%s: number %d after %d, %s", e.ID, got.ControlNumber, last, ms[0].Body)
		}
		if i == 2 && got.ControlNumber == last+1 {
			t.Error("the numbers have no gap")
		}
		last = got.ControlNumber
	}
	for times, want := range map[Times]string{"": `"/Date(1772427600000)/"`, Microsoft: `"/Date(1772427600000)/"`, Milliseconds: "1772427600000", ISO: `"2026-03-02T05:00:00Z"`} {
		ms, _ := Dialect{Settings{Times: times}}.Encode(dialecttest.Event(plant.OrderCancelled{Order: "1", Version: 3}, dialecttest.At(6, 0, 0)))
		if !strings.Contains(string(ms[0].Body), `"EventTime":`+want) {
			t.Errorf("%q: %s, want %s", times, ms[0].Body, want)
		}
	}
}

// Clients put parentheses around comparisons, and around all of them.
func TestFilters(t *testing.T) {
	for text, want := range map[string]string{
		"A eq 'x'":                    "[{A eq x}]",
		"(A eq 'x')":                  "[{A eq x}]",
		"((A eq 'x)') and (B gt 5))":  "[{A eq x)} {B gt 5}]",
		"( A eq 'x' and ( B gt 5 ) )": "[{A eq x} {B gt 5}]",
		"(A eq 'x'":                   "a parenthesis is missing",
		"A eq 'x')":                   "a parenthesis is missing",
		"(A eq 'x' and (B gt 5)":      "a parenthesis is missing",
		"A eq 'x' or B gt 5":          "only and joins",
		"startswith(A,'x')":           "is not a comparison",
		"A eq ":                       "a value is missing",
		"A eq 'x' and":                "only and joins",
		"A eq Microsoft.Dynamics.DataEntities.NoYes'Yes'": "[{A eq Yes}]",
	} {
		where, err := filter(text)
		got := fmt.Sprint(where)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range [][2]string{
		{TypeStart, `{"ProductionOrderNumber":"1","StartedQuantity":1e2,"StartedDate":"2026-02-03"}`},
		{TypeReportFinished, `{"ProductionOrderNumber":"1","ReportFinishedLines":[{"ReportedGoodQuantity":61,"ExecutedDateTime":"2026-02-03T06:00:00Z"}]}`},
		{TypePickingList, `{"ProductionOrderNumber":"1","PickingListLines":[{"ItemNumber":"A","ScrapBOMQuantity":1}]}`},
		{TypeRouteCard, `{"ProductionOrderNumber":"1","RouteCardLines":[{"OperationNumber":10,"Hours":3.63}]}`},
	} {
		f.Add(send(c[0], c[1]).Body, "")
	}
	f.Add([]byte("ProductionOrderHeaders(dataAreaId='demo',ProductionOrderNumber='1')"), "ItemNumber eq 'A' and ScheduledQuantity gt 5")
	f.Fuzz(func(t *testing.T, b []byte, filter string) {
		d := Dialect{}
		for _, m := range []simulators.Message{
			{Verb: "post", Method: "POST", Name: SendMessage, Body: b},
			{Verb: "get", Method: "GET", Name: Data + "/" + string(b), Params: map[string]string{"$filter": filter, "$select": filter}},
		} {
			ask, err := d.Decode(m)
			if err == nil && len(ask.Claims) == 0 && ask.Query == nil && ask.Ends == "" && ask.Late == nil {
				t.Errorf("neither claims, nor a question, nor a refusal: %q", b)
			}
			if r := new(simulators.Refusal); err != nil && (!errors.As(err, &r) || r.Text == "") {
				t.Errorf("a refusal that does not say why: %v", err)
			}
			for _, a := range []simulators.Answer{{}, {Refusal: refuse(codeMalformed, "text")}, {Found: samples}} {
				if reply := d.Reply(m, a); !json.Valid(reply.Body) && m.Name != Data+"/$metadata" {
					t.Errorf("the reply is not JSON: %s", reply.Body)
				}
			}
		}
	})
}
