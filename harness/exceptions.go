package harness

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// exceptionsLink is the name of the worklist's link.
const exceptionsLink = "exceptions"

// exceptions is where the SUT surfaces what it could not post: a worklist that
// takes every report, once, and writes it into the journal.
type exceptions struct {
	transport simulators.Transport
	link      *chaos.Link
	journal   *evidence.Journal

	mu    sync.Mutex // guards what follows
	taken map[string]bool
}

// again reports whether m repeats a report that has been taken: with the same
// key and the same words, as from one who has not heard the answer.
func (x *exceptions) again(m simulators.Message) bool {
	key := m.Header["Idempotency-Key"]
	if key == "" {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	said := key + "\x00" + string(m.Body)
	if x.taken[said] {
		return true
	}
	if x.taken == nil {
		x.taken = map[string]bool{}
	}
	x.taken[said] = true
	return false
}

// exceptionReport is the body of a report, see docs/sut.md.
type exceptionReport struct {
	Class     simulators.Class `json:"class"`
	Kind      plant.Kind       `json:"kind"`
	Reference string           `json:"reference"`
	Reason    string           `json:"reason"`
	Keys      plant.Keys       `json:"keys"`
	Closed    bool             `json:"closed"`
}

func (x *exceptions) run(ctx context.Context) error {
	return x.transport.Serve(ctx, x.receive)
}

func (x *exceptions) receive(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	var r exceptionReport
	err := json.Unmarshal(m.Body, &r)
	m.Key = "exception/" + r.Reference
	if r.Reference == "" {
		m.Key = "exception/" + plant.NaturalKey(r.Kind, r.Keys)
	}
	if m.Unread == nil {
		m.Breach = r.breach(m.Verb, err)
	}
	return x.link.Carry(ctx, m, simulators.FromSUT, func(context.Context, simulators.Message) (simulators.Message, error) {
		if m.Verb != "post" {
			return exceptionReply(405, "only POST is understood here"), nil
		}
		if m.Unread != nil {
			return unreadReply(m.Unread), nil
		}
		if m.Breach != "" {
			return exceptionReply(400, m.Breach), nil
		}
		if x.again(m) {
			return exceptionReply(202, "this report is here already"), nil
		}
		x.journal.Append(evidence.Surface{Class: r.Class, Keys: r.Keys, Kind: r.Kind, Reference: r.Reference, Reason: clip(r.Reason), Closed: r.Closed})
		return exceptionReply(202, ""), nil
	})
}

// unreadReply refuses a report that could not be read.
func unreadReply(u *simulators.Unread) simulators.Message {
	reply := exceptionReply(413, u.Refusal.Text)
	reply.Result.Outcome, reply.Result.Code = cmp.Or(u.Refusal.Outcome, simulators.Refused), u.Refusal.Code
	return reply
}

// breach says what is wrong with a report that was posted; err is why its body
// could not be read.
func (r exceptionReport) breach(verb string, err error) string {
	if verb != "post" {
		return ""
	}
	if err != nil {
		return "the body is not the JSON object that docs/sut.md describes: " + clip(err.Error())
	}
	switch r.Class {
	case simulators.Technical, simulators.Business, simulators.DataQuality:
		return ""
	}
	return fmt.Sprintf("class is %q; it must be technical, business or data-quality", clip(string(r.Class)))
}

func exceptionReply(status int, text string) simulators.Message {
	body, _ := json.Marshal(map[string]any{"status": status, "detail": text}) // a string and a number cannot fail
	res := simulators.Result{Outcome: simulators.Accepted, Status: status}
	if status >= 400 {
		res = simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality, Code: "malformed", Text: text, Status: status}
	}
	return simulators.Message{Header: map[string]string{"Content-Type": "application/json"}, Body: body, Result: res}
}

// clip bounds what a SUT may make us keep of its words.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if r := []rune(s); len(r) > 500 {
		return string(r[:500]) + "…"
	}
	return s
}
