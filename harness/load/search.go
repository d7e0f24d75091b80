package load

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Search looks for the highest rate at which a build keeps its promises: it
// doubles the rate until a probe fails, bisects between the last that held and
// the first that failed, holds what it has found for longer, and looks once more
// whether a little above it really fails.
type Search struct {
	From      float64       // rate of the first probe
	UpTo      float64       // no probe is beyond it
	SLO       []Gate        // what must hold; errors and exactly-once always must
	Precision float64       // between what held and what failed, as a share
	Probe     time.Duration // how long a probe of the bisection sends
	Hold      time.Duration // how long what was found must hold
	Within    time.Duration // for all probes
	See       func(Probe)   // told of each probe when it is over; may be nil
}

// Purpose of a probe.
type Purpose string

// Purposes.
const (
	Doubling  Purpose = "double"
	Halving   Purpose = "halve" // not even the first rate held
	Bisecting Purpose = "bisect"
	Holding   Purpose = "hold"
	Above     Purpose = "above" // what must fail, if the highest rate was found
)

// Limit is what a build, or who loads it, comes up against.
type Limit string

// Limits.
const (
	ByLatency    Limit = "latency"      // the SLO of a latency
	ByThroughput Limit = "throughput"   // it posts less than it is sent, so that the rest piles up
	ByErrors     Limit = "errors"       // confirmations are refused, or never taken
	ByExactly    Limit = "exactly-once" // confirmations are lost, doubled or altered
	ByCrash      Limit = "crash"        // the build is gone
	ByOther      Limit = "slo"          // another promise of the SLO
	ByGenerator  Limit = "generator"    // we were the limit: nothing is said of the build
)

// Probe is a load at one rate while the highest is looked for.
type Probe struct {
	Purpose     Purpose       `json:"purpose"`
	Rate        float64       `json:"rate_per_s"`
	Began       float64       `json:"began_s"`  // after the start
	Lasted      float64       `json:"lasted_s"` // with what the build had to do afterwards
	Connections int           `json:"connections"`
	Outcome     Verdict       `json:"outcome"`
	Limit       Limit         `json:"limit,omitempty"` // of what failed
	Why         string        `json:"why,omitempty"`   // what failed first
	At          float64       `json:"at_s,omitempty"`  // when that was known, after the probe's beginning
	Sent        int64         `json:"sent"`
	Taken       int64         `json:"taken"`
	Posted      int64         `json:"posted"`
	PostedRate  float64       `json:"posted_per_s"` // while sending
	Growth      float64       `json:"growth_per_s"` // of what is due and not done
	Latency     Quantiles     `json:"latency"`      // end to end, or to the answer if no postings are expected
	BuildCores  float64       `json:"build_cores,omitempty"`
	RigCores    float64       `json:"rig_cores"`
	IdleCores   float64       `json:"idle_cores,omitempty"` // of the machine
	took        time.Duration // by the search's clock
	sank        float64       // what it posted a second while it fell behind; 0 if it did not for long enough to tell
	queued      bool          // many found no connection free
	piled       bool          // it was too much for the build
	late        bool          // we were
}

// Found is what a search has come to.
type Found struct {
	Outcome Verdict  `json:"outcome"` // held, violated (not even the least rate holds), undecidable, generator-limited
	Max     float64  `json:"max_per_s,omitempty"`
	Fails   float64  `json:"fails_at_per_s,omitempty"` // the lowest rate known to fail
	AtLeast float64  `json:"at_least_per_s,omitempty"` // held, if the highest rate was not found
	Limit   Limit    `json:"limit,omitempty"`
	First   *Probe   `json:"first_failure,omitempty"` // that set the limit
	Why     string   `json:"why,omitempty"`
	SLO     []string `json:"slo"`
	Took    float64  `json:"took_s"`
	Probes  []Probe  `json:"probes"`
}

// prober sends at a rate for so long and says how that went.
type prober interface {
	probe(ctx context.Context, why Purpose, rate float64, length time.Duration, connections int) (Probe, error)
}

// finder is a search while it goes on.
type finder struct {
	*Search
	ctx    context.Context
	by     prober
	found  Found
	spent  time.Duration
	lo     float64 // held
	fails  []Probe // failed, above lo
	conns  int
	most   int     // connections
	proven bool    // more connections do not help
	prompt float64 // the highest rate at which we were not late
	err    error
	over   bool // nothing more can be learned
	flawed bool // it loses or doubles although it is not sent too much
}

// find looks for the highest rate; connections grow up to most if they are what
// limits.
func (s *Search) find(ctx context.Context, by prober, connections, most int) (Found, error) {
	f := &finder{Search: s, ctx: ctx, by: by, conns: connections, most: max(most, connections)}
	for _, g := range s.SLO {
		f.found.SLO = append(f.found.SLO, g.Expression)
	}
	f.double()
	for again := true; again && !f.over; {
		f.bisect()
		again = f.hold() && f.above()
	}
	f.found.Took = f.spent.Seconds()
	f.conclude()
	return f.found, f.err
}

// try makes a probe, and once more with more connections if we had too few. If we
// were late at a rate at which we can be on time it was something passing of the
// machine, and the probe is made again.
func (f *finder) try(why Purpose, rate float64, length time.Duration) (held bool) {
	for again := 0; ; {
		p, ok := f.once(why, rate, length, f.conns)
		if ok && p.Outcome == Limited && (rate <= f.prompt && again < 2 || why == Doubling && again < 1) && f.time(length) {
			again++
			continue
		}
		if !ok || p.Outcome == Held || !p.queued || f.proven || p.Limit != ByThroughput && p.Limit != ByLatency {
			return f.take(p, ok)
		}
		if f.conns >= f.most {
			p.Outcome, p.Limit = Limited, ByGenerator
			p.Why = fmt.Sprintf("all %d connections waited for the build, and more of them might get more out of it (raise --most-connections); then %s", f.conns, p.Why)
			return f.take(p, true)
		}
		more, ok := f.once(why, rate, length, min(4*f.conns, f.most))
		switch {
		case !ok:
			return false
		case more.Outcome == Held || more.PostedRate > 1.05*p.PostedRate:
			f.conns = more.Connections
			if more.Outcome == Held || !more.queued {
				return f.take(more, true)
			}
		default: // no faster with more: it is the build
			f.proven = true
			return f.take(p, true)
		}
	}
}

// once makes a probe and keeps it.
func (f *finder) once(why Purpose, rate float64, length time.Duration, connections int) (p Probe, ok bool) {
	if f.over || f.ctx.Err() != nil {
		f.over = true
		return p, false
	}
	if p, f.err = f.by.probe(f.ctx, why, rate, length, connections); f.err != nil {
		f.over = true
		return p, false
	}
	f.spent += p.took
	if !p.late {
		f.prompt = max(f.prompt, rate)
	}
	f.found.Probes = append(f.found.Probes, p)
	if f.See != nil {
		f.See(p)
	}
	return p, true
}

// take learns from a probe whether its rate is held. What has not been held for
// long is not held because a shorter probe does not fail.
func (f *finder) take(p Probe, ok bool) (held bool) {
	switch {
	case !ok:
	case p.Outcome == Held:
		if firm := f.firm(); p.Purpose == Holding || firm == nil || p.Rate < firm.Rate {
			f.lo = max(f.lo, p.Rate)
		}
		return true
	default:
		f.distrust(&p)
		f.fails = append(f.fails, p)
		f.flawed = p.Limit == ByExactly && !p.piled
		f.over = f.over || f.flawed || p.Limit == ByCrash
	}
	return false
}

// upper is the first failure at the lowest rate above lo that failed, if possible
// one of which we are not the reason; nil if there is none.
func (f *finder) upper() (p *Probe) {
	for i := range f.fails {
		x := &f.fails[i]
		if x.Rate > f.lo && (p == nil || x.Rate < p.Rate || x.Rate == p.Rate && p.Outcome == Limited) {
			p = x
		}
	}
	return p
}

// double finds a rate that holds and one that fails. The first failure counts
// only when it happens again: builds begin slowly.
func (f *finder) double() {
	rate := f.From
	for first := true; !f.over; {
		if f.try(Doubling, rate, f.short(rate)) {
			f.over = f.over || rate >= f.UpTo
			rate = min(2*rate, f.UpTo)
			continue
		}
		if f.over || !first {
			break
		}
		first = false
		f.fails = nil
	}
	if hi := f.upper(); hi != nil {
		rate = hi.Rate // what held before it may be distrusted
	}
	for rate = min(f.From, rate) / 2; !f.over && f.lo == 0; rate /= 2 {
		if rate < 1 {
			f.over = true
			break
		}
		f.try(Halving, rate, f.Probe)
	}
}

// short is how long a probe of the doubling sends: a third of others, if that is
// enough values for a percentile such as p99.
func (f *finder) short(rate float64) time.Duration {
	enough := time.Duration(100 * (fewest + 2) / rate * float64(time.Second))
	return min(f.Probe, max(f.Probe/3, enough))
}

// bisect narrows down what lies between held and failed.
func (f *finder) bisect() {
	for !f.over && f.time(f.Probe+f.Hold) {
		switch hi := f.upper(); {
		case hi == nil: // what had failed does not fail any more
			f.try(Bisecting, min(f.lo*1.1, f.UpTo), f.Probe)
			f.over = f.over || f.lo >= f.UpTo
		case hi.Rate <= f.lo*(1+f.Precision), hi.Rate <= f.lo*(1+3*f.Precision) && !f.time(f.Probe+2*f.Hold):
			return // or time is better spent on holding once more
		default:
			f.try(Bisecting, f.between(hi), f.Probe)
		}
	}
}

// between chooses a rate above lo and below hi. What a build has posted while it
// was sent too much is about what it can do, so the search goes to both sides of
// that first; else it halves.
func (f *finder) between(hi *Probe) float64 {
	near := 1 + f.Precision/2
	can := min(hi.PostedRate, hi.Rate-hi.Growth)
	guesses := []float64{can / near, can * near}
	if can < f.lo*near*near { // about what holds
		guesses = append(guesses, f.lo*(1+2*f.Precision))
	}
	for _, guess := range guesses {
		if hi.Limit == ByThroughput && guess > f.lo*near && guess < hi.Rate/near {
			return guess
		}
	}
	return math.Sqrt(f.lo * hi.Rate)
}

// distrust forgets that rates hold, if the build has posted less while it was
// sent too much: short probes may end before that shows.
func (f *finder) distrust(p *Probe) {
	if p.Purpose == Holding || p.Limit != ByThroughput || p.PostedRate >= f.lo/(1+f.Precision/2) {
		return
	}
	f.lo = f.found.Max
	for _, x := range f.found.Probes {
		if x.Outcome == Held && x.Rate < p.PostedRate {
			f.lo = max(f.lo, x.Rate)
		}
	}
}

// conclude puts together what was found.
func (f *finder) conclude() {
	r := &f.found
	if r.Max > 0 {
		f.lo = r.Max // what held above it was not held for long
	}
	if hi := f.upper(); hi != nil {
		r.First, r.Fails, r.Limit = hi, hi.Rate, hi.Limit
	}
	switch {
	case r.First != nil && r.First.Outcome == Limited: // never a number
		r.Outcome, r.Max, r.Fails, r.AtLeast = Limited, 0, 0, f.shown()
		r.Why = fmt.Sprintf("at %.4g/s %s", r.First.Rate, r.First.Why)
	case f.flawed: // at no rate, however few it happens to
		p := f.fails[len(f.fails)-1]
		r.Outcome, r.Max, r.Fails, r.First, r.Limit = Violated, 0, p.Rate, &p, p.Limit
		r.Why = fmt.Sprintf("at %.4g/s, which was not too much for it, %s", p.Rate, p.Why)
	case r.First != nil && f.lo == 0 && f.err == nil && f.ctx.Err() == nil:
		r.Outcome, r.Why = Violated, fmt.Sprintf("not even %.4g/s holds: %s", r.First.Rate, r.First.Why)
	case r.Max > 0 && r.First != nil:
		r.Outcome = Held
	default:
		r.Outcome, r.AtLeast, r.Max = Undecidable, max(f.shown(), r.Max), 0
		switch {
		case f.lo >= f.UpTo:
			r.Why = fmt.Sprintf("the highest rate that may be tried, %.4g/s, holds (raise --up-to)", f.UpTo)
		case r.Why == "":
			r.Why = "the search did not come to its end"
		}
	}
}

// SearchMost is how many confirmations a search may send in all.
const SearchMost = 1 << 30

// shown is the highest rate that a probe has held, below all that failed.
func (f *finder) shown() (rate float64) {
	below := math.Inf(1)
	if f.found.First != nil {
		below = f.found.First.Rate
	}
	for _, p := range f.found.Probes {
		if p.Outcome == Held && p.Rate < below {
			rate = max(rate, p.Rate)
		}
	}
	return rate
}
