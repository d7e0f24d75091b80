package load

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"slices"
	"time"
)

// SoakResult is whether memory stayed where it was over a long load.
type SoakResult struct {
	Rig   MemoryTrend  `json:"rig"`             // of this process
	Build *MemoryTrend `json:"build,omitempty"` // nil if nobody can look into it
}

// MemoryTrend is how memory went while confirmations were sent. The first
// quarter, in which buffers and heaps become as large as they will be, does not
// count; what remains is cut into windows, and of each the least counts, as what
// is garbage only comes and goes.
type MemoryTrend struct {
	Outcome Verdict `json:"outcome"` // held, violated if it grew, undecidable if too little was seen
	Begin   int64   `json:"begin_bytes"`
	End     int64   `json:"end_bytes"`
	Growth  int64   `json:"growth_bytes"` // by the median of the slopes between all windows
	Over    float64 `json:"over_s"`
	Why     string  `json:"why"`
}

// held is how much memory something held at a moment.
type held struct {
	at    float64 // seconds
	bytes int64
}

const (
	soakWindows = 12 // at most; each has two looks
	fewestLooks = 12
	// noGrowth is what may be more without being growth: as a share of what there
	// is, and in bytes.
	noGrowthShare = 0.05
	noGrowthBytes = 4 << 20
)

// trend judges what was seen from the first to the last.
func trend(seen []held) (t MemoryTrend) {
	if len(seen) < fewestLooks {
		t.Outcome, t.Why = Undecidable, fmt.Sprintf("memory was seen %d times while confirmations were sent; it takes %d (raise --duration)", len(seen), fewestLooks)
		return t
	}
	first, last := seen[0].at, seen[len(seen)-1].at
	begin := first + (last-first)/4
	windows := min(len(seen)*3/8, soakWindows)
	lows := make([]level, windows)
	for i := range lows {
		lows[i].n = math.Inf(1)
	}
	for _, h := range seen {
		if h.at < begin {
			continue
		}
		w := &lows[min(int((h.at-begin)/(last-begin)*float64(windows)), windows-1)]
		if float64(h.bytes) < w.n {
			*w = level{h.at, float64(h.bytes)}
		}
	}
	lows = slices.DeleteFunc(lows, func(l level) bool { return math.IsInf(l.n, 1) }) // nobody looked
	t.Over = last - begin
	t.Begin, t.End = int64(lows[0].n), int64(lows[len(lows)-1].n)
	t.Growth = int64(slope(lows) * t.Over)
	third := max(len(lows)/3, 1)
	early := slices.MaxFunc(lows[:third], func(a, b level) int { return cmp.Compare(a.n, b.n) })
	late := slices.MinFunc(lows[len(lows)-third:], func(a, b level) int { return cmp.Compare(a.n, b.n) })
	t.Outcome, t.Why = Held, fmt.Sprintf("%s at a quarter of the time, %s at its end", mib(t.Begin), mib(t.End))
	if limit := max(noGrowthShare*float64(t.Begin), noGrowthBytes); late.n > early.n && float64(t.Growth) > limit {
		t.Outcome = Violated
		t.Why += fmt.Sprintf(": it grew by %s in %.0f s (at most %s are no growth)", mib(t.Growth), t.Over, mib(int64(limit)))
	}
	return t
}

func mib(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }

// memoryGauge notes what this process holds.
type memoryGauge struct {
	seen []held
	next time.Duration
}

// look notes it, at most so often that a load of any length has a few
// hundred: each look takes a garbage collection.
// The keys of the build's own do not count: the ERP keeps them for ten to twenty
// minutes whatever happens, and forgets them then.
func (g *memoryGauge) look(at time.Duration, keys *keyTable) {
	if at < g.next {
		return
	}
	g.next = at + max(200*time.Millisecond, at/100)
	g.seen = append(g.seen, held{at.Seconds(), ownMemory() - keys.bytes()})
}

// ownMemory is what this process needs: what a garbage collection leaves, and all
// that Go's runtime has of the system besides the heap.
func ownMemory() int64 {
	runtime.GC()
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	n := int64(s[0].Value.Uint64() + s[1].Value.Uint64())
	for _, heap := range s[2:] {
		n -= int64(heap.Value.Uint64())
	}
	return n
}

// soaked judges the memory of a load that was to last.
func (res *Result) soaked(c *Config, own []held, away []absence) {
	if !c.Soak {
		return
	}
	s := &SoakResult{Rig: trend(own)}
	if b := res.Build; b != nil {
		var seen []held
		for _, x := range b.Samples {
			if len(own) > 0 && x.At <= own[len(own)-1].at {
				seen = append(seen, held{x.At, x.Memory})
			}
		}
		t := trendOfLives(lives(seen, away))
		s.Build = &t
	}
	res.Soak = s
}

// absence is a time in which the build was not there: it was killed, or asked to
// end, and started again. All are seconds.
type absence struct{ from, to float64 }

// lives cuts what was seen of a build into the times between its absences, in
// which it begins with nothing each time.
func lives(seen []held, away []absence) [][]held {
	all := make([][]held, len(away)+1)
	for _, h := range seen {
		life, gone := 0, false
		for _, a := range away {
			gone = gone || h.at >= a.from && h.at <= a.to
			if h.at > a.to {
				life++
			}
		}
		if !gone {
			all[life] = append(all[life], h)
		}
	}
	return all
}

// trendOfLives is the worst of those of all lives that were long enough to tell:
// from one to the next memory falls, which would hide what grows in each.
func trendOfLives(all [][]held) (worst MemoryTrend) {
	if len(all) == 1 {
		return trend(all[0])
	}
	judged := 0
	for i, seen := range all {
		if len(seen) < fewestLooks {
			continue
		}
		t := trend(seen)
		t.Why = fmt.Sprintf("life %d of %d: %s", i+1, len(all), t.Why)
		if judged++; judged == 1 || rank[t.Outcome] > rank[worst.Outcome] || t.Outcome == worst.Outcome && t.Growth > worst.Growth {
			worst = t
		}
	}
	if judged == 0 {
		return MemoryTrend{Outcome: Undecidable, Why: fmt.Sprintf("faults have ended the build %d times, and none of its lives was seen %d times, once a second (raise --duration, or let it live longer)", len(all)-1, fewestLooks)}
	}
	return worst
}
