// Package mqtt moves messages over MQTT 3.1.1 and 5: announcements are
// publications that the SUT acknowledges, requests of the SUT are answered on
// the response topic they name.
//
// It knows topics, sessions and acknowledgements; what the messages say is the
// dialect's.
package mqtt

import (
	"context"
	"fmt"
	"net/textproto"
	"strconv"
	"strings"
	"sync"

	"github.com/andon-rig/andon/simulators"
)

// Config is what a transport is made of.
type Config struct {
	Broker   *Broker // the embedded one; nil if URL names another
	URL      string  // of a broker that runs already: mqtt://host:port
	Endpoint string  // whose messages these are; part of every topic
	QoS      byte    // of announcements: 0, 1 or 2
	Retain   bool    // the broker keeps the last announcement of each topic for those who subscribe later
	MaxBody  int64   // bytes taken from the SUT in one request; 0 means 8 MiB
}

// Transport implements [simulators.Transport] over a broker.
//
// Announcements are published to andon/<endpoint>/<name>. Through the embedded
// broker they are taken when the SUT has acknowledged them (PUBACK, or PUBREC
// at QoS 2), and until then the broker keeps them for its session; through
// another broker they are taken when that has them. The SUT may send requests
// to andon-in/<endpoint>/<name>; if they name a response topic the answer goes
// there with their correlation data, its status in the user property
// Andon-Status.
type Transport struct {
	cfg Config
	via carrier

	begun chan struct{}   // closed when Serve is called
	done  chan struct{}   // closed when it has ended, or never will be called
	ctx   context.Context // of Serve, set before that
	to    simulators.Receiver

	mu     sync.Mutex // guards ended, and that nothing begins after it
	ended  bool
	under  sync.WaitGroup
	cancel func() // ends the subscription
}

// carrier is the broker as a transport uses it.
type carrier interface {
	deliver(ctx context.Context, what string, p publication, mishap *simulators.Mishap) simulators.Result
	subscribe(filter string, do func(p publication, answer string)) (cancel func(), err error)
	reply(p publication) error
}

var _ simulators.Addresser = (*Transport)(nil)

const (
	// defaultMaxBody is more than most brokers take.
	defaultMaxBody = 8 << 20
	contentType    = "Content-Type" // has a property of its own in MQTT 5
)

// New prepares a transport; it connects to a broker that runs already.
func New(ctx context.Context, c Config) (*Transport, error) {
	if c.MaxBody <= 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.QoS > 2 {
		return nil, fmt.Errorf("qos %d is not one of 0, 1, 2", c.QoS)
	}
	t := &Transport{cfg: c, begun: make(chan struct{}), done: make(chan struct{})}
	if c.Broker != nil {
		t.cfg.URL, t.via = c.Broker.URL(), c.Broker
	} else {
		r, err := dial(ctx, c.URL, c.Endpoint)
		if err != nil {
			return nil, err
		}
		t.via = r
	}
	var err error
	t.cancel, err = t.via.subscribe(t.prefix()+"#", t.arrive)
	return t, err
}

// prefix begins the topics to which the SUT sends requests.
func (t *Transport) prefix() string { return "andon-in/" + t.cfg.Endpoint + "/" }

// URL implements [simulators.Transport].
func (t *Transport) URL() string { return t.cfg.URL }

// Close ends the connection to a broker that is not ours.
func (t *Transport) Close() error {
	t.end()
	if r, ok := t.via.(*remote); ok {
		return r.close()
	}
	return nil
}

// Send implements [simulators.Transport]: it publishes m and waits until it was
// taken.
func (t *Transport) Send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	p := publication{topic: t.Address(m), payload: m.Body, header: m.Header, qos: t.cfg.QoS, retain: t.cfg.Retain}
	return simulators.Message{Result: t.via.deliver(ctx, p.topic+"\x00"+m.Key, p, m.Mishap)}, nil
}

// Address implements [simulators.Addresser].
func (t *Transport) Address(m simulators.Message) string {
	return "andon/" + t.cfg.Endpoint + "/" + level(m.Name)
}

// Serve implements [simulators.Transport]. What came before waits for it.
func (t *Transport) Serve(ctx context.Context, receive simulators.Receiver) error {
	t.ctx, t.to = ctx, receive
	close(t.begun)
	<-ctx.Done()
	t.end()
	t.under.Wait()
	return nil
}

// end takes no more requests.
func (t *Transport) end() {
	t.cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.ended = true
		close(t.done)
	}
}

// arrive takes a request. It does not wait: the broker calls it while it reads
// from the connection of the SUT.
func (t *Transport) arrive(p publication, answer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.under.Go(func() {
		select {
		case <-t.begun:
		case <-t.done:
			return
		}
		t.answer(t.ctx, p, strings.TrimPrefix(p.topic, t.prefix()), answer, t.to)
	})
}

func (t *Transport) answer(ctx context.Context, p publication, name, answer string, receive simulators.Receiver) {
	m := simulators.Message{Verb: "post", Name: name, Header: map[string]string{}, Body: p.payload}
	for k, v := range p.header {
		m.Header[textproto.CanonicalMIMEHeaderKey(k)] = v
	}
	if n := int64(len(m.Body)); n > t.cfg.MaxBody {
		m.Body, m.Unread = nil, simulators.TooLarge(n, t.cfg.MaxBody)
	}
	reply, err := receive(ctx, m)
	if err != nil || answer == "" {
		return // on a broker every lost reply feels the same: none comes
	}
	out := publication{topic: answer, payload: reply.Body, header: map[string]string{"Andon-Status": strconv.Itoa(reply.Result.Status)}, qos: p.qos, answerTo: p.answerTo}
	for k, v := range reply.Header {
		out.header[k] = v
	}
	_ = t.via.reply(out) // a broker that is gone is felt by the SUT as silence
}

// level makes a message's name fit for a topic. A slash goes on separating
// levels.
func level(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '+', '#', 0:
			return '_'
		}
		return r
	}, name)
}
