package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/andon-rig/andon/chaos/certs"
	"github.com/andon-rig/andon/harness"
)

// secured has e send over TLS if u says so. Then goroutines send, as on systems
// without epoll: what is written to a connection is not what was worded.
func (e *emitter) secured(u *url.URL) {
	if u.Scheme != schemeHTTPS {
		return
	}
	e.cfg.portable = true
	e.secure = &tls.Config{ServerName: u.Hostname(), RootCAs: e.cfg.roots, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
}

// handshake secures a connection.
func (e *emitter) handshake(ctx context.Context, plain net.Conn) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, max(e.cfg.Timeout, time.Second))
	defer cancel()
	c := tls.Client(plain, e.secure)
	if err := c.HandshakeContext(ctx); err != nil {
		e.out.Unconnect.Add(1)
		return nil, errors.Join(fmt.Errorf("agree on TLS with the build: %w", err), plain.Close())
	}
	return c, nil
}

// secure makes the authority that certifies the ERP, if it is served over TLS, and
// the files by which the build trusts it and is trusted: in its state, which is
// deleted with it.
func (b *Rigged) secure(v harness.Vars) (*tls.Config, error) {
	if b.speaks.TLS == "" {
		return nil, nil
	}
	authority, err := certs.New("Andon, load")
	if err != nil {
		return nil, err
	}
	cert, key, err := authority.Client("sut")
	if err != nil {
		return nil, err
	}
	for name, pem := range map[string][]byte{"ca": authority.PEM(), "cert": cert, "key": key} {
		path := filepath.Join(b.state, "andon-"+name+".pem")
		if err := os.WriteFile(path, pem, 0o644); err != nil {
			return nil, fmt.Errorf("write certificates: %w", err)
		}
		v["andon."+name] = path
	}
	hosts := []string{"127.0.0.1", "::1", "localhost"}
	if h := b.file.Endpoints[b.erp].Host; h != "" {
		hosts = append(hosts, h)
	}
	return authority.Serve(certs.Server{Hosts: hosts, Mutual: b.speaks.TLS == harness.TLSMutual})
}
