package harness

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// Setup is what the stored run was built from, with everything that went wrong
// in its scenario: pilot faults of the command line stand there as faults of
// their own, and the seed is that of the run.
func (r *Replay) Setup() (Setup, error) {
	o := r.Options
	s := o.Scenarios[0]
	s.Seed, s.Matrix, s.Include = *o.Seed, nil, nil
	for _, name := range o.Pilots {
		list, err := PilotFaults(o.File, name)
		if err != nil {
			return Setup{}, err
		}
		s.Faults = append(slices.Clone(s.Faults), list...)
	}
	return Setup{Catalog: o.Catalog, File: o.File, Path: o.Path, Source: o.Source, Scenario: s, Seed: s.Seed,
		Range: o.numberRange(), Defect: o.Defect, Out: o.Out, Self: o.Self, Version: o.Version, Command: o.Command}, nil
}

// ErrNotFresh is what modes say that run a scenario many times and need a SUT
// without a past each time.
var ErrNotFresh = errors.New("this rig's SUT is external: it runs already and remembers what it did. " +
	"Each try needs a SUT that starts afresh; give the rig a sut.process to start")

// Fresh reports whether the SUT of f is started anew for every run.
func (f *File) Fresh() error {
	if f.SUT.External != nil {
		return &PlanError{ErrNotFresh}
	}
	return nil
}

// PilotFaults writes a pilot fault as the faults of a scenario that do the same
// at the endpoints of f.
func PilotFaults(f File, name string) (list []scenarios.Fault, err error) {
	rules, err := faults.Pilot(name)
	if err != nil {
		return nil, err
	}
	for _, pr := range rules {
		var at []string
		for _, endpoint := range f.endpointNames() {
			if f.Endpoints[endpoint].System == pr.System {
				at = append(at, endpoint)
			}
		}
		for _, endpoint := range at {
			one, err := scenarioFault(pr.Rule)
			if err != nil {
				return nil, fmt.Errorf("write pilot fault %s as a scenario has it: %w", name, err)
			}
			if one.At.S = endpoint; len(at) > 1 {
				one.ID += "-" + endpoint
			}
			list = append(list, one)
		}
	}
	return list, nil
}

// scenarioFault is r as a scenario would write it.
func scenarioFault(r chaos.Rule) (scenarios.Fault, error) {
	with, err := yamlfile.Of(yamlfile.Pos{}, r.Fault)
	if err != nil {
		return scenarios.Fault{}, err
	}
	if len(with.Keys()) == 0 {
		with = yamlfile.Node{}
	}
	f := scenarios.Fault{
		ID: r.ID, Fault: yamlfile.Word{S: r.Kind}, Direction: string(r.Direction), Max: r.Max, With: with,
		Hits: scenarios.Hits{Message: r.Name, Fact: r.Fact, Order: r.Entity, Nth: r.Nth, Every: r.Every, Per: cmp.Or(r.Per, "order"), Attempts: r.Attempts, Writes: r.Writes},
	}
	if r.Nth == 0 && r.Every == 0 {
		f.Hits.Per = ""
	}
	if r.P > 0 && r.P < 1 {
		p := r.P
		f.P = &p
	}
	return f, nil
}
