package faults_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/transports/nats"
)

// streamed is a stand for faults of JetStream: a link to an embedded NATS
// server, and a SUT behind it that consumes with nats.go.
type streamed struct {
	t    *testing.T
	conn *natsgo.Conn // of the SUT
	link *chaos.Link
	tr   *nats.Transport
	got  chan taken
	lost chan error    // connections of the SUT
	back chan struct{} // new ones
}

// taken is what the SUT's code is given.
type taken struct {
	body     string
	delivery uint64 // which of this message it is, from 1
}

// again is how long the broker waits for an acknowledgement.
const again = 400 * time.Millisecond

// newStreamed starts the stand. Pending is how many messages the SUT lets be
// unacknowledged; confirmed is called with what became of acknowledgements of
// which it asks to hear, if it is set.
func newStreamed(t *testing.T, pending int, confirmed func(string, error)) *streamed {
	t.Helper()
	b, err := nats.StartBroker(nats.Address{}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	s := &streamed{t: t, got: make(chan taken, 100), lost: make(chan error, 100), back: make(chan struct{}, 100),
		link: &chaos.Link{Name: "mes", Journal: evidence.NewJournal(nil), Ordinals: chaos.NewOrdinals(), IDs: &atomic.Uint64{}}}
	if s.tr, err = nats.New(t.Context(), nats.Config{Broker: b, Endpoint: "mes"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.tr.Close() })
	conn, err := natsgo.Connect(b.URL(), natsgo.MaxReconnects(-1), natsgo.ReconnectWait(20*time.Millisecond),
		natsgo.DisconnectErrHandler(func(_ *natsgo.Conn, err error) { s.lost <- err }),
		natsgo.ReconnectHandler(func(*natsgo.Conn) { s.back <- struct{}{} }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	s.conn = conn
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.CreateOrUpdateConsumer(t.Context(), nats.Stream, jetstream.ConsumerConfig{
		Durable: "sut", FilterSubject: "andon.mes.>", AckPolicy: jetstream.AckExplicitPolicy, AckWait: again, MaxAckPending: pending})
	if err != nil {
		t.Fatal(err)
	}
	consuming, err := c.Consume(func(m jetstream.Msg) {
		meta, err := m.Metadata()
		if err != nil {
			t.Error(err)
			return
		}
		s.got <- taken{string(m.Data()), meta.NumDelivered}
		if confirmed == nil {
			_ = m.Ack()
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), again/2)
		defer cancel()
		confirmed(string(m.Data()), m.DoubleAck(ctx))
	}, jetstream.PullExpiry(2*time.Second), jetstream.PullHeartbeat(500*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(consuming.Stop)
	return s
}

// announce sends the n-th confirmation of order 4711 as its system does: until
// it was taken.
func (s *streamed) announce(n int) (tries int) {
	f := plant.Confirmed{Order: "4711", Operation: "0010", Counter: n, Yield: plant.Of(1, "EA")}
	m := simulators.Message{Verb: "post", Name: "confirmations", Key: plant.Natural(f), Body: []byte(fmt.Sprint(n)), Events: []plant.Event{{ID: plant.EventID(plant.Natural(f)), Fact: f}}}
	for tries = 1; ; tries++ {
		reply, err := s.link.Carry(context.WithoutCancel(s.t.Context()), m, simulators.ToSUT, s.tr.Send)
		if err == nil && reply.Result.Outcome.Took() {
			return tries
		}
		if tries == 20 {
			s.t.Errorf("message %d was never taken: %+v, %v", n, reply.Result, err)
			return tries
		}
	}
}

// first announces a message and waits until the broker has the SUT's
// acknowledgement, so that nothing is open when its connection ends.
func (s *streamed) first() {
	s.t.Helper()
	js, err := jetstream.New(s.conn)
	if err != nil {
		s.t.Fatal(err)
	}
	s.announce(1)
	s.want(taken{"1", 1})
	for range 1000 {
		c, err := js.Consumer(s.t.Context(), nats.Stream, "sut") // which asks
		if err != nil {
			s.t.Fatal(err)
		}
		if c.CachedInfo().AckFloor.Stream == 1 {
			return
		}
	}
	s.t.Fatal("the first message was never acknowledged")
}

// arm puts a fault in force for the first attempt on the second confirmation.
func (s *streamed) arm(name string, f chaos.Fault) {
	s.link.Arm(&chaos.Rule{ID: "rule", Kind: name, Fault: f, Direction: simulators.ToSUT, Strikes: []chaos.Strike{{Key: "confirmation/4711/0010/2", Attempt: 1}}})
}

func (s *streamed) want(ds ...taken) {
	s.t.Helper()
	for i, want := range ds {
		if got := await(s.t, s.got, "a delivery"); got != want {
			s.t.Errorf("delivery %d is %+v, want %+v", i+1, got, want)
		}
	}
}

// calm checks that the fault has healed and struck once, and that the journal
// tells so: the next message is an ordinary one. Besides may come, too.
func (s *streamed) calm(n int, what string, besides ...taken) {
	s.t.Helper()
	s.link.Heal("rule")
	if tries := s.announce(n); tries != 1 {
		s.t.Errorf("after healing taken at try %d", tries)
	}
	d := await(s.t, s.got, "a delivery")
	for slices.Contains(besides, d) {
		d = await(s.t, s.got, "a delivery")
	}
	if want := (taken{fmt.Sprint(n), 1}); d != want {
		s.t.Errorf("delivered %+v, want %+v", d, want)
	}
	s.link.Wait()
	for len(s.got) > 0 {
		if d := <-s.got; !slices.Contains(besides, d) {
			s.t.Errorf("delivered besides: %+v", d)
		}
	}
	var struck []evidence.Disturbance
	for _, r := range s.link.Journal.Records() {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == evidence.Struck {
			struck = append(struck, d)
		}
	}
	if len(struck) != 1 || struck[0].Key != "confirmation/4711/0010/2" || struck[0].Attempt != 1 || !strings.Contains(struck[0].What, what) {
		s.t.Errorf("the journal tells of %+v, want one strike that says %q", struck, what)
	}
}

// offers are the outcomes of what was announced, by its body.
func (s *streamed) offers(n int) (list []simulators.Outcome) {
	for _, r := range s.link.Journal.Records() {
		if o, ok := r.Body.(evidence.Offer); ok && len(o.Facts) == 1 && o.Facts[0] == plant.EventID(fmt.Sprint("confirmation/4711/0010/", n)) {
			list = append(list, o.Result.Outcome)
		}
	}
	return list
}

// TestAckLostOverJetStream: the same message comes with a higher delivery count.
func TestAckLostOverJetStream(t *testing.T) {
	s := newStreamed(t, 1, nil)
	s.arm("ack-lost", &faults.AckLost{})
	if a, b := s.announce(1), s.announce(2); a != 1 || b != 2 {
		t.Errorf("taken at tries %d and %d, want 1 and 2", a, b)
	}
	s.want(taken{"1", 1}, taken{"2", 1}, taken{"2", 2})
	if got := fmt.Sprint(s.offers(2)); got != "[unknown accepted]" {
		t.Errorf("offers %s, want unknown, then accepted", got)
	}
	s.calm(3, "acknowledgement lost")
}

// TestPublishedTwiceOverJetStream: a publisher that did not hear from the broker
// puts the message on the stream once more. Neither is a redelivery.
func TestPublishedTwiceOverJetStream(t *testing.T) {
	s := newStreamed(t, 1, nil)
	s.arm("ambiguous-commit", &faults.AmbiguousCommit{Symptom: simulators.Reset})
	if a, b := s.announce(1), s.announce(2); a != 1 || b != 2 {
		t.Errorf("taken at tries %d and %d, want 1 and 2", a, b)
	}
	s.want(taken{"1", 1}, taken{"2", 1}, taken{"2", 1})
	s.calm(3, "reply lost")
}

// TestDeliveryLost: the SUT first sees the message when it is delivered again,
// behind those that were announced later; a SUT that lets one message be
// unacknowledged gets all in their sequence.
func TestDeliveryLost(t *testing.T) {
	for pending, want := range map[int][]taken{
		10: {{"1", 1}, {"3", 1}, {"2", 2}},
		1:  {{"1", 1}, {"2", 2}, {"3", 1}},
	} {
		t.Run(fmt.Sprint(pending, " unacknowledged"), func(t *testing.T) {
			s := newStreamed(t, pending, nil)
			s.arm("delivery-lost", &faults.DeliveryLost{})
			s.announce(1)
			released, done := make(chan struct{}), make(chan struct{})
			f := plant.Confirmed{Order: "4711", Operation: "0010", Counter: 2}
			m := simulators.Message{Verb: "post", Name: "confirmations", Key: plant.Natural(f), Body: []byte("2"), Events: []plant.Event{{ID: plant.EventID(plant.Natural(f)), Fact: f}},
				Release: func() { close(released) }}
			go func() {
				defer close(done)
				if _, err := s.link.Carry(context.WithoutCancel(t.Context()), m, simulators.ToSUT, s.tr.Send); err != nil {
					t.Error(err)
				}
			}()
			await(t, released, "leave to announce the next") // as soon as the broker has it
			s.announce(3)
			s.want(want...)
			await(t, done, "the end of the offer")
			if got := fmt.Sprint(s.offers(2)); got != "[accepted]" {
				t.Errorf("offers %s, want one, accepted", got)
			}
			s.calm(4, "first delivery lost")
		})
	}
}

// TestDeliveryGivenUp: the acknowledgement of the only delivery is never
// confirmed.
func TestDeliveryGivenUp(t *testing.T) {
	confirmed := make(chan string, 10)
	s := newStreamed(t, 10, func(body string, err error) { confirmed <- fmt.Sprint(body, " ", err == nil) })
	s.arm("delivery-given-up", &faults.DeliveryGivenUp{})
	ended := make(chan *natsgo.Msg, 10)
	if _, err := s.conn.ChanSubscribe("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED."+nats.Stream+".sut", ended); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		s.announce(n + 1)
	}
	s.want(taken{"1", 1}, taken{"2", 1}, taken{"3", 1})
	var heard []string
	for range 3 {
		heard = append(heard, await(t, confirmed, "what became of an acknowledgement"))
	}
	if slices.Sort(heard); fmt.Sprint(heard) != "[1 true 2 false 3 true]" {
		t.Errorf("acknowledgements confirmed: %v", heard)
	}
	if m := await(t, ended, "the broker's word that it will not deliver it again"); !strings.Contains(string(m.Data), `"deliveries":1`) {
		t.Errorf("advisory %s", m.Data)
	}
	s.calm(4, "given up by the broker")
}

// TestSlowConsumer: the connection closes right behind the delivery, and the
// message is acknowledged by the next or comes again.
func TestSlowConsumer(t *testing.T) {
	s := newStreamed(t, 1, nil)
	s.first()
	s.arm("slow-consumer", &faults.SlowConsumer{})
	s.announce(2)
	await(t, s.lost, "the loss of the connection")
	await(t, s.back, "a new connection")
	if err := s.conn.FlushTimeout(10 * time.Second); err != nil { // now the broker knows its subscriptions
		t.Fatal(err)
	}
	first := await(t, s.got, "a delivery")
	if first.body != "2" {
		t.Errorf("got %+v", first)
	}
	s.link.Wait()
	for more := true; more; { // whether its acknowledgement was in time is the client's luck
		select {
		case d := <-s.got:
			if d.body != "2" || d.delivery < 2 {
				t.Errorf("got besides %+v", d)
			}
		default:
			more = false
		}
	}
	if got := fmt.Sprint(s.offers(2)); got != "[accepted]" {
		t.Errorf("offers %s, want one, accepted", got)
	}
	s.calm(3, "connection closed by the broker")
}

// TestLeaderChange: the message was taken and comes again, behind a status that
// nats.go survives by asking anew.
func TestLeaderChange(t *testing.T) {
	s := newStreamed(t, 1, nil)
	s.first()
	s.arm("leader-change", &faults.LeaderChange{})
	if tries := s.announce(2); tries != 1 {
		t.Errorf("announced %d times: the stream has it", tries)
	}
	s.want(taken{"2", 1}, taken{"2", 2})
	if got := fmt.Sprint(s.offers(2)); got != "[accepted]" {
		t.Errorf("offers %s, want one, accepted", got)
	}
	s.calm(3, "leader that changed")
}

// TestLeaderChangeOnTheWire: a client that asks for two messages at a time is
// told behind the first that its request is void.
func TestLeaderChangeOnTheWire(t *testing.T) {
	s := newStreamed(t, 1, nil)
	js, err := jetstream.New(s.conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateOrUpdateConsumer(t.Context(), nats.Stream, jetstream.ConsumerConfig{Durable: "other", FilterSubject: "andon.mes.>",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: again, DeliverPolicy: jetstream.DeliverNewPolicy}); err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteConsumer(t.Context(), nats.Stream, "sut"); err != nil { // it would meet the fault first
		t.Fatal(err)
	}
	inbox, err := s.conn.SubscribeSync(s.conn.NewRespInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.conn.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+nats.Stream+".other", inbox.Subject, []byte(`{"batch":2,"expires":5000000000}`)); err != nil {
		t.Fatal(err)
	}
	if err := s.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	s.arm("leader-change", &faults.LeaderChange{})
	done := make(chan struct{})
	go func() { defer close(done); s.announce(2) }()
	m, err := inbox.NextMsg(5 * time.Second)
	if err != nil || string(m.Data) != "2" {
		t.Fatalf("got %v, %v, want message 2", m, err)
	}
	status, err := inbox.NextMsg(5 * time.Second)
	if err != nil || status.Header.Get("Status") != "409" || status.Header.Get("Description") != "Leadership Change" || status.Subject != inbox.Subject {
		t.Fatalf("got %+v, %v, want 409 Leadership Change", status, err)
	}
	_ = m.Ack() // to a leader that is no more
	again, err := inbox.NextMsg(5 * time.Second)
	if err != nil || string(again.Data) != "2" {
		t.Fatalf("got %+v, %v, want message 2 again", again, err)
	}
	_ = again.Ack()
	await(t, done, "the end of the offer")
}

// TestBrokerRestart: nobody is let in for a time, and nothing is lost.
func TestBrokerRestart(t *testing.T) {
	s := newStreamed(t, 1, nil)
	s.first()
	s.arm("broker-restart", &faults.BrokerRestart{For: faults.Wall(200 * time.Millisecond)})
	began := time.Now()
	s.announce(2)
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("taken after %s, while the broker was away", took)
	}
	await(t, s.lost, "the loss of the connection")
	seen := await(t, s.got, "a delivery") // before the broker stopped, or after
	for len(s.got) > 0 {
		seen = <-s.got
	}
	if seen.body != "2" {
		t.Errorf("got %+v", seen)
	}
	s.calm(3, "back from its disk")
}

// TestAckBeforeDurable: the publisher believes that it was taken, and the SUT is
// never given it; its place on the stream is the next one's.
func TestAckBeforeDurable(t *testing.T) {
	s := newStreamed(t, 1, nil)
	s.first()
	s.arm("ack-before-durable", &faults.AckBeforeDurable{For: faults.Wall(50 * time.Millisecond)})
	if tries := s.announce(2); tries != 1 {
		t.Errorf("announced %d times: its publisher should think that it was taken", tries)
	}
	await(t, s.lost, "the loss of the connection")
	if got := fmt.Sprint(s.offers(2)); got != "[undelivered]" {
		t.Errorf("offers %s, want undelivered", got)
	}
	s.calm(3, "restarted without it", taken{"1", 2}) // that the first was acknowledged may not have been on the disk either
}
