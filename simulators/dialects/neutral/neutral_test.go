package neutral

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestConformance(t *testing.T) { dialecttest.Run(t, Dialect{}) }

// The conformance test compares what oracles compare; this dialect loses
// nothing at all, not even planned times.
func TestNothingIsLost(t *testing.T) {
	for _, kind := range dialecttest.Kinds() {
		if _, ok := wordingOf(kind); !ok {
			continue
		}
		t.Run(string(kind), rapid.MakeCheck(func(t *rapid.T) {
			most := 4
			if w, _ := wordingOf(kind); sole(w.noun) {
				most = 1
			}
			events := rapid.SliceOfN(dialecttest.Events(kind), 1, most).Draw(t, "events")
			m, err := Dialect{}.Batch(events...)
			if err != nil {
				t.Fatal(err)
			}
			ask, err := Dialect{}.Decode(m)
			if err != nil {
				t.Fatalf("%v\n%s", err, m.Body)
			}
			if !reflect.DeepEqual(ask.Claims, events) {
				t.Fatalf("got  %+v\nwant %+v\n%s", ask.Claims, events, m.Body)
			}
			if ask.Batch != (len(events) > 1) {
				t.Errorf("batch is %v with %d rows", ask.Batch, len(events))
			}
		}))
	}
}

func TestEncodeRefuses(t *testing.T) {
	noWord := plant.Event{ID: "x", Fact: plant.Shipped{Lot: "L", Counter: 1}}
	if ms, err := (Dialect{}).Encode(noWord); len(ms) != 0 || err != nil {
		t.Errorf("shipment: %v, %v; want nothing", ms, err)
	}
	stray := orderReleased()
	o := stray.Fact.(plant.OrderReleased).Order
	o.Components = append(o.Components[:1:1], plant.Component{Material: "X", Operation: "0099", Quantity: ea("1")})
	for name, events := range map[string][]plant.Event{
		"nothing":         {},
		"two kinds":       {confirmation(), consumption(1, "L", "1")},
		"no word":         {noWord},
		"stray component": {{ID: "x", Fact: plant.OrderReleased{Order: o}}},
		"not UTF-8":       {{ID: "x", Fact: plant.OrderCancelled{Order: "\xff", Version: 1}}},
	} {
		if _, err := (Dialect{}).Batch(events...); err == nil {
			t.Errorf("%s was encoded", name)
		}
	}
}

// wire is a golden message as it travels.
func wire(t testing.TB, file string) simulators.Message {
	t.Helper()
	m, err := Dialect{}.Batch(goldens()[file]...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDecodeRefuses(t *testing.T) {
	const row = "SyncOperationsPerformance.DataArea.OperationsPerformance[0].OperationsResponse[0].SegmentResponse[0]"
	swap := func(file, old, new string) func(*testing.T) simulators.Message {
		return func(t *testing.T) simulators.Message {
			m := wire(t, file)
			if !strings.Contains(string(m.Body), old) {
				t.Fatalf("%s does not contain %s", file, old)
			}
			m.Body = []byte(strings.Replace(string(m.Body), old, new, 1))
			return m
		}
	}
	yield := func(number string) func(*testing.T) simulators.Message {
		return swap("confirmations", `"QuantityString":"61"`, `"QuantityString":`+number)
	}
	yieldPath := row + ".MaterialActual[0].Quantity[0].QuantityString: "
	deep := strings.Repeat(`{"x":`, 100) + "1" + strings.Repeat("}", 100)
	for _, c := range []struct {
		name string
		m    func(*testing.T) simulators.Message
		want string
	}{
		{"decimal comma", yield(`"12,5"`), yieldPath + `"12,5" is not a plain decimal number`},
		{"NaN", yield(`"NaN"`), yieldPath + `"NaN" is not a plain decimal number`},
		{"huge exponent", yield(`"1e309"`), yieldPath + `"1e309" is not a plain decimal number`},
		{"too many digits", yield(`"1234567890123"`), yieldPath + `"1234567890123" has more than 12 digits before the point`},
		{"seven decimals", yield(`"0.0000001"`), "has more than 6 digits after the point"},
		{"negative", yield(`"-1"`), yieldPath + "-1 is negative"},
		{"minus zero", yield(`"-0"`), yieldPath + "-0 is negative"},
		{"number instead of text", yield(`61`), yieldPath + "must be a string, not a number"},
		{"null", yield(`null`), yieldPath + "must be a string, not null"},
		{"empty", yield(`""`), yieldPath + "must not be empty"},
		{"no unit", swap("confirmations", `,"UnitOfMeasure":"EA"`, ``), row + ".MaterialActual[0].Quantity[0].UnitOfMeasure: is missing"},
		{"two quantities", swap("scrap", `"Quantity":[{`, `"Quantity":[{"QuantityString":"1","UnitOfMeasure":"EA"},{`), "exactly one element"},
		{"identifier as number", swap("confirmations", `["4711000001"]`, `[4711000001]`), row + ".OperationsRequestID[0]: must be a string, not a number"},
		{"scalar for array", swap("confirmations", `["4711000001"]`, `"4711000001"`), row + ".OperationsRequestID: must be an array, not a string"},
		{"no order", swap("confirmations", `"OperationsRequestID":["4711000001"],`, ``), row + ".OperationsRequestID: is missing"},
		{"no operation", swap("consumptions", `"OperationsSegmentID":["0010"],`, ``), row + ".OperationsSegmentID: is missing"},
		{"no reference", swap("receipts", `[{"ID":"receipt/4711000001/L-P7-0302/1","OperationsRequestID`, `[{"OperationsRequestID`), row + ".ID: is missing"},
		{"no counter", swap("confirmations", `"Counter"`, `"Zaehler"`), row + ".SegmentData: Counter is missing"},
		{"counter twice", swap("confirmations", `"Reason"`, `"Counter"`), row + `.SegmentData[1]: "Counter" is given twice`},
		{"counter zero", swap("confirmations", `"ValueString":"3"`, `"ValueString":"0"`), "Counter is missing or 0"},
		{"counter signed", swap("confirmations", `"ValueString":"3"`, `"ValueString":"+3"`), "is not a whole number"},
		{"no yield", swap("confirmations", `"Yield Produced"`, `"Consumed"`), `MaterialUse "Consumed": a confirmation states`},
		{"two materials", swap("scrap", `"MaterialActual":[`, `"MaterialActual":[{"ID":"0"},`), "2 materials; a row states exactly one"},
		{"wrong use", swap("receipts", `"Produced"`, `"Consumed"`), `"Consumed" must be "Produced"`},
		{"date without offset", swap("confirmations", `07:41:58+01:00","Actual`, `07:41:58","Actual`), row + ".PostingDate: "},
		{"comma in instant", swap("confirmations", `07:41:58+01:00","Actual`, `07:41:58,5+01:00","Actual`), "is not an instant"},
		{"labor in days", swap("confirmations", `"SEC"`, `"DAY"`), `"DAY" is none of SEC, MIN, HUR`},
		{"old release", swap("holds", `"V0701"`, `"V0401"`), `SyncMaterialLot.@releaseID: "V0401" is not spoken here`},
		{"no release", swap("holds", `"@releaseID":"V0701",`, ``), "SyncMaterialLot.@releaseID: is missing"},
		{"no creation", swap("holds", `"CreationDateTime"`, `"creationDateTime"`), "ApplicationArea.CreationDateTime: is missing"},
		{"unknown noun", swap("holds", `SyncMaterialLot`, `SyncMaterialSubLot`), `unknown transaction "SyncMaterialSubLot"; holds takes SyncMaterialLot`},
		{"task of another kind", swap("scrap", `"TaskID":"scrap"`, `"TaskID":"rework"`), `Sender.TaskID: "rework" does not fit`},
		{"two transactions", swap("scrap", `{"Sync`, `{"ConfirmBOD":{},"Sync`), "unknown transaction"},
		{"no rows", swap("holds", `"MaterialLot":[`, `"MaterialLot":[],"Was":[`), "SyncMaterialLot.DataArea.MaterialLot: must have an element"},
		{"no verb", swap("holds", `"Sync":{},`, ``), "SyncMaterialLot.DataArea.Sync: is missing"},
		{"member twice", swap("holds", `"Sync":{},`, `"Sync":{},"Sync":{},`), `"Sync" is given twice`},
		{"member twice, escaped", swap("holds", `"Sync":{},`, `"Sync":{},"\u0053ync":{},`), `"Sync" is given twice`},
		{"no case", swap("holds", `"Case"`, `"Fall"`), "MaterialLotProperty: Case is missing"},
		{"unknown decision", swap("decisions", `"use-as-is"`, `"maybe"`), `Decision "maybe" is none of`},
		{"release of version 2", swap("orders", `"Version":"1"`, `"Version":"2"`), "a release is version 1, not 2"},
		{"change without quantity", swap("orders-change", `"MaterialRequirement"`, `"Nothing"`), "the one of use Produced is missing"},
		{"bad duration", swap("orders", `"PT25M"`, `"25 min"`), `"25 min" is not a duration`},
		{"bad factor", swap("items", `"250/3"`, `"250/0"`), "is not a positive fraction"},
		{"too fine an item", swap("items", `"ValueString":"0"`, `"ValueString":"7"`), "Decimals must be 0 to 6"},
		{"too deep", swap("scrap", `"Sync":{}`, `"Sync":{"x":`+deep+`}`), "more than 64 levels"},
		{"lone surrogate", swap("scrap", `"R02"`, `"\ud800"`), "surrogate"},
		{"control character", swap("scrap", `"R02"`, "\"R\x01\""), "control character"},
		{"not UTF-8", swap("scrap", `"R02"`, "\"R\xff\""), "the body is not UTF-8"},
		{"leading zero", swap("orders", `"Priority":40`, `"Priority":040`), "a comma"},
		{"trailing comma", swap("scrap", `"R02"`, `"R02",`), "a member's name"},
		{"trailing text", swap("scrap", "", "x"), `'x' at byte 0`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := c.m(t)
			_, err := Dialect{}.Decode(m)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got  %v\nwant %s", err, c.want)
			}
			reply := Dialect{}.Reply(m, simulators.Answer{Refusal: err.(*simulators.Refusal)})
			if reply.Result.Status != 400 || !json.Valid(reply.Body) {
				t.Errorf("replied with %d %s", reply.Result.Status, reply.Body)
			}
		})
	}
}

// A sender may order members as it likes, indent, escape and extend.
func TestDecodeTolerates(t *testing.T) {
	for file, events := range goldens() {
		m := wire(t, file)
		var v any
		if err := json.Unmarshal(m.Body, &v); err != nil {
			t.Fatal(err)
		}
		extend(v.(map[string]any)) // but the root, which has one transaction
		var err error
		if m.Body, err = json.MarshalIndent(v, "", "\t"); err != nil { // sorts members
			t.Fatal(err)
		}
		ask, err := Dialect{}.Decode(m)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		} else if !reflect.DeepEqual(ask.Claims, events) {
			t.Errorf("%s: got %+v\nwant %+v", file, ask.Claims, events)
		}
	}
}

func extend(v map[string]any) {
	for _, c := range v {
		walk(c)
	}
}

func walk(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, c := range v {
			walk(c)
		}
		v["x:Acme"] = map[string]any{"a": []any{1.5e3, nil, true, "\u00e4\"\\"}, "b": "x", "id": false}
	case []any:
		for _, c := range v {
			walk(c)
		}
	}
}

func TestDecodeForeign(t *testing.T) {
	t.Run("order on the response, labor in hours", func(t *testing.T) {
		m := wire(t, "confirmations")
		s := string(m.Body)
		s = strings.Replace(s, `"OperationsRequestID":["4711000001"],`, "", 1)
		s = strings.Replace(s, `]}]}]}}}`, `],"OperationsRequestID":["77"]}]}]}}}`, 1)
		s = strings.Replace(s, `"5938","DataType":"decimal","UnitOfMeasure":"SEC"`, `"1.5","UnitOfMeasure":"HUR"`, 1)
		s = strings.Replace(s, `"PostingDate":"2026-03-02T07:41:58+01:00",`, "", 1)
		m.Body = []byte(s)
		ask, err := Dialect{}.Decode(m)
		if err != nil {
			t.Fatalf("%v\n%s", err, s)
		}
		f := ask.Claims[0].Fact.(plant.Confirmed)
		if f.Order != "77" || f.Labor.Hours() != 1.5 || !ask.Claims[0].At.Equal(f.End) {
			t.Errorf("%+v at %s", f, ask.Claims[0].At)
		}
	})
	t.Run("lot without reference", func(t *testing.T) {
		m := wire(t, "holds")
		m.Body = []byte(strings.Replace(string(m.Body), `"Reference"`, `"Other"`, 1))
		m.Header = map[string]string{"Idempotency-Key": "k-1"}
		ask, err := Dialect{}.Decode(m)
		if err != nil || ask.Claims[0].ID != "lot-held/4711000001/L-P7-0302/QC-0009" || ask.IdempotencyKey != "k-1" {
			t.Errorf("%+v, %v", ask, err)
		}
	})
}

func TestDecodeQueries(t *testing.T) {
	for _, c := range []struct {
		name   string
		params map[string]string
		want   *simulators.Query
		code   string
	}{
		{name: "orders/A%2FB%2C%201", want: &simulators.Query{Object: "order", Where: map[string]string{"id": "A/B, 1"}}},
		{name: "lots/L-7", want: &simulators.Query{Object: "lot", Where: map[string]string{"id": "L-7"}}},
		{name: "items/000123", want: &simulators.Query{Object: "item", Where: map[string]string{"id": "000123"}}},
		{name: "postings", params: map[string]string{"reference": "confirmation/1/2/3"}, want: &simulators.Query{Object: "postings", Where: map[string]string{"reference": "confirmation/1/2/3"}}},
		{name: "feed", params: map[string]string{"after": "7", "limit": "10", "x": "y"}, want: &simulators.Query{Object: "feed", Where: map[string]string{"after": "7", "limit": "10"}}},
		{name: "openapi.json", want: &simulators.Query{Object: "openapi", Where: map[string]string{}}},
		{name: "asyncapi.json", want: &simulators.Query{Object: "asyncapi", Where: map[string]string{}}},
		{name: "postings", code: codeMalformed},
		{name: "orders/A/B", code: codeName},
		{name: "orders/", code: codeName},
		{name: "orders/%zz", code: codeMalformed},
		{name: "orders/%ff", code: codeMalformed},
		{name: "secrets", code: codeName},
		{name: "confirmations", code: codeMethod},
	} {
		t.Run(c.name+c.code, func(t *testing.T) {
			ask, err := Dialect{}.Decode(simulators.Message{Verb: "get", Name: c.name, Params: c.params})
			if c.want != nil && (err != nil || !reflect.DeepEqual(ask.Query, c.want)) {
				t.Errorf("%+v, %v", ask.Query, err)
			}
			if r, _ := err.(*simulators.Refusal); c.want == nil && (r == nil || r.Code != c.code) {
				t.Errorf("%+v, %v, want %s", ask.Query, err, c.code)
			}
		})
	}
	_, err := Dialect{}.Decode(simulators.Message{Verb: "post", Name: "feed"})
	if r, _ := err.(*simulators.Refusal); r == nil || r.Code != codeMethod {
		t.Errorf("POST feed: %v", err)
	}
}

func ExampleDialect_Reply() {
	m := simulators.Message{Verb: "post", Name: Consumptions, Events: []plant.Event{{ID: "consumption/1/0010/L-1/1"}, {ID: "consumption/1/0010/L-2/2"}}}
	for _, a := range []simulators.Answer{
		{Rows: []simulators.Row{{Doc: "5000000001"}}},
		{Rows: []simulators.Row{{Doc: "5000000001"}, {Refusal: &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-expired", Text: "lot L-2 expired"}}}},
		{Refusal: &simulators.Refusal{Class: simulators.Business, Code: "order-closed", Text: "order 1 is closed"}},
	} {
		fmt.Printf("%s\n", Dialect{}.Reply(m, a).Body)
	}
	// Output:
	// {"outcome":"applied","documents":["5000000001"]}
	// {"outcome":"partly","items":[{"reference":"consumption/1/0010/L-1/1","status":201,"document":"5000000001"},{"reference":"consumption/1/0010/L-2/2","status":422,"detail":"lot L-2 expired","class":"data-quality","code":"lot-expired"}]}
	// {"type":"about:blank","title":"order-closed","status":409,"detail":"order 1 is closed","class":"business","code":"order-closed"}
}

func FuzzDecode(f *testing.F) {
	for file := range goldens() {
		m := wire(f, file)
		f.Add(m.Name, m.Body)
	}
	f.Add(Scrap, []byte(`{"SyncOperationsPerformance":{"@releaseID":"\u0056\ud83c\udfed`))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		ask, err := Dialect{}.Decode(simulators.Message{Verb: "post", Name: name, Body: body})
		if err != nil {
			if _, ok := err.(*simulators.Refusal); !ok {
				t.Fatalf("%T is not a refusal", err)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatalf("understood what is not JSON: %q", body)
		}
		m, err := Dialect{}.Batch(ask.Claims...)
		if err != nil {
			t.Fatalf("encode what was decoded: %v", err)
		}
		again, err := Dialect{}.Decode(m)
		if err != nil || !reflect.DeepEqual(again.Claims, ask.Claims) {
			t.Fatalf("%v\n%+v\n%+v", err, ask.Claims, again.Claims)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, file := range []string{"confirmations", "orders", "consumptions"} {
		b.Run(file, func(b *testing.B) {
			m := wire(b, file)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (Dialect{}).Decode(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	e := confirmation()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Dialect{}).Encode(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReply(b *testing.B) {
	m, a := wire(b, "confirmations"), simulators.Answer{Rows: []simulators.Row{{Doc: "5000000001"}}}
	b.ReportAllocs()
	for b.Loop() {
		Dialect{}.Reply(m, a)
	}
}
