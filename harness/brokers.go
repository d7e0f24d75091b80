package harness

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/mqtt"
	"github.com/andon-rig/andon/simulators/transports/nats"
)

// Kinds of event brokers, which are also the transports of endpoints that
// announce through one.
const (
	brokerMQTT = "mqtt"
	brokerNATS = "nats"
)

// embedded is an event broker that this rig has started.
type embedded struct {
	mqtt *mqtt.Broker
	nats *nats.Broker
}

// brokers starts the event brokers of the rig file, or finds the user's own.
func (r *Rig) brokers() error {
	for _, name := range r.setup.File.endpointNames() {
		spec := r.setup.File.Endpoints[name]
		if spec.Broker == "" {
			continue
		}
		r.Vars[name+".url"] = spec.URL
		if spec.URL == "" {
			if err := r.startBroker(name, spec); err != nil {
				return fmt.Errorf("endpoints.%s: %w", name, err)
			}
		}
		r.Vars["events.url"] = r.Vars[name+".url"]
	}
	return nil
}

func (r *Rig) startBroker(name string, spec EndpointSpec) error {
	if spec.Broker == brokerMQTT {
		b, err := mqtt.StartBroker(spec.Listen)
		if err != nil {
			return err
		}
		r.closed = append(r.closed, b.Close)
		r.embedded[name], r.Vars[name+".url"] = embedded{mqtt: b}, b.URL()
		return nil
	}
	dir, err := os.MkdirTemp("", "andon-nats-*")
	if err != nil {
		return fmt.Errorf("make a directory for the event broker: %w", err)
	}
	r.closed = append(r.closed, func() error { return os.RemoveAll(dir) })
	b, err := nats.StartBroker(nats.Address{}, dir)
	if err != nil {
		return err
	}
	r.closed = append(r.closed, b.Close)
	r.embedded[name], r.Vars[name+".url"] = embedded{nats: b}, b.URL()
	r.Plan.lag = func() int { return b.Lag(context.Background()) }
	return nil
}

// broker names the broker through which an endpoint announces; "" if the rig
// has none of that kind.
func (f File) broker(kind string) string {
	for _, name := range f.endpointNames() {
		if kind != "" && f.Endpoints[name].Broker == kind {
			return name
		}
	}
	return ""
}

// mishaps lists what can befall a message of the endpoint at the broker it is
// announced through. Only a broker that Andon started can be had to do
// anything; nil means none.
func (f File) mishaps(endpoint string) []simulators.MishapKind {
	kind := f.Endpoints[endpoint].Transport
	at := f.broker(kind)
	if at == "" || f.Endpoints[at].URL != "" {
		return nil
	}
	if kind == brokerMQTT {
		return mqtt.Mishaps()
	}
	return nats.Mishaps()
}

// brokered names a rig of the examples with a broker that can do what f needs.
func brokered(f chaos.Fault) string {
	if chaos.Befalls(f, mqtt.Mishaps()) {
		return "examples/bridge/mqtt.yaml"
	}
	return "examples/bridge/nats.yaml"
}

// over opens a transport through the rig's broker.
func (r *Rig) over(name string, spec EndpointSpec, policy simulators.Policy) (simulators.Transport, error) {
	at := r.setup.File.broker(spec.Transport)
	if at == "" {
		return nil, spec.Pos.Errorf("transport %s needs an event broker", spec.Transport).WithHint("add endpoints.events: {broker: %s}", spec.Transport)
	}
	ctx, url := context.Background(), r.Vars[at+".url"]
	if spec.Transport == brokerMQTT {
		t, err := mqtt.New(ctx, mqtt.Config{Broker: r.embedded[at].mqtt, URL: url, Endpoint: name, QoS: spec.qos(), Retain: spec.Retain, MaxBody: policy.MaxBody})
		if err != nil {
			return nil, err
		}
		r.closed = append(r.closed, t.Close)
		return t, nil
	}
	t, err := nats.New(ctx, nats.Config{Broker: r.embedded[at].nats, URL: url, Endpoint: name, MaxBody: policy.MaxBody})
	if err != nil {
		return nil, err
	}
	r.closed = append(r.closed, t.Close)
	return t, nil
}

// checkBroker refuses settings of MQTT elsewhere.
func (e *EndpointSpec) checkBroker() error {
	switch {
	case (e.QoS != nil || e.Retain) && e.Transport != brokerMQTT:
		return e.Pos.Errorf("qos and retain are of announcements over MQTT").WithHint("write transport: mqtt, and endpoints.events: {broker: mqtt}")
	case e.QoS != nil && (*e.QoS < 0 || *e.QoS > 2):
		return e.Pos.Errorf("qos %d is not one of 0, 1, 2", *e.QoS)
	}
	return nil
}

// qos is the quality of service of announcements over MQTT.
func (e EndpointSpec) qos() byte {
	if e.QoS == nil {
		return 1
	}
	return byte(*e.QoS)
}

// events announces over a broker and answers requests there and over HTTP.
type events struct {
	simulators.Transport
	broker simulators.Transport
}

// Send implements [simulators.Transport].
func (e events) Send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	return e.broker.Send(ctx, m)
}

// Serve implements [simulators.Transport].
func (e events) Serve(ctx context.Context, receive simulators.Receiver) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- e.broker.Serve(ctx, receive) }()
	err := e.Transport.Serve(ctx, receive)
	stop()
	return errors.Join(err, <-done)
}
