package bridge

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
)

// dialer opens connections to the systems. It asks the name server that the
// operator has named, or the machine's.
func (c Config) dialer() *net.Dialer {
	d := &net.Dialer{Timeout: c.Timeout}
	if c.Resolver != "" {
		d.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, c.Resolver)
		}}
	}
	return d
}

// shown is how the bridge shows who it is to systems that ask; the files were
// read before. Whom it trusts is the machine's affair ($SSL_CERT_FILE).
func (c Config) shown() (*tls.Config, error) {
	if c.Certificate == "" && c.PrivateKey == "" {
		return nil, nil
	}
	own, err := tls.LoadX509KeyPair(c.Certificate, c.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("CLIENT_CERT and CLIENT_KEY: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{own}}, nil
}
