package counterpart_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/openapi"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/counterpart"
	"github.com/andon-rig/andon/harness/verify"
)

const orders = `{"consumer": {"name": "mes"}, "provider": {"name": "erp"}, "interactions": [
 {"type": "Synchronous/HTTP", "description": "an order", "providerStates": [{"name": "it is released"}],
  "request": {"method": "GET", "path": "/orders/1", "query": {"plant": ["1000"]}}, "response": {"status": 200, "body": {"contentType": "application/json", "content": {"status": "released"}}}},
 {"type": "Synchronous/HTTP", "description": "an order", "providerStates": [{"name": "it is closed"}],
  "request": {"method": "GET", "path": "/orders/1", "query": {"plant": ["1000"]}}, "response": {"status": 200, "body": {"contentType": "application/json", "content": {"status": "closed"}}}},
 {"type": "Synchronous/HTTP", "description": "a confirmation",
  "request": {"method": "POST", "path": "/confirmations", "headers": {"Content-Type": ["application/json"]}, "body": {"contentType": "application/json", "content": {"order": "1", "yield": 5}}},
  "response": {"status": 201}}
], "metadata": {"pactSpecification": {"version": "4.0"}}}`

const description = `{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/lots/{no}": {"get": {
 "parameters": [{"name": "no", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^L"}}],
 "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object", "required": ["hold"], "properties": {"hold": {"type": "boolean", "examples": [false]}}}}}}}}}}}`

func document(t *testing.T, f contracts.Format, text string) contracts.Document {
	t.Helper()
	d, err := f.Read([]contracts.File{{Name: "a.json", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func provider(t *testing.T) (*httptest.Server, *[]counterpart.Served) {
	t.Helper()
	var seen []counterpart.Served
	s := httptest.NewServer(&counterpart.Provider{
		Documents: []contracts.Document{document(t, pact.Format{}, orders), document(t, openapi.Format{}, description)}, GraphQL: "/graphql",
		See: func(s counterpart.Served) { seen = append(seen, s) },
	})
	t.Cleanup(s.Close)
	return s, &seen
}

func ask(t *testing.T, method, url, state, body string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if state != "" {
		req.Header.Set(counterpart.StateHeader, state)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

func TestProviderAnswers(t *testing.T) {
	s, _ := provider(t)
	for _, c := range []struct {
		method, path, state, body string
		status                    int
		want                      string
	}{
		{"GET", "/orders/1?plant=1000", "", "", 200, `{"status":"released"}`},
		{"GET", "/orders/1?plant=1000", "it is closed", "", 200, `{"status":"closed"}`},
		{"POST", "/confirmations", "", `{"yield": 5, "order": "1"}`, 201, ""},
		{"GET", "/lots/L1", "", "", 200, `{"hold":false}`},
		{"GET", "/orders/1?plant=1000", "it is lost", "", 501, `one of \"it is closed\", \"it is released\"`},
		{"GET", "/orders/1?plant=2000", "", "", 501, `"path": "query plant"`},
		{"POST", "/confirmations", "", `{"yield": 6, "order": "1"}`, 501, `"path": "$.yield"`},
		{"GET", "/lots/X", "", "", 501, `path no`},
	} {
		status, body, header := ask(t, c.method, s.URL+c.path, c.state, c.body)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: got %d %s", c.method, c.path, status, body)
		}
		if named := header.Get(counterpart.AnswerHeader) != ""; named != (status != 501) {
			t.Errorf("%s %s: %s is %q", c.method, c.path, counterpart.AnswerHeader, header.Get(counterpart.AnswerHeader))
		}
	}
}

// A refusal names the interaction that the request is most like.
func TestNearestMiss(t *testing.T) {
	s, seen := provider(t)
	_, body, _ := ask(t, "POST", s.URL+"/confirmation", "", `{"order": "1", "yield": 5}`)
	var refusal struct {
		Nearest []struct{ Interaction, At string }
	}
	if err := json.Unmarshal([]byte(body), &refusal); err != nil {
		t.Fatal(err)
	}
	if len(refusal.Nearest) == 0 || refusal.Nearest[0].Interaction != "a confirmation" || refusal.Nearest[0].At != "a.json:6:2" {
		t.Errorf("got %s", body)
	}
	if got := (*seen)[0]; got.By != "" || !strings.Contains(got.Nearest, `nearest is "a confirmation": path: want "/confirmations"`) {
		t.Errorf("got %+v", got)
	}
}

// The two sides understand each other: the consumer of a pact is content with
// the provider of it.
func TestConsumerMeetsProvider(t *testing.T) {
	s, _ := provider(t)
	u, err := verify.Address(s.URL, false, "http")
	if err != nil {
		t.Fatal(err)
	}
	d := document(t, pact.Format{}, orders)
	pairs := []contracts.Pair{{Consumer: contracts.Half{Party: "mes", Document: d}, Provider: contracts.Half{Party: "erp"}}}
	var told []string
	c := counterpart.Consumer{Engine: verify.NewAndon(verify.Target{URL: u}), Pairs: pairs, Every: time.Millisecond, Times: 2, See: func(_ contracts.Pair, r contracts.Replayed) { told = append(told, r.Name+" "+r.Verdict.String()) }}
	v, environment, err := c.Run(t.Context())
	if err != nil || environment {
		t.Fatal(v, environment, err)
	}
	// Without a state the provider's first answer is given, which is not the
	// one that a closed order has.
	want := "an order (it is released) holds, an order (it is closed) violated, a confirmation holds"
	if got := strings.Join(told, ", "); got != want+", "+want || v != evidence.Violated {
		t.Errorf("got %s: %s", v, got)
	}
}

func TestConsumerWithNothingToAsk(t *testing.T) {
	v, _, err := counterpart.Consumer{Engine: verify.NewAndon(verify.Target{}), Every: time.Millisecond}.Run(t.Context())
	if err != nil || v != evidence.Vacuous {
		t.Errorf("got %s, %v", v, err)
	}
}

func TestConsumerEnds(t *testing.T) {
	s, _ := provider(t)
	u, err := verify.Address(s.URL, false, "http")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	c := counterpart.Consumer{Engine: verify.NewAndon(verify.Target{URL: u}), Every: time.Millisecond,
		Pairs: []contracts.Pair{{Consumer: contracts.Half{Party: "mes", Document: document(t, pact.Format{}, orders)}}},
		See: func(contracts.Pair, contracts.Replayed) {
			if n++; n == 5 {
				cancel()
			}
		}}
	if _, _, err := c.Run(ctx); err != nil || n != 5 {
		t.Errorf("%d exchanges, %v", n, err)
	}
}
