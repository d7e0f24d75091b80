package mqtt

import (
	"errors"
	"fmt"
	"strings"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/andon-rig/andon/simulators"
)

// hook is how the broker hears what happens to its packets.
type hook struct {
	mochi.HookBase
	broker *Broker
}

// ackLost is the text of a result that its sender does not get to know.
const ackLost = "acknowledged, and the acknowledgement was lost with the connection"

// ID implements [mochi.Hook].
func (*hook) ID() string { return "andon" }

// Provides implements [mochi.Hook].
func (*hook) Provides(b byte) bool {
	switch b {
	case mochi.OnConnectAuthenticate, mochi.OnACLCheck, mochi.OnConnect, mochi.OnPublish, mochi.OnQosPublish, mochi.OnPacketSent, mochi.OnPacketRead, mochi.OnPacketProcessed, mochi.OnQosDropped:
		return true
	}
	return false
}

// OnConnectAuthenticate lets everybody in.
func (*hook) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }

// OnACLCheck forbids only to speak in the name of a simulated system, to whom
// is none.
func (*hook) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	return !write || !strings.HasPrefix(topic, "andon/") || strings.HasPrefix(cl.ID, "andon-")
}

// OnConnect turns clients away while they are to be offline.
func (h *hook) OnConnect(cl *mochi.Client, _ packets.Packet) error {
	h.broker.mu.Lock()
	defer h.broker.mu.Unlock()
	if time.Now().Before(h.broker.shut) && cl.Net.Remote != h.broker.guest {
		return errors.New("nobody is let in now")
	}
	return nil
}

// OnPublish counts where the broker notes the second: it sorts by that what it
// sends again, so packets of one second would be sent again in any order.
func (h *hook) OnPublish(_ *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	h.broker.mu.Lock()
	defer h.broker.mu.Unlock()
	h.broker.order++
	pk.Created = h.broker.order
	return pk, nil
}

// OnQosPublish notes under which number a client will acknowledge a packet.
func (h *hook) OnQosPublish(cl *mochi.Client, pk packets.Packet, _ int64, _ int) {
	h.broker.mu.Lock()
	defer h.broker.mu.Unlock()
	if c := h.broker.ours(pk); c != nil {
		h.broker.packets[packet{cl.ID, pk.PacketID}] = c
		c.client = cl.ID
	}
}

// OnPacketSent notes that a packet is on its client's socket.
func (h *hook) OnPacketSent(cl *mochi.Client, pk packets.Packet, _ []byte) {
	h.broker.mu.Lock()
	defer h.broker.mu.Unlock()
	if c := h.broker.ours(pk); c != nil {
		c.on = cl
	}
}

// OnPacketRead hears acknowledgements before the broker does. To refuse the
// packet closes the connection: that is how an acknowledgement is lost. One
// that is let through is told of when the broker has it as well, for until then
// the session's next owner would be sent the message again.
func (h *hook) OnPacketRead(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if pk.FixedHeader.Type != packets.Puback && pk.FixedHeader.Type != packets.Pubrec {
		return pk, nil
	}
	b := h.broker
	b.mu.Lock()
	c := b.packets[packet{cl.ID, pk.PacketID}]
	if c == nil {
		b.mu.Unlock()
		return pk, nil
	}
	if c.mishap != nil && c.mishap.Kind == simulators.AckLost && !c.lost {
		c.lost = true
		b.mu.Unlock()
		c.heard <- simulators.Result{Outcome: simulators.Accepted, Text: ackLost}
		return pk, packets.ErrRejectPacket
	}
	b.acked[packet{cl.ID, pk.PacketID}] = c
	b.mu.Unlock()
	b.forget(c)
	return pk, nil
}

// OnPacketProcessed tells of an acknowledgement that the broker has dealt with.
func (h *hook) OnPacketProcessed(cl *mochi.Client, pk packets.Packet, _ error) {
	if pk.FixedHeader.Type != packets.Puback && pk.FixedHeader.Type != packets.Pubrec {
		return
	}
	h.broker.mu.Lock()
	c := h.broker.acked[packet{cl.ID, pk.PacketID}]
	delete(h.broker.acked, packet{cl.ID, pk.PacketID})
	h.broker.mu.Unlock()
	if c != nil {
		c.tell(said(pk))
	}
}

// OnQosDropped hears that a session has ended with what it held.
func (h *hook) OnQosDropped(cl *mochi.Client, pk packets.Packet) {
	if cl.IsTakenOver() {
		return // what it held is the next connection's
	}
	h.broker.mu.Lock()
	c := h.broker.ours(pk)
	h.broker.mu.Unlock()
	if c == nil {
		return
	}
	h.broker.ended(c, cl.ID)
}

// tell says once what became of c.
func (c *parcel) tell(r simulators.Result) {
	select {
	case c.heard <- r:
	default:
	}
}

// said is what an acknowledgement means. A receiver that refuses a message of
// MQTT 5 is not sent it again.
func said(pk packets.Packet) simulators.Result {
	if pk.ReasonCode < packets.ErrUnspecifiedError.Code {
		return simulators.Result{Outcome: simulators.Accepted, Text: map[byte]string{packets.Puback: "PUBACK", packets.Pubrec: "PUBREC"}[pk.FixedHeader.Type]}
	}
	r := simulators.Result{Outcome: simulators.Refused, Class: simulators.Technical, Code: fmt.Sprintf("mqtt-%02x", pk.ReasonCode), Text: pk.Properties.ReasonString}
	if pk.ReasonCode == packets.ErrPayloadFormatInvalid.Code {
		r.Class = simulators.DataQuality
	}
	return r
}
