package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
)

// A PlannedFault is a fault of the scenario, ready to be armed.
type PlannedFault struct {
	ID    string
	Info  faults.Info
	rule  chaos.Rule
	links []*chaos.Link
	fresh func() (chaos.Fault, error) // each link has an instance of its own
	// always is true for faults that no window and no step arms.
	always   bool
	group    string // the pilot fault it is part of
	windowed bool   // it is in force for a part of the run by the clock
}

// faults looks up every fault of the scenario and of the command line.
func (r *Rig) faults() error {
	var errs []error
	for _, f := range r.setup.Scenario.Faults {
		p, err := r.scenarioFault(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.Plan.Faults = append(r.Plan.Faults, p)
	}
	for _, name := range r.setup.Pilots {
		errs = append(errs, r.pilot(name))
	}
	for i, p := range r.Plan.Faults {
		p.rule.Order = i + 1
		r.Plan.Evidence.Faults = append(r.Plan.Evidence.Faults, r.evidence(p))
	}
	r.follow()
	return errors.Join(errs...)
}

// ruleOf is what f says by itself of what it strikes; what depends on the course of
// the run is added by [Rig.bind].
func ruleOf(f scenarios.Fault, info faults.Info, fault chaos.Fault) chaos.Rule {
	rule := chaos.Rule{
		ID: f.ID, Kind: info.Name, Fault: fault, Direction: simulators.Direction(f.Direction), Name: f.Hits.Message, Fact: f.Hits.Fact,
		Entity: f.Hits.Order, Nth: f.Hits.Nth, Every: f.Hits.Every, Per: f.Hits.Per, Attempts: f.Hits.Attempts, Times: f.Times, Max: f.Max, InFlight: f.InFlight,
		Writes: f.Hits.Writes, StruckBy: f.Hits.StruckBy.S,
	}
	for _, s := range f.Hits.Strikes {
		rule.Strikes = append(rule.Strikes, chaos.Strike{Key: s.Key, Attempt: s.Attempt})
	}
	if rule.Attempts == 0 && len(rule.Strikes) == 0 {
		rule.Attempts = info.Attempts
	}
	if f.P != nil {
		rule.P = *f.P
	}
	return rule
}

func (r *Rig) scenarioFault(f scenarios.Fault) (*PlannedFault, error) {
	i := slices.IndexFunc(r.setup.Catalog.Faults, func(i faults.Info) bool { return i.Name == f.Fault.S })
	if i < 0 {
		return nil, yamlfile.Choice(f.Fault.Pos, "fault", f.Fault.S, r.setup.Catalog.FaultNames())
	}
	info := r.setup.Catalog.Faults[i]
	p := &PlannedFault{ID: f.ID, Info: info, fresh: func() (chaos.Fault, error) { return r.decodeFault(info, f) }}
	fault, err := p.fresh()
	if err != nil {
		return nil, err
	}
	p.rule = ruleOf(f, info, fault)
	r.bind(p, f)
	for _, l := range r.Plan.Links {
		at := scenarios.Meant(f.At.S, r.setup.File.systems())
		if l.Name != "exceptions" && (at == "" || at == "sut" || at == l.Name) || at == l.Name {
			p.links = append(p.links, l)
		}
	}
	if len(p.links) == 0 {
		return nil, yamlfile.Choice(f.At.Pos, "endpoint", f.At.S, r.setup.File.endpointNames())
	}
	if !r.throughBroker(p) {
		return nil, f.Pos.Errorf("fault %s: %s needs %s", f.ID, info.Name, info.Needs).WithHint("%s is a rig with one", brokered(p.rule.Fault))
	}
	for _, err := range []error{p.rule.Validate(), p.sensible(), r.possible(p)} {
		if err != nil {
			return nil, f.Pos.Errorf("fault %s: %s", f.ID, err)
		}
	}
	r.doubt(p)
	return p, nil
}

// throughBroker leaves of the links of p, if it is a fault of brokers, those
// that go through a broker which can do it; false if none does.
func (r *Rig) throughBroker(p *PlannedFault) bool {
	if _, ok := p.rule.Fault.(chaos.Brokered); !ok {
		return true
	}
	p.links = slices.DeleteFunc(p.links, func(l *chaos.Link) bool {
		return !chaos.Befalls(p.rule.Fault, r.Plan.Evidence.Endpoints[l.Name].Mishaps)
	})
	return len(p.links) > 0
}

// doubt notes a fault that will find nothing to strike: what a feed keeps for
// the SUT cannot fail to arrive.
func (r *Rig) doubt(p *PlannedFault) {
	_, stops := p.rule.Fault.(chaos.Stopper)
	_, pushed := p.rule.Fault.(chaos.Pushed)
	if !pushed && (!stops || p.rule.Direction != simulators.ToSUT) {
		return
	}
	var feeds []string
	for _, l := range p.links {
		i := slices.Index(r.Plan.Links, l)
		if i >= len(r.Plan.Endpoints) || r.Plan.Endpoints[i].Push {
			return
		}
		feeds = append(feeds, l.Name)
	}
	note := fmt.Sprintf("fault %s (%s) cannot strike: what %s announces waits in a feed until the SUT fetches it, and nothing that waits there is lost; "+
		"direction: from-sut has the fault strike the SUT's requests instead", p.ID, p.Info.Name, strings.Join(feeds, " and "))
	if pushed {
		note = fmt.Sprintf("fault %s (%s) cannot strike: what %s announces waits in a feed until the SUT fetches it, and the fault happens to what is sent", p.ID, p.Info.Name, strings.Join(feeds, " and "))
	}
	r.Doubts, r.Notes = append(r.Doubts, note), append(r.Notes, note)
}

// decodeFault reads a fault's settings over its defaults.
func (r *Rig) decodeFault(info faults.Info, f scenarios.Fault) (chaos.Fault, error) {
	fault := info.New()
	if !f.With.IsZero() {
		if err := f.With.Decode(fault); err != nil {
			return nil, err
		}
	}
	if v, ok := fault.(faults.Validator); ok {
		if err := v.Validate(); err != nil {
			return nil, f.Pos.Errorf("fault %s: %s", f.ID, err)
		}
	}
	if k, ok := fault.(chaos.Informed); ok {
		k.Inform(r.master)
	}
	return fault, nil
}

// pilot adds one of the troubles that pilots are told to rehearse.
func (r *Rig) pilot(name string) error {
	rules, err := faults.Pilot(name)
	if err != nil {
		return err
	}
	for i, pr := range rules {
		info, _ := faults.Find(pr.Rule.Kind)
		p := &PlannedFault{ID: pr.Rule.ID, Info: info, rule: pr.Rule, always: true, group: name, fresh: func() (chaos.Fault, error) {
			again, err := faults.Pilot(name)
			if err != nil {
				return nil, err
			}
			f := again[i].Rule.Fault
			if k, ok := f.(chaos.Informed); ok {
				k.Inform(r.master)
			}
			return f, nil
		}}
		for j, e := range r.Plan.Endpoints {
			if r.Plan.Evidence.Endpoints[e.Name].System == pr.System {
				p.links = append(p.links, r.Plan.Links[j])
			}
		}
		r.Plan.Faults = append(r.Plan.Faults, p)
	}
	return nil
}

// reproducible reports whether the same seed has p hit the same (fact, attempt)
// pairs. Which connections a SUT makes is a matter of timing; which replies
// are struck is not.
func (p *PlannedFault) reproducible() bool {
	_, conn := p.rule.Fault.(chaos.ConnFault)
	return conn && p.rule.ByMessage() || faults.Reproducible(p.Info.Name, p.rule.Fault)
}

// known lists the faults there are now.
func (p *Plan) known() []*PlannedFault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Faults
}

// add takes up a fault that the scenario did not have.
func (p *Plan) add(f *PlannedFault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Faults = append(p.Faults[:len(p.Faults):len(p.Faults)], f)
	f.rule.Order = len(p.Faults)
	p.moments.Course.Follow(f.depends()...)
}

// armedFaults lists the ids of what is in force anywhere.
func (p *Plan) armedFaults() (ids []string) {
	add := func(more []string) {
		for _, id := range more {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	for _, l := range p.Links {
		add(l.Armed())
	}
	for _, rd := range p.roads {
		add(rd.Armed())
	}
	if p.names != nil {
		add(p.names.Armed())
	}
	add(p.moments.Armed())
	return ids
}

// arm puts a fault in force on all its links.
func (p *Plan) arm(ctx context.Context, id string) error {
	all := p.known()
	i := slices.IndexFunc(all, func(f *PlannedFault) bool { return f.ID == id })
	if i < 0 {
		return fmt.Errorf("there is no fault %q", id)
	}
	f := all[i]
	if pf, ok := f.rule.Fault.(chaos.Process); ok {
		rule := f.rule
		rule.Max = max(rule.Max, len(rule.Strikes)) // unless told otherwise, it strikes once
		if pf.Process().Do == chaos.Restore {
			if err := p.backUp(ctx); err != nil {
				return fmt.Errorf("back up the SUT's state: %w", err)
			}
		}
		p.moments.Upon(&rule, pf.Process(), func(chaos.Passage) { p.breakSUT(ctx, id, pf.Process()) }, f.links...)
		return nil
	}
	if _, ok := f.rule.Fault.(chaos.ConnFault); ok {
		return p.armConns(f)
	}
	for _, l := range f.links {
		if s, ok := f.rule.Fault.(chaos.Particular); ok && !s.Suits(p.Evidence.Endpoints[l.Name].Policy) {
			continue
		}
		rule := f.rule
		fault, err := f.fresh()
		if err != nil {
			return err
		}
		rule.Fault = fault
		l.Arm(&rule)
	}
	return nil
}

// heal takes a fault out of force; "" means all of them. What was given up
// while it struck is worth waiting for again.
func (p *Plan) heal(id string) {
	p.progress.remember()
	for _, rd := range p.roads {
		if id == "" {
			rd.HealAll()
		} else {
			rd.Heal(id)
		}
	}
	if p.names != nil && id == "" {
		p.names.HealAll()
	} else if p.names != nil {
		p.names.Heal(id)
	}
	for _, l := range p.Links {
		if id == "" {
			l.HealAll()
		} else {
			l.Heal(id)
		}
	}
	if id == "" {
		p.moments.HealAll()
	} else {
		p.moments.Heal(id)
	}
	p.undo(context.Background(), id)
}

// note keeps that a SUT does not come back, or a mishap of the rig itself,
// which is never held against the SUT.
func (p *Plan) note(err error) {
	switch {
	case err == nil:
	case errors.As(err, new(*sut.StartError)):
		p.step("sut.exit", err.Error())
	default:
		p.step("rig.trouble", err.Error())
		p.standing.mu.Lock()
		defer p.standing.mu.Unlock()
		p.standing.trouble = append(p.standing.trouble, err)
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
