package endpoint

import (
	"slices"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// part is one of the messages that a message holds.
type part struct {
	m   simulators.Message
	ask simulators.Ask
	err error
}

// read understands m. If it holds others, it is taken apart, and what is
// returned of the whole is for who looks at it from outside.
func (e *Endpoint) read(m simulators.Message) (ask simulators.Ask, parts []part, err error) {
	b, ok := e.Dialect.(simulators.Bundler)
	if !ok {
		ask, err = e.decode(m)
		return ask, nil, err
	}
	held, err := b.Unbundle(m)
	if err != nil {
		return ask, nil, err
	}
	if len(held) == 0 {
		ask, err = e.decode(m)
		return ask, nil, err
	}
	for _, h := range held {
		one := part{m: h}
		one.ask, one.err = e.decode(h)
		parts = append(parts, one)
	}
	ask, err = whole(parts)
	return ask, parts, err
}

// whole is all that parts ask, for who looks at the message from outside.
func whole(parts []part) (ask simulators.Ask, err error) {
	if len(parts) == 1 {
		return parts[0].ask, parts[0].err
	}
	for _, p := range parts {
		ask.Claims = append(ask.Claims, p.ask.Claims...)
		if err == nil && p.m.Verb != "get" {
			err = p.err
		}
	}
	ask.Batch = len(ask.Claims) > 0
	if len(ask.Claims) == 0 && len(parts) > 0 {
		ask.Query = parts[0].ask.Query
	}
	return ask, err
}

// bundle answers each part of m by itself, in their order, and has the dialect
// make one reply of theirs. An object that two parts post to is held once.
func (e *Endpoint) bundle(m simulators.Message, parts []part) simulators.Message {
	p := e.PolicyNow()
	if r := e.admit(m, p); r != nil {
		return e.refuse(m, r)
	}
	held := &holding{e: e, p: p}
	defer held.release()
	var replies []simulators.Message
	var items []simulators.Result
	var tells []plant.EventID
	from := 0
	for _, one := range parts {
		one.m.ID, one.m.Route, one.m.Events, one.m.Asks = m.ID, m.Route, one.ask.Claims, one.ask.Query
		one.m.Key, one.m.Entity = identity(one.m, one.ask)
		to := from + len(one.ask.Claims)
		silent := partManner(&one, m.Manner, from, to)
		reply := e.serve(one, p, held)
		for i := from; i < to; i++ {
			items = append(items, itemOf(reply.Result, i-from, silent))
		}
		if from = to; silent {
			reply = simulators.Message{}
		}
		replies, tells = append(replies, reply), append(tells, reply.Tells...)
	}
	out := e.Dialect.(simulators.Bundler).Bundle(m, replies)
	status := out.Result.Status
	if out.Result = combined(items); len(items) == 0 {
		out.Result = simulators.Result{Outcome: simulators.Answered}
	}
	out.Result.Status, out.Tells = status, tells
	return out
}

// partManner gives a part what the manner of the whole says of its rows, from
// the first of them up to the last, and reports whether its reply is not told.
func partManner(one *part, of *simulators.Manner, from, to int) (silent bool) {
	if of == nil || from == to {
		return false
	}
	one.m.Manner = &simulators.Manner{Later: of.Later}
	for i := from; i < min(to, len(of.Rows)); i++ {
		if of.Rows[i] != nil {
			one.err = of.Rows[i] // what is changed together fails together
		}
	}
	return of.Told != nil && !slices.Contains(of.Told, from)
}

// itemOf is what became of the i-th claim of a part.
func itemOf(r simulators.Result, i int, silent bool) simulators.Result {
	switch {
	case silent:
		return simulators.Result{Outcome: simulators.Unknown, Text: "the answer does not speak of this row"}
	case i < len(r.Items):
		return r.Items[i]
	}
	r.Items = nil
	return r
}

// combined is what a reply means that speaks of several claims.
func combined(items []simulators.Result) simulators.Result {
	good, known := 0, 0
	for _, i := range items {
		if i.Outcome.Took() {
			good++
		}
		if i.Outcome == simulators.Repeated {
			known++
		}
	}
	out := simulators.Result{Outcome: simulators.Partly, Items: items}
	switch {
	case len(items) == 1:
		return items[0]
	case good == 0 && len(items) > 0:
		out = items[0]
		out.Items = items
	case known == len(items):
		out.Outcome = simulators.Repeated
	case good == len(items):
		out.Outcome = simulators.Applied
	}
	return out
}

// holding are the locks of one message.
type holding struct {
	e    *Endpoint
	p    simulators.Policy
	mine []hold
}

// hold is the lock of one entity.
type hold struct {
	entity string
	unlock func()
}

// take locks an entity, unless this message has it already.
func (h *holding) take(entity string) bool {
	if slices.ContainsFunc(h.mine, func(m hold) bool { return m.entity == entity }) {
		return true
	}
	unlock, ok := h.e.locks.try(entity)
	if ok {
		h.mine = append(h.mine, hold{entity, unlock})
	}
	return ok
}

// give hands the lock of an entity over to who posts later; nothing if it is
// not held.
func (h *holding) give(entity string) (unlock func()) {
	for i, m := range h.mine {
		if m.entity == entity {
			h.mine = slices.Delete(h.mine, i, i+1)
			return m.unlock
		}
	}
	return func() {}
}

// release frees all after as long as a real posting would hold them.
func (h *holding) release() {
	for _, m := range h.mine {
		h.e.holdFor(h.p, m.unlock)
	}
}
