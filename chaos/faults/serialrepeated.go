package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators/plant"
)

// SerialRepeated has a receipt name one serial number for two pieces.
//
// Layer D: a label printed twice, a scanner that was held too long. Observed as
// a receipt that the other system must refuse (422, data quality), since no two
// pieces can be one.
type SerialRepeated struct {
	_ byte // so that each link has an instance of its own
}

// PerFact implements [chaos.PerFact].
func (*SerialRepeated) PerFact() {}

// Apply implements [chaos.Fault].
func (*SerialRepeated) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	e, _ := announcement(d)
	f, ok := e.Fact.(plant.Received)
	if !ok || len(f.Serials) < 2 {
		return []chaos.Delivery{d}
	}
	f.Serials = slices.Clone(f.Serials)
	at := 1 + r.IntN(len(f.Serials)-1)
	was := f.Serials[at]
	f.Serials[at] = f.Serials[at-1]
	return invalid(d, with(e, f), fmt.Sprintf("serial number %s stated twice, instead of %s", f.Serials[at], was))
}

// Validate implements [Validator].
func (*SerialRepeated) Validate() error { return nil }

// Leaves implements [chaos.Choosy].
func (*SerialRepeated) Leaves(at chaos.Crossing) string {
	many := func(f plant.Fact) bool {
		r, ok := f.(plant.Received)
		return ok && len(r.Serials) > 1
	}
	if len(at.Facts) > 0 && !slices.ContainsFunc(at.Facts, many) {
		return "no receipt names two serial numbers"
	}
	return among(at, "only receipts name serial numbers", plant.KindReceipt)
}
