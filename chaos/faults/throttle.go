package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// Throttle turns messages away because there are too many: the first attempts
// of each, or whatever exceeds a rate (a token bucket that holds one window's
// worth and is shared by all that the rule touches, or by all of a route, of a
// client or of a tenant).
//
// Layer A: API quotas, gateways. Observed as 429 with Retry-After in seconds,
// as an HTTP date, missing, or absurd: 0, or a day. Gateways that smooth hold
// what is a little too much and refuse only what would have to be held longer.
// With a rate, what is hit depends on when the SUT sends, so only the first
// form repeats exactly.
type Throttle struct {
	RetryAfter simulators.RetryAfter `yaml:"retryAfter" jsonschema:"enum=seconds,enum=date,enum=missing,enum=zero" doc:"how the sender is told when to come back; zero tells it to come back at once"`
	After      Wall                  `yaml:"after" doc:"when to come back, in whole seconds, up to thirty days; with a rate, at least"`
	Attempts   int                   `yaml:"attempts" doc:"only the first so many attempts of each fact; 0 means all"`
	Rate       int                   `yaml:"rate" doc:"messages in each window; 0 means that attempts decide"`
	Window     Wall                  `yaml:"window" doc:"of the rate"`
	Per        Bucket                `yaml:"per" jsonschema:"enum=all,enum=route,enum=client,enum=tenant" doc:"who shares the rate: all, those of one message name, of one access token, or of one X-Tenant-Id"`
	Smooth     Wall                  `yaml:"smooth" doc:"what exceeds the rate is held for up to so long before anything is refused"`

	buckets map[string]*bucket
}

// Bucket says who shares a rate.
type Bucket string

// Sharers of a rate.
const (
	PerAll    Bucket = "all"
	PerRoute  Bucket = "route"
	PerClient Bucket = "client"
	PerTenant Bucket = "tenant"
)

// of names the bucket of a message.
func (b Bucket) of(m simulators.Message) string {
	switch b {
	case PerRoute:
		route, _, _ := strings.Cut(m.Name, "/")
		return route
	case PerClient:
		return m.Header["Authorization"]
	case PerTenant:
		return m.Header["X-Tenant-Id"]
	}
	return ""
}

// bucket is credit towards tokens. A token costs one window of credit, and
// credit grows rate times as fast as time, so that nothing is ever rounded. It
// is negative while messages are held that have taken theirs in advance.
type bucket struct {
	counted time.Duration // when credit was right
	credit  time.Duration
}

// Apply implements [chaos.Fault].
func (f *Throttle) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if d.Decided() {
		return []chaos.Delivery{d}
	}
	wait := f.After.d()
	if f.Rate > 0 {
		next := f.take(d)
		if next == 0 {
			return []chaos.Delivery{d}
		}
		if next <= f.Smooth.d() {
			d.After += next
			d.What = "held for " + next.Round(time.Millisecond).String() + ", to keep to the rate"
			return []chaos.Delivery{d}
		}
		wait = max(wait, next)
	} else if late(d, f.Attempts) {
		return []chaos.Delivery{d}
	}
	wait = told(f.RetryAfter, wait)
	d.Refuse = &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Throttled, Code: "too-many-requests",
		Text: "too many requests", After: wait, RetryForm: f.RetryAfter, Scope: f.scope()}
	switch {
	case wait > 0:
		d.What = "throttled for " + strconv.Itoa(int(wait/time.Second)) + " s"
	case f.RetryAfter == simulators.RetryZero:
		d.What = "throttled, told to come back at once"
	default:
		d.What = "throttled, not told when to come back"
	}
	return []chaos.Delivery{d}
}

// scope says whom a refusal concerns.
func (f *Throttle) scope() simulators.Scope {
	if f.Rate > 0 && f.Per == PerRoute {
		return simulators.ScopeName
	}
	return ""
}

// take uses a token for d, now or a little later, and says how long until
// there is one; 0 if there is one now.
func (f *Throttle) take(d chaos.Delivery) time.Duration {
	rate, window, now := time.Duration(f.Rate), f.Window.d(), d.Sent
	key := f.Per.of(d.Message)
	b := f.buckets[key]
	if b == nil {
		if f.buckets == nil {
			f.buckets = map[string]*bucket{}
		}
		b = &bucket{counted: now, credit: rate * window}
		f.buckets[key] = b
	}
	since := min(window+f.Smooth.d(), max(0, now-b.counted))
	b.credit = min(rate*window, b.credit+rate*since)
	b.counted = max(now, b.counted)
	if b.credit >= window {
		b.credit -= window
		return 0
	}
	next := (window - b.credit + rate - 1) / rate
	if next <= f.Smooth.d() {
		b.credit -= window
	}
	return next
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
	case f.Rate == 0 && (f.Smooth != 0 || f.Per != "" && f.Per != PerAll):
		return errors.New("rate: per and smooth need a rate")
	case f.Rate > 1_000_000 || f.Window.d() > time.Hour || f.Smooth.d() > time.Hour:
		return errors.New("rate: at most 1000000 messages, in a window of at most an hour")
	case f.After.d() > 30*24*time.Hour:
		return fmt.Errorf("after: %s is longer than thirty days", f.After)
	}
	return errors.Join(retryForm(f.RetryAfter), notNegative("after", f.After), notNegative("smooth", f.Smooth),
		oneOf("per", f.Per, PerAll, PerRoute, PerClient, PerTenant))
}
