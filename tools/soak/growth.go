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
// point, as the slope says; ok is false if there are too few points to tell.
// The first half is warm-up: pools and caches fill.
func (s series) growth() (by float64, ok bool) {
	half := s.values[len(s.values)/2:]
	if len(half) < fewest {
		return 0, false
	}
	return slope(half) * float64(len(half)-1), true
}

// grows says what is wrong with s; "" if nothing is.
func (s series) grows() string {
	by, ok := s.growth()
	if !ok {
		return fmt.Sprintf("%s: %d readings are too few to tell whether it grows, want %d", s.name, len(s.values), 2*fewest-1)
	}
	level := median(s.values[len(s.values)/2:])
	if by <= max(s.least, s.share*level) {
		return ""
	}
	return fmt.Sprintf("%s grows: by %.1f %s over the second half, where it is %.1f; up to %.1f would pass", s.name, by, s.unit, level, max(s.least, s.share*level))
}
