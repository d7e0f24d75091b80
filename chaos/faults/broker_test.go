package faults_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/transports/mqtt"
)

// brokered is a stand for faults of brokers: a link to an MQTT broker, and a
// SUT behind it that speaks MQTT 3.1.1 with the Paho client.
type brokered struct {
	t    *testing.T
	link *chaos.Link
	tr   *mqtt.Transport
	got  chan given
	lost chan error // connections of the SUT
}

// given is what the SUT's code is given.
type given struct {
	topic, body   string
	dup, retained bool
}

func newBrokered(t *testing.T, qos byte) *brokered {
	t.Helper()
	b, err := mqtt.StartBroker("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	s := &brokered{t: t, got: make(chan given, 100), lost: make(chan error, 100),
		link: &chaos.Link{Name: "mes", Journal: evidence.NewJournal(nil), Ordinals: chaos.NewOrdinals(), IDs: &atomic.Uint64{}}}
	if s.tr, err = mqtt.New(t.Context(), mqtt.Config{Broker: b, Endpoint: "mes", QoS: qos}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.tr.Close() })
	ready := make(chan struct{}, 100)
	o := paho.NewClientOptions().AddBroker(b.URL()).SetClientID("sut").SetCleanSession(false).SetMaxReconnectInterval(50 * time.Millisecond).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			s.got <- given{m.Topic(), string(m.Payload()), m.Duplicate(), m.Retained()}
		}).
		SetConnectionLostHandler(func(_ paho.Client, err error) { s.lost <- err }).
		SetOnConnectHandler(func(c paho.Client) {
			go func() {
				if c.Subscribe("andon/mes/#", qos, nil).WaitTimeout(5 * time.Second) {
					ready <- struct{}{}
				}
			}()
		})
	client := paho.NewClient(o)
	if tok := client.Connect(); !tok.WaitTimeout(5*time.Second) || tok.Error() != nil {
		t.Fatal("connect:", tok.Error())
	}
	t.Cleanup(func() { client.Disconnect(0) })
	await(t, ready, "a subscription")
	return s
}

// announce sends the n-th confirmation as its system does: until it was taken.
func (s *brokered) announce(n int) (tries int) {
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

// outcomes are those of the offers of a fact, in the journal.
func (s *brokered) outcomes(n int) (list []simulators.Outcome) {
	for _, r := range s.link.Journal.Records() {
		if o, ok := r.Body.(evidence.Offer); ok && len(o.Facts) == 1 && o.Facts[0] == plant.EventID(fmt.Sprint("confirmation/4711/0010/", n)) {
			list = append(list, o.Result.Outcome)
		}
	}
	return list
}

// arm puts a fault in force for the first attempt on the second confirmation.
func (s *brokered) arm(name string, f chaos.Fault) {
	s.link.Arm(&chaos.Rule{ID: "rule", Kind: name, Fault: f, Direction: simulators.ToSUT, Strikes: []chaos.Strike{{Key: "confirmation/4711/0010/2", Attempt: 1}}})
}

// next is what the SUT is given next.
func (s *brokered) next() given { s.t.Helper(); return await(s.t, s.got, "a delivery") }

func (s *brokered) want(ds ...given) {
	s.t.Helper()
	for i, want := range ds {
		want.topic = "andon/mes/confirmations"
		if got := s.next(); got != want {
			s.t.Errorf("delivery %d is %+v, want %+v", i+1, got, want)
		}
	}
}

// calm checks that the fault has healed: the next message is an ordinary one.
func (s *brokered) calm(n int) {
	s.t.Helper()
	s.link.Heal("rule")
	s.announce(n)
	s.want(given{body: fmt.Sprint(n)})
	s.link.Wait()
	select {
	case d := <-s.got:
		s.t.Errorf("delivered besides: %+v", d)
	default:
	}
}

func await[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s did not come", what)
	}
	return v
}

// TestAckLostOverMQTT: the same message comes with DUP. That is so at QoS 2 too:
// the client hands over what is sent again, though the packet id is known.
func TestAckLostOverMQTT(t *testing.T) {
	for _, qos := range []byte{1, 2} {
		t.Run(fmt.Sprint("QoS ", qos), func(t *testing.T) {
			s := newBrokered(t, qos)
			s.arm("ack-lost", &faults.AckLost{})
			if a, b := s.announce(1), s.announce(2); a != 1 || b != 2 {
				t.Errorf("taken at tries %d and %d, want 1 and 2", a, b)
			}
			await(t, s.lost, "the loss of the connection")
			s.want(given{body: "1"}, given{body: "2"}, given{body: "2", dup: true})
			if got := fmt.Sprint(s.outcomes(2)); got != "[unknown accepted]" {
				t.Errorf("offers %s, want unknown, then accepted", got)
			}
			s.calm(3)
		})
	}
}

// TestSessionTakeover: the SUT loses its connection and is given the message
// with DUP, although it is the first time.
func TestSessionTakeover(t *testing.T) {
	s := newBrokered(t, 1)
	s.arm("session-takeover", &faults.SessionTakeover{Stay: faults.Wall(50 * time.Millisecond)})
	s.announce(1)
	s.announce(2)
	await(t, s.lost, "the loss of the connection")
	s.want(given{body: "1"}, given{body: "2", dup: true})
	if got := fmt.Sprint(s.outcomes(2)); got != "[accepted]" {
		t.Errorf("offers %s, want one, accepted", got)
	}
	s.calm(3)
}

// TestStaleRetained: after a newer message the old one comes once more.
func TestStaleRetained(t *testing.T) {
	s := newBrokered(t, 1)
	s.arm("stale-retained", &faults.StaleRetained{For: faults.Wall(300 * time.Millisecond)})
	for n := range 3 {
		s.announce(n + 1)
	}
	s.want(given{body: "1"}, given{body: "2"}, given{body: "3"}, given{body: "2", retained: true})
	s.link.Wait()
	if got := fmt.Sprint(s.outcomes(2)); got != "[accepted accepted]" {
		t.Errorf("offers %s, want both accepted", got)
	}
	s.calm(4)
}

// TestWillMessage: beside the announcement comes what a broker says when its
// publisher has died.
func TestWillMessage(t *testing.T) {
	s := newBrokered(t, 1)
	s.arm("will-message", &faults.WillMessage{Says: "offline"})
	s.announce(1)
	s.announce(2)
	s.want(given{body: "1"})
	seen := map[given]bool{s.next(): true, s.next(): true}
	if !seen[given{topic: "andon/mes/status", body: "offline"}] || !seen[given{topic: "andon/mes/confirmations", body: "2"}] {
		t.Errorf("delivered %v", seen)
	}
	s.link.Wait()
	s.calm(3)
}

// TestQueueOverflow: the SUT cannot connect for a time, is then given what was
// kept, and never what was not, though its publisher thinks so.
func TestQueueOverflow(t *testing.T) {
	s := newBrokered(t, 1)
	s.link.Arm(&chaos.Rule{ID: "rule", Kind: "queue-overflow", Fault: &faults.QueueOverflow{Keep: 1, Skip: 1, For: faults.Wall(500 * time.Millisecond)}, Direction: simulators.ToSUT})
	s.announce(1)
	s.want(given{body: "1"})
	kept := make(chan int, 1)
	go func() { kept <- s.announce(2) }()
	await(t, s.lost, "the loss of the connection")
	if tries := s.announce(3); tries != 1 {
		t.Errorf("what was lost was announced %d times: its publisher should think that it was taken", tries)
	}
	await(t, kept, "the end of the message that was kept")
	s.want(given{body: "2", dup: true})
	if got := fmt.Sprint(s.outcomes(2), s.outcomes(3)); got != "[accepted] [undelivered]" {
		t.Errorf("offers %s, want the second undelivered", got)
	}
	s.calm(4)
}
