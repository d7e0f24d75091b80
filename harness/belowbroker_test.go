package harness_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/transports/nats"
)

// The faults in this file befall what an ERP announces at the broker it announces
// through, and are looked at by a subscriber with a client of another hand.

// A brokerCase is a fault of brokers, what of it the subscriber meets and, by the
// outcomes of its offers, the ERP.
type brokerCase struct {
	fault, with string
	meets       func(s *subscriber, of trio) bool
	offers      string // of the first of three orders
	always      bool   // it strikes what is announced as long as it is armed, and not only the first
}

// A trio is three orders that are announced one behind the other: the fault strikes
// at the first, and is healed before the last.
type trio [3]plant.OrderID

const (
	taken       = "[accepted]"
	taken2nd    = "[unknown accepted]"
	undelivered = "[undelivered]"
)

// brokerCases are all of them, by the broker at which they happen.
var brokerCases = map[string][]brokerCase{
	"mqtt": {
		{fault: "ack-lost", offers: taken2nd, meets: func(s *subscriber, of trio) bool { return s.lost > 0 && twice(s, of) }},
		{fault: "session-takeover", offers: taken, meets: func(s *subscriber, of trio) bool {
			got := s.deliveries(of[0])
			return s.lost > 0 && len(got) > 0 && got[0].again // although it was never seen before
		}},
		{fault: "stale-retained", with: "for: {wall: 1s}", offers: "[accepted accepted]", meets: func(s *subscriber, of trio) bool {
			got := s.deliveries(of[0])
			return s.lost > 0 && len(got) > 1 && !got[0].retained && got[len(got)-1].retained
		}},
		{fault: "will-message", with: "says: gone", offers: taken, meets: func(s *subscriber, of trio) bool {
			return slices.ContainsFunc(s.got, func(d delivery) bool { return d.at == "andon/erp/status" && d.body == "gone" }) && len(s.deliveries(of[0])) == 1
		}},
		{fault: "queue-overflow", with: "keep: 1, for: {wall: 3s}", always: true, offers: taken, meets: func(s *subscriber, of trio) bool {
			return s.lost > 0 && len(s.deliveries(of[0])) > 0 && len(s.deliveries(of[1])) == 0
		}},
	},
	"nats": {
		{fault: "ack-lost", offers: taken2nd, meets: twice},
		{fault: "delivery-lost", offers: taken, meets: func(s *subscriber, of trio) bool {
			got := s.deliveries(of[0])
			return len(got) > 0 && got[0].again
		}},
		{fault: "delivery-given-up", offers: taken, meets: func(s *subscriber, of trio) bool {
			got := s.deliveries(of[0])
			return len(got) == 1 && !got[0].again && slices.Contains(s.ended, got[0].place)
		}},
		{fault: "slow-consumer", offers: taken, meets: func(s *subscriber, of trio) bool {
			return s.lost > 0 && len(s.servers) == 1 && len(s.deliveries(of[0])) > 0
		}},
		{fault: "leader-change", offers: taken, meets: func(s *subscriber, of trio) bool { return s.leaders > 0 && twice(s, of) }},
		{fault: "broker-restart", with: "for: {wall: 100ms}", offers: taken, meets: func(s *subscriber, of trio) bool {
			return s.lost > 0 && len(s.servers) == 2 && len(s.deliveries(of[0])) > 0 && len(s.deliveries(of[1])) > 0
		}},
		{fault: "ack-before-durable", with: "for: {wall: 100ms}", offers: undelivered, meets: func(s *subscriber, of trio) bool {
			return s.lost > 0 && len(s.servers) == 2 && len(s.deliveries(of[0])) == 0 && len(s.deliveries(of[1])) > 0
		}},
	},
}

// twice is how a message comes whose acknowledgement the broker has not got.
func twice(s *subscriber, of trio) bool {
	got := s.deliveries(of[0])
	return len(got) > 1 && !got[0].again && got[1].again
}

// A delivery is what a subscriber is given.
type delivery struct {
	at, body        string
	again, retained bool   // as the broker says
	place           uint64 // on the stream
}

// A subscriber takes what an ERP announces, and acknowledges it at once.
type subscriber struct {
	mu      sync.Mutex // guards what follows
	got     []delivery
	lost    int      // connections
	leaders int      // of its consumer that left
	ended   []uint64 // places of messages that the broker has given up
	servers []string // at which it was, one after the other
}

func (s *subscriber) note(what func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what()
}

// anew forgets all but where the subscriber is.
func (s *subscriber) anew() {
	s.note(func() {
		s.got, s.lost, s.leaders, s.ended, s.servers = nil, 0, 0, nil, s.servers[max(0, len(s.servers)-1):]
	})
}

// at notes with which server it is connected.
func (s *subscriber) at(server string) {
	s.note(func() {
		if n := len(s.servers); n == 0 || s.servers[n-1] != server {
			s.servers = append(s.servers, server)
		}
	})
}

// deliveries are those of an order's release. s.mu is held.
func (s *subscriber) deliveries(o plant.OrderID) (all []delivery) {
	for _, d := range s.got {
		if strings.Contains(d.body, string(o)) {
			all = append(all, d)
		}
	}
	return all
}

// againAfter is how long a stream waits for the subscriber's acknowledgement.
const againAfter = 2 * time.Second

// overNATS has a subscriber consume from the rig's stream.
func overNATS(t *testing.T, url string) *subscriber {
	t.Helper()
	s := &subscriber{}
	conn, err := natsgo.Connect(url, natsgo.MaxReconnects(-1), natsgo.ReconnectWait(20*time.Millisecond),
		natsgo.DisconnectErrHandler(func(*natsgo.Conn, error) { s.note(func() { s.lost++ }) }),
		natsgo.ReconnectHandler(func(c *natsgo.Conn) { s.at(c.ConnectedServerId()) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	s.at(conn.ConnectedServerId())
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.CreateOrUpdateConsumer(t.Context(), nats.Stream, jetstream.ConsumerConfig{Durable: "visitor", FilterSubject: "andon.erp.>", AckPolicy: jetstream.AckExplicitPolicy, AckWait: againAfter})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Subscribe("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED."+nats.Stream+".visitor", func(m *natsgo.Msg) {
		var says struct {
			Place uint64 `json:"stream_seq"`
		}
		if err := json.Unmarshal(m.Data, &says); err != nil {
			t.Error(err)
		}
		s.note(func() { s.ended = append(s.ended, says.Place) })
	}); err != nil {
		t.Fatal(err)
	}
	all, err := c.Consume(func(m jetstream.Msg) {
		meta, err := m.Metadata()
		if err != nil {
			t.Error(err)
			return
		}
		s.note(func() {
			s.got = append(s.got, delivery{at: m.Subject(), body: string(m.Data()), again: meta.NumDelivered > 1, place: meta.Sequence.Stream})
		})
		_ = m.Ack()
	}, jetstream.PullExpiry(2*time.Second), jetstream.PullHeartbeat(500*time.Millisecond), jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		if errors.Is(err, jetstream.ErrConsumerLeadershipChanged) {
			s.note(func() { s.leaders++ })
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(all.Stop)
	return s
}

// overMQTT has a subscriber with a session of its own, who subscribes whenever he
// is connected.
func overMQTT(t *testing.T, url string) *subscriber {
	t.Helper()
	s, ready := &subscriber{}, make(chan struct{}, 1)
	o := paho.NewClientOptions().AddBroker(url).SetClientID("visitor").SetCleanSession(false).SetMaxReconnectInterval(50 * time.Millisecond).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			s.note(func() {
				s.got = append(s.got, delivery{at: m.Topic(), body: string(m.Payload()), again: m.Duplicate(), retained: m.Retained()})
			})
		}).
		SetConnectionLostHandler(func(paho.Client, error) { s.note(func() { s.lost++ }) }).
		SetOnConnectHandler(func(c paho.Client) {
			go func() {
				if t := c.Subscribe("andon/erp/#", 1, nil); t.WaitTimeout(much) && t.Error() == nil {
					select {
					case ready <- struct{}{}:
					default:
					}
				}
			}()
		})
	client := paho.NewClient(o)
	if c := client.Connect(); !c.WaitTimeout(much) || c.Error() != nil {
		t.Fatal("connect:", c.Error())
	}
	t.Cleanup(func() { client.Disconnect(0) })
	select {
	case <-ready:
	case <-time.After(much):
		t.Fatal("no subscription")
	}
	return s
}

// announcer is an ERP that announces through a broker.
type announcer struct {
	t         *testing.T
	rig       *harness.Rig
	erp       *endpoint.Endpoint
	sub       *subscriber
	nth, last int // case, and order in it
}

// numbered is the n-th order of a case: the fault is armed for the second three.
func numbered(nth, n int) plant.OrderID { return plant.OrderID(fmt.Sprint(4711000000 + 100*nth + n)) }

// during is the announcer in a test of the n-th case.
func (a *announcer) during(t *testing.T, nth int) *announcer {
	return &announcer{t: t, rig: a.rig, erp: a.erp, sub: a.sub, nth: nth}
}

// brokerRig is the rig file of an ERP of a dialect that announces through a broker.
func brokerRig(dialect, broker, spec string) (harness.File, error) {
	return harness.ParseFile("rig", []byte("apiVersion: andon/v1\nkind: Rig\nsut: {external: {testSystem: true}}\nendpoints:\n"+
		"  erp: {system: erp, dialect: "+dialect+", transport: "+broker+spec+"}\n  mes: {system: mes, policy: {auth: none}}\n  events: {broker: "+broker+"}\n"))
}

func newAnnouncer(t *testing.T, dialect string, d simulators.Dialect, broker string) *announcer {
	t.Helper()
	spec := ", policy: {auth: none, session: none}"
	if _, asks := d.(simulators.Prober); asks {
		spec += ", format: {probe: skipped}"
	}
	f, err := brokerRig(dialect, broker, spec)
	if err != nil {
		t.Fatal(err)
	}
	list := ""
	for i, c := range brokerCases[broker] {
		hits := fmt.Sprintf(", hits: {order: %q, attempts: 1}", numbered(i, 4))
		if c.always {
			hits = ""
		}
		list += fmt.Sprintf("  - {id: %s, fault: %s, at: erp, direction: to-sut%s, with: {%s}, during: {from: {plant: 20h}}}\n", c.fault, c.fault, hits, c.with)
	}
	r := openWith(t, f, list)
	a := &announcer{t: t, rig: r}
	for _, e := range r.Plan.Endpoints {
		if e.Name == "erp" {
			a.erp = e
		}
	}
	if broker == "nats" {
		a.sub = overNATS(t, r.Vars["events.url"])
	} else {
		a.sub = overMQTT(t, r.Vars["events.url"])
	}
	return a
}

// released is that an order is; whose, is told by its number.
func released(r *harness.Rig, id plant.OrderID) plant.OrderReleased {
	i := r.Plan.Evidence.Items[0]
	return plant.OrderReleased{Order: plant.Order{ID: id, Item: i.ID, Quantity: plant.Of(5, i.Unit), Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW-1"}}}}
}

// release has the ERP announce an order.
func (a *announcer) release(id plant.OrderID) {
	a.t.Helper()
	f := released(a.rig, id)
	if err := a.erp.Notice(plant.Event{ID: plant.EventID(plant.Natural(f)), At: time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC), Fact: f}); err != nil {
		a.t.Fatal(err)
	}
}

// offers are the outcomes of offering an order's release, by the journal.
func (a *announcer) offers(id plant.OrderID) (list []simulators.Outcome) {
	for _, r := range a.rig.Plan.Journal.Records() {
		if o, ok := r.Body.(evidence.Offer); ok && slices.Contains(o.Facts, plant.EventID(plant.Natural(released(a.rig, id)))) {
			list = append(list, o.Result.Outcome)
		}
	}
	return list
}

func (a *announcer) until(what string, is func() bool) {
	a.t.Helper()
	over := time.After(much)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !a.is(is) {
		select {
		case <-tick.C:
		case <-over:
			a.sub.note(func() { a.t.Fatalf("in vain: %s; the subscriber has %+v", what, a.sub.got) })
		}
	}
}

func (a *announcer) is(what func() bool) (so bool) {
	a.sub.note(func() { so = what() })
	return so
}

// three has three orders announced, the first two of them with the fault armed, if
// there is one, and waits until that is over.
func (a *announcer) three(fault string) (of trio) {
	a.t.Helper()
	a.sub.anew()
	for i := range of {
		a.last++
		of[i] = numbered(a.nth, a.last)
	}
	if fault != "" {
		if err := a.rig.Arm(a.t.Context(), fault); err != nil {
			a.t.Fatal(err)
		}
	}
	a.release(of[0])
	if fault != "" {
		a.until("it strikes at the ERP", func() bool { return struckAt(a.rig, fault)["erp"] > 0 })
	}
	a.release(of[1])
	a.until("the second is offered", func() bool { return len(a.offers(of[1])) > 0 })
	if fault != "" {
		a.rig.Heal(fault)
	}
	a.release(of[2])
	a.until("the last is heard", func() bool { return len(a.sub.deliveries(of[2])) > 0 })
	a.until("the ERP has nothing to announce", func() bool { return a.erp.Waiting() == 0 })
	return of
}

// see observes a fault: it is met while it is armed and neither before nor
// afterwards, and both the journal and the ERP know of it.
func (a *announcer) see(c brokerCase) {
	a.t.Helper()
	a.calm("before it", c)
	struck := a.three(c.fault)
	a.until("it is met", func() bool { return c.meets(a.sub, struck) })
	a.until("its offers end as "+c.offers, func() bool { return fmt.Sprint(a.offers(struck[0])) == c.offers })
	a.calm("when it was healed", c)
	if at := struckAt(a.rig, c.fault); len(at) != 1 || at["erp"] == 0 {
		a.t.Errorf("the journal says that it struck %v", at)
	}
}

// calm sees that a fault which is not armed is not met.
func (a *announcer) calm(when string, c brokerCase) {
	a.t.Helper()
	of := a.three("")
	a.sub.note(func() {
		if c.meets(a.sub, of) {
			a.t.Errorf("met %s: %+v", when, a.sub.got)
		}
	})
	for _, o := range of {
		if got := fmt.Sprint(a.offers(o)); got != taken {
			a.t.Errorf("%s the offers of an order end as %s", when, got)
		}
	}
}

// visitBrokers has somebody subscribe to what the ERP of each dialect announces
// through either broker, under each fault that can befall it there.
func visitBrokers(t *testing.T, m *below) {
	for _, part := range catalog.Standard().Dialects {
		d := part.New()
		t.Run(part.Name, func(t *testing.T) {
			t.Parallel()
			var both sync.WaitGroup // most of their time goes by while a broker waits
			defer both.Wait()
			for broker, cases := range brokerCases {
				if excusedBroker(d) != "" {
					refusesBroker(t, part.Name, broker)
					continue
				}
				both.Go(func() {
					t.Run(broker, func(t *testing.T) {
						a := newAnnouncer(t, part.Name, d, broker)
						for i, c := range cases {
							if t.Run(c.fault, func(t *testing.T) { a.during(t, i).see(c) }) {
								m.saw(c.fault, part.Name, "")
							}
						}
					})
				})
			}
		})
	}
}

// refusesBroker checks that no ERP of a dialect may announce through a broker.
func refusesBroker(t *testing.T, dialect, broker string) {
	t.Helper()
	_, err := brokerRig(dialect, broker, "")
	if err == nil || !strings.Contains(err.Error(), "transport") {
		t.Errorf("an ERP that announces through %s is not refused: %v", broker, err)
	}
}

// excusedBroker says why no ERP of a dialect announces through a broker; "" if it
// may.
func excusedBroker(d simulators.Dialect) string {
	_, rows := d.(simulators.Tabular)
	_, kept := d.(files.Dialect)
	switch {
	case rows:
		return "rows are moved, and no messages through a broker"
	case kept:
		return "files are moved, and no messages through a broker"
	}
	return ""
}
