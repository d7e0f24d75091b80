package shrink

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/harness/memory"
	"github.com/andon-rig/andon/harness/trial"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
)

// flawed is an integration in memory that repeats what was not answered, with
// a key unless keyless, and does not pass on messages of the name deaf.
type flawed struct {
	keyless bool
	deaf    string

	mu    sync.Mutex // guards what follows
	seen  map[string]bool
	queue map[string]chan simulators.Message
}

func newFlawed(keyless bool, deaf string) *flawed {
	return &flawed{keyless: keyless, deaf: deaf, seen: map[string]bool{},
		queue: map[string]chan simulators.Message{"erp": make(chan simulators.Message, 1000), "mes": make(chan simulators.Message, 1000)}}
}

func (f *flawed) Receive(endpoint string, m simulators.Message) int {
	to := map[string]string{"erp": "mes", "mes": "erp"}[endpoint]
	f.mu.Lock()
	defer f.mu.Unlock()
	if event := m.Header["Andon-Event"]; !f.seen[event] && m.Name != f.deaf {
		f.seen[event] = true
		f.queue[to] <- simulators.Message{Name: m.Name, Body: m.Body, Header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": event}}
	}
	return 202
}

func (f *flawed) Work(ctx context.Context, endpoint string, post memory.Post) {
	for {
		select {
		case m := <-f.queue[endpoint]:
			f.deliver(ctx, endpoint, m, post)
		case <-ctx.Done():
			return
		}
	}
}

func (f *flawed) deliver(ctx context.Context, endpoint string, m simulators.Message, post memory.Post) {
	if f.keyless {
		delete(m.Header, "Idempotency-Key")
	}
	for ctx.Err() == nil {
		limited, cancel := context.WithTimeout(ctx, time.Second)
		reply, err := post(limited, endpoint, m)
		cancel()
		if err == nil && reply.Status < 500 && reply.Status != 429 {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// inMemory runs a fresh build for each scenario. The runs of which fresh
// returns nil fail as trouble of the rig.
type inMemory struct {
	fresh func(run int) *flawed
	runs  int
}

func (r *inMemory) Run(ctx context.Context, s scenarios.Scenario) trial.Outcome {
	r.runs++
	setup, err := memory.Setup(s, s.Seed, r.fresh(r.runs))
	if err != nil {
		return trial.Outcome{Err: err}
	}
	return (&trial.Bench{Setup: setup}).Run(ctx, s)
}

// troubled is more trouble than any finding needs.
const troubled = `
apiVersion: andon/v1
kind: Scenario
metadata: {id: MEM-03, title: "Answers and requests are lost, doubled and held"}
seed: 5
plant: {open: 1}
given: {orders: {count: 3}}
when:
  - {upon: {event: receipt}, as: goods}
  - {at: {plant: 1h}, do: arm, args: {fault: late}}
faults:
  - {id: acted, fault: ambiguous-commit, at: erp, direction: from-sut, hits: {fact: confirmation, every: 3, per: run}}
  - {id: refused, fault: refuse-before-apply, at: erp, direction: from-sut, hits: {fact: confirmation, every: 5, per: run}}
  - {id: doubled, fault: duplicate, at: mes, direction: to-sut, p: 0.3, with: {later: {wall: 300ms}}}
  - {id: late, fault: delay, at: erp, p: 0.2}
floor: {confirmation: 5}
`

// reduction runs text once and prepares to shrink its first finding of oracle.
func reduction(t *testing.T, text, oracle string, fresh func(run int) *flawed) *Reduction {
	t.Helper()
	ss, err := scenarios.Parse("scenario", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	runner := &inMemory{fresh: fresh}
	out := runner.Run(t.Context(), ss[0])
	if out.Err != nil {
		t.Fatal(out.Err)
	}
	f, err := pick(explain.New(evidence.NewHistory(out.Records), "").All(out.Findings), oracle)
	if err != nil {
		t.Fatal(err)
	}
	return &Reduction{Runner: runner, Scenario: ss[0], Records: out.Records, Finding: f, Judge: judgeNamed(t, f.Oracle)}
}

// Whatever is in a run, the search ends at one lost answer and one fact.
func TestShrinksToOneStrike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reduction(t, troubled, "exactly-once", func(int) *flawed { return newFlawed(true, "") })
		r.Budget.Runs = 60
		got, err := r.Do(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		f := got.Scenario.Faults
		if got.Outcome != Shrunk || len(f) != 1 || f[0].Fault.S != "ambiguous-commit" || got.Strikes != 1 || got.Orders != 1 || got.Facts > 2 {
			t.Errorf("%s: %d faults, %d strikes, %d orders, %d facts", got.Outcome, len(f), got.Strikes, got.Orders, got.Facts)
		}
		if c := got.Certificate; c.Rate != (Rate{20, 20}) || !c.Minimal() || got.Runs > 60 || !got.Sliced || len(got.Evidence) > 10 {
			t.Errorf("certificate %+v, %d runs, evidence %v", c, got.Runs, got.Evidence)
		}
		for _, s := range got.Steps {
			if s.State != Done {
				t.Errorf("%s is %s: %s", s.Name, s.State, s.Text)
			}
		}
		reads(t, got)
	})
}

// reads demands that the written schedule is the one that was found.
func reads(t *testing.T, got Result) {
	t.Helper()
	text, err := got.File("andon gate x.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ss, err := scenarios.Parse("x.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := scenarios.Text(faulty(got.Scenario, got.Scenario.Faults))
	s := ss[0]
	s.Metadata, s.Expect = got.Scenario.Metadata, got.Scenario.Expect
	b, errB := scenarios.Text(s)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("written\n%s\nreads as\n%s\nnot as\n%s", text, b, a)
	}
}

// What fails in plain traffic is shrunk to the traffic alone.
func TestShrinksWhatNeedsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reduction(t, troubled, "no-silent-drop", func(int) *flawed { return newFlawed(false, "consumptions") })
		got, err := r.Do(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.Outcome != NoFaultNeeded || len(got.Scenario.Faults) != 0 || got.Facts > 2 || len(got.Scenario.When) != 0 {
			t.Errorf("%s: %d faults, %d facts, %d steps", got.Outcome, len(got.Scenario.Faults), got.Facts, len(got.Scenario.When))
		}
		reads(t, got)
	})
}

// What does not fail again leaves the evidence.
func TestWhatDoesNotFailAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reduction(t, troubled, "exactly-once", func(run int) *flawed { return newFlawed(run == 1, "") })
		r.Budget.Runs = 10
		got, err := r.Do(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.Outcome != NotReproduced || got.Reproduces != (Rate{0, 4}) || len(got.Evidence) == 0 || got.Steps[len(got.Steps)-1].State != NotBegun {
			t.Errorf("%s, %v, evidence %v, %v", got.Outcome, got.Reproduces, got.Evidence, got.Steps)
		}
	})
}

// Whatever the budget, the best so far is something that fails, and what was
// not finished is said.
func TestShrinkIsAnytime(t *testing.T) {
	for _, runs := range []int{8, 18} {
		synctest.Test(t, func(t *testing.T) {
			r := reduction(t, troubled, "exactly-once", func(int) *flawed { return newFlawed(true, "") })
			r.Budget.Runs = runs
			got, err := r.Do(t.Context())
			if err != nil || got.Runs > runs {
				t.Fatalf("%d of %d runs, %v", got.Runs, runs, err)
			}
			if again := r.Runner.Run(t.Context(), got.Scenario); again.Err != nil || !again.Shows(got.Signature) {
				t.Errorf("with %d runs: the best does not fail: %v", runs, again.Err)
			}
			unfinished := slices.ContainsFunc(got.Steps, func(s Step) bool { return s.State != Done })
			if runs < 20 && !unfinished {
				t.Errorf("with %d runs all is said to be done", runs)
			}
		})
	}
}

// Less patience is enough where it shows the finding, and given up where not.
func TestHasty(t *testing.T) {
	for _, shows := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := reduction(t, troubled, "exactly-once", func(int) *flawed { return newFlawed(true, "") })
			r.Budget.Runs = 60
			patient, hasty := r.Runner.(*inMemory), &inMemory{fresh: func(int) *flawed { return newFlawed(shows, "") }}
			r.Hasty, patient.runs = hasty, 0
			got, err := r.Do(t.Context())
			if err != nil || got.Outcome != Shrunk || got.Strikes != 1 || got.Reproduces != (Rate{4, 4}) || patient.runs+hasty.runs != got.Runs {
				t.Fatalf("%s, %d strikes, reproduces %v, %d + %d of %d runs, %v", got.Outcome, got.Strikes, got.Reproduces, patient.runs, hasty.runs, got.Runs, err)
			}
			if shows && patient.runs != 0 || !shows && hasty.runs != 1 {
				t.Errorf("shows %v: %d runs with patience, %d without", shows, patient.runs, hasty.runs)
			}
		})
	}
}

// Whoever interrupts gets the best so far.
func TestShrinkInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reduction(t, troubled, "exactly-once", func(int) *flawed { return newFlawed(true, "") })
		ctx, cancel := context.WithCancel(t.Context())
		r.See = func(p Progress) {
			if p.Step == StepWorkload {
				cancel()
			}
		}
		got, err := r.Do(ctx)
		if err != nil || !got.Interrupted || got.Strikes != 1 || len(got.Scenario.Given.Only.Facts) != 0 {
			t.Errorf("interrupted %v, %d strikes, %v", got.Interrupted, got.Strikes, err)
		}
	})
}
