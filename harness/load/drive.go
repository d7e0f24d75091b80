package load

import (
	"fmt"
	"strings"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/compose"
	"github.com/andon-rig/andon/harness/sut/container"
	"github.com/andon-rig/andon/harness/sut/external"
	"github.com/andon-rig/andon/harness/sut/process"
)

// drive returns the driver of the build that the rig file declares.
func (b *Rigged) drive(v harness.Vars, ready sut.Ready) (sut.Driver, error) {
	switch s := b.file.SUT; {
	case s.External != nil:
		return external.New(external.Config{Ready: ready, TestSystem: s.External.TestSystem})
	case s.Container != nil:
		return b.container(s.Container, v, ready)
	case s.Compose != nil:
		return compose.New(compose.Config{File: s.Compose.File, Service: s.Compose.Service, Ports: ports(v), Ready: ready, Log: b.log, Mounts: b.mounts(nil)})
	}
	p := b.file.SUT.Process
	command, err := expandEach(v, "sut.process.command", p.Command)
	if err != nil {
		return nil, err
	}
	dir, err := v.Expand(p.Dir)
	if err != nil {
		return nil, fmt.Errorf("sut.process.dir: %w", err)
	}
	return process.New(process.Config{Command: command, Dir: dir, Ready: ready, Log: b.log})
}

func (b *Rigged) container(s *harness.ContainerSpec, v harness.Vars, ready sut.Ready) (sut.Driver, error) {
	command, err := expandEach(v, "sut.container.command", s.Command)
	if err != nil {
		return nil, err
	}
	c := container.Config{
		Image: s.Image, Command: command, Host: s.Network == harness.NetworkHost, Ports: ports(v), User: s.User,
		Memory: int64(s.Memory) << 20, CPUs: s.CPUs, Ready: ready, Log: b.log, Mounts: b.mounts(s.Mounts),
	}
	if s.Build != nil {
		c.Context, c.Dockerfile, c.Args = s.Build.Context, s.Build.Dockerfile, s.Build.Args
	}
	d, err := container.New(c)
	if err != nil {
		return nil, fmt.Errorf("sut.container.%w", err)
	}
	return d, nil
}

// mounts are the paths that a container sees: those of the rig file, and the
// build's state and its file of credentials under the names that it is told.
func (b *Rigged) mounts(list []harness.MountSpec) []container.Mount {
	all := []container.Mount{{From: b.state, To: b.state}}
	if b.granted != "" {
		all = append(all, container.Mount{From: b.granted, To: b.granted, ReadOnly: true, Told: true})
	}
	for _, m := range list {
		all = append(all, container.Mount{From: m.From, To: m.To, ReadOnly: m.ReadOnly})
	}
	return all
}

// ports are those that were named in the rig file, and chosen for this run.
func ports(v harness.Vars) (list []string) {
	for _, name := range v.Names() {
		if strings.HasPrefix(name, "port.") {
			list = append(list, v[name])
		}
	}
	return list
}

func expandEach(v harness.Vars, where string, words []string) (out []string, err error) {
	for i, w := range words {
		x, err := v.Expand(w)
		if err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", where, i, err)
		}
		out = append(out, x)
	}
	return out, nil
}
