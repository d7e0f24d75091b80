package pactbroker_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/andon-rig/andon/harness/pactbroker"
	"github.com/andon-rig/andon/harness/pactcli/pactclitest"
)

// An exchange is one that was recorded between real clients and a real Pact
// Broker.
type exchange struct {
	Step        string          `json:"step"`
	Method      string          `json:"method"`
	Path        string          `json:"path"`
	Query       string          `json:"query"`
	Request     json.RawMessage `json:"request"`
	Status      int             `json:"status"`
	ContentType string          `json:"response_content_type"`
	Response    json.RawMessage `json:"response"`
}

// recorded reads the exchanges, which are no part of this repository.
func recorded(t *testing.T) (all []exchange) {
	t.Helper()
	name := filepath.Join("..", "..", "..", "shared", "pact-broker-exchanges", "exchanges.jsonl")
	f, err := os.Open(name)
	if err != nil {
		t.Skipf("recorded exchanges of a Pact Broker are not at %s", name)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e exchange
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// A replay answers as the broker did in one step of the recording. What was
// asked otherwise than by the real client is an error.
type replay struct {
	*httptest.Server
	t        *testing.T
	exchange []exchange

	mu    sync.Mutex // guards asked
	asked []string
}

// ours are the fields of requests by which we may differ from the real client:
// what we are.
var ours = []string{"verifiedBy"}

func newReplay(t *testing.T, steps ...string) *replay {
	r := &replay{t: t}
	for _, e := range recorded(t) {
		for _, s := range steps {
			if e.Step == s {
				r.exchange = append(r.exchange, e)
			}
		}
	}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.asked = append(r.asked, req.Method+" "+req.URL.Path)
	r.mu.Unlock()
	why := "nothing like it was recorded"
	for _, e := range r.exchange {
		if e.Method != req.Method || e.Path != req.URL.Path {
			continue
		}
		if why = differs(e.Request, body); why != "" {
			continue
		}
		w.Header().Set("Content-Type", e.ContentType)
		w.WriteHeader(e.Status)
		w.Write(bytes.ReplaceAll(e.Response, []byte("http://127.0.0.1:9292"), []byte(r.URL)))
		return
	}
	r.t.Errorf("%s %s: %s\n%s", req.Method, req.URL.Path, why, body)
	w.WriteHeader(http.StatusTeapot)
}

// differs says how a request differs from the recorded one. Contents were cut
// when they were recorded.
func differs(want json.RawMessage, got []byte) string {
	var w, g any
	if json.Unmarshal(want, &w) != nil || w == "" || len(got) == 0 {
		if (w == "" || w == nil) != (len(got) == 0) {
			return "one has a body and the other has not"
		}
		return ""
	}
	if err := json.Unmarshal(got, &g); err != nil {
		return err.Error()
	}
	a, isObject := w.(map[string]any)
	b, both := g.(map[string]any)
	if isObject && both {
		for _, k := range ours {
			delete(a, k)
			delete(b, k)
		}
		cut(a, b)
	}
	if !reflect.DeepEqual(w, g) {
		x, _ := json.Marshal(w)
		y, _ := json.Marshal(g)
		return "recorded was " + string(x) + ", not " + string(y)
	}
	return ""
}

func cut(a, b map[string]any) {
	x, _ := a["contracts"].([]any)
	y, _ := b["contracts"].([]any)
	for i := range min(len(x), len(y)) {
		m, n := x[i].(map[string]any), y[i].(map[string]any)
		start, _ := m["content"].(string)
		if s, _ := n["content"].(string); strings.HasPrefix(s, strings.TrimSuffix(start, "...")) {
			m["content"] = s
		}
	}
}

func client(t *testing.T, url string) *pactbroker.Client {
	t.Helper()
	c, err := pactbroker.New(url, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// pactOf is a pact as it was published: only its beginning was recorded.
const pactOf = `{"consumer":{"name":"mes-line1"},"interactions":[],"provider":{"name":"erp-events"}}`

func TestPublish(t *testing.T) {
	r := newReplay(t, "publish")
	notices, err := client(t, r.URL).Publish(t.Context(), pactbroker.Publication{
		Consumer: "mes-line1", Version: "1.0.0", Branch: "main", Tags: []string{"dev"},
		Pacts: []pactbroker.Contract{{Provider: "erp-events", Text: []byte(pactOf)}},
	})
	if err != nil || len(notices) == 0 || notices[1].Type != "success" {
		t.Errorf("got %v, %v", notices, err)
	}
}

func TestForVerificationAndResults(t *testing.T) {
	r := newReplay(t, "verify-orders")
	c := client(t, r.URL)
	all, err := c.ForVerification(t.Context(), pactbroker.Choice{Provider: "erp-orders", Branch: "main", Pending: true, WIPSince: "2020-01-01"})
	if err != nil || len(all) != 1 {
		t.Fatalf("got %v, %v", all, err)
	}
	p := all[0]
	if !p.Pending || p.WIP || p.Name != "Pact between mes-line1 (1.0.0) and erp-orders" || p.Version != "1.0.0" || !bytes.Contains(p.Text, []byte(`"a confirmation of operation 0010"`)) {
		t.Errorf("got %+v", p)
	}
	if err := c.PublishResult(t.Context(), "erp-orders", p, pactbroker.Result{Version: "5.0.0", Branch: "main", Success: true, BuildURL: "http://ci.local/build/1",
		Tests: []pactbroker.Test{{Interaction: 0, Success: true}, {Interaction: 1, Success: true}}}); err != nil {
		t.Error(err)
	}
	if n := len(r.asked); n != 6 {
		t.Errorf("asked %q, want index, pacts, pact, party, branch, result", r.asked)
	}
}

func TestPactsOfOtherBranches(t *testing.T) {
	r := newReplay(t, "wip")
	all, err := client(t, r.URL).ForVerification(t.Context(), pactbroker.Choice{
		Provider: "erp-events", Branch: "main", Pending: true, WIPSince: "2020-01-01", Selectors: []pactbroker.Selector{{MainBranch: true}},
	})
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v", all, err)
	}
	if all[0].Pending || all[0].WIP || !all[1].Pending || !all[1].WIP {
		t.Errorf("got %+v", all)
	}
}

// The official client publishes the same pact with the same words.
func TestPublishAsTheOfficialClientDoes(t *testing.T) {
	program := pactclitest.Program(t)
	var bodies []map[string]any
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/hal+json")
		if req.URL.Path == "/contracts/publish" {
			var m map[string]any
			if err := json.NewDecoder(req.Body).Decode(&m); err != nil {
				t.Error(err)
			}
			bodies = append(bodies, m)
			io.WriteString(w, `{"notices":[{"type":"success","text":"done"}],"_links":{}}`)
			return
		}
		io.WriteString(w, `{"_links":{"pb:publish-contracts":{"href":"http://`+req.Host+`/contracts/publish"}}}`)
	}))
	defer s.Close()
	text := []byte(`{"consumer":{"name":"mes"},"interactions":[{"description":"x","request":{"method":"GET","path":"/"},"response":{"status":200}}],"metadata":{"pactSpecification":{"version":"2.0.0"}},"provider":{"name":"erp"}}`)
	file := filepath.Join(t.TempDir(), "mes-erp.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "broker", "publish", file, "--broker-base-url", s.URL, "--consumer-app-version", "1.2", "--branch", "main", "--tag", "dev")
	cmd.Env = append(os.Environ(), "PACT_DO_NOT_TRACK=true")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := client(t, s.URL).Publish(t.Context(), pactbroker.Publication{Consumer: "mes", Version: "1.2", Branch: "main", Tags: []string{"dev"}, Pacts: []pactbroker.Contract{{Provider: "erp", Text: text}}}); err != nil {
		t.Fatal(err)
	}
	if len(bodies) != 2 {
		t.Fatalf("%d publications", len(bodies))
	}
	for _, b := range bodies {
		one := b["contracts"].([]any)[0].(map[string]any)
		raw, err := base64.StdEncoding.DecodeString(one["content"].(string))
		var v any
		if err != nil || json.Unmarshal(raw, &v) != nil {
			t.Fatalf("content %v: %v", one["content"], err)
		}
		delete(v.(map[string]any)["metadata"].(map[string]any), "pactRust") // the official client writes the file anew
		one["content"] = v
	}
	if !reflect.DeepEqual(bodies[0], bodies[1]) {
		t.Errorf("the official client sends\n%v\nand we\n%v", bodies[0], bodies[1])
	}
}
