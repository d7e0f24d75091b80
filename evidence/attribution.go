package evidence

import (
	"cmp"
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// attributor finds the facts that attempts, effects and surfaces belong to.
type attributor struct {
	h       *History
	measure *Measure
	byKey   map[string]*FactView // by natural key; nil until it is needed
}

func newAttributor(h *History) *attributor {
	return &attributor{h: h, measure: NewMeasure(h)}
}

// find returns the fact a claim names by its reference or else by its business
// key.
func (a *attributor) find(c plant.Event) (*FactView, Attribution) {
	if c.Fact == nil {
		return nil, ""
	}
	if f := a.h.names.facts[c.ID]; f != nil && f.Event.Fact.Kind() == c.Fact.Kind() {
		return f, ByReference
	}
	if f := a.natural(plant.Natural(c.Fact)); f != nil {
		return f, ByKey
	}
	return nil, ""
}

func (a *attributor) natural(key string) *FactView {
	if a.byKey == nil {
		a.byKey = make(map[string]*FactView, len(a.h.Facts))
		for _, f := range a.h.Facts {
			if k := plant.Natural(f.Event.Fact); a.byKey[k] == nil {
				a.byKey[k] = f
			}
		}
	}
	return a.byKey[key]
}

// attempts joins the messages of the SUT with the facts they claim.
func (a *attributor) attempts() {
	for _, t := range a.h.Attempts {
		t.Facts = make([]*FactView, len(t.Claims))
		for i, c := range t.Claims {
			f, _ := a.find(c)
			t.Facts[i] = f
			if f != nil && a.h.Plan.SameBooks(f.Sink, t.Endpoint) {
				f.Attempts = append(f.Attempts, t)
			}
		}
	}
}

// effects joins the changes of books with the facts they show.
func (a *attributor) effects() {
	var open []*EffectView // that neither reference nor key explains
	for _, e := range a.h.Effects {
		if e.Effect.Attempt != 0 {
			if e.Cause = a.h.names.attempts[e.Effect.Attempt]; e.Cause != nil {
				e.Cause.Effects = append(e.Cause.Effects, e)
			}
		}
		f, by := a.find(e.Posting.Claim)
		if f != nil && a.belongs(e, f) {
			e.attach(by, f)
		} else if e.Effect.Attempt != 0 {
			open = append(open, e)
		}
	}
	newSums(a, open).solve()
	a.reversals(open)
	a.likeness(open)
	a.follow()
	for _, f := range a.h.Facts {
		f.count(a.measure)
	}
	for _, e := range a.h.Effects {
		switch {
		case len(e.Facts) > 0 || e.Effect.Attempt == 0:
		case e.Unclear != "":
			a.h.Unclear = append(a.h.Unclear, e)
		default:
			a.h.Phantoms = append(a.h.Phantoms, e)
		}
	}
}

// follow gives attempts that name no fact, or the wrong one, to the fact their
// effect shows; and with them attempts of the same payload that had no effect.
func (a *attributor) follow() {
	type payload struct{ endpoint, digest string }
	same := map[payload]*FactView{}
	for _, e := range a.h.Effects {
		if (e.By != ByWatermark && e.By != ByLikeness) || len(e.Facts) == 0 || e.Cause == nil || len(e.Cause.Claims) != 1 {
			continue
		}
		if !slices.Contains(e.Facts, e.Cause.Facts[0]) {
			e.Cause.move(e.Facts[0])
		}
		if e.Cause.Digest != "" && len(e.Facts) == 1 {
			same[payload{e.Endpoint, e.Cause.Digest}] = e.Facts[0]
		}
	}
	if len(same) == 0 {
		return
	}
	for _, t := range a.h.Attempts {
		if len(t.Facts) == 1 && len(t.Effects) == 0 {
			if f := same[payload{t.Endpoint, t.Digest}]; f != nil {
				t.move(f)
			}
		}
	}
	for _, f := range a.h.Facts {
		slices.SortStableFunc(f.Attempts, func(x, y *AttemptView) int { return cmp.Compare(x.Seq, y.Seq) })
	}
}

// move makes an attempt with one claim one for f.
func (t *AttemptView) move(f *FactView) {
	was := t.Facts[0]
	if was == f {
		return
	}
	if was != nil {
		if i := slices.Index(was.Attempts, t); i >= 0 {
			was.Attempts = slices.Delete(was.Attempts, i, i+1)
		}
	}
	t.Facts[0] = f
	f.Attempts = append(f.Attempts, t)
}

// belongs reports whether e can show f: it is in the books that f must reach,
// and did not come before f was true.
func (a *attributor) belongs(e *EffectView, f *FactView) bool {
	if e.Seq < f.Seq {
		return false
	}
	if f.Sink != "" {
		return a.h.Plan.SameBooks(f.Sink, e.Endpoint)
	}
	// Nobody must post the fact, so nobody is blamed for it either, unless it
	// is one that has no business in an enterprise system.
	switch f.Event.Fact.Kind() {
	case plant.KindMachineCount, plant.KindMachineState:
		return a.h.Plan.Endpoints[e.Endpoint].System != "erp"
	}
	return true
}

func (e *EffectView) attach(by Attribution, facts ...*FactView) {
	e.By, e.Facts, e.Near = by, facts, nil
	for _, f := range facts {
		f.Effects = append(f.Effects, e)
	}
}

// detach undoes attach.
func (e *EffectView) detach() {
	for _, f := range e.Facts {
		for i, o := range f.Effects {
			if o == e {
				f.Effects = append(f.Effects[:i:i], f.Effects[i+1:]...)
				break
			}
		}
	}
	e.Facts, e.By = nil, ""
}

// count finds how often the whole of f was posted. Several effects, none of
// them of the fact's quantity, that add up to a multiple of it are its parts.
func (f *FactView) count(m *Measure) {
	f.Posted = len(f.Effects)
	want, ok := m.Of(f.Event.Fact)
	if len(f.Effects) < 2 || !ok || want.Amount == 0 {
		return
	}
	sum := plant.Decimal(0)
	for _, e := range f.Effects {
		got, ok := m.Of(e.Posting.Claim.Fact)
		if !ok || len(e.Facts) > 1 || got.Unit != want.Unit || got.Amount == want.Amount {
			return
		}
		sum = sum.Add(got.Amount)
	}
	if sum <= 0 || sum%want.Amount != 0 || int(sum/want.Amount) >= len(f.Effects) {
		return
	}
	f.Posted = int(sum / want.Amount)
	for _, e := range f.Effects {
		e.Part = true
	}
}

// surfaces joins the exceptions the SUT reported with their facts.
func (a *attributor) surfaces() {
	var open []*SurfaceView
	for _, s := range a.h.Surfaces {
		switch f := a.h.names.facts[plant.EventID(s.Reference)]; {
		case f != nil:
			s.Fact, s.By = f, ByReference
		case s.Kind != "":
			if f := a.natural(plant.NaturalKey(s.Kind, s.Keys)); f != nil {
				s.Fact, s.By = f, ByKey
			}
		}
		if s.Fact == nil {
			open = append(open, s)
			continue
		}
		s.Fact.Surfaces = append(s.Fact.Surfaces, s)
	}
	a.surfacesByEntity(open)
	a.surfacesOfGarbled(open)
	for _, s := range open {
		if s.Fact == nil {
			a.h.Strays = append(a.h.Strays, s)
		}
	}
}

// surfacesByEntity gives surfaces that name only some keys to the facts with
// these keys, those first that are neither posted nor surfaced.
func (a *attributor) surfacesByEntity(open []*SurfaceView) {
	if len(open) == 0 {
		return
	}
	byEntity := map[string][]*FactView{}
	for _, f := range a.h.Facts {
		k := f.Event.Fact.Keys()
		for _, e := range []string{string(k.Order), string(k.Lot), string(k.Machine), string(k.WorkCenter), k.Calendar, string(k.Material), string(k.Case)} {
			if e != "" {
				byEntity[e] = append(byEntity[e], f)
			}
		}
	}
	const most = 1000 // more would be a guess, and quadratic
	for _, s := range open {
		entity := s.Keys.Entity()
		if entity == "" {
			entity = string(s.Keys.Case)
		}
		candidates := byEntity[entity]
		var best *FactView
		for _, f := range candidates[:min(len(candidates), most)] {
			if f.Seq < s.Seq && (s.Kind == "" || s.Kind == f.Event.Fact.Kind()) && covers(s.Keys, f.Event.Fact.Keys()) && better(f, best) {
				best = f
			}
		}
		if best != nil {
			s.Fact, s.By = best, ByKey
			best.Surfaces = append(best.Surfaces, s)
		}
	}
}

// surfacesOfGarbled gives surfaces that name nothing to facts whose messages a
// fault has garbled: who was sent an empty body has nothing to name, and cannot
// tell that he was sent it before. So each time a fact was announced explains
// one of them, those of facts that nothing else is known of first.
func (a *attributor) surfacesOfGarbled(open []*SurfaceView) {
	type delivery struct {
		fact  *FactView
		start time.Duration
	}
	var garbled []delivery
	for _, f := range a.h.Facts {
		if !f.Garbled || f.AcceptedBy == nil || len(f.Effects) > 0 || len(f.Surfaces) > 0 {
			continue
		}
		for _, o := range f.Offers {
			garbled = append(garbled, delivery{f, o.Start})
		}
	}
	for _, s := range open {
		if s.Fact != nil || s.Class != simulators.DataQuality || s.Reference != "" || s.Keys != (plant.Keys{}) {
			continue
		}
		at := -1
		for i, d := range garbled {
			if d.start > s.At || s.Kind != "" && s.Kind != d.fact.Event.Fact.Kind() {
				continue
			}
			if at < 0 || len(garbled[at].fact.Surfaces) > 0 && len(d.fact.Surfaces) == 0 {
				at = i
			}
		}
		if at < 0 {
			continue
		}
		s.Fact, s.By = garbled[at].fact, ByLikeness
		s.Fact.Surfaces = append(s.Fact.Surfaces, s)
		garbled = slices.Delete(garbled, at, at+1)
	}
}

// covers reports whether all that part says is said by whole too.
func covers(part, whole plant.Keys) bool {
	return (part.Order == "" || part.Order == whole.Order) && (part.Operation == "" || part.Operation == whole.Operation) &&
		(part.Counter == 0 || part.Counter == whole.Counter) && (part.Material == "" || part.Material == whole.Material) &&
		(part.Lot == "" || part.Lot == whole.Lot) && (part.Serial == "" || part.Serial == whole.Serial) &&
		(part.Case == "" || part.Case == whole.Case) && (part.Machine == "" || part.Machine == whole.Machine) &&
		(part.WorkCenter == "" || part.WorkCenter == whole.WorkCenter) && (part.Calendar == "" || part.Calendar == whole.Calendar)
}

// better reports whether an exception is rather about f than about g.
func better(f, g *FactView) bool {
	if g == nil {
		return true
	}
	need := func(f *FactView) int {
		n := 0
		if len(f.Effects) == 0 {
			n += 4
		}
		if len(f.Surfaces) == 0 {
			n += 2
		}
		if f.Invalid || f.refused() {
			n++
		}
		return n
	}
	return need(f) > need(g)
}

func (f *FactView) refused() bool {
	for _, t := range f.Attempts {
		if t.Heard.Outcome == simulators.Refused {
			return true
		}
	}
	return false
}
