package verify_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/verify"
)

// pairsOf writes documents to files, by what they look like, and reads them.
func pairsOf(t *testing.T, documents ...string) []contracts.Pair {
	t.Helper()
	dir := t.TempDir()
	for i, d := range documents {
		ext := ".json"
		if !strings.HasPrefix(strings.TrimSpace(d), "{") {
			ext = ".graphql"
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("d%d%s", i, ext)), []byte(d), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pairs, err := verify.FromFiles([]string{dir}, formats, "2.0")
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

func packed(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGraphQLOperations(t *testing.T) {
	const schema = "type Query { order(no: ID!): Order }\ntype Order { no: ID! qty: Int! }\n"
	const good = "# variables: {\"no\": \"1\"}\nquery Head($no: ID!) { order(no: $no) { no qty } }\n"
	for _, c := range []struct {
		name, operation, answer string
		status                  int
		want                    evidence.Verdict
		text                    string
	}{
		{"sound", good, `{"data": {"order": {"no": "1", "qty": 5}}}`, 200, evidence.Holds, ""},
		{"another type", good, `{"data": {"order": {"no": "1", "qty": "5"}}}`, 200, evidence.Violated, "$.data.order.qty"},
		{"errors", good, `{"data": null, "errors": [{"message": "no such field"}]}`, 200, evidence.Violated, "no such field"},
		{"an error page", good, `moo`, 502, evidence.Violated, "want 2xx, got 502"},
		{"no variables", "query Head($no: ID!) { order(no: $no) { no } }\n", `{}`, 200, evidence.Vacuous, "it needs $no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/graphql" || r.Method != http.MethodPost {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.answer)
			}))
			defer s.Close()
			r := replay(t, verify.Target{URL: at(t, s.URL)}, schema, c.operation).All[0]
			if r.Verdict != c.want || !strings.Contains(r.Text, c.text) {
				t.Errorf("got %s %q", r.Verdict, r.Text)
			}
		})
	}
}

func TestOpenAPIExamples(t *testing.T) {
	const doc = `{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {
	 "/orders/{no}": {"get": {"parameters": [{"name": "no", "in": "path", "required": true, "example": "1000001", "schema": {"type": "string"}}],
	  "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object", "required": ["unit"]}}}}, "404": {"description": ""}}}},
	 "/lots/{no}": {"get": {"parameters": [{"name": "no", "in": "path", "required": true, "schema": {"type": "string"}}], "responses": {"200": {"description": ""}}}},
	 "/confirmations": {"post": {"requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["order"], "properties": {"order": {"type": "string", "examples": ["7"]}}}}}},
	  "responses": {"201": {"description": ""}}}}}}`
	status, body := 200, `{"unit": "EA"}`
	var sent []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Method+" "+r.URL.Path)
		if r.Method == http.MethodPost {
			w.WriteHeader(201)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	defer s.Close()
	all := replay(t, verify.Target{URL: at(t, s.URL)}, doc).All
	if strings.Join(sent, ", ") != "GET /orders/1000001, POST /confirmations" {
		t.Errorf("sent %q", sent)
	}
	if len(all) != 3 || all[0].Verdict != evidence.Holds || all[1].Verdict != evidence.Vacuous || all[2].Verdict != evidence.Holds {
		t.Errorf("got %+v", all)
	}
	status = 404
	if r := replay(t, verify.Target{URL: at(t, s.URL)}, doc).All[0]; r.Verdict != evidence.Inconclusive {
		t.Errorf("a failure that is promised shows success: %s %q", r.Verdict, r.Text)
	}
	status, body = 200, `{}`
	if r := replay(t, verify.Target{URL: at(t, s.URL)}, doc).All[0]; r.Verdict != evidence.Violated {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
}
