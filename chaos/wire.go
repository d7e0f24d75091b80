package chaos

import (
	"bytes"
	"maps"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// sent is what the sender of f sent, before any fault acted on it; nil if f is
// a copy that a fault made.
func (f *fate) sent() *simulators.Message {
	if f.copied {
		return nil
	}
	return f.original
}

// wire is the exchange that f was, as both sides sent it, and what contracts
// say of it; nil if nobody asks for the one or the other, or if it is none to
// judge. Payload is where the body that arrived is kept.
func (l *Link) wire(f *fate, acted simulators.Message, payload string) (*evidence.Wire, *evidence.Held) {
	m := f.sent()
	if m == nil || m.Unread != nil || m.Name == simulators.TokenName {
		return nil, nil
	}
	w := &evidence.Wire{Query: m.Params, Headers: shown(m.Header), Body: payload}
	w.Method, w.Path = l.address(*m, f.Direction)
	if !sameSlice(m.Body, f.Message.Body) {
		w.Body = l.store(m.Body)
	}
	var reply *simulators.Message
	if f.answered(acted) {
		answer := acted
		reply = &answer
		w.Reply = &evidence.WireReply{Status: acted.Result.Status, Headers: shown(acted.Header), Body: l.store(acted.Body)}
	}
	var held *evidence.Held
	if l.Held != nil {
		held = l.Held(*m, f.Direction, w.Method, w.Path, reply)
	}
	if l.Store == nil {
		w = nil
	}
	return w, held
}

// answered reports whether acted is what the far side made of the message that
// was sent, and of nothing else.
func (f *fate) answered(acted simulators.Message) bool {
	return acted.Result.Status != 0 && !f.Stopped() && f.Message.Manner == nil && f.Message.Mishap == nil && f.Message.Name == f.original.Name &&
		maps.Equal(f.Message.Header, f.original.Header) && bytes.Equal(f.Message.Body, f.original.Body)
}

// address is where m goes.
func (l *Link) address(m simulators.Message, dir simulators.Direction) (method, path string) {
	switch {
	case l.Address != nil:
		return l.Address(m, dir)
	case m.Method != "":
		return m.Method, "/" + m.Name
	}
	return "", m.Name
}

// shown are the headers of a message without what they are to keep secret.
func shown(h map[string]string) map[string]string {
	credentials, ok := h["Authorization"]
	if !ok {
		return h
	}
	scheme, _, _ := strings.Cut(credentials, " ")
	h = maps.Clone(h)
	h["Authorization"] = scheme + " [not kept]"
	return h
}
