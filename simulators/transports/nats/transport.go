package nats

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/andon-rig/andon/simulators"
)

// Config is what a transport is made of.
type Config struct {
	Broker   *Broker // the embedded one; nil if URL names another
	URL      string  // of a broker that runs already
	Endpoint string  // whose messages these are; part of every subject
	MaxBody  int64   // bytes taken from the SUT in one request; 0 means 8 MiB
}

// Transport implements [simulators.Transport] over a broker.
//
// Announcements are published to andon.<endpoint>.<name> and taken as soon as
// the broker has them on its stream: it keeps them until the SUT has
// acknowledged them. The SUT may send requests to andon-in.<endpoint>.<name>;
// the answer carries its status in the header Andon-Status.
type Transport struct {
	cfg  Config
	conn *nats.Conn
	js   jetstream.JetStream
}

var _ simulators.Addresser = (*Transport)(nil)

// defaultMaxBody is more than most brokers take.
const defaultMaxBody = 8 << 20

// New connects to the broker.
func New(ctx context.Context, c Config) (*Transport, error) {
	if c.MaxBody <= 0 {
		c.MaxBody = defaultMaxBody
	}
	url, storage := c.URL, jetstream.MemoryStorage
	if c.Broker != nil {
		c.URL, url, storage = c.Broker.URL(), c.Broker.Inside(), jetstream.FileStorage // which outlives a restart
	}
	conn, js, err := dial(url, c.Endpoint)
	if err != nil {
		return nil, err
	}
	if c.Broker != nil {
		c.Broker.mu.Lock()
		c.Broker.ours = append(c.Broker.ours, conn)
		c.Broker.mu.Unlock()
	}
	_, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: Stream, Subjects: []string{"andon.>"}, Storage: storage,
		Duplicates: time.Millisecond * 100, // shortest there is: whether a copy is recognised is the SUT's business, not the broker's
	})
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("make stream %s at %s: %w", Stream, c.URL, err)
	}
	return &Transport{cfg: c, conn: conn, js: js}, nil
}

// URL implements [simulators.Transport].
func (t *Transport) URL() string { return t.cfg.URL }

// Close ends the connection.
func (t *Transport) Close() error {
	t.conn.Close()
	return nil
}

// Send implements [simulators.Transport]: it publishes m and waits until the
// broker has it.
func (t *Transport) Send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	msg := nats.NewMsg(t.Address(m))
	msg.Data = m.Body
	for k, v := range m.Header {
		msg.Header.Set(k, v)
	}
	publish := func() (uint64, error) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		ack, err := t.js.PublishMsg(ctx, msg)
		if err != nil {
			return 0, err
		}
		return ack.Sequence, nil
	}
	seq, err := uint64(0), error(nil)
	if t.cfg.Broker != nil {
		seq, err = t.cfg.Broker.send(ctx, m, msg.Subject+"\x00"+m.Key, publish)
	} else {
		seq, err = publish()
	}
	switch {
	case err != nil:
		return simulators.Message{Result: simulators.Result{Outcome: simulators.Unknown, Text: err.Error()}}, nil
	case seq == 0:
		return simulators.Message{Result: simulators.Result{Outcome: simulators.Undelivered, Text: "the broker was restarted without it"}}, nil
	}
	return simulators.Message{Result: simulators.Result{Outcome: simulators.Accepted, Text: "stream sequence " + strconv.FormatUint(seq, 10)}}, nil
}

// Address implements [simulators.Addresser].
func (t *Transport) Address(m simulators.Message) string {
	return "andon." + t.cfg.Endpoint + "." + token(m.Name)
}

// Serve implements [simulators.Transport].
func (t *Transport) Serve(ctx context.Context, receive simulators.Receiver) error {
	var under sync.WaitGroup
	prefix := "andon-in." + t.cfg.Endpoint + "."
	sub, err := t.conn.Subscribe(prefix+">", func(msg *nats.Msg) {
		under.Go(func() { t.answer(ctx, msg, strings.TrimPrefix(msg.Subject, prefix), receive) })
	})
	if err != nil {
		return fmt.Errorf("listen on %s>: %w", prefix, err)
	}
	<-ctx.Done()
	err = sub.Unsubscribe()
	under.Wait()
	if errors.Is(err, nats.ErrConnectionClosed) {
		return nil
	}
	return err
}

func (t *Transport) answer(ctx context.Context, msg *nats.Msg, name string, receive simulators.Receiver) {
	m := simulators.Message{Verb: "post", Name: strings.ReplaceAll(name, ".", "/"), Header: map[string]string{}, Body: msg.Data}
	for k := range msg.Header {
		m.Header[textproto.CanonicalMIMEHeaderKey(k)] = msg.Header.Get(k)
	}
	if n := int64(len(m.Body)); n > t.cfg.MaxBody {
		m.Body, m.Unread = nil, simulators.TooLarge(n, t.cfg.MaxBody)
	}
	reply, err := receive(ctx, m)
	if err != nil || msg.Reply == "" {
		return // on a broker every lost reply feels the same: none comes
	}
	out := nats.NewMsg(msg.Reply)
	out.Data = reply.Body
	for k, v := range reply.Header {
		out.Header.Set(k, v)
	}
	out.Header.Set("Andon-Status", strconv.Itoa(reply.Result.Status))
	_ = t.conn.PublishMsg(out) // a broker that is gone is felt by the SUT as silence
}

// token makes a message's name fit for a subject.
func token(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '*', '>', '.':
			return '_'
		case '/':
			return '.'
		}
		return r
	}, name)
}
