package mqtt_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/mqtt"
	"github.com/andon-rig/andon/simulators/transports/transporttest"
)

// TestRequests is the conformance of what the SUT sends, for a SUT that speaks
// MQTT 5 with a client of its own.
func TestRequests(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) transporttest.Pair {
		b, tr := start(t, mqtt.Config{QoS: 1})
		return transporttest.Pair{A: newRequester(t, b.URL()), B: tr}
	})
}

// TestRequestsThroughAnotherBroker is the same through a broker that is not
// the transport's own.
func TestRequestsThroughAnotherBroker(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) transporttest.Pair {
		b, own := start(t, mqtt.Config{QoS: 1})
		_ = own.Close() // both would answer
		tr, err := mqtt.New(t.Context(), mqtt.Config{URL: b.URL(), Endpoint: "mes", QoS: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tr.Close() })
		return transporttest.Pair{A: newRequester(t, b.URL()), B: tr}
	})
}

// TestTakenWhenAcknowledged: an announcement is taken when the SUT has said so,
// at either quality, and not before.
func TestTakenWhenAcknowledged(t *testing.T) {
	for _, qos := range []byte{1, 2} {
		t.Run(fmt.Sprint("QoS ", qos), func(t *testing.T) {
			b, tr := start(t, mqtt.Config{QoS: qos})
			if r := <-sent(t, tr, note(0)); r.Outcome != simulators.Unavailable {
				t.Errorf("before anybody subscribed: %+v", r)
			}
			s := newSUT3(t, b.URL(), qos, true)
			done := sent(t, tr, note(1))
			if g := s.next(t); g.topic != "andon/mes/confirmations" || g.body != "body 1" || g.dup || g.retained {
				t.Errorf("got %+v", g)
			}
			none(t, done, "an outcome")
			wait(t, s.held, "the message").Ack()
			if r := wait(t, done, "the outcome"); r.Outcome != simulators.Accepted {
				t.Errorf("%+v, want accepted", r)
			}
		})
	}
}

// TestWaitsForItsSession: what is announced while the SUT is away is its own
// when it comes back, in sequence.
func TestWaitsForItsSession(t *testing.T) {
	b, tr := start(t, mqtt.Config{QoS: 1})
	s := newSUT3(t, b.URL(), 1, false)
	first := sent(t, tr, note(0))
	s.next(t)
	<-first
	s.client.Disconnect(250) // the broker knows of it before it is given more
	var done []<-chan simulators.Result
	for n := range 20 {
		d := sent(t, tr, note(n+1))
		none := time.After(10 * time.Millisecond) // so that they are published in sequence
		<-none
		done = append(done, d)
	}
	s = newSUT3(t, b.URL(), 1, false)
	for n := range 20 {
		if g := s.next(t); g.body != fmt.Sprint("body ", n+1) {
			t.Errorf("message %d is %q", n+1, g.body)
		}
		if r := wait(t, done[n], "an outcome"); r.Outcome != simulators.Accepted {
			t.Errorf("message %d: %+v", n+1, r)
		}
	}
}

// TestNoSession: a SUT whose session ends with its connection never gets what
// comes meanwhile, and the broker has taken it all the same.
func TestNoSession(t *testing.T) {
	b, tr := start(t, mqtt.Config{QoS: 1})
	took := make(chan struct{}, 1)
	m := dial5(t, b.URL(), autopaho.ClientConfig{CleanStartOnInitialConnection: true, ClientConfig: paho.ClientConfig{ClientID: "forgetful", EnableManualAcknowledgment: true,
		OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(paho.PublishReceived) (bool, error) { took <- struct{}{}; return true, nil }}}})
	if _, err := m.Subscribe(t.Context(), &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "andon/#", QoS: 1}}}); err != nil {
		t.Fatal(err)
	}
	under := sent(t, tr, note(1))
	wait(t, took, "the message")
	if err := m.Disconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	for what, done := range map[string]<-chan simulators.Result{"under way": under, "later": sent(t, tr, note(2))} {
		if r := wait(t, done, "an outcome"); r.Outcome != simulators.Accepted || !strings.Contains(r.Text, "session") {
			t.Errorf("%s: %+v", what, r)
		}
	}
}

// TestHeaders: a SUT of MQTT 5 is told in properties what HTTP tells in
// headers.
func TestHeaders(t *testing.T) {
	b, tr := start(t, mqtt.Config{QoS: 1})
	seen := make(chan *paho.Publish, 1)
	m := dial5(t, b.URL(), autopaho.ClientConfig{ClientConfig: paho.ClientConfig{ClientID: "sut", OnPublishReceived: []func(paho.PublishReceived) (bool, error){
		func(m paho.PublishReceived) (bool, error) { seen <- m.Packet; return true, nil }}}})
	if _, err := m.Subscribe(t.Context(), &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "andon/#", QoS: 1}}}); err != nil {
		t.Fatal(err)
	}
	done := sent(t, tr, note(1))
	if p := wait(t, seen, "the message"); p.Properties.User.Get("Andon-Event") != "e1" || p.Properties.ContentType != "application/json" || p.Properties.MessageExpiry != nil {
		t.Errorf("properties %+v", p.Properties)
	}
	if r := wait(t, done, "an outcome"); r.Outcome != simulators.Accepted {
		t.Errorf("%+v", r)
	}
}

// TestRefusals: MQTT 5 can refuse a message for good, and say why.
func TestRefusals(t *testing.T) {
	for code, class := range map[byte]simulators.Class{0x99: simulators.DataQuality, 0x83: simulators.Technical} {
		t.Run(fmt.Sprintf("%02x", code), func(t *testing.T) {
			b, tr := start(t, mqtt.Config{QoS: 1})
			raw := newRaw(t, b.URL(), code)
			if r := wait(t, sent(t, tr, note(1)), "an outcome"); r.Outcome != simulators.Refused || r.Class != class {
				t.Errorf("%+v, want refused as %s", r, class)
			}
			wait(t, raw, "its end")
		})
	}
}

// TestNobodyAcknowledges: of what goes at QoS 0 nothing more is heard, whoever
// asked for it, and it is not sent again.
func TestNobodyAcknowledges(t *testing.T) {
	for name, q := range map[string][2]byte{"the rig's choice": {0, 1}, "the SUT's": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			b, tr := start(t, mqtt.Config{QoS: q[0]})
			s := newSUT3(t, b.URL(), q[1], false)
			if r := wait(t, sent(t, tr, note(1)), "an outcome"); r.Outcome != simulators.Unknown || !r.LetGo {
				t.Errorf("%+v, want unknown and let go", r)
			}
			s.next(t)
		})
	}
}

// TestRetained: who subscribes later is given the last announcement of a topic.
func TestRetained(t *testing.T) {
	b, tr := start(t, mqtt.Config{QoS: 1, Retain: true})
	s := newSUT3(t, b.URL(), 1, false)
	if r := wait(t, sent(t, tr, note(1)), "an outcome"); r.Outcome != simulators.Accepted {
		t.Errorf("%+v", r)
	}
	if g := s.next(t); g.retained {
		t.Error("it was retained before it was kept")
	}
	s.client.Disconnect(0)
	s = newSUT3(t, b.URL(), 1, false)
	if g := s.next(t); !g.retained || g.body != "body 1" {
		t.Errorf("after subscribing again: %+v", g)
	}
}

// TestAnotherBroker: a broker that is not ours says whether anybody listens,
// and is believed when it has taken a message.
func TestAnotherBroker(t *testing.T) {
	b, _ := start(t, mqtt.Config{})
	tr, err := mqtt.New(t.Context(), mqtt.Config{URL: b.URL(), Endpoint: "mes", QoS: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	s := newSUT3(t, b.URL(), 1, true)
	if r := wait(t, sent(t, tr, note(1)), "an outcome"); r.Outcome != simulators.Accepted || r.Text != "the broker has it" {
		t.Errorf("%+v", r)
	}
	if g := s.next(t); g.body != "body 1" {
		t.Errorf("got %+v", g)
	}
	for at, remedy := range map[string]string{"nonsense": "mqtt://host:1883", "mqtt://127.0.0.1:1": "MQTT 5"} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if _, err := mqtt.New(ctx, mqtt.Config{URL: at}); err == nil || !strings.Contains(err.Error(), remedy) {
			t.Errorf("%s: %v", at, err)
		}
		cancel()
	}
}

// TestSpeakingForASystem: nobody but the rig announces.
func TestSpeakingForASystem(t *testing.T) {
	b, _ := start(t, mqtt.Config{})
	s := newSUT3(t, b.URL(), 1, false)
	s.client.Publish("andon/mes/confirmations", 1, false, "forged").WaitTimeout(5 * time.Second)
	none(t, s.got, "a forged announcement")
}
