package load

import (
	"math"
	"slices"
)

// interval of a difference, with its best guess between.
type estimate struct{ low, mid, high float64 }

// signedRank estimates the centre of differences by Wilcoxon's signed ranks: the
// median of the means of any two of them (Hodges and Lehmann), and an exact
// interval that misses the truth with a chance of at most alpha, whatever the
// distribution is if only it is symmetric. One wild difference moves it little.
// Of too few differences for alpha the interval is without end.
func signedRank(diffs []float64, alpha float64) estimate {
	n := len(diffs)
	walsh := make([]float64, 0, n*(n+1)/2)
	for i, a := range diffs {
		for _, b := range diffs[i:] {
			walsh = append(walsh, (a+b)/2)
		}
	}
	e := estimate{math.Inf(-1), median(walsh), math.Inf(1)} // median sorts
	if k := rankCut(n, alpha/2); k > 0 {
		e.low, e.high = walsh[k-1], walsh[len(walsh)-k]
	}
	return e
}

// rankCut is the largest k for which the sum of n signed ranks is below k with a
// chance of at most p; 0 if there is none.
func rankCut(n int, p float64) int {
	chance := make([]float64, n*(n+1)/2+1) // of each sum, times 2ⁿ scaled away
	chance[0] = 1
	for rank := 1; rank <= n; rank++ {
		for s := len(chance) - 1; s >= 0; s-- {
			chance[s] /= 2
			if s >= rank {
				chance[s] += chance[s-rank] / 2
			}
		}
	}
	sum := 0.0
	for k, c := range chance {
		if sum += c; sum > p*(1+1e-9) {
			return k
		}
	}
	return len(chance)
}

// leastRounds is how many differences an interval needs for alpha.
func leastRounds(alpha float64) int {
	return int(math.Ceil(1 - math.Log2(alpha)))
}

// medianOf is the median of v, which stays as it is.
func medianOf(v []float64) float64 { return median(slices.Clone(v)) }
