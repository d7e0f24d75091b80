package neutral

import (
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators/plant"
)

// counted writes a reading. Pieces are what a reader made of it; a machine does
// not say any.
func (w *writer) counted(e plant.Event, f plant.MachineCounted) {
	w.response(e, "", "")
	w.array("SegmentData")
	w.property("Counter", strconv.Itoa(f.Counter), "positiveInteger")
	w.property("Count", strconv.FormatInt(f.Count, 10), "nonNegativeInteger")
	if f.Modulo != 0 {
		w.property("Modulo", strconv.FormatInt(f.Modulo, 10), "nonNegativeInteger")
	}
	if f.Resets != 0 {
		w.property("Resets", strconv.Itoa(f.Resets), "nonNegativeInteger")
	}
	w.property("Quality", f.Quality, "")
	w.endArray()
	w.machine(f.Machine)
	if f.Pieces != (plant.Quantity{}) {
		w.array("MaterialActual")
		w.portion("pieces", useProduced, f.Pieces)
		w.endArray()
	}
	w.endObject()
}

// turned writes a change of a machine's state.
func (w *writer) turned(e plant.Event, f plant.MachineChanged) {
	w.response(e, "", "")
	w.array("SegmentData")
	w.property("Counter", strconv.Itoa(f.Counter), "positiveInteger")
	w.property("State", f.State, "")
	w.endArray()
	w.machine(f.Machine)
	w.endObject()
}

func (w *writer) machine(id plant.MachineID) { w.equipment("EquipmentActual", plant.WorkCenterID(id)) }

// readings are what SegmentData says of a machine.
type readings struct {
	count, modulo int64
	resets        int
	state         string
	quality       string
	counted       bool
}

// qualities are what a machine can say of a value.
var qualities = []string{"good", "uncertain", "bad"}

// mostReading is the largest count that is read; no counter counts further.
const mostReading = 1e15 - 1

func (d *decoder) reading(s *segment, p property) {
	switch p.id {
	case "Count":
		s.readings.count, s.readings.counted = d.asReading(d.said(p)), true
	case "Modulo":
		s.readings.modulo = d.asReading(d.said(p))
	case "Resets":
		s.readings.resets = d.asCount(d.said(p))
	case "Quality":
		if s.readings.quality = d.said(p); !slices.Contains(qualities, s.readings.quality) {
			d.fail("%q is none of %s", clip(s.readings.quality), strings.Join(qualities, ", "))
		}
	case "State":
		s.readings.state = d.said(p)
	}
}

func (d *decoder) asReading(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if d.err == nil && (err != nil || n > mostReading || text[0] < '0') { // a sign is below the digits
		d.fail("%q is not a whole number from 0 to %d", clip(text), int64(mostReading))
		return 0
	}
	return n
}

// ofMachine turns a row into what it says of a machine.
func (d *decoder) ofMachine(s *segment) plant.Fact {
	d.need("EquipmentActual[0].EquipmentID", s.workCenter != "")
	r, id := s.readings, plant.MachineID(s.workCenter)
	if d.kind == plant.KindMachineState {
		if r.state == "" {
			d.failAt("SegmentData", "State is missing")
		}
		return plant.MachineChanged{Machine: id, Counter: s.counter, State: r.state}
	}
	if !r.counted {
		d.failAt("SegmentData", "Count is missing")
	}
	f := plant.MachineCounted{Machine: id, Counter: s.counter, Count: r.count, Modulo: r.modulo, Resets: r.resets, Quality: r.quality}
	if len(s.materials) > 0 {
		f.Pieces = d.sole(s, useProduced, false).quantity
	}
	return f
}

// machines reports whether the message is about machines, which know no orders.
func (d *decoder) machines() bool {
	return d.kind == plant.KindMachineCount || d.kind == plant.KindMachineState
}
