package bridge

import (
	"context"
	"crypto/tls"
	"errors"
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
	t := &tls.Config{InsecureSkipVerify: c.Defect == M95} // DEFECT M95: whoever answers is who was meant
	if c.Certificate == "" && c.PrivateKey == "" {
		return t, nil
	}
	own, err := tls.LoadX509KeyPair(c.Certificate, c.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("CLIENT_CERT and CLIENT_KEY: %w", err)
	}
	t.Certificates = []tls.Certificate{own}
	return t, nil
}

// nameless reports whether a request was not made because the endpoint's name
// does not exist.
func nameless(err error) bool {
	var no *net.DNSError
	return errors.As(err, &no) && no.IsNotFound
}
