package cmd_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/harness/pactcli/pactclitest"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

// An erpAgain is the simulated ERP of a stored run as a provider. A state
// brings it to where it was before the exchange that the state names.
type erpAgain struct {
	t      *testing.T
	bundle *bundle.Bundle
	master plant.Master

	mu      sync.Mutex // guards what follows; a state replaces the endpoint
	now     *endpoint.Endpoint
	renamed bool // it answers with another field name, as no consumer expects
}

// direct is a line without faults and without evidence.
type direct struct{}

func (direct) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	return far(ctx, m)
}

func newERPAgain(t *testing.T, path string) *erpAgain {
	b, err := bundle.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	list, err := scenarios.Parse("scenario.yaml", b.Scenario)
	if err != nil {
		t.Fatal(err)
	}
	cfg := list[0].PlantConfig(plant.Config{Shift: 8 * time.Hour, Seed: 42, Run: "4711"})
	cfg.Start = b.Began().Add(-8 * time.Hour)
	floor, err := plant.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &erpAgain{t: t, bundle: b, master: floor.Master()}
}

// rename has it answer with another field name, or not.
func (e *erpAgain) rename(renamed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.renamed = renamed
}

// before makes a new endpoint and has it live through all that came before the
// exchange that speaks of id.
func (e *erpAgain) before(id string) {
	policy := neutral.Dialect{}.Policy()
	policy.Auth = simulators.AuthNone
	e.now = endpoint.New(endpoint.Config{Name: "erp", System: erp.New(e.master), Dialect: neutral.Dialect{}, Line: direct{}, Policy: policy,
		Plant: func() time.Time { return e.bundle.Began() }})
	exchanges := map[uint64]wire.Crossing{}
	for c, err := range wire.All(e.bundle.Records, e.bundle.Whole) {
		if err == nil && c.Endpoint == "erp" && c.FromSUT {
			exchanges[c.Seq] = c
		}
	}
	for _, r := range e.bundle.Records {
		if truth, is := r.Body.(evidence.Truth); is && truth.Source == "erp" {
			if err := e.now.Notice(truth.Event); err != nil {
				e.t.Errorf("notice %v: %v", truth.Event, err)
			}
		}
		c, is := exchanges[r.Seq]
		if !is {
			continue
		}
		p := c.Exchange.Request
		if strings.Contains(string(p.Body), `"`+id+`"`) {
			return
		}
		if _, err := e.now.Receive(e.t.Context(), asMessage(p.Method, p.Path, p.Headers, p.Body)); err != nil {
			e.t.Errorf("%s: %v", c.Name, err)
		}
	}
}

func asMessage(method, path string, headers map[string][]string, body []byte) simulators.Message {
	m := simulators.Message{Verb: strings.ToLower(method), Method: method, Name: strings.TrimPrefix(path, "/"), Header: map[string]string{}, Body: body}
	for k, v := range headers {
		m.Header[k] = v[0]
	}
	return m
}

func (e *erpAgain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.URL.Path == "/_states" {
		var s struct {
			Action string
			Params map[string]any
		}
		if err := json.Unmarshal(body, &s); err != nil {
			e.t.Errorf("state %s: %v", body, err)
		}
		if id, _ := s.Params["BODID"].(string); s.Action == "setup" {
			e.before(id)
		}
		return
	}
	reply, err := e.now.Receive(r.Context(), asMessage(r.Method, r.URL.EscapedPath(), r.Header, body))
	if err != nil {
		e.t.Errorf("%s: %v", r.URL, err)
	}
	if e.renamed {
		reply.Body = []byte(strings.ReplaceAll(string(reply.Body), `"documents"`, `"docs"`))
	}
	for k, v := range reply.Header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(reply.Result.Status)
	w.Write(reply.Body)
}

// program runs the command line and returns its exit status and what it printed.
func program(t *testing.T, args ...string) (int, string) {
	t.Helper()
	c := exec.Command(filepath.Join(programs, "andon"), args...)
	out, err := c.CombinedOutput()
	if err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// What was recorded of a green run verifies the simulated ERP, by our engine
// and by the official one, and an ERP that answers otherwise does not keep it.
func TestRecordedPactsVerify(t *testing.T) {
	verifier := pactclitest.Program(t)
	dir := t.TempDir()
	if code, out := program(t, "gate", "--scenario", "CNF-01", "--seed", "42", "--out", filepath.Join(dir, "gate")); code != 0 {
		t.Fatalf("gate: exit %d\n%s", code, out)
	}
	run := filepath.Join(dir, "gate", "CNF-01-42")
	record := func(out string) string {
		code, said := program(t, "contracts", "record", "--run", run, "--consumer", "bridge", "--provider", "erp", "--endpoint", "erp", "-o", out)
		if code != 0 {
			t.Fatalf("record: exit %d\n%s", code, said)
		}
		return filepath.Join(out, "bridge-erp.json")
	}
	file := record(filepath.Join(dir, "pacts"))
	text, again := read(t, file), read(t, record(filepath.Join(dir, "again")))
	if text != again {
		t.Error("recording the same run twice gives two pacts")
	}
	if strings.Contains(text, "Authorization") || strings.Contains(text, "Bearer") {
		t.Error("the pact holds credentials")
	}
	provider := newERPAgain(t, run)
	s := httptest.NewServer(provider)
	defer s.Close()
	for _, engine := range []string{"andon", "pact-cli"} {
		verify := func() (int, string) {
			return program(t, "verify", file, "--engine", engine, "--pact-cli", verifier, "--url", s.URL, "--states", s.URL+"/_states")
		}
		// The five announcements are not made: nobody says how to have them sent.
		code, out := verify()
		if n := made.FindStringSubmatch(out); code != 4 || n == nil || n[1] != "9" {
			t.Errorf("%s: exit %d, want 4 with 9 matched and none violated\n%s", engine, code, out)
		}
		provider.rename(true)
		if code, out := verify(); code != 1 || !strings.Contains(out, "documents") {
			t.Errorf("%s: a renamed field: exit %d, want 1\n%s", engine, code, out)
		}
		provider.rename(false)
	}
}

var made = regexp.MustCompile(`(\d+) of 14 interactions matched, 5 not made`)

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
