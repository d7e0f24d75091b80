package verify

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
)

// DefaultQuiet is how long a second message is waited for after the first.
const DefaultQuiet = 200 * time.Millisecond

// A Bridge has the provider emit a message for real and catches it on the
// transport that really carries it. It begins at a callback of the provider's
// side, the trigger:
//
//	POST {"description": "an order is released", "providerStates": [{"name": "…", "params": {…}}],
//	      "consumer": "mes-line1", "to": "nats://127.0.0.1:4222"}
//
// which answers 2xx when the message is on its way. It must not hold the
// message itself: what is judged is what comes over the transport. For a
// message that is answered, the body has a "request" with contents and
// metadata, and the answer is what is emitted.
//
// Unless exactly one message comes, there is none: a bridge that fails is
// never a provider that is verified.
type Bridge struct {
	Trigger  *url.URL
	Listener Listener
	Timeout  time.Duration  // for the trigger to answer, and again for the message to come; DefaultTimeout if 0
	Quiet    time.Duration  // in which no second may come; DefaultQuiet if 0
	Roots    *x509.CertPool // who vouches for the trigger over https; those of this machine if nil
}

type messageCall struct {
	Description    string         `json:"description"`
	ProviderStates []pact.State   `json:"providerStates"`
	Consumer       string         `json:"consumer"`
	To             string         `json:"to"`
	Request        *messageAnswer `json:"request,omitempty"`
}

type messageAnswer struct {
	Contents any            `json:"contents"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

// ask has one message emitted and returns it.
func (b *Bridge) ask(ctx context.Context, call messageCall) (m contracts.Part, notes []string, bad *trouble) {
	timeout, quiet := b.Timeout, b.Quiet
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	if quiet <= 0 {
		quiet = DefaultQuiet
	}
	if n := b.drain(); n > 0 {
		notes = append(notes, fmt.Sprintf("before it was asked for, messages had come: %d, which may be late ones of an interaction before", n))
	}
	call.To = b.Listener.URL()
	if call.ProviderStates == nil {
		call.ProviderStates = []pact.State{}
	}
	if bad := b.pull(ctx, timeout, call); bad != nil {
		return m, notes, bad
	}
	first, bad := b.next(ctx, timeout)
	if bad != nil {
		return m, notes, bad
	}
	if first == nil {
		return m, notes, &trouble{verdict: evidence.Inconclusive, text: fmt.Sprintf("the trigger was answered, and nothing came to %s within %s", b.Listener.URL(), timeout)}
	}
	second, bad := b.next(ctx, quiet)
	switch {
	case bad != nil:
		return m, notes, bad
	case second != nil:
		return m, notes, &trouble{verdict: evidence.Inconclusive, text: fmt.Sprintf("two messages came for one trigger (%s, %s), and nobody can say which is meant", first.where(), second.where())}
	case first.Unread != "":
		return m, notes, &trouble{verdict: evidence.Inconclusive, text: first.Unread}
	}
	return first.Part, notes, nil
}

// pull pulls the trigger.
func (b *Bridge) pull(ctx context.Context, timeout time.Duration, call messageCall) *trouble {
	body, err := json.Marshal(call)
	if err != nil {
		return &trouble{verdict: evidence.Inconclusive, environment: true, text: err.Error()}
	}
	p := contracts.Part{Method: http.MethodPost, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: body}
	reply, bad := newWire(timeout, maxStates, b.Roots).send(ctx, b.Trigger, p, nil)
	switch {
	case bad != nil:
		return &trouble{verdict: evidence.Inconclusive, environment: true, text: "the trigger: " + bad.text}
	case reply.Status/100 != 2:
		return &trouble{verdict: evidence.Inconclusive, environment: true, text: fmt.Sprintf("the trigger answered %d: %s", reply.Status, short(reply.Body))}
	}
	return nil
}

// next is the next message, or nil if none comes in time.
func (b *Bridge) next(ctx context.Context, within time.Duration) (*Caught, *trouble) {
	limit := time.NewTimer(within)
	defer limit.Stop()
	select {
	case m := <-b.Listener.Caught():
		return &m, nil
	case <-limit.C:
		return nil, nil
	case <-ctx.Done():
		return nil, stopped()
	}
}

// drain takes away what came before it was asked for.
func (b *Bridge) drain() (n int) {
	for {
		select {
		case <-b.Listener.Caught():
			n++
		default:
			return n
		}
	}
}

// message has a message of a pact emitted, and judges it.
func (a *Andon) message(ctx context.Context, p contracts.Pair, in *pact.Interaction, r *contracts.Replayed) {
	call := messageCall{Description: in.Description, ProviderStates: in.States, Consumer: p.Consumer.Party}
	if in.Kind == pact.Sync {
		call.Request = asked(in.Request)
	}
	m, notes, bad := a.target.Bridge.ask(ctx, call)
	r.Notes = append(r.Notes, notes...)
	if bad != nil {
		fault(r, bad)
		return
	}
	r.Asked = m.Path
	breaches, err := in.Judge(m)
	judged(r, breaches, err)
	if r.Verdict == evidence.Holds {
		a.promised(p, contracts.Exchange{Request: m}, r)
	}
}

// asked is a message that is to be answered, as the trigger is told it.
func asked(p pact.Part) *messageAnswer {
	out := &messageAnswer{Metadata: map[string]any{}}
	for k, v := range p.Headers {
		out.Metadata[k] = strings.Join(v, ", ")
	}
	switch {
	case p.Body.IsJSON:
		out.Contents = p.Body.JSON
	case p.Body.Presence == pact.Present:
		out.Contents = string(p.Body.Bytes)
	}
	return out
}
