package mqtt_test

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
	mqtt3 "github.com/eclipse/paho.mqtt.golang"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/mqtt"
)

// start starts a broker and the transport of an endpoint called mes.
func start(t *testing.T, c mqtt.Config) (*mqtt.Broker, *mqtt.Transport) {
	t.Helper()
	b, err := mqtt.StartBroker("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	c.Broker, c.Endpoint = b, "mes"
	tr, err := mqtt.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return b, tr
}

// got is a publication as a client of the SUT sees it.
type got struct {
	topic, body   string
	dup, retained bool
	id            uint16
}

// sut3 is a SUT that speaks MQTT 3.1.1 with a persistent session, and
// acknowledges by itself unless hold is set.
type sut3 struct {
	client mqtt3.Client
	got    chan got
	lost   chan error // connections
	held   chan mqtt3.Message
	ready  chan struct{} // gets a token at each subscription
}

func newSUT3(t *testing.T, at string, qos byte, hold bool) *sut3 {
	t.Helper()
	s := &sut3{got: make(chan got, 100), lost: make(chan error, 100), held: make(chan mqtt3.Message, 100), ready: make(chan struct{}, 100)}
	take := func(_ mqtt3.Client, m mqtt3.Message) {
		s.got <- got{topic: m.Topic(), body: string(m.Payload()), dup: m.Duplicate(), retained: m.Retained(), id: m.MessageID()}
		if hold {
			s.held <- m
			return
		}
		m.Ack()
	}
	o := mqtt3.NewClientOptions().AddBroker(at).SetClientID("sut").SetCleanSession(false).SetProtocolVersion(4).SetAutoReconnect(true).
		SetMaxReconnectInterval(50 * time.Millisecond).SetAutoAckDisabled(true).SetDefaultPublishHandler(take).
		SetConnectionLostHandler(func(_ mqtt3.Client, err error) { s.lost <- err }).
		SetOnConnectHandler(func(c mqtt3.Client) {
			go func() {
				for _, filter := range []string{"andon/#", "sync/#"} { // the second is answered when all of the first has been done
					if tok := c.Subscribe(filter, qos, nil); !tok.WaitTimeout(5*time.Second) || tok.Error() != nil {
						return
					}
				}
				s.ready <- struct{}{}
			}()
		})
	s.client = mqtt3.NewClient(o)
	if tok := s.client.Connect(); !tok.WaitTimeout(5*time.Second) || tok.Error() != nil {
		t.Fatal("connect:", tok.Error())
	}
	t.Cleanup(func() { s.client.Disconnect(0) })
	wait(t, s.ready, "a subscription")
	return s
}

// next is the next publication of the SUT.
func (s *sut3) next(t *testing.T) got { t.Helper(); return wait(t, s.got, "a publication") }

// wait returns what comes out of c.
func wait[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s did not come", what)
	}
	return v
}

// none checks that nothing comes out of c for a moment.
func none[T any](t *testing.T, c <-chan T, what string) {
	t.Helper()
	select {
	case v := <-c:
		t.Errorf("%s came: %v", what, v)
	case <-time.After(300 * time.Millisecond):
	}
}

// sent is a call of Send that is under way.
func sent(t *testing.T, tr *mqtt.Transport, m simulators.Message) <-chan simulators.Result {
	t.Helper()
	done := make(chan simulators.Result, 1)
	go func() {
		r, err := tr.Send(t.Context(), m)
		if err != nil {
			r.Result.Text = err.Error()
		}
		done <- r.Result
	}()
	return done
}

func note(n int) simulators.Message {
	return simulators.Message{Verb: "post", Name: "confirmations", Key: fmt.Sprint("confirmation/", n), Header: map[string]string{"Andon-Event": fmt.Sprint("e", n), "Content-Type": "application/json"}, Body: []byte(fmt.Sprint("body ", n))}
}

func dial5(t *testing.T, at string, c autopaho.ClientConfig) *autopaho.ConnectionManager {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	c.ServerUrls, c.KeepAlive = []*url.URL{u}, 30
	c.ReconnectBackoff = func(int) time.Duration { return 20 * time.Millisecond }
	m, err := autopaho.NewConnection(context.WithoutCancel(t.Context()), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := m.AwaitConnection(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = m.Disconnect(ctx)
	})
	return m
}

// requester is a SUT that sends requests with MQTT 5 and waits for replies, as
// a transport.
type requester struct {
	client *autopaho.ConnectionManager
	id     string

	mu   sync.Mutex // guards what follows
	open map[string]chan *paho.Publish
	n    int
}

func newRequester(t *testing.T, at string) *requester {
	r := &requester{id: fmt.Sprint("sut-", time.Now().UnixNano()), open: map[string]chan *paho.Publish{}}
	r.client = dial5(t, at, autopaho.ClientConfig{ClientConfig: paho.ClientConfig{ClientID: r.id, OnPublishReceived: []func(paho.PublishReceived) (bool, error){
		func(m paho.PublishReceived) (bool, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if c := r.open[string(m.Packet.Properties.CorrelationData)]; c != nil {
				c <- m.Packet
			}
			return true, nil
		},
	}}})
	if _, err := r.client.Subscribe(t.Context(), &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "replies/" + r.id, QoS: 1}}}); err != nil {
		t.Fatal(err)
	}
	return r
}

// Serve waits: nobody sends to a requester.
func (r *requester) Serve(ctx context.Context, _ simulators.Receiver) error { <-ctx.Done(); return nil }

// URL says who it is.
func (r *requester) URL() string { return r.id }

// Send sends a request and makes of the reply what its status says.
func (r *requester) Send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	r.mu.Lock()
	r.n++
	id := strconv.Itoa(r.n)
	heard := make(chan *paho.Publish, 1)
	r.open[id] = heard
	r.mu.Unlock()
	p := &paho.Publish{Topic: "andon-in/mes/" + m.Name, QoS: 1, Payload: m.Body, Properties: &paho.PublishProperties{ResponseTopic: "replies/" + r.id, CorrelationData: []byte(id)}}
	for k, v := range m.Header {
		p.Properties.User.Add(k, v)
	}
	unknown := simulators.Message{Result: simulators.Result{Outcome: simulators.Unknown}}
	if _, err := r.client.Publish(ctx, p); err != nil && !strings.Contains(err.Error(), "reason: 16") {
		return unknown, nil
	}
	silence := 3 * time.Second
	switch simulators.Symptom(m.Name) {
	case simulators.Reset, simulators.Hang, simulators.Gateway: // all the same on a broker: nothing comes
		silence = 200 * time.Millisecond
	}
	select {
	case reply := <-heard:
		return meaning(reply), nil
	case <-time.After(silence):
		return unknown, nil
	}
}

// meaning reads a reply like one over HTTP.
func meaning(p *paho.Publish) simulators.Message {
	m := simulators.Message{Header: map[string]string{}, Body: p.Payload}
	for _, u := range p.Properties.User {
		m.Header[u.Key] = u.Value
	}
	status, _ := strconv.Atoi(m.Header["Andon-Status"])
	after, _ := strconv.Atoi(m.Header["Retry-After"])
	m.Result = simulators.Result{Status: status, RetryAfter: time.Duration(after) * time.Second}
	of := func(o simulators.Outcome, c simulators.Class) { m.Result.Outcome, m.Result.Class = o, c }
	switch status {
	case 200, 201, 202:
		of(simulators.Accepted, "")
	case 400, 422:
		of(simulators.Refused, simulators.DataQuality)
	case 409:
		of(simulators.Refused, simulators.Business)
	case 401:
		of(simulators.Unauthorized, simulators.Technical)
	case 429:
		of(simulators.Throttled, simulators.Technical)
	case 503:
		of(simulators.Unavailable, simulators.Technical)
	default:
		of(simulators.Unknown, "")
	}
	return m
}
