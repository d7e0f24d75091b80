package harness

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/compose"
	"github.com/andon-rig/andon/harness/sut/container"
	"github.com/andon-rig/andon/harness/sut/external"
	"github.com/andon-rig/andon/harness/sut/process"
)

// A variant says which instance of the SUT is meant.
type variant struct {
	second   bool // beside the first: with ports of its own, on the same state
	previous bool // the build before this one
}

// An instance is a SUT that can be started, and what it is told.
type instance struct {
	driver sut.Driver
	env    map[string]string
}

// driver prepares the SUT.
func (r *Rig) driver() (err error) {
	var log io.Writer
	if r.Bundle != nil {
		log = r.Bundle.Log()
	}
	r.log = r.searched(log)
	r.Plan.state = &stateDir{dir: r.state}
	if w := r.setup.World; w != nil {
		r.Plan.Driver, r.Plan.turn = w.Driver(), func() { w.Turn("plant") }
		r.Plan.Env, err = r.env(r.Vars, false)
		return err
	}
	if s := r.setup.File.SUT; s.Container != nil || s.Compose != nil {
		if err := os.Chmod(r.state, 0o777); err != nil {
			return err
		}
	}
	for _, to := range r.setup.File.SUT.Receives { // which may name a port that nothing else does
		if _, err := r.Vars.Expand(to); err != nil {
			return fmt.Errorf("sut.receives: %w", err)
		}
	}
	first, err := r.instance(variant{})
	r.Plan.Driver, r.Plan.Env = first.driver, first.env
	r.Plan.build = r.instance
	return err
}

// instance prepares one instance of the SUT.
func (r *Rig) instance(v variant) (i instance, err error) {
	spec, vars := r.setup.File.SUT, r.Vars
	if v.second {
		vars = maps.Clone(r.Vars)
		maps.DeleteFunc(vars, func(name, _ string) bool { return strings.HasPrefix(name, "port.") })
	}
	ready := sut.Ready{Within: spec.Ready.Within.D}
	if ready.HTTP, err = vars.Expand(spec.Ready.HTTP); err != nil {
		return i, fmt.Errorf("sut.ready.http: %w", err)
	}
	if i.env, err = r.env(vars, v.previous); err != nil {
		return i, err
	}
	switch {
	case spec.External != nil:
		i.driver, err = external.New(external.Config{Ready: ready, TestSystem: spec.External.TestSystem})
	case spec.Process != nil:
		i.driver, err = r.process(spec.Process, ready, vars, v)
	case spec.Container != nil:
		i.driver, err = r.container(spec.Container, ready, vars, v)
	case spec.Compose != nil:
		i.driver, err = r.compose(spec.Compose, ready, vars, v)
	}
	return i, err
}

// env is what an instance of the SUT is told.
func (r *Rig) env(vars Vars, previous bool) (map[string]string, error) {
	env, err := vars.ExpandAll(r.setup.File.SUT.Env)
	var none *unprovided
	if pos := r.setup.File.SUT.Pos; errors.As(err, &none) && !pos.IsZero() {
		return nil, pos.Find("${"+none.name).Errorf("sut.env.%s", err)
	}
	if err != nil {
		return nil, fmt.Errorf("sut.env.%w", err)
	}
	if before := r.setup.File.SUT.Previous; previous && before != nil {
		more, err := vars.ExpandAll(before.Env)
		if err != nil {
			return nil, fmt.Errorf("sut.previous.env.%w", err)
		}
		maps.Copy(env, more)
	}
	if r.setup.Defect != "" {
		env["DEFECT"] = r.setup.Defect
	}
	return env, nil
}

func (r *Rig) process(spec *ProcessSpec, ready sut.Ready, vars Vars, v variant) (sut.Driver, error) {
	words, where := spec.Command, "sut.process.command"
	if before := r.setup.File.SUT.Previous; v.previous && before != nil && len(before.Command) > 0 {
		words, where = before.Command, "sut.previous.command"
	}
	command, err := expandEach(vars, where, words)
	if err != nil {
		return nil, err
	}
	dir, err := vars.Expand(spec.Dir)
	if err != nil {
		return nil, fmt.Errorf("sut.process.dir: %w", err)
	}
	return process.New(process.Config{Command: command, Dir: dir, Ready: ready, Log: r.log, Clock: r.does(chaos.SetClock)})
}

func (r *Rig) container(spec *ContainerSpec, ready sut.Ready, vars Vars, v variant) (sut.Driver, error) {
	words, where, image, build := spec.Command, "sut.container.command", spec.Image, spec.Build
	if before := r.setup.File.SUT.Previous; v.previous && before != nil {
		if len(before.Command) > 0 {
			words, where = before.Command, "sut.previous.command"
		}
		if before.Image != "" {
			image, build = before.Image, nil
		}
	}
	command, err := expandEach(vars, where, words)
	if err != nil {
		return nil, err
	}
	c := container.Config{
		Image: image, Command: command, Host: spec.Network == NetworkHost, Ports: ports(vars), User: spec.User,
		Memory: int64(spec.Memory) << 20, CPUs: spec.CPUs, Ready: ready, Log: r.log, Mounts: r.mounts(spec.Mounts),
	}
	if build != nil {
		c.Context, c.Dockerfile, c.Args = build.Context, build.Dockerfile, build.Args
	}
	d, err := container.New(c)
	if err != nil {
		return nil, fmt.Errorf("sut.container.%w", err)
	}
	return d, nil
}

func (r *Rig) compose(spec *ComposeSpec, ready sut.Ready, vars Vars, v variant) (sut.Driver, error) {
	c := compose.Config{File: spec.File, Service: spec.Service, Ports: ports(vars), Ready: ready, Log: r.log, Mounts: r.mounts(nil)}
	if before := r.setup.File.SUT.Previous; v.previous && before != nil {
		var err error
		if c.Command, err = expandEach(vars, "sut.previous.command", before.Command); err != nil {
			return nil, err
		}
		c.Image = before.Image
	}
	return compose.New(c)
}

// mounts are the paths that a container sees: those of the rig file, and under
// the name that it is told what the rig lends it and its state. Who it is inside is not known
// here, so everybody may write there.
func (r *Rig) mounts(list []MountSpec) []container.Mount {
	all := []container.Mount{{From: r.state, To: r.state}}
	if r.certificates != "" {
		all = append(all, container.Mount{From: r.certificates, To: r.certificates, ReadOnly: true})
	}
	all = append(all, r.lent...)
	for _, m := range list {
		all = append(all, container.Mount{From: m.From, To: m.To, ReadOnly: m.ReadOnly})
	}
	return all
}

// ports are those on which the SUT listens.
func ports(vars Vars) (list []string) {
	for _, name := range vars.Names() {
		if strings.HasPrefix(name, "port.") {
			list = append(list, vars[name])
		}
	}
	return list
}

// expandEach replaces every ${name} in words.
func expandEach(vars Vars, where string, words []string) (out []string, err error) {
	out = make([]string, len(words))
	for i, w := range words {
		if out[i], err = vars.Expand(w); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	return out, nil
}

// does reports whether a fault of the scenario does this to the SUT.
func (r *Rig) does(what string) bool {
	for _, f := range r.setup.Scenario.Faults {
		for _, i := range r.setup.Catalog.Faults {
			if p, ok := i.New().(chaos.Process); ok && i.Name == f.Fault.S && p.Process().Do == what {
				return true
			}
		}
	}
	return false
}

// possible refuses a fault that this rig cannot carry out.
func (r *Rig) possible(p *PlannedFault) error {
	if c, ok := p.rule.Fault.(chaos.ConnFault); ok {
		return r.connsPossible(p, c)
	}
	f, ok := p.rule.Fault.(chaos.Process)
	if !ok {
		return nil
	}
	if err := r.able(f.Process().Do); err != nil {
		return fmt.Errorf("%s cannot be carried out here: %w", p.Info.Name, err)
	}
	return nil
}

// able says why something cannot be done to the SUT; nil if it can.
func (r *Rig) able(do string) error {
	if err := sut.Can(r.Plan.Driver, breakages[do].needs); err != nil {
		return err
	}
	if r.setup.World != nil && (do == chaos.Double || do == chaos.Upgrade) {
		return errors.New("a SUT in memory cannot be started twice")
	}
	return r.setup.File.SUT.allows(do)
}

// allows says what of the rig file or the machine stands against doing it, with
// whatever driver.
func (s SUTSpec) allows(do string) error {
	switch do {
	case chaos.FillDisk:
		return canMount()
	case chaos.Double, chaos.Upgrade:
		if s.Ready.HTTP != "" && !strings.Contains(s.Ready.HTTP, "${port.") {
			return errors.New("two instances cannot share one port: have sut.ready and sut.env (or the command) name ports as ${port.NAME}, then each instance gets its own")
		}
	}
	if do == chaos.Upgrade && s.Previous == nil {
		return errors.New("the rig file does not say which build was before this one: add sut.previous: {command: [\"./bridge-1.4\"]}, or an image for a container")
	}
	return nil
}

// prepared does what faults need before the SUT starts: a disk of its own for
// what can be filled, and the build before this one for what is upgraded.
func (r *Rig) prepared() error {
	for _, f := range r.Plan.Faults {
		p, ok := f.rule.Fault.(chaos.Process)
		if !ok {
			continue
		}
		switch p.Process().Do {
		case chaos.FillDisk:
			r.Plan.state.own = true
		case chaos.Upgrade:
			before, err := r.instance(variant{previous: true})
			if err != nil {
				return err
			}
			r.Plan.Driver, r.Plan.Env = before.driver, before.env
		}
	}
	return nil
}
