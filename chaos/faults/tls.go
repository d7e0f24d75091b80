package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// TLSCertificate has an endpoint that is served over TLS show a certificate
// that must not be trusted, from the next handshake on. What is wrong with it
// makes three faults.
//
// Layer W: a certificate that nobody renewed, one of another host behind the
// same address, a new issuer of whom nobody was told, or an attacker. Observed
// as an error of the handshake that names the reason.
type TLSCertificate struct {
	wrong    chaos.Cert
	Existing Existing `yaml:"existing" jsonschema:"enum=reset,enum=keep" doc:"what becomes of connections made before"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *TLSCertificate) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *TLSCertificate) Trouble() chaos.Trouble {
	return chaos.Trouble{Cert: f.wrong, Sweep: f.Existing != ExistingKeep}
}

// Leaves implements [chaos.Choosy].
func (f *TLSCertificate) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *TLSCertificate) Validate() error { return f.Existing.validate() }

// TLSClientRefused has an endpoint that is served over TLS refuse whatever
// certificate the SUT shows, and that it shows none.
//
// Layer W: a client certificate that was revoked or has expired, a trust store
// that was replaced, a server that asks for certificates since this morning.
// Observed as an alert: with TLS 1.3 only when the SUT first reads, after its
// handshake had seemed to succeed.
type TLSClientRefused struct {
	Says     Alert    `yaml:"says" jsonschema:"enum=bad-certificate,enum=expired,enum=unknown-ca" doc:"why, to a SUT that shows one; who shows none is told that one is needed"`
	Existing Existing `yaml:"existing" jsonschema:"enum=reset,enum=keep" doc:"what becomes of connections made before"`
}

// Alert is why a client certificate is refused.
type Alert string

// Why it is refused.
const (
	AlertBad     Alert = "bad-certificate"
	AlertExpired Alert = "expired"
	AlertUnknown Alert = "unknown-ca"
)

var alerts = map[Alert]chaos.Cert{"": chaos.CertClientRefused, AlertBad: chaos.CertClientRefused, AlertExpired: chaos.CertClientExpired, AlertUnknown: chaos.CertClientUnknown}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *TLSClientRefused) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *TLSClientRefused) Trouble() chaos.Trouble {
	return chaos.Trouble{Cert: alerts[f.Says], Sweep: f.Existing != ExistingKeep}
}

// Leaves implements [chaos.Choosy].
func (f *TLSClientRefused) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *TLSClientRefused) Validate() error {
	if _, ok := alerts[f.Says]; !ok {
		return errors.Join(fmt.Errorf("says: %q is not one of bad-certificate, expired, unknown-ca", f.Says), f.Existing.validate())
	}
	return f.Existing.validate()
}

// ofTLS lists what is wrong with certificates.
func ofTLS() []Info {
	const (
		secured  = "an endpoint with tls: server or tls: mutual"
		stranger = "nothing is sent to a stranger; work goes on when the certificate is good again"
	)
	shows := func(wrong chaos.Cert) func() chaos.Fault {
		return func() chaos.Fault { return &TLSCertificate{wrong: wrong, Existing: ExistingReset} }
	}
	requirements := []string{"CTL-16", "SYS-07", "FLT-06"}
	return []Info{
		{
			Name: "tls-expired", Layer: Wire, Needs: secured, Requirements: requirements, Tolerates: stranger,
			Doc:      "the endpoint's certificate has expired",
			Observed: "x509: certificate has expired or is not yet valid (CERTIFICATE_VERIFY_FAILED, CERT_HAS_EXPIRED)",
			New:      shows(chaos.CertExpired),
		}, {
			Name: "tls-wrong-host", Layer: Wire, Needs: secured, Requirements: requirements, Tolerates: stranger,
			Doc:      "the endpoint's certificate is good, and another host's",
			Observed: "x509: certificate is valid for another host (ERR_TLS_CERT_ALTNAME_INVALID, no subject alternative name matches)",
			New:      shows(chaos.CertWrongHost),
		}, {
			Name: "tls-unknown-ca", Layer: Wire, Needs: secured, Requirements: requirements, Tolerates: stranger,
			Doc:      "the endpoint's certificate is of an authority that the SUT was not told of",
			Observed: "x509: certificate signed by unknown authority (unable to get local issuer certificate, PKIX path building failed)",
			New:      shows(chaos.CertUnknownCA),
		}, {
			Name: "tls-client-refused", Layer: Wire, Needs: secured, Requirements: []string{"CTL-16", "SYS-07"}, Tolerates: cutOff,
			Doc:      "the endpoint does not accept the SUT's certificate, or that it has none",
			Observed: "remote error: tls: bad certificate, expired certificate or unknown certificate authority; certificate required",
			New:      func() chaos.Fault { return &TLSClientRefused{Says: AlertBad, Existing: ExistingReset} },
		},
	}
}
