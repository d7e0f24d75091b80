package plant

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Value is a number that a profile leaves to chance, fixes, or takes from a
// record, in the unit its place says. Exactly one of Fixed, Dist and Trace is
// set; the zero value means "not said".
//
// Values shape times, counts and choices. Quantities are whole multiples of
// the unit an item is measured in before they become a [Decimal].
type Value struct {
	// Fixed is always drawn.
	Fixed *float64 `json:"fixed,omitempty"`
	// Dist names a distribution and Params its parameters: lognormal [sigma,
	// median], exponential [mean], weibull [shape, scale], gamma [shape,
	// scale], uniform [low, high].
	Dist   string    `json:"dist,omitempty"`
	Params []float64 `json:"params,omitempty"`
	// Trace is replayed in order and begins again when it is used up.
	Trace []float64 `json:"trace,omitempty"`
	// Min and Max bound what Dist draws; a Max of 0 is no bound.
	Min float64 `json:"min,omitempty"`
	Max float64 `json:"max,omitempty"`
}

// FixedValue is the Value that is always v.
func FixedValue(v float64) Value { return Value{Fixed: &v} }

// IsZero reports whether v says nothing.
func (v Value) IsZero() bool { return v.Fixed == nil && v.Dist == "" && v.Trace == nil }

var distParams = map[string]int{"lognormal": 2, "exponential": 1, "weibull": 2, "gamma": 2, "uniform": 2}

// Validate tells what is wrong with v.
func (v Value) Validate() error {
	modes := 0
	for _, set := range []bool{v.Fixed != nil, v.Dist != "", v.Trace != nil} {
		if set {
			modes++
		}
	}
	switch {
	case modes == 0:
		return nil
	case modes > 1:
		return errors.New("a value is one of fixed, dist and trace, not several")
	case v.Fixed != nil && !sound(*v.Fixed):
		return fmt.Errorf("fixed value %v is negative or not a number", *v.Fixed)
	case v.Trace != nil && (len(v.Trace) == 0 || slices.ContainsFunc(v.Trace, unsound)):
		return errors.New("a trace needs at least one number, none negative")
	case v.Dist != "":
		return v.validateDist()
	}
	return nil
}

func (v Value) validateDist() error {
	n, known := distParams[v.Dist]
	if !known {
		return fmt.Errorf("unknown distribution %q; known are exponential, gamma, lognormal, uniform, weibull", clip(v.Dist))
	}
	if len(v.Params) != n {
		return fmt.Errorf("distribution %s takes %d parameters, not %d", v.Dist, n, len(v.Params))
	}
	for i, p := range v.Params {
		if unsound(p) || (p == 0 && v.Dist != "uniform" && (v.Dist != "lognormal" || i > 0)) {
			return fmt.Errorf("parameter %d of distribution %s must be a positive number, not %v", i+1, v.Dist, p)
		}
	}
	if v.Max != 0 && v.Max < v.Min {
		return fmt.Errorf("max %v is below min %v", v.Max, v.Min)
	}
	return nil
}

func sound(f float64) bool   { return f >= 0 && !math.IsInf(f, 0) }
func unsound(f float64) bool { return !sound(f) }

// draw returns the n-th value, counted from 0; only a trace minds n.
func (v Value) draw(s *stream, n int) float64 {
	switch {
	case v.Fixed != nil:
		return *v.Fixed
	case len(v.Trace) > 0:
		return v.Trace[n%len(v.Trace)]
	}
	var x float64
	switch v.Dist {
	case "lognormal":
		x = s.lognormal(v.Params[0], v.Params[1])
	case "exponential":
		x = s.exponential(v.Params[0])
	case "weibull":
		x = s.weibull(v.Params[0], v.Params[1])
	case "gamma":
		x = s.gamma(v.Params[0], v.Params[1])
	case "uniform":
		x = v.Params[0] + (v.Params[1]-v.Params[0])*s.unit()
	}
	x = max(x, v.Min)
	if v.Max > 0 {
		x = min(x, v.Max)
	}
	return x
}

// mean is what draws come to on average; bounds are not minded.
func (v Value) mean() float64 {
	switch {
	case v.Fixed != nil:
		return *v.Fixed
	case len(v.Trace) > 0:
		sum := 0.0
		for _, x := range v.Trace {
			sum += x
		}
		return sum / float64(len(v.Trace))
	}
	switch v.Dist {
	case "lognormal":
		return v.Params[1] * math.Exp(v.Params[0]*v.Params[0]/2)
	case "exponential":
		return v.Params[0]
	case "weibull":
		return v.Params[1] * math.Gamma(1+1/v.Params[0])
	case "gamma":
		return v.Params[0] * v.Params[1]
	case "uniform":
		return (v.Params[0] + v.Params[1]) / 2
	}
	return 0
}

// median is the middle of a record of seconds, as planned time per piece.
func median(v Value) time.Duration {
	seconds := v.mean()
	if len(v.Trace) > 0 {
		sorted := slices.Sorted(slices.Values(v.Trace))
		seconds = sorted[len(sorted)/2]
	}
	return time.Duration(seconds * float64(time.Second)).Truncate(time.Second)
}
