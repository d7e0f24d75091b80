package load

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
)

// mqttWire publishes over MQTT 5 at QoS 1.
type mqttWire struct {
	wording *Wording // with the packet around each body
	client  string
	user    *url.Userinfo // nil for nobody
}

// Packets of MQTT 5 (OASIS Standard, 2019-03-07, §2.1.2).
const (
	mqttConnect    = 1
	mqttConnack    = 2
	mqttPublish    = 3
	mqttPuback     = 4
	mqttPingresp   = 13
	mqttDisconnect = 14

	mqttQoS1 = 1 << 1

	mqttContentType    = 0x03
	mqttUserProperty   = 0x26
	mqttReceiveMaximum = 0x21

	mqttMostPacket = 1 << 20 // that we read
)

// newMQTTWire words publications to topics below one. Each names the confirmation
// in a user property, as the rig's own announcements do.
func newMQTTWire(w *Wording, topic func(path string) string, client string, user *url.Userinfo) *mqttWire {
	return &mqttWire{client: client, user: user, wording: w.dressed(func(path string, v variant) variant {
		props := append([]byte{mqttContentType}, mqttText(nil, "application/json")...)
		props = mqttText(append(props, mqttUserProperty), "Andon-Event")
		props = binary.BigEndian.AppendUint16(props, keyLen)
		keyAt := len(props)
		props = append(props, make([]byte, keyLen)...)
		head := mqttText(nil, topic(path))
		idAt := len(head)
		head = mqttLength(append(head, 0, 0), len(props))
		keyAt += len(head)
		head = append(head, props...)
		packet := mqttLength([]byte{mqttPublish<<4 | mqttQoS1}, len(head)+len(v.text))
		begin := len(packet)
		packet = append(packet, head...)
		if v.rows != nil {
			v.withRowsHead(variant{text: bytes.Clone(head), fields: []field{{what: fieldKey, at: keyAt, n: keyLen}}, id: idAt})
		}
		fields := []field{{what: fieldKey, at: begin + keyAt, n: keyLen}}
		for _, f := range v.fields {
			f.at += len(packet)
			fields = append(fields, f)
		}
		return variant{text: append(packet, v.text...), fields: fields, rows: v.rows, id: begin + idAt}
	})}
}

func mqttText(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}

// mqttLength appends a variable byte integer (§1.5.5).
func mqttLength(dst []byte, n int) []byte {
	for ; n > 127; n >>= 7 {
		dst = append(dst, byte(n)|128)
	}
	return append(dst, byte(n))
}

// put implements [wire].
func (m *mqttWire) put(dst []byte, seq, n uint64, _, id int) []byte {
	if m.wording.batch > 1 {
		return m.putRows(dst, seq, n, id)
	}
	at := len(dst) + m.wording.variantOf(seq).id
	dst = m.wording.Append(dst, seq)
	binary.BigEndian.PutUint16(dst[at:], uint16(id))
	return dst
}

// putRows appends the publication of a batch.
func (m *mqttWire) putRows(dst []byte, seq, n uint64, id int) []byte {
	head := &m.wording.variantOf(seq).rows[cutHead]
	dst = mqttLength(append(dst, mqttPublish<<4|mqttQoS1), len(head.text)+m.wording.size(seq, n))
	at := len(dst) + head.id
	dst = m.wording.appendHead(dst, head, seq)
	binary.BigEndian.PutUint16(dst[at:], uint16(id))
	return m.wording.appendRows(dst, seq, n)
}

// hello implements [wire].
func (m *mqttWire) hello(c net.Conn, r *bufio.Reader, i int) (int, error) {
	flags, rest := byte(2), []byte(nil) // clean start
	if m.user != nil {
		flags |= 1 << 7
		rest = mqttText(rest, m.user.Username())
		if p, ok := m.user.Password(); ok {
			flags |= 1 << 6
			rest = mqttText(rest, p)
		}
	}
	body := append(mqttText(nil, "MQTT"), 5, flags, 0, 0, 0) // no keep alive, no properties
	body = append(mqttText(body, fmt.Sprintf("%s-%d", m.client, i)), rest...)
	if _, err := c.Write(append(mqttLength([]byte{mqttConnect << 4}, len(body)), body...)); err != nil {
		return 0, fmt.Errorf("say CONNECT: %w", err)
	}
	kind, b, err := mqttRead(r)
	switch {
	case err != nil:
		return 0, fmt.Errorf("hear CONNACK: %w", err)
	case kind>>4 != mqttConnack || len(b) < 3:
		return 0, garbage("the broker answers CONNECT with packet %#02x of %d bytes, which is no CONNACK of MQTT 5", kind, len(b))
	case b[1] >= 0x80:
		return 0, fmt.Errorf("the broker refuses the connection with reason %#02x", b[1])
	}
	return mqttWindow(b[2:])
}

// mqttWindow finds the Receive Maximum in the properties of a CONNACK (§3.2.2.3).
func mqttWindow(b []byte) (int, error) {
	n, k := binary.Uvarint(b) // of the same form
	if k <= 0 || uint64(len(b)-k) < n {
		return 0, garbage("the properties of the broker's CONNACK are cut off")
	}
	for b = b[k : k+int(n)]; len(b) > 0; {
		size := 0
		switch b[0] {
		case 0x24, 0x25, 0x28, 0x29, 0x2a:
			size = 1
		case 0x13, mqttReceiveMaximum, 0x22:
			size = 2
		case 0x11, 0x27:
			size = 4
		case 0x12, 0x15, 0x16, 0x1a, 0x1c, 0x1f:
			size = mqttSkip(b[1:])
		case mqttUserProperty:
			if size = mqttSkip(b[1:]); len(b) > 1+size {
				size += mqttSkip(b[1+size:])
			}
		default:
			return 0, garbage("the broker's CONNACK has property %#02x, which MQTT 5 has not there", b[0])
		}
		if len(b) < 1+size {
			return 0, garbage("property %#02x of the broker's CONNACK is cut off", b[0])
		}
		if b[0] == mqttReceiveMaximum {
			return int(binary.BigEndian.Uint16(b[1:])), nil
		}
		b = b[1+size:]
	}
	return 65535, nil
}

// mqttSkip is how long a text with its length is.
func mqttSkip(b []byte) int {
	if len(b) < 2 {
		return 2
	}
	return 2 + int(binary.BigEndian.Uint16(b))
}

// mqttRead reads a packet.
func mqttRead(r *bufio.Reader) (kind byte, body []byte, err error) {
	if kind, err = r.ReadByte(); err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(r)
	if err != nil || n > mqttMostPacket {
		return 0, nil, garbage("a packet of the broker has no length below %d", mqttMostPacket)
	}
	body = make([]byte, n)
	_, err = io.ReadFull(r, body)
	return kind, body, err
}

var errNoPuback = errors.New("no PUBACK")

// mqttPeek looks at a PUBACK, which has at least four bytes.
func mqttPeek(r *bufio.Reader, kind byte) ([]byte, error) {
	if kind != mqttPuback<<4 {
		return nil, errNoPuback
	}
	return r.Peek(4)
}

// next implements [wire].
func (m *mqttWire) next(r *bufio.Reader) (id int, said Outcome, answer []byte, err error) {
	kind, err := r.Peek(1)
	if err != nil {
		return 0, 0, nil, err
	}
	switch kind[0] {
	case mqttPuback << 4, mqttPingresp << 4, mqttDisconnect << 4:
	default:
		return 0, 0, nil, garbage("the broker says packet %#02x, which no publisher is told", kind[0])
	}
	if all, err := mqttPeek(r, kind[0]); err == nil && all[1] == 2 { // nearly all
		id = int(binary.BigEndian.Uint16(all[2:]))
		_, err = r.Discard(4)
		return id, Taken, nil, err
	}
	k, b, err := mqttRead(r)
	switch {
	case err != nil:
		return 0, 0, nil, err
	case k == mqttPuback<<4 && len(b) >= 2:
		id, said = int(binary.BigEndian.Uint16(b)), Taken
		if len(b) > 2 && (b[2] >= 0x80 || b[2] == 0x10) { // refused, or nobody has subscribed
			said = Refused
		}
		return id, said, nil, nil
	case k == mqttPingresp<<4:
		return 0, 0, nil, nil
	case k == mqttDisconnect<<4:
		return 0, 0, nil, fmt.Errorf("the broker disconnects: %w", io.EOF)
	}
	return 0, 0, nil, garbage("packet %#02x of the broker has %d bytes, which are too few", k, len(b))
}
