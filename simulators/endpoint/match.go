package endpoint

import (
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// match refuses a change that does not say which state of its object it means,
// or means one that is over (RFC 6585 §3, RFC 9110 §13.1.1). What is unknown to
// the books is left to them.
func (e *Endpoint) match(m simulators.Message, ask simulators.Ask, p simulators.Policy) *simulators.Refusal {
	t, ok := e.Dialect.(simulators.Tagger)
	if !ok || p.Match != simulators.MatchETag || ask.Target == nil {
		return nil
	}
	found := e.System.State(ask.Target.Object, ask.Target.Where["id"])
	if found == nil {
		return nil
	}
	now, meant := t.Tag(found), strings.TrimSpace(m.Header["If-Match"])
	switch {
	case now == "" || meant == "*":
		return nil
	case meant == "":
		return &simulators.Refusal{Class: simulators.DataQuality, Code: "precondition-required", Text: "the change does not say by If-Match which state it means"}
	case strings.TrimPrefix(meant, "W/") != strings.TrimPrefix(now, "W/"):
		return &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Locked, Code: "precondition-failed", Text: "the object was changed meanwhile: read it again"}
	}
	return nil
}
