package harness

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/scenarios"
)

// Pilot is one of the troubles that pilots are told to rehearse.
type Pilot struct {
	Name string
	Arms []string // kinds of faults it stands for
}

// Pilots lists what [GateOptions.Pilots] can name.
func Pilots() (ps []Pilot) {
	for _, name := range faults.PilotNames() {
		p := Pilot{Name: name}
		rules, err := faults.Pilot(name)
		if err != nil {
			continue // a name without rules arms nothing
		}
		for _, r := range rules {
			p.Arms = append(p.Arms, r.Rule.Kind)
		}
		ps = append(ps, p)
	}
	return ps
}

// Check finds every mistake in the rig and the scenarios that can be known
// without starting anything: it builds each scenario's rig as a run would,
// and takes it apart again. Mistakes are [*PlanError]s; any other error is
// trouble of this machine, such as a port in use.
func (o GateOptions) Check() error {
	if err := o.resolve(); err != nil {
		return &PlanError{err}
	}
	for _, name := range o.Pilots {
		if _, err := faults.Pilot(name); err != nil {
			return &PlanError{err}
		}
	}
	var plan []error
	seen := map[string]bool{} // the same mistake of the rig shows in every scenario
	for _, sc := range o.Scenarios {
		err := o.try(sc)
		if err == nil || seen[err.Error()] {
			continue
		}
		seen[err.Error()] = true
		if ofMachine(err) {
			return err
		}
		plan = append(plan, err)
	}
	if len(plan) > 0 {
		return &PlanError{errors.Join(plan...)}
	}
	return nil
}

// try builds the rig of one scenario and takes it apart again.
func (o GateOptions) try(sc scenarios.Scenario) error {
	seed := sc.Seed
	if o.Seed != nil {
		seed = *o.Seed
	}
	run := fmt.Sprintf("%s-%d", fileName(sc.Metadata.ID), seed)
	if o.Out != "" {
		if path := filepath.Join(o.Out, run); exists(path) {
			return fmt.Errorf("%s is there already: choose another --out or move it away; runs are never overwritten", path)
		}
	}
	rig, err := Build(Setup{
		Catalog: o.Catalog, File: o.File, Path: o.Path, Source: o.Source, Scenario: sc, Seed: seed, Run: run, Pilots: o.Pilots,
		Defect: o.Defect, Self: o.Self, Version: o.Version,
	})
	if err != nil {
		return err
	}
	return rig.Close()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// ofMachine tells trouble of the machine, such as a port in use, from a
// mistake in a file.
func ofMachine(err error) bool {
	return errors.As(err, new(*net.OpError)) || errors.As(err, new(*os.SyscallError))
}
