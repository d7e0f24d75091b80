package plant

import (
	"math"
	"slices"
	"testing"
)

func TestSamplersHaveTheirMoments(t *testing.T) {
	const n = 200_000
	for _, tc := range []struct {
		name           string
		draw           func(*stream) float64
		mean, variance float64
	}{
		{"unit", (*stream).unit, 0.5, 1.0 / 12},
		{"normal", (*stream).normal, 0, 1},
		{"exponential", func(s *stream) float64 { return s.exponential(3) }, 3, 9},
		{"lognormal", func(s *stream) float64 { return s.lognormal(0.5, 10) }, 10 * math.Exp(0.125), 100 * math.Exp(0.25) * (math.Exp(0.25) - 1)},
		{"weibull", func(s *stream) float64 { return s.weibull(2, 5) }, 5 * math.Gamma(1.5), 25 * (math.Gamma(2) - math.Gamma(1.5)*math.Gamma(1.5))},
		{"gamma", func(s *stream) float64 { return s.gamma(4, 2) }, 8, 16},
		{"bursty gamma", func(s *stream) float64 { return s.gamma(0.36, 10) }, 3.6, 36},
		{"beta-binomial", func(s *stream) float64 { return float64(s.betaBinomial(20, 1, 4)) }, 4, 20 * 0.2 * 0.8 * 25 / 6},
		{"below", func(s *stream) float64 { return float64(s.below(10)) }, 4.5, 8.25},
		{"pick", func(s *stream) float64 { return float64(s.pick([]float64{1, 0, 3})) }, 1.5, 0.75},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStream(7, tc.name, "moments")
			x := make([]float64, n)
			for i := range x {
				x[i] = tc.draw(s)
			}
			mean, variance := moments(x)
			if slack := 6 * math.Sqrt(tc.variance/n); math.Abs(mean-tc.mean) > slack {
				t.Errorf("mean %v, want %v ± %v", mean, tc.mean, slack)
			}
			if math.Abs(variance/tc.variance-1) > 0.1 {
				t.Errorf("variance %v, want %v", variance, tc.variance)
			}
		})
	}
}

func TestStreamsAreTheirOwn(t *testing.T) {
	first := func(seed uint64, entity, purpose string) uint64 {
		return newStream(seed, entity, purpose).source.Uint64()
	}
	seen := map[uint64]string{}
	for _, tc := range []struct {
		seed            uint64
		entity, purpose string
	}{{1, "a", "b"}, {2, "a", "b"}, {1, "ab", ""}, {1, "", "ab"}, {1, "b", "a"}, {0, "a", "b"}} {
		x := first(tc.seed, tc.entity, tc.purpose)
		if x != first(tc.seed, tc.entity, tc.purpose) {
			t.Errorf("%v differs from itself", tc)
		}
		if other, ok := seen[x]; ok {
			t.Errorf("%v and %s have the same luck", tc, other)
		}
		seen[x] = tc.entity + "|" + tc.purpose
	}
	// Recorded runs depend on this very number.
	if got, want := first(4711, "order/0", "what"), uint64(2266668152752449027); got != want {
		t.Errorf("the luck of recorded runs has changed: got %d, want %d", got, want)
	}
}

func TestValue(t *testing.T) {
	s := newStream(1, "value", "test")
	trace := Value{Trace: []float64{3, 1, 2}}
	var got []float64
	for i := range 5 {
		got = append(got, trace.draw(s, i))
	}
	if !slices.Equal(got, []float64{3, 1, 2, 3, 1}) {
		t.Errorf("a trace begins again: got %v", got)
	}
	if x := FixedValue(4).draw(s, 9); x != 4 {
		t.Errorf("fixed: got %v", x)
	}
	bounded := Value{Dist: "exponential", Params: []float64{10}, Min: 5, Max: 6}
	for range 100 {
		if x := bounded.draw(s, 0); x < 5 || x > 6 {
			t.Fatalf("%v is out of bounds", x)
		}
	}
	for name, v := range map[string]Value{
		"two modes":      {Dist: "exponential", Params: []float64{1}, Trace: []float64{1}},
		"no such dist":   {Dist: "normal", Params: []float64{1, 2}},
		"few parameters": {Dist: "weibull", Params: []float64{1}},
		"zero scale":     {Dist: "gamma", Params: []float64{1, 0}},
		"not a number":   {Dist: "exponential", Params: []float64{math.NaN()}},
		"empty trace":    {Trace: []float64{}},
		"negative trace": {Trace: []float64{1, -1}},
		"negative fixed": FixedValue(-1),
		"max below min":  {Dist: "exponential", Params: []float64{1}, Min: 2, Max: 1},
	} {
		if v.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
