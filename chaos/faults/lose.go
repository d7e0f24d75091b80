package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// Lose makes a message vanish on its way: nothing has been done, and its
// sender cannot tell.
//
// Layer W: a connection cut before the request was read, a gateway that never
// reached its backend. Observed as a connection reset, a timeout or a 502.
type Lose struct {
	Symptom simulators.Symptom `yaml:"symptom" jsonschema:"enum=reset,enum=hang,enum=gateway" doc:"what the sender meets"`
	Silence Wall               `yaml:"silence" doc:"how long it hears nothing first"`
}

// Apply implements [chaos.Fault].
func (f *Lose) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if !d.Decided() {
		d.Drop = lost(f.Symptom, f.Silence)
		d.What = "lost on its way (" + string(d.Drop.Symptom) + ")"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *Lose) Validate() error {
	return errors.Join(symptom(f.Symptom), notNegative("silence", f.Silence))
}
