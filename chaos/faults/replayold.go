package faults

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// ReplayOld has a source send again what it announced long ago, when something
// newer about the same entity is announced.
//
// Layer A: a queue restored from a backup, a replay of a topic, a resend by
// somebody who was not sure. Observed as a message, byte for byte as it was,
// whose contents are hours or days old and have been followed by others since.
type ReplayOld struct {
	Age    Plant `yaml:"age" doc:"how much older the old message is at least, by what it says"`
	Copies int   `yaml:"copies" doc:"how many old messages come with each new one at most, the oldest first"`

	past map[string][]chaos.Delivery // by entity, in the order of their crossing
}

// Apply implements [chaos.Fault].
func (f *ReplayOld) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if d.Direction != simulators.ToSUT || len(d.Message.Events) == 0 || d.Stopped() {
		return []chaos.Delivery{d}
	}
	if f.past == nil {
		f.past = map[string][]chaos.Delivery{}
	}
	out := []chaos.Delivery{d}
	then := d.Message.Events[0].At.Add(-f.Age.d())
	f.past[d.Message.Entity] = slices.DeleteFunc(f.past[d.Message.Entity], func(old chaos.Delivery) bool {
		if len(out) > f.Copies || old.Message.Events[0].At.After(then) || old.Message.Key == d.Message.Key {
			return false
		}
		old.Sent, old.Attempt = d.Sent, old.Attempt+1
		old.After += time.Duration(len(out)) * time.Millisecond
		out = append(out, old)
		return true
	})
	if len(out) > 1 {
		out[0].What = "with it " + strconv.Itoa(len(out)-1) + " old announcement of the same entity"
		for _, old := range out[1:] {
			out[0].About = append(out[0].About, old.Message.Events...)
		}
	}
	f.past[d.Message.Entity] = append(f.past[d.Message.Entity], d)
	return out
}

// Validate says what is wrong with the settings.
func (f *ReplayOld) Validate() error {
	if f.Age <= 0 {
		return errors.New("age: say how much older the old message is, in plant time")
	}
	if f.Copies < 1 || f.Copies > 100 {
		return errors.New("copies: from 1 to 100")
	}
	return nil
}

// Reproducible reports whether the same seed repeats the same facts. What is
// old depends on what has crossed before.
func (f *ReplayOld) Reproducible() bool { return false }

// Leaves implements [chaos.Choosy].
func (*ReplayOld) Leaves(at chaos.Crossing) string {
	if at.Direction != simulators.ToSUT {
		return "only sources send again what they announced"
	}
	return ""
}
