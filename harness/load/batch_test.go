package load

import (
	"bytes"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/plant"
)

func batchWording(t testing.TB, rows int) *Wording {
	w := neutralWording(t)
	if err := w.InBatches(rows); err != nil {
		t.Fatal(err)
	}
	return w
}

// A patched batch is what the dialect itself would have said.
func TestPatchedBatchIsWhatTheDialectSays(t *testing.T) {
	w := batchWording(t, 16)
	var room []byte
	round := uint64(len(w.flows[ofConfirmations].told)) / 16 * 16
	for _, first := range []uint64{0, 16, round - 16, round * 9, round * 10, round * 99, round * 1234} { // with counters of one digit, of two, and both
		for _, n := range []uint64{1, 3, 16} {
			var es []plant.Event
			for i := range n {
				es = append(es, plant.Event{ID: plant.EventID(w.keyText(first + i)), At: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC), Fact: w.fact(first + i)})
			}
			m, err := neutral.Dialect{}.Batch(es...)
			body := w.AppendBatch(nil, first, n)
			if err != nil || !bytes.Equal(m.Body, body) {
				t.Fatalf("%d from %d are\n%s\nand the dialect says (%v)\n%s", n, first, body, err, m.Body)
			}
			if w.size(first, n) != len(body) {
				t.Errorf("%d from %d are said to be %d bytes, and are %d", n, first, w.size(first, n), len(body))
			}
			var same uint64
			if same, room = w.batchOf(first, body, room); (same == 16) != (n == 16) {
				t.Errorf("of %d from %d %d are the batch", n, first, same)
			}
		}
	}
	body := w.AppendBatch(nil, 16, 16)
	for i := 0; i < len(body); i += 7 {
		other := bytes.Clone(body)
		other[i] ^= 1
		if same, _ := w.batchOf(16, other, nil); same > 0 {
			t.Errorf("with another byte %d it is still the batch", i)
		}
	}
	if same, _ := w.batchOf(17, w.AppendBatch(nil, 17, 16), nil); same > 0 {
		t.Error("what begins in the middle of a batch is one")
	}
}

func TestBatchesThatAreNone(t *testing.T) {
	w, err := FromBody([]byte(`{"n":"${key}"}`), NewKeys("run"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		w    *Wording
		rows int
		says string
	}{{w, 2, "no rows"}, {neutralWording(t), 0, "1 to 256"}, {neutralWording(t), 257, "1 to 256"}} {
		if err := c.w.InBatches(c.rows); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("batches of %d: %v, want %q", c.rows, err, c.says)
		}
	}
	if err := w.InBatches(1); err != nil {
		t.Error(err)
	}
}

// Batches go through a build, open and closed, on both ways of sending, the
// last one shorter; each confirmation is accounted for.
func TestBatchesOverHTTP(t *testing.T) {
	t.Parallel()
	for _, portable := range []bool{false, true} {
		for _, closes := range []bool{false, true} {
			c := small(t, &passing{t: t}, func(c *Config) {
				c.Wording, c.Emit.portable = batchWording(t, 16), portable
				if closes {
					few(320)(c)
				}
			})
			res := mustRun(t, c)
			if res.Verdict != Held || res.Exactly.Verdict != evidence.Holds || res.Exactly.Posted != res.Exactly.Taken || res.Exactly.Taken != uint64(res.Sent.First) || res.Sent.First != map[bool]int64{true: 320, false: 200}[closes] {
				t.Errorf("portable %v, closed %v: %+v", portable, closes, res)
			}
			if q := res.Latency["e2e"]; q.Count != res.Sent.First || res.Latency["ack"].Count != res.Sent.First {
				t.Errorf("portable %v, closed %v: latencies of %d and %d of %d confirmations", portable, closes, q.Count, res.Latency["ack"].Count, res.Sent.First)
			}
		}
	}
}

// What a build does to batches is found, row by row.
func TestWhatBecomesOfBatches(t *testing.T) {
	t.Parallel()
	rows := regexp.MustCompile(`,\{"ID":"[0-9a-f]{8}-`) // where all but the first begin
	for _, c := range race.Some([]struct {
		what    string
		does    func(p *passing, w http.ResponseWriter, key string, body []byte)
		lost    uint64
		doubled uint64
		altered uint64
		again   uint64
	}{
		{"sends each batch again under its key", func(p *passing, w http.ResponseWriter, key string, body []byte) {
			p.post(key, body)
			p.forward(w, key, body)
		}, 0, 0, 0, 200},
		{"sends each batch again under another key", func(p *passing, w http.ResponseWriter, key string, body []byte) {
			p.post(key, body)
			p.forward(w, "again-"+key, body)
		}, 0, 200, 0, 0},
		{"sends each batch again without a key", func(p *passing, w http.ResponseWriter, key string, body []byte) {
			p.post("", body)
			p.forward(w, "", body)
		}, 0, 200, 0, 0},
		{"leaves a row out of one batch", func(p *passing, w http.ResponseWriter, key string, body []byte) {
			if at := rows.FindAllIndex(body, -1); p.once.CompareAndSwap(false, true) {
				body = append(bytes.Clone(body[:at[2][0]]), body[at[3][0]:]...)
			}
			p.forward(w, key, body)
		}, 1, 0, 0, 0},
		{"alters a row of one batch", func(p *passing, w http.ResponseWriter, key string, body []byte) {
			if p.once.CompareAndSwap(false, true) {
				body = bytes.Replace(body, []byte(`"UnitOfMeasure":"EA"`), []byte(`"UnitOfMeasure":"KG"`), 1)
			}
			p.forward(w, key, body)
		}, 0, 0, 1, 0},
		{"spells it otherwise and sends it again", func(p *passing, w http.ResponseWriter, key string, body []byte) {
			body = bytes.ReplaceAll(body, []byte(`":`), []byte(`": `))
			p.post(key, body)
			p.forward(w, key, body)
		}, 0, 0, 0, 200},
	}, 2) {
		t.Run(c.what, func(t *testing.T) {
			b := &passing{t: t, serve: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
				c.does(p, w, r.Header.Get("Idempotency-Key"), body)
			}}
			e := mustRun(t, small(t, b, func(c *Config) { c.Wording = batchWording(t, 16) })).Exactly
			if e.Lost.Count != c.lost || e.Doubled.Count != c.doubled || e.Altered.Count != c.altered || e.Repeated != c.again || e.Invented.Count != 0 || e.Taken != 200 {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A batch of which only some rows were taken is not taken for posted or lost.
func TestPartlyTakenBatchIsUnknown(t *testing.T) {
	t.Parallel()
	b := &passing{t: t, serve: func(_ *passing, w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.WriteHeader(http.StatusMultiStatus)
	}}
	e := mustRun(t, small(t, b, func(c *Config) { c.Wording = batchWording(t, 16) })).Exactly
	if e.Unknown != 200 || e.Lost.Count != 0 {
		t.Errorf("%+v", e)
	}
}

func TestRetryAfterIsKept(t *testing.T) {
	t.Parallel()
	if d := retryAfter([]byte(time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat))); d < 25*time.Second || d > 30*time.Second {
		t.Errorf("a date in 30 s is %s", d)
	}
	for text, want := range map[string]time.Duration{"": 0, "2": 2 * time.Second, "-1": 0, "soon": 0, "99999999": longestWait, "Mon, 02 Jan 2006 15:04:05 GMT": 0} {
		if d := retryAfter([]byte(text)); d != want {
			t.Errorf("Retry-After: %s is %s, want %s", text, d, want)
		}
	}
	first := time.Time{}
	b := &passing{t: t, serve: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		if p.once.CompareAndSwap(false, true) {
			first = time.Now()
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if d := time.Since(first); d < time.Second {
			t.Errorf("%s after it was asked to wait for a second it comes again", d)
		}
		p.forward(w, r.Header.Get("Idempotency-Key"), body)
	}}
	res := mustRun(t, small(t, b, func(c *Config) {
		shape, err := ParseShape("constant", 1, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		c.Shape, c.Emit.Most = shape, 1
	}))
	if res.Verdict != Held || res.Sent.Retried != 1 {
		t.Errorf("%+v", res)
	}
}

// based is a build that looks for the ERP below a path.
type based struct{ *passing }

func (based) ERPBase() string { return "/erp" }

func TestPostingsElsewhereAreNotTaken(t *testing.T) {
	t.Parallel()
	known := map[string]int{"/erp/confirmations": 201, "/erp/confirmations?a=b": 200, "/confirmations": 404, "/erp/v2/confirmations": 404, "/erpx/confirmations": 404, "/erp/confirmations/": 404,
		"/erp/erp/confirmations": 404, "/erp/exceptions": 404, "/exceptions": 201, "/erp/oauth/token": 200, "/oauth/token": 404}
	unknown := map[string]int{"/confirmations": 201, "/any/where/confirmations": 200, "/xconfirmations": 404, "/any/exceptions": 201, "/any/oauth/token": 200}
	probe := func(want map[string]int) func(*passing, http.ResponseWriter, *http.Request, []byte) {
		return func(p *passing, w http.ResponseWriter, _ *http.Request, body []byte) {
			for _, path := range slices.Sorted(maps.Keys(want)) {
				resp, err := p.client.Post(p.erp+path, "application/json", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					continue
				}
				_ = resp.Body.Close()
				if resp.StatusCode/100 != want[path]/100 {
					t.Errorf("%s is answered %d, want %d", path, resp.StatusCode, want[path])
				}
			}
			w.WriteHeader(http.StatusOK)
		}
	}
	shape, err := ParseShape("constant", 1, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	one := func(c *Config) { c.Shape, c.Emit.Most = shape, 1 }
	mustRun(t, small(t, based{&passing{t: t, serve: probe(known)}}, one))
	mustRun(t, small(t, &passing{t: t, serve: probe(unknown)}, one))
}
