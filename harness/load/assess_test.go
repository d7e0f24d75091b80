package load

import (
	"testing"
	"time"
)

// A probe in which most of what was due was never sent is not held because too
// few are left to tell a latency; and where we were late, we are the limit.
func TestUnsentIsNotHeld(t *testing.T) {
	s := &Search{SLO: slo(t, "e2e.p99 < 250ms")}
	few := func(Measure, float64) (time.Duration, int64) { return 2 * time.Second, 3 }
	x := probed{rate: 1000, figures: figures{at: few}, budget: time.Millisecond, number: 400}
	if got, limit, why := s.assess(&x); got != Held {
		t.Errorf("three of three in a short probe: %s by %s: %s", got, limit, why)
	}
	x.unsent = 397
	if got, limit, why := s.assess(&x); got != Violated || limit != ByThroughput || why != "397 of 400 were due and never sent" {
		t.Errorf("%s by %s: %s", got, limit, why)
	}
	x.pacing = 2 * time.Millisecond
	if got, limit, why := s.assess(&x); got != Limited || limit != ByGenerator {
		t.Errorf("%s by %s: %s", got, limit, why)
	}
}
