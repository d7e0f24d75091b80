package load

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// locked is a build behind TLS.
type locked struct {
	passing
	door *httptest.Server
}

func (b *locked) Start(ctx context.Context, systems string) (string, error) {
	_, err := b.passing.Start(ctx, systems)
	b.door.Config.Handler = b.server.Config.Handler
	b.door.StartTLS()
	return b.door.URL + "/mes", err
}

func (b *locked) Stop(ctx context.Context) error {
	b.door.CloseClientConnections()
	b.door.Close()
	return b.passing.Stop(ctx)
}

// certified are those whom builds of these tests are certified by.
func certified(t *testing.T) *x509.CertPool {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

func TestBuildBehindTLS(t *testing.T) {
	t.Parallel()
	roots := certified(t)
	secured := func(change func(*Config)) func(*Config) {
		return func(c *Config) {
			c.Emit.roots = roots
			if change != nil {
				change(c)
			}
		}
	}
	behind := func(serve func(*passing, http.ResponseWriter, *http.Request, []byte)) *locked {
		return &locked{passing{t: t, serve: serve}, httptest.NewUnstartedServer(nil)}
	}
	res := mustRun(t, small(t, behind(nil), secured(nil)))
	if res.Verdict != Held || res.Exactly.Posted != 200 || res.Received["byte for byte"] != 200 || res.Pacer != byTimers {
		t.Errorf("%+v\n%+v", res, res.Exactly)
	}
	res = mustRun(t, small(t, behind(nil), secured(few(200))))
	if e := res.Exactly; res.Verdict != Held || e.Sent != 200 || e.Posted != e.Sent {
		t.Errorf("closed: %+v\n%+v", res, e)
	}
	flawed := behind(func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		if p.once.CompareAndSwap(false, true) {
			w.WriteHeader(http.StatusAccepted) // and forgets it
			return
		}
		p.forward(w, r.Header.Get("Idempotency-Key"), body)
	})
	if e := mustRun(t, small(t, flawed, secured(nil))).Exactly; e.Lost.Count != 1 || e.Doubled.Count+e.Altered.Count+e.Invented.Count != 0 {
		t.Errorf("one is forgotten: %+v", e)
	}
	_, err := Run(t.Context(), small(t, behind(nil), nil))
	if err == nil || !strings.Contains(err.Error(), "agree on TLS") || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("certified by nobody known: %v", err)
	}
}
