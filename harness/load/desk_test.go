package load

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/plant"
)

// spoken are the dialects of which a desk understands what it says itself. The
// others are loaded by their own builds: see cmd/testdata/script/load_dialects.txtar.
var spoken = []string{"b2mml-xml/v7", "sap-s4/v2", "d365/v1"}

// Every dialect of the catalog is loaded by a test, or no load speaks it.
func TestEveryDialectIsLoaded(t *testing.T) {
	t.Parallel()
	elsewhere := []string{"neutral/v1", "infor-ion/v3", "infor-ion/v2"} // the fast path; load_dialects.txtar
	refused := []string{"files/v1", "staging/v1"}                       // not over HTTP
	for _, d := range catalog.Standard().Dialects {
		if !slices.Contains(slices.Concat(spoken, elsewhere, refused), d.Name) {
			t.Errorf("nobody has loaded a build at an ERP that speaks %s", d.Name)
		}
	}
	f := rigSpeaking(t, "files/v1", "files")
	if _, err := NewRigged(f, catalog.Standard(), "", "", t.Output()); err == nil || !strings.Contains(err.Error(), "over http, not over files") {
		t.Errorf("files: %v", err)
	}
	f = rigSpeaking(t, "esperanto/v1", "http")
	if _, err := NewRigged(f, catalog.Standard(), "", "", t.Output()); err == nil || !strings.Contains(err.Error(), "esperanto/v1") {
		t.Errorf("a dialect that is not there: %v", err)
	}
}

func rigSpeaking(t testing.TB, dialect, transport string) harness.File {
	t.Helper()
	f, err := harness.ParseFile("rig.yaml", []byte(`apiVersion: andon/v1
kind: Rig
sut:
  process: {command: [/bin/true]}
  ready: {http: "http://127.0.0.1:${port.x}/"}
  receives: {mes: "http://127.0.0.1:${port.x}/mes"}
plant: {profile: machine-shop}
endpoints:
  erp: {system: erp, dialect: `+dialect+`, transport: `+transport+`}
  mes: {system: mes, dialect: neutral/v1, transport: http}
`))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// wording is a build that posts what it is told in the dialect of its ERP.
type wording struct {
	passing
	speaks harness.Interface
	open   func(to string, secured *tls.Config) (string, simulators.Credentials, error)
	at     string
	seen   atomic.Int64
	// flaw does what the build does wrong with the nth message; it returns
	// whether the message is posted.
	flaw func(b *wording, nth int64, m *simulators.Message) bool
}

var _ Foreign = (*wording)(nil)

func (b *wording) Speaks() *harness.Interface { return &b.speaks }
func (b *wording) ERPListen() string          { return "" }
func (b *wording) Opens(open func(string, *tls.Config) (string, simulators.Credentials, error)) {
	b.open = open
}

func (b *wording) Start(ctx context.Context, systems string) (at string, err error) {
	if b.at, _, err = b.open("", nil); err != nil {
		return "", err
	}
	b.serve = func(_ *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		w.WriteHeader(b.say(r.URL.Path, body))
	}
	return b.passing.Start(ctx, systems)
}

// say words what has come and posts it; it returns the status.
func (b *wording) say(path string, body []byte) int {
	ask, err := neutral.Dialect{}.Decode(simulators.Message{Verb: "post", Name: strings.TrimPrefix(path, "/mes/"), Body: body})
	if err != nil {
		b.t.Error(err)
		return 400
	}
	for _, c := range ask.Claims {
		for _, m := range b.words(c) {
			if n := b.seen.Add(1); b.flaw != nil && !b.flaw(b, n, &m) {
				continue
			}
			if s := b.tell(m); s > 299 {
				return s
			}
		}
	}
	return 201
}

// words words a fact.
func (b *wording) words(e plant.Event) []simulators.Message {
	ms, err := b.speaks.Speaks.Encode(e)
	if err != nil {
		b.t.Error(err)
	}
	for i := range ms {
		ms[i].Events = []plant.Event{e}
	}
	return ms
}

// tell posts a message and returns the status; 502 without an answer.
func (b *wording) tell(m simulators.Message) int {
	req, err := http.NewRequest(strings.ToUpper(cmp.Or(m.Method, m.Verb, "post")), b.at+"/"+m.Name, bytes.NewReader(m.Body))
	if err != nil {
		b.t.Error(err)
		return 400
	}
	for k, v := range m.Header {
		req.Header.Set(k, v)
	}
	req.Header.Set("Reference", string(m.Events[0].ID))
	resp, err := b.client.Do(req)
	if err != nil {
		return 502
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// speaking is a build at an ERP that speaks a dialect, without sessions and tokens.
func speaking(t testing.TB, dialect string) *wording {
	t.Helper()
	f := rigSpeaking(t, dialect, "http")
	f.Attribution = map[string]string{"erp": "header['Reference']"}
	i, err := f.Interface(catalog.Standard(), "erp")
	if err != nil {
		t.Fatal(err)
	}
	i.Policy.Auth, i.Policy.Session, i.Policy.Delay, i.Policy.Lock = simulators.AuthNone, simulators.SessionNone, time.Millisecond, simulators.LockNone
	b := &wording{speaks: i}
	b.t = t
	return b
}

var bodID = regexp.MustCompile(`<BODID>([^<]*)</BODID>`)

func TestDialects(t *testing.T) {
	t.Parallel()
	const every = 20 // of 200
	for _, dialect := range race.Some(spoken, 1) {
		for _, c := range race.Some([]struct {
			does    string
			flaw    func(b *wording, n int64, m *simulators.Message) bool
			verdict Verdict
			blames  func(*Exactly) uint64
		}{
			{"what it should", nil, Held, func(e *Exactly) uint64 { return 10 }},
			{"loses", func(_ *wording, n int64, _ *simulators.Message) bool { return n%every != 0 }, Violated, func(e *Exactly) uint64 { return e.Lost.Count }},
			{"doubles", func(b *wording, n int64, m *simulators.Message) bool {
				if n%every == 0 {
					b.tell(*m)
					m.Body = bodID.ReplaceAll(m.Body, fmt.Appendf(nil, "<BODID>another-%d</BODID>", n)) // where keys are honoured
				}
				return true
			}, Violated, func(e *Exactly) uint64 { return e.Doubled.Count }},
			{"alters", func(b *wording, n int64, m *simulators.Message) bool {
				if n%every == 0 {
					e := m.Events[0]
					f := e.Fact.(plant.Confirmed)
					f.Yield.Amount = f.Yield.Amount.Add(f.Yield.Amount).Add(plant.One)
					e.Fact = f
					*m = b.words(e)[0]
				}
				return true
			}, Violated, func(e *Exactly) uint64 { return e.Altered.Count }},
		}, 3) {
			t.Run(dialect+" "+c.does, func(t *testing.T) {
				t.Parallel()
				b := speaking(t, dialect)
				b.flaw = c.flaw
				res := mustRun(t, small(t, b, nil))
				e := res.Exactly
				if res.Verdict != c.verdict || c.blames(e) != 10 || e.Lost.Count+e.Doubled.Count+e.Altered.Count+e.Invented.Count != map[bool]uint64{true: 10}[c.verdict == Violated] {
					t.Errorf("%s: %v, blamed for %d\n%+v\n%v", res.Verdict, res.Why, c.blames(e), e, res.Errors)
				}
				if want := 200 - int64(e.Lost.Count) + int64(e.Doubled.Count); res.Received["postings"] != want || res.Received["reworded"] != want || res.ERP == nil || res.ERP.Dialect != dialect {
					t.Errorf("received %v, want %d; the ERP is %+v", res.Received, want, res.ERP)
				}
			})
		}
	}
}

// Mixed traffic goes to an ERP that has words for it, and is refused where it has
// none.
func TestDialectsOfAMix(t *testing.T) {
	t.Parallel()
	if race.Enabled {
		return // flows and dialects have loads of their own: make rounds
	}
	for _, dialect := range spoken {
		m, err := ParseMix(Mixable)
		if err != nil {
			t.Fatal(err)
		}
		c := small(t, speaking(t, dialect), nil)
		if err := c.Wording.Mixed(neutral.Dialect{}, m, time.Now()); err != nil {
			t.Fatal(err)
		}
		res, err := Run(t.Context(), c)
		switch {
		case dialect == "d365/v1":
			if err == nil || !strings.Contains(err.Error(), "no word for holds") {
				t.Errorf("%s: %v", dialect, err)
			}
		case err != nil || res.Verdict != Held || res.Exactly.Posted != 200:
			t.Errorf("%s: %v\n%+v\n%+v", dialect, err, res, res.Exactly)
		}
	}
}

// Postings that name nothing are not taken on trust.
func TestDialectWithoutReference(t *testing.T) {
	t.Parallel()
	b := speaking(t, "d365/v1")
	b.speaks.Attribute = nil
	_, err := Run(t.Context(), small(t, b, nil))
	if err == nil || !strings.Contains(err.Error(), "attribution: {erp:") {
		t.Errorf("%v", err)
	}
}

// A key that comes with something else is refused, as by the fast path.
func TestDialectKeyReused(t *testing.T) {
	t.Parallel()
	b := speaking(t, "b2mml-xml/v7")
	b.flaw = func(_ *wording, _ int64, m *simulators.Message) bool {
		m.Body = bodID.ReplaceAll(m.Body, []byte("<BODID>always-the-same</BODID>"))
		return true
	}
	res := mustRun(t, small(t, b, nil))
	if res.Errors["posting under a used key, refused"] != 199 || res.Exactly.Posted != 1 || res.Exactly.Lost.Count != 199 { // it does not read why
		t.Errorf("%+v\n%v", res.Exactly, res.Errors)
	}
}

// Trouble of the ERP is told in its dialect.
func TestDialectTroubled(t *testing.T) {
	t.Parallel()
	for _, text := range race.Some([]string{"erp:lose-reply@100ms+100ms", "erp:reset@100ms+100ms", "erp:503@100ms+100ms", "erp:429@100ms+100ms", "erp:500@100ms+100ms"}, 1) {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		res := struckBy(t, func() Config {
			return small(t, speaking(t, "b2mml-xml/v7"), func(c *Config) { c.Faults, c.Emit.Tries = []Fault{f}, 50 })
		})
		if res.Exactly.Verdict != evidence.Holds || res.Exactly.Posted != 200 || len(res.Faults) != 1 || res.Faults[0].Struck == 0 || res.Sent.Retried == 0 {
			t.Errorf("%s: %+v\n%+v, sent again %d", text, res.Exactly, res.Faults, res.Sent.Retried)
		}
	}
}

// A search, batches and agents do at another dialect what they do at ours: a build
// that loses every tenth is blamed for it.
func TestDialectsOfEveryKindOfLoad(t *testing.T) {
	if race.Enabled {
		return // six whole loads: `make rounds` makes them, ten times as fast
	}
	loses := func(_ *wording, n int64, _ *simulators.Message) bool { return n%10 != 0 }
	for name, change := range map[string]func(*Config){
		"batches": func(c *Config) { c.Wording = batchWording(t, 16) },
		"agents":  func(c *Config) { c.Fleet = agents(2, "sends") },
	} {
		t.Run(name, func(t *testing.T) {
			if res := mustRun(t, small(t, speaking(t, "b2mml-xml/v7"), change)); res.Verdict != Held || res.Exactly.Posted != 200 || res.Received["reworded"] != 200 {
				t.Errorf("%s, %v: %+v", res.Verdict, res.Why, res.Exactly)
			}
			b := speaking(t, "sap-s4/v2")
			b.flaw = loses
			if res := mustRun(t, small(t, b, change)); res.Verdict != Violated || res.Exactly.Lost.Count != 20 || res.Exactly.Posted != 180 {
				t.Errorf("%s, %v: %+v", res.Verdict, res.Why, res.Exactly)
			}
		})
	}
	t.Run("find-max", func(t *testing.T) {
		short := func(c *Config) {
			searching(t, 50, 400*time.Millisecond, 400*time.Millisecond)(c)
			c.Search.UpTo, c.Search.SLO = 100, slo(t, "e2e.p50 < 30s")
		}
		res := mustRun(t, small(t, speaking(t, "b2mml-xml/v7"), short))
		if f := res.Search; res.Verdict != Undecidable || len(f.Probes) == 0 || f.Max != 0 || res.Exactly.Verdict != evidence.Holds || res.ERP == nil || res.ERP.Dialect != "b2mml-xml/v7" {
			t.Errorf("%s, %v: %+v", res.Verdict, res.Why, f)
		}
		b := speaking(t, "b2mml-xml/v7")
		b.flaw = loses
		res = mustRun(t, small(t, b, short))
		if f := res.Search; res.Verdict != Violated || f.Limit != ByExactly || f.Max != 0 || res.Exactly.Lost.Count == 0 {
			t.Errorf("%s, %v: %+v", res.Verdict, res.Why, f)
		}
	})
}
