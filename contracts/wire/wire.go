// Package wire turns what a journal keeps of messages into the exchanges that
// contracts judge, so that a stored run is judged as it was while it ran.
//
// It knows nothing of books and versions: which contracts an exchange is held
// against is not its business.
package wire

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// A Crossing is one exchange between the SUT and an endpoint, as both sides
// sent it. Whether the consumer of a contract began it depends on the contract;
// see [Crossing.As].
type Crossing struct {
	Seq      uint64 // of its record; 0 while there is none
	Endpoint string
	Name     string // what the dialect calls the message: "confirmations"
	FromSUT  bool   // the SUT sent the request
	Exchange contracts.Exchange
	// Inside is the document that the request carries, by its name as a path, which
	// contracts of its own are about; nil if there is none. See [Inside].
	Inside *contracts.Part
}

// As is the exchange for a contract of which the SUT is the provider or a
// consumer.
func (c Crossing) As(provider bool) contracts.Exchange {
	x := c.Exchange
	x.FromConsumer = c.FromSUT != provider
	return x
}

// Enclosed is the announcement of the document inside of the exchange, for a
// contract that is about such: it has a name and no address, and nobody answers it
// by itself.
func (c Crossing) Enclosed(provider bool) contracts.Exchange {
	return contracts.Exchange{FromConsumer: c.FromSUT != provider, Request: *c.Inside}
}

// Telling is the exchange with the document inside of it in the place of its body,
// for who looks where it says its version: in the document, or around it.
func (c Crossing) Telling(provider bool) contracts.Exchange {
	x := c.As(provider)
	x.Request.Headers, x.Request.Body = c.Inside.Headers, c.Inside.Body
	return x
}

// Inside is the document that the request of an exchange carries, by what the
// dialect says of such messages; nil if there is none. Its headers are those of the
// request, but for what is said of the document itself.
func Inside(d simulators.Dialect, x contracts.Exchange) *contracts.Part {
	e, ok := d.(simulators.Encloser)
	if !ok {
		return nil
	}
	in, ok := e.Enclosed(simulators.Message{Name: strings.TrimPrefix(x.Request.Path, "/"), Method: x.Request.Method,
		Header: singles(x.Request.Headers), Params: singles(x.Request.Query), Body: x.Request.Body})
	if !ok {
		return nil
	}
	headers := map[string][]string{}
	maps.Copy(headers, x.Request.Headers)
	maps.Copy(headers, lists(in.Header))
	return &contracts.Part{Path: in.Name, Headers: headers, Body: in.Body}
}

func singles(m map[string][]string) map[string]string {
	all := make(map[string]string, len(m))
	for k, v := range m {
		if len(v) > 0 {
			all[k] = v[0]
		}
	}
	return all
}

// Of is the exchange that w stands for, with bodies as they crossed. Reply is
// the body of the answer, of no meaning if w has none.
func Of(w *evidence.Wire, request, reply []byte) contracts.Exchange {
	x := contracts.Exchange{Request: contracts.Part{Method: w.Method, Path: w.Path, Query: lists(w.Query), Headers: lists(w.Headers), Body: request}}
	if w.Reply != nil {
		x.Reply = &contracts.Part{Status: w.Reply.Status, Headers: lists(w.Reply.Headers), Body: reply}
	}
	return x
}

func lists(m map[string]string) map[string][]string {
	if len(m) == 0 {
		return nil
	}
	all := make(map[string][]string, len(m))
	for k, v := range m {
		all[k] = []string{v}
	}
	return all
}

// Payloads returns the body that a record refers to. An error says why it
// cannot be had as it was: it is not there, was cut or redacted.
type Payloads func(ref string) ([]byte, error)

// All are the crossings of a journal in its order. With an error the crossing
// says which one it was; its bodies are not as they were on the wire, and
// nothing follows from them.
func All(records []evidence.Record, payloads Payloads) iter.Seq2[Crossing, error] {
	return func(yield func(Crossing, error) bool) {
		for _, r := range records {
			c, w := crossing(r)
			if w == nil {
				continue
			}
			err := c.fill(w, payloads)
			if !yield(c, err) {
				return
			}
		}
	}
}

// crossing is what a record says of an exchange; the wire is nil if it is none.
func crossing(r evidence.Record) (Crossing, *evidence.Wire) {
	switch b := r.Body.(type) {
	case evidence.Attempt:
		return Crossing{Seq: r.Seq, Endpoint: b.Endpoint, Name: b.Name, FromSUT: true}, b.Wire
	case evidence.Offer:
		return Crossing{Seq: r.Seq, Endpoint: b.Endpoint, Name: b.Name}, b.Wire
	}
	return Crossing{}, nil
}

func (c *Crossing) fill(w *evidence.Wire, payloads Payloads) error {
	request, err := payloads.body(w.Body)
	var reply []byte
	if w.Reply != nil {
		body, err2 := payloads.body(w.Reply.Body)
		reply, err = body, errors.Join(err, err2)
	}
	c.Exchange = Of(w, request, reply)
	if err != nil {
		return fmt.Errorf("exchange %d, %s at %s: %w", c.Seq, c.Name, c.Endpoint, err)
	}
	return nil
}

func (p Payloads) body(ref string) ([]byte, error) {
	if ref == "" {
		return nil, nil
	}
	return p(ref)
}

// Live is the exchange of a message that crosses now. Method and path are where
// it goes; reply is nil if there is none, or none that counts.
func Live(m simulators.Message, method, path string, reply *simulators.Message) contracts.Exchange {
	x := contracts.Exchange{Request: contracts.Part{Method: method, Path: path, Query: lists(m.Params), Headers: lists(m.Header), Body: m.Body}}
	if reply != nil {
		x.Reply = &contracts.Part{Status: reply.Result.Status, Headers: lists(reply.Header), Body: reply.Body}
	}
	return x
}
