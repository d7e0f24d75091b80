package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// kinds are the facts a scenario can speak of.
var kinds = []string{
	string(plant.KindOrderReleased), string(plant.KindOrderChanged), string(plant.KindOrderCancelled), string(plant.KindOperationStarted),
	string(plant.KindConfirmation), string(plant.KindConsumption), string(plant.KindScrap), string(plant.KindRework), string(plant.KindReceipt), string(plant.KindReversal),
	string(plant.KindLotHeld), string(plant.KindLotDecided), string(plant.KindInspection), string(plant.KindItemChanged), string(plant.KindBillChanged), string(plant.KindRoutingChanged), string(plant.KindCenterChanged), string(plant.KindCalendarChanged),
	string(plant.KindShipment), string(plant.KindMachineCount), string(plant.KindMachineState),
}

var (
	scenarioID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	stepName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,31}$`)
)

// problems collects mistakes.
type problems []error

func (p *problems) add(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

// check refuses what cannot work whatever happens in the run.
func (s *Scenario) check() error {
	var p problems
	if !scenarioID.MatchString(s.Metadata.ID) {
		p.add(s.Pos.Errorf("%q cannot be the id of a scenario", s.Metadata.ID).WithHint("use letters, digits, dots and dashes, up to 64"))
	}
	p.add(s.Time.check())
	p.add(s.Plant.check())
	p.add(wallOnly(s.Given.Judging.Staleness))
	p.add(plantOnly(s.Given.Judging.LaborTolerance))
	s.Given.Only.check(&p)
	if s.Given.Orders.Count < 0 {
		p.add(s.Pos.Errorf("given.orders.count cannot be negative"))
	}
	refs := s.checkSteps(&p)
	s.checkFaults(&p, refs)
	s.checkExpect(&p, refs)
	return errors.Join(p...)
}

func (t *Time) check() error {
	if t.Factor != 0 && t.Mode != Paced {
		return t.Pos.Errorf("a factor needs mode: paced")
	}
	if t.Factor < 0 {
		return t.Pos.Errorf("time cannot run backwards: factor is %v", t.Factor)
	}
	return plantOnly(t.Shift)
}

func (p *Plant) check() error {
	if p.OddIDs != nil && (*p.OddIDs < 0 || *p.OddIDs > 1) {
		return p.Pos.Errorf("oddIds is a share from 0 to 1, not %v", *p.OddIDs)
	}
	if p.Undecided && !p.DecisionDelay.IsZero() {
		return p.Pos.Errorf("undecided and decisionDelay exclude each other")
	}
	if p.Speed < 0 || p.Quantity < 0 || (p.Open != nil && *p.Open < 0) {
		return p.Pos.Errorf("speed, quantity and open cannot be negative")
	}
	return errors.Join(plantOnly(p.Every), plantOnly(p.DecisionDelay))
}

// checkSteps reads what steps do and returns the names they give.
func (s *Scenario) checkSteps(p *problems) []string {
	var refs []string
	at := map[string]yamlfile.Pos{}
	for i := range s.When {
		st := &s.When[i]
		if st.As == "" {
			continue
		}
		switch first, twice := at[st.As]; {
		case twice:
			p.add(st.Pos.Errorf("two steps are called %q", st.As).WithHint("the other one stands in line %d", first.Line))
		case !stepName.MatchString(st.As):
			p.add(st.Pos.Errorf("%q cannot name a step", st.As).WithHint("use letters, digits and _, so that expressions can say refs.NAME"))
		default:
			at[st.As] = st.Pos
			refs = append(refs, st.As)
		}
	}
	for i := range s.When {
		p.add(s.When[i].check(s, refs))
	}
	p.add(s.circles())
	p.add(s.checkCutover())
	return refs
}

func (st *Step) check(s *Scenario, refs []string) error {
	triggers := 0
	for _, given := range []bool{!st.At.IsZero(), st.Upon != nil, !st.After.IsZero()} {
		if given {
			triggers++
		}
	}
	if triggers != 1 {
		return st.Pos.Errorf("a step has exactly one of at, upon and after, not %d", triggers)
	}
	if st.Do.IsZero() && st.As == "" {
		return st.Pos.Errorf("this step does nothing and has no name").WithHint("give it a do, or an as for others to refer to")
	}
	if !st.After.IsZero() && (st.After.Ref == RunStart || st.After.Ref == RunEnd) {
		return st.After.Pos.Errorf("after names another step").WithHint("use at: for %s", st.After.Ref)
	}
	var p problems
	p.add(st.At.check(refs))
	p.add(st.After.check(refs))
	if u := st.Upon; u != nil {
		u.check(&p)
	}
	if !st.Do.IsZero() {
		acts, err := readActs(st.Do.Node, st.Args)
		p.add(err)
		for _, a := range acts {
			p.add(a.check(s, refs))
		}
		st.acts = acts
	} else if !st.Args.IsZero() {
		p.add(st.Args.Errorf("arguments without an action"))
	}
	return errors.Join(p...)
}

func (u *Upon) check(p *problems) {
	p.add(yamlfile.Choice(u.Pos, "kind of fact", string(u.Event), kinds))
	if u.Nth < 0 || (u.First && u.Nth > 1) {
		p.add(u.Pos.Errorf("nth counts from 1, and first means 1"))
	}
	p.add(checkWhere(u.Where))
}

func (a *act) check(s *Scenario, refs []string) error {
	var p problems
	for _, t := range []Target{a.args.Order, a.args.Lot, a.args.Case} {
		if t.Ref != "" {
			p.add(yamlfile.Choice(t.Pos, "step", t.Ref, refs))
		}
	}
	if a.args.Fault.S != "" {
		var ids []string
		for _, f := range s.Faults {
			ids = append(ids, f.ID)
		}
		p.add(yamlfile.Choice(a.args.Fault.Pos, "fault", a.args.Fault.S, ids))
	}
	return errors.Join(p...)
}

// checkCutover refuses more than one change of ways, and a freeze before none.
func (s *Scenario) checkCutover() error {
	var freezes, cutovers []act
	for _, st := range s.When {
		for _, a := range st.acts {
			switch a.name {
			case DoFreeze:
				freezes = append(freezes, a)
			case DoCutover:
				cutovers = append(cutovers, a)
			}
		}
	}
	switch {
	case len(cutovers) > 1:
		return cutovers[1].pos.Errorf("a scenario cuts over once").WithHint("the other cutover stands in line %d", cutovers[0].pos.Line)
	case len(freezes) > 1:
		return freezes[1].pos.Errorf("a cutover has one freeze").WithHint("the other freeze stands in line %d", freezes[0].pos.Line)
	case len(freezes) > len(cutovers):
		return freezes[0].pos.Errorf("a freeze without a cutover never ends").WithHint("add a step that does: cutover")
	}
	return nil
}

func (m Moment) check(refs []string) error {
	if m.IsZero() {
		return nil
	}
	known := append([]string{RunStart, RunEnd}, refs...)
	if m.Ref == RunEnd && !m.Delay.IsZero() {
		return m.Pos.Errorf("nothing comes after run.end")
	}
	return yamlfile.Choice(m.Pos, "moment", m.Ref, known)
}

// circles refuses steps that wait for each other.
func (s *Scenario) circles() error {
	waits := map[string]string{}
	for _, st := range s.When {
		if st.As != "" {
			waits[st.As] = st.After.Ref + st.At.Ref
		}
	}
	for _, st := range s.When {
		for ref, n := waits[st.As], 0; st.As != "" && ref != ""; ref, n = waits[ref], n+1 {
			if ref == st.As || n > len(s.When) {
				return st.Pos.Errorf("step %s waits for itself", st.As)
			}
		}
	}
	return nil
}

func (s *Scenario) checkExpect(p *problems, refs []string) {
	e := s.Expect
	for _, x := range e.Eventually {
		p.add(x.From.check(refs))
	}
	for _, x := range e.Never {
		p.add(x.During.check(refs))
		if x.During.By != "" {
			p.add(x.During.Pos.Errorf("by belongs to the window of a fault: never looks at moments"))
		}
	}
	_, err := s.compile(refs)
	p.add(err)
	seen := map[string]bool{}
	for _, w := range e.Waive {
		if seen[w.Name] {
			p.add(w.Pos.Errorf("%s is waived twice", w.Name))
		}
		seen[w.Name] = true
	}
	for _, a := range e.Always {
		if seen[a.S] {
			p.add(a.Pos.Errorf("%s is both demanded and waived", a.S))
		}
	}
}

// Known are the names that a scenario can use and others define.
type Known struct {
	Faults    []string // of the catalog
	Oracles   []string
	Endpoints []string // of the rig; nil if there is no rig to look at
}

// Resolve checks the names that only the rig and the catalog know.
func (s *Scenario) Resolve(k Known) error {
	var p problems
	endpoint := func(w yamlfile.Word, extra ...string) {
		if w.S != "" && k.Endpoints != nil {
			p.add(yamlfile.Choice(w.Pos, "endpoint", w.S, append(slices.Clone(k.Endpoints), extra...)))
		}
	}
	for _, f := range s.Faults {
		p.add(yamlfile.Choice(f.Fault.Pos, "fault", f.Fault.S, k.Faults))
		endpoint(f.At, "sut")
	}
	for _, st := range s.When {
		for _, a := range st.acts {
			endpoint(a.args.At)
		}
	}
	for name, policy := range s.Given.Endpoints {
		endpoint(yamlfile.Word{S: name, Pos: policy.Pos})
	}
	for _, w := range s.Expect.Waive {
		p.add(yamlfile.Choice(w.Pos, "invariant", w.Name, k.Oracles))
	}
	for _, a := range s.Expect.Always {
		p.add(yamlfile.Choice(a.Pos, "invariant", a.S, k.Oracles))
	}
	if len(p) > 0 {
		return fmt.Errorf("scenario %s:\n%w", s.Metadata.ID, errors.Join(p...))
	}
	return nil
}

// Waived lists the invariants the scenario does not demand.
func (s *Scenario) Waived() []string {
	var names []string
	for _, w := range s.Expect.Waive {
		names = append(names, w.Name)
	}
	return names
}
