package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// InvalidLot replaces the lot of a consumption announced to the SUT by one
// that must not be used. A variant of which the plant has no lot does not
// strike; unknown always can.
//
// Layer D: a mistyped or misread label, an old label, a pallet from the wrong
// shelf. Observed as a consumption the ERP must refuse (422, data quality; 409,
// business, for a lot that is used up) however often it is sent.
type InvalidLot struct {
	Variant Variant `yaml:"variant" jsonschema:"enum=any,enum=unknown,enum=expired,enum=blocked,enum=exhausted,enum=wrong-material" doc:"what is wrong with the lot; any draws one of those the plant can offer"`

	lots   map[plant.ItemID][]plant.Lot
	all    []plant.Lot
	known  map[plant.LotID]bool
	filled map[plant.LotID]bool // during the run, by orders
}

// Variant is what is wrong with a lot.
type Variant string

// Variants of invalid lots.
const (
	AnyVariant    Variant = "any"
	Unknown       Variant = "unknown"        // nobody has heard of it
	Expired       Variant = "expired"        // of the right material, too old at that moment
	Blocked       Variant = "blocked"        // of the right material, blocked or scrapped before the run
	Exhausted     Variant = "exhausted"      // of the right material, used up before the run
	WrongMaterial Variant = "wrong-material" // usable, but of another material
)

// Inform implements [chaos.Informed].
func (f *InvalidLot) Inform(m plant.Master) {
	f.all = slices.Clone(m.Lots)
	f.lots, f.known = map[plant.ItemID][]plant.Lot{}, map[plant.LotID]bool{}
	f.filled = map[plant.LotID]bool{}
	for _, o := range m.Open {
		f.filled[o.Lot] = true
	}
	for _, l := range m.Lots {
		f.lots[l.Material] = append(f.lots[l.Material], l)
		f.known[l.ID] = true
	}
}

// PerFact implements [chaos.PerFact].
func (f *InvalidLot) PerFact() {}

// Apply implements [chaos.Fault].
func (f *InvalidLot) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	if d.Direction != simulators.ToSUT || len(d.Message.Events) != 1 {
		return []chaos.Delivery{d}
	}
	e := d.Message.Events[0]
	c, ok := e.Fact.(plant.Consumed)
	if !ok || c.Lot == "" {
		return []chaos.Delivery{d}
	}
	variant, lot := f.choose(c, e.At, r)
	if lot == "" {
		return []chaos.Delivery{d}
	}
	d.What = fmt.Sprintf("lot %s replaced by %s lot %s", c.Lot, variant, lot)
	c.Lot = lot
	d.Message.Events = []plant.Event{{ID: e.ID, At: e.At, Fact: c}}
	d.Reword, d.Invalid = true, true
	return []chaos.Delivery{d}
}

// choose draws a lot; none if the plant cannot offer one.
func (f *InvalidLot) choose(c plant.Consumed, at time.Time, r *rand.Rand) (Variant, plant.LotID) {
	variants := []Variant{f.Variant}
	if f.Variant == "" || f.Variant == AnyVariant {
		variants = []Variant{Unknown, Expired, Blocked, Exhausted, WrongMaterial}
		r.Shuffle(len(variants), func(i, j int) { variants[i], variants[j] = variants[j], variants[i] })
	}
	for _, v := range variants {
		if offers := f.offers(v, c, at); len(offers) > 0 {
			return v, offers[r.IntN(len(offers))]
		}
	}
	return "", ""
}

// offers lists the lots that are wrong for c in the way of v, and in no other.
func (f *InvalidLot) offers(v Variant, c plant.Consumed, at time.Time) (ids []plant.LotID) {
	if v == Unknown {
		id := c.Lot + "-X"
		for f.known[id] {
			id += "X"
		}
		return []plant.LotID{id}
	}
	lots := f.lots[c.Material]
	if v == WrongMaterial {
		lots = f.all
	}
	for _, l := range lots {
		expired := !l.Expires.IsZero() && !at.Before(l.Expires)
		usable := l.Status == plant.LotUnrestricted || l.Status == ""
		wrong := l.Material != c.Material
		if v == Exhausted && (l.Quantity > 0 || f.filled[l.ID]) {
			continue
		}
		if wrong == (v == WrongMaterial) && expired == (v == Expired) && usable != (v == Blocked) && l.ID != c.Lot {
			ids = append(ids, l.ID)
		}
	}
	return ids
}

// Validate says what is wrong with the settings.
func (f *InvalidLot) Validate() error {
	switch f.Variant {
	case "", AnyVariant, Unknown, Expired, Blocked, Exhausted, WrongMaterial:
		return nil
	}
	return fmt.Errorf("variant: %q is not one of any, unknown, expired, blocked, exhausted, wrong-material", f.Variant)
}
