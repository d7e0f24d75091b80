package shrink

import "math"

// Need is how many runs without a failure it takes to say, at error
// probability alpha, that a candidate which fails with probability pmin or
// more does not fail.
func Need(pmin, alpha float64) int {
	switch {
	case pmin <= 0:
		return math.MaxInt32
	case pmin >= 1:
		return 1
	}
	return max(1, int(math.Ceil(math.Log(alpha)/math.Log(1-pmin))))
}

// A Rate is how often something happened in so many runs.
type Rate struct {
	Hits int `json:"hits"`
	Runs int `json:"runs"`
}

// Share is the observed rate; 0 if nothing was run.
func (r Rate) Share() float64 {
	if r.Runs == 0 {
		return 0
	}
	return float64(r.Hits) / float64(r.Runs)
}

// Wilson is the 95 % interval of the rate behind r.
func (r Rate) Wilson() (low, high float64) {
	if r.Runs == 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	n, p := float64(r.Runs), r.Share()
	mid := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, (mid-half)/(1+z*z/n)), min(1, (mid+half)/(1+z*z/n))
}

// plus adds the runs of both.
func (r Rate) plus(hits, runs int) Rate { return Rate{r.Hits + hits, r.Runs + runs} }
