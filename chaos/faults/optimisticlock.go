package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// OptimisticLock turns a posting away because somebody else has the object, or
// has changed it meanwhile.
//
// Layer A: a planner has the order open; an entity tag that is out of date; two
// transactions that met. Observed as 423 "order is being processed by user X",
// as 412, or as 409 whose body calls itself technical: nothing was done, and
// the same posting goes through a moment later. Who takes it for a refusal
// gives up what only had to be repeated.
type OptimisticLock struct {
	Says     LockSays `yaml:"says" jsonschema:"enum=document,enum=etag,enum=conflict" doc:"document: 423, a user has it open; etag: 412, it was changed; conflict: 409, it is being changed"`
	Attempts int      `yaml:"attempts" doc:"only the first so many attempts of each fact; 0 means all"`
}

// LockSays is how a lock is told.
type LockSays string

// Ways to tell a lock.
const (
	LockDocument LockSays = "document"
	LockETag     LockSays = "etag"
	LockConflict LockSays = "conflict"
)

// Apply implements [chaos.Fault].
func (f *OptimisticLock) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if !posting(d) || late(d, f.Attempts) {
		return []chaos.Delivery{d}
	}
	r := &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Locked}
	what := d.Message.Entity
	if what == "" {
		what = d.Message.Name
	}
	switch f.Says {
	case LockETag:
		r.Code, r.Text = "etag-mismatch", what+" was changed since it was read"
	case LockConflict:
		r.Code, r.Text = "concurrent-change", what+" is being changed by another transaction"
	default:
		r.Code, r.Text = "order-locked", what+" is being processed by user MILLER"
	}
	d.Refuse = r
	d.What = "turned away: " + r.Code
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *OptimisticLock) Validate() error {
	return errors.Join(oneOf("says", f.Says, LockDocument, LockETag, LockConflict), notNegativeCount("attempts", f.Attempts))
}

// Stops implements [chaos.Stopper].
func (*OptimisticLock) Stops() {}

// Leaves implements [chaos.Choosy].
func (*OptimisticLock) Leaves(at chaos.Crossing) string { return answers(at) }
