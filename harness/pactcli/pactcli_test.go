package pactcli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/harness/pactcli"
	"github.com/andon-rig/andon/harness/pactcli/pactclitest"
)

// provider is a server that answers as a table says, by method and path, and
// remembers what it was asked.
type provider struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string
	states []string
}

func serve(t *testing.T, replies map[string]string) *provider {
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		key := r.Method + " " + r.URL.Path
		p.mu.Lock()
		defer p.mu.Unlock()
		if r.URL.Path == "/_states" {
			p.states = append(p.states, string(body))
			return
		}
		if r.URL.Path == "/" { // of messages
			var m struct{ Description string }
			_ = json.Unmarshal(body, &m)
			key = m.Description
		}
		p.asked = append(p.asked, key)
		reply, ok := replies[key]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, reply)
	}))
	t.Cleanup(p.Close)
	return p
}

const pactText = `{
 "consumer": {"name": "mes"}, "provider": {"name": "erp"},
 "interactions": [
  {"type": "Synchronous/HTTP", "description": "an order", "providerStates": [{"name": "order 4711 is released", "params": {"no": "000004711"}}],
   "request": {"method": "GET", "path": "/orders/4711"},
   "response": {"status": 200, "body": {"contentType": "application/json", "encoded": false, "content": {"no": "4711", "qty": 5}},
    "matchingRules": {"body": {"$.qty": {"matchers": [{"match": "number"}]}}}}},
  {"type": "Asynchronous/Messages", "description": "an order was released",
   "contents": {"contentType": "application/json", "encoded": false, "content": {"event": "released"}}},
  {"type": "Synchronous/HTTP", "description": "to come", "pending": true,
   "request": {"method": "GET", "path": "/orders/1"},
   "response": {"status": 200}},
  {"type": "Synchronous/Messages", "description": "what is left",
   "request": {"contents": {"contentType": "application/json", "encoded": false, "content": {"ask": "rest"}}},
   "response": [{"contents": {"contentType": "application/json", "encoded": false, "content": {"rest": 3}}}]},
  {"type": "Synchronous/HTTP", "description": "nobody asked for",
   "request": {"method": "GET", "path": "/orders/2"},
   "response": {"status": 404}}
 ],
 "metadata": {"pactSpecification": {"version": "4.0"}}
}`

func files(text string) []contracts.File {
	return []contracts.File{{Name: "mes-erp.json", Data: []byte(text)}}
}

// told is each outcome in a word or two.
func told(all []pactcli.Outcome) (s []string) {
	for _, o := range all {
		word := "ok"
		switch {
		case o.Err != nil:
			word = "cannot tell"
		case len(o.Breaches) > 0:
			word = o.Breaches[0].Path
		}
		s = append(s, o.Interaction.Description+": "+word)
	}
	return s
}

func verify(t *testing.T, p *provider, text string) []pactcli.Outcome {
	t.Helper()
	e := pactcli.Engine{Path: pactclitest.Program(t), PerFile: 20}
	all, err := e.Verify(t.Context(), pactcli.Target{URL: p.URL, Messages: p.URL, States: p.URL + "/_states"}, files(text))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestVerdicts(t *testing.T) {
	good := map[string]string{
		"GET /orders/4711": `{"no":"4711","qty":7,"more":1}`, "an order was released": `{"event":"released"}`, "what is left": `{"rest":3}`, "GET /orders/1": "",
	}
	edit := func(key, reply string) map[string]string {
		m := map[string]string{key: reply}
		for k, v := range good {
			if _, there := m[k]; !there {
				m[k] = v
			}
		}
		return m
	}
	for _, c := range []struct {
		name    string
		replies map[string]string
		want    string // of the outcome that is not ok; none if all are
	}{
		{"as promised", good, ""},
		{"another type", edit("GET /orders/4711", `{"no":"4711","qty":"7"}`), "an order: $.qty"},
		{"another message", edit("an order was released", `{"event":"closed"}`), "an order was released: $.event"},
		{"another answer to a message", edit("what is left", `{"rest":4}`), "what is left: $.rest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := serve(t, c.replies)
			all := verify(t, p, pactText)
			var bad []string
			for _, s := range told(all) {
				if !strings.HasSuffix(s, ": ok") {
					bad = append(bad, s)
				}
			}
			if len(all) != 5 || strings.Join(bad, "; ") != c.want {
				t.Errorf("got %q of %d, want %q of 5", bad, len(all), c.want)
			}
			if s := strings.Join(p.states, " "); strings.Count(s, `"000004711"`) != 2 {
				t.Errorf("states were posted as %s; want the parameter as it is, before and after", s)
			}
		})
	}
}

// What is pending and fails is told as well: what it means is for others.
func TestPendingFailuresAreTold(t *testing.T) {
	p := serve(t, map[string]string{"GET /orders/4711": `{"no":"4711","qty":7}`, "an order was released": `{}`, "what is left": `{"rest":3}`})
	got := told(verify(t, p, pactText))
	want := []string{"an order: ok", "an order was released: $", "to come: status", "what is left: ok", "nobody asked for: ok"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAProviderThatIsNotThereGivesNoVerdict(t *testing.T) {
	p := serve(t, nil)
	p.Close()
	all := verify(t, p, pactText)
	for _, o := range all {
		if o.Err == nil || o.OK() {
			t.Errorf("%s: %v, %v", o.Interaction.Description, o.Breaches, o.Err)
		}
	}
	if len(all) != 5 {
		t.Errorf("%d outcomes", len(all))
	}
}

// A filter that somebody left in the environment would make the verifier
// verify nothing and succeed.
func TestFiltersInTheEnvironmentDoNotReachTheVerifier(t *testing.T) {
	t.Setenv("PACT_DESCRIPTION", "no such interaction")
	p := serve(t, map[string]string{"GET /orders/4711": `{"no":"4711","qty":7}`})
	if all := verify(t, p, pactText); len(p.asked) != 5 || all[0].Err != nil {
		t.Errorf("asked %q; %v", p.asked, told(all))
	}
}

// many is a pact of n interactions.
func many(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"type":"Synchronous/HTTP","description":"order %d","request":{"method":"GET","path":"/orders/%[1]d"},"response":{"status":200}}`, i))
	}
	return `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"interactions":[` + strings.Join(all, ",") + `],"metadata":{"pactSpecification":{"version":"4.0"}}}`
}

func TestLargeFilesAreVerifiedInParts(t *testing.T) {
	replies := map[string]string{}
	for i := range 50 {
		if i != 31 {
			replies[fmt.Sprintf("GET /orders/%d", i)] = "{}"
		}
	}
	p := serve(t, replies)
	all := verify(t, p, many(50))
	if len(all) != 50 || len(p.asked) != 50 {
		t.Fatalf("%d outcomes of %d requests, want 50", len(all), len(p.asked))
	}
	for i, o := range all {
		if want := fmt.Sprintf("order %d", i); o.Interaction.Description != want || o.OK() != (i != 31) {
			t.Errorf("outcome %d is of %s: %v, %v", i, o.Interaction.Description, o.Breaches, o.Err)
		}
	}
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	program := pactclitest.Program(t)
	asked, release := make(chan bool, 1), make(chan bool)
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case asked <- true:
		default:
		}
		<-release
	}))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	began := time.Now()
	_, err := pactcli.Engine{Path: program}.Verify(ctx, pactcli.Target{URL: s.URL, Timeout: time.Minute}, files(many(1)))
	if !errors.Is(err, context.Canceled) || time.Since(began) > 30*time.Second {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
}

func TestMistakesAreNoVerdicts(t *testing.T) {
	for _, c := range []struct {
		name, text string
		target     pactcli.Target
		want       string
	}{
		{"no address", many(1), pactcli.Target{}, "the address of the provider, for interactions over HTTP is not given"},
		{"no address of HTTP", many(1), pactcli.Target{URL: "nats://127.0.0.1:4222"}, `"nats://127.0.0.1:4222" is no HTTP address`},
		{"messages below a path", pactText, pactcli.Target{URL: "http://127.0.0.1:1", Messages: "http://127.0.0.1:1/messages"}, "the verifier asks over http, at /"},
		{"no pact", `{"consumer":{"name":"mes"}`, pactcli.Target{URL: "http://127.0.0.1:1"}, "mes-erp.json:1"},
		{"empty", many(0), pactcli.Target{URL: "http://127.0.0.1:1"}, "holds no interaction"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := pactcli.Engine{Path: "/bin/true"}.Verify(t.Context(), c.target, files(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

// fake writes a program that writes a report and exits with a status.
func fake(t *testing.T, report string, status int) string {
	path := filepath.Join(t.TempDir(), "pact")
	script := fmt.Sprintf("#!/bin/sh\nwhile [ $# -gt 0 ]; do [ \"$1\" = --json ] && cat >\"$2\" <<'EOF'\n%s\nEOF\nshift; done\necho it said so >&2\nexit %d\n", report, status)
	if report == "" {
		script = fmt.Sprintf("#!/bin/sh\necho it said so >&2\nexit %d\n", status)
	}
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// A verifier that ran nothing, or says less than it was asked, has verified
// nothing, whatever its exit status.
func TestWhatTheVerifierLeavesOutIsNotVerified(t *testing.T) {
	for _, c := range []struct {
		name, report string
		status       int
		want         string // of the error; "" if each outcome has one
	}{
		{"nothing run", `{"errors":[],"interactionResults":[],"pendingErrors":[],"result":true}`, 0, ""},
		{"no report", "", 0, "gave no report"},
		{"no report and a reason", "", 3, "it said so"},
		{"not JSON", "<html>", 0, "read what the verifier wrote"},
		{"did not load", `{"errors":[{"interaction":"Failed to load pact","mismatch":{"type":"error","message":"no such file"}}],"interactionResults":[]}`, 1, "verified nothing: Failed to load pact: no such file"},
		{"of something else", `{"interactionResults":[{"description":"else","result":"OK"}]}`, 0, `speaks of "else"`},
		{"wrong, and not how", `{"interactionResults":[{"description":"order 0","result":"Error"}]}`, 1, "and not how"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := pactcli.Engine{Path: fake(t, c.report, c.status)}.Verify(t.Context(), pactcli.Target{URL: "http://127.0.0.1:1"}, files(many(2)))
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want …%s…", err, c.want)
				}
				return
			}
			if err != nil || len(all) != 2 || all[0].OK() || all[1].OK() {
				t.Errorf("got %v, %v", told(all), err)
			}
		})
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	put := func(parts ...string) string {
		path := filepath.Join(append([]string{dir}, parts...)...)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	given, named, onPath := put("given", "verifier"), put("named", "verifier"), put("path", "pact")
	npm := put("project", "node_modules", ".bin", "pact")
	below := filepath.Join(dir, "project", "deep", "down")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	all := env(pactcli.Variable, named, "PATH", filepath.Dir(onPath))
	for _, c := range []struct {
		name, given, folder string
		env                 func(string) string
		want                string
	}{
		{"the flag first", given, below, all, given},
		{"then the variable", "", below, all, named},
		{"then node_modules above", "", below, env("PATH", filepath.Dir(onPath)), npm},
		{"then the path", "", dir, env("PATH", filepath.Dir(onPath)), onPath},
	} {
		if got, err := pactcli.Find(c.given, c.env, c.folder); got != c.want || err != nil {
			t.Errorf("%s: got %s, %v; want %s", c.name, got, err, c.want)
		}
	}
	if _, err := pactcli.Find("", env(), dir); !errors.Is(err, pactcli.ErrNone) {
		t.Errorf("without any: %v", err)
	}
	if _, err := pactcli.Find("", env(pactcli.Variable, "/nowhere/pact", "PATH", filepath.Dir(onPath)), dir); err == nil || errors.Is(err, pactcli.ErrNone) {
		t.Errorf("what is named and not there: %v", err)
	}
}

func TestVersion(t *testing.T) {
	if v, err := pactcli.Version(t.Context(), pactclitest.Program(t)); err != nil || !strings.HasPrefix(v, "1.") {
		t.Errorf("got %q, %v", v, err)
	}
	if _, err := pactcli.Version(t.Context(), fake(t, "", 0)); err == nil {
		t.Error("any program is taken for the verifier")
	}
}
