package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// AmbiguousCommit lets a message take effect and loses the reply.
//
// Layer A: a response lost after the commit, a gateway that gives up on a slow
// backend. Observed as a connection reset, a timeout or a 502, exactly as in
// [RefuseBeforeApply]: the sender cannot know, and must find out or repeat
// itself harmlessly.
type AmbiguousCommit struct {
	Symptom simulators.Symptom `yaml:"symptom" jsonschema:"enum=reset,enum=hang,enum=gateway" doc:"what the sender meets"`
	Latency Wall               `yaml:"latency" doc:"from arrival until the sender meets it; longer than the receiver needs, unless it is drawn"`
	Median  Wall               `yaml:"median" doc:"draws it: half of the times are shorter"`
	P99     Wall               `yaml:"p99" doc:"and one of a hundred is longer"`
}

// Apply implements [chaos.Fault].
func (f *AmbiguousCommit) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	if !d.Decided() {
		d.LoseReply = lost(f.Symptom, either(f.Latency, f.Median, f.P99, r))
		d.What = "acted upon, reply lost (" + string(d.LoseReply.Symptom) + ")"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *AmbiguousCommit) Validate() error {
	return errors.Join(symptom(f.Symptom), notNegative("latency", f.Latency), shape(f.Median, f.P99))
}

// RefuseBeforeApply is the twin of [AmbiguousCommit]: the same symptom after
// the same time, and nothing has been done.
//
// Layer A: a backend that died with the request unread. Whoever treats the two
// differently is guessing: to assume success loses this one, to repeat blindly
// doubles the other.
type RefuseBeforeApply struct {
	Symptom simulators.Symptom `yaml:"symptom" jsonschema:"enum=reset,enum=hang,enum=gateway" doc:"what the sender meets"`
	Latency Wall               `yaml:"latency" doc:"from arrival until the sender meets it, unless it is drawn"`
	Median  Wall               `yaml:"median" doc:"draws it: half of the times are shorter"`
	P99     Wall               `yaml:"p99" doc:"and one of a hundred is longer"`
}

// Apply implements [chaos.Fault].
func (f *RefuseBeforeApply) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	if !d.Decided() {
		d.Drop = lost(f.Symptom, either(f.Latency, f.Median, f.P99, r))
		d.What = "not acted upon, reply lost (" + string(d.Drop.Symptom) + ")"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *RefuseBeforeApply) Validate() error {
	return errors.Join(symptom(f.Symptom), notNegative("latency", f.Latency), shape(f.Median, f.P99))
}
