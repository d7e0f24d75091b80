package endpoint

import (
	"context"
	"errors"

	"github.com/andon-rig/andon/simulators"
)

// breach says what is wrong with a posting of the SUT by this endpoint's
// contract, which its dialect's strict decoder and its schemas state alike.
// Questions are none: who asks for what is not there hears so, and that is all. What was not read
// to its end is no message.
func breach(m simulators.Message, err error) string {
	if err == nil || m.Verb == "get" || m.Unread != nil {
		return ""
	}
	var r *simulators.Refusal
	if errors.As(err, &r) {
		return r.Code + ": " + r.Text
	}
	return err.Error()
}

// send delivers an announcement and holds the SUT's reply against the contract.
func (e *Endpoint) send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	reply, err := e.Transport.Send(ctx, m)
	if c, ok := e.Dialect.(simulators.ReplyChecker); ok && err == nil && answered(reply.Result) {
		reply.Breach = c.CheckReply(m, reply)
	}
	if c, ok := e.Dialect.(simulators.ReplyReader); ok && err == nil && answered(reply.Result) {
		reply.Result = c.ReadReply(m, reply)
	}
	return reply, err
}

// answered reports whether there was a reply that can be looked at.
func answered(r simulators.Result) bool { return r.Status != 0 }
