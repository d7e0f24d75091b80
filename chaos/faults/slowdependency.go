package faults

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// SlowDependency makes an endpoint slower and slower, beyond what the SUT waits
// for, and then well again.
//
// Layer A: a database without an index, a full table space, a cache that was
// cleared. Observed as latency that rises steadily: first nothing is wrong,
// then answers come late, then they come after the SUT has given up. What was
// sent arrives all the same, also from who has stopped waiting, so that
// impatience makes the queue longer and repetitions meet their originals. It
// ends by itself.
type SlowDependency struct {
	From   Wall `yaml:"from" doc:"latency at the beginning"`
	To     Wall `yaml:"to" doc:"latency at the end of the ramp"`
	Over   Wall `yaml:"over" doc:"how long the ramp is"`
	For    Wall `yaml:"for" doc:"how long it lasts in all; none means until it is healed"`
	Spread int  `yaml:"spread" doc:"the 99th percentile is so many times the latency of the ramp, which is then the median; 0 means that it is fixed"`
	Skip   int  `yaml:"skip" doc:"messages let through before it begins"`

	window window
}

// Apply implements [chaos.Fault].
func (f *SlowDependency) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	if d.Direction != simulators.FromSUT || d.Decided() || !f.window.hits(d.Sent, f.Skip, f.For) {
		return []chaos.Delivery{d}
	}
	hold := f.To.d()
	if since := d.Sent - f.window.opened; since < f.Over.d() {
		hold = f.From.d() + time.Duration(float64(f.To-f.From)*float64(since)/float64(f.Over))
	}
	if f.Spread > 1 && hold > 0 {
		hold = drawn(hold, hold*time.Duration(f.Spread), r)
	}
	if hold > 0 {
		d.After += hold
		d.What = "slow: held for " + hold.Round(time.Millisecond).String()
	}
	return []chaos.Delivery{d}
}

// Reproducible reports whether the same seed slows the same attempts.
func (f *SlowDependency) Reproducible() bool { return false }

// Validate says what is wrong with the settings.
func (f *SlowDependency) Validate() error {
	switch {
	case f.To <= 0 || f.To < f.From:
		return errors.New("to: a ramp leads up, to some latency")
	case f.Spread < 0 || f.Spread > 100:
		return errors.New("spread: from 0 to 100")
	}
	return errors.Join(notNegative("from", f.From), notNegative("over", f.Over), validWindow(f.Skip, f.For))
}

// Leaves implements [chaos.Choosy].
func (*SlowDependency) Leaves(at chaos.Crossing) string {
	if at.Direction == simulators.ToSUT {
		return "systems become slow; delay holds what they announce"
	}
	return ""
}
