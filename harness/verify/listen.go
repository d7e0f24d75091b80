package verify

import (
	"context"
	"fmt"
	"net"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/simulators/transports/mqtt"
)

// A Listener catches what a provider emits. Close ends it and waits for it.
type Listener interface {
	// URL is where the provider emits to.
	URL() string
	// Caught are the messages, in the order in which they came.
	Caught() <-chan Caught
	Close() error
}

// Caught is one message with the topic it came on.
type Caught struct {
	contracts.Part
	Unread string // why it cannot be judged; "" if it can
}

// where names the topic for people.
func (c Caught) where() string {
	if c.Path == "" {
		return "without a topic"
	}
	return c.Path
}

// waiting is how many messages may wait to be looked at. More for one trigger
// is no different from two.
const waiting = 64

// basket keeps what was caught.
type basket chan Caught

func (b basket) Caught() <-chan Caught { return b }

// put keeps a message. What finds no room is one too many anyway.
func (b basket) put(topic string, header map[string][]string, body []byte, maxBody int64) {
	m := Caught{Part: contracts.Part{Path: topic, Headers: map[string][]string{}, Body: body}}
	for k, v := range header {
		m.Headers[textproto.CanonicalMIMEHeaderKey(k)] = v
	}
	for _, k := range []string{"Topic", "Destination", "Subject", "Routingkey"} { // as pacts call it in their metadata
		if m.Headers[k] == nil {
			m.Headers[k] = []string{topic}
		}
	}
	if int64(len(body)) > maxBody {
		m.Body, m.Unread = nil, fmt.Sprintf("a message of more than %d bytes came, which is not judged; --max-body takes more", maxBody)
	}
	select {
	case b <- m:
	default:
	}
}

// Place reads where a provider is to emit to: "http" (a webhook), "nats" or
// "mqtt" (brokers of our own), or an address of these on the loopback
// interface, such as mqtt://127.0.0.1:1883.
func Place(at string) (*url.URL, error) {
	scheme, _, addressed := strings.Cut(at, "://")
	switch scheme {
	case "http", "nats", "mqtt":
	default:
		return nil, fmt.Errorf("%q: known are http, nats and mqtt, alone or as an address", at)
	}
	if !addressed {
		return &url.URL{Scheme: scheme, Host: "127.0.0.1:0"}, nil
	}
	u, err := url.Parse(at)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is no address such as %s://127.0.0.1:8091", at, scheme)
	}
	if !loopback(u.Hostname()) {
		return nil, fmt.Errorf("%s: listens on this machine only; --broker subscribes to one that runs elsewhere", at)
	}
	return u, nil
}

// Listen opens a place that a provider can emit to.
func Listen(ctx context.Context, u *url.URL, maxBody int64) (Listener, error) {
	if maxBody <= 0 {
		maxBody = DefaultMaxBody
	}
	switch u.Scheme {
	case "http":
		return listenHTTP(u, maxBody)
	case "nats":
		return listenNATS(u, maxBody)
	case "mqtt":
		b, err := mqtt.StartBroker(withPort(u, "0"))
		if err != nil {
			return nil, err
		}
		return subscribeMQTT(ctx, b.URL(), "#", maxBody, b.Close)
	}
	return nil, fmt.Errorf("%s is not listened on", u.Scheme)
}

// Subscribe catches what is published through a broker that runs already.
func Subscribe(ctx context.Context, u *url.URL, topic string, maxBody int64) (Listener, error) {
	if maxBody <= 0 {
		maxBody = DefaultMaxBody
	}
	if u.Scheme == "amqp" {
		return subscribeAMQP(ctx, u, topic, maxBody)
	}
	if u.Scheme == "nats" {
		if topic == "" {
			topic = ">"
		}
		return subscribeNATS(u.String(), topic, maxBody, func() error { return nil })
	}
	if topic == "" {
		topic = "#"
	}
	return subscribeMQTT(ctx, u.String(), topic, maxBody, func() error { return nil })
}

// withPort is the host and port of u.
func withPort(u *url.URL, port string) string {
	if u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort(u.Hostname(), port)
}
