package load

import (
	"math"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Point is a percentile of a latency.
type Point struct {
	Percentile float64 `json:"percentile"`
	Ms         float64 `json:"ms"`
}

// percentiles of a curve: each step halves or so what lies above.
var percentiles = []float64{0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 99.995, 99.999}

// curve is a latency by percentile, as far as values lie above; the last is the
// greatest of all.
func curve(h *hdr.Histogram) (out []Point) {
	n := float64(h.TotalCount())
	for _, p := range percentiles {
		if n*(100-p)/100 < 1 {
			break
		}
		out = append(out, Point{p, ms(h.ValueAtPercentile(p))})
	}
	return append(out, Point{100, ms(h.Max())})
}

// Heat is how latencies of a second are distributed: how many were at most each
// of [HeatSteps], and above the one before.
type Heat []int64

// HeatSteps bounds what is told apart, in milliseconds: four for each power of ten.
var HeatSteps = func() (steps []float64) {
	for i := range 25 {
		steps = append(steps, 0.1*math.Pow(10, float64(i)/4))
	}
	return steps
}()

func heat(h *hdr.Histogram) Heat {
	if h.TotalCount() == 0 {
		return nil
	}
	out := make(Heat, len(HeatSteps))
	step, top := 0, 0
	for _, bar := range h.Distribution() {
		for step < len(HeatSteps)-1 && float64(bar.From)/1e6 > HeatSteps[step] {
			step++
		}
		if bar.Count > 0 {
			out[step] += bar.Count
			top = step
		}
	}
	return out[:top+1]
}

// plus adds up two distributions.
func (h Heat) plus(other Heat) Heat {
	if len(other) > len(h) {
		h, other = other, h
	}
	sum := append(Heat(nil), h...)
	for i, n := range other {
		sum[i] += n
	}
	return sum
}
