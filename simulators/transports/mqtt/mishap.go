package mqtt

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/andon-rig/andon/simulators"
)

// Mishaps lists what can befall a message at this broker.
func Mishaps() []simulators.MishapKind {
	return []simulators.MishapKind{simulators.AckLost, simulators.TakenOver, simulators.Offline, simulators.Retained, simulators.Resubscribed, simulators.WillSent}
}

// before does what happens to the receivers of c before it is published.
func (b *Broker) before(c *parcel, to audience) {
	if c.mishap == nil {
		return
	}
	switch c.mishap.Kind {
	case simulators.Retained:
		c.retain = true
	case simulators.Offline:
		b.mu.Lock()
		b.shut = time.Now().Add(c.mishap.For)
		b.mu.Unlock()
		b.cut(to)
	case simulators.TakenOver:
		b.mu.Lock()
		b.shut = time.Now().Add(time.Second) // so that the SUT is not back before the message is there
		b.mu.Unlock()
		for _, id := range to.clients {
			b.takeOver(id, c.mishap.For)
		}
	}
}

// after ends what was done for c alone to be published.
func (b *Broker) after(c *parcel) {
	if c.mishap != nil && c.mishap.Kind == simulators.TakenOver {
		b.mu.Lock()
		b.shut = time.Time{}
		b.mu.Unlock()
	}
}

// cut closes the connections of clients, as a network does: nobody says why.
func (b *Broker) cut(to audience) {
	for _, id := range to.clients {
		if cl, ok := b.server.Clients.Get(id); ok {
			cl.Stop(errors.New("cut off"))
		}
	}
}

// takeOver connects under the name of a client, which thereby loses its
// connection, and stays for so long or until the client has come back. It
// reads what it is sent and acknowledges nothing.
func (b *Broker) takeOver(id string, stay time.Duration) {
	victim, ok := b.server.Clients.Get(id)
	if !ok {
		return
	}
	version := victim.Properties.ProtocolVersion
	connect := packets.Packet{ProtocolVersion: version, FixedHeader: packets.FixedHeader{Type: packets.Connect},
		Connect: packets.ConnectParams{ClientIdentifier: id, ProtocolName: protocol(version), Keepalive: 30}}
	if version == 5 { // as long as its victim's: what the session holds is not to be lost
		connect.Properties.SessionExpiryInterval, connect.Properties.SessionExpiryIntervalFlag = victim.Properties.Props.SessionExpiryInterval, true
	}
	conn, err := b.connect(connect)
	if err != nil {
		return // the message goes to the client itself, as if nobody had come
	}
	go func() {
		defer conn.Close()
		_ = conn.SetReadDeadline(time.Now().Add(stay))
		buf := make([]byte, 4096)
		for {
			if _, err := conn.Read(buf); err != nil {
				break
			}
		}
		_, _ = conn.Write([]byte{packets.Disconnect << 4, 0})
	}()
}

// protocol is how a version of MQTT calls itself.
func protocol(version byte) []byte {
	if version == 3 {
		return []byte("MQIsdp")
	}
	return []byte("MQTT")
}

// connect opens a connection to the broker and waits until it was let in.
func (b *Broker) connect(pk packets.Packet) (net.Conn, error) {
	var out bytes.Buffer
	if err := pk.ConnectEncode(&out); err != nil {
		return nil, fmt.Errorf("word CONNECT: %w", err)
	}
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(b.url, "mqtt://"), time.Second)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	b.mu.Lock()
	b.guest = conn.LocalAddr().String()
	b.mu.Unlock()
	_, err = conn.Write(out.Bytes())
	if err == nil {
		var first byte
		first, err = bufio.NewReaderSize(conn, 16).ReadByte()
		if err == nil && first>>4 != packets.Connack {
			err = errors.New("not let in")
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("connect to the broker: %w", err)
	}
	_ = conn.SetDeadline(time.Time{})
	return conn, nil
}

// die publishes c as the will of a publisher whose connection breaks.
func (b *Broker) die(c *parcel) {
	conn, err := b.connect(packets.Packet{ProtocolVersion: 4, FixedHeader: packets.FixedHeader{Type: packets.Connect},
		Connect: packets.ConnectParams{ClientIdentifier: c.number, ProtocolName: protocol(4), Keepalive: 30, Clean: true,
			WillFlag: true, WillTopic: c.topic, WillPayload: c.payload, WillQos: c.qos}})
	if err != nil {
		return // what is not published is not heard of, and its sender says so
	}
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // a reset, not a farewell
	}
	_ = conn.Close()
}

// resubscribed cuts the receivers of c off, so that those who subscribe anew
// are given what the broker retains of its topic. Afterwards it retains it no
// longer.
func (b *Broker) resubscribed(ctx context.Context, c *parcel) simulators.Result {
	defer b.forget(c)
	b.mu.Lock()
	b.stale[c.topic] = c
	b.mu.Unlock()
	b.cut(b.subscribers(c.topic))
	limit := time.NewTimer(patience)
	defer limit.Stop()
	r := simulators.Result{Outcome: simulators.Undelivered, Text: "the SUT was not given what was retained: it has not subscribed anew"}
	select {
	case r = <-c.heard:
	case <-limit.C:
	case <-ctx.Done():
	}
	b.mu.Lock()
	delete(b.stale, c.topic)
	b.mu.Unlock()
	b.server.Topics.RetainMessage(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish, Retain: true}, TopicName: c.topic})
	return r
}

var _ mochi.Hook = (*hook)(nil)
