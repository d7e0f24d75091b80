package oracles

import (
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// stopwatch measures fault-free channel time: it stands still while the road
// between the SUT and one endpoint is, or may be, in trouble. What it shows is
// a lower bound of the time the SUT had.
type stopwatch struct {
	stops []evidence.Interval // merged and in order
}

// pause is what a SUT may take to come back after a transient answer or a
// start.
const pause = 2 * time.Second

// stopwatches makes one for each endpoint, and under "" one for what the SUT
// does by itself: that stands still only while the SUT is down.
func stopwatches(h *evidence.History) map[string]*stopwatch {
	stops := map[string][]evidence.Interval{}
	everywhere := func(i evidence.Interval) {
		stops[""] = append(stops[""], i)
		for name := range h.Plan.Endpoints {
			stops[name] = append(stops[name], i)
		}
	}
	for _, f := range h.Faults {
		for _, i := range f.Intervals {
			if i.Open {
				i.To = h.Last()
			}
			if len(f.At) == 0 || slices.Contains(f.At, "sut") || strings.HasPrefix(f.Kind, "sut-") {
				everywhere(i)
				continue
			}
			for _, at := range f.At {
				stops[at] = append(stops[at], i)
			}
		}
	}
	for _, i := range downtimes(h) {
		everywhere(i)
	}
	for _, t := range h.Attempts {
		if !t.Copy && transient(t.Heard.Outcome) {
			stops[t.Endpoint] = append(stops[t.Endpoint], evidence.Interval{From: t.Start, To: t.End + max(t.Heard.RetryAfter, pause)})
		}
	}
	watches := map[string]*stopwatch{"": {merge(stops[""])}}
	for name := range h.Plan.Endpoints {
		watches[name] = &stopwatch{merge(stops[name])}
	}
	return watches
}

// downtimes lists when the SUT's process was down or coming up.
func downtimes(h *evidence.History) (down []evidence.Interval) {
	from, isDown := time.Duration(0), false
	for _, s := range h.Lifecycle() {
		if s.Name == "sut.start" {
			if !isDown {
				from = s.At
			}
			down, isDown = append(down, evidence.Interval{From: from, To: s.At + pause}), false
			continue
		}
		if !isDown {
			from, isDown = s.At, true
		}
	}
	if isDown {
		down = append(down, evidence.Interval{From: from, To: h.Last()})
	}
	return down
}

func merge(list []evidence.Interval) []evidence.Interval {
	slices.SortFunc(list, func(a, b evidence.Interval) int { return int(a.From - b.From) })
	var out []evidence.Interval
	for _, i := range list {
		if n := len(out); n > 0 && i.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, i.To)
			continue
		}
		out = append(out, i)
	}
	return out
}

// between is how much time passed on the stopwatch.
func (w *stopwatch) between(from, to time.Duration) time.Duration {
	d := max(to-from, 0)
	if w == nil || d == 0 {
		return d
	}
	first, _ := slices.BinarySearchFunc(w.stops, from, func(i evidence.Interval, t time.Duration) int { return int(i.To - t) })
	for _, i := range w.stops[first:] {
		if i.From >= to {
			break
		}
		d -= max(min(i.To, to)-max(i.From, from), 0)
	}
	return d
}
