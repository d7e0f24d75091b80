package endpoint

import (
	"fmt"

	"github.com/andon-rig/andon/simulators"
)

// answered is the answer to m where its sender waits for a: a itself, or only
// that it was taken over, where this interface tells the rest by messages of its
// own.
func (e *Endpoint) answered(m simulators.Message, a simulators.Answer) simulators.Answer {
	if _, ok := e.Dialect.(simulators.Responder); !ok {
		return a
	}
	e.respond(m, a, 1)
	return simulators.Answer{Later: true}
}

// respond announces what became of m, so many times.
func (e *Endpoint) respond(m simulators.Message, a simulators.Answer, times int) {
	r, ok := e.Dialect.(simulators.Responder)
	if !ok {
		return
	}
	ms, err := r.Respond(m, a)
	for range times {
		for _, out := range ms {
			if err == nil {
				err = e.Announce(out)
			}
		}
	}
	if err != nil {
		e.Log.Error("respond", "error", fmt.Errorf("to %s: %w", m.Key, err))
	}
}

// times is how often the end of a posting is told.
func times(twice bool) int {
	if twice {
		return 2
	}
	return 1
}

// failed is the answer to what was refused for good: by row, if there are rows.
func failed(rows []simulators.Row, refusal *simulators.Refusal) simulators.Answer {
	if len(rows) > 0 {
		return simulators.Answer{Rows: rows}
	}
	return simulators.Answer{Refusal: refusal}
}
