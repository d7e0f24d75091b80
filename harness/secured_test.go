package harness

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/scenarios"
)

const securedRig = `apiVersion: andon/v1
kind: Rig
sut: {external: {testSystem: true}}
endpoints:
  erp: {system: erp, tls: mutual, host: erp.plant.test, policy: {auth: none}}
  mes: {system: mes, policy: {auth: none}}
`

const noTrouble = `apiVersion: andon/v1
kind: Scenario
metadata: {id: T, title: "Certificates and names"}
seed: 1
plant: {open: 1}
given: {orders: {count: 1}}
`

// rigOf builds a rig whose plan is not played.
func rigOf(t *testing.T, file, scenario string) (*Rig, error) {
	t.Helper()
	f, err := ParseFile("andon.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	ss, err := scenarios.Parse("t.yaml", []byte(scenario))
	if err != nil {
		t.Fatal(err)
	}
	return Build(Setup{Catalog: catalog.Standard(), File: f, Scenario: ss[0], Seed: 7, Run: "T-1"})
}

// caller is a SUT that uses what the rig provides, and nothing else.
func caller(t *testing.T, vars Vars) *http.Client {
	t.Helper()
	ca, err := os.ReadFile(vars["andon.ca"])
	if err != nil {
		t.Fatal(err)
	}
	own, err := tls.LoadX509KeyPair(vars["andon.cert"], vars["andon.key"])
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(ca) {
		t.Fatalf("%s holds no certificate", vars["andon.ca"])
	}
	d := net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, vars["andon.dns"])
	}}}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, Certificates: []tls.Certificate{own}}, DialContext: d.DialContext}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

func status(c *http.Client, url string) (int, error) {
	resp, err := c.Get(url)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// TestSecuredRig has a build that trusts ${andon.ca}, shows ${andon.cert} and
// asks ${andon.dns} meet what can be wrong with certificates and names, at the
// endpoint that has them and nowhere else.
func TestSecuredRig(t *testing.T) {
	met := map[string]func(error) bool{
		"tls-expired":        func(err error) bool { return errors.As(err, new(x509.CertificateInvalidError)) },
		"tls-wrong-host":     func(err error) bool { return errors.As(err, new(x509.HostnameError)) },
		"tls-unknown-ca":     func(err error) bool { return errors.As(err, new(x509.UnknownAuthorityError)) },
		"tls-client-refused": func(err error) bool { return err != nil && strings.Contains(err.Error(), "bad certificate") },
		"dns-nxdomain":       func(err error) bool { var e *net.DNSError; return errors.As(err, &e) && e.IsNotFound },
		"dns-stale":          func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) },
	}
	text := noTrouble + "faults:\n"
	for name := range met {
		text += "  - {id: " + name + ", fault: " + name + ", during: {from: {plant: 20h}}}\n"
	}
	r, err := rigOf(t, securedRig, text)
	if err != nil {
		t.Fatal(err)
	}
	dir := r.certificates
	stop := r.Plan.startServing(t.Context())
	r.Plan.progress = newProgress(r.Plan.Journal, r.Plan.Endpoints, r.Plan.Links)
	t.Cleanup(func() {
		if err := errors.Join(stop(), r.Close()); err != nil {
			t.Error(err)
		}
		if exists(dir) {
			t.Errorf("%s is left behind", dir)
		}
	})
	url := r.Vars["erp.url"] + "/feed"
	if !strings.HasPrefix(url, "https://erp.plant.test:") || !strings.HasPrefix(r.Vars["erp.token"], r.Vars["erp.url"]) {
		t.Fatalf("the SUT is told %s and %s", url, r.Vars["erp.token"])
	}
	c := caller(t, r.Vars)
	for name, is := range met {
		t.Run(name, func(t *testing.T) {
			if got, err := status(c, url); got != 200 {
				t.Fatalf("before: %d, %v", got, err)
			}
			if err := r.Plan.arm(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			if _, err := status(c, url); !is(err) {
				t.Errorf("met %v", err)
			}
			if got, err := status(c, r.Vars["mes.url"]+"/feed"); got != 200 {
				t.Errorf("the endpoint without tls and host: %d, %v", got, err)
			}
			r.Plan.heal(name)
			if got, err := status(c, url); got != 200 {
				t.Errorf("healed: %d, %v", got, err)
			}
			struck := map[string]int{}
			for _, rec := range r.Plan.Journal.Records() {
				if d, ok := rec.Body.(evidence.Disturbance); ok && d.Fault == name && d.Phase == evidence.Struck {
					struck[d.At]++
				}
			}
			if struck["erp"] == 0 || len(struck) != 1 {
				t.Errorf("the journal says that it struck %v", struck)
			}
		})
	}
	t.Run("who trusts anybody is seen", func(t *testing.T) {
		blind := caller(t, r.Vars)
		blind.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true
		count := func() (n int) {
			for _, rec := range r.Plan.Journal.Records() {
				if d, ok := rec.Body.(evidence.Disturbance); ok && d.Stranger {
					n++
					if a := evidence.NewHistory(r.Plan.Journal.Records()).Attempt(d.Message); a == nil || d.Fault != "tls-expired" || d.At != "erp" {
						t.Errorf("%+v is about no attempt", d)
					}
				}
			}
			return n
		}
		if n := count(); n > 0 {
			t.Fatalf("%d messages went to strangers already", n)
		}
		if err := r.Plan.arm(t.Context(), "tls-expired"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := status(blind, url); got != 200 {
				t.Fatalf("%d, %v", got, err)
			}
		}
		r.Plan.heal("tls-expired")
		if n := count(); n != 2 {
			t.Errorf("%d messages went to a stranger by the journal, want 2", n)
		}
	})
	if left := r.Plan.armedFaults(); len(left) > 0 {
		t.Errorf("still armed: %v", left)
	}
}

// TestWhatCertificatesAndNamesNeed: a fault that can strike nowhere is refused,
// and where it can is said.
func TestWhatCertificatesAndNamesNeed(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process := strings.Replace(securedRig, "{external: {testSystem: true}}", `{process: {command: ["`+self+`"]}}`, 1)
	for name, tc := range map[string]struct{ rig, fault, want string }{
		"no tls":             {strings.Replace(securedRig, "tls: mutual, ", "", 1), "fault: tls-expired", "no endpoint is served over TLS: write tls: server"},
		"no tls there":       {securedRig, "fault: tls-expired, at: mes", "has no tls, or no host"},
		"no host":            {strings.Replace(securedRig, "host: erp.plant.test, ", "", 1), "fault: dns-stale", "no endpoint has a name: write host:"},
		"nobody asks":        {process, "fault: dns-nxdomain", "name ${andon.dns} in sut.env or in the command"},
		"named to messages":  {securedRig, "fault: tls-expired, hits: {fact: confirmation}", "only what happens to replies can be limited to messages"},
		"asked on its own":   {strings.Replace(process, self+`"`, self+`", "${andon.dns}"`, 1), "fault: dns-nxdomain", ""},
		"somebody else's":    {securedRig, "fault: dns-nxdomain, at: erp, hits: {nth: 3}", ""},
		"whatever has one":   {securedRig, "fault: tls-expired", ""},
		"a third connection": {securedRig, "fault: tls-expired, at: erp, hits: {every: 3}, max: 2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rigOf(t, tc.rig, noTrouble+"faults: [{id: f, "+tc.fault+"}]\n")
			if err == nil {
				err = r.Close()
			}
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "t.yaml:7")) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	f, err := ParseFile("andon.yaml", []byte(process))
	if err != nil {
		t.Fatal(err)
	}
	_, left := f.Feasible(faults.All())
	if all := strings.Join(left, "\n"); strings.Count(all, "dns-") != 5 || strings.Contains(all, "tls-") {
		t.Errorf("not drawn by chance: %s", all)
	}
}

func TestMistakesInTLSAndHost(t *testing.T) {
	for name, tc := range map[string]struct{ from, to, want string }{
		"a word":               {"tls: mutual", "tls: mutal", "did you mean"},
		"an address":           {"host: erp.plant.test", "host: 127.0.0.1", `host "127.0.0.1" is no name`},
		"one label":            {"host: erp.plant.test", "host: erp", `host "erp" is no name`},
		"twice the same":       {"mes: {system: mes", "mes: {system: mes, host: erp.plant.test", "are both called erp.plant.test"},
		"files":                {"{system: erp, tls: mutual", "{system: erp, dialect: files/v1, transport: files, tls: mutual", "of endpoints that answer over HTTP"},
		"a broker":             {"mes: {system: mes, policy: {auth: none}}", "events: {broker: nats, tls: server}", "of endpoints that answer over HTTP"},
		"a network of its own": {"{external: {testSystem: true}}", "{container: {image: x}}", "network: host"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseFile("andon.yaml", []byte(strings.Replace(securedRig, tc.from, tc.to, 1)))
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "andon.yaml:") {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := ParseFile("andon.yaml", []byte(strings.Replace(securedRig, "{external: {testSystem: true}}", "{container: {image: x, network: host}}", 1))); err != nil {
		t.Error(err)
	}
}
