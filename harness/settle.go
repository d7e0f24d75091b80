package harness

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// progress follows the journal and knows what is still owed: facts that the
// SUT has taken and that neither show in the books nor have been surfaced, and
// in the end also those of which a list has told it. It decides only when to go
// on; what a debt means is for the oracles.
type progress struct {
	endpoints []*endpoint.Endpoint
	links     []*chaos.Link
	turn      func()     // see [World]; nil for always
	lag       func() int // see [Plan.lag]; nil for none

	mu     sync.Mutex // guards what follows
	facts  map[string]*debt
	owed   int
	held   int           // announcements that were waited for once, in vain
	vain   int           // how often that was
	ending bool          // what lists told counts
	last   time.Time     // of the last thing that changed anything
	asked  time.Time     // of the last question about something in particular
	change chan struct{} // gets a token at each change
}

// debt is one fact on its way.
type debt struct {
	taken  bool // by the SUT
	told   bool // it was, by a list
	paid   bool // effective, surfaced, or refused at intake
	stale  bool // was waited for once, in vain
	counts bool // is in progress.owed
	later  bool // was accepted, and is to be answered later
}

func newProgress(j *evidence.Journal, endpoints []*endpoint.Endpoint, links []*chaos.Link) *progress {
	p := &progress{endpoints: endpoints, links: links, facts: map[string]*debt{}, last: time.Now(), change: make(chan struct{}, 1)}
	j.Watch(p.see)
	return p
}

// see updates the debts by one record.
func (p *progress) see(r evidence.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch b := r.Body.(type) {
	case evidence.Truth:
		if b.Sink != "" {
			p.facts[string(b.Event.ID)] = &debt{}
		}
	case evidence.Offer:
		if b.Result.Outcome != simulators.Undelivered && !strings.HasPrefix(b.Key, simulators.ProbeOf) { // knocking at a door is no sign of life
			p.last = time.Now()
		}
		for _, id := range b.Facts {
			p.update(string(id), func(d *debt) {
				d.taken = d.taken || b.Result.Outcome.Took()
				d.paid = d.paid || b.Result.Outcome == simulators.Refused
			})
		}
	case evidence.Effect:
		p.last = time.Now()
		p.pay(string(b.Posting.Claim.ID), plant.Natural(b.Posting.Claim.Fact))
	case evidence.Surface:
		p.last = time.Now()
		p.pay(b.Reference, plant.NaturalKey(b.Kind, b.Keys))
	case evidence.Attempt:
		if b.Heard.Outcome.Took() {
			for _, id := range b.Told {
				p.update(string(id), func(d *debt) { d.told = true })
			}
		}
		if b.Heard.Outcome == simulators.Accepted {
			for _, e := range b.Claims {
				p.update(string(e.ID), func(d *debt) { d.later = true })
				p.update(plant.Natural(e.Fact), func(d *debt) { d.later = true })
			}
		}
		switch {
		case atWork(b):
			p.last = time.Now()
		case followsUp(b):
			p.asked = time.Now()
		}
	default:
		return
	}
	select {
	case p.change <- struct{}{}:
	default:
	}
}

// atWork says whether an attempt is a sign that the SUT is still at work. A
// question is none, and neither is a request for a token: a SUT that polls
// asks for ever and renews its tokens to do so, however much it has lost.
func atWork(a evidence.Attempt) bool { return a.Verb != "get" && a.Name != "oauth/token" }

// followsUp says whether an attempt asks what has become of a posting: of an
// operation that was accepted, of what waits in a queue, or whether the books
// have something. Whoever asks that is going to act on the answer, unless he
// asks it for ever.
func followsUp(a evidence.Attempt) bool {
	return a.Asks == "postings" || a.Asks == "operation" || a.Asks == "queue"
}

// followUp is how much longer than usual a SUT is waited for that asks what has
// become of its postings, or to which an answer was promised, in multiples of
// Settle.Quiet: whoever waits for an answer does nothing meanwhile, and posts again
// when it does not come.
const followUp = 2

// promised says whether an answer was promised to something that is owed.
func (p *progress) promised() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.facts {
		if d.counts && d.later {
			return true
		}
	}
	return false
}

func (p *progress) pay(names ...string) {
	for _, n := range names {
		if p.facts[n] != nil {
			p.update(n, func(d *debt) { d.paid = true })
			return
		}
	}
}

// update changes one debt and the sum of them; p.mu is held.
func (p *progress) update(name string, change func(*debt)) {
	d := p.facts[name]
	if d == nil {
		return
	}
	change(d)
	if counts := (d.taken || d.told && p.ending) && !d.paid && !d.stale; counts != d.counts {
		d.counts = counts
		if counts {
			p.owed++
		} else {
			p.owed--
		}
	}
}

// busy is the number of messages under way or waiting to be taken.
func (p *progress) busy() (onLinks, waiting int) {
	for _, l := range p.links {
		onLinks += l.Busy()
	}
	for _, e := range p.endpoints {
		waiting += e.Waiting()
	}
	return onLinks, waiting
}

func (p *progress) state() (owed int, last time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.owed, p.last
}

// lastWord is when the SUT last did something, or asked for something that it
// needs for it, for at most so long after that.
func (p *progress) lastWord(most time.Duration) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := p.last.Add(most); p.asked.After(until) {
		return until
	} else if p.asked.After(p.last) {
		return p.asked
	}
	return p.last
}

// giveUp stops waiting for what is owed now.
func (p *progress) giveUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, d := range p.facts {
		if d.counts {
			p.update(name, func(d *debt) { d.stale = true })
		}
	}
	_, p.held = p.busy()
	p.vain++
}

// trust shortens patience with a SUT that has often been waited for in vain:
// one that loses messages would otherwise hold up the plant once for each. The
// time in which nobody looks at what it has posted is not its own.
func (p *progress) trust(pat patience, lag time.Duration) patience {
	p.mu.Lock()
	defer p.mu.Unlock()
	pat.quiet = lag + max(pat.quiet>>min(p.vain, 8), min(pat.quiet, 30*time.Millisecond))
	pat.most += lag
	return pat
}

// remember makes everything unpaid count again, and what lists told as well.
func (p *progress) remember() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held, p.vain, p.ending = 0, 0, true
	for name := range p.facts {
		p.update(name, func(d *debt) { d.stale = false })
	}
}

// patience bounds a wait for the SUT; all wall time.
type patience struct {
	quiet  time.Duration // nothing has changed for so long
	most   time.Duration // in all
	follow time.Duration // so long after its last deed a SUT counts as at work that asks what became of a posting
}

// await returns when nothing is owed or waiting to be taken (true), or when
// patience has run out (false). What a fault holds on its way, or will repeat
// later, is not waited for twice.
func (p *progress) await(ctx context.Context, pat patience) (settled bool) {
	deadline := time.Now().Add(pat.most)
	for ctx.Err() == nil {
		owed, _ := p.state()
		last := p.lastWord(pat.follow)
		_, waiting := p.busy()
		now := time.Now()
		switch {
		case owed == 0 && waiting <= p.tolerated(waiting):
			return true
		case now.After(deadline), now.Sub(last) > pat.quiet && now.Sub(deadline.Add(-pat.most)) > pat.quiet:
			return false
		}
		p.nap(ctx, min(time.Until(deadline), 5*time.Millisecond))
	}
	return false
}

// tolerated is how many announcements may be waiting when plant time goes on;
// it shrinks as they are taken.
func (p *progress) tolerated(waiting int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = min(p.held, waiting)
	return p.held
}

// nap waits for the next change, or a moment.
func (p *progress) nap(ctx context.Context, most time.Duration) {
	t := time.NewTimer(max(most, 0))
	defer t.Stop()
	select {
	case <-p.change:
	case <-t.C:
	case <-ctx.Done():
	}
	if p.turn != nil {
		p.turn()
	}
}

// fetching is how long a SUT may have nothing to do although the broker has
// something for it: until a delivery that was lost is made again, and until it
// asks again for what its last connection, or a question that was answered in
// vain, did not bring.
const fetching = 10 * time.Second

// rest waits until nothing is owed and the SUT has been still for a moment, or
// until it has been quiet for long although something is owed. It reports
// whether the SUT came to rest at all.
func (p *progress) rest(ctx context.Context, s Settle) (quiet bool, why string) {
	p.remember()
	began := time.Now()
	first, _ := p.state()
	for ctx.Err() == nil {
		owed, last := p.state()
		most := s.Max + s.Lag*time.Duration(max(0, first-owed)) // each of those took its time
		onLinks, waiting := p.busy()
		need, idle := s.Still, time.Since(last)
		if owed > 0 || waiting > 0 {
			// Silence before the last fault had healed says nothing: the SUT may
			// have been kept from everything.
			need, idle = s.Quiet, min(time.Since(p.lastWord(followUp*s.Quiet)), time.Since(began))
		}
		if owed > 0 && idle >= need && p.promised() {
			need = followUp * s.Quiet
		}
		if (owed > 0 || waiting > 0) && idle >= need && p.lag != nil && p.lag() != 0 {
			need = max(need, fetching)
		}
		switch {
		case onLinks == 0 && idle >= need:
			return true, ""
		case time.Since(began) > most:
			return false, "the SUT was still active " + most.String() + " after the last fault had healed"
		}
		p.nap(ctx, min(max(need-idle, time.Millisecond), 10*time.Millisecond))
	}
	return false, "the run was interrupted"
}
