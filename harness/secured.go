package harness

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/certs"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators"
)

// How an endpoint is served over TLS.
const (
	TLSServer = "server"
	TLSMutual = "mutual"
)

// secure makes the run's own certificate authority, if an endpoint is served
// over TLS, and the files by which the SUT trusts it and is trusted.
func (r *Rig) secure() (err error) {
	if !r.setup.File.any(func(e EndpointSpec) bool { return e.TLS != "" }) {
		return nil
	}
	if r.setup.World != nil { // in memory nobody looks
		r.Vars["andon.ca"], r.Vars["andon.cert"], r.Vars["andon.key"] = "", "", ""
		return nil
	}
	if r.authority, err = certs.New("Andon, run " + r.setup.Run); err != nil {
		return err
	}
	cert, key, err := r.authority.Client("sut")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "andon-tls-*")
	if err != nil {
		return fmt.Errorf("make a directory for certificates: %w", err)
	}
	r.closed = append(r.closed, func() error { return os.RemoveAll(dir) })
	readable := os.FileMode(0o600)
	if s := r.setup.File.SUT; s.Container != nil || s.Compose != nil { // nobody knows who the SUT is inside
		readable = 0o644
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	r.certificates = dir
	for _, f := range []struct {
		name string
		pem  []byte
		mode os.FileMode
	}{{"ca", r.authority.PEM(), 0o644}, {"cert", cert, 0o644}, {"key", key, readable}} {
		path := filepath.Join(dir, f.name+".pem")
		if err := os.WriteFile(path, f.pem, f.mode); err != nil {
			return fmt.Errorf("write certificates: %w", err)
		}
		r.Vars["andon."+f.name] = path
	}
	return nil
}

// tlsOf is how an endpoint is served over TLS; nil if it is not.
func (r *Rig) tlsOf(name string, spec EndpointSpec) (*tls.Config, error) {
	if spec.TLS == "" {
		return nil, nil
	}
	hosts := []string{"127.0.0.1", "::1", "localhost"}
	if host, _, err := net.SplitHostPort(spec.Listen); err == nil && host != "" && !slices.Contains(hosts, host) {
		hosts = append(hosts, host)
	}
	if spec.Host != "" {
		hosts = append([]string{spec.Host}, hosts...)
	}
	return r.authority.Serve(certs.Server{Hosts: hosts, Mutual: spec.TLS == TLSMutual, Wrong: func(conn string) chaos.Cert {
		if rd := r.Plan.roadTo(name, chaos.BySUT); rd != nil {
			return rd.Handshake(conn)
		}
		return chaos.CertGood
	}})
}

// any reports whether an endpoint is so.
func (f File) any(is func(EndpointSpec) bool) bool {
	return slices.ContainsFunc(f.endpointNames(), func(name string) bool { return is(f.Endpoints[name]) })
}

// checkSecured says what is wrong with tls and host.
func (e *EndpointSpec) checkSecured() error {
	switch {
	case e.TLS != "" && e.TLS != TLSServer && e.TLS != TLSMutual:
		return e.Pos.Errorf("tls: %s", yamlfile.OneOf(e.TLS, []string{TLSServer, TLSMutual}))
	case (e.TLS != "" || e.Host != "") && (e.System == "" || shareOf(*e) != simulators.ShareNone):
		return e.Pos.Errorf("tls and host are of endpoints that answer over HTTP, and this one does not").WithHint("leave them out here")
	case e.Host != "" && !hostname(e.Host):
		return e.Pos.Errorf("host %q is no name that the rig can give away: lower-case letters, digits and hyphens between dots, and no address", e.Host).WithHint("host: \"erp.plant.test\"")
	}
	return nil
}

// checkSecured says what of tls and host the rig as a whole cannot keep.
func (f *File) checkSecured() error {
	named := map[string]string{}
	for _, name := range f.endpointNames() {
		e := f.Endpoints[name]
		if e.TLS == "" && e.Host == "" {
			continue
		}
		if c := f.SUT.Container; f.SUT.Compose != nil || c != nil && c.Network != NetworkHost {
			return e.Pos.Errorf("endpoints.%s has tls or a host, and a container in a network of its own reaches the rig by another address than names and certificates say", name).
				WithHint("sut.container: {network: host}, or leave tls and host out")
		}
		if other := named[e.Host]; e.Host != "" && other != "" {
			return e.Pos.Errorf("endpoints.%s and endpoints.%s are both called %s", other, name, e.Host).WithHint("give each endpoint a host of its own")
		}
		named[e.Host] = name
	}
	return nil
}

// takes reports whether t can do something at the endpoint called name: what
// is wrong with certificates and names needs some.
func (f File) takes(t chaos.Trouble, name string) bool {
	e := f.Endpoints[name]
	return (t.Cert == chaos.CertGood || e.TLS != "") && (t.Names.Answer == chaos.AnswerTrue || e.Host != "") && (t.Upon == chaos.ReplyAny || e.database())
}

// connsFeasible says why no endpoint of the rig can meet t; nil if one can.
func (f File) connsFeasible(t chaos.Trouble) error {
	switch {
	case t.Upon != chaos.ReplyAny && !f.any(EndpointSpec.database):
		return errNoDatabase
	case t.Cert != chaos.CertGood && !f.any(func(e EndpointSpec) bool { return e.TLS != "" }):
		return errNoTLS
	case t.Names.Answer == chaos.AnswerTrue:
	case !f.any(func(e EndpointSpec) bool { return e.Host != "" }):
		return errNoHost
	case f.SUT.ours() && !f.SUT.asks():
		return errNotAsked
	}
	return nil
}

var (
	errNoTLS      = errors.New("no endpoint is served over TLS: write tls: server or tls: mutual where it can strike")
	errNoDatabase = errors.New("no endpoint has its tables behind a server: write url: \"postgres://user@127.0.0.1:5432/name\" where it can strike; the embedded database has no connections")
	errNoHost     = errors.New("no endpoint has a name: write host: \"erp.plant.test\" where it can strike")
	errNotAsked   = errors.New("the SUT is not told of the rig's name server, so it cannot ask it: name ${andon.dns} in sut.env or in the command")
)

// asks reports whether the SUT is told of the rig's name server.
func (s SUTSpec) asks() bool {
	told := []string{}
	for _, v := range s.Env {
		told = append(told, v)
	}
	if s.Process != nil {
		told = append(told, s.Process.Command...)
	}
	if s.Container != nil {
		told = append(told, s.Container.Command...)
	}
	return slices.ContainsFunc(told, func(v string) bool { return strings.Contains(v, "${andon.dns}") })
}
