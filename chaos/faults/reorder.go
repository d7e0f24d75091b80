package faults

import (
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// Reorder holds a message so that others arrive before it: those of its own
// entity, or only those of others.
//
// Layer A: parallel consumers, redelivery after an error, several routes.
// Observed as an older message that arrives after a newer one. What the SUT
// sends is held alike; whether it is overtaken is up to the SUT.
type Reorder struct {
	Within Scope `yaml:"within" jsonschema:"enum=entity,enum=across" doc:"who may pass: messages of the same entity too, or only those of others"`
	For    Wall  `yaml:"for" doc:"how long the message is held"`
}

// Scope says which messages may pass one that is held.
type Scope string

// Scopes of reordering.
const (
	WithinEntity Scope = "entity"
	Across       Scope = "across"
)

// Apply implements [chaos.Fault].
func (f *Reorder) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	d.After += f.For.d()
	d.What = "held for " + f.For.d().String() + " while others pass"
	if f.Within != Across {
		d.Overtake = true
		d.What += ", its own entity's too"
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *Reorder) Validate() error {
	if f.Within != "" && f.Within != WithinEntity && f.Within != Across {
		return fmt.Errorf("within: %q is not one of entity, across", f.Within)
	}
	if f.For <= 0 {
		return fmt.Errorf("for: a message must be held for some time to be passed")
	}
	return nil
}
