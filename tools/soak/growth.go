package main

import (
	"fmt"
	"slices"
)

// A series is one figure, read again and again: once for each simulated hour,
// or after each round.
type series struct {
	name   string
	unit   string
	values []float64
	// window is over how many readings the least is taken: what comes back
	// within it, such as connections that are closed once they were idle for
	// long, does not count. 0 is 1.
	window int
	// least is growth over the judged half that is worth a word, and share the
	// growth relative to the median that must be there as well: caches fill, and
	// a figure that trouble moves is not the same in any two hours.
	least, share float64
}

// slope is the Theil–Sen estimate: the median of the slopes between all pairs
// of points, by one step. Up to a quarter of the points can be anything.
func slope(values []float64) float64 {
	var all []float64
	for i := range values {
		for j := i + 1; j < len(values); j++ {
			all = append(all, (values[j]-values[i])/float64(j-i))
		}
	}
	return median(all)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// fewest is how many points a judgement needs in the half it looks at.
const fewest = 5

// floors is s with each reading replaced by the least of the window that ends
// with it, without the first half: that is warm-up, in which pools and caches
// fill.
func (s series) floors() (half []float64) {
	for i := len(s.values) / 2; i < len(s.values); i++ {
		half = append(half, slices.Min(s.values[max(0, i+1-s.window):i+1]))
	}
	return half
}

// growth is by how much the floors of the second half grow from the first to
// the last, as the slope says, but no more than they have really come to: a
// surge ends, a leak does not. ok is false if there are too few points to tell.
func (s series) growth() (by float64, ok bool) {
	s.window = max(1, s.window)
	half := s.floors()
	if len(half) < fewest {
		return 0, false
	}
	return min(slope(half)*float64(len(half)-1), half[len(half)-1]-half[0]), true
}

// level is what is usual in the second half.
func (s series) level() float64 { return median(s.values[len(s.values)/2:]) }

// tolerance is the growth that passes.
func (s series) tolerance() float64 { return max(s.least, s.share*s.level()) }

// grows says what is wrong with s; "" if nothing is.
func (s series) grows() string {
	switch by, ok := s.growth(); {
	case !ok:
		return fmt.Sprintf("%s: %d readings are too few to tell whether it grows, want %d", s.name, len(s.values), 2*fewest-1)
	case by > s.tolerance():
		return fmt.Sprintf("%s grows: by %.1f %s over the second half, where it is %.1f; up to %.1f would pass", s.name, by, s.unit, s.level(), s.tolerance())
	}
	return ""
}
