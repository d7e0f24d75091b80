package oracles

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// cadenceKept finds contracts by which the SUT says something at least so
// often, and while the plant played, nothing being wrong with the road, did not.
func cadenceKept(r *report) {
	c := r.h.Plan.Contracts
	if c == nil {
		return
	}
	var watches map[string]*stopwatch
	for _, flow := range c.Flows {
		bound := cadenceOf(flow, r.h.Plan.Pacing)
		if !flow.FromSUT || bound == 0 {
			continue
		}
		if watches == nil {
			watches = stopwatches(r.h)
		}
		r.silences(flow, bound, watches[flow.Endpoint])
	}
}

// cadenceOf is how long, on the wall, a flow may be silent; 0 if it may be for
// ever, or if that cannot be told because plant time jumps.
func cadenceOf(f evidence.ContractFlow, p evidence.Pacing) time.Duration {
	d := time.Duration(f.CadenceMillis) * time.Millisecond
	switch {
	case !f.CadencePlant:
		return d
	case p.Jumps() || p.Factor <= 0:
		return 0
	}
	return time.Duration(float64(d) / p.Factor)
}

// silences measures the pauses between exchanges of a flow, from the beginning
// of the play to its end.
func (r *report) silences(f evidence.ContractFlow, bound time.Duration, watch *stopwatch) {
	play := slices.IndexFunc(r.h.Steps, func(s *evidence.StepView) bool { return s.Name == "play" })
	to, ended := r.h.Phase("heal")
	if play < 0 || !ended || watch == nil {
		return
	}
	type heard struct {
		at  time.Duration
		seq uint64
	}
	from := r.h.Steps[play].At
	all := []heard{{from, r.h.Steps[play].Seq}}
	for _, t := range r.h.Attempts {
		if !t.Copy && t.Endpoint == f.Endpoint && t.Start >= from && t.Start <= to && r.h.Plan.Contracts.Covers(t.Held, f.Contract) {
			all = append(all, heard{t.Start, t.Seq})
			r.judged++
		}
	}
	slices.SortStableFunc(all, func(a, b heard) int { return cmp.Compare(a.at, b.at) })
	longest, before, n := time.Duration(0), all[0], 0
	for i, one := range all {
		next := to
		if i+1 < len(all) {
			next = all[i+1].at
		}
		gap := watch.between(one.at, next)
		if gap > bound {
			n++
		}
		if gap > longest {
			longest, before = gap, one
		}
	}
	if n == 0 {
		return
	}
	v := evidence.Finding{Class: evidence.CauseTechnical, Rule: "silent-beyond-cadence", Confidence: "high", Evidence: []uint64{before.seq}}
	if n > 1 {
		v.Count = n
	}
	v.Expected = fmt.Sprintf("an exchange of contract %s with %s at least every %s", f.Contract, f.Endpoint, span(bound))
	v.Got = fmt.Sprintf("none for %s, faults on the road not counted", span(longest))
	r.violated(v)
}
