package shrink

import (
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/trial"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Result is what a reduction came to.
type Result struct {
	Signature trial.Signature
	Finding   evidence.Finding // as it was found
	Outcome   Outcome
	Evidence  []uint64 // records of the original run that show the finding
	Sliced    bool     // the judge itself finds it in those records alone

	Reproduces  Rate               // of the original schedule
	Scenario    scenarios.Scenario // the smallest that was seen to fail
	Shown       evidence.Finding   // as the smallest schedule shows it
	Certificate Certificate
	Faults      int // in the smallest schedule
	Strikes     int // that they are limited to; 0 if they strike by other rules
	Orders      int // that something happens to
	Facts       int // that happen

	Steps       []Step
	Runs        int
	Wall        time.Duration
	Interrupted bool
}

// Outcome of a reduction.
type Outcome string

// Outcomes.
const (
	Shrunk        Outcome = "shrunk"
	NoFaultNeeded Outcome = "no fault needed" // it fails in plain traffic; the workload was shrunk
	NotReproduced Outcome = "not reproduced"  // it did not fail again; the evidence is all there is
)

// A Step is how far one step of the reduction got.
type Step struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	Runs  int    `json:"runs"`
	Text  string `json:"text,omitempty"`
}

// State of a step.
type State string

// States of a step.
const (
	Done        State = "done"
	NotFinished State = "not finished"
	NotBegun    State = "not begun"
)

// A Certificate says how often the smallest schedule fails, and that every part
// of it is needed.
type Certificate struct {
	Rate Rate   `json:"rate"`
	Each []Left `json:"each,omitempty"`
}

// Left is what became of the schedule without one of its parts.
type Left struct {
	Without string `json:"without"`
	Rate    Rate   `json:"rate"`
}

// Minimal reports whether no part of the schedule can be left out, as far as
// runs were made to show it.
func (c Certificate) Minimal() bool {
	for _, l := range c.Each {
		if l.Rate.Runs == 0 || l.Rate.Hits > 0 {
			return false
		}
	}
	return len(c.Each) > 0
}

// count says how large the result is, from the last run that showed it.
func (r *Result) count(records []evidence.Record) {
	r.Faults, r.Strikes = len(r.Scenario.Faults), strikes(r.Scenario)
	orders := map[plant.OrderID]bool{}
	r.Facts = 0
	for _, rec := range records {
		t, ok := rec.Body.(evidence.Truth)
		if !ok || t.Sink == "" || t.Event.Fact == nil {
			continue
		}
		r.Facts++
		if id := t.Event.Fact.Keys().Order; id != "" {
			orders[id] = true
		}
	}
	r.Orders = len(orders)
}
