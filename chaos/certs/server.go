package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/andon-rig/andon/chaos"
)

// A Server is who is served over TLS.
type Server struct {
	Hosts []string // names and addresses by which it is called; at least one
	// Mutual asks callers for a certificate that the authority has issued.
	Mutual bool
	// Wrong says what is wrong with the handshake on a connection, which is
	// named by its caller's address; nil finds nothing wrong.
	Wrong func(conn string) chaos.Cert
}

// elsewhere is a host that nobody calls, and stranger who is trusted by nobody.
const (
	elsewhere = "elsewhere.andon.test"
	stranger  = "Andon, an authority that nobody knows"
)

// Serve returns the configuration of s. What is good and what is wrong is
// issued here, once.
func (a *Authority) Serve(s Server) (*tls.Config, error) {
	unknown, err := New(stranger)
	if err != nil {
		return nil, err
	}
	// As when an authority is made anew under its old name: callers show what
	// the old one has issued.
	successor, err := New(a.cert.Subject.CommonName)
	if err != nil {
		return nil, err
	}
	good, err := a.server(life, s.Hosts...)
	if err != nil {
		return nil, err
	}
	shown := map[chaos.Cert]tls.Certificate{}
	for cert, issue := range map[chaos.Cert]func() (tls.Certificate, error){
		chaos.CertExpired:   func() (tls.Certificate, error) { return a.server(-24*time.Hour, s.Hosts...) },
		chaos.CertWrongHost: func() (tls.Certificate, error) { return a.server(life, elsewhere) },
		chaos.CertUnknownCA: func() (tls.Certificate, error) { return unknown.server(life, s.Hosts...) },
	} {
		if shown[cert], err = issue(); err != nil {
			return nil, err
		}
	}
	base := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{good}}
	if s.Mutual {
		base.ClientAuth, base.ClientCAs = tls.RequireAndVerifyClientCert, a.Pool()
	}
	wrong := map[chaos.Cert]*tls.Config{}
	for cert, c := range shown {
		wrong[cert] = base.Clone()
		wrong[cert].Certificates = []tls.Certificate{c}
	}
	for cert, change := range map[chaos.Cert]func(*tls.Config){
		chaos.CertClientRefused: func(c *tls.Config) { c.VerifyConnection = refused },
		chaos.CertClientExpired: func(c *tls.Config) { c.Time = func() time.Time { return time.Now().Add(2 * life) } },
		chaos.CertClientUnknown: func(c *tls.Config) { c.ClientCAs = successor.Pool() },
	} {
		c := base.Clone()
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, a.Pool()
		change(c)
		wrong[cert] = c
	}
	for _, c := range wrong {
		c.SessionTicketsDisabled = true // who resumes a session would be shown nothing
	}
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if s.Wrong == nil {
			return nil, nil
		}
		cert := s.Wrong(hello.Conn.RemoteAddr().String())
		if cert == chaos.CertGood {
			return nil, nil
		}
		if c := wrong[cert]; c != nil {
			return c, nil
		}
		return nil, fmt.Errorf("no certificate is %s", cert)
	}
	return base, nil
}

// refused finds no certificate good enough. The caller is told no reason.
func refused(tls.ConnectionState) error { return errors.New("not accepted") }
