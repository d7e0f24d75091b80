package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/andon-rig/andon/harness/sut"
)

// Config describes the container.
type Config struct {
	Image      string // on this machine, or pulled; "" if Context is given
	Context    string // directory from which an image is built for the run
	Dockerfile string // in Context; "" means Dockerfile
	Args       map[string]string
	Command    []string // nil means the image's own
	Mounts     []Mount
	Host       bool     // it shares this machine's network
	Ports      []string // on which it listens; published on the loopback interface
	User       string   // "" means the image's own
	Memory     int64    // bytes; 0 means any
	CPUs       string   // "1.5"; "" means any
	Ready      sut.Ready
	Log        io.Writer // gets what it prints; nil discards
	// Patience is how long a graceful end may take before it is forced, in whole
	// seconds; 0 means 5 s.
	Patience time.Duration
}

// A Mount shows a path of this machine in the container. A file that is told has
// addresses in it, which are translated to what they are inside; see
// [Network.Translate].
type Mount struct {
	From, To string
	ReadOnly bool
	Told     bool
}

// Driver runs one container.
type Driver struct {
	cfg    Config
	engine *Engine
	net    *Network
	box    *Box
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

// New returns a driver that has started and made nothing yet.
func New(c Config) (*Driver, error) {
	if (c.Image == "") == (c.Context == "") {
		return nil, errors.New("a container is made of an image or of a directory with a Dockerfile: give one of the two")
	}
	if _, err := nanoCPUs(c.CPUs); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	return &Driver{cfg: c}, nil
}

// Asked returns a driver that starts nothing: it can only be asked what it is
// able to do.
func Asked(host bool) *Driver { return &Driver{cfg: Config{Host: host}} }

// nanoCPUs reads "1.5" as the engine's API has it.
func nanoCPUs(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	r, ok := new(big.Rat).SetString(s)
	if ok {
		r.Mul(r, big.NewRat(1e9, 1))
	}
	if !ok || r.Sign() <= 0 || !r.IsInt() {
		return 0, fmt.Errorf("cpus: %q is not a number of CPUs such as 1.5", s)
	}
	return r.Num().Int64(), nil
}

// Start implements [sut.Driver]. Addresses of the loopback interface in env and
// command are translated to what they are inside; see [Network.Translate].
func (d *Driver) Start(ctx context.Context, env map[string]string) (err error) {
	if d.engine, err = Open(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Stop(context.WithoutCancel(ctx)))
		}
	}()
	command := d.cfg.Command
	if !d.cfg.Host {
		if d.net, err = d.engine.Network(ctx, nil); err != nil {
			return err
		}
		if env, err = d.net.TranslateAll(env, d.cfg.Ports); err != nil {
			return err
		}
		command = make([]string, len(d.cfg.Command))
		for i, w := range d.cfg.Command {
			if command[i], err = d.net.Translate(w, d.cfg.Ports); err != nil {
				return err
			}
		}
	}
	mounts, err := d.net.Tell(d.cfg.Mounts, d.cfg.Ports, d.cfg.User)
	if err != nil {
		return err
	}
	id, err := d.create(ctx, env, command, mounts)
	if err != nil {
		return err
	}
	d.box = &Box{Engine: d.engine, ID: id, Ready: d.cfg.Ready, Log: d.cfg.Log, Patience: d.cfg.Patience}
	return d.box.Start(ctx)
}

// create makes the image, if it has to be made, and the container.
func (d *Driver) create(ctx context.Context, env map[string]string, command []string, mounts []Mount) (id string, err error) {
	req := testcontainers.ContainerRequest{
		Image: d.cfg.Image, Env: env, Cmd: command, Name: d.engine.Name(), Labels: d.engine.Labels(),
		ConfigModifier: func(c *container.Config) { c.User = d.cfg.User },
	}
	if d.cfg.Context != "" {
		req.FromDockerfile = d.dockerfile()
	}
	binds := make([]string, len(mounts))
	for i, m := range mounts {
		from, err := filepath.Abs(m.From)
		if err != nil {
			return "", fmt.Errorf("mount %s: %w", m.From, err)
		}
		binds[i] = from + ":" + m.To
		if m.ReadOnly {
			binds[i] += ":ro"
		}
	}
	cpus, err := nanoCPUs(d.cfg.CPUs)
	if err != nil {
		return "", err
	}
	published := network.PortMap{}
	if !d.cfg.Host {
		req.Networks = []string{d.net.Name}
		for _, p := range d.cfg.Ports {
			port, err := network.ParsePort(p + "/tcp")
			if err != nil {
				return "", fmt.Errorf("port %s of the SUT: %w", p, err)
			}
			req.ExposedPorts = append(req.ExposedPorts, p+"/tcp")
			published[port] = []network.PortBinding{{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: p}}
		}
	}
	req.HostConfigModifier = func(h *container.HostConfig) {
		h.Binds, h.PortBindings, h.NanoCPUs = binds, published, cpus
		h.Memory, h.MemorySwap = d.cfg.Memory, d.cfg.Memory
		if d.cfg.Host {
			h.NetworkMode = "host"
		} else {
			h.ExtraHosts = append(h.ExtraHosts, desktop+":host-gateway")
		}
	}
	if d.cfg.Context != "" {
		// A build that is called off leaves layers that nobody can tell from
		// anybody else's, so it goes on to its end, and what it made is removed.
		var done context.CancelFunc
		ctx, done = context.WithTimeout(context.WithoutCancel(ctx), longestBuild)
		defer done()
	}
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{ContainerRequest: req, Logger: silent{}})
	if err != nil {
		return "", fmt.Errorf("make the SUT's container: %w", err)
	}
	return c.GetContainerID(), nil
}

// longestBuild is when a build is given up.
const longestBuild = 15 * time.Minute

func (d *Driver) dockerfile() testcontainers.FromDockerfile {
	args := map[string]*string{}
	for k, v := range d.cfg.Args {
		args[k] = &v
	}
	return testcontainers.FromDockerfile{
		Context: d.cfg.Context, Dockerfile: d.cfg.Dockerfile, Repo: "andon-sut", Tag: d.engine.sut, BuildArgs: args, BuildLogWriter: d.cfg.Log,
		BuildOptionsModifier: func(o *client.ImageBuildOptions) {
			o.Labels = d.engine.Labels()
			o.ForceRemove = true // also containers of a build that fails
		},
	}
}

// Stop implements [sut.Driver]: nothing is left of container, network and the
// image that was built.
func (d *Driver) Stop(ctx context.Context) error {
	if d.engine == nil {
		return nil
	}
	var err error
	if d.box != nil {
		err = d.box.End(ctx)
	}
	d.net.Close()
	return errors.Join(err, d.engine.Clean(ctx))
}

// Alive implements [sut.Driver].
func (d *Driver) Alive() (bool, string) {
	if d.box == nil {
		return false, "not started"
	}
	return d.box.Alive()
}

// Able implements [sut.Able].
func (d *Driver) Able(a sut.Ability) error {
	if d.cfg.Host && (a == sut.Detaching || a == sut.Shaping) {
		return errors.New("the container shares this machine's network (network: host): give it one of its own, network: bridge")
	}
	return Able(a)
}

// Able says why an ability of containers is missing on this machine.
func Able(a sut.Ability) error {
	if a == sut.Shaping {
		return CanShape()
	}
	return nil
}

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
