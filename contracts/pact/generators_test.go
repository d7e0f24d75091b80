package pact_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
)

const generated = `{
 "consumer": {"name": "mes"}, "provider": {"name": "erp"},
 "interactions": [{
  "type": "Synchronous/HTTP", "description": "an order",
  "request": {
   "method": "POST", "path": "/orders/1", "query": {"lot": ["L0"]}, "headers": {"X-Key": ["k"]},
   "body": {"contentType": "application/json", "content": {"no": "1", "qty": 1, "plain": "1", "ids": ["a", "b"]}},
   "generators": {
    "path": {"type": "ProviderState", "expression": "/orders/${no}"},
    "query": {"lot": {"type": "ProviderState", "expression": "lot"}},
    "header": {"x-key": {"type": "Uuid"}},
    "body": {
     "$.no": {"type": "ProviderState", "expression": "${no}", "dataType": "STRING"},
     "$.plain": {"type": "ProviderState", "expression": "no"},
     "$.qty": {"type": "ProviderState", "expression": "${qty}", "dataType": "INTEGER"},
     "$.ids[*]": {"type": "RandomHexadecimal", "digits": 8}
    }
   }
  },
  "response": {"status": 200, "body": {"contentType": "application/json", "content": {"no": "1"}}, "generators": {"body": {"$.no": {"type": "ProviderState", "expression": "no"}}}}
 }],
 "metadata": {"pactSpecification": {"version": "4.0"}}
}`

func interaction(t *testing.T, text string) *pact.Interaction {
	t.Helper()
	d, err := pact.Format{}.Read([]contracts.File{{Name: "a.json", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return d.(*pact.Document).Interactions[0]
}

// Order and lot numbers are texts of digits; nothing may make numbers of them.
func TestFillKeepsTexts(t *testing.T) {
	in := interaction(t, generated)
	v := pact.Values{States: map[string]any{"no": "000123", "lot": "1e3", "qty": "007"}, Chance: rand.New(rand.NewPCG(1, 2))}
	out, notes := in.Fill(v)
	if len(notes) > 0 {
		t.Errorf("notes: %q", notes)
	}
	if out.Request.Path != "/orders/000123" || out.Request.Query["lot"][0] != "1e3" || len(out.Request.Headers["X-Key"][0]) != 36 {
		t.Errorf("got %s %v %v", out.Request.Path, out.Request.Query, out.Request.Headers)
	}
	var body struct {
		No, Plain any
		Qty       json.Number
		IDs       []string
	}
	if err := json.Unmarshal(out.Request.Body.Bytes, &body); err != nil {
		t.Fatal(err)
	}
	if body.No != "000123" || body.Plain != "000123" || body.Qty != "7" || len(body.IDs[1]) != 8 {
		t.Errorf("got %s", out.Request.Body.Bytes)
	}
	if string(out.Response.Body.Bytes) != `{"no":"000123"}` {
		t.Errorf("got %s", out.Response.Body.Bytes)
	}
	if string(in.Response.Body.Bytes) != `{"no":"1"}` || in.Request.Query["lot"][0] != "L0" {
		t.Error("the pact itself was changed")
	}
}

func TestFillSaysWhatItLacks(t *testing.T) {
	out, notes := interaction(t, generated).Fill(pact.Values{States: map[string]any{"no": json.Number("5"), "qty": "many"}})
	got := strings.Join(notes, "\n")
	for _, want := range []string{`no provider state told "lot"`, `"many" is no integer`} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if out.Request.Query["lot"][0] != "L0" || !strings.Contains(string(out.Request.Body.Bytes), `"no":"5"`) || !strings.Contains(string(out.Request.Body.Bytes), `"plain":5`) {
		t.Errorf("got %v %s", out.Request.Query, out.Request.Body.Bytes)
	}
}
