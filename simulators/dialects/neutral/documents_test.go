package neutral

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// described compiles the schemas of a document.
func described(t *testing.T, doc []byte) func(ref string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("http://doc/", parse(t, doc)); err != nil {
		t.Fatal(err)
	}
	return func(ref string) *jsonschema.Schema {
		t.Helper()
		s, err := c.Compile("http://doc/" + ref)
		if err != nil {
			t.Fatalf("%s: %v", ref, err)
		}
		return s
	}
}

// references calls f with every $ref of v.
func references(v any, f func(ref string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, c := range v {
			if ref, ok := c.(string); ok && k == "$ref" {
				f(ref)
			}
			references(c, f)
		}
	case []any:
		for _, c := range v {
			references(c, f)
		}
	}
}

func find(doc any, ref string) (any, bool) {
	for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		m, ok := doc.(map[string]any)
		if !ok {
			return nil, false
		}
		if doc, ok = m[strings.ReplaceAll(part, "~1", "/")]; !ok {
			return nil, false
		}
	}
	return doc, true
}

func TestDocumentsAreWhole(t *testing.T) {
	for name, b := range (Dialect{}).Documents() {
		var doc any
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n := 0
		references(doc, func(ref string) {
			n++
			if _, ok := find(doc, ref); !ok || !strings.HasPrefix(ref, "#/") {
				t.Errorf("%s refers to %s, which it has not", name, ref)
			}
		})
		if n < 100 {
			t.Errorf("%s has only %d references", name, n)
		}
	}
}

func TestOpenAPIDescribesMessages(t *testing.T) {
	b := OpenAPI("http://127.0.0.1:8080")
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if doc["openapi"] != "3.1.0" || fmt.Sprint(doc["servers"]) != "[map[url:http://127.0.0.1:8080]]" {
		t.Errorf("openapi %v, servers %v", doc["openapi"], doc["servers"])
	}
	ids := map[any]bool{}
	for path, operations := range doc["paths"].(map[string]any) {
		for method, o := range operations.(map[string]any) {
			o := o.(map[string]any)
			if id := o["operationId"]; id == nil || ids[id] || o["responses"] == nil {
				t.Errorf("%s %s: operationId %v, responses %v", method, path, id, o["responses"])
			}
			ids[o["operationId"]] = true
		}
	}
	schema := described(t, b)
	for file := range goldens() {
		m := wire(t, file)
		for _, way := range []string{"#/paths/~1" + m.Name, "#/webhooks/" + m.Name} {
			ref, ok := find(doc, way+"/post/requestBody/content/application~1json/schema/$ref")
			if !ok {
				t.Errorf("%s: nothing at %s", file, way)
				continue
			}
			o := fmt.Sprint(ref)
			if err := schema(o).Validate(parse(t, m.Body)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if err := schema(o).Validate(parse(t, []byte(`{"SyncNothing":{}}`))); err == nil {
				t.Errorf("%s accepts anything", o)
			}
		}
	}
}

func TestAsyncAPIDescribesMessages(t *testing.T) {
	b := AsyncAPI("nats://127.0.0.1:4222")
	var doc any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if v, _ := find(doc, "#/servers/broker"); fmt.Sprint(v) != "map[host:127.0.0.1:4222 protocol:nats]" {
		t.Errorf("server %v", v)
	}
	schema := described(t, b)
	for file := range goldens() {
		m := wire(t, file)
		address, _ := find(doc, "#/channels/"+m.Name+"/address")
		if address != "andon.{endpoint}."+m.Name {
			t.Errorf("%s is on %v", m.Name, address)
		}
		ref, _ := find(doc, "#/components/messages/"+m.Name+"/payload/schema/$ref")
		if err := schema(fmt.Sprint(ref)).Validate(parse(t, m.Body)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Replies are held against what the document says of each path and status.
func TestOpenAPIDescribesReplies(t *testing.T) {
	b := OpenAPI("")
	var doc any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	schema := described(t, b)
	post, get := wire(t, "consumptions"), func(name string) simulators.Message { return simulators.Message{Verb: "get", Name: name} }
	bad := &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-expired", Text: "lot L-7 expired"}
	o := orderReleased().Fact.(plant.OrderReleased).Order
	item := goldens()["items"][0].Fact.(plant.ItemChanged).Item
	engineered := engineering()
	posting := simulators.Posting{Doc: "5000000001", Claim: confirmation(), Base: ea("61"), At: at(7, 42, 0)}
	for _, c := range []struct {
		path, status string
		m            simulators.Message
		a            simulators.Answer
	}{
		{"/consumptions", "201", post, simulators.Answer{Rows: []simulators.Row{{Doc: "1"}, {Doc: "2", Known: true}}}},
		{"/consumptions", "200", post, simulators.Answer{Rows: []simulators.Row{{Doc: "1", Known: true}, {Doc: "2", Known: true}}}},
		{"/consumptions", "202", post, simulators.Answer{Later: true}},
		{"/consumptions", "207", post, simulators.Answer{Rows: []simulators.Row{{Doc: "1"}, {Refusal: bad}}}},
		{"/consumptions", "422", post, simulators.Answer{Rows: []simulators.Row{{Refusal: bad}, {Refusal: bad}}}},
		{"/consumptions", "401", post, simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unauthorized, Code: "invalid_token"}}},
		{"/orders/{id}", "200", get("orders/4711000001"), simulators.Answer{Found: []any{simulators.OrderState{Order: o, Version: 2, State: "Running", Confirmed: map[plant.OperationID]simulators.OperationSum{"0010": {Yield: plant.Whole(61), Final: true}}}}}},
		{"/orders/{id}", "404", get("orders/4711000001"), simulators.Answer{}},
		{"/lots/{id}", "200", get("lots/L-7"), simulators.Answer{Found: []any{plant.Lot{ID: "L-7", Status: plant.LotBlocked, Expires: time.Unix(0, 0)}}}},
		{"/lots/{id}", "404", get("lots/L-7"), simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-unknown", Text: "lot L-7 is unknown"}}},
		{"/items/{id}", "200", get("items/SEAL-12"), simulators.Answer{Found: []any{item}}},
		{"/boms/{id}", "200", get("boms/PUMP-7"), simulators.Answer{Found: []any{engineered["boms"]}}},
		{"/boms/{id}", "404", get("boms/PUMP-7"), simulators.Answer{}},
		{"/boms", "200", get("boms"), simulators.Answer{Found: []any{engineered["boms"]}, Cursor: "2026-03-02T04:00:00Z~PUMP-7"}},
		{"/routings/{id}", "200", get("routings/PUMP-7"), simulators.Answer{Found: []any{engineered["routings"]}}},
		{"/routings", "200", get("routings"), simulators.Answer{Found: []any{engineered["routings"]}}},
		{"/work-centers/{id}", "200", get("work-centers/WC-CNC-02"), simulators.Answer{Found: []any{engineered["work-centers"]}}},
		{"/work-centers", "200", get("work-centers"), simulators.Answer{Found: []any{engineered["work-centers"]}}},
		{"/calendars/{id}", "200", get("calendars/BRNO"), simulators.Answer{Found: []any{engineered["calendars"]}}},
		{"/calendars", "200", get("calendars"), simulators.Answer{Found: []any{engineered["calendars"]}}},
		{"/calendars", "200", get("calendars"), simulators.Answer{}},
		{"/calendars", "422", get("calendars"), simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.DataQuality, Code: "query-unknown", Text: "limit"}}},
		{"/postings", "200", get("postings"), simulators.Answer{Found: []any{posting}}},
		{"/postings", "200", get("postings"), simulators.Answer{}},
		{"/feed", "200", get("feed"), simulators.Answer{Found: []any{wire(t, "orders"), wire(t, "items")}, Cursor: "2"}},
		{"/feed", "200", get("feed"), simulators.Answer{Cursor: "2"}},
		{"/openapi.json", "200", get("openapi.json"), simulators.Answer{}},
		{"/asyncapi.json", "200", get("asyncapi.json"), simulators.Answer{}},
		{"/health", "200", get("health"), simulators.Answer{}},
	} {
		t.Run(c.path+" "+c.status, func(t *testing.T) {
			reply := Dialect{}.Reply(c.m, c.a)
			if fmt.Sprint(reply.Result.Status) != c.status {
				t.Fatalf("status %d\n%s", reply.Result.Status, reply.Body)
			}
			way := "#/paths/" + strings.ReplaceAll(c.path, "/", "~1") + "/" + c.m.Verb + "/responses/" + c.status
			if ref, ok := find(doc, way+"/$ref"); ok {
				way = ref.(string)
			}
			way += "/content/" + strings.ReplaceAll(reply.Header["Content-Type"], "/", "~1") + "/schema"
			if _, ok := find(doc, way); !ok {
				t.Fatalf("the document does not say what %s with %s is", c.status, reply.Header["Content-Type"])
			}
			if err := schema(way).Validate(parse(t, reply.Body)); err != nil {
				t.Errorf("%v\n%s", err, reply.Body)
			}
		})
	}
}
