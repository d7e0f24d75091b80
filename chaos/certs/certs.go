// Package certs is the certificate authority of one run, and what endpoints
// show in TLS handshakes: good certificates, and those that a fault wants shown.
//
// It keeps everything in memory and knows neither endpoints nor connections:
// whoever serves TLS tells it the names, and asks at each handshake what is
// wrong.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// life is how long what is good stays so: longer than any run.
const life = 30 * 24 * time.Hour

// An Authority issues certificates that those who trust it accept.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New makes an authority whose key nobody else has. It is called name, which
// no other that is to be told from it may be.
func New(name string) (*Authority, error) {
	a := &Authority{}
	cert, err := a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}, life)
	if err != nil {
		return nil, fmt.Errorf("make certificate authority %s: %w", name, err)
	}
	a.cert, a.key = cert.Leaf, cert.PrivateKey.(*ecdsa.PrivateKey)
	return a, nil
}

// PEM is the certificate by which a is trusted.
func (a *Authority) PEM() []byte { return block("CERTIFICATE", a.cert.Raw) }

// Pool is a for those who verify in Go.
func (a *Authority) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// Client issues a certificate by which a caller shows that it is name, and its
// private key, both as PEM.
func (a *Authority) Client(name string) (cert, key []byte, err error) {
	c, err := a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, life)
	if err != nil {
		return nil, nil, fmt.Errorf("issue client certificate of %s: %w", name, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return nil, nil, fmt.Errorf("issue client certificate of %s: %w", name, err)
	}
	return block("CERTIFICATE", c.Certificate[0]), block("PRIVATE KEY", der), nil
}

// server issues a certificate of hosts, names or addresses, that is good until
// left is over; not above 0, it is over.
func (a *Authority) server(left time.Duration, hosts ...string) (tls.Certificate, error) {
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: hosts[0]}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	c, err := a.issue(t, left)
	if err != nil {
		return c, fmt.Errorf("issue certificate of %s: %w", hosts[0], err)
	}
	return c, nil
}

// issue signs t, which is good until left is over, and makes its key. An
// authority without a key signs itself.
func (a *Authority) issue(t *x509.Certificate, left time.Duration) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	t.NotBefore, t.NotAfter = now.Add(-life), now.Add(left)
	parent, signer := t, key
	if a.key != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
