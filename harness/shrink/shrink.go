// Package shrink turns a run that failed into the smallest schedule that still
// fails in the same way: few faults, each striking at one named message, few
// orders, and a certificate of how often it fails.
//
// It knows nothing of how runs are made; see package trial. docs/shrinking.md
// tells the steps.
package shrink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/trial"
	"github.com/andon-rig/andon/scenarios"
)

// Settings of the search that nobody needs to change.
const (
	alpha          = 0.01 // chance that what fails is taken for what does not
	confirmations  = 4    // failures that make a run reproducible
	confirmAtMost  = 80   // runs in which they must come
	certify        = 20   // runs of the result
	leastCertified = 6    // runs that are kept for it, however large the search
)

// Budget bounds the work. Zero means no bound.
type Budget struct {
	Runs int
	Wall time.Duration
}

// A Reduction is the work of shrinking one run.
type Reduction struct {
	Runner trial.Runner
	// Hasty, if set, waits less for a SUT that never comes to rest. It takes the
	// place of Runner if the schedule fails with it, too.
	Hasty  trial.Runner
	Lanes  int // runs side by side
	Budget Budget
	// Scenario is what was run, with its seed and every fault in it.
	Scenario scenarios.Scenario
	// Records of the run, and its finding that is to be shown again.
	Records []evidence.Record
	Finding evidence.Finding
	// Judge is who found it; it slices the history.
	Judge evidence.Judge
	// See, if set, is told of every run and step; calls are serial.
	See func(Progress)

	mu       sync.Mutex // guards what follows
	runs     int
	reserved int           // runs that are kept for later steps
	shown    trial.Outcome // the latest that showed the finding
	current  string        // step

	tester    tester[scenarios.Scenario]
	result    Result
	best      trial.Outcome     // that showed result.Scenario
	reference trial.Outcome     // the first that showed the finding
	lineage   *lineage          // of the finding, in reference
	units     []unit            // of which the faults of result.Scenario are made
	source    []scenarios.Fault // that units come from
	trail     []mark            // of narrower and narrower runs
}

// Progress is what a watcher is told.
type Progress struct {
	Step    string
	Runs    int
	Faults  int
	Strikes int
	Facts   int // that happen in the best schedule so far; 0 if all do
	Text    string
}

// The steps, in their order.
const (
	StepSlice       = "slice"
	StepConfirm     = "confirm"
	StepControl     = "control"
	StepSharpen     = "sharpen"
	StepJump        = "lineage jump"
	StepFaults      = "faults"
	StepParameters  = "parameters"
	StepWorkload    = "workload"
	StepCertificate = "certificate"
)

// Steps lists the steps of a reduction in their order.
func Steps() []string {
	return []string{StepSlice, StepConfirm, StepControl, StepSharpen, StepJump, StepFaults, StepParameters, StepWorkload, StepCertificate}
}

// Do shrinks as far as the budget allows. What it returns is the best that was
// seen to fail; Steps say what was not finished. An error means that the rig
// could not do its work.
func (r *Reduction) Do(ctx context.Context) (Result, error) {
	began := time.Now()
	r.result = Result{Signature: trial.SignatureOf(r.Finding), Finding: r.Finding, Scenario: bare(r.Scenario, r.Finding)}
	r.source = r.result.Scenario.Faults
	r.tester = tester[scenarios.Scenario]{run: r.try, alpha: alpha, lanes: r.Lanes}
	err := r.steps(ctx, began)
	r.result.Runs, r.result.Wall = r.runs, time.Since(began)
	r.result.Interrupted = ctx.Err() != nil
	r.result.count(r.best.Records)
	r.result.Shown, _ = shownIn(r.best, r.result.Signature, r.Finding)
	if spent(err) || errors.Is(err, errStop) || ctx.Err() != nil {
		err = nil
	}
	return r.result, err
}

// bare is s without what only judges: expectations that are not the finding's,
// and floors.
func bare(s scenarios.Scenario, f evidence.Finding) scenarios.Scenario {
	s.Floor, s.Include, s.Matrix = nil, nil, nil
	if f.Oracle != "expectations" {
		s.Expect = scenarios.Expect{Waive: s.Expect.Waive}
	}
	return s
}

// errStop ends a reduction that has come to its end before the last step.
var errStop = errors.New("nothing more to do")

// steps does one step after the other and notes how far each got. Of the time
// there is, a quarter is kept for the certificate.
func (r *Reduction) steps(ctx context.Context, began time.Time) error {
	todo := map[string]func(context.Context) (string, error){
		StepSlice: r.slice, StepConfirm: r.confirm, StepControl: r.control, StepSharpen: r.sharpen, StepJump: r.jump,
		StepFaults: r.faults, StepParameters: r.parameters, StepWorkload: r.workload, StepCertificate: r.certificate,
	}
	for _, name := range Steps() {
		r.result.Steps = append(r.result.Steps, Step{Name: name, State: NotBegun})
	}
	if r.Budget.Runs > 0 {
		r.reserved = min(certify, max(leastCertified, r.Budget.Runs/3))
	}
	for i, name := range Steps() {
		share := r.Budget.Wall * 3 / 4
		if name == StepCertificate {
			share, r.reserved = r.Budget.Wall, 0
		}
		if err := r.step(ctx, &r.result.Steps[i], began.Add(share), todo[name]); err != nil {
			return err
		}
	}
	return nil
}

// step does one step until then, if time is bounded. That the budget is spent
// ends the step and not those that have a budget of their own.
func (r *Reduction) step(ctx context.Context, s *Step, until time.Time, do func(context.Context) (string, error)) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	own := ctx
	if r.Budget.Wall > 0 {
		var stop context.CancelFunc
		own, stop = context.WithDeadline(ctx, until)
		defer stop()
	}
	before := r.runs
	r.tell(Progress{Step: s.Name})
	text, err := do(own)
	s.Runs, s.Text, s.State = r.runs-before, text, Done
	switch {
	case spent(err):
		s.State = NotFinished
		if s.Runs == 0 {
			s.State = NotBegun
		}
		return ctx.Err()
	case err != nil && !errors.Is(err, errStop):
		s.State = NotFinished
	}
	return err
}

// try runs a candidate once and tells whether it shows the finding. A
// candidate that cannot be played shows nothing.
func (r *Reduction) try(ctx context.Context, s scenarios.Scenario) (bool, error) {
	r.mu.Lock()
	spent := r.Budget.Runs > 0 && r.runs >= r.Budget.Runs-r.reserved
	if !spent {
		r.runs++
	}
	r.mu.Unlock()
	if spent || ctx.Err() != nil {
		return false, errSpent
	}
	out := r.Runner.Run(ctx, s)
	if ctx.Err() != nil {
		return false, errSpent
	}
	if out.Err != nil {
		return false, r.unplayable(out.Err)
	}
	bad := out.Shows(r.result.Signature)
	if bad {
		r.mu.Lock()
		r.shown = out
		r.mu.Unlock()
	}
	r.tell(Progress{})
	return bad, nil
}

// unplayable decides about a run without a judgement: before anything was
// shown it is the rig's trouble; afterwards it is the candidate's, which may
// miss what something needs.
func (r *Reduction) unplayable(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shown.Records == nil {
		return fmt.Errorf("run %d: %w", r.runs, err)
	}
	return nil
}

// better keeps a schedule that was seen to fail.
func (r *Reduction) better(s scenarios.Scenario) {
	r.result.Scenario, r.best = s, r.shown
	r.tell(Progress{})
}

// tell fills in where the search stands and passes it on.
func (r *Reduction) tell(p Progress) {
	if r.See == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.Step = cmp.Or(p.Step, r.current)
	r.current = p.Step
	s := r.result.Scenario
	p.Runs, p.Faults, p.Strikes, p.Facts = r.runs, len(s.Faults), strikes(s), len(s.Given.Only.Facts)
	r.See(p)
}

// strikes is at how many places the faults of s strike, as far as it names
// them.
func strikes(s scenarios.Scenario) (n int) {
	for _, f := range s.Faults {
		n += len(f.Hits.Strikes)
	}
	return n
}
