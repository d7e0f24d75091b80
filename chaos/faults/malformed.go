package faults

import (
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// Malformed has a system send something that is no document of the agreed
// kind.
//
// Layer D: a buffer that was too small, an export that was killed, a gateway
// that changes the encoding. Observed as a body that ends in the middle, that
// is empty, or that is not UTF-8 although it says so; its length is right, so
// nothing looks like trouble on the wire. It may be refused at intake, reported,
// or posted as it happened where it can still be read.
type Malformed struct {
	Variant MalformedVariant `yaml:"variant" jsonschema:"enum=any,enum=cut-off,enum=empty,enum=charset" doc:"what is wrong with the body; any draws one"`
}

// MalformedVariant is what is wrong with a body.
type MalformedVariant string

// AnyMalformed draws one.
const AnyMalformed MalformedVariant = "any"

var malformations = []chaos.Drift{chaos.DriftCutOff, chaos.DriftEmpty, chaos.DriftCharset}

// PerFact implements [chaos.PerFact].
func (*Malformed) PerFact() {}

// Apply implements [chaos.Fault].
func (f *Malformed) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	// In a feed it would spoil whatever is told beside it, for good: no page could be read.
	if _, ok := announcement(d); ok && !d.Message.Kept {
		d.Drift = chaos.Drift(f.Variant)
		if f.Variant == "" || f.Variant == AnyMalformed {
			d.Drift = malformations[r.IntN(len(malformations))]
		}
		d.What = "no document of the agreed kind: " + string(d.Drift)
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *Malformed) Validate() error {
	return oneOf("variant", f.Variant, AnyMalformed, MalformedVariant(chaos.DriftCutOff), MalformedVariant(chaos.DriftEmpty), MalformedVariant(chaos.DriftCharset))
}

// Leaves implements [chaos.Choosy].
func (*Malformed) Leaves(at chaos.Crossing) string { return among(at, "", at.Kind) }
