package verify_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/verify"
)

// book is a small one. Its provider tells its version in a header.
func book(t *testing.T) *contracts.Book {
	t.Helper()
	b, err := contracts.Load(fstest.MapFS{
		"book.yaml": {Data: []byte(`apiVersion: andon/v1
kind: Book
parties:
  - {name: erp, versions: [{version: "1.0", released: 2020-01-01, deprecated: 2025-01-01, sunset: 2027-01-01}, {version: "2.0", released: 2025-01-01}, {version: "3.0"}]}
  - {name: mes, versions: [{version: "1.0", released: 2020-01-01, sunset: 2024-01-01}, {version: "2.0", released: 2024-01-01}, {version: "2.1"}]}
`)},
		"erp/orders/contract.yaml":                   {Data: []byte("apiVersion: andon/v1\nkind: Contract\ntold: [{header: X-API-Version, reply: true}]\n")},
		"erp/orders/2.0/orders.json":                 {Data: []byte(`{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}`)},
		"erp/orders/consumers/mes/1.0/orders.json":   {Data: []byte(fmt.Sprintf(orderPact, ""))},
		"erp/orders/consumers/mes/2.0/orders.json":   {Data: []byte(fmt.Sprintf(orderPact, ""))},
		"erp/orders/consumers/mes/2.1/orders.json":   {Data: []byte(fmt.Sprintf(orderPact, ""))},
		"erp/receipts/contract.yaml":                 {Data: []byte("apiVersion: andon/v1\nkind: Contract\n")},
		"erp/receipts/consumers/mes/2.0/orders.json": {Data: []byte(fmt.Sprintf(orderPact, ""))},
	}, "", append(formats, jsonschema.Format{}))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var today = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

func TestWhoIsInForce(t *testing.T) {
	b := book(t)
	for _, c := range []struct {
		choice verify.Choice
		want   string
		wrong  string
	}{
		{verify.Choice{Version: "2.0"}, "orders: mes 2.0 with erp 2.0, orders: mes 2.1 with erp 2.0, receipts: mes 2.0 with erp 2.0", ""},
		{verify.Choice{Version: "1.0", Contracts: []string{"receipts"}}, "receipts: mes 2.0 with erp 1.0", ""},
		{verify.Choice{}, "", "say which version of erp runs there"},
		{verify.Choice{Version: "4.0"}, "", "erp has no such version in book.yaml"},
		{verify.Choice{Version: "2.0", Provider: "mes"}, "", "no contract of the book is theirs"},
		{verify.Choice{Version: "2.0", Consumers: []string{"meß"}}, "", "--consumer"},
	} {
		c.choice.Today = today
		pairs, err := verify.FromBook(b, c.choice)
		var got []string
		for _, p := range pairs {
			got = append(got, p.ID())
		}
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%+v: got %v", c.choice, err)
			}
			continue
		}
		if err != nil || strings.Join(got, ", ") != c.want {
			t.Errorf("%+v: got %q, %v", c.choice, got, err)
		}
	}
}

// The version that a provider tells is that of the book, and so is its end.
func TestVersionAndItsEnd(t *testing.T) {
	const deprecation, sunset = "@1735689600", "Fri, 01 Jan 2027 00:00:00 GMT"
	for _, c := range []struct {
		name, version string
		header        map[string]string
		want          evidence.Verdict
		text          string
	}{
		{"sound", "2.0", map[string]string{"X-API-Version": "2.0"}, evidence.Holds, ""},
		{"another version", "2.0", map[string]string{"X-API-Version": "1.0"}, evidence.Violated, `header X-API-Version: want "2.0", got "1.0"`},
		{"no version", "2.0", nil, evidence.Violated, `header X-API-Version: want "2.0", got nothing`},
		{"an end that nobody knows of", "2.0", map[string]string{"X-API-Version": "2.0", "Sunset": sunset}, evidence.Violated, "header Sunset: want nothing"},
		{"its end is told", "1.0", map[string]string{"X-API-Version": "1.0", "Deprecation": deprecation, "Sunset": sunset}, evidence.Holds, ""},
		{"its end is not told", "1.0", map[string]string{"X-API-Version": "1.0"}, evidence.Violated, "header Deprecation: want " + deprecation + ", got nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range c.header {
					w.Header().Set(k, v)
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = fmt.Fprint(w, `{"no": "1000001", "quantity": 3}`)
			}))
			defer s.Close()
			pairs, err := verify.FromBook(book(t), verify.Choice{Version: c.version, Contracts: []string{"orders"}, Today: today})
			if err != nil {
				t.Fatal(err)
			}
			o, err := verify.Run(t.Context(), verify.Options{Engine: verify.NewAndon(verify.Target{URL: at(t, s.URL)}), Pairs: pairs[:1], Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			if r := o.Pairs[0].All[0]; r.Verdict != c.want || !strings.Contains(r.Text, c.text) {
				t.Errorf("got %s %q", r.Verdict, r.Text)
			}
		})
	}
}

// A message too must be what the provider itself promises.
func TestMessagesAndOwnPromise(t *testing.T) {
	for required, want := range map[string]evidence.Verdict{"no": evidence.Holds, "plant": evidence.Violated} {
		b, err := contracts.Load(fstest.MapFS{
			"book.yaml":                                {Data: []byte("apiVersion: andon/v1\nkind: Book\nparties:\n  - {name: erp, versions: [{version: \"2.0\", released: 2025-01-01}]}\n  - {name: mes, versions: [{version: \"2.0\", released: 2024-01-01}]}\n")},
			"erp/events/contract.yaml":                 {Data: []byte("apiVersion: andon/v1\nkind: Contract\n")},
			"erp/events/2.0/event.json":                {Data: []byte(`{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "erp/orders", "type": "object", "required": ["` + required + `"]}`)},
			"erp/events/consumers/mes/2.0/events.json": {Data: []byte(eventPact)},
		}, "", append(formats, jsonschema.Format{}))
		if err != nil {
			t.Fatal(err)
		}
		pairs, err := verify.FromBook(b, verify.Choice{Today: today})
		if err != nil {
			t.Fatal(err)
		}
		bridge := bridge(t, "mqtt", func(_ http.ResponseWriter, r *http.Request) {
			to, _, _ := toldTo(t, r)
			emit(t, to, goodEvent)
		})
		o, err := verify.Run(t.Context(), verify.Options{Engine: verify.NewAndon(verify.Target{Bridge: bridge}), Pairs: pairs, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		if r := o.Pairs[0].All[0]; r.Verdict != want {
			t.Errorf("%s: got %s %q %q", required, r.Verdict, r.Text, r.Notes)
		}
	}
}

// What was not asked for does not matter, wherever it stands; nor is a part the
// whole for the matrix.
func TestOnlyWhatIsAskedFor(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"no": "1000001", "quantity": 3}`)
	}))
	defer s.Close()
	other := strings.Replace(fmt.Sprintf(orderPact, ""), "an order is asked for", "a lot is asked for", 1)
	for _, docs := range [][]string{{fmt.Sprintf(orderPact, ""), other}, {other, fmt.Sprintf(orderPact, "")}} {
		o, err := verify.Run(t.Context(), verify.Options{
			Engine: verify.NewAndon(verify.Target{URL: at(t, s.URL)}), Pairs: pairsOf(t, docs...), Now: time.Now, Only: func(n string) bool { return strings.Contains(n, "lot") },
		})
		if err != nil || o.Verdict != evidence.Holds {
			t.Errorf("got %s, %v", o.Verdict, err)
		}
		worst := evidence.Holds
		for _, r := range o.Results() {
			worst = max(worst, r.Verdict)
		}
		if worst != evidence.Vacuous {
			t.Errorf("results are at worst %s", worst)
		}
	}
}

// A pattern that takes too long gives no verdict.
func TestWhatCannotBeTold(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"no": "%sb", "quantity": 3}`, strings.Repeat("a", 60))
	}))
	defer s.Close()
	doc := strings.Replace(fmt.Sprintf(orderPact, ""), `"$.quantity"`, `"$.no": {"combine": "AND", "matchers": [{"match": "regex", "regex": "(?=(a+)+$)(a+)+"}]}, "$.quantity"`, 1)
	if r := replay(t, verify.Target{URL: at(t, s.URL)}, doc).All[0]; r.Verdict != evidence.Inconclusive || r.Environment {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
}
