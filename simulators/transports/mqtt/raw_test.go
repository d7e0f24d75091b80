package mqtt_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/eclipse/paho.golang/packets"
)

// newRaw is a SUT of MQTT 5 that answers everything it is sent with the reason
// code: clients do not offer that. It ends with the test.
func newRaw(t *testing.T, at string, code byte) (ended <-chan struct{}) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(at, "mqtt://"))
	if err != nil {
		t.Fatal(err)
	}
	say := func(p *packets.ControlPacket) {
		var b bytes.Buffer
		_, err := p.WriteTo(&b)
		if err == nil {
			_, err = conn.Write(b.Bytes())
		}
		if err != nil {
			t.Error(err)
		}
	}
	connect := packets.NewControlPacket(packets.CONNECT)
	connect.Content.(*packets.Connect).ClientID, connect.Content.(*packets.Connect).CleanStart = "raw", true
	say(connect)
	subscribe := packets.NewControlPacket(packets.SUBSCRIBE)
	subscribe.Content.(*packets.Subscribe).PacketID = 1
	subscribe.Content.(*packets.Subscribe).Subscriptions = []packets.SubOptions{{Topic: "andon/#", QoS: 1}}
	subscribed, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		defer conn.Close()
		for {
			p, err := packets.ReadPacket(conn)
			if err != nil {
				if err != io.EOF && !strings.Contains(err.Error(), "closed") {
					t.Error(err)
				}
				return
			}
			switch c := p.Content.(type) {
			case *packets.Connack:
				say(subscribe)
			case *packets.Suback:
				close(subscribed)
			case *packets.Publish:
				ack := packets.NewControlPacket(packets.PUBACK)
				ack.Content.(*packets.Puback).PacketID, ack.Content.(*packets.Puback).ReasonCode = c.PacketID, code
				say(ack)
				return
			}
		}
	}()
	wait(t, subscribed, "a subscription")
	return done
}
