package faults

import (
	"errors"
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
	hold := either(f.For, f.Median, f.P99, r).d()
	if hold > 0 {
		d.After += hold
		d.Overtake = d.Overtake || f.Overtake
		d.What = "held for " + hold.Round(time.Millisecond).String()
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *Delay) Validate() error {
	if f.For <= 0 && f.Median == 0 {
		return errors.New("delay: give for, or median and p99")
	}
	return errors.Join(shape(f.Median, f.P99), notNegative("for", f.For))
}
