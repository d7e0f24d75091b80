package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// Outage takes an endpoint out of service: from when it is armed until it is
// healed, or for a time of its own.
//
// Layer A: planned maintenance, an overloaded or stopped application behind a
// gateway that still answers. Observed as 503 with or without Retry-After, or,
// as behind many a login gateway, as 200 with an HTML page that must not be
// taken for success.
type Outage struct {
	RetryAfter simulators.RetryAfter `yaml:"retryAfter" jsonschema:"enum=seconds,enum=date,enum=missing,enum=zero" doc:"how the sender is told when to come back; zero tells it to come back at once"`
	After      Wall                  `yaml:"after" doc:"when to come back, in whole seconds"`
	Page       Page                  `yaml:"page" jsonschema:"enum=none,enum=maintenance" doc:"maintenance answers 200 with an HTML page instead"`
	Skip       int                   `yaml:"skip" doc:"messages let through before it begins"`
	For        Wall                  `yaml:"for" doc:"how long it lasts; none means until it is healed"`

	window window
}

// Page is what an outage shows to whoever does not look at the status.
type Page string

// Pages of an outage.
const (
	PageNone        Page = "none"
	PageMaintenance Page = "maintenance"
)

const maintenancePage = `<!DOCTYPE html>
<html lang="en"><head><title>Scheduled maintenance</title></head>
<body><h1>We will be back soon</h1><p>The system is being maintained. Please sign in again later.</p>
<form method="post" action="/login"><input name="user"><input name="password" type="password"></form></body></html>
`

// Apply implements [chaos.Fault].
func (f *Outage) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if d.Decided() || !f.window.hits(d.Sent, f.Skip, f.For) {
		return []chaos.Delivery{d}
	}
	if f.Page == PageMaintenance {
		d.Instead = &simulators.Message{
			Header: map[string]string{"Content-Type": "text/html; charset=utf-8"}, Body: []byte(maintenancePage),
			Result: simulators.Result{Outcome: simulators.Unavailable, Class: simulators.Technical, Code: "maintenance-page", Status: 200},
		}
		d.What = "out of service: 200 with a maintenance page"
		return []chaos.Delivery{d}
	}
	d.Refuse = &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unavailable, Code: "out-of-service",
		Text: "out of service for maintenance", After: told(f.RetryAfter, f.After.d()), RetryForm: f.RetryAfter}
	d.What = "out of service"
	return []chaos.Delivery{d}
}

// Reproducible reports whether the same seed fails the same attempts.
func (f *Outage) Reproducible() bool { return false }

// Validate says what is wrong with the settings.
func (f *Outage) Validate() error {
	if f.Page != "" && f.Page != PageNone && f.Page != PageMaintenance {
		return fmt.Errorf("page: %q is not one of none, maintenance", f.Page)
	}
	if f.After.d() > 30*24*time.Hour {
		return fmt.Errorf("after: %s is longer than thirty days", f.After)
	}
	return errors.Join(retryForm(f.RetryAfter), notNegative("after", f.After), validWindow(f.Skip, f.For))
}
