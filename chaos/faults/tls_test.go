package faults_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/certs"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/simulators"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
)

// TestSeenOverTLS shows each fault of a system's interface to a standard client
// that speaks https: where the rig terminates TLS, nothing is out of reach.
func TestSeenOverTLS(t *testing.T) {
	a, err := certs.New("Andon test")
	if err != nil {
		t.Fatal(err)
	}
	served, err := a.Serve(certs.Server{Hosts: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range conformances() {
		t.Run(c.fault+" "+c.form, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, func(s *stand, h *httptransport.Config) { h.TLS, s.trust = served, &tls.Config{RootCAs: a.Pool()} })
			if !strings.HasPrefix(s.url, "https://") {
				t.Fatalf("served at %s", s.url)
			}
			s.arm(c.f(), c.rule)
			got := c.provoke(s, 0)
			if len(s.strikes()) == 0 {
				t.Errorf("the journal knows of no strike; seen %v", got)
				return
			}
			if why := c.see(s, got); why != "" {
				t.Errorf("%s\nseen %v", why, got)
			}
		})
	}
}

// TestNamesAndCertificates: what faults of certificates and names say to relay
// and name server, and what they refuse.
func TestNamesAndCertificates(t *testing.T) {
	said := map[string]bool{}
	for _, i := range faults.All() {
		if !strings.HasPrefix(i.Name, "tls-") && !strings.HasPrefix(i.Name, "dns-") {
			continue
		}
		f := i.New().(chaos.ConnFault)
		tr := f.Trouble()
		what := string(tr.Cert) + string(tr.Names.Answer)
		if what == "" || said[what] || !tr.Sweep || tr.Whole() || tr.Replies() || tr.Door != chaos.DoorOpen || tr.Stream != chaos.StreamFree {
			t.Errorf("%s says %+v", i.Name, tr)
		}
		said[what] = true
		d := delivery(simulators.FromSUT, confirmationOf(1))
		d.Conn = "x"
		if out := f.Apply(d, nil); len(out) != 1 || out[0].Wire != nil || out[0].Decided() {
			t.Errorf("%s does something to a message: %+v", i.Name, out)
		}
		for _, r := range []chaos.Rule{{Nth: 3}, {P: 0.5}, {Every: 2, Max: 1}} {
			if err := r.ValidateConn(tr); err != nil {
				t.Errorf("%s cannot be limited: %v", i.Name, err)
			}
		}
		if err := (&chaos.Rule{Fact: "confirmation"}).ValidateConn(tr); err == nil {
			t.Errorf("%s can be limited to messages, which it never sees", i.Name)
		}
	}
	if len(said) != 9 {
		t.Errorf("%d of 9 are there: %v", len(said), said)
	}
	for want, f := range map[string]faults.Validator{
		`existing: "gone"`:          &faults.TLSCertificate{Existing: "gone"},
		`says: "no" is not one of`:  &faults.TLSClientRefused{Says: "no"},
		`existing: "left"`:          &faults.DNSAnswer{Existing: "left"},
		"the rig sends nobody":      &faults.DNSStale{Address: "192.0.2.1"},
		"address: ParseAddr":        &faults.DNSStale{Address: "old"},
		"not in 127.0.0.0/8":        &faults.DNSStale{Address: "::1"},
		"ttl: 1.5s is not a number": &faults.DNSStale{Address: "127.0.0.9", TTL: faults.Wall(1500 * time.Millisecond)},
		"for: {wall: -1s} is":       &faults.DNSSlow{For: faults.Wall(-time.Second)},
	} {
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: got %v, want %q", f, err, want)
		}
	}
}
