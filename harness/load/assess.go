package load

import (
	"fmt"
	"slices"
	"time"
)

// probed is what is known of a probe when it is judged.
type probed struct {
	figures
	rate     float64
	lasted   float64 // seconds in which levels were taken
	levels   []level
	gaveUp   int64  // confirmations that were never taken
	number   uint64 // that were due
	unsent   uint64 // of which as many were never begun, as the time was over
	wrong    string // with exactly-once
	died     string
	pacing   time.Duration // our own lateness, p99
	budget   time.Duration
	rigCores float64
	cores    float64 // of the machine; 0 if nobody knows how idle they were
	idle     float64
}

// tolerated growth of what is due and not done: a share of the rate, and what is
// no growth at all.
const (
	growthShare = 0.005
	growthNone  = 0.02 // seconds of the rate
	growthFew   = 4
)

// piles reports whether what is due and not done grows all the time.
func (x *probed) piles() (growth float64, yes bool) {
	growth = slope(x.levels)
	return growth, growth > growthShare*x.rate && growth*x.lasted > max(growthFew, growthNone*x.rate)
}

// overloaded reports whether so much is due and not done already that nothing
// can come of the probe any more.
func (s *Search) overloaded(rate, outstanding float64) bool {
	most := time.Second
	for _, g := range s.SLO {
		if g.latent() && g.less {
			most = max(most, 2*time.Duration(g.limit*float64(time.Millisecond)))
		}
	}
	return outstanding > max(rate*most.Seconds(), 2*growthFew)
}

// assess says whether the build held what was asked of it, and if not what failed
// first: what is a consequence of something else comes after it.
func (s *Search) assess(x *probed) (outcome Verdict, limit Limit, why string) {
	growth, piles := x.piles()
	switch {
	case x.died != "":
		return Violated, ByCrash, "the build is gone: " + x.died
	case x.wrong != "":
		return Violated, ByExactly, x.wrong
	}
	outcome, limit, why = s.promises(x)
	if piles {
		outcome, limit, why = Violated, ByThroughput, fmt.Sprintf("it posts %.1f/s, and what is due and not done grows by %.1f/s", x.posted, growth)
	}
	if outcome == Held {
		return outcome, "", ""
	}
	if by := x.generator(); by != "" {
		return Limited, ByGenerator, by
	}
	return outcome, limit, why
}

// promises holds the SLO against a probe. What cannot be told, as too few were
// sent, is no failure of a short probe.
func (s *Search) promises(x *probed) (Verdict, Limit, string) {
	if !slices.ContainsFunc(s.SLO, func(g Gate) bool { return g.what == "errors" }) && x.gaveUp > 0 {
		return Violated, ByErrors, fmt.Sprintf("%d confirmations were never taken", x.gaveUp)
	}
	for _, g := range s.SLO {
		if got := g.decide(x.figures); got.Outcome == Violated {
			return Violated, g.limits(), fmt.Sprintf("%s: %s", g.Expression, got.Why)
		}
	}
	if x.unsent > 0 { // of what was sent, too few to tell a latency may be left
		return Violated, ByThroughput, fmt.Sprintf("%d of %d were due and never sent", x.unsent, x.number)
	}
	return Held, "", ""
}

// limits is what a build has come up against that does not keep g.
func (g Gate) limits() Limit {
	switch {
	case g.latent():
		return ByLatency
	case g.what == "errors" || g.what == "retries":
		return ByErrors
	case g.what == "posted" || g.what == "sent" || g.what == "backlog" || g.what == "drain":
		return ByThroughput
	}
	return ByOther
}

// latent reports whether g is about a latency.
func (g Gate) latent() bool { return g.percentile > 0 }

// generator says why we may be the reason of a failure; "" if we are not.
func (x *probed) generator() string {
	switch {
	case x.pacing > x.budget:
		return fmt.Sprintf("1 %% of confirmations were sent more than %s late although a connection was free (budget %s)", x.pacing.Round(10*time.Microsecond), x.budget)
	case x.cores > 0 && x.idle < 0.05*x.cores && x.rigCores > 0.5*x.cores:
		return fmt.Sprintf("the machine has no processor time left, and the rig takes %.1f of %.0f", x.rigCores, x.cores)
	}
	return ""
}

// Told is a line about a probe for people.
func (p Probe) Told() string {
	text := fmt.Sprintf("%-7s %9.1f/s  %-17s e2e p99 %-10s", p.Purpose, p.Rate, p.Outcome, time.Duration(p.Latency.P99*1e6).Round(10*time.Microsecond))
	if p.BuildCores > 0 {
		text += fmt.Sprintf("  build %.2f cores", p.BuildCores)
	}
	if p.Why != "" {
		text += "  " + p.Why
	}
	return text
}
