package load

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/plant"
)

func mustMix(t testing.TB, text string) Mix {
	t.Helper()
	m, err := ParseMix(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mixedWording(t testing.TB, mix string) *Wording {
	t.Helper()
	w := neutralWording(t)
	if err := w.Mixed(neutral.Dialect{}, mustMix(t, mix), time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestParseMix(t *testing.T) {
	if got := mustMix(t, Mixable).String(); got != "70 % confirmations, 20 % consumptions, 8 % scrap, 2 % holds" {
		t.Error(got)
	}
	if got := mustMix(t, " scrap=1, holds=0,confirmations=2"); len(got) != 2 || got[0] != (Share{Scraps, 1}) {
		t.Errorf("%+v", got)
	}
	for text, says := range map[string]string{"": "no share", "scrap": "no share", "scrap=x": "no share", "scrap=-1": "no share", "scrap=1,": "no share", "receipts=5": "there are confirmations, consumptions, scrap, holds",
		"scrap=1,scrap=2": "twice", "scrap=0": "nothing in it", "scrap=10000,holds=1": "add up to 10001"} {
		if _, err := ParseMix(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

// Whose turn it is follows from the number: the share of each flow is exact in every
// round, is never off by more than one message, and none is counted twice.
func TestTurns(t *testing.T) {
	for _, mix := range []string{Mixable, "scrap=1", "consumptions=1,holds=1", "confirmations=997,scrap=3", "confirmations=50,consumptions=30,scrap=15,holds=5"} {
		m := mustMix(t, mix)
		x := m.turns()
		var had [flowKinds]uint64
		for n := range 3*x.round + 7 {
			for f := range had {
				if got := x.until(n, f); got != had[f] {
					t.Fatalf("%s: before message %d there are %d %s, want %d", mix, n, got, Flows[f], had[f])
				}
				if fair := float64(n) * float64(x.each[f]) / float64(x.round); float64(had[f])-fair > 1 || fair-float64(had[f]) > 1 {
					t.Fatalf("%s: of %d messages %d are %s; %.1f would be fair", mix, n, had[f], Flows[f], fair)
				}
			}
			f, nth := x.turn(n)
			if nth != had[f] {
				t.Fatalf("%s: message %d is number %d of %s, want %d", mix, n, nth, Flows[f], had[f])
			}
			had[f]++
		}
	}
}

// What is patched together is what the dialect itself would have said, of every
// flow of several plants; it is as long as such messages are, and told apart from
// all others.
func TestPatchedFlows(t *testing.T) {
	if race.Enabled {
		return // nothing in it is concurrent: make rounds
	}
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	for _, name := range []string{"machine-shop", "nist-box"} {
		w := wordingOf(t, story(t, name))
		if err := w.Mixed(neutral.Dialect{}, mustMix(t, "confirmations=2,consumptions=3,scrap=2,holds=1"), at); err != nil {
			t.Fatal(err)
		}
		for flow := range flowKinds {
			said, least, most := map[string]bool{}, 1<<20, 0
			for _, seq := range somewhere(w, flow)[:len(somewhere(w, flow))-1] {
				if w.flow(seq) != flow {
					t.Fatalf("message %d is no %s", seq, Flows[flow])
				}
				body := w.Append(nil, seq)
				ms, err := neutral.Dialect{}.Encode(plant.Event{ID: plant.EventID(w.keyText(seq)), At: at, Fact: w.fact(seq)})
				if err != nil || !bytes.Equal(ms[0].Body, body) {
					t.Fatalf("message %d is\n%s\nand the dialect says (%v)\n%s", seq, body, err, ms[0].Body)
				}
				natural := plant.Natural(w.fact(seq))
				if said[natural] {
					t.Fatalf("%s is there twice", natural)
				}
				said[natural], least, most = true, min(least, len(body)), max(most, len(body))
				if got, ok := w.numbered(w.fact(seq)); flow != ofHolds && (!ok || got != seq) {
					t.Errorf("%s is said to be message %d, and not %d", natural, got, seq)
				}
				if seq%5 != 0 {
					continue
				}
				if said, err := w.reading(flow)(body); err != nil || len(said) != 1 || said[0].seq != seq || said[0].digest != w.says(seq) {
					t.Errorf("message %d is read as %+v, %v", seq, said, err)
				}
				other := (flow + 1) % flowKinds
				if said, err := w.reading(other)(body); err == nil && said[0].digest == w.says(seq) {
					t.Errorf("%s %d pass as %s", Flows[flow], seq, Flows[other])
				}
			}
			t.Logf("%s: %s take %d to %d bytes", name, Flows[flow], least, most)
			if least < 512 || most > 1300 {
				t.Errorf("%s: %s take %d to %d bytes", name, Flows[flow], least, most)
			}
		}
	}
}

// Orders and lots hang together: counters have no gaps, components are of lots that
// the plant has, nothing is taken of a lot that is held, and each hold is for a case
// of its own.
func TestRelationsOfFlows(t *testing.T) {
	if race.Enabled {
		return // nothing in it is concurrent: make rounds
	}
	for _, name := range []string{"machine-shop", "nist-box", "process-batch"} {
		s := story(t, name)
		w := wordingOf(t, s)
		m := mustMix(t, Mixable)
		if len(s.facts[ofHolds]) == 0 {
			m = mustMix(t, "confirmations=70,consumptions=20,scrap=8")
		}
		if err := w.Mixed(neutral.Dialect{}, m, time.Now()); err != nil {
			t.Fatal(err)
		}
		counters, cases, taken := map[counting]int{}, map[plant.CaseID]bool{}, map[plant.LotID]bool{}
		for seq := range w.turns.round * 400 {
			flow, f := w.flow(seq), w.fact(seq)
			k := f.Keys()
			if flow == ofHolds {
				if cases[k.Case] || !strings.Contains(string(k.Case), string(k.Lot)) || taken[k.Lot] {
					t.Fatalf("%s: hold %+v", name, f)
				}
				cases[k.Case] = true
				continue
			}
			by := counting{flow, k.Order, k.Operation}
			if counters[by]++; k.Counter != counters[by] {
				t.Fatalf("%s: %s follows counter %d", name, plant.Natural(f), counters[by]-1)
			}
			if flow != ofConfirmations {
				if taken[k.Lot] = true; s.items[k.Material].ID == "" {
					t.Fatalf("%s: nobody knows what %+v is of", name, f)
				}
			}
		}
		if len(taken) < 3 || len(m) == flowKinds && len(cases) == 0 {
			t.Errorf("%s: %d lots, %d cases", name, len(taken), len(cases))
		}
	}
}

// mixedLoad is a load of all flows through a build that posts each message where it
// belongs, unless it is odd with one.
func mixedLoad(t testing.TB, odd func(p *passing, name, key string, body []byte) bool) Config {
	return small(t, &passing{t: t, serve: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		name, key := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], r.Header.Get("Idempotency-Key")
		if odd != nil && odd(p, name, key, body) {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		w.WriteHeader(p.postTo(name, key, body))
	}}, func(c *Config) { c.Wording = mixedWording(t, "confirmations=5,consumptions=2,scrap=2,holds=1") })
}

// postTo posts a message under a name and returns the ERP's status.
func (p *passing) postTo(name, key string, body []byte) int {
	req, err := http.NewRequest(http.MethodPost, p.erp+"/erp/"+name, bytes.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return 0
	}
	req.Header.Set("Idempotency-Key", key)
	resp, err := p.client.Do(req)
	if err != nil {
		return http.StatusBadGateway
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func TestMixedThroughAPassingBuild(t *testing.T) {
	t.Parallel()
	c := mixedLoad(t, nil)
	want := map[string]Verdict{"scrap.e2e.p50 < 5s": Held, "holds.ack.max < 0ms": Violated, "consumptions.posted > 1/s": Held, "scrap.errors <= 0.1%": Held, "confirmations.sent > 1000000/s": Violated}
	for text := range want {
		g, err := ParseGate(text)
		if err != nil {
			t.Fatal(err)
		}
		c.Gates = append(c.Gates, g)
	}
	res := mustRun(t, c)
	if e := res.Exactly; e.Verdict != evidence.Holds || e.Posted != 200 || res.Received["byte for byte"] != 200 || len(res.Errors) > 0 || len(res.Flows) != flowKinds {
		t.Fatalf("%+v\n%+v", res, e)
	}
	for i, n := range []int64{100, 40, 40, 20} {
		f := res.Flows[i]
		if f.Flow != Flows[i] || f.First != n || f.Taken != n || f.Exactly.Posted != uint64(n) || f.Exactly.Sent != uint64(n) || f.Exactly.Verdict != evidence.Holds || f.Share != float64(n)/200 || f.PostedRate <= 0 {
			t.Errorf("%s: %+v %+v", f.Flow, f, f.Exactly)
		}
		for _, k := range []Measure{EndToEnd, Ack, Service} {
			if f.Latency[k.String()].Count != n {
				t.Errorf("%s: %d latencies %s", f.Flow, f.Latency[k.String()].Count, k)
			}
		}
	}
	for _, k := range []Measure{EndToEnd, Ack, Service} {
		if q := res.Latency[k.String()]; q.Count != 200 {
			t.Errorf("%d latencies %s of all", q.Count, k)
		}
	}
	for _, g := range res.Gates {
		if g.Outcome != want[g.Expression] {
			t.Errorf("%s is %s (%s)", g.Expression, g.Outcome, g.Why)
		}
	}
}

// A build that fails one flow is blamed for it, and for no other.
func TestMixedFailures(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	for what, x := range map[string]struct {
		flow Flow
		odd  func(p *passing, key string, body []byte)
		of   func(*Exactly) uint64
	}{
		"loses scrap": {Scraps, func(*passing, string, []byte) {}, func(e *Exactly) uint64 { return e.Lost.Count }},
		"doubles a consumption": {Consumptions, func(p *passing, key string, b []byte) {
			p.postTo("consumptions", key, b)
			p.postTo("consumptions", key+"-2", b)
		}, func(e *Exactly) uint64 { return e.Doubled.Count }},
		"alters a quantity": {Consumptions, func(p *passing, key string, b []byte) {
			p.postTo("consumptions", key, bytes.Replace(b, []byte(`"QuantityString":"`), []byte(`"QuantityString":"1`), 1))
		}, func(e *Exactly) uint64 { return e.Altered.Count }},
		"issues another lot": {Consumptions, func(p *passing, key string, b []byte) {
			p.postTo("consumptions", key, bytes.Replace(b, []byte(`"MaterialLotID":["`), []byte(`"MaterialLotID":["9`), 1))
		}, func(e *Exactly) uint64 { return e.Altered.Count }},
		"holds for no case": {Holds, func(p *passing, key string, b []byte) {
			p.postTo("holds", key, bytes.ReplaceAll(b, []byte("QC-"), []byte("XX-")))
		}, func(e *Exactly) uint64 { return e.Altered.Count }},
		"posts holds as scrap": {Holds, func(p *passing, key string, b []byte) {
			if s := p.postTo("scrap", key, b); s != http.StatusBadRequest {
				p.t.Errorf("a hold that is posted as scrap is answered %d", s)
			}
		}, func(e *Exactly) uint64 { return e.Lost.Count }},
	} {
		if race.Enabled && what != "doubles a consumption" {
			continue // it is the same load
		}
		n.Store(0)
		res := mustRun(t, mixedLoad(t, func(p *passing, name, key string, body []byte) bool {
			if name != string(x.flow) || n.Add(1)%7 != 0 {
				return false
			}
			x.odd(p, key, body)
			return true
		}))
		if res.Verdict != Violated {
			t.Errorf("%s: %s, %v", what, res.Verdict, res.Why)
		}
		for _, f := range res.Flows {
			e := f.Exactly
			wrong, want := e.Lost.Count+e.Doubled.Count+e.Altered.Count+e.Invented.Count, uint64(0)
			if f.Flow == x.flow {
				want = uint64(n.Load() / 7)
			}
			if wrong != want || f.Flow == x.flow && (x.of(e) != want || want == 0 || e.Verdict != evidence.Violated) || f.Flow != x.flow && e.Verdict != evidence.Holds {
				t.Errorf("%s: %d wrong of %s, want %d: %+v", what, wrong, f.Flow, want, e)
			}
		}
	}
}

// The judgement of a journal finds what was seeded in each flow, also where all of
// a block is as usual.
func TestJudgeByFlow(t *testing.T) {
	w, dir := mixedWording(t, "confirmations=5,consumptions=2,scrap=2,holds=1"), t.TempDir()
	const n = 3*chunkSize + 77
	s := seeded{lost: []uint64{chunkSize + 5}, doubled: []uint64{chunkSize + 11}, repeated: []uint64{4, chunkSize + 13}}
	s.write(t, dir, n, w)
	e, err := Judge(dir, n, w)
	if err != nil {
		t.Fatal(err)
	}
	var sum Exactly
	for i, f := range e.flows {
		if want := w.turns.until(n, i); f.Sent != want || f.Taken != want {
			t.Errorf("%s: %d sent, want %d", Flows[i], f.Sent, want)
		}
		sum.Sent, sum.Posted, sum.Repeated = sum.Sent+f.Sent, sum.Posted+f.Posted, sum.Repeated+f.Repeated
		sum.Lost.Count, sum.Doubled.Count = sum.Lost.Count+f.Lost.Count, sum.Doubled.Count+f.Doubled.Count
	}
	if sum.Sent != e.Sent || sum.Posted != e.Posted || sum.Repeated != 2 || sum.Lost.Count != 1 || sum.Doubled.Count != 1 {
		t.Errorf("flows add up to %+v, the whole is %+v", sum, e)
	}
	lost, doubled := e.flows[w.flow(chunkSize+5)], e.flows[w.flow(chunkSize+11)]
	if lost.Lost.Count != 1 || len(lost.Lost.Texts) != 1 || doubled.Doubled.Count != 1 || !strings.Contains(doubled.Doubled.Texts[0], w.keyText(chunkSize+11)) {
		t.Errorf("%+v\n%+v", lost, doubled)
	}
}

// Thresholds by flow are about what is told by flow.
func TestGatesOfFlows(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{"scrap.backlog < 5": "not told by flow", "scrap.drain < 5s": "not told by flow", "scrap.pacing.p99 < 5s": "not told by flow", "scrap.max > 5/s": "not told by flow",
		"receipts.e2e.p99 < 5s": "no latency", "scrap.e2e < 5s": "not told by flow"} {
		if _, err := ParseGate(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v; want %q", text, err, says)
		}
	}
	c := small(t, &passing{t: t}, nil)
	for _, text := range []string{"confirmations.e2e.p50 < 10s", "scrap.e2e.p50 < 10s"} {
		g, err := ParseGate(text)
		if err != nil {
			t.Fatal(err)
		}
		c.Gates = append(c.Gates, g)
	}
	if res := mustRun(t, c); res.Gates[0].Outcome != Held || res.Gates[1].Outcome != Undecidable {
		t.Errorf("of a load of confirmations only: %+v", res.Gates)
	}
}

// A mix says the same in another process, and is not batched.
func TestMixForAgents(t *testing.T) {
	w := mixedWording(t, Mixable)
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	var theirs Wording
	if err := json.Unmarshal(text, &theirs); err != nil {
		t.Fatal(err)
	}
	p := part{1, 3, 1}
	mine := theirs.of(p)
	for n := range uint64(300) {
		if seq := p.number(n); !bytes.Equal(mine.Append(nil, n), w.Append(nil, seq)) || mine.says(n) != w.says(seq) || mine.own(n) != w.flow(seq) {
			t.Fatalf("message %d of a part differs", n)
		}
	}
	for _, damage := range [][2]string{{`"scrap"`, `"junk"`}, {`"Flows":"`, `"Flows":"AAAA`}, {`"parts":70`, `"parts":-70`}} {
		if err := json.Unmarshal(bytes.Replace(text, []byte(damage[0]), []byte(damage[1]), 1), &Wording{}); err == nil {
			t.Errorf("%v is read", damage)
		}
	}
	if err := w.InBatches(4); err == nil {
		t.Error("a mix is batched")
	}
	body, err := FromBody([]byte(`{"k":"${key}"}`), NewKeys("run"))
	if err != nil {
		t.Fatal(err)
	}
	if err := body.Mixed(neutral.Dialect{}, mustMix(t, Mixable), time.Now()); err == nil {
		t.Error("a body of a user is mixed")
	}
}
