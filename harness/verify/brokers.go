package verify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
	natsgo "github.com/nats-io/nats.go"

	"github.com/andon-rig/andon/simulators/transports/nats"
)

// subscription catches through a broker.
type subscription struct {
	basket
	url   string
	close func() error
}

func (s *subscription) URL() string  { return s.url }
func (s *subscription) Close() error { return s.close() }

func listenNATS(u *url.URL, maxBody int64) (Listener, error) {
	dir, err := os.MkdirTemp("", "andon-verify-*")
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil && u.Port() != "" {
		return nil, err
	}
	b, err := nats.StartBroker(nats.Address{Host: u.Hostname(), Port: port}, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return subscribeNATS(b.URL(), ">", maxBody, func() error { return errors.Join(b.Close(), os.RemoveAll(dir)) })
}

// own are subjects of NATS itself.
var own = []string{"$", "_INBOX."}

func subscribeNATS(at, subject string, maxBody int64, after func() error) (Listener, error) {
	c, err := natsgo.Connect(at, natsgo.Name("andon verify"), natsgo.Timeout(5*time.Second), natsgo.MaxReconnects(-1))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect to broker %s: %w", redacted(at), err), after())
	}
	s := &subscription{basket: make(basket, waiting), url: redacted(at), close: func() error {
		c.Close()
		return after()
	}}
	_, err = c.Subscribe(subject, func(m *natsgo.Msg) {
		for _, prefix := range own {
			if strings.HasPrefix(m.Subject, prefix) {
				return
			}
		}
		s.put(m.Subject, m.Header, m.Data, maxBody)
	})
	if err == nil {
		err = c.FlushTimeout(5 * time.Second)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("subscribe to %s at %s: %w", subject, redacted(at), err), s.Close())
	}
	return s, nil
}

func redacted(at string) string {
	if u, err := url.Parse(at); err == nil {
		return u.Redacted()
	}
	return at
}

// subscribeMQTT uses a client of MQTT 5, as what messages say of themselves is
// in properties that older versions lack. Publishers may speak either.
func subscribeMQTT(ctx context.Context, at, filter string, maxBody int64, after func() error) (Listener, error) {
	u, err := url.Parse(at)
	if err != nil {
		return nil, errors.Join(err, after())
	}
	s := &subscription{basket: make(basket, waiting), url: u.Redacted()}
	up := make(chan error, 1)
	var once sync.Once
	c := autopaho.ClientConfig{
		ServerUrls: []*url.URL{u}, KeepAlive: 30, ConnectTimeout: 5 * time.Second, CleanStartOnInitialConnection: true,
		OnConnectionUp: func(m *autopaho.ConnectionManager, _ *paho.Connack) {
			go func() {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
				defer cancel()
				_, err := m.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: filter, QoS: 1, RetainHandling: 2}}})
				once.Do(func() { up <- err })
			}()
		},
		ClientConfig: paho.ClientConfig{ClientID: fmt.Sprintf("andon-verify-%d", time.Now().UnixNano()), OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
			s.put(p.Packet.Topic, properties(p.Packet), p.Packet.Payload, maxBody)
			return true, nil
		}}},
	}
	if u.User != nil {
		password, _ := u.User.Password()
		c.ConnectUsername, c.ConnectPassword = u.User.Username(), []byte(password)
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	m, err := autopaho.NewConnection(life, c)
	s.close = func() error {
		if m != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			_ = m.Disconnect(ctx)
			cancel()
		}
		stop()
		return after()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect to broker %s: %w", u.Redacted(), err), s.close())
	}
	select {
	case err = <-up:
	case <-time.After(5 * time.Second):
		err = errors.New("nobody answered within 5s")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("subscribe to %s at %s: %w; it has to speak MQTT 5", filter, u.Redacted(), err), s.close())
	}
	return s, nil
}

// properties are what a message of MQTT 5 says of itself.
func properties(p *paho.Publish) map[string][]string {
	h := map[string][]string{}
	if p.Properties == nil {
		return h
	}
	if p.Properties.ContentType != "" {
		h["Content-Type"] = []string{p.Properties.ContentType}
	}
	for _, u := range p.Properties.User {
		h[u.Key] = append(h[u.Key], u.Value)
	}
	return h
}
