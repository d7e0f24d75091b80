package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"
	mqtt3 "github.com/eclipse/paho.mqtt.golang"
	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/verify"
)

const eventPact = `{"consumer": {"name": "mes"}, "provider": {"name": "erp"}, "interactions": [
 {"type": "Asynchronous/Messages", "description": "an order is released", "providerStates": [{"name": "order 1000001 is planned"}],
  "contents": {"contentType": "application/json", "content": {"no": "1000001", "revision": 3}},
  "metadata": {"topic": "erp/orders"},
  "matchingRules": {"body": {"$.revision": {"combine": "AND", "matchers": [{"match": "type"}]}},
   "metadata": {"topic": {"combine": "AND", "matchers": [{"match": "regex", "regex": ".*erp.orders"}]}}}}
], "metadata": {"pactSpecification": {"version": "4.0"}}}`

// anyText is satisfied by whatever text there is, such as an error page.
const anyText = `{"consumer": {"name": "mes"}, "provider": {"name": "erp"}, "interactions": [
 {"type": "Asynchronous/Messages", "description": "an order is released", "contents": {"contentType": "text/plain", "content": "x"},
  "matchingRules": {"body": {"$": {"combine": "AND", "matchers": [{"match": "regex", "regex": ".+"}]}}}}
], "metadata": {"pactSpecification": {"version": "4.0"}}}`

// noContent is satisfied by whatever there is.
const noContent = `{"consumer": {"name": "mes"}, "provider": {"name": "erp"}, "interactions": [
 {"type": "Asynchronous/Messages", "description": "an order is released"}], "metadata": {"pactSpecification": {"version": "4.0"}}}`

const goodEvent = `{"no": "1000001", "revision": 7}`

// emit sends a message to where the bridge listens, as a provider does.
func emit(t *testing.T, to, body string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Error(err)
		return
	}
	switch u.Scheme {
	case "http":
		resp, err := http.Post(to+"/erp/orders", "application/json", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		_ = resp.Body.Close()
	case "nats":
		c, err := natsgo.Connect(to)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if err := c.Publish("erp.orders", []byte(body)); err != nil {
			t.Error(err)
		}
		_ = c.Flush()
	case "mqtt":
		publish3(t, u.Host, body)
	}
}

// publish3 publishes as clients of MQTT 3.1.1 do, which can say nothing about
// a message.
func publish3(t *testing.T, host, body string) {
	c := mqtt3.NewClient(mqtt3.NewClientOptions().AddBroker("tcp://" + host).SetClientID("erp"))
	if k := c.Connect(); !k.WaitTimeout(5*time.Second) || k.Error() != nil {
		t.Error(k.Error())
		return
	}
	defer c.Disconnect(50)
	if k := c.Publish("erp/orders", 1, false, body); !k.WaitTimeout(5*time.Second) || k.Error() != nil {
		t.Error(k.Error())
	}
}

// publish5 publishes as clients of MQTT 5 do.
func publish5(t *testing.T, host, body string) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Error(err)
		return
	}
	c := paho.NewClient(paho.ClientConfig{Conn: conn})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := c.Connect(ctx, &paho.Connect{ClientID: "erp5", KeepAlive: 30, CleanStart: true}); err != nil {
		t.Error(err)
		return
	}
	if _, err := c.Publish(ctx, &paho.Publish{Topic: "erp/orders", QoS: 1, Payload: []byte(body), Properties: &paho.PublishProperties{ContentType: "application/json"}}); err != nil {
		t.Error(err)
	}
	_ = c.Disconnect(&paho.Disconnect{})
}

// bridge is a bridge whose trigger does something.
func bridge(t *testing.T, listen string, trigger http.HandlerFunc) *verify.Bridge {
	t.Helper()
	l, err := verify.Listen(t.Context(), place(t, listen), 100_000)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(trigger)
	t.Cleanup(func() {
		s.Close()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return &verify.Bridge{Trigger: at(t, s.URL), Listener: l, Timeout: 700 * time.Millisecond, Quiet: 150 * time.Millisecond}
}

func place(t *testing.T, at string) *url.URL {
	t.Helper()
	u, err := verify.Place(at)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// toldTo reads what a trigger is told.
func toldTo(t *testing.T, r *http.Request) (to, description string, states int) {
	var call struct {
		To, Description string
		ProviderStates  []struct{ Name string }
	}
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil {
		t.Error(err)
	}
	return call.To, call.Description, len(call.ProviderStates)
}

func TestMessagesOverRealTransports(t *testing.T) {
	for _, listen := range []string{"http", "nats", "mqtt"} {
		for _, c := range []struct {
			name, body string
			want       evidence.Verdict
			text       string
		}{
			{"sound", goodEvent, evidence.Holds, "matched"},
			{"another type", `{"no": "1000001", "revision": "7"}`, evidence.Violated, "$.revision"},
			{"no JSON", `moo`, evidence.Violated, ""},
			{"too much", `{"no": "` + strings.Repeat("1", 120_000) + `"}`, evidence.Inconclusive, "more than 100000 bytes"},
		} {
			t.Run(listen+" "+c.name, func(t *testing.T) {
				b := bridge(t, listen, func(w http.ResponseWriter, r *http.Request) {
					to, description, states := toldTo(t, r)
					if description != "an order is released" || states != 1 {
						t.Errorf("told %q and %d states", description, states)
					}
					emit(t, to, c.body)
					w.WriteHeader(http.StatusNoContent)
				})
				r := replay(t, verify.Target{Bridge: b}, eventPact).All[0]
				if r.Verdict != c.want || !strings.Contains(r.Text, c.text) || r.Environment {
					t.Errorf("got %s %q", r.Verdict, r.Text)
				}
			})
		}
	}
}

// A bridge that fails is never a provider that is verified, whatever the pact
// would be content with.
func TestFailingBridgeIsNeverVerified(t *testing.T) {
	for _, doc := range []string{eventPact, anyText, noContent} {
		for _, c := range []struct {
			name        string
			trigger     func(t *testing.T, w http.ResponseWriter, to string)
			environment bool
			text        string
		}{
			{"504", func(_ *testing.T, w http.ResponseWriter, _ string) {
				w.WriteHeader(http.StatusGatewayTimeout)
				_, _ = fmt.Fprint(w, "upstream took too long")
			}, true, "the trigger answered 504: upstream took too long"},
			{"504 and a message", func(t *testing.T, w http.ResponseWriter, to string) {
				emit(t, to, goodEvent)
				w.WriteHeader(http.StatusGatewayTimeout)
			}, true, "the trigger answered 504"},
			{"nothing", func(_ *testing.T, w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusAccepted) }, false, "nothing came to http://"},
			{"only in the answer", func(_ *testing.T, w http.ResponseWriter, _ string) { _, _ = fmt.Fprint(w, goodEvent) }, false, "nothing came to http://"},
			{"two", func(t *testing.T, w http.ResponseWriter, to string) {
				emit(t, to, goodEvent)
				emit(t, to, goodEvent)
			}, false, "two messages came for one trigger (erp/orders, erp/orders)"},
			{"no answer", func(_ *testing.T, _ http.ResponseWriter, _ string) { panic(http.ErrAbortHandler) }, true, "the trigger: closed the connection"},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := bridge(t, "http", func(w http.ResponseWriter, r *http.Request) {
					to, _, _ := toldTo(t, r)
					c.trigger(t, w, to)
				})
				o := outcome(t, verify.Target{Bridge: b}, doc)
				r := o.Pairs[0].All[0]
				if r.Verdict != evidence.Inconclusive || r.Environment != c.environment || !strings.Contains(r.Text, c.text) {
					t.Errorf("got %s %q, environment %v", r.Verdict, r.Text, r.Environment)
				}
				if exit := o.Exit(false); exit != map[bool]int{true: 3, false: 4}[c.environment] {
					t.Errorf("exit %d", exit)
				}
			})
		}
	}
}

func TestTriggerThatNeverAnswers(t *testing.T) {
	over := make(chan struct{})
	b := bridge(t, "http", func(http.ResponseWriter, *http.Request) { <-over })
	t.Cleanup(func() { close(over) })
	r := replay(t, verify.Target{Bridge: b}, anyText).All[0]
	if r.Verdict != evidence.Inconclusive || !r.Environment || !strings.Contains(r.Text, "no answer within") {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
}

// What came before anybody asked is not the answer.
func TestLateMessageIsNotTheNext(t *testing.T) {
	b := bridge(t, "http", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusAccepted) })
	emit(t, b.Listener.URL(), goodEvent)
	r := replay(t, verify.Target{Bridge: b}, eventPact).All[0]
	if r.Verdict != evidence.Inconclusive || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "messages had come: 1") {
		t.Errorf("got %s %q %q", r.Verdict, r.Text, r.Notes)
	}
}

// Over MQTT 5 a message says what it is, and metadata is judged.
func TestMetadata(t *testing.T) {
	b := bridge(t, "mqtt", func(_ http.ResponseWriter, r *http.Request) {
		to, _, _ := toldTo(t, r)
		publish5(t, strings.TrimPrefix(to, "mqtt://"), goodEvent)
	})
	if r := replay(t, verify.Target{Bridge: b}, eventPact).All[0]; r.Verdict != evidence.Holds {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
	if r := replay(t, verify.Target{Bridge: b}, strings.Replace(eventPact, ".*erp.orders", "mes/orders", 1)).All[0]; r.Verdict != evidence.Violated || !strings.Contains(r.Text, "metadata topic") {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
}

// What a provider publishes to a stream that it has made is heard once.
func TestJetStream(t *testing.T) {
	b := bridge(t, "nats", func(_ http.ResponseWriter, r *http.Request) {
		to, _, _ := toldTo(t, r)
		c, err := natsgo.Connect(to)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		js, err := jetstream.New(c)
		if err == nil {
			_, err = js.CreateOrUpdateStream(r.Context(), jetstream.StreamConfig{Name: "ERP", Subjects: []string{"erp.>"}, Storage: jetstream.MemoryStorage})
		}
		if err == nil {
			_, err = js.Publish(r.Context(), "erp.orders", []byte(goodEvent))
		}
		if err != nil {
			t.Error(err)
		}
	})
	if r := replay(t, verify.Target{Bridge: b}, eventPact).All[0]; r.Verdict != evidence.Holds || len(r.Notes) > 0 {
		t.Errorf("got %s %q %q", r.Verdict, r.Text, r.Notes)
	}
}

// A message that is answered is told to the trigger, and the answer is judged.
func TestSynchronousMessages(t *testing.T) {
	const doc = `{"consumer": {"name": "mes"}, "provider": {"name": "erp"}, "interactions": [
	 {"type": "Synchronous/Messages", "description": "a lot is asked for", "request": {"contents": {"contentType": "application/json", "content": {"lot": "L1"}}},
	  "response": [{"contents": {"contentType": "application/json", "content": {"lot": "L1", "hold": false}}}]}
	], "metadata": {"pactSpecification": {"version": "4.0"}}}`
	b := bridge(t, "http", func(_ http.ResponseWriter, r *http.Request) {
		var call struct {
			To      string
			Request struct{ Contents json.RawMessage }
		}
		_ = json.NewDecoder(r.Body).Decode(&call)
		emit(t, call.To, string(bytes.Replace(call.Request.Contents, []byte("}"), []byte(`, "hold": false}`), 1)))
	})
	if r := replay(t, verify.Target{Bridge: b}, doc).All[0]; r.Verdict != evidence.Holds {
		t.Errorf("got %s %q", r.Verdict, r.Text)
	}
}

// A broker that runs already is subscribed to.
func TestSubscribe(t *testing.T) {
	for _, kind := range []string{"nats", "mqtt"} {
		broker, err := verify.Listen(t.Context(), place(t, kind), 0)
		if err != nil {
			t.Fatal(err)
		}
		u, err := verify.Address(broker.URL(), false, kind)
		if err != nil {
			t.Fatal(err)
		}
		l, err := verify.Subscribe(t.Context(), u, map[string]string{"nats": "erp.*", "mqtt": "erp/+"}[kind], 0)
		if err != nil {
			t.Fatal(err)
		}
		emit(t, broker.URL(), goodEvent)
		select {
		case m := <-l.Caught():
			if string(m.Body) != goodEvent {
				t.Errorf("%s: got %s", kind, m.Body)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: nothing came", kind)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
		if _, err := verify.Subscribe(t.Context(), u, "", 0); err == nil {
			t.Errorf("%s: a broker that is gone is subscribed to", kind)
		}
	}
}

func TestListenMistakes(t *testing.T) {
	for at, want := range map[string]string{"kafka": "known are http, nats and mqtt", "http://0.0.0.0:1": "on this machine only", "mqtt://": "no address"} {
		if _, err := verify.Place(at); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", at, err)
		}
	}
}
