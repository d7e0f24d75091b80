// Package compose runs a SUT that is one service of a compose file, with the
// other services beside it.
//
// The file is brought up by the compose command that is installed; what is then
// done to the SUT's container is done as package container does it.
package compose

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/container"
)

// Config describes the file and which of its services is the SUT.
type Config struct {
	File    string
	Service string
	Image   string // in place of the one the file names; "" leaves it
	Command []string
	Mounts  []container.Mount // besides those of the file
	Ports   []string          // on which the SUT listens; published on the loopback interface
	Ready   sut.Ready
	Log     io.Writer // gets what the SUT's container prints; nil discards
	// Patience is how long a graceful end may take before it is forced, in whole
	// seconds; 0 means 5 s.
	Patience time.Duration
}

// Driver runs the services of one file.
type Driver struct {
	cfg      Config
	command  []string // of compose
	networks bool     // the SUT's service names its networks
	user     string   // as whom it runs; "" if the file does not say
	engine   *container.Engine
	net      *container.Network
	box      *container.Box
	override string // a file beside ours that says what the rig adds
}

var (
	_ sut.Breaker       = (*Driver)(nil)
	_ sut.Ender         = (*Driver)(nil)
	_ sut.Sampler       = (*Driver)(nil)
	_ sut.Pauser        = (*Driver)(nil)
	_ sut.Detacher      = (*Driver)(nil)
	_ sut.MemoryLimiter = (*Driver)(nil)
	_ sut.Shaper        = (*Driver)(nil)
	_ sut.Able          = (*Driver)(nil)
)

// New returns a driver that has started nothing yet. It refuses a file that
// cannot be read or has no such service.
func New(c Config) (*Driver, error) {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return nil, fmt.Errorf("sut.compose.file: %w; the path is relative to where andon runs", err)
	}
	var f struct {
		Services map[string]struct {
			Networks    any    `yaml:"networks"`
			NetworkMode string `yaml:"network_mode"`
			User        string `yaml:"user"`
		} `yaml:"services"`
	}
	if err := yaml.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("sut.compose.file %s: %w", c.File, err)
	}
	s, ok := f.Services[c.Service]
	if !ok {
		return nil, fmt.Errorf("sut.compose.service: %s has no service %q; it has %s", c.File, c.Service, strings.Join(slices.Sorted(maps.Keys(f.Services)), ", "))
	}
	if s.NetworkMode != "" {
		return nil, fmt.Errorf("sut.compose: service %s has network_mode: %s in %s; Andon gives it a network of its own, so leave that out", c.Service, s.NetworkMode, c.File)
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	return &Driver{cfg: c, networks: s.Networks != nil, user: s.User}, nil
}

// Command finds the compose command: the plugin of docker, or the program of
// its own that came before it and that distributions still have.
func Command(ctx context.Context) ([]string, error) {
	for _, c := range [][]string{{"docker", "compose"}, {"docker-compose"}} {
		if exec.CommandContext(ctx, c[0], append(c[1:], "version")...).Run() == nil {
			return c, nil
		}
	}
	return nil, errors.New("neither docker compose nor docker-compose is installed; apt-get install docker-compose")
}

// Start implements [sut.Driver].
func (d *Driver) Start(ctx context.Context, env map[string]string) (err error) {
	if d.command, err = Command(ctx); err != nil {
		return err
	}
	if d.engine, err = container.Open(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Stop(context.WithoutCancel(ctx)))
		}
	}()
	if d.net, err = d.engine.Network(ctx, container.Project(d.engine.Name())); err != nil {
		return err
	}
	if env, err = d.net.TranslateAll(env, d.cfg.Ports); err != nil {
		return err
	}
	mounts, err := d.net.Tell(d.cfg.Mounts, d.cfg.Ports, d.user)
	if err != nil {
		return err
	}
	if err := d.writeOverride(env, mounts); err != nil {
		return err
	}
	// Compose is not called off half-way: what it was about to make would stay.
	whole := context.WithoutCancel(ctx)
	if _, err := d.compose(whole, "up", "--no-start", "--build", "--remove-orphans"); err != nil {
		return fmt.Errorf("bring up %s: %w", d.cfg.File, err)
	}
	id, err := d.engine.ContainerOf(whole, d.engine.Name(), d.cfg.Service)
	if err != nil {
		return err
	}
	others, err := d.others(whole)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		if _, err := d.compose(whole, append([]string{"start"}, others...)...); err != nil {
			return fmt.Errorf("start %s: %w", strings.Join(others, ", "), err)
		}
	}
	d.box = &container.Box{Engine: d.engine, ID: id, Ready: d.cfg.Ready, Log: d.cfg.Log, Patience: d.cfg.Patience}
	return d.box.Start(ctx)
}

// others are the services besides the SUT's.
func (d *Driver) others(ctx context.Context) (names []string, err error) {
	out, err := d.compose(ctx, "config", "--services")
	if err != nil {
		return nil, fmt.Errorf("list services of %s: %w", d.cfg.File, err)
	}
	for _, n := range strings.Fields(string(out)) {
		if n != d.cfg.Service {
			names = append(names, n)
		}
	}
	return names, nil
}

// writeOverride says what the rig adds to the SUT's service.
func (d *Driver) writeOverride(env map[string]string, mounts []container.Mount) error {
	literal := map[string]string{}
	for k, v := range env {
		literal[k] = strings.ReplaceAll(v, "$", "$$") // compose would take it for one of its variables
	}
	service := map[string]any{
		"environment": literal, "labels": d.engine.Labels(),
		// The service's restarts are part of the trouble that the rig makes.
		"restart": "no",
	}
	networks := map[string]any{rigNetwork: map[string]any{}}
	if !d.networks {
		networks["default"] = map[string]any{} // which it would have, had it named none
	}
	service["networks"] = networks
	if len(d.cfg.Ports) > 0 {
		var ports []string
		for _, p := range d.cfg.Ports {
			ports = append(ports, "127.0.0.1:"+p+":"+p)
		}
		service["ports"] = ports
	}
	if d.cfg.Image != "" {
		service["image"] = d.cfg.Image
	}
	if len(d.cfg.Command) > 0 {
		service["command"] = d.cfg.Command
	}
	var volumes []string
	for _, m := range mounts {
		from, err := filepath.Abs(m.From)
		if err != nil {
			return fmt.Errorf("mount %s: %w", m.From, err)
		}
		v := from + ":" + m.To
		if m.ReadOnly {
			v += ":ro"
		}
		volumes = append(volumes, v)
	}
	if len(volumes) > 0 {
		service["volumes"] = volumes
	}
	b, err := json.Marshal(map[string]any{ // which is YAML
		"version": version(d.cfg.File), "services": map[string]any{d.cfg.Service: service},
		"networks": map[string]any{rigNetwork: map[string]any{"external": true, "name": d.net.Name}},
	})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "andon-compose-*.yaml")
	if err != nil {
		return fmt.Errorf("write compose file: %w", err)
	}
	d.override = f.Name()
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// rigNetwork is the rig's network as the file calls it.
const rigNetwork = "andon-rig"

// version is the file's own: files that are merged must agree.
func version(file string) string {
	var f struct {
		Version string `yaml:"version"`
	}
	b, err := os.ReadFile(file)
	if err != nil || yaml.Unmarshal(b, &f) != nil || f.Version == "" {
		return "3.5" // the oldest whose networks can be external and have names
	}
	return f.Version
}

// compose runs the compose command on our project.
func (d *Driver) compose(ctx context.Context, args ...string) ([]byte, error) {
	words := append(append([]string{}, d.command...), "--project-name", d.engine.Name(), "--project-directory", filepath.Dir(d.cfg.File), "--file", d.cfg.File, "--file", d.override)
	words = append(words, args...)
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), nil
}

// Stop implements [sut.Driver]: nothing is left of containers, networks,
// volumes and the images that were built.
func (d *Driver) Stop(ctx context.Context) error {
	if d.engine == nil {
		return nil
	}
	var errs []error
	if d.box != nil {
		errs = append(errs, d.box.End(ctx))
	}
	d.net.Close()
	if d.override != "" {
		_, err := d.compose(ctx, "down", "--volumes", "--remove-orphans", "--rmi", "local", "--timeout", "5")
		errs = append(errs, err, os.Remove(d.override))
		d.override = ""
	}
	return errors.Join(append(errs, d.engine.Clean(ctx))...)
}

// Alive implements [sut.Driver].
func (d *Driver) Alive() (bool, string) {
	if d.box == nil {
		return false, "not started"
	}
	return d.box.Alive()
}

// Able implements [sut.Able].
func (d *Driver) Able(a sut.Ability) error { return container.Able(a) }

// Kill implements [sut.Breaker].
func (d *Driver) Kill(ctx context.Context) error { return d.box.Kill(ctx) }

// Restart implements [sut.Breaker].
func (d *Driver) Restart(ctx context.Context, graceful bool) error {
	return d.box.Restart(ctx, graceful)
}

// End implements [sut.Ender].
func (d *Driver) End(ctx context.Context) error { return d.box.End(ctx) }

// Pause implements [sut.Pauser].
func (d *Driver) Pause(ctx context.Context) error { return d.box.Pause(ctx) }

// Resume implements [sut.Pauser].
func (d *Driver) Resume(ctx context.Context) error { return d.box.Resume(ctx) }

// Detach implements [sut.Detacher].
func (d *Driver) Detach(ctx context.Context) error { return d.box.Detach(ctx) }

// Attach implements [sut.Detacher].
func (d *Driver) Attach(ctx context.Context) error { return d.box.Attach(ctx) }

// LimitMemory implements [sut.MemoryLimiter].
func (d *Driver) LimitMemory(ctx context.Context, spare int64) error {
	return d.box.LimitMemory(ctx, spare)
}

// UnlimitMemory implements [sut.MemoryLimiter].
func (d *Driver) UnlimitMemory(ctx context.Context) error { return d.box.UnlimitMemory(ctx) }

// Shape implements [sut.Shaper].
func (d *Driver) Shape(ctx context.Context, netem ...string) error { return d.box.Shape(ctx, netem...) }

// Unshape implements [sut.Shaper].
func (d *Driver) Unshape(ctx context.Context) error { return d.box.Unshape(ctx) }

// Sample implements [sut.Sampler].
func (d *Driver) Sample() (sut.Usage, error) {
	if d.box == nil {
		return sut.Usage{}, sut.ErrNotSampled
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return d.box.Sample(ctx)
}
