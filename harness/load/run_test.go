package load

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/sut"
)

// passing is a build that posts what it is told at once, before it answers; a
// test may have it do something else.
type passing struct {
	t      testing.TB
	server *httptest.Server
	client *http.Client
	erp    string
	once   atomic.Bool // for what is done once
	// serve handles one announcement; nil posts it as it is and answers what
	// the ERP answers.
	serve func(p *passing, w http.ResponseWriter, r *http.Request, body []byte)
}

func (p *passing) Start(_ context.Context, systems string) (string, error) {
	p.erp = systems
	p.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if p.serve != nil {
			p.serve(p, w, r, body)
			return
		}
		p.forward(w, r.Header.Get("Idempotency-Key"), body)
	}))
	return p.server.URL + "/mes", nil
}

// post posts a body to the ERP and returns its status; 0 without an answer.
func (p *passing) post(key string, body []byte) int {
	req, err := http.NewRequest(http.MethodPost, p.erp+"/erp/confirmations", bytes.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return 0
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func (p *passing) forward(w http.ResponseWriter, key string, body []byte) {
	if s := p.post(key, body); s > 0 {
		w.WriteHeader(s)
	} else {
		w.WriteHeader(http.StatusBadGateway)
	}
}

func (p *passing) Stop(context.Context) error {
	if p.server != nil {
		p.server.CloseClientConnections()
		p.server.Close()
		p.client.CloseIdleConnections()
	}
	return nil
}

func (p *passing) Alive() (bool, string)    { return true, "" }
func (p *passing) Usage() (sut.Usage, bool) { return sut.Usage{}, false }

// patience is how long a test waits for what takes a moment: long enough for any
// machine, and where something is wrong it costs a minute.
const patience = time.Minute

// small is a load that takes a moment. Nothing in it depends on how quick the
// machine is, unless a test makes it so.
func small(t testing.TB, b Build, change func(*Config)) Config {
	t.Helper()
	shape, err := ParseShape("constant", 500, 400*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Build: b, Wording: neutralWording(t), Workload: "constant", Shape: shape, Listen: "127.0.0.1:0", Dir: t.TempDir(),
		Emit:  EmitConfig{Connections: 8, Depth: 1, Timeout: patience, Tries: 3, Most: shape.Number(), GiveUp: patience},
		Drain: patience, Quiet: 200 * time.Millisecond, Pacing: patience}
	if change != nil {
		change(&c)
	}
	return c
}

// closed makes a load one that sends as fast as it is answered, for so long.
func closed(d time.Duration) func(*Config) {
	return func(c *Config) {
		c.Shape, c.Workload = nil, Closed
		c.Emit.Until, c.Emit.Most = d, 1<<30
	}
}

// few makes it one that sends so many, and is over then.
func few(n uint64) func(*Config) {
	return func(c *Config) {
		closed(patience)(c)
		c.Emit.Most = n
	}
}

func mustRun(t *testing.T, c Config) *Result {
	t.Helper()
	res, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestOpenThroughAPassingBuild(t *testing.T) {
	t.Parallel()
	res := mustRun(t, small(t, &passing{t: t}, nil))
	e := res.Exactly
	if res.Verdict != Held || e.Verdict != evidence.Holds || res.Scheduled != 200 || res.Sent.First != 200 || e.Posted != 200 || res.Sent.Taken != 200 {
		t.Fatalf("%+v\n%+v", res, e)
	}
	if q := res.Latency["e2e"]; q.Count != 200 || q.P50 <= 0 || q.P50 > res.Latency["ack"].P50 {
		t.Errorf("end to end %+v, answers %+v: the build posts before it answers", q, res.Latency["ack"])
	}
	if res.Received["byte for byte"] != 200 || len(res.Errors) > 0 {
		t.Errorf("received %v, errors %v", res.Received, res.Errors)
	}
	var sent, posted int64
	for _, s := range res.Seconds {
		sent, posted = sent+s.Sent, posted+s.Posted
	}
	if sent != 200 || posted != 200 {
		t.Errorf("by seconds %d were sent and %d posted", sent, posted)
	}
}

func TestClosedAndPipelined(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{1, 4} {
		c := small(t, &passing{t: t}, few(300))
		c.Emit.Depth = depth
		res := mustRun(t, c)
		if e := res.Exactly; res.Verdict != Held || e.Sent != 300 || e.Posted != e.Sent || e.Sent != res.Scheduled {
			t.Errorf("depth %d: %+v\n%+v", depth, res, e)
		}
	}
}

// The way of systems without epoll accounts for every confirmation, too.
func TestWithoutEpoll(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]func(*Config){"open": nil, "closed": few(200)} {
		c := small(t, &passing{t: t}, shape)
		c.Emit.portable = true
		res := mustRun(t, c)
		if e := res.Exactly; res.Verdict != Held || e.Sent != 200 || e.Posted != e.Sent || e.Sent != res.Scheduled {
			t.Errorf("%s: %+v\n%+v", name, res, e)
		}
	}
}

// A build that words confirmations anew is read by the decoder, and is blamed
// for nothing unless it says something else.
func TestRewording(t *testing.T) {
	t.Parallel()
	res := mustRun(t, small(t, &passing{t: t, serve: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		p.forward(w, "my-own-"+r.Header.Get("Andon-Event"), bytes.ReplaceAll(body, []byte(`":`), []byte(`" : `)))
	}}, nil))
	if res.Verdict != Held || res.Received["reworded"] != 200 || res.Exactly.Posted != 200 {
		t.Errorf("%+v\n%+v", res, res.Exactly)
	}
}

func TestThresholds(t *testing.T) {
	t.Parallel()
	c := small(t, &passing{t: t}, nil)
	want := map[string]Verdict{"e2e.p50 < 5s": Held, "e2e.p90 < 0ms": Violated, "e2e.p99.9 < 5s": Undecidable, "e2e.max <= 10s": Held, "posted >= 1/s": Held, "sent > 1000000/s": Violated,
		"errors <= 0.1%": Held, "retries < 1": Held, "backlog < 1000": Held, "drain <= 30s": Held}
	for text := range want {
		g, err := ParseGate(text)
		if err != nil {
			t.Fatal(err)
		}
		c.Gates = append(c.Gates, g)
	}
	res := mustRun(t, c)
	for _, g := range res.Gates {
		if g.Outcome != want[g.Expression] {
			t.Errorf("%s is %s (%s), want %s", g.Expression, g.Outcome, g.Why, want[g.Expression])
		}
	}
	if res.Verdict != Violated || res.Exit != harness.ExitViolated {
		t.Errorf("the whole is %s, exit %d", res.Verdict, res.Exit)
	}
	for text, says := range map[string]string{"": "of the form", "e2e < 5s": "none of", "e2e.p99 < 5": "no duration", "e2e.q99 < 5s": "no percentile", "e2e.p < 5s": "no percentile", "e2e. < 5s": "no percentile", "x.p99 < 5s": "no latency", "posted >= fast": "no number", "errors < -1%": "no number"} {
		if _, err := ParseGate(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v; want %q", text, err, says)
		}
	}
}

func TestWhoseMachineIsBusy(t *testing.T) {
	for _, c := range []struct{ idle, cores float64 }{{1, 2}, {0.11, 2}} {
		if got := busyMachine(c.idle, c.cores); got != "" {
			t.Errorf("%.2f of %.0f processors are idle: %q", c.idle, c.cores, got)
		}
	}
	if got := busyMachine(0.02, 2); !strings.Contains(got, "of the machine's 2 processors 0.02 were idle") {
		t.Errorf("%q", got)
	}
}

// What was asked for and could not be sent is never a verdict on the build.
func TestGeneratorLimited(t *testing.T) {
	t.Parallel()
	slow := &passing{t: t, serve: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		<-time.After(100 * time.Millisecond)
		p.forward(w, r.Header.Get("Idempotency-Key"), body)
	}}
	c := small(t, slow, func(c *Config) {
		c.Emit.Connections, c.Emit.GiveUp = 1, 300*time.Millisecond
		g, _ := ParseGate("sent >= 400/s")
		c.Gates = []Gate{g}
	})
	res := mustRun(t, c)
	if res.Verdict != Limited || res.Exit != harness.ExitRig || res.Sent.NotSent == 0 || res.Sent.First+res.Sent.NotSent != 200 || res.Gates[0].Outcome != Limited || !strings.Contains(strings.Join(res.Limited, " "), "all 1 connections") {
		t.Errorf("%+v", res)
	}
	c = small(t, &passing{t: t}, func(c *Config) { c.Pacing = time.Nanosecond })
	if res := mustRun(t, c); res.Verdict != Limited || !strings.Contains(res.Limited[0], "the machine") || res.Exactly.Verdict != evidence.Holds {
		t.Errorf("%+v", res)
	}
}
