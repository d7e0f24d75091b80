package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// NetworkLoss cuts a link in both directions: from when it is armed until it
// is healed, or for a time of its own.
//
// Layer W: a WAN line down, a firewall rule, a switch rebooting. Observed as
// connections that are reset or hang, and as a rig that falls silent.
type NetworkLoss struct {
	Symptom simulators.Symptom `yaml:"symptom" jsonschema:"enum=reset,enum=hang,enum=gateway" doc:"what senders meet"`
	Silence Wall               `yaml:"silence" doc:"how long they hear nothing first"`
	Skip    int                `yaml:"skip" doc:"messages let through before the cut"`
	For     Wall               `yaml:"for" doc:"how long the cut lasts; none means until it is healed"`

	window window
}

// Apply implements [chaos.Fault].
func (f *NetworkLoss) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if !d.Decided() && f.window.hits(d.Sent, f.Skip, f.For) {
		d.Drop = lost(f.Symptom, f.Silence)
		d.What = "link cut (" + string(d.Drop.Symptom) + ")"
	}
	return []chaos.Delivery{d}
}

// Reproducible reports whether the same seed loses the same attempts.
func (f *NetworkLoss) Reproducible() bool { return false }

// Validate says what is wrong with the settings.
func (f *NetworkLoss) Validate() error {
	return errors.Join(symptom(f.Symptom), notNegative("silence", f.Silence), validWindow(f.Skip, f.For))
}
