package endpoint_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
)

// noting is a line that keeps what the contract says of a message as it was
// sent and of its reply.
type noting struct{ sent, replied *string }

func (l noting) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	*l.sent = m.Breach
	reply, err := far(ctx, m)
	*l.replied = reply.Breach
	return reply, err
}

// picky is a dialect that wants replies to be empty.
type picky struct{ words }

func (picky) CheckReply(_, reply simulators.Message) string {
	if len(reply.Body) > 0 {
		return "body: is not empty"
	}
	return ""
}

// talkative is a SUT that answers with words.
type talkative struct{ mailbox }

func (talkative) Send(context.Context, simulators.Message) (simulators.Message, error) {
	return simulators.Message{Body: []byte("thanks"), Result: simulators.Result{Outcome: simulators.Accepted, Status: 202}}, nil
}

func TestWhatBreaksTheContractIsNoted(t *testing.T) {
	var sent, replied string
	build := func() *endpoint.Endpoint {
		return endpoint.New(endpoint.Config{Name: "erp", System: &books{}, Dialect: picky{}, Transport: talkative{}, Line: noting{&sent, &replied}, Push: true})
	}
	e := build()
	for _, c := range []struct {
		verb, name, body string
		wrong            bool
	}{
		{"post", "confirmations", "{", true},
		{"get", "confirmations", "{", false}, // who asks wrongly hears so
		{"post", "oauth/token", "{", false},
	} {
		if _, err := e.Receive(t.Context(), simulators.Message{Verb: c.verb, Name: c.name, Body: []byte(c.body)}); err != nil {
			t.Fatal(err)
		}
		if (sent != "") != c.wrong {
			t.Errorf("%s %s %s: noted %q", c.verb, c.name, c.body, sent)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		e := build() // its channels belong to the bubble
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = e.Run(ctx) }()
		if err := e.Notice(confirmation("1", 1)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cancel()
	})
	if replied != "body: is not empty" {
		t.Errorf("of the reply was noted %q", replied)
	}
}
