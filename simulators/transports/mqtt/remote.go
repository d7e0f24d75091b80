package mqtt

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"github.com/andon-rig/andon/simulators"
)

// remote is a broker that runs already. It has to speak MQTT 5, which says
// whether anybody has subscribed to what is published.
type remote struct {
	at     string
	client *autopaho.ConnectionManager

	mu     sync.Mutex // guards what follows
	wanted []paho.SubscribeOptions
}

// dial connects to a broker and stays connected.
func dial(ctx context.Context, at, endpoint string) (*remote, error) {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("event broker %q is not an address like mqtt://host:1883", at)
	}
	r := &remote{at: at}
	c := autopaho.ClientConfig{
		ServerUrls: []*url.URL{u}, KeepAlive: 30, ConnectTimeout: 5 * time.Second, CleanStartOnInitialConnection: true,
		ReconnectBackoff: func(int) time.Duration { return 100 * time.Millisecond },
		OnConnectionUp:   func(*autopaho.ConnectionManager, *paho.Connack) { go func() { _ = r.resubscribe() }() }, // else at the next one

		ClientConfig: paho.ClientConfig{ClientID: fmt.Sprintf("andon-%s-%d", endpoint, time.Now().UnixNano())},
	}
	if u.User != nil {
		password, _ := u.User.Password()
		c.ConnectUsername, c.ConnectPassword = u.User.Username(), []byte(password)
	}
	if r.client, err = autopaho.NewConnection(context.WithoutCancel(ctx), c); err != nil {
		return nil, fmt.Errorf("connect to event broker %s: %w", u.Redacted(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := r.client.AwaitConnection(ctx); err != nil {
		_ = r.close()
		return nil, fmt.Errorf("connect to event broker %s: %w; it has to speak MQTT 5", u.Redacted(), err)
	}
	return r, nil
}

// resubscribe asks for what is wanted, after every connect.
func (r *remote) resubscribe() error {
	r.mu.Lock()
	wanted := append([]paho.SubscribeOptions(nil), r.wanted...)
	r.mu.Unlock()
	if len(wanted) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := r.client.Subscribe(ctx, &paho.Subscribe{Subscriptions: wanted})
	return err
}

func (r *remote) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return r.client.Disconnect(ctx)
}

// nobodyListens is the reason code of a PUBACK for a message that nobody has
// subscribed to.
const nobodyListens = 0x10

// deliver publishes p and waits until the broker has it. Mishaps are not to be
// had from a broker that is not ours.
func (r *remote) deliver(ctx context.Context, _ string, p publication, _ *simulators.Mishap) simulators.Result {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	res, err := r.client.Publish(ctx, p.publish())
	switch {
	case res != nil && p.qos > 0 && res.ReasonCode == nobodyListens:
		return simulators.Result{Outcome: simulators.Unavailable, Class: simulators.Technical, Text: "nobody has subscribed to " + p.topic}
	case err != nil:
		return simulators.Result{Outcome: simulators.Unknown, Text: err.Error()}
	case p.qos == 0:
		return simulators.Result{Outcome: simulators.Unknown, LetGo: true, Text: "sent at QoS 0: nobody acknowledges it"}
	}
	return simulators.Result{Outcome: simulators.Accepted, Text: "the broker has it"}
}

// publish is p as the client sends it.
func (p publication) publish() *paho.Publish {
	out := &paho.Publish{Topic: p.topic, Payload: p.payload, QoS: p.qos, Retain: p.retain, Properties: &paho.PublishProperties{CorrelationData: p.answerTo}}
	for k, v := range p.header {
		if k == contentType {
			out.Properties.ContentType = v
			continue
		}
		out.Properties.User.Add(k, v)
	}
	return out
}

func (r *remote) subscribe(filter string, do func(publication, string)) (cancel func(), err error) {
	// The client's own way to remove a listener races with its reading.
	var gone atomic.Bool
	r.client.AddOnPublishReceived(func(m autopaho.PublishReceived) (bool, error) {
		if gone.Load() {
			return false, nil
		}
		pk := m.Packet
		p := publication{topic: pk.Topic, payload: pk.Payload, header: map[string]string{}, qos: pk.QoS}
		answer := ""
		if pp := pk.Properties; pp != nil {
			for _, u := range pp.User {
				p.header[u.Key] = u.Value
			}
			if pp.ContentType != "" {
				p.header[contentType] = pp.ContentType
			}
			p.answerTo, answer = pp.CorrelationData, pp.ResponseTopic
		}
		do(p, answer)
		return true, nil
	})
	r.mu.Lock()
	r.wanted = append(r.wanted, paho.SubscribeOptions{Topic: filter, QoS: 1})
	r.mu.Unlock()
	if err := r.resubscribe(); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", filter, err)
	}
	return func() { gone.Store(true) }, nil
}

func (r *remote) reply(p publication) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := r.client.Publish(ctx, p.publish())
	return err
}
