package faults

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// drawn is a time from a log-normal distribution, which is how network and
// queueing times are shaped: half of the times are shorter than the median,
// one of a hundred is longer than p99. It ends at twice p99.
func drawn(median, p99 time.Duration, r *rand.Rand) time.Duration {
	const z99 = 2.3263478740408408 // 99th percentile of the standard normal distribution
	sigma := math.Log(float64(p99)/float64(median)) / z99
	t := float64(median) * math.Exp(sigma*r.NormFloat64())
	return time.Duration(min(t, 2*float64(p99)))
}

// either is a fixed time, or a drawn one if there is a median.
func either(fixed, median, p99 Wall, r *rand.Rand) Wall {
	if median <= 0 {
		return fixed
	}
	return Wall(drawn(median.d(), p99.d(), r))
}

// shape refuses times that cannot be drawn.
func shape(median, p99 Wall) error {
	if median < 0 || p99 < median || (p99 > 0 && median == 0) {
		return errors.New("a drawn time needs a median and a p99 that is not below it")
	}
	return nil
}

func notNegativeCount(name string, n int) error {
	if n < 0 {
		return errors.New(name + " cannot be negative")
	}
	return nil
}
