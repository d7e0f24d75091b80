package openapi

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

const orders = `openapi: "3.1.0"
info: {title: Orders, version: "1.4"}
servers: [{url: "https://erp.example.com/api/v1"}]
paths:
  /orders/{no}:
    parameters:
      - {name: no, in: path, required: true, schema: {type: string, pattern: "^[0-9]+$"}}
    get:
      parameters:
        - {name: plant, in: query, required: true, schema: {type: string}}
        - {name: limit, in: query, schema: {type: integer}}
        - {name: status, in: query, schema: {type: array, items: {enum: [open, closed]}}}
      responses:
        "200":
          description: the order
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Order"}
        "404": {description: there is none}
  /orders/latest:
    get: {responses: {"204": {description: none}}}
  /confirmations:
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Confirmation"}
      responses:
        "201": {description: posted, content: {application/json: {schema: {type: object, properties: {doc: {type: string}}}}}}
        4XX: {description: refused}
components:
  schemas:
    Order:
      type: object
      required: [no, qty]
      properties:
        no: {type: string}
        qty: {type: number}
        status: {enum: [open, closed]}
    Confirmation:
      type: object
      required: [order, yield]
      properties:
        order: {type: string}
        yield: {type: number, minimum: 0}
`

func read(t testing.TB, name, text string) *Document {
	t.Helper()
	d, err := Format{}.Read([]contracts.File{{Name: name, Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return d.(*Document)
}

func call(method, path string, query map[string][]string, body string, status int, reply string) contracts.Exchange {
	json := map[string][]string{"Content-Type": {"application/json; charset=utf-8"}}
	x := contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: method, Path: path, Query: query}}
	if body != "" {
		x.Request.Body, x.Request.Headers = []byte(body), json
	}
	if status != 0 {
		x.Reply = &contracts.Part{Status: status, Body: []byte(reply)}
		if reply != "" {
			x.Reply.Headers = json
		}
	}
	return x
}

var plant = map[string][]string{"plant": {"P100"}}

func TestCheck(t *testing.T) {
	d := read(t, "orders.yaml", orders)
	for _, c := range []struct {
		name string
		x    contracts.Exchange
		want []string
	}{
		{"fits", call("GET", "/orders/4711", plant, "", 200, `{"no":"4711","qty":1.5}`), nil},
		{"behind the server's path", call("GET", "/api/v1/orders/4711", plant, "", 404, ""), nil},
		{"parameter missing", call("GET", "/orders/4711", nil, "", 404, ""), []string{"query plant orders.yaml:10:11"}},
		{"path parameter", call("GET", "/orders/A1", plant, "", 404, ""), []string{"path no orders.yaml:7:9"}},
		{"number in a query", call("GET", "/orders/1", map[string][]string{"plant": {"1"}, "limit": {"10"}}, "", 404, ""), nil},
		{"no number in a query", call("GET", "/orders/1", map[string][]string{"plant": {"1"}, "limit": {"many"}}, "", 404, ""), []string{"query limit orders.yaml:11:11"}},
		{"list in a query", call("GET", "/orders/1", map[string][]string{"plant": {"1"}, "status": {"open,closed"}}, "", 404, ""), nil},
		{"wrong list in a query", call("GET", "/orders/1", map[string][]string{"plant": {"1"}, "status": {"open,done"}}, "", 404, ""), []string{"query status orders.yaml:12:11"}},
		{"the plainer path wins", call("GET", "/orders/latest", nil, "", 204, ""), nil},
		{"status not promised", call("GET", "/orders/1", plant, "", 500, ""), []string{"status orders.yaml:8:5"}},
		{"class of a status", call("POST", "/confirmations", nil, `{"order":"1","yield":1}`, 422, `{}`), nil},
		{"answer", call("GET", "/orders/1", plant, "", 200, `{"no":"1","qty":"1"}`), []string{"$.qty orders.yaml:39:15"}},
		{"unknown value", call("GET", "/orders/1", plant, "", 200, `{"no":"1","qty":1,"status":"done"}`), []string{"$.status orders.yaml:40:18"}},
		{"no answer", call("GET", "/orders/1", plant, "", 200, ""), []string{"$ orders.yaml:14:9"}},
		{"request", call("POST", "/confirmations", nil, `{"order":"1","yield":-1}`, 201, `{"doc":"9"}`), []string{"$.yield orders.yaml:46:31"}},
		{"no request", call("POST", "/confirmations", nil, "", 201, `{"doc":"9"}`), []string{"$ orders.yaml:23:5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, covered := d.Check(c.x)
			var got []string
			for _, b := range found {
				got = append(got, b.Path+" "+b.Place.String())
			}
			if !covered || !slices.Equal(got, c.want) {
				t.Errorf("got %q, covered %v; want %q", got, covered, c.want)
			}
		})
	}
	if found, covered := d.Check(call("DELETE", "/orders/1", nil, "", 204, "")); covered || found != nil {
		t.Errorf("what is not described: %v, covered %v", found, covered)
	}
}

// How much of a path is escaped is its sender's choice.
func TestEscapedPaths(t *testing.T) {
	d := read(t, "openapi.yaml", `openapi: "3.1.0"
info: {title: Orders, version: "1"}
paths:
  /orders({key})/to_Items: {get: {parameters: [{name: key, in: path, required: true, schema: {type: string}}], responses: {"204": {description: none}}}}
  /day%20shift/{no}: {get: {parameters: [{name: no, in: path, required: true, schema: {type: string, pattern: "^[A-Z ]+$"}}], responses: {"204": {description: none}}}}
`)
	for path, want := range map[string]string{
		"/orders('47/11')/to_Items":        "",
		"/orders('4711')/to_Items":         "GET /orders({key})/to_Items",
		"/orders%28%274711%27%29/to_Items": "GET /orders({key})/to_Items",
		"/orders%28'47%2F11'%29/to_Items":  "GET /orders({key})/to_Items",
		"/orders('47%2f11%25')/to%5fItems": "GET /orders({key})/to_Items",
		"/orders('4711')%2Fto_Items":       "",
		"/orders('4711%')/to_Items":        "GET /orders({key})/to_Items", // no escape, and so itself
		"/day shift/A":                     "GET /day%20shift/{no}",
		"/day%20shift/A%20B":               "GET /day%20shift/{no}",
	} {
		x := contracts.Exchange{Request: contracts.Part{Method: "GET", Path: path, Headers: map[string][]string{}}}
		found, covered := d.Check(x)
		got := ""
		if used := d.Used(x); len(used) > 0 {
			got = used[0]
		}
		if got != want || covered != (want != "") || len(found) > 0 {
			t.Errorf("%s: asks for %q, covered %v, %v", path, got, covered, found)
		}
	}
}

func TestMediaTypes(t *testing.T) {
	d := read(t, "orders.yaml", orders)
	x := call("POST", "/confirmations", nil, `<a/>`, 201, `{"doc":"9"}`)
	x.Request.Headers = map[string][]string{"Content-Type": {"application/xml"}}
	if found, _ := d.Check(x); len(found) != 1 || found[0].Path != "header Content-Type" {
		t.Errorf("got %v", found)
	}
}

func TestVersion30IsPutIntoCommonWords(t *testing.T) {
	d := read(t, "old.json", `{"openapi":"3.0.3","info":{"title":"x","version":"1"},"paths":{"/a":{"post":{
	 "requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{
	  "note":{"type":"string","nullable":true},"state":{"type":"string","nullable":true,"enum":["a"]},"n":{"type":"number","minimum":0,"exclusiveMinimum":true}}}}}},
	 "responses":{"default":{"description":"x"}}}}}}`)
	for body, want := range map[string]int{`{"note":null}`: 0, `{"note":1}`: 1, `{"state":null}`: 0, `{"state":"b"}`: 1, `{"n":0}`: 1, `{"n":0.1}`: 0} {
		if found, _ := d.Check(call("POST", "/a", nil, body, 500, "")); len(found) != want {
			t.Errorf("%s: got %v", body, found)
		}
	}
}

func TestPartsUsedAndUndeclared(t *testing.T) {
	d := read(t, "orders.yaml", orders)
	parts := d.Parts()
	for _, want := range []string{"GET /orders/{no}", "GET /orders/{no} ?plant", "GET /orders/{no} path no", "GET /orders/{no} 200 > $.status=open", "POST /confirmations > $.yield", "POST /confirmations 4xx"} {
		if !slices.Contains(parts, want) {
			t.Errorf("%q is no part of %q", want, parts)
		}
	}
	x := call("GET", "/orders/1", map[string][]string{"plant": {"1"}, "trace": {"x"}}, "", 200, `{"no":"1","qty":1,"status":"done","weight":2}`)
	want := []string{"GET /orders/{no}", "GET /orders/{no} 200", "GET /orders/{no} 200 > $.no", "GET /orders/{no} 200 > $.qty", "GET /orders/{no} 200 > $.status", "GET /orders/{no} ?plant", "GET /orders/{no} path no"}
	if got := d.Used(x); !slices.Equal(got, want) {
		t.Errorf("used %q, want %q", got, want)
	}
	var drift []string
	for _, f := range d.Undeclared(x) {
		drift = append(drift, f.Kind+" "+f.Path)
	}
	if want := []string{"enum GET /orders/{no} 200 > $.status=done", "field GET /orders/{no} 200 > $.weight", "field GET /orders/{no} ?trace"}; !slices.Equal(drift, want) {
		t.Errorf("drift %q, want %q", drift, want)
	}
}

func TestChanges(t *testing.T) {
	for _, c := range []struct {
		name, before, after string
		severity            contracts.Severity
		kind                string
	}{
		{"answer's field renamed", "qty: {type: number}", "quantity: {type: number}", contracts.Breaking, "response-required-property-removed"},
		{"request demands more", "required: [order, yield]", "required: [order, yield, shift]", contracts.Breaking, "request-property"},
		{"operation removed", "  /orders/latest:\n    get: {responses: {\"204\": {description: none}}}\n", "", contracts.Breaking, "removed"},
		{"optional parameter added", "        - {name: limit,", "        - {name: page, in: query, schema: {type: integer}}\n        - {name: limit,", contracts.Safe, "optional"},
		{"nothing", "title: Orders", "title: Orders", contracts.Safe, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			after := strings.Replace(orders, c.before, c.after, 1)
			if strings.Contains(c.name, "demands") {
				after = strings.Replace(after, "        order: {type: string}", "        order: {type: string}\n        shift: {type: string}", 1)
			}
			if strings.Contains(c.name, "renamed") {
				after = strings.Replace(after, "required: [no, qty]", "required: [no, quantity]", 1)
			}
			all, err := Format{}.Changes(read(t, "a/orders.yaml", orders), read(t, "b/orders.yaml", after), contracts.Full)
			if err != nil {
				t.Fatal(err)
			}
			if contracts.Worst(all) != c.severity {
				t.Errorf("worst is %s of %v", contracts.Worst(all), all)
			}
			if c.kind == "" {
				if len(all) > 0 {
					t.Errorf("got %v", all)
				}
				return
			}
			i := slices.IndexFunc(all, func(x contracts.Change) bool { return strings.Contains(x.Type, c.kind) })
			if i < 0 {
				t.Fatalf("none of type …%s… among %+v", c.kind, all)
			}
			if at, was := all[i].After, all[i].Before; (at.File != "b/orders.yaml" || at.Line == 0) && (was.File != "a/orders.yaml" || was.Line == 0) {
				t.Errorf("%s stands at %q and %q", all[i].Type, was, at)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	edit := func(before, after string) string { return strings.Replace(orders, before, after, 1) }
	for _, c := range []struct{ name, text, want string }{
		{"unknown type", edit("qty: {type: number}", "qty: {type: decimal}"), "orders.yaml:39:"},
		{"reference", edit(`"#/components/schemas/Order"`, `"#/components/schemas/Ordr"`), "orders.yaml"},
		{"remote", edit(`{$ref: "#/components/schemas/Order"}`, `{$ref: "https://example.com/x.yaml"}`), "references out of the contract are not followed"},
		{"no responses", edit(`    get: {responses: {"204": {description: none}}}`, "    get: {}"), "orders.yaml:21:5: GET /orders/latest has no responses"},
		{"path", edit("  /confirmations:", "  confirmations:"), `path "confirmations" does not begin with /`},
		{"ambiguous", edit("  /orders/latest:", "  /orders/{number}:"), "GET /orders/{number} cannot be told from GET /orders/{no}"},
		{"parameter", edit("in: query, required", "in: body, required"), "is no parameter"},
		{"no description", "a: 1\n", "is no OpenAPI description"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Format{}.Read([]contracts.File{{Name: "orders.yaml", Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	padding := strings.Repeat(" ", 100<<10)
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"a.yaml", "openapi: 3.1.0\n", 2},
		{"a.json", `{"info":{},"openapi":"3.0.3"}`, 2},
		{"a.json", `{"components":{` + padding + `},"openapi" : "3.1.0"}`, 2},
		{"a.json", `{"openapi":"2.0"}`, 0},
		{"a.json", `{"description":"begin with \"openapi\": \"3.1.0\""}`, 0},
		{"a.txt", "openapi: 3.1.0\n", 0},
	} {
		if got := (Format{}).Claims(contracts.File{Name: c.name, Data: []byte(c.text)}); got != c.want {
			t.Errorf("%s %.40s: %d, want %d", c.name, c.text, got, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(orders))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Format{}.Read([]contracts.File{{Name: "f.yaml", Data: text}})
		if err == nil {
			d.(*Document).Check(call("GET", "/orders/4711", plant, "", 200, `{"no":"4711"}`))
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	d := read(b, "orders.yaml", orders)
	x := call("POST", "/confirmations", nil, `{"order":"000123","yield":1.5}`, 201, `{"doc":"90001"}`)
	for b.Loop() {
		if found, _ := d.Check(x); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
