package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// BadCertificate has an endpoint that is served over TLS show a certificate
// that must not be trusted.
//
// Layer W: a certificate that nobody renewed, one of another host, a new
// issuer that nobody told of, an attacker. Observed as an error of the
// handshake that names the reason.
type BadCertificate struct {
	Variant  Certificate `yaml:"variant" jsonschema:"enum=expired,enum=wrong-host,enum=unknown-ca" doc:"what is wrong with it"`
	Existing Existing    `yaml:"existing" jsonschema:"enum=reset,enum=keep" doc:"what becomes of connections made before"`
}

// Certificate says what is wrong with a certificate.
type Certificate string

// What is wrong with it.
const (
	CertificateExpired   Certificate = "expired"
	CertificateWrongHost Certificate = "wrong-host"
	CertificateUnknownCA Certificate = "unknown-ca"
)

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *BadCertificate) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *BadCertificate) Trouble() chaos.Trouble {
	return chaos.Trouble{Cert: chaos.Cert(f.Variant), Fresh: true, Sweep: f.Existing != ExistingKeep}
}

// Leaves implements [chaos.Choosy].
func (f *BadCertificate) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Blocks implements [chaos.Blocker].
func (f *BadCertificate) Blocks() bool { return f.Existing != ExistingKeep }

// Validate says what is wrong with the settings.
func (f *BadCertificate) Validate() error {
	switch f.Variant {
	case CertificateExpired, CertificateWrongHost, CertificateUnknownCA:
		return f.Existing.validate()
	}
	return errors.Join(fmt.Errorf("variant: %q is not one of expired, wrong-host, unknown-ca", f.Variant), f.Existing.validate())
}

// ClientCertificateRefused has an endpoint that is served over TLS refuse
// whatever certificate the SUT shows, and that it shows none.
//
// Layer W: a client certificate that was revoked or has expired, a trust store
// that was replaced. Observed as an alert: with TLS 1.3 only when the SUT first
// reads, after its handshake had seemed to succeed.
type ClientCertificateRefused struct {
	Existing Existing `yaml:"existing" jsonschema:"enum=reset,enum=keep" doc:"what becomes of connections made before"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *ClientCertificateRefused) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *ClientCertificateRefused) Trouble() chaos.Trouble {
	return chaos.Trouble{Cert: chaos.CertClientDenied, Fresh: true, Sweep: f.Existing != ExistingKeep}
}

// Leaves implements [chaos.Choosy].
func (f *ClientCertificateRefused) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Blocks implements [chaos.Blocker].
func (f *ClientCertificateRefused) Blocks() bool { return f.Existing != ExistingKeep }

// Validate says what is wrong with the settings.
func (f *ClientCertificateRefused) Validate() error { return f.Existing.validate() }

// HandshakeStall accepts new connections and keeps back the first reply on
// each: what a TLS handshake waits for, or the greeting of another protocol.
//
// Layer W: a balancer that accepts for a server that hangs, a server without
// entropy or workers. Observed as a handshake timeout, which many clients do
// not have.
type HandshakeStall struct {
	For      Wall     `yaml:"for" doc:"how long; none means until it is healed"`
	Existing Existing `yaml:"existing" jsonschema:"enum=reset,enum=keep" doc:"what becomes of connections made before"`
	Opened   Opened   `yaml:"opened" jsonschema:"enum=by-sut,enum=by-rig,enum=by-either" doc:"whose connections"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *HandshakeStall) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *HandshakeStall) Trouble() chaos.Trouble {
	return chaos.Trouble{Opened: f.Opened.sides(), Stream: chaos.StreamHold, Way: simulators.ToSUT, Hold: f.For.d(), Fresh: true, Sweep: f.Existing != ExistingKeep}
}

// Leaves implements [chaos.Choosy].
func (f *HandshakeStall) Leaves(chaos.Crossing) string {
	return "it strikes new connections, not messages"
}

// Validate says what is wrong with the settings.
func (f *HandshakeStall) Validate() error {
	return errors.Join(f.Opened.validate(), f.Existing.validate(), notNegative("for", f.For))
}

// DNS has the rig's name server answer wrongly for the endpoint's name.
//
// Layer W: a record that was deleted, a resolver that is down, an address that
// moved while a cache or a zone kept the old one. Observed as a name that does
// not resolve, or as connections refused at an address nobody uses any more.
type DNS struct {
	Answer   Answer   `yaml:"answer" jsonschema:"enum=nxdomain,enum=servfail,enum=silence,enum=stale" doc:"what the name server says"`
	Existing Existing `yaml:"existing" jsonschema:"enum=reset,enum=keep" doc:"what becomes of connections made before"`
}

// Answer is what a name server says.
type Answer string

// What it says.
const (
	AnswerUnknown Answer = "nxdomain"
	AnswerFail    Answer = "servfail"
	AnswerSilence Answer = "silence"
	AnswerStale   Answer = "stale"
)

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *DNS) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return []chaos.Delivery{d} }

// Trouble implements [chaos.ConnFault].
func (f *DNS) Trouble() chaos.Trouble {
	return chaos.Trouble{Names: chaos.Names(f.Answer), Sweep: f.Existing != ExistingKeep}
}

// Leaves implements [chaos.Choosy].
func (f *DNS) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *DNS) Validate() error {
	switch f.Answer {
	case AnswerUnknown, AnswerFail, AnswerSilence, AnswerStale:
		return f.Existing.validate()
	}
	return errors.Join(fmt.Errorf("answer: %q is not one of nxdomain, servfail, silence, stale", f.Answer), f.Existing.validate())
}
