package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators/plant"
)

// WrongUnit states a quantity in a unit that nobody has heard of, or in one
// that the material is never measured in.
//
// Layer D: a unit typed by hand, a code of another standard, kilograms on a
// form for pieces. Observed as a quantity that cannot be converted (422, data
// quality).
type WrongUnit struct {
	Variant UnitVariant `yaml:"variant" jsonschema:"enum=any,enum=unknown,enum=inconvertible" doc:"what is wrong with the unit; any draws one of those the plant can offer"`

	items []plant.Item
	units []plant.Unit // all there are, sorted
}

// UnitVariant is what is wrong with a unit.
type UnitVariant string

// Variants of wrong units.
const (
	AnyUnit           UnitVariant = "any"
	UnknownUnit       UnitVariant = "unknown"       // nobody has heard of it
	InconvertibleUnit UnitVariant = "inconvertible" // of other materials, with no factor for this one
)

// Inform implements [chaos.Informed].
func (f *WrongUnit) Inform(m plant.Master) {
	f.items, f.units = slices.Clone(m.Items), nil
	for _, i := range m.Items {
		f.units = append(f.units, i.Unit)
		for _, a := range i.Units {
			f.units = append(f.units, a.Unit)
		}
	}
	slices.Sort(f.units)
	f.units = slices.Compact(f.units)
}

// PerFact implements [chaos.PerFact].
func (*WrongUnit) PerFact() {}

// Apply implements [chaos.Fault].
func (f *WrongUnit) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	e, ok := announcement(d)
	if !ok {
		return []chaos.Delivery{d}
	}
	q, ok := quantity(e.Fact)
	if !ok || q.Amount == 0 || q.Unit == "" {
		return []chaos.Delivery{d}
	}
	variant, unit := f.Variant, f.unknown()
	if others := f.strange(q.Unit); variant == InconvertibleUnit || variant != UnknownUnit && len(others) > 0 && r.IntN(2) == 0 {
		if len(others) == 0 {
			return []chaos.Delivery{d}
		}
		unit = others[r.IntN(len(others))]
	}
	what := fmt.Sprintf("%s stated in %s", q, unit)
	q.Unit = unit
	return invalid(d, with(e, withQuantity(e.Fact, q)), what)
}

// unknown is a unit that no material has.
func (f *WrongUnit) unknown() plant.Unit {
	u := plant.Unit("STK")
	for slices.Contains(f.units, u) {
		u += "X"
	}
	return u
}

// strange lists the units that no material has which is measured in u.
func (f *WrongUnit) strange(u plant.Unit) []plant.Unit {
	return slices.DeleteFunc(slices.Clone(f.units), func(other plant.Unit) bool {
		return slices.ContainsFunc(f.items, func(i plant.Item) bool {
			_, has := i.Factor(u)
			_, too := i.Factor(other)
			return has && too
		})
	})
}

// Validate says what is wrong with the settings.
func (f *WrongUnit) Validate() error {
	return oneOf("variant", f.Variant, AnyUnit, UnknownUnit, InconvertibleUnit)
}

// Leaves implements [chaos.Choosy].
func (*WrongUnit) Leaves(at chaos.Crossing) string {
	return among(at, "it states no quantity", quantified...)
}
