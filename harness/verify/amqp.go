package verify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// errNoExchange says what an AMQP broker must be told besides.
var errNoExchange = errors.New("an AMQP broker needs --topic exchange or --topic exchange/key: there is no hearing everything")

// subscribeAMQP catches what an exchange of AMQP 0-9-1 gets, in a queue of its
// own that ends with the connection. topic is the exchange, and behind a slash
// the key to bind by: "orders/erp.#"; without one "#", which topic exchanges
// take for all.
func subscribeAMQP(ctx context.Context, u *url.URL, topic string, maxBody int64) (Listener, error) {
	exchange, key, keyed := strings.Cut(topic, "/")
	if exchange == "" {
		return nil, errNoExchange
	}
	if !keyed {
		key = "#"
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	c, err := amqp.DialConfig(u.String(), amqp.Config{
		Properties: amqp.Table{"connection_name": "andon verify"},
		Dial: func(network, at string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, at)
			if err != nil {
				return nil, err
			}
			return conn, conn.SetDeadline(time.Now().Add(5 * time.Second)) // of the handshake; the library lifts it
		},
	})
	if err != nil {
		return nil, fmt.Errorf("connect to broker %s: %w", u.Redacted(), err)
	}
	s := &subscription{basket: make(basket, waiting), url: u.Redacted()}
	got, err := bind(c, exchange, key)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("subscribe to exchange %s by key %s at %s: %w", exchange, key, u.Redacted(), err), c.Close())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m := range got {
			s.put(m.RoutingKey, attributes(m), m.Body, maxBody)
		}
	}()
	s.close = func() error {
		err := c.Close()
		<-done
		if errors.Is(err, amqp.ErrClosed) {
			return nil // by the broker, which is told as no message
		}
		return err
	}
	return s, nil
}

// bind makes a queue and has what the exchange gets put into it. The exchange
// is the provider's to declare.
func bind(c *amqp.Connection, exchange, key string) (<-chan amqp.Delivery, error) {
	ch, err := c.Channel()
	if err != nil {
		return nil, err
	}
	q, err := ch.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return nil, err
	}
	if err := ch.QueueBind(q.Name, key, exchange, false, nil); err != nil {
		if e := (*amqp.Error)(nil); errors.As(err, &e) && e.Code == amqp.NotFound {
			return nil, errors.New("there is no such exchange; the provider declares it, so start that first")
		}
		return nil, err
	}
	return ch.Consume(q.Name, "andon", true, true, false, false, nil)
}

// attributes are what a message says of itself.
func attributes(m amqp.Delivery) map[string][]string {
	h := map[string][]string{"Exchange": {m.Exchange}}
	for name, v := range map[string]string{"Content-Type": m.ContentType, "Type": m.Type, "Message-Id": m.MessageId, "Correlation-Id": m.CorrelationId} {
		if v != "" {
			h[name] = []string{v}
		}
	}
	for k, v := range m.Headers {
		h[k] = []string{fmt.Sprint(v)}
	}
	return h
}
