package faults

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// This file holds what befalls announcements at the broker they go through:
// trouble that no link could make, because the broker itself repeats, keeps and
// forgets. A fault asks for it, the embedded broker carries it out on the SUT's
// own connection.

// brokers lists the faults of this file, and those of JetStream.
func brokers() []Info {
	return append([]Info{
		{
			Name: "ack-lost", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"SYS-08", "FLT-02", "CTL-01", "CTL-04"},
			Doc:       "the SUT acknowledges an announcement to the broker, and the acknowledgement is lost",
			Observed:  "the same message again: over MQTT after a broken connection and with DUP, over JetStream after AckWait with a higher delivery count",
			Needs:     "an endpoint that announces through a broker Andon started (transport: mqtt at qos 1 or 2, or nats)",
			Tolerates: "one effect for each fact",
			New:       func() chaos.Fault { return &AckLost{} },
		}, {
			Name: "session-takeover", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"SYS-08", "FLT-01", "CTL-05"},
			Doc:       "another client connects under the SUT's client id and is sent the message first",
			Observed:  "the connection closes (MQTT 5: DISCONNECT 0x8E); after reconnecting a message with DUP that was never seen before",
			Needs:     "an endpoint that announces through an MQTT broker Andon started (transport: mqtt at qos 1 or 2)",
			Tolerates: "connects again; nothing is taken for known because of DUP; each fact once",
			New:       func() chaos.Fault { return &SessionTakeover{Stay: Wall(200 * time.Millisecond)} },
		}, {
			Name: "stale-retained", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"SYS-08", "FLT-02", "CTL-03"},
			Doc:       "an announcement is retained by the broker and comes once more when the SUT subscribes again",
			Observed:  "a broken connection, then an old message with the retain flag, after newer ones",
			Needs:     "an endpoint that announces through an MQTT broker Andon started (transport: mqtt), and a SUT that subscribes at each connect",
			Tolerates: "one effect for each fact; no newer state overwritten",
			New:       func() chaos.Fault { return &StaleRetained{For: Wall(500 * time.Millisecond)} },
		}, {
			Name: "will-message", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"SYS-08", "FLT-01"},
			Doc:       "the connection of a system to the broker breaks, and the broker publishes its will",
			Observed:  `"offline" on andon/<endpoint>/status, between announcements`,
			Needs:     "an endpoint that announces through an MQTT broker Andon started (transport: mqtt)",
			Tolerates: "nothing posted or reported for it; announcements go on being taken",
			New:       func() chaos.Fault { return &WillMessage{Says: "offline"} },
		}, {
			Name: "queue-overflow", Layer: Application, Requirements: []string{"SYS-08", "FLT-01", "CTL-06"},
			Doc:       "the SUT is cut off from the broker, which keeps a few messages for it and loses the rest",
			Observed:  "connections refused for a time, then a gap: later messages of an order without the earlier ones",
			Needs:     "an endpoint that announces through an MQTT broker Andon started (transport: mqtt at qos 1 or 2)",
			Tolerates: "what was kept is posted once; what cannot be posted without what was lost is reported; nothing is made up",
			New:       func() chaos.Fault { return &QueueOverflow{Keep: 4, For: Wall(time.Second)} },
		},
	}, jetstream()...)
}

// Faults of brokers.
var _ = []chaos.Brokered{&AckLost{}, &SessionTakeover{}, &StaleRetained{}, &WillMessage{}, &QueueOverflow{}}

// befall has kind happen to d at the broker.
func befall(d *chaos.Delivery, kind simulators.MishapKind, long Wall) {
	d.Message.Mishap = &simulators.Mishap{Kind: kind, For: long.d()}
}

// announced reports whether d is an announcement whose fate is still open.
func open(d chaos.Delivery) bool {
	return d.Direction == simulators.ToSUT && !d.Message.Kept && !d.Decided() && d.Message.Mishap == nil
}

// AckLost has the SUT take an announcement and its acknowledgement not reach
// the broker, which therefore delivers the message again: over MQTT with the
// DUP flag when the SUT has connected again, over JetStream when its time to
// acknowledge has passed.
//
// Layer A: a connection that breaks between the acknowledgement and the broker.
// Whoever counts deliveries instead of messages counts one too many. At QoS 2 it
// is the PUBREC that is lost; a client's library may keep the second delivery to
// itself, and that of Paho for Go does not.
type AckLost struct {
	_ byte // so that each link's instance is one of its own
}

// Apply implements [chaos.Fault].
func (f *AckLost) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if open(d) {
		befall(&d, simulators.AckLost, 0)
		d.LoseReply = &simulators.LostError{Symptom: simulators.Reset}
		d.What = "delivered, and the SUT's acknowledgement lost: the broker delivers it again"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *AckLost) Validate() error { return nil }

// Mishaps implements [chaos.Brokered].
func (f *AckLost) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.AckLost}
}

// SessionTakeover has somebody else connect under the SUT's client id. The SUT
// loses its connection, and the message is sent to the stranger first; when the
// SUT is back it gets it with the DUP flag, although it never saw it before.
//
// Layer A: two instances with one client id, a test system with the settings of
// the productive one. Observed as a connection that closes again and again
// (MQTT 5: DISCONNECT with reason 0x8E).
type SessionTakeover struct {
	Stay Wall `yaml:"stay" doc:"how long the other one stays, unless the SUT comes back before"`
}

// Apply implements [chaos.Fault].
func (f *SessionTakeover) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if open(d) {
		befall(&d, simulators.TakenOver, f.Stay)
		d.What = "the SUT's session taken over by another client of its id, who is sent the message first"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *SessionTakeover) Validate() error {
	if f.Stay <= 0 {
		return errors.New("stay: the other client must be there for some time")
	}
	return nil
}

// Mishaps implements [chaos.Brokered].
func (f *SessionTakeover) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.TakenOver}
}

// StaleRetained publishes an announcement with the retain flag, and later cuts
// the SUT's connection: a SUT that subscribes again is given the old message
// once more, as if it were news.
//
// Layer A: a publisher that retains what is no state, a broker that keeps
// messages for new subscribers. Observed as a message with the retain flag,
// long after newer ones. It strikes only a SUT that subscribes at each connect.
type StaleRetained struct {
	For Wall `yaml:"for" doc:"from the announcement until it comes once more"`
}

// Apply implements [chaos.Fault].
func (f *StaleRetained) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if !open(d) {
		return []chaos.Delivery{d}
	}
	again := d
	befall(&d, simulators.Retained, 0)
	d.What = "retained by the broker, and delivered once more when the SUT subscribes again"
	befall(&again, simulators.Resubscribed, 0)
	again.After += f.For.d()
	return []chaos.Delivery{d, again}
}

// Validate says what is wrong with the settings.
func (f *StaleRetained) Validate() error {
	if f.For <= 0 {
		return errors.New("for: a message is stale after some time only")
	}
	return nil
}

// Mishaps implements [chaos.Brokered].
func (f *StaleRetained) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.Retained, simulators.Resubscribed}
}

// WillMessage has the broker publish, next to an announcement, the will of its
// publisher: "offline" on the topic status.
//
// Layer A: the connection of a gateway or machine to the broker breaks. Observed
// as a message on andon/<endpoint>/status that states nothing of the plant, and
// whose sender may go on announcing a moment later.
type WillMessage struct {
	Says string `yaml:"says" doc:"the body of the will"`
}

// status is what the name of such a message is.
const status = "status"

// Apply implements [chaos.Fault].
func (f *WillMessage) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if !open(d) {
		return []chaos.Delivery{d}
	}
	d.What = "beside it the will of its publisher: " + f.Says
	will := d
	will.Message = simulators.Message{ID: d.Message.ID, Verb: d.Message.Verb, Name: status, Key: status + "/" + d.Message.Key, Body: []byte(f.Says)}
	befall(&will, simulators.WillSent, 0)
	return []chaos.Delivery{d, will}
}

// Validate says what is wrong with the settings.
func (f *WillMessage) Validate() error { return nil }

// Mishaps implements [chaos.Brokered].
func (f *WillMessage) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.WillSent}
}

// QueueOverflow cuts the SUT off and lets the broker keep only a few messages
// for it. What does not fit is lost: its publisher was told that the broker has
// it.
//
// Layer A: a limit of queued messages (mosquitto keeps 1,000 by default), and a
// SUT that is away for longer than that takes. Observed as a gap: later messages
// of an order without the earlier ones. Which messages are lost depends on when
// they are announced.
type QueueOverflow struct {
	Keep int  `yaml:"keep" doc:"how many messages fit"`
	Skip int  `yaml:"skip" doc:"how many pass first"`
	For  Wall `yaml:"for" doc:"how long the SUT is cut off"`

	window window
	kept   int
}

// Apply implements [chaos.Fault].
func (f *QueueOverflow) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if !open(d) {
		return []chaos.Delivery{d}
	}
	first := !f.window.open
	if !f.window.hits(d.Sent, f.Skip, f.For) {
		return []chaos.Delivery{d}
	}
	f.kept++
	switch {
	case first:
		befall(&d, simulators.Offline, f.For)
		d.What = "the SUT cut off for " + f.For.d().String() + "; the message waits for it"
	case f.kept > f.Keep:
		d.Instead = &simulators.Message{Result: simulators.Result{Outcome: simulators.Accepted, Text: "the queue of the SUT's session was full"}}
		d.What = "lost: the queue of the SUT's session was full, and its publisher was told that the broker has it"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *QueueOverflow) Validate() error {
	if f.Keep < 1 {
		return errors.New("keep: at least the message that finds the SUT away must fit")
	}
	if f.For <= 0 || f.For.d() > time.Minute {
		return errors.New("for: the SUT is cut off for some time, at most a minute")
	}
	return validWindow(f.Skip, f.For)
}

// Mishaps implements [chaos.Brokered].
func (f *QueueOverflow) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.Offline}
}
