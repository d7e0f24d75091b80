package relay_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/certs"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
)

// secured is a relay in front of a page served over TLS, and what a client
// needs to trust it and be trusted.
type secured struct {
	*bench
	authority *certs.Authority
	own       tls.Certificate
}

func serveTLS(t *testing.T, mutual bool) *secured {
	t.Helper()
	a, err := certs.New("Andon test")
	if err != nil {
		t.Fatal(err)
	}
	var b *bench
	c, err := a.Serve(certs.Server{Hosts: []string{"127.0.0.1", "erp.plant.test"}, Mutual: mutual, Wrong: func(conn string) chaos.Cert { return b.Handshake(conn) }})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	s.TLS, s.Config.ErrorLog = c, discard
	s.StartTLS()
	t.Cleanup(s.Close)
	b = serve(t, s.Listener.Addr().String())
	cert, key, err := a.Client("sut")
	if err != nil {
		t.Fatal(err)
	}
	own, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return &secured{b, a, own}
}

// client is a standard HTTP client that trusts the authority, as change leaves
// it. It keeps its connections until the test ends.
func (s *secured) client(change ...func(*tls.Config)) *http.Client {
	tr := &http.Transport{TLSClientConfig: s.trusting(change)}
	s.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

// says is an exchange over TLS.
func (s *secured) says(c *http.Client, text string) error {
	resp, err := c.Post("https://"+s.addr, "text/plain", strings.NewReader(text))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && string(b) != text {
		err = errors.New("heard " + string(b))
	}
	return err
}

// meets is what becomes of a connection over TLS on which the client says
// nothing. In TLS 1.3 the client is done with its handshake before the far side
// has seen its certificate: what that says of it is for who reads. An HTTP client
// reads while it writes, and may say only that its writing failed.
func (s *secured) meets(change ...func(*tls.Config)) error {
	const patience = 20 * time.Second
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", s.addr, s.trusting(change))
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	return err
}

// trusting is what a client brings that trusts the authority, as change leaves it.
func (s *secured) trusting(change []func(*tls.Config)) *tls.Config {
	c := &tls.Config{RootCAs: s.authority.Pool(), ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	for _, do := range change {
		do(c)
	}
	return c
}

func (s *secured) shown(c *tls.Config) { c.Certificates = []tls.Certificate{s.own} }

// named arms the fault of the catalog that is called name.
func (b *bench) named(name string, change ...func(*chaos.Rule)) {
	b.t.Helper()
	info, ok := faults.Find(name)
	if !ok {
		b.t.Fatalf("there is no fault %s", name)
	}
	b.arm(info.New(), change...)
}

// phases counts what the journal says of the fault, by phase.
func (b *bench) phases() map[evidence.Phase]int {
	n := map[evidence.Phase]int{}
	for _, r := range b.journal.Records() {
		if d, ok := r.Body.(evidence.Disturbance); ok {
			n[d.Phase]++
		}
	}
	return n
}

// TestTLSFaults looks at each certificate from the SUT's side, with a client
// that had a good connection before, and heals it.
func TestTLSFaults(t *testing.T) {
	for name, met := range map[string]func(error) bool{
		"tls-expired": func(err error) bool {
			var e x509.CertificateInvalidError
			return errors.As(err, &e) && e.Reason == x509.Expired
		},
		"tls-wrong-host": func(err error) bool {
			var e x509.HostnameError
			return errors.As(err, &e) && e.Certificate.DNSNames[0] == "elsewhere.andon.test"
		},
		"tls-unknown-ca": func(err error) bool { return errors.As(err, new(x509.UnknownAuthorityError)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := serveTLS(t, false)
			c := s.client()
			if err := s.says(c, "before"); err != nil {
				t.Fatal(err)
			}
			s.named(name)
			for n := range 3 {
				if err := s.says(c, "no stranger hears this"); !met(err) {
					t.Errorf("request %d met %v", n, err)
				}
			}
			s.struck(3)
			if d := s.strikes()[0]; d.Fault != "F" || d.At != "erp" || d.Key != "connection 2" || !strings.Contains(d.What, "certificate") {
				t.Errorf("the journal says %+v", d)
			}
			if n := s.phases()[evidence.Swept]; n != 1 {
				t.Errorf("%d connections were reset so that they come anew, want 1", n)
			}
			s.Heal("F")
			if err := s.says(c, "after"); err != nil {
				t.Errorf("healed, met %v", err)
			}
			s.struck(3)
		})
	}
}

// TestTLSFaultsKeepBounds: they strike the connections that they are told to,
// and leave those that there are alone if they are told that.
func TestTLSFaultsKeepBounds(t *testing.T) {
	s := serveTLS(t, false)
	there := s.client()
	if err := s.says(there, "the first"); err != nil {
		t.Fatal(err)
	}
	s.arm(keeping(t, "tls-expired"), func(r *chaos.Rule) { r.Every, r.Max = 3, 2 })
	var struck []int
	for n := 2; n <= 12; n++ {
		c := s.client()
		if err := s.says(c, "another"); err != nil {
			struck = append(struck, n)
		}
		c.CloseIdleConnections()
	}
	if !slices.Equal(struck, []int{3, 6}) {
		t.Errorf("connections %v were struck, want every third and no more than two", struck)
	}
	if err := s.says(there, "the first goes on"); err != nil {
		t.Error(err)
	}
	if p := s.phases(); p[evidence.Struck] != 2 || p[evidence.Swept] != 0 {
		t.Errorf("the journal says %v", p)
	}
}

// keeping is a fault of certificates that leaves connections alone.
func keeping(t *testing.T, name string) chaos.Fault {
	t.Helper()
	info, _ := faults.Find(name)
	f, ok := info.New().(*faults.TLSCertificate)
	if !ok {
		t.Fatalf("%s is no fault of certificates", name)
	}
	f.Existing = faults.ExistingKeep
	return f
}

// TestTLSVersions: who speaks TLS 1.2 meets the same.
func TestTLSVersions(t *testing.T) {
	s := serveTLS(t, true)
	c := s.client(s.shown, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	if err := s.says(c, "before"); err != nil {
		t.Fatal(err)
	}
	s.named("tls-expired")
	var e x509.CertificateInvalidError
	if err := s.says(c, "no"); !errors.As(err, &e) || e.Reason != x509.Expired {
		t.Errorf("met %v", err)
	}
	s.Heal("F")
	s.named("tls-client-refused")
	if err := s.says(c, "no"); !alert(err, badCertificate) {
		t.Errorf("met %v", err)
	}
}

// Alerts of RFC 8446.
const (
	badCertificate      = 42
	certificateExpired  = 45
	unknownCA           = 48
	certificateRequired = 116
)

// alert reports whether the far side ended the handshake with this alert.
func alert(err error, number tls.AlertError) bool {
	var op *net.OpError
	var a tls.AlertError
	switch {
	case errors.As(err, &a):
		return a == number
	case errors.As(err, &op) && op.Op == "remote error": // crypto/tls has a type of its own for what the far side says
		return op.Err.Error() == number.Error()
	}
	return false
}

func TestTLSClientRefused(t *testing.T) {
	for says, want := range map[faults.Alert]tls.AlertError{faults.AlertBad: badCertificate, faults.AlertExpired: certificateExpired, faults.AlertUnknown: unknownCA} {
		t.Run(string(says), func(t *testing.T) {
			s := serveTLS(t, true)
			c := s.client(s.shown)
			if err := s.says(c, "before"); err != nil {
				t.Fatal(err)
			}
			s.arm(&faults.TLSClientRefused{Says: says})
			if err := s.meets(s.shown); !alert(err, want) {
				t.Errorf("met %v, want %v", err, want)
			}
			s.struck(1)
			s.Heal("F")
			if err := s.says(c, "after"); err != nil {
				t.Errorf("healed, met %v", err)
			}
		})
	}
	t.Run("none is shown", func(t *testing.T) {
		s := serveTLS(t, false)
		c := s.client()
		s.named("tls-client-refused", once)
		if err := s.meets(); !alert(err, certificateRequired) {
			t.Errorf("met %v", err)
		}
		if err := s.says(c, "once is enough"); err != nil {
			t.Error(err)
		}
		s.struck(1)
	})
	t.Run("it is needed all the time", func(t *testing.T) {
		s := serveTLS(t, true)
		if err := s.meets(); !alert(err, certificateRequired) {
			t.Errorf("met %v", err)
		}
	})
}

// TestHandshakeStallOverTLS: a client with a limit meets it, one that was
// connected has to come anew, and who has waited is let in when it is healed.
func TestHandshakeStallOverTLS(t *testing.T) {
	s := serveTLS(t, false)
	c := s.client()
	if err := s.says(c, "before"); err != nil {
		t.Fatal(err)
	}
	s.named("handshake-stall")
	hasty := s.client()
	hasty.Transport.(*http.Transport).TLSHandshakeTimeout = short
	var timeout net.Error
	if err := s.says(hasty, "x"); !errors.As(err, &timeout) || !timeout.Timeout() || !strings.Contains(err.Error(), "TLS handshake timeout") {
		t.Errorf("met %v", err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- s.says(c, "late") }()
	s.struck(2) // who was connected is among them
	select {
	case err := <-waiting:
		t.Errorf("who was connected met %v", err)
	default:
	}
	s.Heal("F")
	if err := <-waiting; err != nil {
		t.Errorf("healed, who waited met %v", err)
	}
}

// TestSweepIsHeardOf: a message whose reply had not left when its connection
// was reset is said not to have been heard; an idle connection carried none.
func TestSweepIsHeardOf(t *testing.T) {
	var b *bench
	entered, reply := make(chan struct{}, 1), make(chan struct{})
	b = serve(t, server(t, func(c *net.TCPConn) {
		word, _ := hear(c, 4, 10*time.Second)
		b.riders.Enter(c.RemoteAddr().String(), chaos.Rider{Message: map[string]uint64{"idle": 1, "busy": 2}[word], Attempt: 1})
		if word == "busy" {
			entered <- struct{}{}
			<-reply
		}
		_, _ = io.WriteString(c, word)
		_, _ = io.Copy(io.Discard, c)
	}))
	defer close(reply)
	var conns []*net.TCPConn
	for range 4 { // a reply may be heard a moment before it is known that it was passed on, though hardly four
		conns = append(conns, b.dial())
		says(t, conns[len(conns)-1], "idle")
	}
	conns = append(conns, b.dial())
	send(t, conns[4], "busy")
	<-entered
	b.named("tls-expired")
	for _, c := range conns {
		if _, err := hear(c, 1, 10*time.Second); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("met %v, want a reset", err)
		}
	}
	unheard := map[uint64]int{}
	for _, r := range b.journal.Records() {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == evidence.Swept && d.Unheard {
			unheard[d.Message]++
		}
	}
	if unheard[2] != 1 || unheard[1] == 4 {
		t.Errorf("said not to have been heard, by message: %v", unheard)
	}
	b.Heal("F")
	for _, r := range b.journal.Records() {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == evidence.Healed && !strings.Contains(d.What, "nobody began a TLS handshake") {
			t.Errorf("healed: %+v", d)
		}
	}
}

// TestBytesUnderTLS: faults of bytes act on what is encrypted as on anything.
func TestBytesUnderTLS(t *testing.T) {
	s := serveTLS(t, false)
	c := s.client()
	if err := s.says(c, "before"); err != nil {
		t.Fatal(err)
	}
	s.arm(&faults.ResetMidResponse{After: 2000}, once)
	if err := s.says(c, string(bytes.Repeat([]byte("z"), 100_000))); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("met %v, want a reset in the middle", err)
	}
	if err := s.says(c, "after"); err != nil {
		t.Error(err)
	}
	s.Heal("F")
	s.arm(&faults.Stall{Way: faults.WayToSUT, For: long})
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+s.addr, nil)
	if _, err := c.Do(req); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("met %v, want a timeout", err)
	}
}
