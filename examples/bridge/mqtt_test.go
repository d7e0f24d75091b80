package bridge

import (
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// brokerDoor lets everybody in, unless it is shut.
type brokerDoor struct {
	mqtt.HookBase
	shut atomic.Bool
	left chan string // clients that were let in and have gone
}

func (*brokerDoor) Provides(b byte) bool {
	return b == mqtt.OnConnectAuthenticate || b == mqtt.OnACLCheck || b == mqtt.OnConnect || b == mqtt.OnDisconnect
}
func (*brokerDoor) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }
func (*brokerDoor) OnACLCheck(*mqtt.Client, string, bool) bool              { return true }

func (d *brokerDoor) OnConnect(*mqtt.Client, packets.Packet) error {
	if d.shut.Load() {
		return errors.New("nobody is let in now")
	}
	return nil
}

func (d *brokerDoor) OnDisconnect(cl *mqtt.Client, _ error, _ bool) {
	select {
	case d.left <- cl.ID:
	default:
	}
}

// broker is an MQTT broker for a test.
type broker struct {
	t    testing.TB
	srv  *mqtt.Server
	url  string
	door *brokerDoor
}

func newBroker(t testing.TB) *broker {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{t, mqtt.New(&mqtt.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)}), "mqtt://" + l.Addr().String(), &brokerDoor{left: make(chan string, 1)}}
	for _, err := range []error{b.srv.AddHook(b.door, nil), b.srv.AddListener(listeners.NewNet("tcp", l)), b.srv.Serve()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = b.srv.Close() })
	return b
}

// publish announces messages at QoS 1.
func (b *broker) publish(ms ...message) {
	b.t.Helper()
	for _, m := range ms {
		if err := b.srv.Publish("andon/"+m.from+"/"+m.name, []byte(m.body), false, 1); err != nil {
			b.t.Fatal(err)
		}
	}
}

// subscribed waits until the bridge has a session that gets messages of the MES.
func (b *broker) subscribed(w *world) {
	w.must("a subscription", func() bool { return len(b.srv.Topics.Subscribers("andon/mes/confirmations").Subscriptions) > 0 })
}

func TestSubscribes(t *testing.T) {
	t.Parallel()
	b, w := newBroker(t), newWorld(t, "")
	w.config.MQTT = b.url
	before := []message{release("1"), start("1"), confirmation("1", 1), confirmation("1", 2)}
	w.start()
	b.subscribed(w)
	b.publish(before...)
	b.publish(before[1]) // delivered again
	bad := message{"mes", "confirmations", "confirmation/9/0010/1", `{"SyncOperationsPerformance":{"ApplicationArea":{"Sender":{"ReferenceID":"confirmation/9/0010/1"}}}}`}
	b.publish(message{"mes", "status", "", "offline"}, bad)
	w.settled(before...)
	w.must("a report on what cannot be read", func() bool { return len(w.surfaced(bad.event)) == 1 })
	w.stop()
	after := []message{confirmation("1", 3)} // more than one of an order would come in any order from this broker
	b.publish(after...)                      // while nobody is there but a session
	w.start()
	w.settled(after...)
	if cs := w.judge(append(before, after...)...); len(cs) > 0 {
		t.Error(cs)
	}
	if n := len(b.srv.Clients.GetAll()); n != 2 {
		t.Errorf("%d sessions, want the broker's own and one", n)
	}
}

// TestSubscribesAgain: a broker that goes away and comes back is found.
func TestSubscribesAgain(t *testing.T) {
	t.Parallel()
	b, w := newBroker(t), newWorld(t, "")
	w.config.MQTT = b.url
	w.start()
	b.subscribed(w)
	cl, _ := b.srv.Clients.Get(clientID)
	b.door.shut.Store(true) // what is published while this broker hands a session over, it may lose
	cl.Stop(nil)
	if gone := <-b.door.left; gone != clientID {
		t.Fatalf("%s has gone", gone)
	}
	m := confirmation("1", 1)
	b.publish(m)
	b.door.shut.Store(false)
	w.settled(m)
	if cs := w.judge(m); len(cs) > 0 {
		t.Error(cs)
	}
}

// twiceOverMQTT has a confirmation delivered twice.
func twiceOverMQTT(w *world) []string {
	b := newBroker(w.t)
	w.config.MQTT = b.url
	w.start()
	b.subscribed(w)
	m, last := confirmation("1", 1), confirmation("1", 2)
	b.publish(m, m, last)
	w.settled(last) // behind the others
	return w.judge(m, last)
}

// TestWhatIsCutOffMayStillBeNamed: a report about what cannot be read names the
// event if the message did before it ended.
func TestWhatIsCutOffMayStillBeNamed(t *testing.T) {
	whole := confirmation("1", 1)
	for body, want := range map[string]string{
		whole.body:                        whole.event,
		whole.body[:len(whole.body)*2/3]:  whole.event,
		`{"Sync":{"Sender":{"ReferenceID`: "",
		`{"ReferenceID": "a\"b", `:        `a"b`,
		"":                                "",
	} {
		if got := eventOf([]byte(body)); got != want {
			t.Errorf("%q names %q, want %q", body, got, want)
		}
	}
}
