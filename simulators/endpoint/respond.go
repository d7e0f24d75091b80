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

// respond announces what became of m, which was answered before, so many times.
func (e *Endpoint) respond(m simulators.Message, a simulators.Answer, times int) {
	var ms []simulators.Message
	var err error
	switch d := e.Dialect.(type) {
	case simulators.Responder:
		ms, err = d.Respond(m, a)
	case simulators.Finisher:
		ms = make([]simulators.Message, 1)
		ms[0], err = d.Finish(m, a)
	default:
		return
	}
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
