package harness_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/transports/tables/tablestest"
)

// The faults in this file act below every dialect, on connections, and are looked
// at from the SUT's side of real ones: by somebody who says in the dialect of an
// endpoint what it can take, and is told by the operating system what he meets.

// A visitor comes to an endpoint, says something and waits for the answer.
type visitor interface {
	visit(patience time.Duration) error // by the connection that he has, if he has one
	leave()                             // by which he has none
}

// wireCase is a fault of connections, and what a visitor meets under it. Whatever
// holds until the fault is healed is met with little patience, and what is good
// with much: a slow machine changes neither.
type wireCase struct {
	fault, with string
	kept        bool          // the visitor comes by a connection that he had before
	idle        time.Duration // for which it was idle
	held        bool          // somebody else is connected meanwhile
	meets       []string
}

const (
	silence, reset, refusal, end  = "silence", "reset", "refusal", "end"
	noName, noServer, certificate = "no such host", "a failing name server", "a certificate"
	little, much                  = 300 * time.Millisecond, 30 * time.Second
	forgetful                     = 20 * time.Millisecond
)

// overTCP are the faults that any connection can meet.
var overTCP = []wireCase{
	{fault: "refuse", kept: true, meets: []string{reset, refusal, end}},
	{fault: "connect-hang", meets: []string{silence}},
	{fault: "accept-then-close", meets: []string{end, reset}},
	{fault: "conn-limit", with: "limit: 1", held: true, meets: []string{silence}},
	{fault: "flap", with: "up: {wall: 100ms}, down: {wall: 200ms}, gone: reset", kept: true, meets: []string{reset, refusal, end}},
	{fault: "black-hole", meets: []string{silence}},
	{fault: "reset-mid-request", with: "after: 15", meets: []string{reset}},
	{fault: "reset-mid-response", with: "after: 60", meets: []string{reset, end}},
	{fault: "half-close-early", with: "after: 60", meets: []string{end}},
	{fault: "stall", with: "for: {wall: 0s}", meets: []string{silence}},
	{fault: "bandwidth", with: "rate: 1", meets: []string{silence}},
	{fault: "slow-first-byte", with: "for: {wall: 50m}", meets: []string{silence}},
	{fault: "trickle", with: "chunk: 1, gap: {wall: 50m}", meets: []string{silence}},
	{fault: "idle-kill", with: "idle: {wall: " + forgetful.String() + "}", kept: true, idle: 5 * forgetful, meets: []string{silence}},
	{fault: "handshake-stall", meets: []string{silence}},
}

// secured are those of certificates and names, and toDatabase those of databases.
var (
	secured = []wireCase{
		{fault: "tls-expired", meets: []string{certificate}},
		{fault: "tls-wrong-host", meets: []string{certificate}},
		{fault: "tls-unknown-ca", meets: []string{certificate}},
		{fault: "tls-client-refused", meets: []string{certificate}},
		{fault: "dns-nxdomain", meets: []string{noName}},
		{fault: "dns-servfail", meets: []string{noServer}},
		{fault: "dns-timeout", meets: []string{silence}},
		{fault: "dns-stale", meets: []string{refusal}},
		{fault: "dns-slow", with: "for: {wall: 0s}", meets: []string{silence}},
	}
	toDatabase = []wireCase{{fault: "commit-unheard", with: "spare: 0", kept: true, meets: []string{reset, end}}}
)

// symptom is what an error is to whoever meets it; "" of none.
func symptom(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	says := func(s string) bool { return strings.Contains(err.Error(), s) }
	switch {
	case err == nil:
		return ""
	case errors.As(err, &dns) && dns.IsNotFound:
		return noName
	case errors.As(err, &dns) && !dns.IsTimeout:
		return noServer
	case errors.As(err, new(x509.CertificateInvalidError)), errors.As(err, new(x509.HostnameError)), errors.As(err, new(x509.UnknownAuthorityError)), says("remote error: tls"):
		return certificate
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), says("i/o timeout"), says("deadline exceeded"):
		return silence
	case errors.Is(err, syscall.ECONNREFUSED), says("connection refused"):
		return refusal
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), says("connection reset"), says("broken pipe"):
		return reset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), says("EOF"), says("connection lost"), says("bad connection"), says("conn closed"):
		return end
	}
	return err.Error()
}

// wireRig builds a rig around an ERP that speaks a dialect, whose faults are those
// of the cases, ready to be armed.
func wireRig(t *testing.T, dialect, spec string, cases []wireCase) *harness.Rig {
	t.Helper()
	receives := ""
	if strings.Contains(spec, "transport: http") { // nobody announces anything, and it could be sent
		receives = `, receives: {erp: "http://127.0.0.1:9/erp"}`
	}
	f, err := harness.ParseFile("rig", []byte("apiVersion: andon/v1\nkind: Rig\nsut: {external: {testSystem: true}"+receives+"}\nendpoints:\n"+
		"  erp: {system: erp, dialect: "+dialect+spec+"}\n  mes: {system: mes, policy: {auth: none}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	list := ""
	for _, c := range cases {
		list += fmt.Sprintf("  - {id: %s, fault: %s, at: erp, with: {%s}, during: {from: {plant: 20h}}}\n", c.fault, c.fault, c.with)
	}
	return openWith(t, f, list)
}

// openWith opens a rig whose faults are those of the list, ready to be armed.
func openWith(t *testing.T, f harness.File, list string) *harness.Rig {
	t.Helper()
	text := "apiVersion: andon/v1\nkind: Scenario\nmetadata: {id: T, title: \"Faults\"}\nseed: 1\nplant: {open: 1}\ngiven: {orders: {count: 1}}\nfaults:\n" + list
	ss, err := scenarios.Parse("t.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := harness.Build(harness.Setup{Catalog: catalog.Standard(), File: f, Scenario: ss[0], Seed: 7, Run: "T-1"})
	if err != nil {
		t.Fatal(err)
	}
	stop := r.Open(t.Context())
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// seeWire has a visitor meet each fault: nothing before it, what it says under it,
// nothing after it. The journal says that it struck, and where.
func seeWire(t *testing.T, r *harness.Rig, v visitor, cases []wireCase, seen func(fault string)) {
	t.Helper()
	for _, c := range cases {
		ok := t.Run(c.fault, func(t *testing.T) {
			defer v.leave()
			if err := v.visit(much); err != nil {
				t.Fatalf("without it: %v", err)
			}
			if !c.kept {
				v.leave()
			}
			if c.held {
				other, err := net.Dial("tcp", r.Road("erp"))
				if err != nil {
					t.Fatal(err)
				}
				defer other.Close()
			}
			if err := r.Arm(t.Context(), c.fault); err != nil {
				t.Fatal(err)
			}
			under(t, r, v, c)
			r.Heal(c.fault)
			v.leave()
			if err := v.visit(much); err != nil {
				t.Errorf("when it was healed: %v", err)
			}
			if at := struckAt(r, c.fault); at["erp"] == 0 || len(at) != 1 {
				t.Errorf("the journal says that it struck %v", at)
			}
		})
		if ok {
			seen(c.fault)
		}
	}
}

// under has a visitor come until he meets the fault. A fault may come and go by
// itself, and on a busy machine patience may end before he has reached the relay.
func under(t *testing.T, r *harness.Rig, v visitor, c wireCase) {
	t.Helper()
	for over := time.Now().Add(much); ; {
		err := v.visit(little)
		if c.idle > 0 && err == nil { // by the connection that is idle now; on a busy machine it was so before
			<-time.After(c.idle)
			err = v.visit(little)
		}
		is := slices.Contains(c.meets, symptom(err))
		for tell := time.Now().Add(little); is && struckAt(r, c.fault)["erp"] == 0 && time.Now().Before(tell); {
			<-time.After(time.Millisecond) // the journal hears of it from elsewhere
		}
		switch {
		case is && struckAt(r, c.fault)["erp"] > 0:
			return
		case time.Now().After(over):
			t.Errorf("met %q, want one of %q: %v", symptom(err), c.meets, err)
			return
		case !c.kept:
			v.leave()
		}
	}
}

// struckAt counts by endpoint how often the journal says that a fault struck.
func struckAt(r *harness.Rig, fault string) map[string]int {
	at := map[string]int{}
	for _, rec := range r.Plan.Journal.Records() {
		if d, ok := rec.Body.(evidence.Disturbance); ok && d.Fault == fault && d.Phase == evidence.Struck {
			at[d.At]++
		}
	}
	return at
}

// poster posts what a shop floor reports, in the words of a dialect over HTTP.
type poster struct {
	dialect simulators.Dialect
	url     string
	client  *http.Client
	n       int
}

func newPoster(t *testing.T, dialect simulators.Dialect, r *harness.Rig) *poster {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{}}
	if r.Vars["andon.ca"] != "" {
		c = harness.Caller(t, r.Vars)
	}
	t.Cleanup(c.CloseIdleConnections)
	return &poster{dialect: dialect, url: r.Vars["erp.url"], client: c}
}

// visit implements [visitor]. The ERP need not like what it is told, and answers.
func (p *poster) visit(patience time.Duration) error {
	p.n++
	at := time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)
	f := plant.Confirmed{Order: "4711000001", Operation: "0010", Counter: p.n, Yield: plant.Of(1, "EA"), Start: at, End: at}
	ms, err := p.dialect.Encode(plant.Event{ID: plant.EventID(plant.Natural(f)), At: at, Fact: f})
	if err != nil || len(ms) != 1 {
		return fmt.Errorf("%d messages, %w", len(ms), err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	query := url.Values{}
	for k, v := range ms[0].Params {
		query.Set(k, v)
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/"+ms[0].Name+"?"+query.Encode(), bytes.NewReader(ms[0].Body))
	if err != nil {
		return err
	}
	for k, v := range ms[0].Header {
		q.Header.Set(k, v)
	}
	resp, err := p.client.Do(q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode >= 500 || len(said) == 0) {
		err = fmt.Errorf("it was answered %d %s", resp.StatusCode, said)
	}
	return err
}

// leave implements [visitor].
func (p *poster) leave() { p.client.CloseIdleConnections() }

// inserter writes rows into a table of PostgreSQL.
type inserter struct {
	at string
	db *sql.DB
	n  int
}

// visit implements [visitor].
func (i *inserter) visit(patience time.Duration) (err error) {
	if i.db == nil {
		if i.db, err = sql.Open("pgx", i.at); err != nil {
			return err
		}
		i.db.SetMaxOpenConns(1)
	}
	i.n++
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tx, err := i.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, "INSERT INTO operation_starts (reference, happened_at, order_no, operation) VALUES ($1, '2026-11-16T08:00:00+01:00', '4711000001', '0010')", fmt.Sprint("r", i.n)); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// leave implements [visitor].
func (i *inserter) leave() {
	if i.db != nil {
		_ = i.db.Close()
	}
	i.db = nil
}

// uploader puts files where an ERP behind an SFTP server looks for them.
type uploader struct {
	at     string
	config *ssh.ClientConfig
	conn   net.Conn
	client *sftp.Client
	n      int
}

func newUploader(t *testing.T, r *harness.Rig) *uploader {
	t.Helper()
	key, err := os.ReadFile(r.Vars["erp.key"])
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := knownhosts.New(r.Vars["erp.knownHosts"])
	if err != nil {
		t.Fatal(err)
	}
	u := &uploader{at: strings.TrimPrefix(r.Vars["erp.url"], "sftp://"),
		config: &ssh.ClientConfig{User: r.Vars["erp.client"], Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: hosts}}
	t.Cleanup(u.leave)
	return u
}

// visit implements [visitor].
func (u *uploader) visit(patience time.Duration) (err error) {
	over := time.Now().Add(patience)
	if u.client == nil {
		if u.conn, err = net.DialTimeout("tcp", u.at, patience); err != nil {
			return err
		}
		_ = u.conn.SetDeadline(over)
		secure, channels, requests, err := ssh.NewClientConn(u.conn, u.at, u.config)
		if err != nil {
			return err
		}
		if u.client, err = sftp.NewClient(ssh.NewClient(secure, channels, requests)); err != nil {
			return err
		}
	}
	_ = u.conn.SetDeadline(over)
	defer func() {
		if err != nil && !time.Now().Before(over) { // the client says no more than that the connection is lost
			err = errors.Join(context.DeadlineExceeded, err)
		}
	}()
	u.n++
	f, err := u.client.Create(fmt.Sprintf("/visit-%d.tmp", u.n))
	if err != nil {
		return err
	}
	if _, err = f.Write([]byte("a line")); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return u.client.Remove(fmt.Sprintf("/visit-%d.tmp", u.n))
}

// leave implements [visitor].
func (u *uploader) leave() {
	if u.conn != nil {
		_ = u.conn.Close()
	}
	if u.client != nil {
		_ = u.client.Close()
	}
	u.conn, u.client = nil, nil
}

// visitWires has the ERP of each dialect visited under each fault of connections
// that can strike there.
func visitWires(t *testing.T, m *below) {
	for _, part := range catalog.Standard().Dialects {
		seen := func(fault string) { m.saw(fault, part.Name, "") }
		d := part.New()
		t.Run(part.Name, func(t *testing.T) {
			t.Parallel()
			switch d.(type) {
			case files.Dialect:
				r := wireRig(t, part.Name, ", transport: sftp", overTCP)
				seeWire(t, r, newUploader(t, r), overTCP, seen)
			case simulators.Tabular:
				cases := append(slices.Clone(overTCP), toDatabase...)
				r := wireRig(t, part.Name, fmt.Sprintf(", transport: tables, url: %q", tablestest.PostgreSQL(t)), cases)
				v := &inserter{at: r.Vars["erp.url"]}
				t.Cleanup(v.leave)
				seeWire(t, r, v, cases, seen)
			default:
				spec := ", transport: http, policy: {auth: none, session: none}"
				if _, asks := d.(simulators.Prober); asks {
					spec += ", format: {probe: skipped}"
				}
				r := wireRig(t, part.Name, spec, overTCP)
				seeWire(t, r, newPoster(t, d, r), overTCP, seen)
				r = wireRig(t, part.Name, spec+", tls: mutual, host: erp.plant.test", secured)
				seeWire(t, r, newPoster(t, d, r), secured, seen)
			}
		})
	}
}

// excusedWire says why a fault of connections cannot strike at a dialect; "" if it
// should.
func excusedWire(d simulators.Dialect, c chaos.Trouble) string {
	_, rows := d.(simulators.Tabular)
	_, kept := d.(files.Dialect)
	switch {
	case kept && (c.Cert != chaos.CertGood || c.Names.Answer != chaos.AnswerTrue):
		return "certificates and names are of endpoints that answer over HTTP"
	case c.Upon != chaos.ReplyAny && !rows:
		return "no connection to a database"
	case (c.Cert != chaos.CertGood || c.Names.Answer != chaos.AnswerTrue) && rows:
		return "certificates and names are of endpoints that answer over HTTP"
	}
	return ""
}
