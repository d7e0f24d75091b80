// Package chaos decides what becomes of a message on its way between a
// simulator and the SUT, and writes down what became of it.
//
// It knows messages, not wire formats: a fault that needs to reword a message
// asks the link, which was told how.
package chaos

import (
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// A Delivery is one arrival of a message at the far side of a link.
type Delivery struct {
	Message   simulators.Message
	Direction simulators.Direction
	Attempt   int           // how often this key has crossed in this direction, from 1
	Sent      time.Duration // when its sender let go of it, on the journal's clock

	After     time.Duration         // how long it is held first; wall time
	Overtake  bool                  // while it is held, later messages of its entity may pass it
	Instead   *simulators.Message   // answer with this; the far side never sees it
	Drop      *simulators.LostError // it never arrives; its sender meets the symptom
	LoseReply *simulators.LostError // the far side acts; its sender meets the symptom
	Reword    bool                  // Message.Events were changed: word the message anew
	Invalid   bool                  // the change made the fact one that must not be posted
	What      string                // for people: what the last fault did
}

// A Fault turns one delivery into those it becomes: two duplicate it, a
// changed one corrupts it, Drop loses it, Instead throttles or fails it. The
// first of several answers the sender.
//
// Each link has its own instance and calls it serially, so a fault may count.
// It takes time only from d.Sent and chance only from r, which is fresh for
// this delivery: keyed by seed, fault, business key and attempt, so that what
// happens to one message does not depend on the order of the others. A fault
// that leaves d alone returns it unchanged.
type Fault interface {
	Apply(d Delivery, r *rand.Rand) []Delivery
}
