package load

import (
	"context"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/internal/race"
)

// metered is a build that takes everything at once and posts it later, so many a
// second and no more: its capacity is known.
type metered struct {
	passing
	capacity float64
	lose     int // every so many confirmations one is forgotten; 0 for none
	twice    int // every so many one is posted under two keys
	mu       sync.Mutex
	cond     *sync.Cond
	waiting  []waitingPost
	over     bool
	wg       sync.WaitGroup
}

type waitingPost struct {
	key  string
	body []byte
}

func (m *metered) Start(ctx context.Context, systems string) (string, error) {
	m.cond = sync.NewCond(&m.mu)
	m.serve = func(_ *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		m.mu.Lock()
		m.waiting = append(m.waiting, waitingPost{r.Header.Get("Idempotency-Key"), body})
		m.mu.Unlock()
		m.cond.Signal()
		w.WriteHeader(http.StatusAccepted)
	}
	m.wg.Go(m.work)
	return m.passing.Start(ctx, systems)
}

// take waits for the next; idle says that there was none.
func (m *metered) take() (p waitingPost, idle, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.waiting) == 0 && !m.over {
		m.cond.Wait()
		idle = true
	}
	if m.over {
		return p, idle, false
	}
	p, m.waiting = m.waiting[0], m.waiting[1:]
	return p, idle, true
}

func (m *metered) work() {
	next := time.Now()
	each := time.Duration(float64(time.Second) / m.capacity)
	for n := 1; ; n++ {
		p, idle, ok := m.take()
		if !ok {
			return
		}
		if now := time.Now(); idle && next.Before(now) {
			next = now // what it did not do while idle is not caught up
		}
		next = next.Add(each)
		<-time.After(time.Until(next))
		if m.lose == 0 || n%m.lose != 0 {
			m.post(p.key, p.body)
		}
		if m.twice > 0 && n%m.twice == 0 {
			m.post("other-"+p.key, p.body)
		}
	}
}

func (m *metered) Stop(ctx context.Context) error {
	m.mu.Lock()
	m.over = true
	m.mu.Unlock()
	if m.cond != nil {
		m.cond.Broadcast()
		m.wg.Wait()
	}
	return m.passing.Stop(ctx)
}

// searching makes a load a search.
func searching(t testing.TB, from float64, probe, hold time.Duration) func(*Config) {
	return func(c *Config) {
		c.Shape, c.Emit.Most, c.MostConnections = nil, SearchMost, 256
		c.Search = &Search{From: from, UpTo: 1e6, SLO: slo(t, "e2e.p99 < 250ms"), Precision: 0.02, Probe: probe, Hold: hold, Within: 2 * time.Minute}
		if probe < time.Second {
			c.Search.Precision, c.Search.Within = 0.1, 15*time.Second
			c.Quiet = laggard
		}
	}
}

// A short search on a build with a known capacity, over real connections. That it
// is exact is shown in simulated time and, when it has its time, by
// BenchmarkFindMax; here the machine may do other things, so that of a few
// searches one has to find something, but nothing makes a build faster than it is.
func TestFindMax(t *testing.T) {
	if race.Enabled {
		return // how fast it is: TestFindMaxWhereWeAreTheLimit goes the same ways
	}
	for range 4 {
		if foundMax(t) {
			return
		}
	}
	t.Error("no search has found how fast the build is")
}

func foundMax(t *testing.T) bool {
	b := &metered{passing: passing{t: t}, capacity: 300}
	res := mustRun(t, small(t, b, searching(t, 150, 600*time.Millisecond, time.Second)))
	f := res.Search
	for _, p := range f.Probes {
		t.Log(p.Told(), p.took, p.Lasted)
	}
	if f.Max > 1.15*b.capacity || f.Max > 0 && f.Fails <= f.Max || f.First != nil && f.First.Limit == ByExactly {
		t.Errorf("%s (%v): %.1f/s by %s, the capacity is %v/s", f.Outcome, res.Why, f.Max, f.Limit, b.capacity)
	}
	var sent int64
	for _, p := range f.Probes {
		sent += p.Sent
		if p.Latency.Count == 0 || p.Rate == f.Max && p.Purpose == Holding && p.Latency.P99 > 250 {
			t.Errorf("%+v", p)
		}
	}
	if e := res.Exactly; e.Verdict != evidence.Holds || int64(e.Posted) != sent || e.Lost.Count > 0 || res.Sent.First != sent || res.Sent.NotSent != 0 || uint64(sent) != res.Scheduled {
		t.Errorf("sent %d by all probes; %+v, %+v", sent, e, res.Sent)
	}
	ok := res.Verdict == Held && f.Outcome == Held && f.First != nil && (f.First.Limit == ByThroughput || f.First.Limit == ByLatency) && f.Max >= 20
	if !ok {
		t.Logf("%s (%v): %.1f/s by %s, the capacity is %v/s", f.Outcome, res.Why, f.Max, f.Limit, b.capacity)
	}
	return ok
}

// A build that loses some, or posts some twice, is told no highest rate: it holds
// none.
func TestFindMaxOfUnsoundBuilds(t *testing.T) {
	if race.Enabled {
		return // likewise
	}
	for says, b := range map[string]*metered{"taken and not posted": {capacity: 500, lose: 10}, "applied twice": {capacity: 500, twice: 10}} {
		b.passing = passing{t: t}
		res := mustRun(t, small(t, b, searching(t, 40, 400*time.Millisecond, 400*time.Millisecond)))
		f := res.Search
		if res.Verdict != Violated || res.Exit != harness.ExitViolated || f.Outcome != Violated || f.Max != 0 || f.Limit != ByExactly || res.Exactly.Lost.Count+res.Exactly.Doubled.Count == 0 || !strings.Contains(f.First.Why, says) {
			t.Errorf("%s, %v: %+v", res.Verdict, res.Why, f)
		}
	}
}

// Where we are the limit nothing is said of the build: here as nobody could send
// so exactly.
func TestFindMaxWhereWeAreTheLimit(t *testing.T) {
	t.Parallel()
	b := &metered{passing: passing{t: t}, capacity: 200}
	c := small(t, b, searching(t, 100, 400*time.Millisecond, 400*time.Millisecond))
	c.Pacing = time.Nanosecond
	res := mustRun(t, c)
	if f := res.Search; res.Verdict != Limited || res.Exit != harness.ExitRig || f.Outcome != Limited || f.Max != 0 || f.Fails != 0 || f.Limit != ByGenerator || res.Exactly.Verdict != evidence.Holds {
		t.Errorf("%s, %v: %+v", res.Verdict, res.Why, f)
	}
}

// BenchmarkFindMax looks for the capacity of builds that have a known one, with
// the times of andon load. It fails if it is off by more than 3 % or takes more
// than 120 s. Run it with -benchtime 1x.
func BenchmarkFindMax(b *testing.B) {
	for _, capacity := range []float64{150, 1000, 2500} {
		b.Run("", func(b *testing.B) {
			for range b.N {
				m := &metered{passing: passing{t: b}, capacity: capacity}
				c := small(b, m, searching(b, 100, 6*time.Second, 20*time.Second))
				c.Pacing, c.Emit.Connections, c.Quiet = 20*time.Millisecond, 64, 3*time.Second
				c.Search.See = func(p Probe) { b.Log(p.Told()) }
				res, err := Run(b.Context(), c)
				if err != nil {
					b.Fatal(err)
				}
				f := res.Search
				off := f.Max/capacity - 1
				b.ReportMetric(off*100, "%off")
				b.ReportMetric(f.Took, "s/search")
				if f.Outcome != Held || math.Abs(off) > 0.03 || f.Took > 120 {
					b.Errorf("%s: %.1f/s of %.0f/s, off by %+.1f %%, in %.0f s: %s", f.Outcome, f.Max, capacity, off*100, f.Took, f.Why)
				}
			}
		})
	}
}
