package oracles

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var stalenessInfo = Info{
	Name: "bounded-staleness", ID: "O8",
	Doc: "work went on, or a message was worded, by an old version of an order or material long after the SUT had accepted a newer one, " +
		"or the SUT was silent for longer than a contract's cadence allows",
	Requirements: []string{"DN-03", "DN-05", "DN-07", "DN-09", "DN-13", "FLT-10", "PAT-17"},
}

// BoundedStaleness judges how long the SUT lets an old version stay in use:
// by a system that works on with it because the newer one has not been passed
// on, and by the SUT itself, which takes revision or unit factor from what it
// has read before; and how long it is silent where a contract in force says that
// it is not. Only time counts in which nothing was wrong with the road.
func BoundedStaleness() evidence.Judge {
	return oracle{stalenessInfo, boundedStaleness, "%d uses were of a version that was new enough", "no version was replaced while it was in use"}
}

func boundedStaleness(r *report) {
	workedByOld(r)
	if s := newStale(r.h); s != nil {
		wordedByOld(r, s)
	}
	cadenceKept(r)
}

// pending is a version on its way to the system that works by it.
type pending struct {
	fact    *evidence.FactView
	arrived time.Duration
}

// awaited lists for each object the versions that were passed on in the end,
// with when they, or a newer one, arrived. What never arrived is lost or was
// reported, which other oracles tell.
func awaited(h *evidence.History) map[sequenceKey][]pending {
	var all map[sequenceKey][]pending
	for _, f := range h.Facts {
		object, _, ok := f.Versioned()
		if !ok || f.Event.Fact.Kind() == plant.KindOrderReleased || !judged(f) || f.Status != evidence.Must || len(f.Effects) == 0 {
			continue
		}
		if all == nil {
			all = map[sequenceKey][]pending{}
		}
		k, arrived := sequenceKey{f.Sink, "version", object}, f.Effects[0].At
		for i := range all[k] { // a newer version does as well
			all[k][i].arrived = min(all[k][i].arrived, arrived)
		}
		all[k] = append(all[k], pending{f, arrived})
	}
	return all
}

// workedByOld finds facts of a system that happened while a version it should
// have had for long was still on its way to it.
func workedByOld(r *report) {
	all := awaited(r.h)
	if all == nil {
		return
	}
	bound, watches := r.h.Plan.Judging.StalenessBound(), stopwatches(r.h)
	told := map[*evidence.FactView]bool{}
	for _, use := range r.h.Facts {
		if use.Source == "" {
			continue
		}
		for _, k := range objects(use) {
			for _, p := range all[k] {
				if use.At <= p.fact.Accepted || use.At <= p.fact.At {
					continue
				}
				r.judged++
				if use.At >= p.arrived || told[p.fact] {
					continue
				}
				if late := watches[k.sink].between(p.fact.Accepted, use.At); late > bound {
					told[p.fact] = true
					r.violated(worked(r.h, use, p, late, bound))
				}
			}
		}
	}
}

// objects names what a fact of the shop floor was done by: the order, and the
// material, as the system that announces it knows them.
func objects(use *evidence.FactView) []sequenceKey {
	k := use.Event.Fact.Keys()
	switch use.Event.Fact.(type) {
	case plant.OperationStarted, plant.Confirmed, plant.Received:
		return []sequenceKey{{use.Source, "version", plant.Keys{Order: k.Order}}}
	case plant.Consumed, plant.Scrapped:
		return []sequenceKey{{use.Source, "version", plant.Keys{Order: k.Order}}, {use.Source, "version", plant.Keys{Material: k.Material}}}
	}
	return nil
}

func worked(h *evidence.History, use *evidence.FactView, p pending, late, bound time.Duration) evidence.Finding {
	_, version, _ := p.fact.Versioned()
	v := about(p.fact)
	v.Expected = fmt.Sprintf("%s in %s at version %d within %s after the SUT accepted it", entity(p.fact), p.fact.Sink, version, span(bound))
	v.Got = fmt.Sprintf("the %s was done by an older one %s later, without faults on the road; version %d arrived %s after it was accepted",
		naming(use.Event.Fact), span(late), version, span(p.arrived-p.fact.Accepted))
	v.Class, v.Rule, v.Confidence = evidence.CauseTechnical, "worked-by-old-version", "high"
	v.Evidence = few(append([]uint64{p.fact.Seq, p.fact.AcceptedBy.Seq, use.Seq, p.fact.Effects[0].Seq}, v.Evidence...))
	return v
}

func entity(f *evidence.FactView) string {
	object, _, _ := f.Versioned()
	return object.String()
}

// stale knows which versions of materials the SUT had to use when.
type stale struct {
	bound    time.Duration
	measure  *evidence.Measure
	watch    *stopwatch // of the SUT alone: it needs nobody to use what it has
	changed  map[plant.ItemID][]edition
	released map[plant.OrderID]time.Duration // when orders were released in the run
}

// newStale is nil if no material was changed in the run.
func newStale(h *evidence.History) *stale {
	changed := editions(h)
	if changed == nil {
		return nil
	}
	s := &stale{h.Plan.Judging.StalenessBound(), evidence.NewMeasure(h), stopwatches(h)[""], changed, map[plant.OrderID]time.Duration{}}
	for _, f := range h.Facts {
		if b, ok := f.Event.Fact.(plant.OrderReleased); ok {
			s.released[b.Order.ID] = f.At
		}
	}
	return s
}

// wordedByOld finds messages that the SUT worded by a definition it had read
// before, although it had accepted a newer one for long.
func wordedByOld(r *report, s *stale) {
	for _, f := range r.h.Facts {
		if !judged(f) || f.Invalid {
			continue
		}
		for _, e := range f.Effects {
			v, looked, bad := s.posting(f, e)
			if looked {
				r.judged++
			}
			if bad {
				r.violated(v)
				break
			}
		}
	}
}

// posting judges one posting. Looked is false where it uses nothing that was
// changed.
func (s *stale) posting(f *evidence.FactView, e *evidence.EffectView) (v evidence.Finding, looked, bad bool) {
	if s == nil || e == nil || e.Cause == nil || e.Part || len(e.Facts) != 1 {
		return v, false, false
	}
	list := s.changed[s.measure.Item(f.Event.Fact)]
	if len(list) == 0 {
		return v, false, false
	}
	newest := due(list, e.Cause.Start, s.bound, s.watch)
	if newest == 0 {
		return v, false, false
	}
	now := list[newest]
	old, what, looked := staleRevision(list[:newest], f, e)
	if !looked {
		since, known := s.released[f.Event.Fact.Keys().Order]
		if !known || since < now.happened {
			return v, false, false // an order may keep the factors it was released with
		}
		old, what, looked = staleFactor(list, newest, f, e)
	}
	if old == nil {
		return v, looked, false
	}
	v = about(f)
	v.Expected = fmt.Sprintf("the %s by version %d of material %s, which the SUT accepted %s before", naming(f.Event.Fact), now.version, now.ID, span(e.Cause.Start-now.accepted))
	v.Got = fmt.Sprintf("document %s with %s of version %d", e.Posting.Doc, what, old.version)
	v.Class, v.Confidence = evidence.CauseClass(simulators.DataQuality), "high"
	v.Rule, v.Text = "old-version-used", "a definition that was read once is used although it has been replaced"
	v.Evidence = few(append([]uint64{now.fact.Seq, now.fact.AcceptedBy.Seq}, v.Evidence...))
	return v, true, true
}

// staleRevision finds the older edition whose revision a release bears instead
// of its own.
func staleRevision(older []edition, f *evidence.FactView, e *evidence.EffectView) (old *edition, what string, looked bool) {
	truth, ok := f.Event.Fact.(plant.OrderReleased)
	claim, same := e.Posting.Claim.Fact.(plant.OrderReleased)
	if !ok || !same {
		return nil, "", false
	}
	if claim.Order.Revision == truth.Order.Revision {
		return nil, "", true
	}
	for i := len(older) - 1; i >= 0; i-- {
		if older[i].Revision == claim.Order.Revision {
			return &older[i], "revision " + claim.Order.Revision, true
		}
	}
	return nil, "", true
}

// staleFactor finds the older edition by whose unit factor the SUT must have
// converted, if none that is still good gives the same.
func staleFactor(list []edition, newest int, f *evidence.FactView, e *evidence.EffectView) (old *edition, what string, looked bool) {
	want, ok := evidence.Amount(f.Event.Fact)
	got, same := evidence.Amount(e.Posting.Claim.Fact)
	if !ok || !same || want.Unit == got.Unit || got.Unit == "" {
		return nil, "", false
	}
	for _, good := range list[newest:] {
		if converts(good.Item, want, got) {
			return nil, "", true
		}
	}
	for i := newest - 1; i >= 0; i-- {
		if converts(list[i].Item, want, got) {
			return &list[i], fmt.Sprintf("%s for %s, the factor", got, want), true
		}
	}
	return nil, "", true
}

// converts reports whether two quantities are the same by the factors of i.
func converts(i plant.Item, a, b plant.Quantity) bool {
	x, okX := inBase(i, a)
	y, okY := inBase(i, b)
	return okX && okY && x == y
}

func inBase(i plant.Item, q plant.Quantity) (plant.Decimal, bool) {
	f, ok := i.Factor(q.Unit)
	if !ok {
		return 0, false
	}
	d, _, err := f.Apply(q.Amount)
	return d, err == nil
}
