package load

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/internal/race"
)

// machine is what is measured on, as widely scattered as a shared one of two cores
// has been seen to be (processor time of runs ± 9 %, of ten against ten in turn
// ± 5 % in 95 of 100): a load of others that comes and goes, so that
// runs one after the other are alike, a slow drift, a scatter of each run, and now
// and then a run that something has spoilt.
type machine struct {
	r     *rand.Rand
	drift float64
	mood  float64
}

// factor is by how much a run is off on this machine; spread is that of one run.
func (m *machine) factor(spread float64) float64 {
	m.drift += 0.0005
	m.mood = 0.9*m.mood + 0.03*m.r.NormFloat64()
	x := m.drift + m.mood + spread*m.r.NormFloat64()
	if m.r.Float64() < 0.03 {
		x += 0.2 * m.r.ExpFloat64()
	}
	return math.Exp(x)
}

// simulated returns a comparison of builds of which B takes so much more.
func simulated(seed uint64, rounds int, latency, cpu float64) *Comparison {
	m := &machine{r: rand.New(rand.NewPCG(seed, 11))}
	return &Comparison{Rounds: rounds, Margin: 0.05, Run: func(_ context.Context, build string, _ int) (*Result, error) {
		slow, busy := 1.0, 1.0
		if build == "B" {
			slow, busy = 1+latency, 1+cpu
		}
		f := m.factor(0.035)
		return &Result{Verdict: Held, Offered: true, Build: &BuildUsage{CPUPerMillion: 250 * busy * f * math.Exp(0.01*m.r.NormFloat64())},
			Latency: map[string]Quantiles{"e2e": {P50: 3 * slow * f, P99: 20 * slow * f * math.Exp(0.08*m.r.NormFloat64())}}}, nil
	}}
}

// Of the same build under two names, at most 5 % of comparisons find a
// difference; what takes 10 % longer, or 5 % more processor time, is found in
// at least 90 %. On a machine that drifts.
func TestCompareIsRightOftenEnough(t *testing.T) {
	if race.Enabled {
		return // nothing in it is concurrent: make rounds
	}
	const pairs = 400
	wrong, slower, busier, same, early := 0, 0, 0, 0, 0
	verdicts := func(c *Compared) (of map[string]Difference) {
		of = map[string]Difference{}
		for _, f := range c.Figures {
			of[f.Name] = f.Verdict
		}
		return of
	}
	for seed := range uint64(pairs) {
		aa, err := simulated(seed, 24, 0, 0).Compare(t.Context())
		if err != nil || aa.Rounds > 24 || len(aa.Figures) != 3 {
			t.Fatalf("%v, %+v", err, aa)
		}
		different := false
		for _, v := range verdicts(aa) {
			different = different || v == Better || v == Worse
		}
		if different {
			wrong++
		}
		if v := verdicts(aa); v["e2e.p50"] == Same && v["cpu"] == Same {
			same++
		}
		slow, _ := simulated(seed+1e6, 24, 0.10, 0).Compare(t.Context())
		if verdicts(slow)["e2e.p50"] == Worse && slow.Exit == harness.ExitViolated {
			slower++
		}
		if slow.Rounds == 12 {
			early++
		}
		busy, _ := simulated(seed+2e6, 24, 0, 0.05).Compare(t.Context())
		if verdicts(busy)["cpu"] == Worse {
			busier++
		}
	}
	t.Logf("of %d each: the same build told apart %.1f %%, called the same by p50 and processor %.1f %%; 10 %% slower found %.1f %%, 5 %% busier found %.1f %%; decided after half of the rounds %.1f %%",
		pairs, 100*float64(wrong)/pairs, 100*float64(same)/pairs, 100*float64(slower)/pairs, 100*float64(busier)/pairs, 100*float64(early)/pairs)
	if wrong > pairs*5/100 || slower < pairs*90/100 || busier < pairs*90/100 {
		t.Error("too often wrong")
	}
}

func TestSignedRank(t *testing.T) {
	// Critical values of the signed-rank sum, two-sided 5 %, as printed in tables:
	// the largest sum that is significant, plus 1.
	for n, want := range map[int]int{5: 0, 6: 1, 7: 3, 8: 4, 9: 6, 10: 9, 15: 26, 20: 53, 25: 90} {
		if got := rankCut(n, 0.025); got != want {
			t.Errorf("%d differences: %d, want %d", n, got, want)
		}
	}
	if e := signedRank([]float64{1, 2, 3}, 0.05); !math.IsInf(e.low, -1) || e.mid != 2 || !math.IsInf(e.high, 1) {
		t.Errorf("of three: %+v", e)
	}
	if e := signedRank([]float64{1, 2, 3, 4, 5, 600}, 0.05); e.low != 1 || e.mid > 5 || e.high != 600 {
		t.Errorf("of six, one of them wild: %+v", e)
	}
	if LeastRounds != 8 {
		t.Errorf("a comparison needs %d rounds, want 8", LeastRounds)
	}
}

func TestDiffer(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		more      bool
		want      Difference
	}{
		{-0.01, 0.02, false, Same}, {0.01, 0.02, false, Same}, {0.03, 0.2, false, Worse}, {0.03, 0.2, true, Better}, {-0.2, -0.03, false, Better}, {-0.2, -0.03, true, Worse},
		{-0.1, 0.01, false, Undecided}, {math.Inf(-1), math.Inf(1), false, Undecided},
	} {
		if got := differ(estimate{c.low, 0, c.high}, 0.05, c.more); got != c.want {
			t.Errorf("%v to %v: %s, want %s", c.low, c.high, got, c.want)
		}
	}
}

// What ends a comparison otherwise.
func TestCompareEndsOtherwise(t *testing.T) {
	with := func(verdict func(build string, n int) Verdict) *Comparison {
		c := simulated(1, 8, 0, 0)
		inner := c.Run
		c.Run = func(ctx context.Context, build string, n int) (*Result, error) {
			r, err := inner(ctx, build, n)
			r.Verdict, r.Why = verdict(build, n), []string{"because"}
			return r, err
		}
		return c
	}
	got, err := with(func(build string, n int) Verdict {
		if build == "B" && n > 5 {
			return Violated
		}
		return Held
	}).Compare(t.Context())
	if err != nil || got.Outcome != string(Violated) || got.Exit != harness.ExitViolated || len(got.Runs) != 8 || !strings.Contains(got.Why[0], "build B, run 8: [because]") {
		t.Errorf("a build that loses: %v, %+v", err, got)
	}
	got, err = with(func(_ string, n int) Verdict { return map[bool]Verdict{true: Limited, false: Held}[n == 3] }).Compare(t.Context())
	if err != nil || got.Rounds != 8 || len(got.Runs) != 36 || got.Runs[0].Counted || !got.Runs[4].Counted || len(got.Figures) == 0 {
		t.Errorf("a round in which we were the limit does not count, and is made again: %v, %d rounds, %d runs", err, got.Rounds, len(got.Runs))
	}
	got, err = with(func(string, int) Verdict { return Limited }).Compare(t.Context())
	if err != nil || got.Outcome != string(Limited) || got.Exit != harness.ExitRig || len(got.Figures) > 0 {
		t.Errorf("always the limit: %v, %+v", err, got)
	}
	c := simulated(1, 8, 0, 0)
	c.Run = func(context.Context, string, int) (*Result, error) { return nil, fmt.Errorf("no build") }
	if _, err := c.Compare(t.Context()); err == nil || !strings.Contains(err.Error(), "round 1, build A: no build") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c = simulated(1, 8, 0, 0)
	c.See = func(string, int, *Result) { cancel() }
	if got, err := c.Compare(ctx); err != nil || got.Exit != harness.ExitInterrupted || len(got.Runs) != 1 {
		t.Errorf("interrupted: %v, %+v", err, got)
	}
}

// Two real builds, one of which takes half as long again for each confirmation.
func TestCompareRealBuilds(t *testing.T) {
	if race.Enabled {
		return // 36 loads like any other: make rounds
	}
	runs := map[string]time.Duration{"A": 10 * time.Millisecond, "B": 25 * time.Millisecond}
	c := &Comparison{Rounds: LeastRounds, Margin: 0.05, Run: func(ctx context.Context, build string, _ int) (*Result, error) {
		b := &passing{t: t, serve: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
			<-time.After(runs[build])
			p.forward(w, r.Header.Get("Idempotency-Key"), body)
		}}
		return Run(ctx, small(t, b, func(c *Config) {
			c.Shape, _ = ParseShape("constant", 100, 200*time.Millisecond)
			c.Emit.Most, c.Quiet = c.Shape.Number(), 20*time.Millisecond
		}))
	}}
	got, err := c.Compare(t.Context())
	if err != nil || got.Outcome != string(Worse) || len(got.Figures) != 2 || got.Figures[0].Name != "e2e.p50" || got.Figures[0].Verdict != Worse || got.Figures[0].Ratio < 1.3 {
		t.Errorf("%v, %+v", err, got)
	}
}
