package endpoint

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// prober asks the SUT's own service what a [simulators.Prober] wants to know
// before anything is sent there. As long as the answers are not what they should
// be, nothing is.
type prober struct {
	e *Endpoint

	mu    sync.Mutex // guards what follows; held while it asks, so that others wait for the answer
	good  bool
	fails int       // in a row
	next  time.Time // when to ask again after it failed
}

// may reports whether something may be sent now, and if it may not, in how long
// to ask again.
func (p *prober) may(ctx context.Context) (wait time.Duration, ok bool) {
	d, asks := p.e.Dialect.(simulators.Prober)
	if !asks {
		return 0, true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := time.Until(p.next); !p.good && wait > 0 {
		return wait, false
	}
	if p.good || p.ask(ctx, d) {
		p.good, p.fails = true, 0
		return 0, true
	}
	p.fails++
	wait = gap(p.e.PolicyNow().Redelivery, p.fails)
	p.next = time.Now().Add(wait)
	return wait, false
}

// ask puts the questions and reports whether all were answered well.
func (p *prober) ask(ctx context.Context, d simulators.Prober) bool {
	var asked []simulators.Probed
	for {
		m, more, err := d.Probe(asked)
		switch {
		case err != nil:
			p.e.Log.Warn("nothing is sent to the SUT", "endpoint", p.e.Name, "reason", err)
			return false
		case !more:
			return true
		}
		m.Verb, m.Key = "get", simulators.ProbeOf+m.Name
		reply, err := p.e.Line.Carry(ctx, m, simulators.ToSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
			reply, err := p.e.send(ctx, m)
			if err == nil {
				reply.Result = meant(d, asked, m, reply)
			}
			return reply, err
		})
		if err != nil {
			reply = simulators.Message{Result: simulators.Result{Outcome: simulators.Unknown, Text: err.Error()}}
		}
		asked = append(asked, simulators.Probed{Question: m, Reply: reply})
	}
}

// meant is what the answer to a question means: that all is well so far, or why
// nothing is sent.
func meant(d simulators.Prober, asked []simulators.Probed, m, reply simulators.Message) simulators.Result {
	r := reply.Result
	if r.Outcome == simulators.Accepted {
		r.Outcome = simulators.Answered
		reply.Result = r
	}
	if _, _, err := d.Probe(append(slices.Clip(asked), simulators.Probed{Question: m, Reply: reply})); err != nil {
		r.Text = err.Error()
		if r.Outcome.Took() {
			r.Outcome, r.Class = simulators.Refused, simulators.Technical
		}
	}
	return r
}

// heard has the SUT asked anew before the next message if this one was not
// heard, for nobody knows whether it is still there.
func (p *prober) heard(o simulators.Outcome) {
	if o != simulators.Unknown && o != simulators.Undelivered {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.good = false
}
