package load

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/andon-rig/andon/internal/race"
)

// queue is a build in simulated time: it takes one confirmation after the other,
// pauses now and then, and begins slowly.
type queue struct {
	t        *testing.T
	search   *Search
	r        *rand.Rand
	capacity float64 // per second, pauses included
	chance   bool    // times are exponential, else all the same
	pause    time.Duration
	every    time.Duration
	slow     time.Duration // at the beginning it works at half its pace
	late     float64       // beyond this rate we are late ourselves; 0 for never
	mute     float64       // beyond this rate it refuses some; 0 for never
	perConn  float64       // what one connection gets out of it; 0 for no bound
	now      float64       // seconds
	// mood is the share of its capacity that it has at a time, so long after it has
	// been loaded without a rest; nil for all of it.
	mood func(now, since float64) float64
}

func (q *queue) probe(_ context.Context, why Purpose, rate float64, length time.Duration, connections int) (Probe, error) {
	began, free, n := q.now, q.now, int(rate*length.Seconds())
	pace := q.capacity / (1 - q.pause.Seconds()/q.every.Seconds())
	if q.perConn > 0 {
		pace = min(pace, q.perConn*float64(connections))
	}
	h := hdr.New(leastValue, mostValue, 3)
	var done []float64
	for k := range n {
		due := began + float64(k)/rate
		at := max(due, free)
		if phase := math.Mod(at, q.every.Seconds()); phase < q.pause.Seconds() {
			at += q.pause.Seconds() - phase
		}
		takes := 1 / pace
		if q.chance {
			takes *= q.r.ExpFloat64()
		}
		if at < q.slow.Seconds() {
			takes *= 2
		}
		if q.mood != nil {
			takes /= q.mood(at, at-began)
		}
		free = at + takes
		done = append(done, free)
		if k > n/6 {
			record(h, int64((free-due)*1e9), 1)
		}
	}
	p := Probe{Purpose: why, Rate: rate, Connections: connections, Lasted: max(free, began+length.Seconds()) - began}
	x := probed{rate: rate, budget: 20 * time.Millisecond, lasted: length.Seconds() * 5 / 6}
	for at, k := length.Seconds()/6, 0; at < length.Seconds(); at += levelEvery.Seconds() {
		for k < len(done) && done[k] <= began+at {
			k++
		}
		x.levels = append(x.levels, level{at, at*rate - float64(k)})
		if q.search.overloaded(rate, at*rate-float64(k)) {
			p.Lasted, x.lasted = max(at, done[max(0, int(at*rate)-1)]-began), at*5/6 // the rest is not sent
			break
		}
	}
	if q.late > 0 && rate > q.late {
		x.pacing = time.Second
	}
	if q.mute > 0 && rate > q.mute {
		x.gaveUp = 3
	}
	span := x.levels[len(x.levels)-1].at - x.levels[0].at
	posted := float64(len(x.levels)-1)*levelEvery.Seconds()*rate - (x.levels[len(x.levels)-1].n - x.levels[0].n)
	x.figures = figures{posted: posted / span, at: func(_ Measure, percentile float64) (time.Duration, int64) {
		return time.Duration(h.ValueAtPercentile(percentile)), h.TotalCount()
	}}
	p.late = x.pacing > x.budget
	p.PostedRate, p.queued = x.posted, q.perConn > 0 && rate > pace
	p.Growth, _ = x.piles()
	p.sank = sank(rate, x.levels)
	p.Outcome, p.Limit, p.Why = q.search.assess(&x)
	p.took = time.Duration((p.Lasted + 0.3) * 1e9)
	q.now += p.took.Seconds()
	return p, nil
}

func slo(t testing.TB, texts ...string) (gs []Gate) {
	for _, text := range texts {
		g, err := ParseGate(text)
		if err != nil {
			t.Fatal(err)
		}
		gs = append(gs, g)
	}
	return gs
}

func plainSearch(t testing.TB) *Search {
	return &Search{From: 100, UpTo: 1e6, SLO: slo(t, "e2e.p99 < 250ms"), Precision: 0.02, Probe: 6 * time.Second, Hold: 20 * time.Second, Within: 2 * time.Minute}
}

// The capacity of builds in simulated time is found within 3 % (the median far
// better) and within 120 s, whatever it is, with pauses and a slow beginning.
func TestSearchFindsKnownCapacities(t *testing.T) {
	var off, took []float64
	worst, probes, builds := 0.0, 0, race.Rounds(60, 1)
	for seed := range uint64(builds) {
		r := rand.New(rand.NewPCG(seed, 7))
		capacity := math.Exp(math.Log(150) + r.Float64()*math.Log(30_000/150))
		s := plainSearch(t)
		q := &queue{t: t, search: s, r: r, capacity: capacity, pause: 60 * time.Millisecond, every: 2 * time.Second, slow: 3 * time.Second,
			chance: capacity > 3000} // below, it would be chance and not the capacity that breaks 250 ms
		f, err := s.find(t.Context(), q, 64, 64)
		if err != nil || f.Outcome != Held {
			t.Fatalf("seed %d, capacity %.1f/s: %v, %s: %s", seed, capacity, err, f.Outcome, f.Why)
		}
		if f.Limit != ByThroughput && f.Limit != ByLatency || f.First == nil || f.First.Rate != f.Fails || f.Fails <= f.Max || !strings.Contains(f.First.Why, "grows by") && !strings.Contains(f.First.Why, "e2e.p99") {
			t.Errorf("seed %d: limit %s, first failure %+v", seed, f.Limit, f.First)
		}
		e := f.Max/capacity - 1
		if math.Abs(e) > math.Abs(worst) {
			worst = e
		}
		off, took, probes = append(off, math.Abs(e)), append(took, f.Took), probes+len(f.Probes)
		if math.Abs(e) > 0.03 {
			t.Errorf("seed %d: %.1f/s found, the capacity is %.1f/s: %+.1f %%", seed, f.Max, capacity, e*100)
			logProbes(t, f)
		}
		if f.Took > 120 {
			t.Errorf("seed %d: took %.0f s in %d probes", seed, f.Took, len(f.Probes))
		}
	}
	slices.Sort(took)
	t.Logf("off by %.2f %% (median), %+.2f %% (worst); %.0f s (median), %.0f s (longest), %.1f probes each", median(off)*100, worst*100, took[len(took)/2], took[len(took)-1], float64(probes)/float64(builds))
}

// Where we are the limit, no number is told; where connections are, more are made.
func TestSearchLimits(t *testing.T) {
	if race.Enabled {
		return // nothing in it is concurrent: make rounds
	}
	for _, c := range []struct {
		name    string
		change  func(*queue)
		most    int
		outcome Verdict
		limit   Limit
		max     float64 // about
		why     string
	}{
		{"generator", func(q *queue) { q.late = 1500 }, 64, Limited, ByGenerator, 0, "although a connection was free"},
		{"generator beyond the build's limit", func(q *queue) { q.late = 2500 }, 64, Held, ByThroughput, 2000, ""},
		{"errors", func(q *queue) { q.mute = 900 }, 64, Held, ByErrors, 900, ""},
		{"too few connections", func(q *queue) { q.perConn = 10 }, 1024, Held, ByThroughput, 2000, ""},
		{"too few connections, and no more", func(q *queue) { q.perConn = 10 }, 100, Limited, ByGenerator, 0, "--most-connections"},
		{"not even one a second", func(q *queue) { q.capacity = 0.5 }, 64, Violated, ByThroughput, 0, "not even"},
		{"more than may be tried", func(q *queue) { q.search.UpTo = 1000 }, 64, Undecidable, "", 0, "--up-to"},
		{"no time", func(q *queue) { q.search.Within = 20 * time.Second }, 64, Undecidable, ByThroughput, 0, "--within"},
	} {
		s := plainSearch(t)
		q := &queue{t: t, search: s, r: rand.New(rand.NewPCG(1, 1)), capacity: 2000, every: time.Second}
		c.change(q)
		f, err := s.find(t.Context(), q, 64, c.most)
		if err != nil || f.Outcome != c.outcome || f.Limit != c.limit || !strings.Contains(f.Why, c.why) {
			t.Errorf("%s: %v, %s by %s: %q", c.name, err, f.Outcome, f.Limit, f.Why)
		}
		if math.Abs(f.Max-c.max) > 0.03*c.max {
			t.Errorf("%s: %.1f/s, want %.1f/s", c.name, f.Max, c.max)
		}
		held := false
		for _, p := range f.Probes {
			held = held || p.Rate == f.AtLeast && p.Outcome == Held
		}
		if f.AtLeast > 0 && !held {
			t.Errorf("%s: %.1f/s is said to be held, and no probe has shown that", c.name, f.AtLeast)
		}
		if got := f.Max > 0; got != (f.Outcome == Held) {
			t.Errorf("%s: %s with the number %.1f/s", c.name, f.Outcome, f.Max)
		}
	}
}

// A pause of the machine that lets one probe fail does not hide what the build
// can do.
func TestSearchLooksAgainAboveWhatItFound(t *testing.T) {
	if race.Enabled {
		return // nothing in it is concurrent: make rounds
	}
	s := plainSearch(t)
	q := &queue{t: t, search: s, r: rand.New(rand.NewPCG(3, 1)), capacity: 2000, every: time.Second}
	f, err := s.find(t.Context(), hiccup{q, new(int)}, 64, 64)
	if err != nil || f.Outcome != Held || math.Abs(f.Max/2000-1) > 0.04 {
		t.Errorf("%v, %s: %.1f/s, want 2000/s; %v", err, f.Outcome, f.Max, f.Probes)
	}
}

// hiccup lets the first probe of a bisection fail, and the one that holds be late.
type hiccup struct {
	prober
	n *int
}

func (h hiccup) probe(ctx context.Context, why Purpose, rate float64, length time.Duration, connections int) (Probe, error) {
	p, err := h.prober.probe(ctx, why, rate, length, connections)
	if why == Holding && *h.n < 100 {
		*h.n = 100
		p.Outcome, p.Limit, p.Why, p.late = Limited, ByGenerator, "the machine was busy", true
	}
	if why == Bisecting {
		if *h.n++; *h.n == 1 {
			p.Outcome, p.Limit, p.Why = Violated, ByLatency, "the machine stood still"
		}
	}
	return p, err
}

func TestSearchEndsWithItsContext(t *testing.T) {
	s := plainSearch(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.See = func(p Probe) {
		if p.Rate > 300 {
			cancel()
		}
	}
	q := &queue{t: t, search: s, r: rand.New(rand.NewPCG(1, 1)), capacity: 2000, every: time.Second}
	f, err := s.find(ctx, q, 64, 64)
	if err != nil || f.Outcome != Undecidable || f.AtLeast != 400 || f.Max != 0 || len(f.Probes) != 3 {
		t.Errorf("%v, %+v", err, f)
	}
	_, err = s.find(t.Context(), broken{}, 64, 64)
	if fmt.Sprint(err) != "no" {
		t.Errorf("got %v", err)
	}
}

type broken struct{}

func (broken) probe(context.Context, Purpose, float64, time.Duration, int) (Probe, error) {
	return Probe{}, fmt.Errorf("no")
}

func TestSlope(t *testing.T) {
	for _, c := range []struct {
		levels []level
		want   float64
	}{
		{nil, 0}, {[]level{{1, 5}}, 0}, {[]level{{1, 5}, {1, 7}}, 0}, {[]level{{0, 0}, {2, 8}}, 4},
		{[]level{{0, 1}, {1, 2}, {2, 90}, {3, 4}, {4, 5}, {5, 6}}, 1}, // a pause in the middle
	} {
		if got := slope(c.levels); got != c.want {
			t.Errorf("%v: %v, want %v", c.levels, got, c.want)
		}
	}
	var many []level
	for i := range 5000 {
		many = append(many, level{float64(i) / 10, float64(i%7) + float64(i)/20})
	}
	if got := slope(many); math.Abs(got-0.5) > 0.01 {
		t.Errorf("of many: %v, want 0.5", got)
	}
}
