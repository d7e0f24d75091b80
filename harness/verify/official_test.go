package verify_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/pactcli/pactclitest"
	"github.com/andon-rig/andon/harness/verify"
)

func official(t *testing.T, target verify.Target, documents ...string) verify.Outcome {
	t.Helper()
	o, err := verify.Run(t.Context(), verify.Options{Engine: verify.NewOfficial(pactclitest.Program(t), target), Pairs: pairsOf(t, documents...), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// The official verifier takes a 504 for the message, and nothing for anything;
// with the bridge in between it cannot.
func TestOfficialEngineAndFailingBridge(t *testing.T) {
	for name, doc := range map[string]string{"an event": eventPact, "any text": anyText, "no content": noContent} {
		for _, c := range []struct {
			name    string
			trigger func(t *testing.T, w http.ResponseWriter, to string)
			text    string
		}{
			{"504", func(_ *testing.T, w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusGatewayTimeout) }, "the trigger answered 504"},
			{"nothing", func(_ *testing.T, w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusAccepted) }, "nothing came to"},
			{"two", func(t *testing.T, w http.ResponseWriter, to string) {
				emit(t, to, goodEvent)
				emit(t, to, goodEvent)
			}, "two messages came"},
		} {
			t.Run(name+" "+c.name, func(t *testing.T) {
				b := bridge(t, "http", func(w http.ResponseWriter, r *http.Request) {
					to, _, _ := toldTo(t, r)
					c.trigger(t, w, to)
				})
				r := official(t, verify.Target{Bridge: b}, doc).Pairs[0].All[0]
				if r.Verdict != evidence.Inconclusive || !strings.Contains(r.Text, c.text) {
					t.Errorf("got %s %q", r.Verdict, r.Text)
				}
			})
		}
	}
}

func TestOfficialEngineOverRealTransports(t *testing.T) {
	for body, want := range map[string]evidence.Verdict{goodEvent: evidence.Holds, `{"no": "1000001", "revision": "7"}`: evidence.Violated} {
		b := bridge(t, "nats", func(_ http.ResponseWriter, r *http.Request) {
			to, _, _ := toldTo(t, r)
			emit(t, to, body)
		})
		if r := official(t, verify.Target{Bridge: b}, eventPact).Pairs[0].All[0]; r.Verdict != want {
			t.Errorf("%s: got %s %q", body, r.Verdict, r.Text)
		}
	}
}

// The official verifier makes calls for a state without a name; no callback is
// bothered with them.
func TestOfficialEngineAndStates(t *testing.T) {
	c := &callback{answer: func(string) (int, string) { return 200, "" }}
	s := httptest.NewServer(c)
	defer s.Close()
	doc := strings.Replace(fmt.Sprintf(orderPact, released), "\n]", `,
	 {"type": "Synchronous/HTTP", "description": "no state", "request": {"path": "/orders/7"}, "response": {"status": 404}}]`, 1)
	o := official(t, verify.Target{URL: at(t, s.URL), States: at(t, s.URL+"/_states")}, doc)
	if o.Verdict != evidence.Holds {
		t.Errorf("got %s: %+v", o.Verdict, o.Pairs[0].All)
	}
	for _, told := range c.told {
		if !strings.Contains(told, " order 1000001 is released ") {
			t.Errorf("told %q", told)
		}
	}
}

func TestOfficialEngineOverHTTP(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"no": "1000001", "quantity": "5"}`)
	}))
	defer s.Close()
	o := official(t, verify.Target{URL: at(t, s.URL)}, fmt.Sprintf(orderPact, ""))
	if r := o.Pairs[0].All[0]; r.Verdict != evidence.Violated || !strings.Contains(r.Text, "quantity") {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
	// What cannot be made is told, and never green.
	o = official(t, verify.Target{URL: at(t, s.URL)}, eventPact)
	if r := o.Pairs[0].All[0]; r.Verdict != evidence.Vacuous || o.Exit(false) != 4 {
		t.Errorf("got %s %q, exit %d", r.Verdict, r.Text, o.Exit(false))
	}
}
