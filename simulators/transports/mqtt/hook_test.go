package mqtt

import (
	"errors"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/andon-rig/andon/simulators"
)

// TestAQuickClientIsHeard: it is back with another acknowledgement before the
// sender has looked at how the first one was lost.
func TestAQuickClientIsHeard(t *testing.T) {
	c := newParcel(publication{topic: "t", qos: 1}, 1)
	c.mishap = &simulators.Mishap{Kind: simulators.AckLost}
	cl, ack := &mochi.Client{ID: "sut"}, packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}, PacketID: 7}
	h := &hook{broker: &Broker{parcels: map[string]*parcel{c.number: c}, packets: map[packet]*parcel{{cl.ID, ack.PacketID}: c}, acked: map[packet]*parcel{}, idle: map[string]*parcel{}}}
	if _, err := h.OnPacketRead(cl, ack); !errors.Is(err, packets.ErrRejectPacket) {
		t.Fatalf("the first acknowledgement was not refused: %v", err)
	}
	if _, err := h.OnPacketRead(cl, ack); err != nil {
		t.Fatal(err)
	}
	if len(c.heard) != 1 {
		t.Errorf("its sender is told before the broker knows, who would send it again to whom takes the session over")
	}
	h.OnPacketProcessed(cl, ack, nil)
	if lost := h.broker.await(t.Context(), "it", c); lost.Text != ackLost {
		t.Errorf("its sender hears %+v first", lost)
	}
	if r := h.broker.await(t.Context(), "it", c); r.Outcome != simulators.Accepted || r.Text != "PUBACK" {
		t.Errorf("its sender hears %+v at its second try", r)
	}
}

// TestPublishedIntoAnEndingSession: what the broker puts into a session that
// has dropped what it held, and is gone a moment later, nobody will get, and
// its sender is told so; while the session is there it may still come.
func TestPublishedIntoAnEndingSession(t *testing.T) {
	b, err := StartBroker("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	held := &mochi.Client{ID: "held"}
	b.server.Clients.Add(held)
	for client, told := range map[string]bool{"gone": true, held.ID: false, "": false} {
		c := newParcel(publication{topic: "t", qos: 1}, 1)
		c.client, c.on = client, held
		b.again(c)
		if got := len(c.heard) == 1; got != told {
			t.Errorf("in the session of %q: told %v, want %v", client, got, told)
		}
	}
}
