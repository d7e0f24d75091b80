package chaos

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// A Moment is a point on the way of a message that somebody can wait for.
type Moment string

// Moments on the way of a message. Which side acts depends on the direction:
// of what the SUT sends, the system; of what it is sent, the SUT.
const (
	BeforeApply Moment = "before-apply"             // it has arrived, nothing has been done
	AfterApply  Moment = "after-apply-before-reply" // it was acted upon, its sender does not know yet
	AfterReply  Moment = "after-reply"              // its sender has just been told
)

// What a process fault does.
const (
	Kill    = "kill"    // SIGKILL: nothing can be saved
	Restart = "restart" // asked to stop, given time to do so
)

// A ProcessFault strikes the SUT's process, not a message. The harness carries
// it out when [Moments] tells it to.
type ProcessFault struct {
	Do     string        // Kill or Restart
	Moment Moment        // "" means AfterApply
	Lag    time.Duration // wall time between AfterReply and the strike, for the reply to get there; 0 means 20 ms
	Down   time.Duration // wall time until the SUT is started again
}

// Apply implements [Fault]: a message passes unharmed.
func (ProcessFault) Apply(d Delivery, _ *rand.Rand) []Delivery { return []Delivery{d} }

// Process implements [Process].
func (p ProcessFault) Process() ProcessFault { return p }

// A Process is a fault of the SUT's process. The harness gives its rule to
// [Moments.Upon] instead of [Link.Arm].
type Process interface {
	Fault
	Process() ProcessFault
}

// A Passage is a message at a moment that somebody waited for.
type Passage struct {
	Link      string
	Message   simulators.Message
	Direction simulators.Direction
	Attempt   int
	Moment    Moment
}

// Moments calls functions when messages pass the moments they wait for: the
// place where kill -9 meets "the third confirmation, applied, not answered".
// It is shared by the links of a run, so that one rule strikes once however
// many links it listens on.
type Moments struct {
	journal *evidence.Journal

	mu      sync.Mutex // guards what follows
	watches []*watch
}

type watch struct {
	rule    *Rule
	fault   ProcessFault
	do      func(Passage)
	at      []*Link // empty means any
	strikes int
	healed  bool
	dice    dice
}

// NewMoments returns an empty list that writes what it does to j.
func NewMoments(j *evidence.Journal) *Moments { return &Moments{journal: j} }

// Upon calls do when a message that meets the conditions of r passes p.Moment
// on one of the links at, or on any if none is named: r.Max times, once if
// that is 0. Each strike is in the journal, and the
// journal is flushed, before do is called.
//
// The message waits for do, except after the reply: when do has killed the
// SUT and returns, the message goes on. do must not wait for the SUT to come
// back.
func (ms *Moments) Upon(r *Rule, p ProcessFault, do func(Passage), at ...*Link) {
	if p.Moment == "" {
		p.Moment = AfterApply
	}
	if p.Lag <= 0 {
		p.Lag = 20 * time.Millisecond
	}
	ms.mu.Lock()
	defer ms.mu.Unlock()
	ms.watches = append(ms.watches, &watch{rule: r, fault: p, do: do, at: at})
	ms.journal.Append(evidence.Disturbance{Fault: r.ID, Kind: r.Kind, Phase: evidence.Armed, At: "sut"})
}

// Heal gives up waiting for the rule with this id; it reports whether there
// was one.
func (ms *Moments) Heal(id string) bool {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	i := slices.IndexFunc(ms.watches, func(w *watch) bool { return w.rule.ID == id })
	if i < 0 {
		return false
	}
	w := ms.watches[i]
	w.healed = true
	ms.watches = slices.Delete(ms.watches, i, i+1)
	ms.journal.Append(evidence.Disturbance{Fault: id, Kind: w.rule.Kind, Phase: evidence.Healed, At: "sut"})
	return true
}

// HealAll gives up waiting for anything.
func (ms *Moments) HealAll() {
	ms.mu.Lock()
	var ids []string
	for _, w := range ms.watches {
		ids = append(ids, w.rule.ID)
	}
	ms.mu.Unlock()
	for _, id := range ids {
		ms.Heal(id)
	}
}

// match returns who waits for d.
func (ms *Moments) match(l *Link, d *Delivery, marks []mark) (upon []*watch) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	for _, w := range ms.watches {
		if w.open() && (len(w.at) == 0 || slices.Contains(w.at, l)) && w.rule.luck(d, marks, l.Ordinals, l.Seed, w.rule.ID, &w.dice) != nil {
			upon = append(upon, w)
		}
	}
	return upon
}

func (w *watch) open() bool { return !w.healed && w.strikes < max(w.rule.Max, 1) }

// pass strikes for those who wait for f at moment.
func (f *fate) pass(l *Link, moment Moment) {
	for _, w := range f.upon {
		if w.fault.Moment != moment {
			continue
		}
		p := Passage{Link: l.Name, Message: f.Message, Direction: f.Direction, Attempt: f.Attempt, Moment: moment}
		if moment != AfterReply {
			l.Moments.strike(l, w, p)
			continue
		}
		l.apart(context.Background(), func(own context.Context) {
			if sleep(own, w.fault.Lag) == nil {
				l.Moments.strike(l, w, p)
			}
		})
	}
}

// strike calls w, unless others came first.
func (ms *Moments) strike(l *Link, w *watch, p Passage) {
	ms.mu.Lock()
	if !w.open() {
		ms.mu.Unlock()
		return
	}
	w.strikes++
	ms.journal.Append(evidence.Disturbance{
		Fault: w.rule.ID, Kind: w.rule.Kind, Phase: evidence.Struck, At: "sut", Message: p.Message.ID, Facts: factIDs(p.Message.Events, l.Ordinals),
		Key: keyOf(&p.Message), Attempt: p.Attempt, What: w.fault.Do + " " + string(p.Moment) + " at " + p.Link,
	})
	ms.mu.Unlock()
	_ = ms.journal.Flush() // what is wrong with the file is told by the next reply
	w.do(p)
}
