package scenarios

import (
	"errors"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// sameKinds are what the state of a while can be of.
var sameKinds = []string{"order", "lot", "material", "operation", "machine", "case"}

func (s *Scenario) checkFaults(p *problems, refs []string) {
	phases := s.checkPhases(p, refs)
	ids := s.faultIDs()
	at := map[string]yamlfile.Pos{}
	for _, f := range s.Faults {
		if first, twice := at[f.ID]; twice {
			p.add(f.Pos.Errorf("two faults have the id %q", f.ID).WithHint("the other one stands in line %d", first.Line))
		}
		at[f.ID] = f.Pos
		if !scenarioID.MatchString(f.ID) {
			p.add(f.Pos.Errorf("%q cannot be the id of a fault", f.ID))
		}
		f.checkBounds(p)
		f.Hits.check(p)
		if f.Hits.StruckBy.S != "" {
			p.add(other(f, f.Hits.StruckBy, ids))
		}
		f.checkWindow(p, refs)
		f.After.check(p, f, ids)
		f.While.check(p, f, ids, phases)
	}
	s.checkWaiting(p)
}

func (s *Scenario) faultIDs() (ids []string) {
	for _, f := range s.Faults {
		ids = append(ids, f.ID)
	}
	return ids
}

func (f *Fault) checkBounds(p *problems) {
	if f.P != nil && (*f.P <= 0 || *f.P > 1) {
		p.add(f.Pos.Errorf("p is a chance above 0 and up to 1, not %v", *f.P))
	}
	if min(f.Max, f.Times, f.InFlight, f.Hits.Nth, f.Hits.Every, f.Hits.Attempts) < 0 {
		p.add(f.Pos.Errorf("times, max, inFlight, nth, every and attempts cannot be negative"))
	}
	if f.Max > 0 && f.InFlight > f.Max {
		p.add(f.Pos.Errorf("inFlight: %d can never be reached with max: %d", f.InFlight, f.Max).WithHint("max bounds all strikes, inFlight those under way"))
	}
}

func (h *Hits) check(p *problems) {
	if h.Fact != "" {
		p.add(yamlfile.Choice(h.Pos, "kind of fact", string(h.Fact), kinds))
	}
	if h.Nth > 0 && h.Every > 0 {
		p.add(h.Pos.Errorf("nth and every exclude each other"))
	}
	if h.Strikes != nil && len(h.Strikes) == 0 {
		p.add(h.Pos.Errorf("strikes is an empty list: the fault would strike nothing").WithHint("name at least one strike, or leave strikes out to strike by the other rules"))
	}
	for _, s := range h.Strikes {
		if s.Key == "" || s.Attempt < 0 {
			p.add(s.Pos.Errorf("a strike needs the key of a fact, and its attempt counts from 1"))
		}
	}
}

func (w Window) check(refs []string) error {
	return errors.Join(w.From.check(refs), w.To.check(refs))
}

func (f *Fault) checkWindow(p *problems, refs []string) {
	p.add(f.During.check(refs))
	switch w := f.During; w.By {
	case "", ByClock:
	case ByFact:
		if w.From.IsZero() && w.To.IsZero() {
			p.add(w.Pos.Errorf("by: fact says what lies in a window, and there is none").WithHint("give from or to"))
		}
		if !f.For.IsZero() {
			p.add(f.For.Pos.Errorf("for and by: fact exclude each other: a fact has become true at one moment").WithHint("give during.to instead of for"))
		}
	default:
		p.add(yamlfile.Choice(w.Pos, "by", w.By, []string{ByClock, ByFact}))
	}
	if f.For.IsZero() {
		return
	}
	if f.For.D <= 0 {
		p.add(f.For.Pos.Errorf("for is how long the fault stays armed, above 0"))
	}
	if !f.During.To.IsZero() {
		p.add(f.For.Pos.Errorf("for and during.to both end the fault").WithHint("leave one of them out"))
	}
	if f.After != nil && f.After.Fault.S != "" {
		p.add(f.For.Pos.Errorf("for counts from when the fault is armed, which may be over before %s strikes", f.After.Fault.S).WithHint("bound it by times or max"))
	}
}

func (a *Awaits) check(p *problems, f Fault, ids []string) {
	switch {
	case a == nil:
		return
	case (a.Fault.S == "") == (a.Event == ""):
		p.add(a.Pos.Errorf("after waits for exactly one of fault, event").WithHint("after: {fault: F1} or after: {event: lot-held}"))
		return
	case a.Nth < 0:
		p.add(a.Pos.Errorf("nth cannot be negative"))
	}
	if a.Event != "" {
		p.add(yamlfile.Choice(a.Pos, "kind of fact", string(a.Event), kinds))
		if a.Seen != "" {
			p.add(a.Pos.Errorf("seen says what was seen of a fault, and after waits for an event").WithHint("leave seen out, or wait for {fault: …}"))
		}
		p.add(checkWhere(a.Where))
		return
	}
	p.add(other(f, a.Fault, ids))
	if a.Where.Source != "" {
		p.add(a.Pos.Errorf("where looks at an event, and after waits for a fault").WithHint("narrow the other fault by its hits"))
	}
	if a.Seen != "" {
		p.add(yamlfile.Choice(a.Pos, "seen", a.Seen, []string{SeenStrike, SeenRetry}))
	}
}

func (w *While) check(p *problems, f Fault, ids, phases []string) {
	if w == nil {
		return
	}
	given := 0
	for _, is := range []bool{w.Fault.S != "", w.Phase.S != "", w.Since != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		p.add(w.Pos.Errorf("while names exactly one of fault, phase, since").WithHint("while: {phase: NAME} or while: {since: {event: lot-held}, until: {event: lot-decided}, same: lot}"))
	}
	if w.Fault.S != "" {
		p.add(other(f, w.Fault, ids))
	}
	if w.Phase.S != "" && len(phases) == 0 {
		p.add(w.Phase.Pos.Errorf("the scenario has no phases").WithHint("phases: [{name: %s, to: {plant: 4h}}, {name: tail, calm: true}]", w.Phase.S))
	} else if w.Phase.S != "" {
		p.add(yamlfile.Choice(w.Phase.Pos, "phase", w.Phase.S, phases))
	}
	if (w.Until != nil || w.Same != "") && w.Since == nil {
		p.add(w.Pos.Errorf("until and same belong to since"))
	}
	if w.Same != "" {
		p.add(yamlfile.Choice(w.Pos, "same", w.Same, sameKinds))
	}
	for _, u := range []*Upon{w.Since, w.Until} {
		if u != nil {
			u.check(p)
		}
	}
	if w.Since != nil && w.Same != "" && (w.Since.Nth > 0 || (w.Until != nil && w.Until.Nth > 0)) {
		p.add(w.Pos.Errorf("nth counts events of the whole run, and same is about each %s for itself", w.Same).WithHint("narrow it by where"))
	}
}

// other refuses what is no other fault of the scenario.
func other(f Fault, named yamlfile.Word, ids []string) error {
	if named.S == f.ID {
		return named.Pos.Errorf("fault %s cannot depend on itself", f.ID)
	}
	return yamlfile.Choice(named.Pos, "fault", named.S, ids)
}

// checkWaiting refuses faults that wait for each other's strikes.
func (s *Scenario) checkWaiting(p *problems) {
	waits := map[string][]string{}
	for _, f := range s.Faults {
		if f.After != nil && f.After.Fault.S != "" && f.After.Fault.S != f.ID {
			waits[f.ID] = append(waits[f.ID], f.After.Fault.S)
		}
		if by := f.Hits.StruckBy.S; by != "" && by != f.ID {
			waits[f.ID] = append(waits[f.ID], by)
		}
	}
	var reaches func(from, to string, left int) bool
	reaches = func(from, to string, left int) bool {
		for _, next := range waits[from] {
			if next == to || (left > 0 && reaches(next, to, left-1)) {
				return true
			}
		}
		return false
	}
	for _, f := range s.Faults {
		if reaches(f.ID, f.ID, len(s.Faults)) {
			p.add(f.Pos.Errorf("fault %s waits for a strike that waits for its own", f.ID).WithHint("one of them has to be free of after and struckBy"))
		}
	}
}

// checkPhases returns the names of the scenario's phases.
func (s *Scenario) checkPhases(p *problems, refs []string) (names []string) {
	at := map[string]yamlfile.Pos{}
	for i, ph := range s.Phases {
		first, twice := at[ph.Name]
		switch last := i == len(s.Phases)-1; {
		case twice:
			p.add(ph.Pos.Errorf("two phases are called %q", ph.Name).WithHint("the other one stands in line %d", first.Line))
		case !scenarioID.MatchString(ph.Name):
			p.add(ph.Pos.Errorf("%q cannot name a phase", ph.Name))
		case last && !ph.To.IsZero() && ph.To.Ref != RunEnd:
			p.add(ph.Pos.Errorf("the last phase lasts until the run ends").WithHint("leave to out, or add a phase after it"))
		case !last && (ph.To.IsZero() || ph.To.Ref == RunEnd):
			p.add(ph.Pos.Errorf("phase %s needs its end, as another comes after it", ph.Name).WithHint("to: {plant: 4h}"))
		case !last && ph.Calm:
			p.add(ph.Pos.Errorf("only the last phase can be calm").WithHint("a calm in between is a phase that no fault names in while"))
		}
		p.add(ph.To.check(refs))
		at[ph.Name] = ph.Pos
		names = append(names, ph.Name)
	}
	for _, f := range s.Faults {
		if w := f.While; w != nil && len(names) > 1 && s.Phases[len(names)-1].Calm && w.Phase.S == names[len(names)-1] {
			p.add(w.Phase.Pos.Errorf("phase %s is calm: no fault is armed in it", w.Phase.S))
		}
	}
	return names
}
