package load

import "slices"

// level is how many confirmations were due and not yet done with, at a moment
// in seconds.
type level struct{ at, n float64 }

// slope is by how much levels grow a second: the median of the slopes between
// any two of them (Theil and Sen), which a pause of the build in the middle does
// not move as it would a fitted line.
func slope(levels []level) float64 {
	if len(levels) < 2 {
		return 0
	}
	step := max(1, len(levels)/mostLevels)
	var all []float64
	for i := 0; i < len(levels); i += step {
		for j := i + step; j < len(levels); j += step {
			if dt := levels[j].at - levels[i].at; dt > 0 {
				all = append(all, (levels[j].n-levels[i].n)/dt)
			}
		}
	}
	return median(all)
}

// mostLevels bounds the work of a slope: of more levels some are left out.
const mostLevels = 200

// median sorts v; 0 if it is empty.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
