package faults

import (
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators/plant"
)

// OddQuantity states a quantity that cannot be, or writes one as nobody agreed
// upon.
//
// Layer D: a bar code read into the field for the quantity, a minus sign, a
// form that was sent empty, a number that a spreadsheet has written. Observed
// as a movement of nothing or of less than nothing (refused as data quality);
// as one of 36 thousand millions (refused by the business: over-delivery, stock
// short); or as 125E-1 and 12.500000000001, which no schema allows.
type OddQuantity struct {
	Variant QuantityVariant `yaml:"variant" jsonschema:"enum=any,enum=zero,enum=negative,enum=absurd,enum=many-decimals,enum=exponent" doc:"what is odd about the quantity; any draws one that the message can state"`
}

// QuantityVariant is what is odd about a quantity.
type QuantityVariant string

// Variants of odd quantities.
const (
	AnyQuantity  QuantityVariant = "any"
	Zero         QuantityVariant = "zero"          // of a movement, which must move something
	Negative     QuantityVariant = "negative"      //
	Absurd       QuantityVariant = "absurd"        // a bar code
	ManyDecimals QuantityVariant = "many-decimals" // more than were agreed
	Exponent     QuantityVariant = "exponent"      // in scientific notation
)

// barcode is a number as it stands on a box.
const barcode = 36_000_291_452

// PerFact implements [chaos.PerFact].
func (*OddQuantity) PerFact() {}

// Apply implements [chaos.Fault].
func (f *OddQuantity) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	e, ok := announcement(d)
	if !ok {
		return []chaos.Delivery{d}
	}
	q, ok := quantity(e.Fact)
	if !ok || q.Amount <= 0 {
		return []chaos.Delivery{d}
	}
	list := []QuantityVariant{f.Variant}
	if f.Variant == "" || f.Variant == AnyQuantity {
		list = []QuantityVariant{Zero, Negative, Absurd, ManyDecimals, Exponent}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	for _, v := range list {
		was := q
		switch k := e.Fact.Kind(); v {
		case Zero:
			if k == plant.KindConfirmation || k == plant.KindRework {
				continue // which are about time, too
			}
			was.Amount = 0
		case Negative: // which the agreed schema has no way to say
			d.Drift, d.Invalid = chaos.DriftNegative, true
			d.What = "quantity " + q.String() + " stated as negative"
			return []chaos.Delivery{d}
		case Absurd:
			if k != plant.KindConsumption && k != plant.KindReceipt {
				continue // who says that it cannot be?
			}
			was.Amount = plant.Whole(barcode)
		case ManyDecimals, Exponent:
			d.Drift = chaos.Drift(v)
			d.What = "quantity written otherwise than agreed: " + string(v)
			return []chaos.Delivery{d}
		}
		return invalid(d, with(e, withQuantity(e.Fact, was)), fmt.Sprintf("%s stated as %s", q, was))
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *OddQuantity) Validate() error {
	return oneOf("variant", f.Variant, AnyQuantity, Zero, Negative, Absurd, ManyDecimals, Exponent)
}

// Leaves implements [chaos.Choosy].
func (*OddQuantity) Leaves(at chaos.Crossing) string {
	return among(at, "it states no quantity", quantified...)
}
