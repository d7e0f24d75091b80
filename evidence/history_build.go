package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators/plant"
)

// index finds views by name.
type index struct {
	facts     map[plant.EventID]*FactView
	attempts  map[uint64]*AttemptView
	faults    map[string]*FaultView
	lifecycle []*StepView
}

// NewHistory joins the records of a journal. Unreadable says what a reader of
// the journal could not make sense of, if anything.
func NewHistory(records []Record, unreadable ...string) *History {
	h := &History{Records: records, Unreadable: unreadable}
	h.sort(records)
	h.gaps(records)
	h.joinOffers()
	h.joinDisturbances()
	h.joinLists()
	h.takeBack()
	a := newAttributor(h)
	a.attempts()
	a.effects()
	a.surfaces()
	h.unsaid()
	h.holds()
	h.judgeStatus()
	return h
}

// sort deals the records out by kind. Views of one kind lie side by side in
// memory: a journal may have a million of them.
func (h *History) sort(records []Record) {
	n := count(records)
	facts, offers, attempts := make([]FactView, 0, n.truth), make([]OfferView, 0, n.offer), make([]AttemptView, 0, n.attempt)
	effects := make([]EffectView, 0, n.effect)
	h.Facts, h.Offers, h.Attempts = make([]*FactView, 0, n.truth), make([]*OfferView, 0, n.offer), make([]*AttemptView, 0, n.attempt)
	h.Effects = make([]*EffectView, 0, n.effect)
	h.names = index{
		facts: make(map[plant.EventID]*FactView, n.truth), attempts: make(map[uint64]*AttemptView, n.attempt),
		faults: map[string]*FaultView{},
	}
	for _, r := range records {
		h.last = max(h.last, r.At)
		switch b := r.Body.(type) {
		case Begin:
			h.began, h.Plan = true, b.Plan
			h.planFaults()
		case Truth:
			facts = append(facts, FactView{Event: b.Event, Seq: r.Seq, At: r.At, Source: b.Source, Sink: b.Sink})
			h.addFact(&facts[len(facts)-1])
		case Offer:
			offers = append(offers, OfferView{r.Seq, r.At, b})
			h.Offers = append(h.Offers, &offers[len(offers)-1])
		case Attempt:
			attempts = append(attempts, AttemptView{Seq: r.Seq, At: r.At, Attempt: b})
			v := &attempts[len(attempts)-1]
			h.Attempts = append(h.Attempts, v)
			h.names.attempts[b.ID] = v
		case Effect:
			effects = append(effects, EffectView{Seq: r.Seq, At: r.At, Plant: r.Plant, Effect: b})
			h.Effects = append(h.Effects, &effects[len(effects)-1])
		default:
			h.sortRare(r)
		}
	}
	h.Cut = h.End == nil
	if !h.began {
		h.Unreadable = append(h.Unreadable, "its opening record is missing, so nothing is known of the plan")
	}
}

// lives are the steps with which a life of the SUT begins or ends. What else is
// done to it, such as a pause, it lives through.
var lives = []string{"sut.start", "sut.stop", "sut.kill", "sut.exit"}

// sortRare deals out the kinds of which a journal has few.
func (h *History) sortRare(r Record) {
	switch b := r.Body.(type) {
	case Surface:
		h.Surfaces = append(h.Surfaces, &SurfaceView{Seq: r.Seq, At: r.At, Surface: b})
	case Disturbance:
		d := &DisturbanceView{r.Seq, r.At, b}
		h.Disturbances = append(h.Disturbances, d)
		h.fault(b.Fault, b.Kind).add(d)
	case Step:
		s := &StepView{r.Seq, r.At, r.Plant, b}
		h.Steps = append(h.Steps, s)
		if slices.Contains(lives, b.Name) {
			h.names.lifecycle = append(h.names.lifecycle, s)
		}
	case Probe:
		h.Probes = append(h.Probes, &ProbeView{r.Seq, r.At, r.Plant, b})
	case Snapshot:
		h.Snapshots = append(h.Snapshots, &SnapshotView{r.Seq, r.At, b})
	case Sample:
		h.Samples = append(h.Samples, &SampleView{r.Seq, r.At, b})
	case Sighting:
		h.Sightings = append(h.Sightings, &SightingView{r.Seq, r.At, b})
	case End:
		h.End = &b
	}
}

type counts struct{ truth, offer, attempt, effect int }

func count(records []Record) (n counts) {
	for _, r := range records {
		switch r.Body.(type) {
		case Truth:
			n.truth++
		case Offer:
			n.offer++
		case Attempt:
			n.attempt++
		case Effect:
			n.effect++
		}
	}
	return n
}

func (h *History) addFact(f *FactView) {
	if f.Event.Fact == nil {
		h.Unreadable = append(h.Unreadable, fmt.Sprintf("record %d is a truth without a fact", f.Seq))
		return
	}
	if other := h.names.facts[f.Event.ID]; other != nil {
		h.Unreadable = append(h.Unreadable, fmt.Sprintf("records %d and %d are two facts with one id, %s", other.Seq, f.Seq, f.Event.ID))
		return
	}
	h.names.facts[f.Event.ID] = f
	h.Facts = append(h.Facts, f)
}

// gaps notes where the sequence of records is broken.
func (h *History) gaps(records []Record) {
	want := uint64(1)
	for _, r := range records {
		if r.Seq != want {
			h.Unreadable = append(h.Unreadable, fmt.Sprintf("record %d was expected and %d found", want, r.Seq))
			if len(h.Unreadable) >= 10 {
				return
			}
		}
		want = r.Seq + 1
	}
}

func (h *History) planFaults() {
	for _, p := range h.Plan.Faults {
		f := h.fault(p.ID, p.Kind)
		f.Planned = true
		if p.At != "" {
			f.At = strings.Split(p.At, ",")
		}
	}
}

func (h *History) fault(id, kind string) *FaultView {
	f := h.names.faults[id]
	if f == nil {
		f = &FaultView{ID: id, Kind: kind}
		h.names.faults[id] = f
		h.Faults = append(h.Faults, f)
	}
	return f
}

// add notes what d says about its fault. Armed at two places, a fault has an
// interval for each.
func (f *FaultView) add(d *DisturbanceView) {
	if d.Disturbance.At != "" && !slices.Contains(f.At, d.Disturbance.At) {
		f.At = append(f.At, d.Disturbance.At)
	}
	switch d.Phase {
	case Armed:
		f.Intervals = append(f.Intervals, Interval{From: d.At, Open: true})
	case Struck:
		f.Strikes = append(f.Strikes, d)
	case Healed:
		for i := range f.Intervals {
			if f.Intervals[i].Open {
				f.Intervals[i].Open, f.Intervals[i].To = false, d.At
				return
			}
		}
	}
}
