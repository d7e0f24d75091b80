package load

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/sut"
)

// Dialect is what the fast path speaks so far. Another one needs that Spoken
// takes it, and an ERP that answers in its words.
const Dialect = "neutral/v1"

// Running is a build that somebody else has started.
type Running struct{ URL string }

var _ Build = Running{}

// Start implements [Build].
func (r Running) Start(context.Context, string) (string, error) { return r.URL, nil }

// Stop implements [Build]; the build is not ours to stop.
func (r Running) Stop(context.Context) error { return nil }

// Alive implements [Build]: whether it answers shows in what is sent.
func (r Running) Alive() (bool, string) { return true, "" }

// Usage implements [Build].
func (r Running) Usage() (sut.Usage, bool) { return sut.Usage{}, false }

// Rigged is the build of a rig file.
type Rigged struct {
	file     harness.File
	erp, mes string // endpoints
	defect   string
	self     string
	log      io.Writer
	driver   sut.Driver
	state    string
	events   *events // the broker through which the MES announces; nil if it posts to the build
	// Token is what the build must show at the simulated systems.
	Token string
}

var (
	_ Build = (*Rigged)(nil)
	_ Based = (*Rigged)(nil)
)

// NewRigged returns the build of a rig file. It says what of the rig a load
// cannot do. Self is the path of the andon program, log gets what the build
// prints.
func NewRigged(f harness.File, defect, self string, log io.Writer) (_ *Rigged, err error) {
	b := &Rigged{file: f, defect: defect, self: self, log: log, Token: rand.Text()}
	for name, e := range f.Endpoints {
		switch e.System {
		case "erp":
			b.erp = name
		case "mes":
			b.mes = name
		default:
			continue
		}
		if d := cmp.Or(e.Dialect, Dialect); d != Dialect || e.TLS != "" {
			return nil, e.Pos.Errorf("endpoints.%s: a load speaks %s without TLS so far, not %s", name, Dialect, strings.TrimSpace(d+" "+e.TLS))
		}
	}
	if b.erp == "" || b.mes == "" {
		return nil, f.Pos.Errorf("a load needs an endpoint with system: erp and one with system: mes")
	}
	if b.events, err = announced(f, b.mes); err != nil {
		return nil, err
	}
	if b.events == nil && f.SUT.Receives[b.mes] == "" {
		return nil, f.SUT.Pos.Errorf("sut.receives.%s is missing: where does the build take confirmations?", b.mes)
	}
	return b, nil
}

// Listen is where the simulated systems must listen, because an external build
// has been told; "" if anywhere.
func (b *Rigged) Listen() string { return b.file.Endpoints[b.erp].Listen }

// ERPBase implements [Based].
func (b *Rigged) ERPBase() string { return "/erp" }

// vars are what the build is told of the rig.
func (b *Rigged) vars(systems string) (harness.Vars, error) {
	state, err := os.MkdirTemp("", "andon-state-*")
	if err != nil {
		return nil, fmt.Errorf("make a state directory for the build: %w", err)
	}
	b.state = state
	if b.file.SUT.Container != nil || b.file.SUT.Compose != nil { // who it is inside is not known here
		if err := os.Chmod(state, 0o777); err != nil {
			return nil, fmt.Errorf("let the build's container write its state: %w", err)
		}
	}
	v := harness.Vars{"run.id": "load", "andon.self": b.self, "andon.state": state, "andon.exceptions": systems + "/exceptions"}
	for name := range b.file.Endpoints {
		base := systems + "/" + name
		switch name {
		case b.erp:
			base = systems + b.ERPBase()
		case b.mes:
			base = systems + "/mes"
		}
		v[name+".url"], v[name+".token"] = base, base+"/oauth/token"
		v[name+".client"], v[name+".secret"] = "andon-"+name, b.Token
		v[name+".next.client"], v[name+".next.secret"] = "andon-"+name+"-next", b.Token
	}
	return v, nil
}

// Start implements [Build].
func (b *Rigged) Start(ctx context.Context, systems string) (webhook string, err error) {
	v, err := b.vars(systems)
	if err != nil {
		return "", err
	}
	if err := b.events.start(ctx, v); err != nil {
		return "", err
	}
	ready := sut.Ready{Within: b.file.SUT.Ready.Within.D}
	if ready.HTTP, err = v.Expand(b.file.SUT.Ready.HTTP); err != nil {
		return "", fmt.Errorf("sut.ready.http: %w", err)
	}
	env, err := v.ExpandAll(b.file.SUT.Env)
	if err != nil {
		return "", fmt.Errorf("sut.env.%w", err)
	}
	if b.defect != "" {
		env["DEFECT"] = b.defect
	}
	if b.events != nil {
		webhook = b.events.webhook
	} else if webhook, err = v.Expand(b.file.SUT.Receives[b.mes]); err != nil {
		return "", fmt.Errorf("sut.receives.%s: %w", b.mes, err)
	}
	if b.driver, err = b.drive(v, ready); err != nil {
		return "", err
	}
	if err := b.driver.Start(ctx, env); err != nil {
		return "", err
	}
	return webhook, b.events.heard(ctx)
}

// Stop implements [Build].
func (b *Rigged) Stop(ctx context.Context) (err error) {
	if b.driver != nil {
		err = b.driver.Stop(ctx)
	}
	err = errors.Join(err, b.events.stop())
	if b.state != "" {
		err = errors.Join(err, os.RemoveAll(b.state))
	}
	return err
}

// Alive implements [Build].
func (b *Rigged) Alive() (bool, string) { return b.driver.Alive() }

// Usage implements [Build].
func (b *Rigged) Usage() (sut.Usage, bool) {
	s, ok := b.driver.(sut.Sampler)
	if !ok {
		return sut.Usage{}, false
	}
	u, err := s.Sample()
	return u, err == nil // else it cannot be looked into here and now
}
