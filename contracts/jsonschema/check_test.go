package jsonschema

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

const confirmation = `{
  "type": "object",
  "required": ["order", "yield"],
  "properties": {
    "order": {"type": "string", "pattern": "^[0-9]{6}$"},
    "yield": {"type": "number", "minimum": 0},
    "state": {"enum": ["partial", "final"]},
    "lots": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": false}}
  }
}`

func exchange(name, body string) contracts.Exchange {
	return contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "POST", Path: name, Body: []byte(body)}}
}

func TestCheck(t *testing.T) {
	d := read(t, confirmation)
	for _, c := range []struct {
		name, body string
		want       []string // path, and where the rule stands
	}{
		{"fits", `{"order":"000123","yield":1.5,"state":"final","lots":[{"id":"L1"}],"more":1}`, nil},
		{"missing", `{"order":"000123"}`, []string{"$.yield v/confirmations.json:3:3"}},
		{"wrong type", `{"order":123,"yield":1}`, []string{"$.order v/confirmations.json:5:15"}},
		{"leading zeros gone", `{"order":"123","yield":1}`, []string{"$.order v/confirmations.json:5:33"}},
		{"deep", `{"order":"000123","yield":1,"lots":[{"id":"a"},{"id":"b","x":1}]}`, []string{"$.lots[1].x v/confirmations.json:8:101"}},
		{"two", `{"order":"000123","yield":-1,"state":"done"}`, []string{"$.state v/confirmations.json:7:15", "$.yield v/confirmations.json:6:33"}},
		{"no JSON", `{"order":`, []string{"$ "}},
		{"Latin-1", "{\"order\":\"000123\",\"yield\":1,\"text\":\"gepr\xfcft\"}", []string{"$ "}},
		{"more behind", `{"order":"000123","yield":1} {}`, []string{"$ "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, covered := d.Check(exchange("confirmations", c.body))
			if !covered {
				t.Fatal("not covered")
			}
			var got []string
			for _, b := range found {
				got = append(got, b.Path+" "+b.Place.String())
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSeveralMessages(t *testing.T) {
	doc, err := Format{}.Read([]contracts.File{
		{Name: "v/orders.json", Data: []byte(`{"$ref":"common/id.json"}`)},
		{Name: "v/orders.reply.json", Data: []byte(`{"type":"object","required":["doc"]}`)},
		{Name: "v/holds.yaml", Data: []byte("type: object\n")},
		{Name: "v/common/id.json", Data: []byte(`{"type":"object","required":["no"]}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := doc.(*Document)
	x := exchange("erp/orders/4711", `{}`)
	x.Reply = &contracts.Part{Status: 201, Body: []byte(`{}`)}
	found, covered := d.Check(x)
	if !covered || len(found) != 2 || found[0].Reply || !found[1].Reply {
		t.Errorf("got %v, covered %v", found, covered)
	}
	if found[0].Place.File != "v/common/id.json" {
		t.Errorf("the rule stands at %s", found[0].Place)
	}
	if found, covered := d.Check(exchange("receipts", `[]`)); covered || found != nil {
		t.Errorf("what no schema is for: %v, covered %v", found, covered)
	}
}

func TestPartsUsedAndUndeclared(t *testing.T) {
	d := read(t, confirmation)
	want := []string{"confirmations.lots", "confirmations.lots[].id", "confirmations.order", "confirmations.state", "confirmations.state=final", "confirmations.state=partial", "confirmations.yield"}
	if got := d.Parts(); !slices.Equal(got, want) {
		t.Errorf("parts %q, want %q", got, want)
	}
	x := exchange("confirmations", `{"order":"000123","yield":1,"state":"closed","lots":[{"id":"a","extra":null},{"extra":2}],"shift":"A"}`)
	if got, want := d.Used(x), []string{"confirmations.lots", "confirmations.lots[].id", "confirmations.order", "confirmations.state", "confirmations.yield"}; !slices.Equal(got, want) {
		t.Errorf("used %q, want %q", got, want)
	}
	var drift []string
	for _, f := range d.Undeclared(x) {
		drift = append(drift, f.Kind+" "+f.Path+" "+f.Seen)
	}
	if want := []string{"field confirmations.lots[].extra null", "field confirmations.shift \"A\"", "enum confirmations.state=closed \"closed\""}; !slices.Equal(drift, want) {
		t.Errorf("drift %q, want %q", drift, want)
	}
}

func TestMistakesInSchemas(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown type", "{\n  \"properties\": {\n    \"a\": {\"type\": \"text\"}\n  }\n}", "v/confirmations.json:3:11: is no schema"},
		{"remote reference", "{\n \"items\": {\"$ref\": \"https://example.com/x.json\"}}", "v/confirmations.json:2:12: refers to"},
		{"missing file", "{\n \"items\": {\"$ref\": \"other.json#/a\"}}", `"other.json", which is not among the files`},
		{"missing definition", `{"$ref": "#/$defs/none"}`, "v/confirmations.json"},
		{"itself only", `{"$ref": "#"}`, "v/confirmations.json:1:2: the reference leads back to itself"},
		{"itself by another", `{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}`, "leads back to itself"},
		{"pattern", `{"pattern": "("}`, "v/confirmations.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Format{}.Read([]contracts.File{{Name: "v/confirmations.json", Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	d := read(b, confirmation)
	x := exchange("confirmations", `{"order":"000123","yield":1.5,"state":"final","lots":[{"id":"L1"},{"id":"L2"}]}`)
	for b.Loop() {
		if found, _ := d.Check(x); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
