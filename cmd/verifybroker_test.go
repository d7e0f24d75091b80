package cmd_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A fakeBroker has one pact, in the form of a real broker's answers.
type fakeBroker struct {
	*httptest.Server
	mu      sync.Mutex // guards what follows
	pending bool
	bodies  map[string]string // by method and path
}

const brokerPact = `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"interactions":[
 {"_id":"1","type":"Synchronous/HTTP","description":"an order","request":{"method":"GET","path":"/orders/1"},"response":{"status":200}},
 {"_id":"2","type":"Synchronous/HTTP","description":"a lot","request":{"method":"GET","path":"/lots/1"},"response":{"status":200}}],
 "metadata":{"pactSpecification":{"version":"4.0"}},
 "_links":{"pb:consumer-version":{"name":"1.0.0","href":"HERE/v"},"pb:publish-verification-results":{"href":"HERE/results"}}}`

func newFakeBroker(t *testing.T) *fakeBroker {
	b := &fakeBroker{bodies: map[string]string{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.bodies[r.Method+" "+r.URL.Path] = string(body)
		answers := map[string]string{
			"/":                                  `{"_links":{"pb:provider-pacts-for-verification":{"href":"HERE/pacts/{provider}"},"pb:pacticipant":{"href":"HERE/parties/{pacticipant}"},"pb:publish-contracts":{"href":"HERE/publish"}}}`,
			"/pacts/erp":                         fmt.Sprintf(`{"_embedded":{"pacts":[{"verificationProperties":{"pending":%t},"_links":{"self":{"href":"HERE/pact","name":"Pact between mes and erp"}}}]}}`, b.pending),
			"/pacts/nobody":                      `{"_embedded":{"pacts":[]}}`,
			"/pact":                              brokerPact,
			"/parties/erp":                       `{"_links":{"pb:branch-version":{"href":"HERE/parties/erp/branches/{branch}/versions/{version}"}}}`,
			"/parties/erp/branches/b/versions/2": `{}`,
			"/results":                           `{}`,
			"/publish":                           `{"notices":[{"type":"success","text":"Pact successfully published"}]}`,
		}
		w.Header().Set("Content-Type", "application/hal+json")
		a, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		io.WriteString(w, strings.ReplaceAll(a, "HERE", b.URL))
	}))
	t.Cleanup(b.Close)
	return b
}

// body is what was sent last with the method to the path, "" if nothing was.
func (b *fakeBroker) body(request string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bodies[request]
}

// forget has nothing been sent there.
func (b *fakeBroker) forget(request string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.bodies, request)
}

// pend says whether the pact was ever kept.
func (b *fakeBroker) pend(pending bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = pending
}

func TestVerifyByAPactBroker(t *testing.T) {
	b := newFakeBroker(t)
	var lots atomic.Int32
	lots.Store(http.StatusOK)
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/lots") {
			w.WriteHeader(int(lots.Load()))
		}
	}))
	defer provider.Close()
	verify := func(more ...string) (int, string) {
		b.forget("POST /results")
		return program(t, append([]string{"verify", "--pact-broker", b.URL, "--url", provider.URL, "--provider", "erp", "--provider-version", "2", "--provider-branch", "b", "--publish-results"}, more...)...)
	}
	result := func() (success bool, tests int) {
		var r struct {
			Success bool
			Tests   []struct{ InteractionID string } `json:"testResults"`
		}
		if err := json.Unmarshal([]byte(b.body("POST /results")), &r); err != nil {
			t.Errorf("result %q: %v", b.body("POST /results"), err)
		}
		return r.Success, len(r.Tests)
	}
	if code, out := verify(); code != 0 || !strings.Contains(out, "2 of 2") {
		t.Errorf("kept: exit %d\n%s", code, out)
	}
	if ok, n := result(); !ok || n != 2 {
		t.Errorf("kept: published %v of %d", ok, n)
	}
	lots.Store(http.StatusGone)
	if code, out := verify(); code != 1 {
		t.Errorf("broken: exit %d\n%s", code, out)
	}
	if ok, n := result(); ok || n != 2 || !strings.Contains(b.body("POST /results"), `"interactionId":"2","success":false,"mismatches":[{"attribute":"status"`) {
		t.Errorf("broken: published %v of %d: %s", ok, n, b.body("POST /results"))
	}
	b.pend(true) // it has never been kept: failing is told, and counts for nothing
	if code, out := verify(); code != 4 || !strings.Contains(out, "pending") {
		t.Errorf("pending: exit %d\n%s", code, out)
	}
	if ok, _ := result(); ok {
		t.Error("a pending pact that failed is published as kept")
	}
	// What is not known is no result.
	code, out := verify("--only", "an order")
	if code != 4 || !strings.Contains(out, "no result is published of Pact between mes and erp: not all of it was verified") || b.body("POST /results") != "" {
		t.Errorf("in part: exit %d, published %q\n%s", code, b.body("POST /results"), out)
	}
	if code, out := program(t, "verify", "--pact-broker", b.URL, "--url", provider.URL, "--provider", "nobody"); code != 4 {
		t.Errorf("no pacts: exit %d, want 4: nothing was shown\n%s", code, out)
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"needs --provider: whose pacts are meant", []string{"--pact-broker", b.URL}},
		{"leave out files", []string{"--pact-broker", b.URL, "--provider", "erp", "x.json"}},
		{"needs --pact-broker", []string{"--publish-results"}},
		{"is no address of a Pact Broker", []string{"--pact-broker", "broker", "--provider", "erp"}},
	} {
		if code, out := program(t, append([]string{"verify", "--url", provider.URL}, c.args...)...); code != 2 || !strings.Contains(out, c.want) {
			t.Errorf("%v: exit %d, want 2 and %q\n%s", c.args, code, c.want, out)
		}
	}
	if code, out := program(t, "verify", "--pact-broker", provider.URL, "--url", provider.URL, "--provider", "erp"); code != 3 || !strings.Contains(out, "Pact Broker") {
		t.Errorf("no broker: exit %d, want 3\n%s", code, out)
	}
}

func TestContractsPublish(t *testing.T) {
	b := newFakeBroker(t)
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("pacts/mes-erp.json", brokerPact)
	other := put("other.json", strings.Replace(brokerPact, `"mes"`, `"scada"`, 1))
	bad := put("bad.json", `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"interactions":[]}`)
	pacts := filepath.Join(dir, "pacts")
	for _, c := range []struct {
		name string
		args []string
		exit int
		want string
	}{
		{"a folder", []string{pacts, "--pact-broker", b.URL, "--consumer-version", "3.2", "--branch", "main"}, 0, "published: mes 3.2 with erp\n  success: Pact successfully published"},
		{"as JSON", []string{pacts, "--pact-broker", b.URL, "--consumer-version", "3.2", "--json"}, 0, `"providers":["erp"]`},
		{"two consumers", []string{pacts, other, "--pact-broker", b.URL, "--consumer-version", "3.2"}, 2, "other.json: is of consumer scada"},
		{"nothing in it", []string{bad, "--pact-broker", b.URL, "--consumer-version", "3.2"}, 2, "bad.json: holds no interaction"},
		{"no version", []string{pacts, "--pact-broker", b.URL}, 2, "--consumer-version are needed"},
		{"no file", []string{filepath.Join(dir, "none"), "--pact-broker", b.URL, "--consumer-version", "1"}, 2, "no such file"},
		{"no broker there", []string{pacts, "--pact-broker", "http://127.0.0.1:1", "--consumer-version", "1"}, 3, "connection refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.forget("POST /publish")
			if code, out := program(t, append([]string{"contracts", "publish"}, c.args...)...); code != c.exit || !strings.Contains(out, c.want) {
				t.Errorf("exit %d, want %d and %q\n%s", code, c.exit, c.want, out)
			}
			if published := b.body("POST /publish") != ""; published != (c.exit == 0) {
				t.Errorf("published %v", published)
			}
		})
	}
}
