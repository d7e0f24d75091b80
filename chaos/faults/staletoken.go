package faults

import (
	"errors"
	"math/rand/v2"
	"strings"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// StaleToken calls a good access token expired.
//
// Layer A: tokens revoked early, clocks that disagree, a resource server with
// a cold cache. Observed as 401 with WWW-Authenticate error="invalid_token",
// upon which a client gets one new token and repeats the request. Requests
// that carry no bearer token, those for tokens above all, are left alone.
type StaleToken struct {
	Attempts int `yaml:"attempts" doc:"only the first so many attempts of each fact; 0 means all"`
}

// Apply implements [chaos.Fault].
func (f *StaleToken) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	bearer := strings.HasPrefix(d.Message.Header["Authorization"], "Bearer ")
	if d.Decided() || !bearer || (f.Attempts > 0 && d.Attempt > f.Attempts) {
		return []chaos.Delivery{d}
	}
	d.Refuse = &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unauthorized, Code: "invalid_token",
		Text: "the token is unknown or has expired"}
	d.What = "token called stale"
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *StaleToken) Validate() error {
	if f.Attempts < 0 {
		return errors.New("attempts cannot be negative")
	}
	return nil
}
