package endpoint

import (
	"github.com/andon-rig/andon/simulators"
)

// settle has the system do what m asks, and keeps what it refuses for a person
// where the policy says so. A person sees it in the queue, and puts it back
// with [Endpoint.Requeue].
func (e *Endpoint) settle(m simulators.Message, ask simulators.Ask, p simulators.Policy) simulators.Answer {
	if p.Batch == simulators.BatchLead && len(ask.Claims) > 1 {
		return e.led(m, ask, p)
	}
	a := e.handle(m, ask)
	if r := refusedFor(a); p.Failed.Pools(r) {
		return simulators.Answer{Later: true, Operation: e.pool(m, ask, r)}
	}
	return a
}

// led posts the first claim and then the others, which are kept for a person if
// they are refused: their sender hears of a success.
func (e *Endpoint) led(m simulators.Message, ask simulators.Ask, p simulators.Policy) simulators.Answer {
	first := only(ask, 0)
	a := e.handle(m, first)
	if r := refusedFor(a); r != nil {
		if p.Failed.Pools(r) {
			return simulators.Answer{Later: true, Operation: e.pool(m, ask, r)}
		}
		return simulators.Answer{Refusal: r}
	}
	out := simulators.Answer{Rows: a.Rows}
	for i := range ask.Claims[1:] {
		one := only(ask, i+1)
		a := e.handle(m, one)
		row := simulators.Row{Refusal: refusedFor(a), Pooled: refusedFor(a) != nil}
		if row.Pooled {
			e.pool(m, one, row.Refusal)
		} else {
			row = a.Rows[0]
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// pool keeps what was refused, as something queued that has failed.
func (e *Endpoint) pool(m simulators.Message, ask simulators.Ask, r *simulators.Refusal) string {
	m.Manner, m.Release = nil, nil
	e.works.mu.Lock()
	w := e.works.add(simulators.Operation{Message: m, Accepted: ask.Now})
	w.ask, w.Attempts, w.last = ask, 1, r
	e.works.mu.Unlock()
	e.works.end(w.ID, nil, r, false)
	return w.ID
}

// only is the i-th claim of an ask by itself.
func only(ask simulators.Ask, i int) simulators.Ask {
	if i < len(ask.Aliases) {
		ask.Aliases = ask.Aliases[i : i+1]
	}
	ask.Claims = ask.Claims[i : i+1]
	return ask
}

// refusedFor is why nothing was posted, or the first row was not; nil if all
// was.
func refusedFor(a simulators.Answer) *simulators.Refusal {
	if a.Refusal != nil {
		return a.Refusal
	}
	for _, r := range a.Rows {
		if r.Refusal != nil && r.Refusal.Code != "batch-rolled-back" {
			return r.Refusal
		}
	}
	return nil
}
