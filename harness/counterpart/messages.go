package counterpart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/eclipse/paho.golang/paho"
	natsgo "github.com/nats-io/nats.go"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/verify"
)

// patience is how long one message may take to be sent.
const patience = 10 * time.Second

// An Emitter plays a provider of messages: it sends the examples of pacts over
// and over.
type Emitter struct {
	Documents []contracts.Document
	To        *url.URL // http or https (each is posted below it), nats or mqtt
	Every     time.Duration
	Times     int // rounds; without end if 0
	See       func(name, topic string, err error)
}

// Messages are the messages of a provider in documents.
func Messages(documents []contracts.Document) (all []*pact.Interaction) {
	for _, d := range documents {
		if p, ok := d.(*pact.Document); ok {
			for _, in := range p.Interactions {
				if in.Kind == pact.Async {
					all = append(all, in)
				}
			}
		}
	}
	return all
}

// Run sends until it has made its rounds or its context ends. It returns how
// many messages were sent, and how many could not be.
func (e Emitter) Run(ctx context.Context) (sent, failed int) {
	all := Messages(e.Documents)
	tick := time.NewTicker(max(e.Every, time.Millisecond))
	defer tick.Stop()
	for round := 0; len(all) > 0 && (e.Times == 0 || round < e.Times); round++ {
		for _, in := range all {
			if sent+failed > 0 {
				select {
				case <-tick.C:
				case <-ctx.Done():
					return sent, failed
				}
			}
			filled, _ := in.Fill(pact.Values{})
			p := filled.Response.Exchange()
			if p.Path == "" {
				p.Path = topicOf(in.Description)
			}
			err := send(ctx, e.To, p)
			if err != nil {
				failed++
			} else {
				sent++
			}
			e.See(in.Name(), p.Path, err)
		}
	}
	return sent, failed
}

// topicOf makes a topic of a description, for a message whose metadata names
// none.
func topicOf(description string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || strings.ContainsRune("#+*>./", r) {
			return '-'
		}
		return r
	}, description)
}

func send(ctx context.Context, to *url.URL, p contracts.Part) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch to.Scheme {
	case "nats":
		return publishNATS(to, p)
	case "mqtt":
		return publishMQTT(ctx, to, p)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.JoinPath(p.Path).String(), bytes.NewReader(p.Body))
	if err != nil {
		return err
	}
	for k, v := range p.Headers {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
	if resp.StatusCode/100 != 2 {
		err = errors.Join(fmt.Errorf("answered %s", resp.Status), err)
	}
	return errors.Join(err, resp.Body.Close())
}

func publishNATS(to *url.URL, p contracts.Part) error {
	c, err := natsgo.Connect(to.String(), natsgo.Name("andon serve"), natsgo.Timeout(patience))
	if err != nil {
		return err
	}
	defer c.Close()
	m := natsgo.NewMsg(strings.ReplaceAll(strings.Trim(p.Path, "/"), "/", "."))
	m.Data = p.Body
	for k, v := range p.Headers {
		m.Header[k] = v
	}
	if err := c.PublishMsg(m); err != nil {
		return err
	}
	return c.FlushTimeout(patience)
}

func publishMQTT(ctx context.Context, to *url.URL, p contracts.Part) error {
	var d net.Dialer
	host := to.Host
	if to.Port() == "" {
		host = net.JoinHostPort(to.Hostname(), "1883")
	}
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	c := paho.NewClient(paho.ClientConfig{Conn: conn})
	hello := &paho.Connect{ClientID: fmt.Sprintf("andon-serve-%d", time.Now().UnixNano()), KeepAlive: 30, CleanStart: true}
	if to.User != nil {
		password, _ := to.User.Password()
		hello.Username, hello.UsernameFlag, hello.Password, hello.PasswordFlag = to.User.Username(), true, []byte(password), password != ""
	}
	if _, err := c.Connect(ctx, hello); err != nil {
		return errors.Join(err, conn.Close())
	}
	m := &paho.Publish{Topic: p.Path, QoS: 1, Payload: p.Body, Properties: &paho.PublishProperties{ContentType: p.Header("Content-Type")}}
	for k, v := range p.Headers {
		for _, one := range v {
			m.Properties.User.Add(k, one)
		}
	}
	_, err = c.Publish(ctx, m)
	if err != nil && strings.Contains(err.Error(), "No matching subscribers") {
		err = errors.New("nobody has subscribed to " + p.Path)
	}
	return errors.Join(err, c.Disconnect(&paho.Disconnect{}))
}

// A Hearer plays a consumer of messages: it judges each that comes by what the
// consumer relies on.
type Hearer struct {
	Documents []contracts.Document
	Listener  verify.Listener
	See       func(Heard)
}

// Heard is one message and what it is worth.
type Heard struct {
	Topic    string             `json:"topic"`
	Verdict  evidence.Verdict   `json:"verdict"`
	Text     string             `json:"text"`
	Breaches []contracts.Breach `json:"breaches,omitempty"`
}

// Run judges until its context ends, and returns the worst; vacuous if nothing
// came.
func (h Hearer) Run(ctx context.Context) evidence.Verdict {
	verdict, any := evidence.Vacuous, false
	for {
		select {
		case m := <-h.Listener.Caught():
			heard := h.judge(m)
			if !any {
				verdict, any = evidence.Holds, true
			}
			verdict = max(verdict, heard.Verdict)
			h.See(heard)
		case <-ctx.Done():
			return verdict
		}
	}
}

// judge holds a message against every document; the one that is content
// decides, or else the one that has least against it.
func (h Hearer) judge(m verify.Caught) Heard {
	out := Heard{Topic: m.Path, Verdict: evidence.Violated, Text: "no contract knows such a message"}
	if m.Unread != "" {
		return Heard{Topic: m.Path, Verdict: evidence.Inconclusive, Text: m.Unread}
	}
	for _, d := range h.Documents {
		c, ok := d.(contracts.Checker)
		if !ok {
			continue
		}
		found, covered := c.Check(contracts.Exchange{Request: m.Part})
		switch {
		case !covered:
		case len(found) == 0:
			return Heard{Topic: m.Path, Verdict: evidence.Holds, Text: "matched"}
		case out.Breaches == nil || len(found) < len(out.Breaches):
			out.Breaches, out.Text = found, found[0].String()
		}
	}
	return out
}
