package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	pahopackets "github.com/eclipse/paho.golang/packets"
	paho "github.com/eclipse/paho.mqtt.golang"
	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/simulators/transports/mqtt"
	"github.com/andon-rig/andon/simulators/transports/nats"
)

// subscribed is a build that takes confirmations from a broker and posts each, or
// does what a test wants.
type subscribed struct {
	passing
	broker func(b *subscribed) (address string, stop func() error, err error)
	take   func(b *subscribed, body []byte) // nil posts it
	stop   func() error
}

var _ Build = (*subscribed)(nil)

func (b *subscribed) Start(ctx context.Context, systems string) (string, error) {
	if _, err := b.passing.Start(ctx, systems); err != nil {
		return "", err
	}
	at, stop, err := b.broker(b)
	b.stop = stop
	return at, err
}

func (b *subscribed) Stop(ctx context.Context) error {
	if b.stop != nil {
		if err := b.stop(); err != nil {
			return err
		}
		b.stop = nil
	}
	return b.passing.Stop(ctx)
}

func (b *subscribed) got(body []byte) {
	if b.take != nil {
		b.take(b, body)
		return
	}
	b.post("", bytes.Clone(body))
}

// overMQTT has a client of another hand subscribe to the rig's broker.
func overMQTT(b *subscribed) (string, func() error, error) {
	broker, err := mqtt.StartBroker("")
	if err != nil {
		return "", nil, err
	}
	o := paho.NewClientOptions().AddBroker(broker.URL()).SetClientID("build").SetProtocolVersion(4)
	client := paho.NewClient(o)
	if t := client.Connect(); !t.WaitTimeout(10*time.Second) || t.Error() != nil {
		return "", broker.Close, fmt.Errorf("connect: %w", t.Error())
	}
	if t := client.Subscribe("andon/mes/#", 1, func(_ paho.Client, m paho.Message) { b.got(m.Payload()) }); !t.WaitTimeout(10*time.Second) || t.Error() != nil {
		return "", broker.Close, fmt.Errorf("subscribe: %w", t.Error())
	}
	return broker.URL() + "/andon/mes", func() error {
		client.Disconnect(50)
		return broker.Close()
	}, nil
}

// overNATS has a client of another hand consume from the rig's stream.
func overNATS(b *subscribed) (string, func() error, error) {
	broker, err := nats.StartBroker(nats.Address{}, b.t.TempDir())
	if err != nil {
		return "", nil, err
	}
	transport, err := nats.New(b.t.Context(), nats.Config{Broker: broker, Endpoint: "mes"})
	if err != nil {
		return "", broker.Close, err
	}
	conn, err := natsgo.Connect(broker.Inside())
	if err != nil {
		return "", broker.Close, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return "", broker.Close, err
	}
	c, err := js.CreateOrUpdateConsumer(b.t.Context(), nats.Stream, jetstream.ConsumerConfig{Durable: "build", FilterSubject: "andon.mes.>", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		return "", broker.Close, err
	}
	all, err := c.Consume(func(m jetstream.Msg) {
		if event := m.Headers().Get("Andon-Event"); !strings.Contains(string(m.Data()), event) || event == "" {
			b.t.Errorf("the header names %q and the body is %s", event, m.Data())
		}
		b.got(m.Data())
		_ = m.Ack()
	})
	if err != nil {
		return "", broker.Close, err
	}
	return broker.Inside() + "/andon.mes", func() error {
		all.Stop()
		conn.Close()
		return transport.Close()
	}, nil
}

// numberOf is the number of the first confirmation in a message.
func numberOf(t *testing.T, body []byte) uint64 {
	seq, ok := smallKeys.Find(body)
	if !ok {
		t.Errorf("a confirmation without a key: %s", body)
	}
	return seq
}

// laggard is how long a build that loses something may take between two postings;
// one that does not may take as long as it likes.
const laggard = 3 * time.Second

var brokers = map[string]func(*subscribed) (string, func() error, error){"mqtt": overMQTT, "nats": overNATS}

func TestThroughBrokers(t *testing.T) {
	t.Parallel()
	for name, broker := range brokers {
		t.Run(name, func(t *testing.T) {
			waits := func(c *Config) { c.Quiet = patience }
			res := mustRun(t, small(t, &subscribed{passing: passing{t: t}, broker: broker}, waits))
			if e := res.Exactly; res.Verdict != Held || e.Verdict != evidence.Holds || e.Posted != 200 || res.Sent.First != 200 || res.Sent.Taken != 200 || res.Received["byte for byte"] != 200 {
				t.Fatalf("%+v\n%+v", res, e)
			}
			if q := res.Latency["e2e"]; q.Count != 200 || q.P50 <= 0 {
				t.Errorf("end to end %+v", q)
			}
			c := small(t, &subscribed{passing: passing{t: t}, broker: broker}, few(300))
			waits(&c)
			c.Emit.Connections, c.Emit.Depth = 2, 16
			if res = mustRun(t, c); res.Verdict != Held || res.Exactly.Posted != res.Exactly.Sent || res.Exactly.Sent != 300 {
				t.Errorf("closed, several in a write: %+v\n%+v", res, res.Exactly)
			}
		})
	}
}

// What a build has from the broker and does not post is lost, what it posts twice
// is doubled, whatever the protocol.
func TestBuildsBehindBrokersAreBlamed(t *testing.T) {
	t.Parallel()
	for name, broker := range brokers {
		t.Run(name, func(t *testing.T) {
			c := small(t, &subscribed{passing: passing{t: t}, broker: broker, take: func(b *subscribed, body []byte) {
				switch numberOf(t, body) {
				case 7:
					return
				case 9:
					b.post("", bytes.Clone(body))
				}
				b.post("", bytes.Clone(body))
			}}, func(c *Config) { c.Quiet = laggard })
			res := mustRun(t, c)
			if e := res.Exactly; e.Verdict != evidence.Violated || e.Lost.Count != 1 || e.Doubled.Count != 1 || e.Altered.Count+e.Invented.Count != 0 {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A publication is what a decoder of another hand reads as one.
func TestPublicationsOfMQTT(t *testing.T) {
	w := neutralWording(t)
	m := newMQTTWire(w, func(path string) string { return "andon/mes/" + path }, "andon-load", nil)
	var b []byte
	seqs := []uint64{0, 63, 64 * 9, 64 * 12345}
	for i, seq := range seqs {
		b = m.put(b, seq, 1, 0, 1000+i)
	}
	r := bytes.NewReader(b)
	for i, seq := range seqs {
		p, err := pahopackets.ReadPacket(r)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := p.Content.(*pahopackets.Publish)
		if !ok || got.QoS != 1 || got.Duplicate || got.Retain || got.Topic != "andon/mes/confirmations" || int(got.PacketID) != 1000+i || !bytes.Equal(got.Payload, w.Append(nil, seq)) {
			t.Fatalf("confirmation %d is published as %+v", seq, p.Content)
		}
		if u := got.Properties.User; len(u) != 1 || u[0].Key != "Andon-Event" || u[0].Value != w.keyText(seq) || got.Properties.ContentType != "application/json" {
			t.Errorf("with properties %+v", got.Properties)
		}
	}
	if r.Len() != 0 {
		t.Errorf("%d bytes are no packet", r.Len())
	}
}

// Batches are publications, too, and each names the first of its confirmations.
func TestPublicationsOfBatches(t *testing.T) {
	w := batchWording(t, 16)
	m := newMQTTWire(w, func(path string) string { return "andon/mes/" + path }, "andon-load", nil)
	n := newNATSWire(w, func(path string) string { return "andon.mes." + path }, nil)
	for _, c := range []struct{ seq, rows uint64 }{{0, 16}, {16 * 7, 16}, {16 * 12345, 16}, {16 * 3, 5}, {16 * 4, 1}} {
		want, key := w.AppendBatch(nil, c.seq, c.rows), w.keyText(c.seq)
		p, err := pahopackets.ReadPacket(bytes.NewReader(m.put(nil, c.seq, c.rows, 0, 1001)))
		if err != nil {
			t.Fatal(err)
		}
		got := p.Content.(*pahopackets.Publish)
		if got.QoS != 1 || got.Topic != "andon/mes/confirmations" || got.PacketID != 1001 || !bytes.Equal(got.Payload, want) || len(got.Properties.User) != 1 || got.Properties.User[0].Value != key {
			t.Errorf("%d from %d over MQTT are %+v", c.rows, c.seq, got)
		}
		text := string(n.put(nil, c.seq, c.rows, 12, 345))
		head := natsHead + key + "\r\n\r\n"
		line := fmt.Sprintf("HPUB andon.mes.confirmations %s0012.000345 %d %d\r\n", n.inbox, len(head), len(head)+len(want))
		if text != line+head+string(want)+"\r\n" {
			t.Errorf("%d from %d over NATS are %q", c.rows, c.seq, text)
		}
	}
}

// Batches go through brokers, open and closed; what a build does to them is found,
// row by row.
func TestBatchesThroughBrokers(t *testing.T) {
	t.Parallel()
	for name, broker := range brokers {
		t.Run(name, func(t *testing.T) {
			batched := func(c *Config) { c.Wording, c.Quiet = batchWording(t, 16), patience }
			res := mustRun(t, small(t, &subscribed{passing: passing{t: t}, broker: broker}, batched))
			if e := res.Exactly; res.Verdict != Held || e.Posted != 200 || res.Sent.First != 200 || res.Sent.Taken != 200 || res.Sent.Answered != 13 || res.Received["byte for byte"] != 192 || res.Latency["e2e"].Count != 200 {
				t.Fatalf("%+v\n%+v\n%v", res, e, res.Received)
			}
			c := small(t, &subscribed{passing: passing{t: t}, broker: broker}, few(320))
			batched(&c)
			c.Emit.Connections, c.Emit.Depth = 2, 4
			if res = mustRun(t, c); res.Verdict != Held || res.Exactly.Posted != res.Exactly.Sent || res.Exactly.Sent != 320 {
				t.Errorf("closed: %+v\n%+v", res, res.Exactly)
			}
			flawed := small(t, &subscribed{passing: passing{t: t}, broker: broker, take: func(b *subscribed, body []byte) {
				body = bytes.Clone(body)
				switch numberOf(t, body) / 16 {
				case 3:
					return
				case 5:
					b.post("", body)
				}
				b.post("", body)
			}}, batched)
			flawed.Quiet = laggard
			if e := mustRun(t, flawed).Exactly; e.Verdict != evidence.Violated || e.Lost.Count != 16 || e.Doubled.Count != 16 || e.Altered.Count+e.Invented.Count != 0 {
				t.Errorf("one batch lost and one posted twice: %+v", e)
			}
		})
	}
}

// script is a broker that says what a test wants: hello to who connects, and an
// answer to each publication that comes after it.
func script(t *testing.T, hello func(net.Conn, *bufio.Reader) error, answer func(n int) []byte) func(*subscribed) (string, func() error, error) {
	return func(*subscribed) (string, func() error, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", nil, err
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					r := bufio.NewReader(c)
					if hello(c, r) != nil {
						return
					}
					for n := 0; ; n++ {
						if _, _, err := mqttRead(r); err != nil {
							return
						}
						b := answer(n)
						if b == nil {
							return
						}
						if _, err := c.Write(b); err != nil {
							return
						}
					}
				}()
			}
		}()
		return "mqtt://" + l.Addr().String() + "/andon/mes", l.Close, nil
	}
}

// connack says hello as a broker that takes one publication at a time.
func connack(c net.Conn, r *bufio.Reader) error {
	if _, _, err := mqttRead(r); err != nil {
		return err
	}
	_, err := c.Write([]byte{mqttConnack << 4, 6, 0, 0, 3, mqttReceiveMaximum, 0, 1})
	return err
}

// Brokers that do not do as they should are counted and named, and none has the
// load wait for ever.
func TestHostileBrokers(t *testing.T) {
	for name, x := range map[string]struct {
		answer func(n int) []byte
		says   string
	}{
		"garbage":          {func(int) []byte { return []byte("HTTP/1.1 200 OK\r\n\r\n") }, "what the broker says is no MQTT"},
		"closes":           {func(int) []byte { return nil }, "connection closed before the answer"},
		"refuses":          {func(int) []byte { return []byte{mqttPuback << 4, 3, 0, 1, 0x97} }, "refused by the broker"},
		"has no listeners": {func(int) []byte { return []byte{mqttPuback << 4, 3, 0, 1, 0x10} }, "refused by the broker"},
		"another's":        {func(int) []byte { return []byte{mqttPuback << 4, 2, 0, 9} }, "bytes that nobody asked for"},
		"twice":            {func(int) []byte { return []byte{mqttPuback << 4, 2, 0, 1, mqttPuback << 4, 2, 0, 1} }, "bytes that nobody asked for"},
		"endless":          {func(int) []byte { return []byte{mqttPuback << 4, 0xff, 0xff, 0xff, 0x7f} }, "what the broker says is no MQTT"},
		"disconnects":      {func(int) []byte { return []byte{mqttDisconnect << 4, 1, 0x8b} }, "connection closed before the answer"},
		"says nothing":     {func(int) []byte { return []byte{} }, late},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := small(t, &subscribed{passing: passing{t: t}, broker: script(t, connack, x.answer)}, func(c *Config) {
				c.Shape, _ = ParseShape("constant", 40, 250*time.Millisecond)
				c.Emit = EmitConfig{Connections: 2, Depth: 1, Timeout: patience, Tries: 2, Most: c.Shape.Number(), GiveUp: 2 * time.Second}
				if x.says == late {
					c.Emit.Timeout = 150 * time.Millisecond
				}
			})
			began := time.Now()
			res := mustRun(t, c)
			if took := time.Since(began); took > patience {
				t.Errorf("it took %s", took)
			}
			if res.Errors[x.says] == 0 || res.Verdict == Held || res.Sent.First+res.Sent.NotSent != 10 {
				t.Errorf("%s: errors %v\n%+v", res.Verdict, res.Errors, res)
			}
		})
	}
}

// Who is no broker at all is told apart before anything is sent.
func TestNoBroker(t *testing.T) {
	t.Parallel()
	says := func(b []byte) func(net.Conn, *bufio.Reader) error {
		return func(c net.Conn, r *bufio.Reader) error {
			if _, _, err := mqttRead(r); err != nil {
				return err
			}
			if _, err := c.Write(b); err != nil {
				return err
			}
			return io.EOF
		}
	}
	for name, x := range map[string]struct {
		hello func(net.Conn, *bufio.Reader) error
		want  string
	}{
		"no CONNACK":     {says([]byte{mqttPuback << 4, 2, 0, 1}), "no CONNACK of MQTT 5"},
		"MQTT 3.1.1":     {says([]byte{mqttConnack << 4, 2, 0, 1}), "no CONNACK of MQTT 5"},
		"refused":        {says([]byte{mqttConnack << 4, 3, 0, 0x87, 0}), "reason 0x87"},
		"cut property":   {says([]byte{mqttConnack << 4, 5, 0, 0, 2, mqttReceiveMaximum, 0}), "is cut off"},
		"cut properties": {says([]byte{mqttConnack << 4, 3, 0, 0, 9}), "are cut off"},
		"odd property":   {says([]byte{mqttConnack << 4, 5, 0, 0, 2, 0x7e, 0}), "which MQTT 5 has not there"},
		"hangs up":       {says(nil), "hear CONNACK"},
	} {
		t.Run(name, func(t *testing.T) {
			c := small(t, &subscribed{passing: passing{t: t}, broker: script(t, x.hello, nil)}, nil)
			if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%v; want %q", err, x.want)
			}
		})
	}
	for address, want := range map[string]string{"mqtt://127.0.0.1:1/andon/mes": "is it running", "mqtt://127.0.0.1:1": "does not say where to publish", "nats://127.0.0.1:1/andon.*": "does not say where to publish", "amqp://127.0.0.1:1/x": "no address of http, https, mqtt or nats"} {
		c := small(t, Running{URL: address}, nil)
		if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", address, err, want)
		}
	}
}

// What a NATS server says is taken apart, in pieces too, and nonsense is refused.
func TestWhatNATSServersSay(t *testing.T) {
	n := newNATSWire(neutralWording(t), func(path string) string { return "andon.mes." + path }, url.User("token"))
	to := n.inbox + "0003.000042"
	for _, x := range []struct {
		text   string
		id     int
		said   Outcome
		answer string
		fails  string
	}{
		{text: "MSG " + to + " 1 26\r\n{\"stream\":\"ANDON\",\"seq\":1}\r\n", id: 42, said: Taken},
		{text: "MSG " + to + " 1 26\r\n{\"error\":{\"code\":503,\"d\":1}\r\n", id: 42, said: Refused},
		{text: "HMSG " + to + " 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", id: 42, said: Refused},
		{text: "PING\r\n", answer: "PONG\r\n"},
		{text: "PONG\r\n"}, {text: "+OK\r\n"}, {text: "INFO {}\r\n"},
		{text: "-ERR 'Slow Consumer'\r\n", fails: "Slow Consumer"},
		{text: "MSG " + to + " 1\r\n", fails: "no length"},
		{text: "MSG " + to + " 1 99999999\r\n", fails: "no length"},
		{text: "MSG andon.other 1 1\r\nx\r\n", fails: "not to an address of ours"},
		{text: "HTTP/1.1 400 Bad Request\r\n", fails: "nothing that a NATS server says"},
		{text: "MSG " + to + " 1 26\r\n{\"stream\"", fails: "EOF"},
	} {
		id, said, answer, err := n.next(bufio.NewReaderSize(&slowly{[]byte(x.text)}, 16<<10))
		if x.fails != "" {
			if err == nil || !strings.Contains(err.Error(), x.fails) {
				t.Errorf("%q: %v; want %q", x.text, err, x.fails)
			}
			continue
		}
		if err != nil || id != x.id || id != 0 && said != x.said || string(answer) != x.answer {
			t.Errorf("%q is %d %s, answered by %q, %v", x.text, id, said, answer, err)
		}
	}
}

// slowly gives what is left byte by byte.
type slowly struct{ left []byte }

func (s *slowly) Read(b []byte) (int, error) {
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	b[0], s.left = s.left[0], s.left[1:]
	return 1, nil
}

// Rigs whose MES announces by what a load cannot speak are refused, and told why.
func TestRigsWithBrokers(t *testing.T) {
	const rig = `apiVersion: andon/v1
kind: Rig
sut:
  process: {command: [x]}
plant: {profile: machine-shop}
endpoints:
  erp: {system: erp, dialect: neutral/v1, transport: http}
`
	for text, want := range map[string]string{
		"  mes: {system: mes, dialect: neutral/v1, transport: mqtt}\n":                                                           "add endpoints.events: {broker: mqtt}",
		"  mes: {system: mes, dialect: neutral/v1, transport: mqtt, qos: 0}\n  events: {broker: mqtt}\n":                         "a load publishes at QoS 1, not 0",
		"  mes: {system: mes, dialect: neutral/v1, transport: nats}\n  events: {broker: nats, url: \"nats://192.0.2.1:4222\"}\n": "not on this machine",
		"  mes: {system: mes, dialect: neutral/v1, transport: mqtt}\n  events: {broker: mqtt}\n":                                 "",
	} {
		f, err := harness.ParseFile("rig.yaml", []byte(rig+text))
		if err == nil {
			_, err = NewRigged(f, catalog.Standard(), "", "", io.Discard)
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

// What was under way to the broker when the connection broke is published again,
// under its key.
func TestTroubleOnTheWayToBrokers(t *testing.T) {
	t.Parallel()
	for name, broker := range brokers {
		t.Run(name, func(t *testing.T) {
			keyed := func(b *subscribed, body []byte) {
				var key [keyLen]byte
				smallKeys.Put(key[:], numberOf(t, body))
				b.post(string(key[:]), bytes.Clone(body))
			}
			res := struckBy(t, func() Config {
				return small(t, &subscribed{passing: passing{t: t}, broker: broker, take: keyed}, func(c *Config) {
					c.Faults, c.Quiet = []Fault{mustFault(t, "mes:reset@50ms+200ms")}, patience
					c.Emit.Tries = 20
				})
			})
			if e := res.Exactly; res.Verdict != Held || e.Posted != 200 || res.Faults[0].Struck == 0 || res.Received["our reconnects"] == 0 {
				t.Errorf("%s, %v: %+v\n%+v", res.Verdict, res.Why, res.Faults, e)
			}
		})
	}
}
