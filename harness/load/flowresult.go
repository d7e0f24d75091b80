package load

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// flowCounters count messages of one flow of a mix while they come and go.
type flowCounters struct {
	first, taken, gaveUp, applied atomic.Int64
}

// FlowResult is what a load has shown of one flow of its mix.
type FlowResult struct {
	Flow       Flow                 `json:"flow"`
	Share      float64              `json:"share"` // of all messages
	First      int64                `json:"first"` // sent, however often each
	Taken      int64                `json:"taken"`
	GivenUp    int64                `json:"given_up"` // never taken
	SentRate   float64              `json:"sent_per_s"`
	PostedRate float64              `json:"posted_per_s"`
	Exactly    *Exactly             `json:"exactly_once,omitempty"` // over its own ids; nil if no postings were expected
	Latency    map[string]Quantiles `json:"latency"`
}

// flows says what became of each flow of a mix.
func (res *Result) flows(r *run) {
	mix := r.wording.Mix()
	for _, s := range mix {
		i := s.Flow.number()
		n := &r.flows[i]
		f := FlowResult{Flow: s.Flow, Share: float64(s.Parts) / float64(mix.parts()), First: n.first.Load(), Taken: n.taken.Load(), GivenUp: n.gaveUp.Load(), Latency: map[string]Quantiles{}}
		if sending := res.Sending.Seconds(); sending > 0 {
			f.SentRate, f.PostedRate = float64(f.First)/sending, float64(n.applied.Load())/(res.Sending+res.Backlog.Drain).Seconds()
		}
		if res.Exactly != nil {
			f.Exactly = res.Exactly.flows[i]
		}
		for k := range flowMeasures {
			if q := r.meter.FlowQuantiles(s.Flow, k); q.Count > 0 {
				f.Latency[k.String()] = q
			}
		}
		res.Flows = append(res.Flows, f)
	}
}

// doubtful says of every flow that has lost something that it cannot be told, for
// the reason that it cannot be told of all.
func (e *Exactly) doubtful(why string) {
	e.Verdict, e.Why = evidence.Inconclusive, fmt.Sprintf("%d that were taken were not posted, and %s", e.Lost.Count, why)
	for _, f := range e.flows {
		if f != nil && f.Lost.Count > 0 {
			f.Verdict, f.Why = evidence.Inconclusive, fmt.Sprintf("%d that were taken were not posted, and %s", f.Lost.Count, why)
		}
	}
}

// of are the figures of one flow.
func (f figures) of(flow Flow, res *Result, r *run) (figures, bool) {
	for _, x := range res.Flows {
		if x.Flow == flow {
			f.sent, f.posted, f.errors = x.SentRate, x.PostedRate, float64(x.GivenUp)/float64(max(x.First, 1))
			f.at = func(k Measure, percentile float64) (time.Duration, int64) { return r.meter.FlowAt(flow, k, percentile) }
			return f, true
		}
	}
	return f, len(res.Flows) == 0 && flow == Confirmations
}
