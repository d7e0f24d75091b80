package faults

import (
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators/plant"
)

// BadQuality has a machine tell a value and, beside it, that the value is no
// good.
//
// Layer D: a sensor that is unplugged, a controller that has lost its counter
// card, a gateway that has nothing newer. Observed as a reading with status bad
// or uncertain, as of OPC UA, and a count of 0. It must not be used: the pieces
// are counted from the last good reading to the next.
type BadQuality struct {
	Status QualityStatus `yaml:"status" jsonschema:"enum=any,enum=bad,enum=uncertain" doc:"what the machine says of its value; any draws one"`
}

// QualityStatus is what a machine says of its value.
type QualityStatus string

// Statuses of values that are no good.
const (
	AnyStatus       QualityStatus = "any"
	StatusBad       QualityStatus = "bad"
	StatusUncertain QualityStatus = "uncertain"
)

// PerFact implements [chaos.PerFact].
func (*BadQuality) PerFact() {}

// Apply implements [chaos.Fault].
func (f *BadQuality) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	e, _ := announcement(d)
	c, ok := e.Fact.(plant.MachineCounted)
	if !ok {
		return []chaos.Delivery{d}
	}
	status := f.Status
	if status == "" || status == AnyStatus {
		status = []QualityStatus{StatusBad, StatusUncertain}[r.IntN(2)]
	}
	what := fmt.Sprintf("count %d told as 0, with status %s", c.Count, status)
	c.Count, c.Quality = 0, string(status)
	return invalid(d, with(e, c), what)
}

// Validate says what is wrong with the settings.
func (f *BadQuality) Validate() error {
	return oneOf("status", f.Status, AnyStatus, StatusBad, StatusUncertain)
}

// Leaves implements [chaos.Choosy].
func (*BadQuality) Leaves(at chaos.Crossing) string {
	return among(at, "only machines say how good their values are", plant.KindMachineCount)
}
