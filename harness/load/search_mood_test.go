package load

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/internal/race"
)

// seek looks into some builds of a kind. What they sustain, change says.
func seek(t *testing.T, change func(q *queue) (sustains float64)) {
	var off, took []float64
	worst := 0.0
	for seed := range uint64(race.Rounds(24, 1)) {
		r := rand.New(rand.NewPCG(seed, 11))
		plan := plainSearch(t)
		q := &queue{t: t, search: plan, r: r, capacity: math.Exp(math.Log(300) + r.Float64()*math.Log(8_000/300)), pause: 60 * time.Millisecond, every: 2 * time.Second, slow: 3 * time.Second}
		want := change(q)
		f, err := plan.find(t.Context(), q, 64, 64)
		if err != nil || f.Outcome != Held {
			t.Errorf("seed %d, %.1f/s: %v, %s after %.0f s: %s", seed, want, err, f.Outcome, f.Took, f.Why)
			logProbes(t, f)
			continue
		}
		e := f.Max/want - 1
		off, took = append(off, math.Abs(e)), append(took, f.Took)
		if math.Abs(e) > math.Abs(worst) {
			worst = e
		}
		if math.Abs(e) > 0.03 || f.Took > 120 {
			t.Errorf("seed %d: %.1f/s in %.0f s, it sustains %.1f/s: %+.1f %%", seed, f.Max, f.Took, want, e*100)
			logProbes(t, f)
		}
	}
	if len(took) > 0 {
		t.Logf("off by %.2f %% (median), %+.2f %% (worst); %.0f s (median), %.0f s (longest)", median(off)*100, worst*100, median(took), slices.Max(took))
	}
}

func logProbes(t *testing.T, f Found) {
	for _, p := range f.Probes {
		t.Logf("  %5.1fs %s", p.took.Seconds(), p.Told())
	}
}

// A build that does less when it has been loaded for a while is told what it
// sustains, not what it does in a short probe.
func TestSearchOfBuildsThatTire(t *testing.T) {
	seek(t, func(q *queue) float64 {
		after, left := 6.5+2*q.r.Float64(), 0.6+0.35*q.r.Float64()
		q.mood = func(_, since float64) float64 {
			if since < after {
				return 1
			}
			return left
		}
		return q.capacity * left
	})
}

// A build whose capacity sways, as that of a process on a shared machine, is told
// a rate that it holds the whole time.
func TestSearchOfBuildsThatSway(t *testing.T) {
	seek(t, func(q *queue) float64 {
		const period, by = 5, 0.06
		at := q.r.Float64() * period
		q.mood = func(now, _ float64) float64 { return 1 + by*math.Sin(2*math.Pi*(now+at)/period) }
		return q.capacity
	})
}
