package oracles

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
)

var hygieneInfo = Info{
	Name: "hygiene", ID: "O21",
	Doc:          "connections, memory, open files, threads or idle requests of the SUT grow without bound; only told unless the rig demands it",
	Requirements: []string{"CTL-24", "CTL-14"},
}

// Hygiene looks for growth that does not end in what the SUT takes up while it
// lives. Growth is not decline of a cache that fills: the least of each of six
// stretches of time, after a warm-up, must rise again and again, and as much
// in the later half as before. It is advice, and a violation only where the
// rig file demands it.
func Hygiene() evidence.Judge {
	return oracle{hygieneInfo, hygiene, "%d figures of what the SUT takes up do not grow without bound",
		"the SUT could not be looked into, or no life of it was watched for twenty seconds"}
}

// What a trend needs: a life watched for so long, of which the beginning is
// warm-up, cut into stretches.
const (
	watched   = 20 * time.Second
	stretches = 6
)

// gauge is one figure of what the SUT takes up.
type gauge struct {
	name     string
	unit     string
	least    int64 // growth that is worth a word
	percent  int64 // of the first stretch, that growth must come to as well
	divide   int64 // for people
	of       func(evidence.Sample) (int64, bool)
	endpoint bool // a figure of each endpoint
}

var gauges = []gauge{
	{"resident memory", "MiB", 16 << 20, 25, 1 << 20, func(s evidence.Sample) (int64, bool) { return s.Memory, s.Memory > 0 }, false},
	{"open files", "", 10, 25, 1, func(s evidence.Sample) (int64, bool) { return int64(s.Files), s.Files > 0 }, false},
	{"threads", "", 10, 25, 1, func(s evidence.Sample) (int64, bool) { return int64(s.Threads), s.Threads > 0 }, false},
	{"open connections", "", 10, 25, 1, func(s evidence.Sample) (int64, bool) { return int64(s.Connections), true }, true},
}

// reading is one value of a gauge.
type reading struct {
	at  time.Duration
	v   int64
	seq uint64
}

func hygiene(r *report) {
	lives := livesOf(r.h)
	by := map[string][]*evidence.SampleView{}
	var names []string
	for _, s := range r.h.Samples {
		if by[s.Of] == nil {
			names = append(names, s.Of)
		}
		by[s.Of] = append(by[s.Of], s)
	}
	slices.Sort(names)
	for _, n := range names {
		for _, g := range gauges {
			if g.endpoint == (n == sampledSUT) {
				continue
			}
			var series []reading
			for _, s := range by[n] {
				if v, ok := g.of(s.Sample); ok {
					series = append(series, reading{s.At, v, s.Seq})
				}
			}
			r.trend(g, n, lives, series)
		}
	}
	for _, n := range r.endpointNames() {
		r.trend(gauge{"requests a second while idle", "", 10, 50, 1, nil, true}, n, lives, idleRequests(r.h, n))
	}
}

// sampledSUT is the name of the SUT itself in samples.
const sampledSUT = "sut"

func (r *report) endpointNames() (names []string) {
	for n := range r.h.Plan.Endpoints {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// livesOf cuts the run where the SUT's process began or ended.
func livesOf(h *evidence.History) (cuts []time.Duration) {
	for _, s := range h.Lifecycle() {
		cuts = append(cuts, s.At)
	}
	return append(cuts, h.Last()+1)
}

// trend judges one gauge in each life that was watched long enough.
func (r *report) trend(g gauge, of string, lives []time.Duration, series []reading) {
	for _, end := range lives {
		n, _ := slices.BinarySearchFunc(series, end, func(p reading, at time.Duration) int { return cmp.Compare(p.at, at) })
		life := series[:n]
		series = series[n:]
		if len(life) < 2*stretches || life[len(life)-1].at-life[0].at < watched {
			continue
		}
		floors, ok := floorsOf(life)
		if !ok {
			continue
		}
		r.judged++
		if grows(g, floors) {
			r.grown(g, of, floors, life)
		}
	}
}

// floorsOf returns the least reading of each stretch after the warm-up, which
// is the first quarter; false if one was not looked at.
func floorsOf(life []reading) (floors [stretches]reading, ok bool) {
	from, to := life[0].at, life[len(life)-1].at
	from += (to - from) / 4
	var seen [stretches]bool
	for _, p := range life {
		if p.at < from {
			continue
		}
		i := min(int(stretches*(p.at-from)/(to-from)), stretches-1)
		if !seen[i] || p.v < floors[i].v {
			floors[i], seen[i] = p, true
		}
	}
	return floors, !slices.Contains(seen[:], false)
}

// grows reports whether the floors rise without an end in sight: never back,
// at most once level, enough to matter, and no less in the later half than a
// straight line would less a sixth.
func grows(g gauge, f [stretches]reading) bool {
	level := 0
	for i := 1; i < stretches; i++ {
		switch d := f[i].v - f[i-1].v; {
		case d < 0:
			return false
		case d == 0:
			level++
		}
	}
	total, late := f[stretches-1].v-f[0].v, f[stretches-1].v-f[stretches/2-1].v
	return level <= 1 && total >= g.least && total*100 >= f[0].v*g.percent && late*2 >= total
}

func (r *report) grown(g gauge, of string, floors [stretches]reading, life []reading) {
	first, last := floors[0], floors[stretches-1]
	what := g.name + " of the SUT"
	if g.endpoint {
		what = g.name + " at " + of
	}
	seqs := []uint64{life[0].seq}
	for _, p := range floors {
		seqs = append(seqs, p.seq)
	}
	f := evidence.Finding{Class: evidence.CauseTechnical, Rule: "grows-without-bound", Confidence: "medium", Evidence: few(seqs)}
	f.Expected = what + " that level off after a warm-up"
	f.Got = fmt.Sprintf("from %s to %s within %s, still rising", g.show(first.v), g.show(last.v), span(last.at-first.at))
	if r.h.Plan.Hygiene.Demanded {
		r.violated(f)
		return
	}
	f.Text = "advice: " + what + " rose " + f.Got + "; a rig file with delivers.hygiene: bounded makes this a violation"
	r.add(evidence.Holds, f, mostListed)
}

func (g gauge) show(v int64) string {
	if g.unit == "" {
		return fmt.Sprint(v / g.divide)
	}
	return fmt.Sprintf("%d %s", v/g.divide, g.unit)
}

// idleRequests counts what the SUT asked of an endpoint in each second in
// which nothing was announced, nor in the two before, and no fault was in force.
func idleRequests(h *evidence.History, endpoint string) (series []reading) {
	seconds := int(h.Last()/time.Second) + 1
	const most = 1 << 20 // twelve days
	if seconds > most || time.Duration(seconds)*time.Second < watched {
		return nil
	}
	busy, n, seq := make([]bool, seconds+3), make([]int64, seconds), make([]uint64, seconds)
	from, began := h.Phase("play")
	if !began {
		return nil
	}
	for _, o := range h.Offers {
		for s := int(o.Start / time.Second); s <= int(o.End/time.Second)+2 && s < len(busy); s++ {
			busy[s] = true
		}
	}
	for _, f := range h.Faults { // who is kept waiting comes again
		for _, i := range f.Intervals {
			to := i.To
			if i.Open {
				to = h.Last()
			}
			for s := int(i.From / time.Second); s <= int(to/time.Second)+5 && s < len(busy); s++ {
				busy[s] = true
			}
		}
	}
	for _, t := range h.Attempts {
		if s := int(t.Start / time.Second); t.Endpoint == endpoint && !t.Copy && s >= 0 && s < seconds {
			n[s]++
			seq[s] = t.Seq
		}
	}
	for s := int(from/time.Second) + 1; s < seconds-1; s++ {
		if !busy[s] {
			series = append(series, reading{time.Duration(s) * time.Second, n[s], seq[s]})
		}
	}
	return series
}
