package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// subscriber takes what the systems announce from an MQTT broker, 3.1.1, at
// QoS 1 and with a session that outlives its connections. A message is
// acknowledged when it is stored; until then the broker delivers it again
// whenever the bridge comes back.
//
// QoS 1 means at least once: the broker may deliver again what was
// acknowledged, and its DUP flag says neither that a message is known nor that
// it is new. What was taken is known by its event, as from everywhere else.
type subscriber struct {
	url    string
	inbox  *inbox
	log    *slog.Logger
	defect Defect

	delivered recounted // M55
}

// clientID names the session: another one would find nothing of what waits.
const clientID = "bridge"

// statusTopic ends the topics on which a broker says whether a system is
// connected. They tell nothing about the plant.
const statusTopic = "status"

// run takes messages until ctx is done.
func (s *subscriber) run(ctx context.Context) error {
	o := mqtt.NewClientOptions().AddBroker(s.url).SetClientID(clientID).SetProtocolVersion(4).SetCleanSession(false).
		SetAutoReconnect(true).SetConnectRetry(true).SetConnectRetryInterval(100 * time.Millisecond).SetMaxReconnectInterval(200 * time.Millisecond).
		SetOrderMatters(true).SetAutoAckDisabled(true).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { s.take(ctx, m) }).
		SetOnConnectHandler(func(c mqtt.Client) { go s.subscribe(c) }).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { s.log.Warn("events", "error", err) })
	client := mqtt.NewClient(o)
	defer client.Disconnect(50)
	client.Connect() // goes on trying by itself
	<-ctx.Done()
	return nil
}

// subscribe asks for what the systems announce. The broker knows already if the
// session was there; to ask again does no harm.
func (s *subscriber) subscribe(c mqtt.Client) {
	t := c.SubscribeMultiple(map[string]byte{"andon/erp/#": 1, "andon/mes/#": 1, "andon/machines/#": 1}, nil)
	if t.WaitTimeout(5*time.Second) && t.Error() != nil {
		s.log.Warn("subscribe", "error", t.Error())
	}
}

// take stores a message and acknowledges it. The client calls it for one after
// the other, so that they stay in sequence.
func (s *subscriber) take(ctx context.Context, m mqtt.Message) {
	parts := strings.SplitN(m.Topic(), "/", 3)
	if len(parts) != 3 || other[parts[1]] == "" || parts[2] == statusTopic {
		m.Ack()
		return
	}
	for fails := 0; ctx.Err() == nil; fails++ {
		err := s.store(ctx, parts[1], parts[2], m.Payload())
		if err == nil {
			m.Ack()
			return
		}
		s.log.Warn("take event", "topic", m.Topic(), "error", err)
		sleep(ctx, backoff(fails+1))
	}
}

func (s *subscriber) store(ctx context.Context, from, name string, body []byte) error {
	for s.inbox.full() && ctx.Err() == nil {
		sleep(ctx, idle)
	}
	var bad []report
	items, err := s.inbox.open(from, name, "", body) // MQTT 3.1.1 has no headers: the body names the event
	if err != nil {                                  // there is nobody to refuse it to
		bad = append(bad, unreadable(name, eventOf(body), err))
	}
	if s.defect == M55 {
		s.delivered.count(items)
	}
	if err := s.inbox.accept(ctx, items, func(w *writer) error { return w.reports(bad) }); err != nil {
		return err
	}
	if len(bad) > 0 {
		s.inbox.teller.poke()
	}
	return nil
}

// recounted is defect M55, of any broker: what it delivers again, because it did
// not hear that it was taken, is taken for another message. It tells how often
// each event was delivered.
type recounted map[string]int

func (r recounted) count(items []*item) {
	for _, it := range items {
		r[it.Event]++
		if n := r[it.Event]; n > 1 {
			it.Event += fmt.Sprint("#", n) // DEFECT M55: nobody has seen this one
			it.idem = digest(it.to + " " + it.Event)
		}
	}
}

// reference is where a message names its event.
var reference = regexp.MustCompile(`"ReferenceID"\s*:\s*("(?:[^"\\]|\\.)*")`)

// eventOf names the event of a message that cannot be taken apart, if at least
// that can be read. A message that is cut off may have named it before.
func eventOf(body []byte) string {
	var m map[string]struct {
		ApplicationArea struct{ Sender struct{ ReferenceID string } }
	}
	if json.Unmarshal(body, &m) == nil {
		for _, t := range m {
			return t.ApplicationArea.Sender.ReferenceID
		}
	}
	var event string
	if found := reference.FindSubmatch(body); found != nil {
		_ = json.Unmarshal(found[1], &event) // text in quotes, or nothing
	}
	return event
}
