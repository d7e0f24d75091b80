package oracles_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
)

// TestCadenceOfAContract has the SUT say something once a second at least.
func TestCadenceOfAContract(t *testing.T) {
	held := &evidence.Held{By: []int{0}}
	// shift posts a confirmation after each of these pauses, and ends after the last.
	shift := func(flow evidence.ContractFlow, h *evidence.Held, pauses ...time.Duration) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Plan.Contracts = &evidence.InForce{Halves: []evidence.ContractHalf{{Contract: "erp/postings", Party: "erp", Version: "1"}}, Flows: []evidence.ContractFlow{flow}}
			r.Step("play")
			for i, p := range pauses[:len(pauses)-1] {
				r.Wait(p)
				r.Send(journaltest.Sending{Held: h}, r.Happen(journaltest.Confirmed(i+1, "5.013")))
			}
			r.Wait(pauses[len(pauses)-1])
			r.Step("heal")
		}
	}
	second := evidence.ContractFlow{Contract: "erp/postings", Endpoint: "erp", FromSUT: true, CadenceMillis: 1000}
	ours, plant := second, second
	ours.FromSUT, plant.CadencePlant = false, true
	const short, long = 300 * time.Millisecond, 3 * time.Second
	run(t, "bounded-staleness", []testCase{
		{name: "often enough", build: shift(second, held, short, short, short), want: evidence.Holds},
		{name: "a pause in between", build: shift(second, held, short, long, short), want: evidence.Violated, rule: "silent-beyond-cadence", says: "none for 3."},
		{name: "silent at the end", build: shift(second, held, short, short, long), want: evidence.Violated, rule: "silent-beyond-cadence"},
		{name: "silent throughout", build: shift(second, held, long), want: evidence.Violated, rule: "silent-beyond-cadence"},
		{name: "what is said is of no contract", build: shift(second, &evidence.Held{}, short, short, short, short, short, short), want: evidence.Violated},
		{name: "the road was broken meanwhile", build: func(r *journaltest.Run) {
			r.Plan.Contracts = &evidence.InForce{Halves: []evidence.ContractHalf{{Contract: "erp/postings"}}, Flows: []evidence.ContractFlow{second}}
			r.Step("play")
			r.Fault("down", "outage", "erp")
			r.Wait(long)
			r.Heal("down", "outage", "erp")
			r.Send(journaltest.Sending{Held: held}, r.Happen(journaltest.Confirmed(1, "5.013")))
			r.Step("heal")
		}, want: evidence.Holds},
		{name: "the rig is to speak", build: shift(ours, held, short, long, short), want: evidence.Vacuous},
		{name: "in a plant whose time jumps", build: func(r *journaltest.Run) {
			shift(plant, held, short, long, short)(r)
			r.Plan.Pacing = evidence.Pacing{Mode: "asap"}
		}, want: evidence.Vacuous},
		{name: "in a plant that runs at ten times the speed", build: func(r *journaltest.Run) {
			slow := plant
			slow.CadenceMillis = 20_000
			shift(slow, held, short, long, short)(r)
			r.Plan.Pacing = evidence.Pacing{Mode: "paced", Factor: 10}
		}, want: evidence.Violated, says: "at least every 2"},
	})
}
