package verify_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/graphql"
	"github.com/andon-rig/andon/contracts/openapi"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/verify"
)

var formats = []contracts.Format{graphql.Format{}, openapi.Format{}, pact.Format{}}

// orderPact is one interaction; fields are put into it.
const orderPact = `{"consumer": {"name": "mes"}, "provider": {"name": "erp"}, "interactions": [
 {"type": "Synchronous/HTTP", "description": "an order is asked for"%s,
  "request": {"method": "GET", "path": "/orders/1000001"},
  "response": {"status": 200, "headers": {"Content-Type": ["application/json"]},
   "body": {"contentType": "application/json", "content": {"no": "1000001", "quantity": 5}},
   "matchingRules": {"body": {"$.quantity": {"combine": "AND", "matchers": [{"match": "type"}]}}}}}
], "metadata": {"pactSpecification": {"version": "4.0"}}}`

const released = `, "providerStates": [{"name": "order 1000001 is released"}]`

// replay verifies one document against target and returns what came of its
// only pair.
func replay(t *testing.T, target verify.Target, documents ...string) verify.Seen {
	t.Helper()
	o := outcome(t, target, documents...)
	if len(o.Pairs) != 1 {
		t.Fatalf("%d pairs", len(o.Pairs))
	}
	return o.Pairs[0]
}

func outcome(t *testing.T, target verify.Target, documents ...string) verify.Outcome {
	t.Helper()
	o, err := verify.Run(t.Context(), verify.Options{Engine: verify.NewAndon(target), Pairs: pairsOf(t, documents...), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func at(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := verify.Address(address, false, "http")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// raw is a provider that answers each connection with bytes of its own.
func raw(t *testing.T, answer func(c net.Conn)) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				_, _ = http.ReadRequest(bufio.NewReader(c))
				answer(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return at(t, "http://"+l.Addr().String())
}

const goodAnswer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 35\r\n\r\n" + `{"no": "1000001", "quantity": 12  }`

// Whatever a provider does, the run ends, and says what it was.
func TestProvidersThatMisbehave(t *testing.T) {
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	for _, c := range []struct {
		name    string
		answer  string
		hang    bool
		maxBody int64
		want    evidence.Verdict
		text    string
	}{
		{"sound", goodAnswer, false, 0, evidence.Holds, "matched"},
		{"another type", strings.Replace(goodAnswer, "12  ", `"12"`, 1), false, 0, evidence.Violated, `$.quantity: want a number`},
		{"closes", "", false, 0, evidence.Violated, "closed the connection without an answer"},
		{"garbage", "\x00\x01 moo\r\n\r\n", false, 0, evidence.Violated, "no HTTP"},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-", false, 0, evidence.Violated, "no HTTP"},
		{"half a body", goodAnswer[:len(goodAnswer)-10], false, 0, evidence.Violated, "broke off after 25 of 35 bytes"},
		{"never answers", "", true, 0, evidence.Violated, "no answer within 300ms"},
		{"stands still", goodAnswer[:len(goodAnswer)-10], true, 0, evidence.Violated, "and no more within 300ms"},
		{"too much", "HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n" + strings.Repeat("x", 70_000), true, 65_536, evidence.Inconclusive, "more than 65536 bytes"},
		{"no gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", false, 0, evidence.Violated, "the body is none"},
		{"elsewhere", "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n", false, 0, evidence.Violated, "status: want 200, got 302"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := raw(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, c.answer)
				if c.hang {
					_, _ = conn.Read(make([]byte, 1)) // until the other side gives up
				}
			})
			began := time.Now()
			s := replay(t, verify.Target{URL: u, Timeout: 300 * time.Millisecond, MaxBody: c.maxBody}, fmt.Sprintf(orderPact, ""))
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
			if r := s.All[0]; r.Verdict != c.want || !strings.Contains(r.Text, c.text) || r.Environment {
				t.Errorf("got %s %q (environment %v), want %s %q", r.Verdict, r.Text, r.Environment, c.want, c.text)
			}
		})
	}
}

// A bomb of 50 MB in 50 kB is not unpacked.
func TestPackedBombIsBounded(t *testing.T) {
	bomb := packed(t, 50<<20)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb)
	}))
	defer s.Close()
	r := replay(t, verify.Target{URL: at(t, s.URL)}, fmt.Sprintf(orderPact, "")).All[0]
	if r.Verdict != evidence.Inconclusive || !strings.Contains(r.Text, "more than 8388608 bytes") {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := at(t, "http://"+l.Addr().String())
	_ = l.Close()
	o := outcome(t, verify.Target{URL: u}, fmt.Sprintf(orderPact, ""))
	if r := o.Pairs[0].All[0]; !r.Environment || r.Verdict != evidence.Inconclusive || o.Exit(true) != 3 {
		t.Errorf("got %s %q, exit %d", r.Verdict, r.Text, o.Exit(true))
	}
}

// Over https a provider must be vouched for; that it is not is no verdict on it.
func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"no": "1000001", "quantity": 12}`)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	u, err := verify.Address(s.URL, false, "https")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	if r := replay(t, verify.Target{URL: u, Roots: roots}, fmt.Sprintf(orderPact, "")).All[0]; r.Verdict != evidence.Holds {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
	if r := replay(t, verify.Target{URL: u}, fmt.Sprintf(orderPact, "")).All[0]; r.Verdict != evidence.Inconclusive || !r.Environment || !strings.Contains(r.Text, "--ca names who vouches") {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
}

func TestNoTLSWhereItShouldBe(t *testing.T) {
	u := raw(t, func(conn net.Conn) { _, _ = io.WriteString(conn, goodAnswer) })
	u.Scheme = "https"
	if r := replay(t, verify.Target{URL: u}, fmt.Sprintf(orderPact, "")).All[0]; r.Verdict != evidence.Inconclusive || !r.Environment {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
}

// Outside a book nobody says when a version ends.
func TestEndOutsideABook(t *testing.T) {
	u := raw(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, strings.Replace(goodAnswer, "OK\r\n", "OK\r\nDeprecation: @1735689600\r\n", 1))
	})
	if r := replay(t, verify.Target{URL: u}, fmt.Sprintf(orderPact, "")).All[0]; r.Verdict != evidence.Holds {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
}

// callback is a provider with a state callback that keeps what it was told.
type callback struct {
	mu     sync.Mutex
	told   []string
	answer func(action string) (int, string)
}

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/_states") {
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.told)%2 == 1 { // between setup and teardown
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"no": %q, "quantity": 5}`, strings.TrimPrefix(r.URL.Path, "/orders/"))
			return
		}
		w.WriteHeader(http.StatusNotFound)
		return
	}
	var call struct{ Action, State, Consumer, Description string }
	_ = json.NewDecoder(r.Body).Decode(&call)
	c.mu.Lock()
	c.told = append(c.told, call.Action+" "+call.State+" "+call.Consumer+" "+call.Description)
	c.mu.Unlock()
	status, body := c.answer(call.Action)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func TestStates(t *testing.T) {
	ok := func(string) (int, string) { return 200, "done" }
	c := &callback{answer: ok}
	s := httptest.NewServer(c)
	defer s.Close()
	target := verify.Target{URL: at(t, s.URL), States: at(t, s.URL+"/_states")}
	r := replay(t, target, fmt.Sprintf(orderPact, released)).All[0]
	want := "setup order 1000001 is released mes an order is asked for, teardown order 1000001 is released mes an order is asked for"
	if got := strings.Join(c.told, ", "); r.Verdict != evidence.Holds || got != want {
		t.Errorf("got %s %q, told %s", r.Verdict, r.Text, got)
	}
}

// A callback that fails is no verdict on the provider.
func TestFailingStates(t *testing.T) {
	for _, c := range []struct{ name, failing, text string }{
		{"setup", "setup", `the state callback answered 504 to setup of "order 1000001 is released": moo`},
		{"teardown", "teardown", `matched, but the state callback answered 504 to teardown`},
	} {
		t.Run(c.name, func(t *testing.T) {
			cb := &callback{answer: func(action string) (int, string) {
				if action == c.failing {
					return 504, "moo"
				}
				return 200, ""
			}}
			s := httptest.NewServer(cb)
			defer s.Close()
			o := outcome(t, verify.Target{URL: at(t, s.URL), States: at(t, s.URL+"/_states")}, fmt.Sprintf(orderPact, released))
			r := o.Pairs[0].All[0]
			if r.Verdict != evidence.Inconclusive || !r.Environment || !strings.Contains(r.Text, c.text) || o.Exit(true) != 3 {
				t.Errorf("got %s %q, exit %d", r.Verdict, r.Text, o.Exit(true))
			}
		})
	}
}

// Without a callback, a status that is not the expected one may be nobody's
// fault; content that is not the expected one is the provider's.
func TestStatesThatNobodySets(t *testing.T) {
	for _, c := range []struct {
		answer string
		want   evidence.Verdict
	}{
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", evidence.Inconclusive},
		{strings.Replace(goodAnswer, "12  ", `"12"`, 1), evidence.Violated},
		{goodAnswer, evidence.Holds},
	} {
		u := raw(t, func(conn net.Conn) { _, _ = io.WriteString(conn, c.answer) })
		if r := replay(t, verify.Target{URL: u}, fmt.Sprintf(orderPact, released)).All[0]; r.Verdict != c.want {
			t.Errorf("got %s %q %q, want %s", r.Verdict, r.Text, r.Notes, c.want)
		}
	}
}

// Values of the callback are inserted, and texts of digits stay texts.
func TestStateValuesAreInserted(t *testing.T) {
	var asked string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/_states" {
			_, _ = io.WriteString(w, `{"no": "000077"}`)
			return
		}
		asked = r.URL.Path
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"no": "000077"}`)
	}))
	defer s.Close()
	doc := `{"consumer": {"name": "mes"}, "provider": {"name": "erp"}, "interactions": [
	 {"type": "Synchronous/HTTP", "description": "an order", "providerStates": [{"name": "some order"}],
	  "request": {"method": "GET", "path": "/orders/1", "generators": {"path": {"type": "ProviderState", "expression": "/orders/${no}"}}},
	  "response": {"status": 200, "body": {"contentType": "application/json", "content": {"no": "1"}}, "generators": {"body": {"$.no": {"type": "ProviderState", "expression": "no"}}}}}
	], "metadata": {"pactSpecification": {"version": "4.0"}}}`
	r := replay(t, verify.Target{URL: at(t, s.URL), States: at(t, s.URL+"/_states")}, doc).All[0]
	if r.Verdict != evidence.Holds || asked != "/orders/000077" {
		t.Errorf("asked %s, got %s %q", asked, r.Verdict, r.Text)
	}
}

func TestNothingToShowIsVacuous(t *testing.T) {
	u := raw(t, func(conn net.Conn) { _, _ = io.WriteString(conn, goodAnswer) })
	pending := `, "pending": true`
	for _, c := range []struct {
		name string
		o    verify.Options
		text string
	}{
		{"no pair", verify.Options{}, ""},
		{"nothing selected", verify.Options{Pairs: pairsOf(t, fmt.Sprintf(orderPact, "")), Only: func(string) bool { return false }}, "none of 1"},
		{"pending only", verify.Options{Pairs: pairsOf(t, fmt.Sprintf(orderPact, pending))}, "pending"},
	} {
		c.o.Engine, c.o.Now = verify.NewAndon(verify.Target{URL: u}), time.Now
		o, err := verify.Run(t.Context(), c.o)
		if err != nil {
			t.Fatal(err)
		}
		if o.Verdict != evidence.Vacuous || o.Exit(false) != 4 {
			t.Errorf("%s: got %s, exit %d", c.name, o.Verdict, o.Exit(false))
		}
		if len(o.Pairs) > 0 && !strings.Contains(o.Pairs[0].Result.Text, c.text) {
			t.Errorf("%s: got %q", c.name, o.Pairs[0].Result.Text)
		}
	}
}

// A pending interaction that fails is told and fails nothing.
func TestPendingFailsNothing(t *testing.T) {
	u := raw(t, func(conn net.Conn) { _, _ = io.WriteString(conn, goodAnswer) })
	doc := strings.Replace(fmt.Sprintf(orderPact, ""), "\n]", `,
	 {"type": "Synchronous/HTTP", "description": "later", "pending": true, "request": {"path": "/later"}, "response": {"status": 418}}]`, 1)
	o := outcome(t, verify.Target{URL: u}, doc)
	if all := o.Pairs[0].All; o.Verdict != evidence.Holds || len(all) != 2 || all[1].Verdict != evidence.Violated {
		t.Errorf("got %s, %+v", o.Verdict, all)
	}
}

// What suits the consumer must be what the provider itself promises, too.
func TestOwnPromise(t *testing.T) {
	u := raw(t, func(conn net.Conn) { _, _ = io.WriteString(conn, goodAnswer) })
	own := `{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/orders/{no}": {"get": {"parameters": [{"name": "no", "in": "path", "required": true, "schema": {"type": "string"}}],
	 "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object", "required": ["unit"]}}}}}}}}}`
	s := replay(t, verify.Target{URL: u}, fmt.Sprintf(orderPact, ""), own)
	if r := s.All[0]; r.Verdict != evidence.Violated || !strings.Contains(strings.Join(r.Notes, ""), "not what erp 2.0 promises") {
		t.Errorf("got %s %q %q", r.Verdict, r.Text, r.Notes)
	}
}

func TestOnlyTestSystems(t *testing.T) {
	for _, c := range []struct {
		address string
		test    bool
		wrong   string
	}{
		{"http://127.0.0.1:80", false, ""}, {"http://[::1]:80", false, ""}, {"http://localhost:1", false, ""},
		{"http://erp.example.com", false, "--test-system"}, {"http://10.0.0.1", false, "--test-system"}, {"http://127.0.0.1.example.com", false, "--test-system"},
		{"http://erp.example.com", true, ""}, {"127.0.0.1:80", false, "no address"}, {"ftp://127.0.0.1", false, "not spoken"}, {"http://127.0.0.1/?a=b", false, "neither query"},
	} {
		_, err := verify.Address(c.address, c.test, "http", "https")
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%s: got %v, want %q", c.address, err, c.wrong)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	u := raw(t, func(conn net.Conn) {
		cancel()
		_, _ = conn.Read(make([]byte, 1))
	})
	o, err := verify.Run(ctx, verify.Options{Engine: verify.NewAndon(verify.Target{URL: u}), Pairs: pairsOf(t, fmt.Sprintf(orderPact, "")), Now: time.Now})
	if err != nil || !o.Interrupted || o.Verdict == evidence.Violated || o.Verdict == evidence.Holds {
		t.Errorf("got %+v, %v", o, err)
	}
}
