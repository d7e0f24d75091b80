package cmd

import (
	"testing"
	"time"
)

// No latency between two clocks is told to be shorter than what they may differ by.
func TestNotBelowTheBound(t *testing.T) {
	d := notBelow(250 * time.Microsecond)
	for ms, want := range map[float64]string{0: "<250µs", 0.249: "<250µs", 0.25: "250µs", 3: "3ms"} {
		if got := d(ms); got != want {
			t.Errorf("%v ms is told as %s, want %s", ms, got, want)
		}
	}
}
