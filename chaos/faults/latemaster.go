package faults

import (
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// LateMasterData holds the announcement of what others build upon, a material
// or an order, while messages that need it pass.
//
// Layer D: master data is kept by others, in another system, in the evening.
// Observed as a message about something that was not announced yet: it may wait,
// be repeated, or be reported as data quality.
type LateMasterData struct {
	Of  MasterData `yaml:"of" jsonschema:"enum=both,enum=materials,enum=orders" doc:"what comes late"`
	For Wall       `yaml:"for" doc:"how long it is held"`
}

// MasterData is what others build upon.
type MasterData string

// Master data that may come late.
const (
	LateBoth      MasterData = "both"
	LateMaterials MasterData = "materials"
	LateOrders    MasterData = "orders"
)

// records are the kinds of facts that are changes of master data.
var records = plant.Records()

// Apply implements [chaos.Fault].
func (f *LateMasterData) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	e, ok := announcement(d)
	if !ok {
		return []chaos.Delivery{d}
	}
	switch k := e.Fact.Kind(); {
	case slices.Contains(records, k) && f.Of != LateOrders:
	case k == plant.KindOrderReleased && f.Of != LateMaterials:
	default:
		return []chaos.Delivery{d}
	}
	d.After += f.For.d()
	d.Overtake = true
	d.What = "held for " + f.For.d().String() + " while what needs it passes"
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *LateMasterData) Validate() error {
	err := oneOf("of", f.Of, LateBoth, LateMaterials, LateOrders)
	if f.For <= 0 {
		err = errors.Join(err, errors.New("for: say how long it is held"))
	}
	return err
}

// Leaves implements [chaos.Choosy].
func (*LateMasterData) Leaves(at chaos.Crossing) string {
	if at.Direction != simulators.ToSUT {
		return "only what systems announce can come late"
	}
	return among(at, "nothing builds upon it", append(slices.Clone(records), plant.KindOrderReleased)...)
}
