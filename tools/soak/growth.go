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
	// rest is the reading once all has come to rest, if there is one: what was
	// given back then was not lost, such as connections that were kept for use.
	rest *float64
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

// growth is by how much the second half of s grows from its first to its last
// point, as the slope says; or, if less, by how much more than at first is there
// at rest. ok is false if there are too few points to tell. The first half is
// warm-up: pools and caches fill.
func (s series) growth() (by float64, ok bool) {
	half := s.values[len(s.values)/2:]
	if len(half) < fewest {
		return 0, false
	}
	by = slope(half) * float64(len(half)-1)
	if s.rest != nil {
		by = min(by, *s.rest-s.values[0])
	}
	return by, true
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
