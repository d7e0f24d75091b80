package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// Throttle turns messages away because there are too many: the first attempts
// of each, or whatever exceeds a rate (a token bucket that holds one window's
// worth and is shared by all that the rule touches).
//
// Layer A: API quotas, gateways. Observed as 429 with Retry-After in seconds,
// as an HTTP date, or missing. With a rate, what is hit depends on when the
// SUT sends, so only the first form repeats exactly.
type Throttle struct {
	RetryAfter simulators.RetryAfter `yaml:"retryAfter" jsonschema:"enum=seconds,enum=date,enum=missing" doc:"how the sender is told when to come back"`
	After      Wall                  `yaml:"after" doc:"when to come back, in whole seconds; with a rate, at least"`
	Attempts   int                   `yaml:"attempts" doc:"only the first so many attempts of each fact; 0 means all"`
	Rate       int                   `yaml:"rate" doc:"messages in each window; 0 means that attempts decide"`
	Window     Wall                  `yaml:"window" doc:"of the rate"`

	begun   bool
	counted time.Duration // when credit was right
	credit  time.Duration // towards tokens; see take
}

// Apply implements [chaos.Fault].
func (f *Throttle) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if d.Decided() {
		return []chaos.Delivery{d}
	}
	wait := f.After.d()
	if f.Rate > 0 {
		next := f.take(d.Sent)
		if next == 0 {
			return []chaos.Delivery{d}
		}
		wait = max(wait, next)
	} else if f.Attempts > 0 && d.Attempt > f.Attempts {
		return []chaos.Delivery{d}
	}
	wait = told(f.RetryAfter, wait)
	d.Refuse = &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Throttled, Code: "too-many-requests",
		Text: "too many requests", After: wait, RetryForm: f.RetryAfter}
	d.What = "throttled, not told when to come back"
	if wait > 0 {
		d.What = "throttled for " + strconv.Itoa(int(wait/time.Second)) + " s"
	}
	return []chaos.Delivery{d}
}

// take uses a token at now, or says how long until there is one. A token costs
// one window of credit, and credit grows Rate times as fast as time, so that
// nothing is ever rounded.
func (f *Throttle) take(now time.Duration) time.Duration {
	rate, window := time.Duration(f.Rate), f.Window.d()
	if !f.begun {
		f.begun, f.credit, f.counted = true, rate*window, now
	}
	since := min(window, max(0, now-f.counted))
	f.credit = min(rate*window, f.credit+rate*since)
	f.counted = max(now, f.counted)
	if f.credit >= window {
		f.credit -= window
		return 0
	}
	return (window - f.credit + rate - 1) / rate
}

// Reproducible reports whether the same seed throttles the same attempts.
func (f *Throttle) Reproducible() bool { return f.Rate <= 0 }

// Validate says what is wrong with the settings.
func (f *Throttle) Validate() error {
	switch {
	case f.Attempts < 0 || f.Rate < 0:
		return errors.New("attempts and rate cannot be negative")
	case f.Rate > 0 && f.Window <= 0:
		return errors.New("window: a rate needs the wall time it is counted in")
	case f.Rate == 0 && f.Window != 0:
		return errors.New("rate: a window needs the number of messages it lets through")
	case f.Rate > 1_000_000 || f.Window.d() > time.Hour:
		return errors.New("rate: at most 1000000 messages, in a window of at most an hour")
	case f.After.d() > 30*24*time.Hour:
		return fmt.Errorf("after: %s is longer than thirty days", f.After)
	}
	return errors.Join(retryForm(f.RetryAfter), notNegative("after", f.After))
}
