package reports

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/kpi"
	"github.com/andon-rig/andon/simulators"
)

// A Timeline is a run over its wall time: what was armed and struck, how long
// facts took, how much was owed and how messages fared.
type Timeline struct {
	Last    time.Duration // of the journal
	Marks   []Mark        // phases of the run and what became of the SUT
	Bands   []Band        // faults
	Latency []Point       // facts of the plant, by when they happened
	Owed    []kpi.Level   // the backlog
	Traffic []Bucket
	Left    int // points and levels left out so that it stays readable
}

// A Mark is a moment with a name: "play", "heal", "sut.kill".
type Mark struct {
	At   time.Duration
	Name string
}

// A Band is a fault over time.
type Band struct {
	ID, Kind string
	At       []string // endpoints
	Armed    []evidence.Interval
	Strikes  []time.Duration
}

// A Point is a fact and how long it took until the books showed it.
type Point struct {
	At, Took time.Duration
	Fact     string
	Struck   bool // a fault touched one of its messages
}

// A Bucket counts the messages that ended within a stretch of the run.
type Bucket struct {
	From, To time.Duration
	Fared    [4]int // by Fared
}

// How a message fared, for its sender.
const (
	FaredWell    = iota // taken or answered
	FaredRefused        // no, and no repetition helps
	FaredLater          // not now: throttled, locked, out of service, not signed in
	FaredNothing        // no reply
)

// Fares names how messages fare.
var Fares = [4]string{"taken", "refused", "not now", "no reply"}

// Most is how many points and levels a timeline keeps; of more, those that
// stand out.
const Most = 600

// buckets is how finely traffic is counted.
const buckets = 60

// TimelineOf draws the timeline of a run.
func TimelineOf(h *evidence.History) Timeline {
	t := Timeline{Last: h.Last()}
	for i, s := range h.Steps {
		begins := i == 0 && s.Name == "sut.start" // every run does
		if !begins && !strings.HasPrefix(s.Name, "do ") && s.Name != "baseline" {
			t.Marks = append(t.Marks, Mark{s.At, s.Name})
		}
	}
	for _, f := range h.Faults {
		b := Band{ID: f.ID, Kind: f.Kind, At: f.At, Armed: f.Intervals}
		for _, d := range f.Strikes {
			b.Strikes = append(b.Strikes, d.At)
		}
		t.Bands = append(t.Bands, b)
	}
	t.latency(h)
	t.owed(kpi.Backlog(h))
	t.traffic(h)
	return t
}

// latency keeps a point for each fact, or of many in one stretch the slowest.
func (t *Timeline) latency(h *evidence.History) {
	var all []Point
	for _, f := range h.Facts {
		if f.Sink == "" || len(f.Effects) == 0 {
			continue
		}
		first := f.Effects[0].At
		for _, e := range f.Effects {
			first = min(first, e.At)
		}
		all = append(all, Point{f.At, max(0, first-f.At), string(f.Event.ID), len(f.Disturbances) > 0})
	}
	slices.SortStableFunc(all, func(a, b Point) int { return cmp.Compare(a.At, b.At) })
	t.Latency = thin(t, all, func(p Point) time.Duration { return p.At }, func(a, b Point) bool { return b.Took > a.Took })
}

// owed keeps the levels of the backlog, or of many in one stretch the highest.
func (t *Timeline) owed(levels []kpi.Level) {
	t.Owed = thin(t, levels, func(l kpi.Level) time.Duration { return l.At }, func(a, b kpi.Level) bool { return b.N > a.N })
	if n := len(levels); n > 0 && len(t.Owed) < n {
		t.Owed = append(t.Owed, levels[n-1]) // where it ends is never left out
	}
}

// thin keeps at most [Most] of all: the one that stands out in each stretch.
func thin[P any](t *Timeline, all []P, at func(P) time.Duration, more func(a, b P) bool) []P {
	if len(all) <= Most || t.Last <= 0 {
		return all
	}
	best := map[int64]int{}
	var order []int64
	for i, p := range all {
		k := int64(at(p)) / (int64(t.Last)/Most + 1)
		j, ok := best[k]
		if !ok {
			order = append(order, k)
		}
		if !ok || more(all[j], p) {
			best[k] = i
		}
	}
	kept := make([]P, 0, len(order))
	for _, k := range order {
		kept = append(kept, all[best[k]])
	}
	t.Left += len(all) - len(kept)
	return kept
}

// traffic counts messages of both directions by how they fared.
func (t *Timeline) traffic(h *evidence.History) {
	if t.Last <= 0 {
		return
	}
	width := t.Last/buckets + 1
	t.Traffic = make([]Bucket, buckets)
	for i := range t.Traffic {
		t.Traffic[i].From, t.Traffic[i].To = time.Duration(i)*width, time.Duration(i+1)*width
	}
	count := func(end time.Duration, o simulators.Outcome) {
		i := min(max(int(end/width), 0), buckets-1)
		t.Traffic[i].Fared[fared(o)]++
	}
	for _, o := range h.Offers {
		count(o.End, o.Result.Outcome)
	}
	for _, a := range h.Attempts {
		if !a.Copy {
			count(a.End, a.Heard.Outcome)
		}
	}
}

func fared(o simulators.Outcome) int {
	switch {
	case o.Took():
		return FaredWell
	case o == simulators.Refused:
		return FaredRefused
	case o == simulators.Unknown, o == simulators.Undelivered:
		return FaredNothing
	}
	return FaredLater
}
