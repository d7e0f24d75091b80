package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/simulators/transports/mqtt"
	"github.com/andon-rig/andon/simulators/transports/nats"
)

// Schemes of addresses that confirmations are announced to.
const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
	schemeMQTT  = "mqtt"
	schemeNATS  = "nats"
)

// Schemes lists them.
var Schemes = []string{schemeHTTP, schemeHTTPS, schemeMQTT, schemeNATS}

// events is the event broker of a rig through which the MES announces.
type events struct {
	kind, name string // of the broker's endpoint
	mes        string
	url        string // of one that runs already; "" starts one
	listen     string
	webhook    string // where confirmations are published
	mqtt       *mqtt.Broker
	close      []func() error
	lost       int64 // messages that the broker has dropped
}

// announced finds the broker through which an endpoint announces; nil if it posts
// to the build.
func announced(f harness.File, mes string) (*events, error) {
	e := f.Endpoints[mes]
	kind := cmp.Or(e.Transport, schemeHTTP)
	switch {
	case kind == schemeHTTP:
		return nil, nil
	case kind != schemeMQTT && kind != schemeNATS:
		return nil, e.Pos.Errorf("endpoints.%s: a load announces over http, mqtt and nats so far, not %s", mes, kind)
	case e.QoS != nil && *e.QoS != 1:
		return nil, e.Pos.Errorf("endpoints.%s: a load publishes at QoS 1, not %d: at 0 nobody knows what was taken, and 2 is not spoken so far", mes, *e.QoS)
	}
	for name, b := range f.Endpoints {
		if b.Broker != kind {
			continue
		}
		if b.URL != "" && !(f.SUT.External != nil && f.SUT.External.TestSystem) && !onThisMachine(b.URL) {
			return nil, b.Pos.Errorf("endpoints.%s: the broker at %s is not on this machine; Andon publishes made-up production data, so it only touches systems whose owner says that they are for tests: sut.external.testSystem", name, b.URL)
		}
		return &events{kind: kind, name: name, mes: mes, url: b.URL, listen: b.Listen}, nil
	}
	return nil, e.Pos.Errorf("endpoints.%s: transport %s needs an event broker", mes, kind).WithHint("add endpoints.events: {broker: %s}", kind)
}

func onThisMachine(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// start starts the broker, or finds it, and tells v where it is.
func (e *events) start(ctx context.Context, v harness.Vars) (err error) {
	if e == nil {
		return nil
	}
	at := e.url // where we publish
	told := e.url
	if e.url == "" {
		if e.kind == schemeMQTT {
			at, err = e.startMQTT()
			told = at
		} else {
			at, told, err = e.startNATS(ctx)
		}
		if err != nil {
			return fmt.Errorf("endpoints.%s: %w", e.name, err)
		}
	}
	v[e.name+".url"], v["events.url"] = told, told
	separator := "/"
	if e.kind == schemeNATS {
		separator = "."
	}
	e.webhook = at + "/andon" + separator + e.mes
	return nil
}

func (e *events) startMQTT() (string, error) {
	b, err := mqtt.StartBroker(e.listen)
	if err != nil {
		return "", err
	}
	e.mqtt = b
	e.close = append(e.close, b.Close)
	return b.URL(), nil
}

// startNATS starts a server with the stream that the rig's announcements go to.
// The build comes in by the door that a rig has; we publish past it.
func (e *events) startNATS(ctx context.Context) (at, told string, err error) {
	dir, err := os.MkdirTemp("", "andon-nats-*")
	if err != nil {
		return "", "", fmt.Errorf("make a directory for the event broker: %w", err)
	}
	e.close = append(e.close, func() error { return os.RemoveAll(dir) })
	b, err := nats.StartBroker(nats.Address{}, dir)
	if err != nil {
		return "", "", err
	}
	e.close = append(e.close, b.Close)
	t, err := nats.New(ctx, nats.Config{Broker: b, Endpoint: e.mes})
	if err != nil {
		return "", "", err
	}
	e.close = append(e.close, t.Close)
	return b.Inside(), b.URL(), nil
}

// subscribing is how long a build that is ready may take to subscribe.
const subscribing = 10 * time.Second

// heard waits until the build has subscribed: what is published before that
// nobody gets.
func (e *events) heard(ctx context.Context) error {
	if e == nil || e.mqtt == nil {
		return nil
	}
	topic := "andon/" + e.mes + "/confirmations"
	ctx, cancel := context.WithTimeout(ctx, subscribing)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !e.mqtt.Subscribed(topic) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the build has not subscribed to %s within %s of being ready", topic, subscribing)
		}
	}
	return nil
}

// stop ends what start began, last first.
func (e *events) stop() (err error) {
	if e == nil {
		return nil
	}
	if e.mqtt != nil {
		e.lost = e.mqtt.Dropped()
	}
	for i := len(e.close) - 1; i >= 0; i-- {
		err = errors.Join(err, e.close[i]())
	}
	e.close, e.mqtt = nil, nil
	return err
}

// dropper is a build whose broker may drop what it had taken: then nobody else
// is to blame for what is lost.
type dropper interface{ Dropped() int64 }

var _ dropper = (*Rigged)(nil)

// Dropped is how many messages our own broker has dropped.
func (b *Rigged) Dropped() int64 {
	if b.events == nil {
		return 0
	}
	return b.events.lost
}
