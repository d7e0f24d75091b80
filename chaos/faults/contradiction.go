package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators/plant"
)

// Contradiction announces something again under the same number and with
// another content, after it was taken.
//
// Layer D: a number range that was set back, a correction sent under the old
// number, two machines that were given one name and count each for itself.
// Observed as a message with an id that is known and a body that is not. What
// was taken first stands; the second may be refused, ignored or reported, but
// neither posted nor put in the place of the first. What was not taken is not
// contradicted.
type Contradiction struct {
	Later Wall `yaml:"later" doc:"how long after the first was taken"`
}

// Apply implements [chaos.Fault].
func (f *Contradiction) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	e, ok := announcement(d)
	if !ok || d.Message.Kept || d.Decided() {
		return []chaos.Delivery{d}
	}
	var other plant.Fact
	if q, has := quantity(e.Fact); has && q.Unit != "" {
		q.Amount = q.Amount.Add(plant.One)
		other = withQuantity(e.Fact, q)
	}
	if c, counts := e.Fact.(plant.MachineCounted); counts {
		c.Count++
		other = c
	}
	if other == nil {
		return []chaos.Delivery{d}
	}
	second := d
	second.Message.Events = []plant.Event{with(e, other)}
	second.Reword, second.Perhaps, second.Behind = true, true, true
	second.After += f.Later.d()
	d.What = fmt.Sprintf("announced again %s later under the same number, with another quantity", time.Duration(f.Later))
	return []chaos.Delivery{d, second}
}

// Validate says what is wrong with the settings.
func (f *Contradiction) Validate() error {
	if f.Later < 0 {
		return errors.New("later: " + f.Later.String() + " is negative")
	}
	return nil
}

// Leaves implements [chaos.Choosy].
func (*Contradiction) Leaves(at chaos.Crossing) string {
	return among(at, "it states no quantity", append([]plant.Kind{plant.KindMachineCount}, quantified...)...)
}
