package plant

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// stream is the luck of one entity for one purpose. Each has a generator of
// its own, so that one more order, fault or draw elsewhere shifts nothing
// here. Sampling is code of ours: only the PCG comes from the library, so that
// a library update cannot change a recorded run.
type stream struct{ source *rand.PCG }

// newStream returns the stream of (seed, entity, purpose).
func newStream(seed uint64, entity, purpose string) *stream {
	h := mix(seed ^ 0x9e3779b97f4a7c15)
	for _, part := range []string{entity, purpose} {
		for i := range len(part) {
			h = mix(h ^ uint64(part[i]))
		}
		h = mix(h ^ 0x100) // no byte has this value, so parts cannot run together
	}
	return &stream{rand.NewPCG(h, mix(h^0xd1b54a32d192ed03))}
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit returns a number strictly between 0 and 1.
func (s *stream) unit() float64 { return (float64(s.source.Uint64()>>11) + 0.5) / (1 << 53) }

// below returns a number from 0 to n-1; n must be positive.
func (s *stream) below(n int) int {
	hi, _ := bits.Mul64(s.source.Uint64(), uint64(n))
	return int(hi)
}

// chance is true with probability p.
func (s *stream) chance(p float64) bool { return s.unit() < p }

func (s *stream) normal() float64 { return math.Sqrt2 * math.Erfinv(2*s.unit()-1) }

func (s *stream) lognormal(sigma, median float64) float64 {
	return median * math.Exp(sigma*s.normal())
}

func (s *stream) exponential(mean float64) float64 { return -mean * math.Log(s.unit()) }

func (s *stream) weibull(shape, scale float64) float64 {
	return scale * math.Pow(-math.Log(s.unit()), 1/shape)
}

// gamma samples by Marsaglia and Tsang (2000); shapes below one are boosted
// and brought back by a power of a uniform number.
func (s *stream) gamma(shape, scale float64) float64 {
	if shape < 1 {
		return s.gamma(shape+1, scale) * math.Pow(s.unit(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := s.normal()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(s.unit()) < x*x/2+d-d*v+d*math.Log(v) {
			return scale * d * v
		}
	}
}

// betaBinomial counts successes in n trials that share one chance, itself
// drawn from a beta distribution: rejects of one stretch of work come in
// clusters, not as independent coin flips.
func (s *stream) betaBinomial(n int, alpha, beta float64) int {
	a, b := s.gamma(alpha, 1), s.gamma(beta, 1)
	if a+b == 0 {
		return 0
	}
	p, hits := a/(a+b), 0
	for range n {
		if s.chance(p) {
			hits++
		}
	}
	return hits
}

// pick returns the index of one of weights, in proportion to it.
func (s *stream) pick(weights []float64) int {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	x := s.unit() * total
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}
