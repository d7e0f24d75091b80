package mqtt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/andon-rig/andon/simulators"
)

// Broker is an embedded MQTT broker, 3.1.1 and 5, on the loopback interface.
// It knows of each message that transports publish through it which client has
// acknowledged it, and it can do to one what befalls messages at brokers.
type Broker struct {
	server *mochi.Server
	url    string

	mu      sync.Mutex // guards what follows
	last    uint64     // number of the newest parcel
	order   int64      // how many packets were published
	parcels map[string]*parcel
	packets map[packet]*parcel // by what their receiver acknowledges
	acked   map[packet]*parcel // whose acknowledgement the broker is about to deal with
	idle    map[string]*parcel // that nobody waits for at the moment, by what they say
	stale   map[string]*parcel // that wait for a subscriber to be given what was retained, by topic
	known   []string           // topics that somebody has been subscribed to
	shut    time.Time          // until then no client is let in …
	guest   string             // … but for the one at this address, which is ours
	subs    int                // names subscriptions of our own
}

// packet is how a client names what it was sent.
type packet struct {
	client string
	id     uint16
}

// StartBroker starts a broker at listen; "" is a free port of the loopback
// interface. What it keeps it keeps in memory, as long as it runs.
func StartBroker(listen string) (*Broker, error) {
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("start event broker: %w", err)
	}
	c := mochi.NewDefaultServerCapabilities()
	c.Compatibilities.NoInheritedPropertiesOnAck = true // some clients take properties of a PUBACK that are not its own for garbage
	c.MaximumMessageExpiryInterval = 0                  // none that the publisher did not ask for
	c.MaximumInflight, c.MaximumClientWritesPending = math.MaxUint16, math.MaxUint16
	b := &Broker{
		server: mochi.New(&mochi.Options{InlineClient: true, Capabilities: c, SysTopicResendInterval: int64(24 * time.Hour / time.Second), Logger: slog.New(slog.DiscardHandler)}),
		url:    "mqtt://" + l.Addr().String(), parcels: map[string]*parcel{}, packets: map[packet]*parcel{}, acked: map[packet]*parcel{}, idle: map[string]*parcel{}, stale: map[string]*parcel{},
	}
	if err := errors.Join(b.server.AddHook(&hook{broker: b}, nil), b.server.AddListener(newDoor(b.server, l)), b.server.Serve()); err != nil {
		return nil, fmt.Errorf("start event broker: %w", errors.Join(err, l.Close()))
	}
	return b, nil
}

// URL is where clients connect.
func (b *Broker) URL() string { return b.url }

// Subscribed reports whether anybody has subscribed to topic.
func (b *Broker) Subscribed(topic string) bool { return len(b.subscribers(topic).clients) > 0 }

// Dropped is how many messages of QoS 1 and 2 the broker has dropped, because a
// subscriber was too far behind.
func (b *Broker) Dropped() int64 {
	return atomic.LoadInt64(&b.server.Info.InflightDropped) + atomic.LoadInt64(&b.server.Info.MessagesDropped)
}

// Close ends the broker and its connections.
func (b *Broker) Close() error { return b.server.Close() }

// A publication is what a transport has the broker pass on.
type publication struct {
	topic    string
	payload  []byte
	header   map[string]string
	qos      byte
	retain   bool
	answerTo []byte // correlation data of what it replies to
}

// A parcel is a publication until its receiver has acknowledged it.
type parcel struct {
	publication
	number string             // marks its packets inside the broker
	mishap *simulators.Mishap // nil if none is to happen
	lost   bool               // an acknowledgement of it, as its mishap wants
	heard  chan simulators.Result
	client string        // whose session holds it
	on     *mochi.Client // the connection it was written to last; nil if none yet
}

// patience is how long a sender waits for an acknowledgement before it says
// that it knows none. The broker goes on trying.
const patience = 5 * time.Second

// deliver publishes p, unless it is still on its way from an earlier call, and
// waits for the acknowledgement of its receiver. What stands for the identity
// of the message, in repetitions too.
func (b *Broker) deliver(ctx context.Context, what string, p publication, mishap *simulators.Mishap) simulators.Result {
	b.mu.Lock()
	old := b.idle[what]
	delete(b.idle, what)
	if old != nil {
		old.mishap, old.lost = mishap, false
		b.mu.Unlock()
		return b.await(ctx, what, old)
	}
	b.last++
	c := newParcel(p, b.last)
	c.mishap = mishap
	b.parcels[c.number] = c
	b.mu.Unlock()
	if mishap != nil && mishap.Kind == simulators.Resubscribed {
		return b.resubscribed(ctx, c)
	}
	to := b.subscribers(p.topic)
	if r, ok := b.nobody(to, p.topic); ok {
		b.forget(c)
		return r
	}
	b.before(c, to)
	b.publish(c)
	b.after(c)
	if p.qos == 0 || to.qos == 0 {
		b.forget(c)
		return simulators.Result{Outcome: simulators.Unknown, LetGo: true, Text: "sent at QoS 0: nobody acknowledges it"}
	}
	return b.await(ctx, what, c)
}

// newParcel has room for what is heard of it before anybody listens: that an
// acknowledgement was lost, and the one that came right after on another
// connection.
func newParcel(p publication, number uint64) *parcel {
	return &parcel{publication: p, number: mark + strconv.FormatUint(number, 10), heard: make(chan simulators.Result, 2)}
}

// publish hands c to those who subscribe to its topic.
func (b *Broker) publish(c *parcel) {
	if c.mishap != nil && c.mishap.Kind == simulators.WillSent {
		b.die(c)
		return
	}
	_ = b.server.InjectPacket(b.inline(), c.packet()) // an inline client's publication is not refused
}

// inline is the client under whose name the broker publishes what it is given.
func (b *Broker) inline() *mochi.Client {
	c, _ := b.server.Clients.Get(mochi.InlineClientId)
	return c
}

// packet is c as the broker takes it.
func (c *parcel) packet() packets.Packet {
	pk := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: c.qos, Retain: c.retain}, TopicName: c.topic, Payload: c.payload,
		PacketID: uint16(c.qos), // never sent; it must only be there
	}
	pk.Connect.ClientIdentifier = c.number // not on the wire either, and in every copy the broker makes
	pk.Properties.CorrelationData = c.answerTo
	for k, v := range c.header {
		if k == contentType {
			pk.Properties.ContentType = v
			continue
		}
		pk.Properties.User = append(pk.Properties.User, packets.UserProperty{Key: k, Val: v})
	}
	return pk
}

// await waits until c is acknowledged, refused or lost with its session.
func (b *Broker) await(ctx context.Context, what string, c *parcel) simulators.Result {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	look := time.NewTicker(250 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case r := <-c.heard:
			if r.Text == ackLost {
				b.keep(what, c)
			}
			return r
		case <-look.C:
			b.again(c)
		case <-limit.C:
			return b.unheard(what, c, "no acknowledgement within "+patience.String())
		case <-ctx.Done():
			return b.unheard(what, c, ctx.Err().Error())
		}
	}
}

// keep notes that c is still on its way although nobody waits for it now.
func (b *Broker) keep(what string, c *parcel) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.idle[what] = c
}

// unheard is what is known of c when it is waited for no longer.
func (b *Broker) unheard(what string, c *parcel, why string) simulators.Result {
	b.keep(what, c)
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.on == nil {
		return simulators.Result{Outcome: simulators.Undelivered, Text: "it waits in the broker for the session of " + c.client}
	}
	return simulators.Result{Outcome: simulators.Unknown, Text: why}
}

// again publishes c anew if the broker has lost it: what is published while a
// client connects again may go to the session that it has just left, and what
// is published while a session ends to one that has dropped what it held.
func (b *Broker) again(c *parcel) {
	b.mu.Lock()
	client, on := c.client, c.on
	b.mu.Unlock()
	cl, ok := b.server.Clients.Get(client)
	if !ok && client != "" {
		b.ended(c, client)
	}
	if !ok || cl.Closed() || cl == on {
		return
	}
	for _, pk := range cl.State.Inflight.GetAll(false) {
		if number(pk) == c.number {
			return
		}
	}
	_ = b.server.InjectPacket(b.inline(), c.packet())
}

// ended tells that the session which held c is no more.
func (b *Broker) ended(c *parcel, client string) {
	b.forget(c)
	c.tell(simulators.Result{Outcome: simulators.Accepted, Text: "the broker took it; the session of " + client + " ended, and what it had not acknowledged with it"})
}

// forget gives up knowing of c.
func (b *Broker) forget(c *parcel) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.parcels, c.number)
	for k, p := range b.packets {
		if p == c {
			delete(b.packets, k)
		}
	}
}

// audience is who subscribes to a topic.
type audience struct {
	clients []string
	qos     byte // the best that one of them asked for
}

func (b *Broker) subscribers(topic string) (a audience) {
	subs := b.server.Topics.Subscribers(topic)
	add := func(client string, s packets.Subscription) {
		a.clients = append(a.clients, client)
		a.qos = max(a.qos, s.Qos)
	}
	for client, s := range subs.Subscriptions {
		add(client, s)
	}
	for _, group := range subs.Shared {
		for client, s := range group {
			add(client, s)
		}
	}
	return a
}

// nobody says what becomes of a message without subscribers. Before the first
// one has come its publisher waits. Later it is as with any broker: it takes
// the message over, and a SUT whose session ended with its connection never
// gets it.
func (b *Broker) nobody(to audience, topic string) (simulators.Result, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := false
	for _, t := range b.known {
		seen = seen || t == topic
	}
	switch {
	case len(to.clients) > 0:
		if !seen {
			b.known = append(b.known, topic)
		}
		return simulators.Result{}, false
	case seen:
		return simulators.Result{Outcome: simulators.Accepted, Text: "the broker took it, and the SUT has no session that would keep it"}, true
	}
	return simulators.Result{Outcome: simulators.Unavailable, Class: simulators.Technical, Text: "nobody has subscribed to " + topic + " yet"}, true
}

// subscribe calls do with every publication that matches filter, until cancel.
func (b *Broker) subscribe(filter string, do func(publication, string)) (cancel func(), err error) {
	b.mu.Lock()
	b.subs++
	id := b.subs
	b.mu.Unlock()
	err = b.server.Subscribe(filter, id, func(_ *mochi.Client, _ packets.Subscription, pk packets.Packet) {
		header := map[string]string{}
		for _, u := range pk.Properties.User {
			header[u.Key] = u.Val
		}
		if pk.Properties.ContentType != "" {
			header[contentType] = pk.Properties.ContentType
		}
		do(publication{topic: pk.TopicName, payload: pk.Payload, header: header, qos: pk.FixedHeader.Qos, answerTo: pk.Properties.CorrelationData}, pk.Properties.ResponseTopic)
	})
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", filter, err)
	}
	return func() { _ = b.server.Unsubscribe(filter, id) }, nil
}

// reply publishes the answer to a request.
func (b *Broker) reply(p publication) error {
	c := &parcel{publication: p}
	return b.server.InjectPacket(b.inline(), c.packet())
}

// mark begins the number of every parcel.
const mark = "andon#"

// number is what marks a packet; "" if it is none of ours. A will is known by
// who has died.
func number(pk packets.Packet) string {
	for _, n := range []string{pk.Connect.ClientIdentifier, pk.Origin} {
		if strings.HasPrefix(n, mark) {
			return n
		}
	}
	return ""
}

// ours finds the parcel of a packet; nil if it is none of ours. b.mu is held.
func (b *Broker) ours(pk packets.Packet) *parcel {
	n := number(pk)
	if n == "" || pk.FixedHeader.Type != packets.Publish {
		return nil
	}
	if c := b.stale[pk.TopicName]; c != nil && pk.FixedHeader.Retain {
		return c
	}
	return b.parcels[n]
}
