// Package chaos decides what becomes of a message on its way between a
// simulator and the SUT, and writes down what became of it.
//
// It knows messages, not wire formats: a fault that needs to word a message or
// a refusal asks the link, which was told how.
package chaos

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Delivery is one arrival of a message at the far side of a link.
//
// What decides its fate, the first of these that is set wins: Drop, Refuse,
// Instead, and otherwise it arrives. Faults must not write through the slices
// and maps of Message; they replace them.
type Delivery struct {
	Message   simulators.Message
	Direction simulators.Direction
	Attempt   int           // how often its facts have crossed in this direction, from 1; of a batch, the highest
	Sent      time.Duration // when its sender let go of it, on the journal's clock
	Conn      string        // the connection it came by; "" if it came by none that can be struck

	After     time.Duration         // how long it is held first; wall time
	Overtake  bool                  // while it is held, later messages of its entity may pass it
	Drop      *simulators.LostError // it never arrives; its sender meets the symptom
	Refuse    *simulators.Refusal   // it is turned away in the endpoint's own words and never arrives
	Instead   *simulators.Message   // it never arrives; its sender hears these bytes
	LoseReply *simulators.LostError // the far side acts; its sender meets the symptom
	Wire      *Trouble              // what its reply meets on Conn
	Reword    bool                  // Message.Events were replaced: word the message anew
	Invalid   bool                  // the change made the fact one that must not be posted
	Drift     Drift                 // what is announced, or the reply to what the SUT sends, is worded so; "" changes nothing
	Perhaps   bool                  // of Reword: where the dialect has no words for it, it is left alone, and nobody is to blame
	Behind    bool                  // a copy that only arrives if its original was taken, After that
	About     []plant.Event         // what the disturbance is about, if not what the message states
	What      string                // for people: what the last fault did
}

// Decided reports whether an earlier fault has settled what the sender will
// meet. A fault that would settle it otherwise leaves such a delivery alone,
// so that no disturbance is recorded that did not happen.
func (d Delivery) Decided() bool { return d.Stopped() || d.LoseReply != nil }

// Stopped reports whether d will not arrive.
func (d Delivery) Stopped() bool { return d.Drop != nil || d.Refuse != nil || d.Instead != nil }

// A Fault turns one delivery into those it becomes: two duplicate it, a
// changed one corrupts it, Drop loses it, Refuse throttles or fails it, none
// is the same as a Drop that resets the connection. The first of several
// answers the sender.
//
// Each link has its own instance and calls it serially, so a fault may count.
// It takes time only from d.Sent and chance only from r, which is fresh for
// this delivery: keyed by seed, fault, link, fact and attempt, so that what
// happens to one message does not depend on the order of the others. A fault
// that leaves d alone returns it unchanged. Deliveries that are [Delivery.Stopped]
// are not shown to the faults armed later.
type Fault interface {
	Apply(d Delivery, r *rand.Rand) []Delivery
}

// A Lasting fault is about something that stays as it is: an order that is
// closed is closed for every attempt. If Lasts, its chance is drawn once for
// each fact, for all attempts.
type Lasting interface {
	Fault
	Lasts() bool
}

// A PerFact fault changes what a message says. It strikes a fact once and for
// all: its chance is drawn once for each fact, and every later delivery of the
// fact says the same, even after the fault was healed, because a source that
// has announced something wrong repeats it as it was; nor does one become wrong
// that was announced before.
type PerFact interface {
	Fault
	PerFact()
}

// An Informed fault knows the plant's master data. Inform is called before the
// fault is armed.
type Informed interface {
	Fault
	Inform(m plant.Master)
}

// A Stopper is a fault that only stops messages or their replies. What the SUT
// fetches from a feed cannot fail to arrive there, so such a fault does
// nothing to it; only the SUT's requests can be stopped.
type Stopper interface {
	Fault
	Stops()
}

// A Blocker is a fault that may keep everything from arriving. Blocks reports
// whether it does so for as long as it is armed.
type Blocker interface {
	Fault
	Blocks() bool
}

// A Particular fault strikes only at endpoints with certain manners; it is not
// armed elsewhere.
type Particular interface {
	Fault
	Suits(p simulators.Policy) bool
}

// A Crossing is a kind of message where it crosses a link.
type Crossing struct {
	Direction simulators.Direction
	Kind      plant.Kind // of the facts it states; "" means any
	Policy    simulators.Policy
	Facts     []plant.Fact // that are known to cross so; none means that nobody knows
}

// A Pushed fault happens to announcements that are sent to the SUT. It does
// nothing to those that wait in a feed or a share until the SUT fetches them.
type Pushed interface {
	Fault
	Pushed()
}

// A Choosy fault can do something only to some messages. Leaves says in words
// why it leaves those of a crossing alone; "" if it can strike them, and its
// endpoint and the SUT can be expected to cope. Whoever draws faults at random
// asks it first; a scenario that arms it elsewhere is told that it may find
// nothing to strike.
type Choosy interface {
	Fault
	Leaves(at Crossing) (why string)
}

// A Brokered fault happens at a broker that announcements go through. Mishaps
// lists what that has to be able to do; the fault is not armed elsewhere.
type Brokered interface {
	Fault
	Mishaps() []simulators.MishapKind
}

// Befalls reports whether a broker that can do what is in can has all that f
// needs; every fault that needs none is content.
func Befalls(f Fault, can []simulators.MishapKind) bool {
	b, ok := f.(Brokered)
	if !ok {
		return true
	}
	for _, m := range b.Mishaps() {
		if !slices.Contains(can, m) {
			return false
		}
	}
	return true
}
