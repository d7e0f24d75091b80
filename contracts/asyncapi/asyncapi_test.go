package asyncapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

const lines = `asyncapi: 3.0.0
info: {title: Lines, version: 1.0.0}
defaultContentType: application/json
channels:
  released:
    address: lines/{line}/released
    parameters:
      line: {enum: [A, B]}
    messages:
      released: {$ref: '#/components/messages/released'}
      recalled:
        payload: {type: object, required: [order, reason], properties: {order: {type: string}, reason: {type: string}}, additionalProperties: false}
  confirmed:
    address: lines/{line}/confirmed
    parameters:
      line: {}
    messages:
      confirmed:
        traits: [{$ref: '#/components/messageTraits/traced'}]
        payload: {$ref: '#/components/schemas/confirmation'}
        examples:
          - payload: {order: "000123", yield: 5}
  receipts:
    address: lines/receipts
    messages:
      receipt: {payload: {type: object, required: [doc]}}
operations:
  announce: {action: send, channel: {$ref: '#/channels/released'}}
  confirm:
    action: receive
    channel: {$ref: '#/channels/confirmed'}
    messages: [{$ref: '#/channels/confirmed/messages/confirmed'}]
    reply:
      channel: {$ref: '#/channels/receipts'}
components:
  messages:
    released:
      payload:
        schemaFormat: application/schema+json;version=draft-07
        schema:
          type: object
          required: [order, qty]
          properties:
            order: {type: string}
            qty: {type: number, minimum: 0}
            state: {enum: [new, changed]}
  messageTraits:
    traced:
      headers:
        type: object
        required: [X-Trace]
        properties: {X-Trace: {type: string}, X-Try: {type: integer}}
      correlationId: {location: $message.payload#/order}
  schemas:
    confirmation:
      type: object
      required: [yield]
      properties:
        order: {type: string, pattern: '^[0-9]{6}$'}
        yield: {type: number}
`

func read(t testing.TB, text string) *Document {
	t.Helper()
	d, err := Format{}.Read([]contracts.File{{Name: "v/asyncapi.yaml", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return d.(*Document)
}

// sent is a message; the provider announces it, or a consumer sends it.
func sent(fromConsumer bool, topic, body string, headers ...string) contracts.Exchange {
	p := contracts.Part{Path: topic, Body: []byte(body), Headers: map[string][]string{}}
	for i := 0; i < len(headers); i += 2 {
		p.Headers[headers[i]] = []string{headers[i+1]}
	}
	return contracts.Exchange{FromConsumer: fromConsumer, Request: p}
}

func TestConformance(t *testing.T) {
	released, confirmed := `{"order":"000123","qty":5,"state":"new"}`, `{"order":"000123","yield":5}`
	contracttest.Run(t, Format{}, contracttest.Case{
		Files: []contracts.File{{Name: "1/asyncapi.yaml", Data: []byte(lines)}},
		Next:  []contracts.File{{Name: "2/asyncapi.yaml", Data: []byte(strings.ReplaceAll(lines, "qty", "quantity"))}},
		Good:  []contracts.Exchange{sent(false, "lines/A/released", released), sent(true, "/lines/B/confirmed", confirmed, "X-Trace", "t", "X-Try", "2")},
		Bad: []contracts.Exchange{sent(false, "lines/C/released", released), sent(false, "lines/A/released", `{"order":"000123"}`), sent(true, "lines/A/confirmed", confirmed),
			sent(true, "lines/A/confirmed", `{"yield":5}`, "X-Trace", "t"), sent(true, "lines/A/confirmed", confirmed, "X-Trace", "t", "X-Try", "two"), sent(false, "lines/A/released", released, "Content-Type", "text/xml")},
		Other: []contracts.Exchange{sent(true, "lines/A/released", released), sent(false, "lines/A/B/released", released), sent(false, "lines", "")},
	})
}

func TestCheck(t *testing.T) {
	d := read(t, lines)
	reply := sent(true, "lines/A/confirmed", `{"order":"000123","yield":5}`, "X-Trace", "t")
	reply.Reply = &contracts.Part{Body: []byte(`{}`)}
	for _, c := range []struct {
		name string
		x    contracts.Exchange
		want string
	}{
		{"of two messages the second", sent(false, "lines/A/released", `{"order":"1","reason":"x"}`), ""},
		{"the nearest of two", sent(false, "lines/A/released", `{"order":"1","qty":-1}`), "$.qty: want minimum: got -1, want 0, got -1 (v/asyncapi.yaml:45:33)"},
		{"parameter", sent(false, "lines/C/released", `{"order":"1","qty":1}`), `parameter line: want one of A, B, got "C" (v/asyncapi.yaml:8:7)`},
		{"header", sent(true, "lines/A/confirmed", `{"order":"000123","yield":5}`, "X-Trace", "t", "X-Try", "two"), `header X-Try: want got string, want integer, got "two" (v/asyncapi.yaml:52:55)`},
		{"header missing", sent(true, "lines/A/confirmed", `{"order":"000123","yield":5}`), `header X-Trace: want a value, it is required, got nothing (v/asyncapi.yaml:51:9)`},
		{"correlation", sent(true, "lines/A/confirmed", `{"yield":5}`, "X-Trace", "t"), `correlation ID: want a value at $message.payload#/order, got none (v/asyncapi.yaml:18:7)`},
		{"content type", sent(false, "lines/A/released", `{"order":"1","qty":1}`, "Content-Type", "application/xml"), `header Content-Type: want application/json, got application/xml (v/asyncapi.yaml:37:5)`},
		{"no JSON", sent(false, "lines/A/released", `<a/>`), `$: want a JSON document, got invalid character '<' looking for beginning of value (v/asyncapi.yaml:37:5)`},
		{"reply", reply, `$.doc: want a value, it is required, got nothing (v/asyncapi.yaml:26:41)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, covered := d.Check(c.x)
			got := ""
			if len(found) > 0 {
				got = found[0].String()
			}
			if !covered || got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestPartsUsedAndUndeclared(t *testing.T) {
	d := read(t, lines)
	x := sent(false, "lines/A/released", `{"order":"1","qty":1,"state":"lost","shift":"C"}`)
	if got, want := d.Used(x), []string{"lines/{line}/released", "lines/{line}/released released", "lines/{line}/released released > $.order", "lines/{line}/released released > $.qty", "lines/{line}/released released > $.state", "lines/{line}/released {line}=A"}; !slices.Equal(got, want) {
		t.Errorf("used %q, want %q", got, want)
	}
	var drift []string
	for _, f := range d.Undeclared(x) {
		drift = append(drift, f.Kind+" "+f.Path)
	}
	slices.Sort(drift)
	if want := []string{"enum lines/{line}/released released > $.state=lost", "field lines/{line}/released released > $.shift"}; !slices.Equal(drift, want) {
		t.Errorf("drift %q, want %q", drift, want)
	}
	if parts := d.Parts(); !slices.Contains(parts, "lines/{line}/confirmed confirmed header X-Trace") || !slices.Contains(parts, "lines/{line}/released released > $.state=new") {
		t.Errorf("parts %q", parts)
	}
}

func TestChanges(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		want           []string
	}{
		{"nothing", "", "", nil},
		{"a reference less", "payload: {$ref: '#/components/schemas/confirmation'}", "payload: {type: object, required: [yield], properties: {order: {type: string, pattern: '^[0-9]{6}$'}, yield: {type: number}}}", nil},
		{"channel removed", "receipts", "slips", []string{"breaking CHANNEL_REMOVED lines/receipts", "safe CHANNEL_ADDED lines/slips"}},
		{"address", "address: lines/{line}/released", "address: line/{line}/released", []string{"breaking ADDRESS_CHANGED lines/{line}/released"}},
		{"direction", "action: send", "action: receive", []string{"breaking OPERATION_REMOVED lines/{line}/released", "safe OPERATION_ADDED lines/{line}/released"}},
		{"message removed", "      recalled:", "      recall:", []string{"breaking MESSAGE_REMOVED lines/{line}/released recalled", "dangerous MESSAGE_ADDED lines/{line}/released recall"}},
		{"what is sent widens", "state: {enum: [new, changed]}", "state: {enum: [new, changed, closed]}", []string{"breaking VALUE_ADDED lines/{line}/released released > $.state"}},
		{"what is received narrows", "required: [yield]", "required: [yield, order]", []string{"breaking REQUIRED_ADDED lines/{line}/confirmed confirmed > $.order"}},
		{"what is received widens", "required: [yield]", "required: []", []string{"dangerous REQUIRED_REMOVED lines/{line}/confirmed confirmed > $.yield"}},
		{"header demanded", "required: [X-Trace]", "required: [X-Trace, X-Try]", []string{"breaking REQUIRED_ADDED lines/{line}/confirmed confirmed header.X-Try"}},
		{"correlation", "$message.payload#/order", "$message.header#/X-Trace", []string{"breaking CORRELATION_CHANGED lines/{line}/confirmed confirmed"}},
		{"content type", "defaultContentType: application/json", "defaultContentType: application/vnd.x+json", []string{"breaking CONTENT_TYPE_CHANGED lines/{line}/confirmed confirmed", "breaking CONTENT_TYPE_CHANGED lines/{line}/confirmed reply receipt", "breaking CONTENT_TYPE_CHANGED lines/{line}/released recalled", "breaking CONTENT_TYPE_CHANGED lines/{line}/released released"}},
		{"parameter", "enum: [A, B]", "enum: [B, C]", []string{"breaking VALUE_REMOVED lines/{line}/released {line}", "dangerous VALUE_ADDED lines/{line}/released {line}"}},
		{"reply", "required: [doc]", "required: []", []string{"breaking REQUIRED_PROPERTY_REMOVED lines/{line}/confirmed reply receipt > $.doc"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			next := lines
			if c.from != "" {
				next = strings.ReplaceAll(lines, c.from, c.to)
			}
			if c.from != "" && next == lines {
				t.Fatal("nothing was changed")
			}
			changes, err := Format{}.Changes(read(t, lines), read(t, next), contracts.Full)
			if err != nil {
				t.Fatal(err)
			}
			if got := contracttest.Lines(changes); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q\n%v", got, c.want, changes)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	const top = "asyncapi: 3.0.0\ninfo: {title: T, version: '1'}\n"
	with := func(channel string) string { return top + "channels:\n  a:\n    " + channel + "\n" }
	for _, c := range []struct{ name, text, want string }{
		{"version 2", "asyncapi: 2.6.0\ninfo: {title: T, version: '1'}\nchannels: {a: {publish: {}}}\n", "v/asyncapi.yaml:1:1: is written in AsyncAPI 2.6.0; version 3 is read (convert it"},
		{"version as a number", "asyncapi: 2.6\n", "is written in AsyncAPI 2.6"},
		{"no version", "openapi: 3.0.0\n", "is no AsyncAPI description"},
		{"no title", "asyncapi: 3.0.0\nchannels: {a: {address: a}}\n", "info needs a title and a version"},
		{"no channels", top, "has no channels"},
		{"publish", with("publish: {}"), `a channel has no key "publish" (that is AsyncAPI 2`},
		{"unknown key", with("adress: x"), `v/asyncapi.yaml:5:5: a channel has no key "adress"`},
		{"parameter", with("address: 'a/{b}'"), `has a parameter "b" that is not declared`},
		{"parameter of nothing", with("{address: a, parameters: {b: {}}}"), `parameter "b" is not in the address`},
		{"action", with("address: a") + "operations: {o: {action: publish, channel: {$ref: '#/channels/a'}}}", `has action "publish"; it is send or receive`},
		{"channel of nothing", with("address: a") + "operations: {o: {action: send, channel: {$ref: '#/channels/b'}}}", `refers to "#/channels/b"`},
		{"channel elsewhere", with("address: a") + "operations: {o: {action: send, channel: {$ref: '#/info'}}}", "does not refer to a channel"},
		{"message of another channel", with("{address: a, messages: {m: {}}}") + "  b: {address: b, messages: {n: {}}}\noperations: {o: {action: send, channel: {$ref: '#/channels/a'}, messages: [{$ref: '#/channels/b/messages/n'}]}}", "is no message of channel a"},
		{"remote reference", with("{address: a, messages: {m: {$ref: 'https://example.com/m.yaml'}}}"), `refers to "https://example.com/m.yaml", which is not among the files`},
		{"remote schema", with("{address: a, messages: {m: {payload: {properties: {x: {$ref: 'https://example.com/m.yaml'}}}}}}"), "references out of the contract are not followed"},
		{"circle", with("{address: a, messages: {m: {payload: {$ref: '#/components/schemas/s'}}}}") + "components: {schemas: {s: {$ref: '#/components/schemas/t'}, t: {$ref: '#/components/schemas/s'}}}", "leads back to itself"},
		{"schema", with("{address: a, messages: {m: {payload: {type: text}}}}"), "v/asyncapi.yaml:5:"},
		{"schema format", with("{address: a, messages: {m: {payload: {schemaFormat: application/vnd.apache.avro, schema: {}}}}}"), "is not supported (JSON Schema is read, of draft-04 to 2020-12)"},
		{"schema draft", with("{address: a, messages: {m: {payload: {schemaFormat: application/schema+json;version=2031-01, schema: {}}}}}"), "is not supported (JSON Schema is read, of draft-04 to 2020-12)"},
		{"example", with("{address: a, messages: {m: {payload: {type: object, required: [x]}, examples: [{payload: {}}]}}}"), "the example does not fit its own schema"},
		{"correlation", with("{address: a, messages: {m: {correlationId: {location: header.x}}}}"), "of the correlation ID cannot be read"},
		{"two channels", with("address: 'a'") + "  b: {address: /a}\n", "cannot be told from a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Format{}.Read([]contracts.File{{Name: "v/asyncapi.yaml", Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

func TestSeveralFilesAndSubjects(t *testing.T) {
	doc, err := Format{}.Read([]contracts.File{
		{Name: "v/asyncapi.json", Data: []byte(`{"asyncapi":"3.1.0","info":{"title":"T","version":"1"},"channels":{"a":{"address":"plant.{line}.done","parameters":{"line":{}},"messages":{"m":{"$ref":"parts/m.yaml#/m"}}}}}`)},
		{Name: "v/parts/m.yaml", Data: []byte("m: {payload: {items: [{type: string}], type: array}}\n")}, // items as a list, as in draft 7
	})
	if err != nil {
		t.Fatal(err)
	}
	d := doc.(*Document)
	for _, way := range []bool{true, false} { // nobody says who sends
		if found, covered := d.Check(sent(way, "plant.A.done", `["x"]`)); !covered || len(found) > 0 {
			t.Errorf("good: %v, covered %v", found, covered)
		}
		if found, covered := d.Check(sent(way, "plant.A.done", `[1]`)); !covered || len(found) != 1 || found[0].Place.File != "v/parts/m.yaml" {
			t.Errorf("bad: %v, covered %v", found, covered)
		}
	}
	if _, covered := d.Check(sent(true, "plant.A.B.done", `[]`)); covered {
		t.Error("a parameter is one level of a subject")
	}
}

func TestLarge(t *testing.T) {
	begun := time.Now()
	var b strings.Builder
	b.WriteString("{\"asyncapi\":\"3.0.0\",\"info\":{\"title\":\"T\",\"version\":\"1\"},\"channels\":{")
	for i := 0; b.Len() < 50<<20; i++ {
		fmt.Fprintf(&b, "\"c%d\":{\"address\":\"%s/%d\"},", i, strings.Repeat("x", 900), i)
	}
	b.WriteString("\"z\":{}}}")
	if _, err := (Format{}).Read([]contracts.File{{Name: "v/a.json", Data: []byte(b.String())}}); err == nil || !strings.Contains(err.Error(), "is larger than 16 MiB") {
		t.Errorf("50 MB: %v", err)
	}
	if took := time.Since(begun); took > 60*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(lines))
	f.Add([]byte(`{"asyncapi":"3.0.0","info":{"title":"T","version":"1"},"channels":{"a":{"address":"a.{b}","parameters":{"b":{}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := Format{}.Read([]contracts.File{{Name: "f.yaml", Data: text}})
		if err != nil {
			return
		}
		d := doc.(*Document)
		d.Parts()
		d.Check(sent(false, "lines/A/released", `{"order":"1"}`))
		if changes, err := (Format{}).Changes(d, d, contracts.Full); err != nil || len(changes) > 0 {
			t.Errorf("a description differs from itself: %v, %v", changes, err)
		}
	})
}

func FuzzCheck(f *testing.F) {
	d := read(f, lines)
	f.Add("lines/A/released", `{"order":"1","qty":1}`, "t")
	f.Add("lines/A/confirmed", `{"order":"1","yield":1}`, "t")
	f.Fuzz(func(_ *testing.T, topic, body, trace string) {
		for _, way := range []bool{true, false} {
			x := sent(way, topic, body, "X-Trace", trace)
			d.Check(x)
			d.Used(x)
			d.Undeclared(x)
		}
	})
}

// A payload is read by the draft that its schema format names, also behind
// references: what draft 2020-12 says of a list is another thing in draft 7.
func TestPayloadsAreReadByTheirDraft(t *testing.T) {
	const description = `asyncapi: 3.0.0
info: {title: Lots, version: 1.0.0}
channels:
  lots: {address: lots, messages: {lot: {contentType: application/json, payload: {schemaFormat: "application/schema+json;version=DRAFT", schema: {$ref: '#/components/schemas/marks'}}}}}
operations:
  tell: {action: send, channel: {$ref: '#/channels/lots'}}
components: {schemas: {marks: {type: array, contains: {const: QA}, minContains: 0, maxContains: 1}}}
`
	for _, c := range []struct {
		draft, body string
		holds       bool
	}{
		{"2020-12", `[]`, true},
		{"draft-2020-12", `["QA"]`, true},
		{"2019-09", `["QA", "QA"]`, false},
		{"2020-12", `["QA", "QA"]`, false},
		{"draft-07", `[]`, false}, // it knows no minContains, and contains wants one
		{"draft-07", `["QA", "QA"]`, true},
	} {
		d, err := Format{}.Read([]contracts.File{{Name: "lots.yaml", Data: []byte(strings.ReplaceAll(description, "DRAFT", c.draft))}})
		if err != nil {
			t.Fatalf("%s: %v", c.draft, err)
		}
		found, covered := d.(*Document).Check(contracts.Exchange{Request: contracts.Part{Path: "lots", Body: []byte(c.body)}})
		if !covered || len(found) == 0 != c.holds {
			t.Errorf("%s by %s: covered %v, %v", c.body, c.draft, covered, found)
		}
	}
}
