package evidence

import (
	"reflect"

	"github.com/andon-rig/andon/simulators/plant"
)

// unsaid takes back that facts are invalid of which the books were not told what
// a fault had made wrong: where no posting of their kind says such a thing, the
// interface does not carry it, and what is posted is what happened. Who refuses
// such a fact is right, too.
func (h *History) unsaid() {
	for _, f := range h.Facts {
		if f.Invalid && f.wrong != nil && len(f.Effects) > 0 && !h.says(f) {
			f.Invalid, f.Garbled = false, true
		}
	}
}

// says reports whether any posting at the sink of f, of its kind, says something
// of what was made wrong in f.
func (h *History) says(f *FactView) bool {
	fields := differing(f.Event.Fact, f.wrong)
	if len(fields) == 0 {
		return true
	}
	for _, e := range h.Effects {
		claim := e.Posting.Claim.Fact
		if e.Endpoint != f.Sink || claim == nil || claim.Kind() != f.Event.Fact.Kind() {
			continue
		}
		v := reflect.ValueOf(claim)
		for _, i := range fields {
			if v.Kind() != reflect.Struct || i >= v.NumField() || !v.Field(i).IsZero() {
				return true
			}
		}
	}
	return false
}

// differing are the places of the fields in which two facts of one kind differ.
func differing(a, b plant.Fact) (places []int) {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Type() != y.Type() || x.Kind() != reflect.Struct {
		return nil
	}
	for i := range x.NumField() {
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			places = append(places, i)
		}
	}
	return places
}
