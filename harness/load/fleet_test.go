package load

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/load/fleet"
	"github.com/andon-rig/andon/internal/race"
)

// asAgent has this test program be an agent, of the role that follows.
const asAgent = "agent-that-"

// roles is what else this test program can be, by how the last of its arguments
// begins; what follows says how.
var roles = map[string]func(how string) error{asAgent: beAgent}

func TestMain(m *testing.M) {
	for prefix, be := range roles {
		if how, ok := strings.CutPrefix(os.Args[len(os.Args)-1], prefix); ok {
			if err := be(how); err != nil {
				_, _ = io.WriteString(os.Stderr, err.Error()+"\n")
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// beAgent works until its standard input ends.
func beAgent(how string) error {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	w := Worker{}
	if how == "is-given" {
		w.send = given
	}
	a := fleet.Agent{URL: os.Getenv(FleetURL), Name: AgentName(), Do: w.Do}
	return a.Run(ctx)
}

// agents has this program as so many agents.
func agents(n int, role string) *Fleet {
	return &Fleet{Local: n, Command: []string{os.Args[0], asAgent + role}, lead: 500 * time.Millisecond, Within: patience}
}

// latency of a plan whose latencies are given.
func latency(seq uint64) (waited, ack int64) {
	r := mix(seq)
	waited = int64(r % 3e6)
	return waited, waited + int64(r>>24%2e9)
}

// given sends nothing: each confirmation of the part gets its latencies by its
// number in the plan.
func given(_ context.Context, e *emitter, res *Result) error {
	l := e.newLane(0)
	for n := uint64(0); n < e.shape.Number(); n++ {
		due := e.starts + int64(e.shape.Due(n))
		waited, ack := latency(e.shape.part.number(n))
		e.out.First.Add(1)
		l.shard.sent(due+waited, waited, waited/2, 1)
		l.shard.answered(due+ack, ack, ack-waited, 1, 0)
		e.note(l, flight{seq: n, due: due, sent: due + waited, try: 1}, Taken, due+ack)
	}
	l.w.flush()
	res.Pacer = "no pacing"
	return nil
}

// bins are the histograms of a run's log, added up.
func bins(t *testing.T, dir string) map[Measure]*hdr.Histogram {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, hlogFile))
	if err != nil {
		t.Fatal(err)
	}
	all := map[Measure]*hdr.Histogram{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "Tag=") {
			continue
		}
		_, k, _, h, err := readTagged(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		if all[k] == nil {
			all[k] = hdr.New(leastValue, mostValue, 3)
		}
		all[k].Merge(h)
	}
	return all
}

// Four agents, each a process of its own, give bin for bin the histograms of one,
// and the journal of one.
func TestFourAgentsAreAsOne(t *testing.T) {
	t.Parallel()
	const number = 20000
	want := map[Measure]*hdr.Histogram{}
	for k := range measures {
		want[k] = hdr.New(leastValue, mostValue, 3)
	}
	for seq := range uint64(number) {
		waited, ack := latency(seq)
		for k, v := range map[Measure]int64{Waited: waited, Pacing: waited / 2, Ack: ack, Service: ack - waited} {
			record(want[k], v, 1)
		}
	}
	for _, n := range race.Some([]int{4, 1}, 1) {
		c := small(t, &passing{t: t}, func(c *Config) {
			c.Shape, _ = ParseShape("ramp:15000", 5000, 2*time.Second)
			c.Emit.Most, c.Listen = c.Shape.Number(), ""
			c.Fleet = agents(n, "is-given")
		})
		var live *Live
		c.Watch = func(l *Live) { live = l }
		if c.Shape.Number() != number {
			t.Fatalf("the plan has %d confirmations", c.Shape.Number())
		}
		res := mustRun(t, c)
		got := bins(t, c.Dir)
		for k := range measures {
			if k == EndToEnd {
				continue // nothing was posted
			}
			if got[k] == nil || got[k].TotalCount() != number || !slices.Equal(got[k].Export().Counts, want[k].Export().Counts) {
				t.Errorf("%d agents: the histogram of %s is not that of the plan", n, k)
			}
		}
		if res.Sent.First != number || res.Sent.Taken != number || len(res.Fleet.Agents) != n || res.Fleet.Bound <= 0 || live.Figures().Bound != res.Fleet.Bound || res.Verdict != Held {
			t.Errorf("%d agents: %+v\n%+v", n, res, res.Fleet)
		}
		journalHasAll(t, c, number)
	}
}

// journalHasAll wants each confirmation taken, once, as the plan says it.
func journalHasAll(t *testing.T, c Config, number int) {
	t.Helper()
	seen := make([]int, number)
	err := readJournal(filepath.Join(c.Dir, sentFile), func(rows []byte) {
		var r Record
		for ; len(rows) > 0; rows = rows[recordSize:] {
			r.get(rows)
			if _, ack := latency(r.Seq); Outcome(r.Code) != Taken || r.Digest != c.Wording.says(r.Seq) || int64(r.Took) != ack/1000 {
				t.Errorf("confirmation %d is in the journal as %+v", r.Seq, r)
			}
			seen[r.Seq]++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for seq, n := range seen {
		if n != 1 {
			t.Fatalf("confirmation %d is %d times in the journal", seq, n)
		}
	}
}

// Agents send what one process would have sent, when it would have been sent, and
// the ERP sees all of it.
func TestAgentsThroughAPassingBuild(t *testing.T) {
	t.Parallel()
	for name, change := range kinds(t) {
		if race.Enabled && name != "batches" {
			continue // what is sent, nobody else sees
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			throughAPassingBuild(t, change)
		})
	}
}

// kinds of workload that agents send: 200 confirmations in 400 ms and 1200 in 3 s.
func kinds(t *testing.T) map[string]func(*Config) {
	return map[string]func(*Config){
		"one by one": func(*Config) {},
		"batches": func(c *Config) {
			if err := c.Wording.InBatches(8); err != nil {
				t.Fatal(err)
			}
		},
		"batches, the last smaller": func(c *Config) {
			if err := c.Wording.InBatches(7); err != nil {
				t.Fatal(err)
			}
		},
		"trace": func(c *Config) {
			x := &Shape{total: c.Shape.Number(), length: c.Shape.Length()}
			for n := range x.total {
				x.trace = append(x.trace, c.Shape.Due(n))
			}
			c.Shape = x
		},
	}
}

func throughAPassingBuild(t *testing.T, change func(*Config)) {
	c := small(t, &passing{t: t}, func(c *Config) { c.Fleet = agents(3, "sends") })
	change(&c)
	res := mustRun(t, c)
	if e := res.Exactly; res.Verdict != Held || e.Verdict != evidence.Holds || e.Posted != 200 || res.Sent.First != 200 || res.Sent.NotSent != 0 {
		t.Fatalf("%+v\n%+v", res, res.Exactly)
	}
	if q := res.Latency["e2e"]; q.Count != 200 || q.P50 <= 0 || time.Duration(q.P50*1e6) > time.Duration(res.Latency["ack"].Max*1e6)+res.Fleet.Bound {
		t.Errorf("end to end %+v, answers %+v: the build posts before it answers", q, res.Latency["ack"])
	}
	for _, p := range res.Fleet.Parts {
		if p.Outcome != PartWhole || p.Reported != p.Numbers || len(p.InDoubt)+len(p.NeverSent) > 0 {
			t.Errorf("%+v", p)
		}
	}
}

// holderOf waits until a part has an agent at work that has sent something, and
// returns it.
func (f *convoy) holderOf(part int) *child {
	for {
		f.mu.Lock()
		p := f.parts[part]
		c, reported := f.children[p.holder], p.reported()
		f.mu.Unlock()
		if reported > 0 {
			return c
		}
		<-time.After(5 * time.Millisecond) // its first report comes within a moment
	}
}

// An agent that is killed in the middle is noticed. What is known of its part,
// what is in doubt and what was never sent are together all of it.
func TestAKilledAgentIsNamedWithItsPart(t *testing.T) {
	t.Parallel()
	for name, change := range kinds(t) {
		if race.Enabled && name != "one by one" {
			continue // what is sent, nobody else sees
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killed(t, change)
		})
	}
}

func killed(t *testing.T, change func(*Config)) {
	const part, of = 2, 4
	var posted atomic.Int64
	b := &passing{t: t, serve: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		posted.Add(1)
		p.forward(w, r.Header.Get("Idempotency-Key"), body)
	}}
	c := small(t, b, func(c *Config) {
		c.Shape, _ = ParseShape("constant", 400, 3*time.Second)
		c.Emit.Most = c.Shape.Number()
		c.Fleet = agents(of, "sends")
		c.Fleet.sailing = func(f *convoy) {
			go func() { _ = f.holderOf(part).cmd.Process.Kill() }()
		}
	})
	change(&c)
	has := "confirmations 2, 6, …"
	if rows := c.Wording.rows(); rows > 1 {
		has = fmt.Sprintf("messages 2, 6, … of %d confirmations each", rows)
	}
	res := mustRun(t, c)
	if e := res.Exactly; res.Verdict != Limited || e.Verdict != evidence.Holds || e.Lost.Count+e.Invented.Count > 0 {
		t.Errorf("%+v\n%+v", res, res.Exactly)
	}
	for _, p := range res.Fleet.Parts {
		if p.Part != part {
			if p.Outcome != PartWhole || p.Reported != p.Numbers {
				t.Errorf("part %d has lost nothing, and is told as %+v", p.Part, p)
			}
			continue
		}
		wholePart(t, res, p)
		doubt, _ := spans(p.InDoubt)
		never, _ := spans(p.NeverSent)
		if p.Outcome != PartLost || p.Reported == 0 || never == 0 || p.Reported+doubt+never != p.Numbers {
			t.Errorf("%d of %d reported, %d in doubt, %d never sent", p.Reported, p.Numbers, doubt, never)
		}
		if res.Sent.NotSent != int64(doubt+never) {
			t.Errorf("%d were not sent for certain, %d are in doubt and %d were never sent", res.Sent.NotSent, doubt, never)
		}
	}
	if said := strings.Join(res.Limited, "\n"); !strings.Contains(said, "part 2 of 4 ("+has+") was lost") || !strings.Contains(said, "killed") {
		t.Errorf("it is told as %s", said)
	}
}

// wholePart wants what is in doubt and what was never sent to be of the part, and
// nothing twice.
func wholePart(t *testing.T, res *Result, p PartResult) {
	t.Helper()
	seen := map[uint64]bool{}
	for _, s := range slices.Concat(p.InDoubt, p.NeverSent) {
		for seq := s.First; seq <= s.Last; seq += s.Step {
			if seq/p.Rows%uint64(p.Of) != uint64(p.Part) || seen[seq] || seq >= res.Scheduled {
				t.Fatalf("confirmation %d is told of part %d of %d", seq, p.Part, p.Of)
			}
			seen[seq] = true
		}
	}
}

// One agent more than parts takes the rest of a part whose agent is gone.
func TestAnotherAgentTakesOver(t *testing.T) {
	t.Parallel()
	if race.Enabled {
		return // how long it takes somebody else to begin: make rounds
	}
	c := small(t, &passing{t: t}, func(c *Config) {
		c.Shape, _ = ParseShape("constant", 40, 10*time.Second)
		c.Emit.Most = c.Shape.Number()
		c.Fleet = agents(3, "sends")
		c.Fleet.Parts = 2
		c.Fleet.sailing = func(f *convoy) {
			go func() { _ = f.holderOf(1).cmd.Process.Kill() }()
		}
	})
	res := mustRun(t, c)
	p := res.Fleet.Parts[1]
	doubt, _ := spans(p.InDoubt)
	never, _ := spans(p.NeverSent)
	if p.Outcome != PartTaken || len(p.Agents) != 2 || p.Agents[0] == p.Agents[1] || p.Reported+doubt+never != p.Numbers || never == 0 {
		t.Fatalf("%+v", p)
	}
	wholePart(t, res, p)
	if last := slices.MaxFunc(p.NeverSent, func(a, b Span) int { return int(a.Last) - int(b.Last) }).Last; last >= res.Scheduled-2 {
		t.Errorf("the last of the part was not sent: %+v", p)
	}
	if e := res.Exactly; res.Verdict != Limited || e.Verdict != evidence.Holds {
		t.Errorf("%+v\n%+v", res, e)
	}
}

func TestFleetsThatCannotSail(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"closed": {func(c *Config) { c.Shape = nil }, "open workload"},
		"long trace": {func(c *Config) {
			c.Shape = &Shape{trace: make([]time.Duration, mostSentTrace+1), total: mostSentTrace + 1}
		}, "too long for agents"},
		"more parts":  {func(c *Config) { c.Fleet.Parts = 201 }, "201 parts of 200 confirmations in 200 messages"},
		"nobody":      {func(c *Config) { c.Fleet.Local = 0 }, "at least one agent"},
		"no agent":    {func(c *Config) { c.Fleet.Local, c.Fleet.Remote, c.Fleet.Within = 0, 1, 50*time.Millisecond }, "0 of 1 agents are ready after 50ms"},
		"no command":  {func(c *Config) { c.Fleet.Command = nil }, "no command"},
		"no program":  {func(c *Config) { c.Fleet.Command = []string{"/nonexistent/agent"} }, "no such file"},
		"no server":   {func(c *Config) { c.Fleet.URL = "nats://127.0.0.1:1" }, "connect to NATS at nats://127.0.0.1:1"},
		"bad address": {func(c *Config) { c.Fleet.Listen = "here" }, `"here" is no address`},
		"taken port":  {func(c *Config) { c.Fleet.Listen = "127.0.0.1:99999" }, "no port of 0 to 65535"},
		"elsewhere":   {func(c *Config) { c.Build, c.Fleet.Within = Running{URL: "http://192.0.2.1:80/mes"}, 5*time.Second }, "named as test systems"},
	} {
		t.Run(name, func(t *testing.T) {
			c := small(t, &passing{t: t}, func(c *Config) { c.Fleet = agents(1, "sends") })
			x.change(&c)
			if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v; want %q", err, x.says)
			}
		})
	}
}

// An interrupted fleet ends at once, and says what it knows.
func TestInterruptedFleet(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := small(t, &passing{t: t}, func(c *Config) {
		c.Shape, _ = ParseShape("constant", 100, time.Minute)
		c.Emit.Most = c.Shape.Number()
		c.Fleet = agents(2, "sends")
		c.Fleet.sailing = func(f *convoy) {
			go func() {
				f.holderOf(0)
				cancel()
			}()
		}
	})
	res, err := Run(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range res.Fleet.Parts {
		if p.Outcome != PartWhole || len(p.InDoubt) > 0 {
			t.Errorf("agents that were stopped know what they have sent: %+v", p)
		}
	}
	if !res.Interrupted || res.Exactly.Lost.Count+res.Exactly.Invented.Count > 0 || res.Sent.First == 0 {
		t.Errorf("%+v\n%+v", res, res.Exactly)
	}
}

// A piece says the same in another process.
func TestPiecesTravel(t *testing.T) {
	body, err := FromBody([]byte(`{"n":"${seq}","k":"${key}"}`), NewKeys("run"))
	if err != nil {
		t.Fatal(err)
	}
	shape, err := ParseShape("sine:50/1s", 100, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	batched := neutralWording(t)
	if err := batched.InBatches(16); err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]*Wording{"dialect": neutralWording(t), "body": body, "batches": batched} {
		works, err := pieces(&Config{Shape: shape, Wording: w, Emit: EmitConfig{Connections: 5}}, "http://127.0.0.1:1/", 2)
		if err != nil {
			t.Fatal(err)
		}
		for at, text := range works {
			var p piece
			if err := json.Unmarshal(text, &p); err != nil {
				t.Fatal(err)
			}
			mine, theirs := part{uint64(at), 2, w.rows()}, p.Words.of(p.part())
			if rows := w.rows(); rows > 1 && (p.Words.rows() != rows || string(theirs.AppendBatch(nil, rows, rows)) != string(w.AppendBatch(nil, mine.number(rows), rows))) {
				t.Errorf("%s: the second message of part %d is another elsewhere", name, at)
			}
			if p.Emit.Most != mine.count(shape.Number()) || p.Emit.Connections != 3 || p.Words.Path != w.Path {
				t.Errorf("%s: %+v", name, p)
			}
			for n := range p.Emit.Most {
				if seq := mine.number(n); string(theirs.Append(nil, n)) != string(w.Append(nil, seq)) || theirs.says(n) != w.says(seq) || p.Shape.of(mine).Due(n) != shape.Due(seq) {
					t.Fatalf("%s: confirmation %d of part %d is another elsewhere", name, n, at)
				}
			}
		}
	}
	words := func(flows string) string {
		var b bytes.Buffer
		z, err := flate.NewWriter(&b, flate.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write([]byte(flows)); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`{"Words":{"Flows":%q}}`, base64.StdEncoding.EncodeToString(b.Bytes()))
	}
	for text, says := range map[string]string{`{"Shape":{}}`: "no stretches", `{"Words":{}}`: "no text", words(`[]`): "no text", words(`[{"Flow":9}]`): "no flow 9",
		words(`[{"Shapes":[{"Text":"","Fields":[[0,0,36,0]]}],"Told":[[0,0,1,1]]}]`):                     "outside of its text",
		words(`[{"Shapes":[{"Text":"aGlnaA==","Fields":[[3,0,2,0]]}],"Told":[[0,9,1,1]],"Own":"eHg="}]`): "are missing",
		words(`[{"Shapes":[{"Text":"aGlnaA=="}],"Told":[[7,0,1,1]]}]`):                                   "no shape 7"} {
		if err := json.Unmarshal([]byte(text), &piece{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// All counters of one process are those of several.
func TestCountersAdd(t *testing.T) {
	var a, b Sent
	n := int64(0)
	a.each(func(_ string, v *atomic.Int64) { n++; v.Store(n) })
	b.add(a.counts(), map[string]int64{"First": 1})
	want := a.counts()
	want["First"]--
	if got := b.counts(); !maps.Equal(got, want) || len(got) < 15 {
		t.Errorf("%v, want %v", got, want)
	}
}

// Trouble on the way to the build begins when agents do, and reaches them.
func TestTroubleReachesAgents(t *testing.T) {
	t.Parallel()
	res := struckBy(t, func() Config {
		return small(t, &passing{t: t}, func(c *Config) {
			c.Fleet = agents(2, "sends")
			c.Faults = []Fault{mustFault(t, "mes:reset@50ms+100ms"), mustFault(t, "erp:503@250ms+150ms")}
			c.Emit.Tries = 20
		})
	})
	if e := res.Exactly; res.Verdict != Held || e.Posted != 200 || len(res.Faults) != 2 || res.Faults[0].Struck == 0 || res.Faults[1].Struck == 0 {
		t.Errorf("%s, %v: %+v\n%+v", res.Verdict, res.Why, res.Faults, e)
	}
}
