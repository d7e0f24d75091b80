package load

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/sut"
)

// mortal is a build that can be broken. It answers before it posts; what it has
// not posted when it is killed it has forgotten, unless it writes down first.
type mortal struct {
	passing
	durable bool
	stays   bool // it does not come back
	most    int  // of what it posts before it is broken for the first time; 0 is all

	mu    sync.Mutex // guards what follows
	state string     // what was done to it
	hurt  bool       // something was
	n     int        // how many it has posted
	owed  [][2]string
	done  chan struct{}
}

func (m *mortal) Start(ctx context.Context, systems string) (string, error) {
	m.done = make(chan struct{})
	m.serve = func(_ *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.state != "" {
			panic(http.ErrAbortHandler)
		}
		m.owed = append(m.owed, [2]string{r.Header.Get("Idempotency-Key"), string(body)})
		w.WriteHeader(http.StatusAccepted)
	}
	go m.work()
	return m.passing.Start(ctx, systems)
}

// work posts what is owed, a while after it was taken.
func (m *mortal) work() {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-m.done:
			return
		case <-tick.C:
		}
		m.mu.Lock()
		owed := m.owed
		switch {
		case m.state != "":
			owed = nil
		case m.most > 0 && !m.hurt:
			owed = owed[:min(len(owed), m.most-m.n)]
		}
		m.n += len(owed)
		m.owed = m.owed[len(owed):]
		m.mu.Unlock()
		for _, o := range owed {
			m.post(o[0], []byte(o[1]))
		}
	}
}

func (m *mortal) Stop(ctx context.Context) error {
	close(m.done)
	return m.passing.Stop(ctx)
}

func (m *mortal) Breaks(kind string) error {
	if kind == breakPause {
		return errors.New("it never rests")
	}
	return nil
}

func (m *mortal) Break(_ context.Context, kind string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state, m.hurt = kind, true
	if kind == breakKill && !m.durable {
		m.owed = nil
	}
	return nil
}

func (m *mortal) Mend(context.Context, string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stays {
		return errors.New("it prints a stack and ends")
	}
	m.state = ""
	return nil
}

func (m *mortal) Alive() (bool, string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state == "", "it was killed"
}

// A build that writes down what it takes is killed and asked to end in the middle,
// and has posted all of it exactly once in the end.
func TestBuildThatIsKilled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"sut:kill@100ms+100ms", "sut:restart@100ms+100ms", "sut:kill@50ms+30ms/120ms"} {
		often := 1 + strings.Count(text, "/")
		res := struckOften(t, often, func() Config {
			m := &mortal{passing: passing{t: t}, durable: true}
			return small(t, m, func(c *Config) { c.Faults, c.Emit.Tries, c.Quiet = []Fault{mustFault(t, text)}, 20, patience })
		})
		if e := res.Exactly; res.Verdict != Held || e.Verdict != evidence.Holds || e.Posted != 200 || e.Doubled.Count > 0 {
			t.Errorf("%s: %s, %v: %+v", text, res.Verdict, res.Why, e)
		}
		for _, b := range res.Faults {
			if b.Struck != 1 || b.To <= b.From || b.Place != placeSUT {
				t.Errorf("%s: %+v", text, b)
			}
		}
		if n := len(res.Faults); n < often {
			t.Errorf("%s: %d times", text, n)
		}
	}
}

// To be killed is no excuse for forgetting what was taken; nor for not coming back.
func TestBuildThatForgets(t *testing.T) {
	t.Parallel()
	const most = 20
	res := struckBy(t, func() Config {
		forgets := &mortal{passing: passing{t: t}, most: most}
		return small(t, forgets, func(c *Config) {
			c.Faults, c.Emit.Tries, c.Quiet = []Fault{mustFault(t, "sut:kill@205ms+50ms")}, 20, laggard
		})
	})
	if e := res.Exactly; res.Verdict != Violated || e.Lost.Count == 0 || e.Posted < most || e.Posted+e.Lost.Count != 200 {
		t.Errorf("%s, %v: %+v", res.Verdict, res.Why, e)
	}
	res = struckBy(t, func() Config {
		stays := &mortal{passing: passing{t: t}, durable: true, stays: true}
		return small(t, stays, func(c *Config) {
			c.Faults, c.Emit.GiveUp = []Fault{mustFault(t, "sut:kill@100ms+100ms")}, 300*time.Millisecond
		})
	})
	if res.Verdict != Violated || res.Exit != harness.ExitViolated || !strings.Contains(strings.Join(res.Why, "; "), "it prints a stack and ends") {
		t.Errorf("%s, %v", res.Verdict, res.Why)
	}
	// What cannot be done is told before anything is sent.
	c := small(t, &mortal{passing: passing{t: t}}, func(c *Config) { c.Faults = []Fault{mustFault(t, "sut:pause@1ms+1ms")} })
	if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "it never rests") {
		t.Errorf("%v", err)
	}
	c = small(t, &passing{t: t}, func(c *Config) { c.Faults = []Fault{mustFault(t, "sut:kill@1ms+1ms")} })
	if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "that Andon has started") {
		t.Errorf("%v", err)
	}
}

// The processor time of a build that was started anew is that of all its lives.
func TestUsageOverARestart(t *testing.T) {
	b := &used{}
	g := &usageGauge{build: b, start: time.Now()}
	for _, s := range []float64{1, 3, 2.9, 4, 0.5, 1} { // 3, less a dying child's 0.1, and 1 of its second life
		b.CPU = time.Duration(s * float64(time.Second))
		g.look()
	}
	if got := g.usage(1_000_000).CPU; got != 4*time.Second {
		t.Errorf("%s", got)
	}
}

type used struct{ CPU time.Duration }

func (u *used) Start(context.Context, string) (string, error) { return "", nil }
func (u *used) Stop(context.Context) error                    { return nil }
func (u *used) Alive() (bool, string)                         { return true, "" }
func (u *used) Usage() (sut.Usage, bool)                      { return sut.Usage{CPU: u.CPU}, true }
