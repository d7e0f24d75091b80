package evidence

import (
	"strings"

	"github.com/andon-rig/andon/simulators/plant"
)

// likeness gives effects that belong to nothing to the fact they are one slip
// away from: trimmed zeros, other letter case, a lost counter, a wrong
// quantity. It does so only where exactly one missing fact qualifies; an
// effect that is like a fact already posted stays a phantom with a note.
func (a *attributor) likeness(open []*EffectView) {
	open = stillOpen(open)
	if len(open) == 0 {
		return
	}
	folded, entity := map[string][]*FactView{}, map[likeKey][]*FactView{}
	for _, f := range a.h.Facts {
		if f.Sink == "" {
			continue
		}
		k := foldKey(f.Event.Fact)
		folded[k] = append(folded[k], f)
		for _, l := range likeKeys(f.Sink, f.Event.Fact) {
			entity[l] = append(entity[l], f)
		}
	}
	rivals := map[likeKey]int{}
	for _, e := range open {
		for _, l := range likeKeys(e.Endpoint, e.Posting.Claim.Fact) {
			rivals[l]++
		}
	}
	for _, e := range open {
		if a.take(e, folded[foldKey(e.Posting.Claim.Fact)]) {
			continue
		}
		for _, l := range likeKeys(e.Endpoint, e.Posting.Claim.Fact) {
			if rivals[l] == 1 && a.take(e, entity[l]) {
				break
			}
		}
	}
}

func stillOpen(effects []*EffectView) (open []*EffectView) {
	for _, e := range effects {
		if len(e.Facts) == 0 && e.Posting.Claim.Fact != nil {
			open = append(open, e)
		}
	}
	return open
}

// take attributes e to the only missing fact among candidates.
func (a *attributor) take(e *EffectView, candidates []*FactView) bool {
	var missing, like *FactView
	n := 0
	for _, f := range candidates {
		switch {
		case f.Sink != e.Endpoint || e.Seq < f.Seq:
		case len(f.Effects) == 0:
			missing = f
			n++
		case like == nil:
			like = f
		}
		if n > 1 {
			return false
		}
	}
	if n == 1 {
		near := a.near(e, missing)
		e.attach(ByLikeness, missing)
		missing.Near = append(missing.Near, near)
		e.Near = &near
		return true
	}
	if like != nil && e.Near == nil {
		near := a.near(e, like)
		e.Near = &near
		like.Near = append(like.Near, near)
	}
	return false
}

func (a *attributor) near(e *EffectView, f *FactView) NearMiss {
	n := NearMiss{Effect: e, Fact: f, Field: "reference", Want: string(f.Event.ID), Got: string(e.Posting.Claim.ID)}
	if ds := Compare(a.measure, f.Event, e.Posting.Claim); len(ds) > 0 {
		n.Field, n.Want, n.Got = ds[0].Field, ds[0].Want, ds[0].Got
	}
	return n
}

// foldKey is the business key without leading zeros, blanks and letter case.
func foldKey(f plant.Fact) string {
	parts := strings.Split(strings.ToLower(plant.Natural(f)), "/")
	for i, p := range parts {
		parts[i] = strings.TrimLeft(strings.TrimSpace(p), "0")
	}
	return strings.Join(parts, "/")
}

// likeKey is what facts of one kind must share to be taken for one another.
type likeKey struct {
	endpoint string
	kind     plant.Kind
	by       string // which keys
	keys     plant.Keys
}

func likeKeys(endpoint string, f plant.Fact) []likeKey {
	k := f.Keys()
	var out []likeKey
	add := func(by string, keys plant.Keys) {
		if keys != (plant.Keys{}) {
			out = append(out, likeKey{endpoint, f.Kind(), by, keys})
		}
	}
	add("operation", plant.Keys{Order: k.Order, Operation: k.Operation})
	add("case", plant.Keys{Case: k.Case})
	if k.Order == "" || f.Kind() == plant.KindLotHeld {
		add("lot", plant.Keys{Lot: k.Lot})
	}
	return out
}
