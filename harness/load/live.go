package load

import (
	"sync/atomic"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/internal/cputime"
)

// Live is a load while it goes on, and when it is over, for who hands its figures
// on. Its methods may be called at any time and by several goroutines; nothing of
// the hot paths waits for them.
type Live struct {
	run    *run
	build  Build
	number uint64                 // scheduled; 0 if that is not known before
	result atomic.Pointer[Result] // nil until it is judged
}

// Figures are what is known of a load at one moment. Counts only grow.
type Figures struct {
	Scheduled uint64 // 0 if that is not known before, as of a closed workload
	Flows     []FlowFigures
	Resent    int64 // sendings besides the first
	Doubled   int64 // confirmations applied more than once so far
	Altered   int64 // and posted with another content
	Reported  int64 // exceptions that the build has reported to people
	Malformed int64 // postings that are no message
	NoAnswer  int64 // confirmations without an answer in time
	Broken    int64 // confirmations whose connection ended before the answer
	Throttled int64 // answers 429 and 503
	Failed    int64 // answers 5xx
	Refused   int64 // answers 4xx
	Backlog   int64 // taken and not posted
	RigCPU    time.Duration
	Build     *sut.Usage // nil if nobody can look into it
	Faults    []string   // that are there now
	Judged    *Exactly   // nil until the load is over
	Verdict   Verdict    // "" until then
	// Bound is by how much the clocks of agents may have differed from ours; 0 until
	// the load is over, and without agents.
	Bound time.Duration
}

// FlowFigures are those of one flow; where there is no mix, of confirmations.
type FlowFigures struct {
	Flow                          Flow
	Sent, Taken, GivenUp, Applied int64
	Latency                       []LatencyFigures
	Judged                        *Exactly // nil until the load is over
}

// LatencyFigures are a latency in seconds, as far as it was merged: seconds that
// are over.
type LatencyFigures struct {
	Measure Measure
	Count   uint64
	Sum     float64
	Buckets []uint64 // how many are not above each of [Bounds]; what is above the last is in Count only
}

// Bounds are those of buckets, in seconds.
var Bounds = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// live shows a load to who wants to watch it.
func (r *run) live(c *Config) *Live {
	l := &Live{run: r, build: c.Build}
	if c.Shape != nil {
		l.number = c.Shape.Number()
	}
	return l
}

// Figures returns what is known now.
func (l *Live) Figures() Figures {
	r := l.run
	out, in := &r.out, &r.in
	f := Figures{Scheduled: l.number, Resent: out.Retried.Load(), Doubled: r.doubled.Load(), Altered: r.alterations.Load(), Reported: in.Reports.Load(),
		Malformed: in.Malformed.Load(), NoAnswer: out.Timeouts.Load(), Broken: out.Closed.Load() + out.Reset.Load() + out.Cut.Load(), Throttled: out.Throttled.Load(),
		Failed: out.Status[5].Load(), Refused: out.Status[4].Load(), Backlog: max(0, r.taken.Load()-r.applied.Load()), RigCPU: cputime.Used(), Faults: r.faults.now()}
	if u, ok := l.build.Usage(); ok {
		f.Build = &u
	}
	res := l.result.Load()
	if res != nil {
		f.Judged, f.Verdict = res.Exactly, res.Verdict
		if res.Fleet != nil {
			f.Bound = res.Fleet.Bound
		}
	}
	mix := r.wording.Mix()
	for _, s := range mix {
		n := &r.flows[s.Flow.number()]
		x := FlowFigures{Flow: s.Flow, Sent: n.first.Load(), Taken: n.taken.Load(), GivenUp: n.gaveUp.Load(), Applied: n.applied.Load()}
		if f.Judged != nil {
			x.Judged = f.Judged.flows[s.Flow.number()]
		}
		f.Flows = append(f.Flows, x)
	}
	if mix == nil {
		f.Flows = []FlowFigures{{Flow: Confirmations, Sent: out.First.Load(), Taken: r.taken.Load(), GivenUp: out.GivenUp.Load(), Applied: r.applied.Load(), Judged: f.Judged}}
	}
	for i := range f.Flows {
		f.Flows[i].Latency = r.meter.figures(f.Flows[i].Flow.number())
	}
	return f
}

// figures are the latencies of a flow until now.
func (m *Meter) figures(flow int) (all []LatencyFigures) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range flowMeasures {
		if h := m.ofFlow(flow, k); h.TotalCount() > 0 {
			all = append(all, latencyFigures(k, h))
		}
	}
	return all
}

func latencyFigures(k Measure, h *hdr.Histogram) LatencyFigures {
	f := LatencyFigures{Measure: k, Count: uint64(h.TotalCount()), Sum: h.Mean() * float64(h.TotalCount()) / 1e9, Buckets: make([]uint64, len(Bounds))}
	i, below := 0, uint64(0)
	for _, bar := range h.Distribution() {
		for i < len(Bounds) && float64(bar.To) > Bounds[i]*1e9 {
			f.Buckets[i] = below
			i++
		}
		below += uint64(bar.Count)
	}
	for ; i < len(Bounds); i++ {
		f.Buckets[i] = below
	}
	return f
}

// now lists the faults that are there.
func (t *troubles) now() (all []string) {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.bands {
		if b.To == 0 {
			all = append(all, b.Fault)
		}
	}
	return all
}
