package load

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/simulators"
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
	granted  string             // the file of credentials that it is handed; "" if there is none
	events   *events            // the broker through which the MES announces; nil if it posts to the build
	speaks   *harness.Interface // of the ERP; nil if it speaks that of the fast path
	open     func(to string, secured *tls.Config) (url string, c simulators.Credentials, err error)
	// Token is what the build must show at the simulated systems.
	Token string
}

var (
	_ Build = (*Rigged)(nil)
	_ Based = (*Rigged)(nil)

	_ Foreign = (*Rigged)(nil)
)

// NewRigged returns the build of a rig file. It says what of the rig a load
// cannot do. Self is the path of the andon program, log gets what the build
// prints.
func NewRigged(f harness.File, c catalog.Catalog, defect, self string, log io.Writer) (_ *Rigged, err error) {
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
		if d := cmp.Or(e.Dialect, Dialect); e.System == "mes" && d != Dialect {
			return nil, e.Pos.Errorf("endpoints.%s: the MES of a load speaks %s so far, not %s; any dialect over HTTP will do at the ERP", name, Dialect, d)
		}
		if e.System == "mes" && e.TLS != "" {
			return nil, e.Pos.Errorf("endpoints.%s: the MES of a load answers without TLS so far; the ERP may have it", name)
		}
	}
	if b.erp == "" || b.mes == "" {
		return nil, f.Pos.Errorf("a load needs an endpoint with system: erp and one with system: mes")
	}
	if b.speaks, err = spokenAt(f, c, b.erp); err != nil {
		return nil, err
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
func (b *Rigged) Listen() string {
	if b.speaks != nil {
		return b.file.Endpoints[b.mes].Listen
	}
	return b.file.Endpoints[b.erp].Listen
}

// Speaks implements [Foreign].
func (b *Rigged) Speaks() *harness.Interface { return b.speaks }

// ERPListen implements [Foreign].
func (b *Rigged) ERPListen() string { return b.file.Endpoints[b.erp].Listen }

// Opens implements [Foreign].
func (b *Rigged) Opens(open func(to string, secured *tls.Config) (url string, c simulators.Credentials, err error)) {
	b.open = open
}

// spokenAt is how the ERP of a rig speaks; nil if the fast path does.
func spokenAt(f harness.File, c catalog.Catalog, erp string) (*harness.Interface, error) {
	e := f.Endpoints[erp]
	if cmp.Or(e.Dialect, Dialect) == Dialect && e.TLS == "" {
		return nil, nil
	}
	if t := cmp.Or(e.Transport, schemeHTTP); t != schemeHTTP {
		return nil, e.Pos.Errorf("endpoints.%s: a load takes postings over http, not over %s: what lies in folders and tables is fetched at a pace of its own", erp, t)
	}
	i, err := f.Interface(c, erp)
	return &i, err
}

// opened has the ERP that speaks a dialect listen, and tells v where.
func (b *Rigged) opened(v harness.Vars) error {
	if b.speaks == nil {
		return nil
	}
	to, err := v.Expand(b.file.SUT.Receives[b.erp])
	if err != nil {
		return fmt.Errorf("sut.receives.%s: %w", b.erp, err)
	}
	secured, err := b.secure(v)
	if err != nil {
		return err
	}
	base, c, err := b.open(to, secured)
	if err != nil {
		return fmt.Errorf("endpoints.%s: %w", b.erp, err)
	}
	v[b.erp+".url"], v[b.erp+".token"] = base, base+"/"+simulators.TokenName
	v[b.erp+".client"], v[b.erp+".secret"] = c.Client, c.Secret
	b.granted, err = harness.Granted(v, b.erp, b.speaks.Speaks, base, c, b.state)
	return err
}

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
		v[name+".dialect"] = cmp.Or(b.file.Endpoints[name].Dialect, Dialect)
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
	if err := b.opened(v); err != nil {
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
	d, err := b.drive(v, ready)
	if err != nil {
		return "", err
	}
	b.driver = d
	if err := d.Start(ctx, env); err != nil {
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
