package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/andon-rig/andon/internal/cputime"
)

// seeker makes the probes of a search on a build that stays up: one run, one
// journal and one judgement, in which each probe goes on where the last ended.
type seeker struct {
	*run
	c       *Config
	webhook string
	next    uint64 // the first confirmation that was never begun
	pacer   string
	sending time.Duration
	measure Measure // what counts as done
}

// search carries out a search.
func (r *run) search(ctx context.Context, c *Config, res *Result, webhook string) error {
	s := &seeker{run: r, c: c, webhook: webhook, measure: EndToEnd}
	if c.Listen == "" {
		s.measure = Ack
	}
	found, err := c.Search.find(ctx, s, c.Emit.Connections, max(c.MostConnections, c.Emit.Connections))
	res.Search, res.Pacer, res.Scheduled, res.Sending = &found, s.pacer, s.next, s.sending
	return err
}

// counts are those of a run that a probe is about.
type counts struct {
	first, taken, done, posted, gaveUp, queued, retried, reports, strange, reused int64
	doubled, altered                                                              int64
	cpu                                                                           time.Duration
	buildCPU                                                                      time.Duration
	idle                                                                          time.Duration
	at                                                                            time.Duration
}

func (s *seeker) counts(out *Sent) counts {
	c := counts{first: out.First.Load(), taken: s.taken.Load(), posted: s.applied.Load(), gaveUp: out.GivenUp.Load(), queued: out.Queued.Load(), retried: out.Retried.Load(),
		reports: s.in.Reports.Load(), strange: s.in.Strange.Load(), reused: s.in.Reused.Load(), doubled: s.doubled.Load(), altered: s.alterations.Load(),
		cpu: cputime.Used(), at: time.Since(s.start)}
	c.done = c.posted + c.gaveUp + c.reports
	if s.c.Listen == "" {
		c.done = c.taken + c.gaveUp
	}
	if u, ok := s.c.Build.Usage(); ok {
		c.buildCPU = u.CPU
	}
	c.idle, _, _ = machineIdle()
	return c
}

// probe implements [prober].
func (s *seeker) probe(ctx context.Context, why Purpose, rate float64, length time.Duration, connections int) (Probe, error) {
	shape, err := ParseShape("constant", rate, max(length, time.Duration(1.01/rate*float64(time.Second))))
	if err != nil {
		return Probe{}, err
	}
	sends, e, err := s.local(s.c, s.webhook)
	if err != nil {
		return Probe{}, err
	}
	e.shape = shape.from(s.next)
	e.cfg.Connections, e.cfg.Most, e.cfg.GiveUp = connections, s.next+shape.Number(), min(e.cfg.GiveUp, length)
	e.next.Store(s.next)

	w := &probing{seeker: s, rate: rate, length: length, first: s.next, number: shape.Number(), before: s.counts(&s.out)}
	sending, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.watch(sending, stop)
	}()
	var ran Result
	err = sends.emit(sending, &ran)
	stop(errOver)
	<-done
	s.next = min(e.next.Load(), e.cfg.Most)
	s.pacer = ran.Pacer
	s.sending += time.Since(s.start) - w.before.at
	if err != nil {
		return Probe{}, err
	}
	sent := s.counts(&s.out)
	unfinished := s.drain(ctx, &w.before)
	return s.conclude(w, why, connections, sent, unfinished), nil
}

var (
	errOver   = errors.New("the probe is over")
	errEnough = errors.New("it has failed already")
)

// levelEvery is how often a level is taken.
const levelEvery = 50 * time.Millisecond

// probing is a probe while it sends.
type probing struct {
	*seeker
	rate          float64
	length        time.Duration
	first, number uint64 // confirmation, and how many
	before, begun counts // at the beginning, and when it had settled in
	zero          time.Duration
	levels        []level
	stopped       time.Duration // when it was clear that it fails; 0 if never
}

// settling is how long a probe sends before it is looked at: connections are
// new, and who sleeps wakes up.
func settling(length time.Duration) time.Duration { return min(length/6, time.Second) }

// watch takes levels while a probe sends, and ends it when nothing can come of
// it any more.
func (w *probing) watch(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(levelEvery)
	defer tick.Stop()
	for settled := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Since(w.start)
		c := w.counts(&w.out)
		if first := c.first - w.before.first; w.zero == 0 && first > 0 {
			w.zero = now - time.Duration(float64(first)/w.rate*float64(time.Second))
		}
		at := now - w.zero
		if w.zero == 0 || at < settling(w.length) {
			continue
		}
		if !settled {
			settled, w.begun = true, c
			w.meter.cut()
		}
		due := math.Min(at.Seconds()*w.rate, float64(w.number))
		if due >= float64(w.number) {
			continue // all are due: what is left only becomes fewer
		}
		n := due - float64(c.done-w.before.done)
		w.levels = append(w.levels, level{at.Seconds(), n})
		if alive, _ := w.c.Build.Alive(); !alive || w.c.Search.overloaded(w.rate, n) {
			w.stopped = at
			stop(errEnough)
			return
		}
	}
}

// drain waits until what a probe has sent is posted, or nothing comes any more;
// unfinished says that postings still came when there was no more time.
func (s *seeker) drain(ctx context.Context, before *counts) (unfinished bool) {
	began := time.Since(s.start)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for s.c.Listen != "" {
		c := s.counts(&s.out)
		now := time.Since(s.start)
		switch {
		case c.posted-before.posted+c.reports-before.reports >= c.taken-before.taken:
			return false
		case now-max(time.Duration(s.lastPost.Load()), began) >= s.c.Quiet:
			return false
		case now-began >= s.c.Drain:
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return true
		}
	}
	return false
}

// conclude judges a probe.
func (s *seeker) conclude(w *probing, why Purpose, connections int, sent counts, unfinished bool) Probe {
	after, b := s.counts(&s.out), &w.before
	seen := s.meter.cut()
	if w.begun.at == 0 { // it ended before it had settled
		w.begun = *b
	}
	p := Probe{Purpose: why, Rate: w.rate, Began: b.at.Seconds(), Lasted: (after.at - b.at).Seconds(), Connections: connections, took: after.at - b.at,
		Sent: after.first - b.first, Taken: after.taken - b.taken, Posted: after.posted - b.posted, At: (sent.at - b.at).Seconds()}
	span := max((sent.at - w.begun.at).Seconds(), 1e-3)
	p.PostedRate = float64(sent.done-w.begun.done) / span
	p.RigCores, p.BuildCores = (sent.cpu-w.begun.cpu).Seconds()/span, max(0, (sent.buildCPU-w.begun.buildCPU).Seconds()/span)
	p.IdleCores = (sent.idle - w.begun.idle).Seconds() / span
	p.queued = float64(after.queued-b.queued) > 0.1*float64(p.Sent)
	if w.stopped > 0 {
		p.At = w.stopped.Seconds()
	}
	x := probed{rate: w.rate, lasted: span, levels: w.levels, gaveUp: sent.gaveUp - b.gaveUp, budget: s.c.Pacing, rigCores: p.RigCores, idle: p.IdleCores,
		wrong: s.wrong(b, &after, unfinished)}
	if w.stopped > 0 {
		x.gaveUp = 0 // those who waited were given up by us
	}
	if began := s.next - w.first; w.stopped == 0 && began < w.number {
		x.number, x.unsent = w.number, w.number-began
	}
	if sent.idle > 0 {
		x.cores = float64(runtime.NumCPU())
	}
	if ok, why := s.c.Build.Alive(); !ok {
		x.died = why
	}
	x.figures = figures{sent: float64(sent.first-w.begun.first) / span, posted: p.PostedRate, errors: float64(x.gaveUp) / float64(max(p.Sent, 1)),
		retries: float64(after.retried - b.retried), lag: most(w.levels), drain: after.at - sent.at, at: w.meter.At}
	if seen != nil {
		x.at = func(m Measure, percentile float64) (time.Duration, int64) {
			return time.Duration(seen[m].ValueAtPercentile(percentile)), seen[m].TotalCount()
		}
		p.Latency = quantiles(seen[s.measure])
		x.pacing = time.Duration(seen[Pacing].ValueAtPercentile(99))
	}
	p.Growth, p.piled = x.piles()
	p.sank = sank(w.rate, w.levels)
	p.piled = p.piled || w.stopped > 0
	p.late = x.pacing > x.budget
	p.Outcome, p.Limit, p.Why = s.c.Search.assess(&x)
	if w.stopped > 0 && p.Outcome == Held {
		p.Outcome, p.Limit, p.Why = Violated, ByThroughput, fmt.Sprintf("%.0f were due and not done", most(w.levels))
	}
	return p
}

// most is the highest level.
func most(levels []level) (n float64) {
	for _, l := range levels {
		n = max(n, l.n)
	}
	return n
}

// wrong says what was wrong with exactly-once, as far as it is known while the
// run goes on. The judgement at its end reads the journal.
func (s *seeker) wrong(b, after *counts, unfinished bool) string {
	lost := after.taken - b.taken - (after.posted - b.posted) - (after.reports - b.reports)
	switch {
	case after.doubled > b.doubled:
		return fmt.Sprintf("%d confirmations were applied twice", after.doubled-b.doubled)
	case after.altered > b.altered:
		return fmt.Sprintf("%d confirmations were posted with another content", after.altered-b.altered)
	case after.strange > b.strange:
		return fmt.Sprintf("%d postings are of nothing that was sent", after.strange-b.strange)
	case after.reused > b.reused:
		return fmt.Sprintf("%d postings came under a key that another confirmation had", after.reused-b.reused)
	case s.c.Listen != "" && lost > 0 && !unfinished:
		return fmt.Sprintf("%d confirmations were taken and not posted", lost)
	case s.c.Listen != "" && after.reports > b.reports:
		return fmt.Sprintf("%d confirmations were not posted but reported to a person", after.reports-b.reports)
	}
	return ""
}
