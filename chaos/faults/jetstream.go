package faults

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// This file holds what befalls announcements on a stream of NATS JetStream,
// besides the lost acknowledgement that every broker knows.

const ofNATS = "an endpoint that announces through a NATS broker Andon started (transport: nats)"

func jetstream() []Info {
	return []Info{
		{
			Name: "delivery-lost", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"SYS-08", "FLT-01", "FLT-09", "CTL-23"},
			Doc:       "a delivery is lost on its way to the SUT, and the broker delivers the message again after AckWait",
			Observed:  "a message whose first sight is a redelivery (delivery count 2), behind later ones unless the consumer allows only one to be unacknowledged",
			Needs:     ofNATS,
			Tolerates: "each fact once; those of one order in their sequence, or the final state is that of the right order",
			New:       func() chaos.Fault { return &DeliveryLost{} },
		}, {
			Name: "delivery-given-up", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"SYS-08", "CTL-01", "CTL-05"},
			Doc:       "the SUT's acknowledgement is lost, and the broker gives the message up instead of delivering it again",
			Observed:  "an acknowledgement that nobody confirms (DoubleAck times out), and no redelivery: the only delivery there was must do",
			Needs:     ofNATS,
			Tolerates: "one effect for each fact",
			New:       func() chaos.Fault { return &DeliveryGivenUp{} },
		}, {
			Name: "slow-consumer", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"SYS-08", "FLT-01", "CTL-05", "CTL-24"},
			Doc:       "the broker takes the SUT for a slow consumer and closes its connection once it has been sent a message",
			Observed:  "the connection closes right behind a delivery; the acknowledgement goes out on the next connection or the message comes again",
			Needs:     ofNATS,
			Tolerates: "connects again; each fact once",
			New:       func() chaos.Fault { return &SlowConsumer{} },
		}, {
			Name: "leader-change", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"SYS-08", "FLT-01", "CTL-05", "CTL-23"},
			Doc:       "the consumer's leader changes once the SUT has been sent a message, and its acknowledgement is lost with the old one",
			Observed:  "409 Leadership Change on the request for messages, which is void (nats.go: ErrConsumerLeadershipChanged); the message comes again after AckWait",
			Needs:     ofNATS,
			Tolerates: "asks again; each fact once",
			New:       func() chaos.Fault { return &LeaderChange{} },
		}, {
			Name: "broker-restart", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"SYS-08", "FLT-01", "CTL-05", "CTL-06"},
			Doc:       "the broker stops once it has an announcement, and starts again from its disk",
			Observed:  "all connections close and none is let in for a time; streams and durable consumers are there afterwards, and so is what was not acknowledged",
			Needs:     ofNATS,
			Tolerates: "connects again; goes on where it was; each fact once",
			New:       func() chaos.Fault { return &BrokerRestart{For: Wall(300 * time.Millisecond)} },
		}, {
			Name: "ack-before-durable", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"SYS-08", "FLT-01", "FLT-11", "CTL-05"},
			Doc:       "the broker confirms an announcement to its publisher, loses its power before it has it on its disk, and starts again without it",
			Observed:  "all connections close; afterwards a gap: later messages of an order without the one that was lost",
			Needs:     ofNATS,
			Tolerates: "what was kept is posted once; what cannot be posted without what was lost is reported; nothing is made up",
			New:       func() chaos.Fault { return &AckBeforeDurable{For: Wall(300 * time.Millisecond)} },
		},
	}
}

// Faults of JetStream.
var _ = []chaos.Brokered{&DeliveryLost{}, &DeliveryGivenUp{}, &SlowConsumer{}, &LeaderChange{}, &BrokerRestart{}, &AckBeforeDurable{}}

// DeliveryLost loses one delivery of an announcement on its way to the SUT.
// Later announcements, also those of the same order, are put on the stream
// meanwhile: JetStream keeps no sequence across redeliveries, unless a consumer
// allows no more than one message to be unacknowledged.
//
// Layer A: a pull request that the client gave up while its message was under
// way, a connection that breaks under a delivery. Observed as a message whose
// first sight is a redelivery, behind later ones.
type DeliveryLost struct {
	_ byte // so that each link's instance is one of its own
}

// Apply implements [chaos.Fault].
func (f *DeliveryLost) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if open(d) {
		befall(&d, simulators.DeliveryLost, 0)
		d.What = "its first delivery lost: the broker delivers it again when its time to be acknowledged has passed"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *DeliveryLost) Validate() error { return nil }

// Mishaps implements [chaos.Brokered].
func (f *DeliveryLost) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.DeliveryLost}
}

// DeliveryGivenUp loses the acknowledgement of an announcement, and the broker
// delivers it no more, as it does when max_deliver is reached. Nothing comes
// again for a SUT that undoes what it has not been confirmed.
//
// Layer A: a consumer with max_deliver 1, an operator who terminates a message.
// Observed as an acknowledgement without a confirmation, where one was asked
// for, and by nobody else. The broker says so on
// $JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.
type DeliveryGivenUp struct {
	_ byte // so that each link's instance is one of its own
}

// Apply implements [chaos.Fault].
func (f *DeliveryGivenUp) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if open(d) {
		befall(&d, simulators.GivenUp, 0)
		d.What = "delivered, the SUT's acknowledgement lost, and given up by the broker: it does not come again"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *DeliveryGivenUp) Validate() error { return nil }

// Mishaps implements [chaos.Brokered].
func (f *DeliveryGivenUp) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.GivenUp}
}

// SlowConsumer closes the connection of the SUT right behind a delivery, as a
// broker does whose send buffer for it is full.
//
// Layer A: a client that does not read while it works. Observed as a connection
// that closes without a word; what is still in the client's buffers may be taken
// and acknowledged later, or the message comes again.
type SlowConsumer struct {
	_ byte // so that each link's instance is one of its own
}

// Apply implements [chaos.Fault].
func (f *SlowConsumer) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if open(d) {
		befall(&d, simulators.TooSlow, 0)
		d.What = "the SUT's connection closed by the broker right behind its delivery"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *SlowConsumer) Validate() error { return nil }

// Mishaps implements [chaos.Brokered].
func (f *SlowConsumer) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.TooSlow}
}

// LeaderChange has another server of the cluster lead the consumer once the SUT
// has been sent an announcement.
//
// Layer A: a node that is drained, an election after a partition. Observed as
// the status 409 Leadership Change right behind the delivery, which makes the
// request for messages void; the acknowledgement reaches nobody who remembers
// it, so that the message comes again. A push consumer only sees the latter.
type LeaderChange struct {
	_ byte // so that each link's instance is one of its own
}

// Apply implements [chaos.Fault].
func (f *LeaderChange) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if open(d) {
		befall(&d, simulators.LeaderChanged, 0)
		d.What = "delivered by a leader that changed right behind it: the SUT's request is void and its acknowledgement lost; the broker delivers it again"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *LeaderChange) Validate() error { return nil }

// Mishaps implements [chaos.Brokered].
func (f *LeaderChange) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.LeaderChanged}
}

// BrokerRestart stops the broker once it has an announcement and starts it again
// from its disk.
//
// Layer A: an upgrade, a node that is drained. Observed as connections that
// close and are refused for a time. Streams and durable consumers outlive it,
// consumers in memory do not.
type BrokerRestart struct {
	For Wall `yaml:"for" doc:"how long the broker is away"`
}

// Apply implements [chaos.Fault].
func (f *BrokerRestart) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if open(d) {
		befall(&d, simulators.Restarted, f.For)
		d.What = "the broker stopped once it had it, and back from its disk after " + f.For.d().String()
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *BrokerRestart) Validate() error { return validAbsence(f.For) }

// Mishaps implements [chaos.Brokered].
func (f *BrokerRestart) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.Restarted}
}

// validAbsence bounds how long a broker is away.
func validAbsence(w Wall) error {
	if w <= 0 || w.d() > time.Minute {
		return errors.New("for: the broker is away for some time, at most a minute")
	}
	return nil
}

// AckBeforeDurable tells the publisher of an announcement that the broker has
// it, and restarts the broker without it.
//
// Layer A: JetStream confirms what its disk may get only at the next flush, two
// minutes later by default (jepsen.io/analyses/nats-2.12.1). Observed as a gap
// behind a broken connection: later messages of an order without the one that was lost, which
// nobody will send again. The message is never on the stream, so that its place
// there is the next one's, as it is after a real loss.
type AckBeforeDurable struct {
	For Wall `yaml:"for" doc:"how long the broker is away"`
}

// Apply implements [chaos.Fault].
func (f *AckBeforeDurable) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if !open(d) {
		return []chaos.Delivery{d}
	}
	d.What = "confirmed to its publisher by a broker that was restarted without it"
	power := d
	power.Message = simulators.Message{ID: d.Message.ID, Verb: d.Message.Verb, Name: d.Message.Name, Key: "restart/" + d.Message.Key}
	befall(&power, simulators.Undurable, f.For)
	d.Instead = &simulators.Message{Result: simulators.Result{Outcome: simulators.Accepted, Text: "the broker had it in memory only"}}
	return []chaos.Delivery{d, power}
}

// Validate says what is wrong with the settings.
func (f *AckBeforeDurable) Validate() error { return validAbsence(f.For) }

// Mishaps implements [chaos.Brokered].
func (f *AckBeforeDurable) Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.Undurable}
}
