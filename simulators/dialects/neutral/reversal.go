package neutral

import (
	"slices"
	"strconv"

	"github.com/andon-rig/andon/simulators/plant"
)

// reversed writes which report is taken back: what it said stands there.
func (w *writer) reversed(e plant.Event, f plant.Reversed) {
	k := f.Keys()
	w.response(e, k.Order, k.Operation)
	w.array("SegmentData")
	w.property("Counter", strconv.Itoa(k.Counter), "positiveInteger")
	w.property("Of", string(k.Of), "")
	w.property("Reference", string(f.Original.ID), "")
	w.endArray()
	w.endObject()
}

// original is what SegmentData says of the report that is taken back.
type original struct {
	of        plant.Kind
	reference plant.EventID
}

func (d *decoder) takenBack(s *segment, p property) {
	switch p.id {
	case "Of":
		if s.original.of = plant.Kind(d.said(p)); d.err == nil && !slices.Contains(plant.Reversible(), s.original.of) {
			d.fail("%q cannot be taken back; %v can", clip(string(s.original.of)), plant.Reversible())
		}
	case "Reference":
		s.original.reference = plant.EventID(d.said(p))
	}
}

// reversal turns a row into what it takes back.
func (d *decoder) reversal(s *segment) plant.Fact {
	if s.original.of == "" {
		d.failAt("SegmentData", "Of is missing")
		return nil
	}
	k := plant.Keys{Order: plant.OrderID(s.order), Operation: plant.OperationID(s.operation), Counter: s.counter}
	return plant.Reversed{Original: plant.Event{ID: s.original.reference, Fact: plant.Keyed(s.original.of, k)}}
}
