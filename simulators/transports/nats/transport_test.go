package nats_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/nats"
)

func start(t *testing.T) (*nats.Broker, *nats.Transport) {
	t.Helper()
	b, err := nats.StartBroker(nats.Address{}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	tr, err := nats.New(t.Context(), nats.Config{Broker: b, Endpoint: "mes"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return b, tr
}

func TestAnnouncementsWaitOnTheStream(t *testing.T) {
	b, tr := start(t)
	for range 2 { // the same words twice are two messages: the broker swallows nothing
		reply, err := tr.Send(t.Context(), simulators.Message{Name: "confirmations", Body: []byte("x"), Header: map[string]string{"Andon-Event": "e1"}})
		if err != nil || reply.Result.Outcome != simulators.Accepted {
			t.Fatalf("send: %+v, %v", reply.Result, err)
		}
	}
	c, err := natsgo.Connect(b.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	js, err := jetstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	cons, err := js.CreateOrUpdateConsumer(t.Context(), nats.Stream, jetstream.ConsumerConfig{Durable: "sut", FilterSubject: "andon.mes.>"})
	if err != nil {
		t.Fatal(err)
	}
	if lag := b.Lag(t.Context()); lag != 2 {
		t.Errorf("%d messages wait at the broker, want 2", lag)
	}
	batch, err := cons.Fetch(2, jetstream.FetchMaxWait(5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for m := range batch.Messages() {
		n++
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Error(err)
		}
		if m.Subject() != "andon.mes.confirmations" || m.Headers().Get("Andon-Event") != "e1" {
			t.Errorf("got %s with event %q", m.Subject(), m.Headers().Get("Andon-Event"))
		}
	}
	if lag := b.Lag(t.Context()); n != 2 || lag != 0 {
		t.Errorf("%d messages on the stream, want 2; %d wait at the broker", n, lag)
	}
}

// A broker that runs already is used as it is: nothing befalls its messages.
func TestABrokerOfOnesOwn(t *testing.T) {
	b, err := nats.StartBroker(nats.Address{}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	tr, err := nats.New(t.Context(), nats.Config{URL: b.URL(), Endpoint: "erp"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	reply, err := tr.Send(t.Context(), simulators.Message{Name: "orders", Mishap: &simulators.Mishap{Kind: simulators.Undurable}})
	if err != nil || reply.Result.Outcome != simulators.Accepted || reply.Result.Text != "stream sequence 1" {
		t.Errorf("send: %+v, %v", reply.Result, err)
	}
}

// A restart keeps what is on the stream, and the rig's own connections come
// back by themselves.
func TestARestartLosesNothing(t *testing.T) {
	b, tr := start(t)
	send := func(body string, m *simulators.Mishap) {
		t.Helper()
		reply, err := tr.Send(t.Context(), simulators.Message{Name: "orders", Key: body, Body: []byte(body), Mishap: m})
		if err != nil || m == nil && reply.Result.Outcome != simulators.Accepted {
			t.Errorf("send %s: %+v, %v", body, reply.Result, err)
		}
	}
	send("1", nil)
	send("2", &simulators.Mishap{Kind: simulators.Undurable, For: 10 * time.Millisecond})
	send("3", nil)
	c, err := natsgo.Connect(b.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	js, err := jetstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), nats.Stream)
	if err != nil {
		t.Fatal(err)
	}
	for seq, want := range []string{"1", "3"} {
		m, err := stream.GetMsg(t.Context(), uint64(seq+1))
		if err != nil || string(m.Data) != want {
			t.Errorf("place %d of the stream: %v, %v, want %s", seq+1, m, err, want)
		}
	}
}

func TestRequestsAreAnsweredOrMetWithSilence(t *testing.T) {
	b, tr := start(t)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- tr.Serve(ctx, func(_ context.Context, m simulators.Message) (simulators.Message, error) {
			if string(m.Body) == "lose" {
				return simulators.Message{}, &simulators.LostError{Symptom: simulators.Hang}
			}
			return simulators.Message{Body: []byte(m.Name + " " + m.Header["Idempotency-Key"]), Result: simulators.Result{Status: 201}}, nil
		})
	}()
	c, err := natsgo.Connect(b.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ask := func(body string, patience time.Duration) (*natsgo.Msg, error) {
		m := natsgo.NewMsg("andon-in.mes.orders")
		m.Data = []byte(body)
		m.Header.Set("Idempotency-Key", "k")
		return c.RequestMsg(m, patience)
	}
	var reply *natsgo.Msg
	for range 100 { // until the subscription is there
		if reply, err = ask("x", time.Second); err == nil {
			break
		}
	}
	if err != nil || string(reply.Data) != "orders k" || reply.Header.Get("Andon-Status") != fmt.Sprint(201) {
		t.Fatalf("reply %v, %v", reply, err)
	}
	if _, err := ask("lose", 100*time.Millisecond); err == nil {
		t.Error("a lost reply was heard")
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}
