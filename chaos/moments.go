package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
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
	Kill     = "kill"      // SIGKILL: nothing can be saved
	Restart  = "restart"   // asked to stop, given time to do so
	Pause    = "pause"     // frozen where it stands, and thawed
	Detach   = "detach"    // taken off the network, and put back
	Bound    = "bound"     // its memory: who takes more is killed by the kernel
	FillDisk = "fill-disk" // nothing can be written where it keeps its state
	Double   = "double"    // a second instance beside the first, on the same state
	Upgrade  = "upgrade"   // another build in its place
	Restore  = "restore"   // the state of an earlier moment in place of its own
	SetClock = "set-clock" // another time than everybody else's
	Shape    = "shape"     // the kernel loses, doubles, breaks or reorders packets
)

// A ProcessFault strikes the SUT's process, not a message. The harness carries
// it out when [Moments] tells it to.
type ProcessFault struct {
	Do     string // one of those above
	Moment Moment // "" means AfterApply
	// Until has it strike between Moment and the next time that a message about
	// one of the same facts passes Until: Within after Moment at the latest, at
	// a point that chance chooses, and at Until if that comes first. "" means at
	// Moment.
	Until  Moment
	Within time.Duration
	Lag    time.Duration // wall time between AfterReply and the strike, for the reply to get there; 0 means 20 ms
	Down   time.Duration // wall time until the SUT is started again, once it is down
	For    time.Duration // wall time until what it does is undone; 0 means when the fault is healed

	Bytes   int64         // Bound: what the SUT may take besides what it has
	Offset  time.Duration // SetClock: from the right time
	Packets []string      // Shape: in the words of netem
	Back    bool          // Upgrade: and the old build again, when it is undone
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
	// Course, if set, is told what process faults do. It is that of the links.
	Course *Course

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
	windows []*window // open ones, of faults with an Until
}

// A window is open between two moments; a fault strikes once in it.
type window struct {
	watch *watch
	facts []plant.EventID
	key   string // of the message that opened it, if that states no facts
}

// A wait is for a delivery to pass a moment.
type wait struct {
	*watch
	moment Moment
	lag    time.Duration // of a fault with an Until: of the window, at most
	ends   *window       // nil if the moment is that of the fault
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
	ms.Course.arm(r.ID)
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
	ms.Course.heal(id)
	ms.journal.Append(evidence.Disturbance{Fault: id, Kind: w.rule.Kind, Phase: evidence.Healed, At: "sut"})
	return true
}

// Armed lists the ids of the rules that are waited for.
func (ms *Moments) Armed() (ids []string) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	for _, w := range ms.watches {
		ids = append(ids, w.rule.ID)
	}
	return ids
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
func (ms *Moments) match(l *Link, d *Delivery, marks []mark) (upon []wait) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	for _, w := range ms.watches {
		for _, open := range w.windows {
			if open.about(&d.Message, l.Ordinals) {
				upon = append(upon, wait{watch: w, moment: w.fault.Until, ends: open})
			}
		}
		if !w.open() || len(w.at) > 0 && !slices.Contains(w.at, l) {
			continue
		}
		chance := w.rule.luck(d, marks, l, w.rule.ID, nil, &w.dice)
		if chance == nil {
			continue
		}
		next := wait{watch: w, moment: w.fault.Moment}
		if w.fault.Until != "" && w.fault.Within > 0 {
			next.lag = time.Duration(chance.Int64N(int64(w.fault.Within)))
		}
		upon = append(upon, next)
	}
	return upon
}

func (w *watch) open() bool { return !w.healed && w.strikes < max(w.rule.Max, 1) }

// about reports whether m states one of the facts that the window is about.
func (w *window) about(m *simulators.Message, o *Ordinals) bool {
	if len(w.facts) == 0 {
		return len(m.Events) == 0 && keyOf(m) == w.key
	}
	return slices.ContainsFunc(m.Events, func(e plant.Event) bool { return slices.Contains(w.facts, o.ID(e)) })
}

// pass strikes for those who wait for f at moment.
func (f *fate) pass(l *Link, moment Moment) {
	for _, w := range f.upon {
		if w.moment != moment {
			continue
		}
		p := Passage{Link: l.Name, Message: f.Message, Direction: f.Direction, Attempt: f.Attempt, Moment: moment}
		switch {
		case w.ends != nil:
			l.Moments.strikeWithin(l, w.ends, p)
		case w.fault.Until != "":
			l.Moments.begin(l, f, w, p)
		case moment != AfterReply:
			l.Moments.strike(l, w.watch, p)
		default:
			l.apart(context.Background(), func(own context.Context) {
				if sleep(own, w.fault.Lag) == nil {
					l.Moments.strike(l, w.watch, p)
				}
			})
		}
	}
}

// begin opens a window and strikes in it when its time has come.
func (ms *Moments) begin(l *Link, f *fate, w wait, p Passage) {
	ms.mu.Lock()
	if !w.open() || len(w.windows) > 0 {
		ms.mu.Unlock()
		return
	}
	open := &window{watch: w.watch, facts: factIDs(p.Message.Events, l.Ordinals), key: keyOf(&p.Message)}
	w.windows = append(w.windows, open)
	f.upon = append(f.upon, wait{watch: w.watch, moment: w.fault.Until, ends: open}) // this very message may end it
	ms.mu.Unlock()
	l.apart(context.Background(), func(own context.Context) {
		if sleep(own, w.lag) == nil {
			ms.strikeWithin(l, open, p)
		}
	})
}

// strikeWithin strikes in a window, unless that was done.
func (ms *Moments) strikeWithin(l *Link, open *window, p Passage) {
	ms.mu.Lock()
	i := slices.Index(open.watch.windows, open)
	if i < 0 {
		ms.mu.Unlock()
		return
	}
	open.watch.windows = slices.Delete(open.watch.windows, i, i+1)
	ms.mu.Unlock()
	ms.strike(l, open.watch, p)
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
		Key: keyOf(&p.Message), Attempt: p.Attempt, What: w.fault.what(p),
	})
	ms.mu.Unlock()
	l.Course.struck(w.rule.ID, p.Link, p.Direction, l.marks(nil, &p.Message))
	_ = ms.journal.Flush() // what is wrong with the file is told by the next reply
	w.do(p)
}

// what says for people when it struck.
func (p ProcessFault) what(at Passage) string {
	if p.Until != "" {
		return fmt.Sprintf("%s between %s and %s at %s", p.Do, p.Moment, p.Until, at.Link)
	}
	return p.Do + " " + string(at.Moment) + " at " + at.Link
}
