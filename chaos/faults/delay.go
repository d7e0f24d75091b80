package faults

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
)

// Delay holds a message, for a fixed time or for one drawn from a log-normal
// distribution, which is how network and queueing times are shaped. Drawn
// times end at twice the 99th percentile.
//
// Layer W: a slow line, a busy gateway, a garbage collection on the way.
// Observed as latency. What the SUT sent arrives even if the SUT has stopped
// waiting for the answer, so a delay beyond its timeout is also an ambiguous
// commit.
type Delay struct {
	For      Wall `yaml:"for" doc:"how long, unless it is drawn"`
	Median   Wall `yaml:"median" doc:"draws it: half of the times are shorter"`
	P99      Wall `yaml:"p99" doc:"and one of a hundred is longer"`
	Overtake bool `yaml:"overtake" doc:"later messages of the same entity may pass"`
}

// Apply implements [chaos.Fault].
func (f *Delay) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	hold := f.For.d()
	if f.Median > 0 {
		hold = f.draw(r)
	}
	if hold > 0 {
		d.After += hold
		d.Overtake = d.Overtake || f.Overtake
		d.What = "held for " + hold.Round(time.Millisecond).String()
	}
	return []chaos.Delivery{d}
}

func (f *Delay) draw(r *rand.Rand) time.Duration {
	const z99 = 2.3263478740408408 // 99th percentile of the standard normal distribution
	sigma := math.Log(float64(f.P99)/float64(f.Median)) / z99
	t := float64(f.Median) * math.Exp(sigma*r.NormFloat64())
	return time.Duration(min(t, 2*float64(f.P99)))
}

// Validate says what is wrong with the settings.
func (f *Delay) Validate() error {
	switch {
	case f.Median < 0 || f.P99 < f.Median || (f.P99 > 0 && f.Median == 0):
		return errors.New("delay: a drawn time needs a median and a p99 that is not below it")
	case f.For <= 0 && f.Median == 0:
		return errors.New("delay: give for, or median and p99")
	}
	return notNegative("for", f.For)
}
