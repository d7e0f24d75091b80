package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/scenarios"
)

// Exit codes of Andon; see DESIGN in docs/architecture.md.
const (
	ExitHolds       = 0
	ExitViolated    = 1
	ExitUsage       = 2   // a mistake in a file or on the command line
	ExitRig         = 3   // trouble of the rig or the machine, never a verdict on the SUT
	ExitUnknown     = 4   // nothing violated, something inconclusive or not exercised
	ExitInterrupted = 130 // by the user
)

// GateOptions says what to gate, and how.
type GateOptions struct {
	Catalog   catalog.Catalog
	File      File
	Path      string // of the rig file; "" for the bundled rig
	Source    []byte
	Scenarios []scenarios.Scenario
	Texts     map[string][]byte // scenario files by id
	Pack      string
	Notes     []string // what the report should say of the choice of scenarios
	Seed      *uint64  // instead of each scenario's own
	RunName   string   // of the only run; "" makes names of scenario and seed
	Pilots    []string
	ByHand    bool // faults may be armed by hand: see [GateOptions.Serve]
	Defect    string
	Lanes     int
	Out       string // folder of bundles; "" keeps none
	Self      string
	Version   string
	Command   []string
	// AllowUnknown turns inconclusive and vacuous into success.
	AllowUnknown bool
	// Doubts is what [GateOptions.Check] found that runs cannot show.
	Doubts []string
	// See is told when a scenario begins and ends; calls are serial.
	See func(Progress)
}

// Progress is a scenario that has begun (Done nil) or ended.
type Progress struct {
	Index    int
	Scenario scenarios.Scenario
	Plan     *Plan // of a scenario that has begun
	Done     *reports.Scenario
}

// PlanError is a mistake in what the user gave, found before anything was
// sent to the SUT.
type PlanError struct{ Err error }

// Error implements error.
func (e *PlanError) Error() string { return e.Err.Error() }

// Unwrap returns the mistake.
func (e *PlanError) Unwrap() error { return e.Err }

// Gate runs every scenario against the SUT, over lanes side by side, and
// returns what there is to report. An error means that nothing was run: a
// [*PlanError] is a mistake of the user's, any other one trouble of this
// machine. Trouble of the rig later on stands in the scenario it happened in.
func Gate(ctx context.Context, o GateOptions) (reports.Gate, error) {
	began := time.Now()
	if err := o.Check(); err != nil {
		return reports.Gate{Verdict: evidence.Inconclusive, Exit: exitFor(err)}, err
	}
	done := make([]*reports.Scenario, len(o.Scenarios))
	var see sync.Mutex
	tell := func(p Progress) {
		if o.See != nil {
			see.Lock()
			defer see.Unlock()
			o.See(p)
		}
	}
	work := make(chan int)
	hopeless, giveUp := context.WithCancel(ctx)
	defer giveUp()
	var wg sync.WaitGroup
	var started atomic.Bool
	for range max(1, min(o.Lanes, len(o.Scenarios))) {
		wg.Go(func() {
			for i := range work {
				var err error
				done[i], err = o.one(ctx, i, tell)
				switch {
				case err == nil:
					started.Store(true)
				case !started.Load() && errors.As(err, new(*sut.StartError)):
					giveUp() // a SUT that does not start once will not start fourteen times more
				}
			}
		})
	}
	for i := range o.Scenarios {
		if hopeless.Err() != nil {
			break
		}
		select {
		case work <- i:
		case <-hopeless.Done():
		}
	}
	close(work)
	wg.Wait()
	return o.report(ctx, done, time.Since(began)), nil
}

// resolve finds mistakes before anything is started.
func (o *GateOptions) resolve() error {
	var errs []error
	known := scenarios.Known{Faults: o.Catalog.FaultNames(), Oracles: o.Catalog.OracleNames(), Endpoints: scenarios.EndpointNames(o.File.systems())}
	for i := range o.Scenarios {
		errs = append(errs, o.Scenarios[i].Resolve(known))
	}
	return errors.Join(errs...)
}

// one runs one scenario. An error is the rig's trouble and stands in the report
// already.
func (o *GateOptions) one(ctx context.Context, i int, tell func(Progress)) (*reports.Scenario, error) {
	return o.run(ctx, i, tell, func(*Rig) (func(), error) { return func() {}, nil })
}

// run is one, with something to prepare and to clear away around the run.
func (o *GateOptions) run(ctx context.Context, i int, tell func(Progress), prepare func(*Rig) (func(), error)) (*reports.Scenario, error) {
	sc := o.Scenarios[i]
	seed := o.seed(sc)
	began := time.Now()
	out := &reports.Scenario{ID: sc.Metadata.ID, Title: sc.Metadata.Title, Pack: o.Pack, Seed: seed, Verdict: evidence.Inconclusive}
	for _, r := range sc.Metadata.Requirements {
		out.Requirements = append(out.Requirements, string(r))
	}
	defer func() {
		out.Wall = time.Since(began)
		tell(Progress{Index: i, Scenario: sc, Done: out})
	}()
	rig, err := Build(Setup{
		Catalog: o.Catalog, File: o.File, Path: o.Path, Source: o.Source, Scenario: sc, Text: o.Texts[sc.Metadata.Of], Seed: seed,
		Run: o.runName(sc, seed), Range: o.numberRange(), Pilots: o.Pilots, ByHand: o.ByHand, Defect: o.Defect, Out: o.Out,
		Self: o.Self, Version: o.Version, Command: o.Command,
	})
	if err != nil {
		out.Error = err.Error()
		return out, err
	}
	tell(Progress{Index: i, Scenario: sc, Plan: rig.Plan})
	clear, err := prepare(rig)
	defer clear()
	var findings []evidence.Finding
	if err == nil {
		findings, err = rig.RunAndKeep(ctx)
	}
	o.fill(out, rig, findings)
	err = errors.Join(err, rig.finish(out, err))
	if err != nil {
		out.Error, out.Verdict = err.Error(), evidence.Inconclusive
	}
	return out, err
}

// runName names the folder of a run.
func (o *GateOptions) runName(sc scenarios.Scenario, seed uint64) string {
	return cmp.Or(o.RunName, fmt.Sprintf("%s-%d", fileName(sc.Metadata.ID), seed))
}

// numberRange begins the orders of a run. A SUT that is started afresh for
// each scenario can have the same ones every time; one that runs on cannot.
func (o *GateOptions) numberRange() string {
	if o.File.SUT.External == nil {
		return ""
	}
	return fmt.Sprintf("%06d", time.Now().UnixMilli()/100%1_000_000)
}

// fill tells what the journal says of a run.
func (o *GateOptions) fill(out *reports.Scenario, rig *Rig, findings []evidence.Finding) {
	out.Findings = findings
	if rig.Bundle != nil {
		out.Bundle = rig.Bundle.Path()
	}
	out.Notes = append(out.Notes, rig.Notes...)
	Summarise(out, rig.Plan.Journal.Records())
	if len(findings) > 0 {
		out.Verdict = Verdict(findings, demanded(rig.Plan.Scenario))
	}
}

// Summarise counts what happened in a run.
func Summarise(out *reports.Scenario, records []evidence.Record) {
	struck := map[string]int{}
	out.Faults = nil
	for _, r := range records {
		switch b := r.Body.(type) {
		case evidence.Begin:
			for _, f := range b.Plan.Faults {
				out.Faults = append(out.Faults, reports.Fault{ID: f.ID, Kind: f.Kind})
			}
		case evidence.Truth:
			if b.Sink != "" {
				out.Facts++
			}
		case evidence.Effect:
			out.Effects++
		case evidence.Surface:
			out.Exceptions++
		case evidence.Disturbance:
			if b.Phase == evidence.Struck {
				struck[b.Fault]++
			}
			if !slices.ContainsFunc(out.Faults, func(f reports.Fault) bool { return f.ID == b.Fault }) { // armed by hand
				out.Faults = append(out.Faults, reports.Fault{ID: b.Fault, Kind: b.Kind})
			}
		case evidence.End:
			if !b.Quiet {
				out.Notes = append(out.Notes, b.Reason)
			}
		}
	}
	for i := range out.Faults {
		out.Faults[i].Struck = struck[out.Faults[i].ID]
	}
}

// Verdict is the worst of the findings that count. That an oracle had nothing
// to look at counts only if the scenario is about it: it demands the oracle by
// name, or the oracle is the one that watches over exercise, or the rig names
// contracts and nothing was held against them.
func Verdict(findings []evidence.Finding, demanded []string) (worst evidence.Verdict) {
	for _, f := range findings {
		counts := f.Verdict != evidence.Vacuous || f.Oracle == "exercise" || f.Oracle == "expectations" || f.Rule == oracles.RuleUncovered || slices.Contains(demanded, f.Oracle)
		if counts {
			worst = max(worst, f.Verdict)
		}
	}
	return worst
}

// demanded lists the oracles a scenario names.
func demanded(s scenarios.Scenario) (names []string) {
	for _, w := range s.Expect.Always {
		names = append(names, w.S)
	}
	return names
}

// finish closes the bundle with its verdict.
func (r *Rig) finish(out *reports.Scenario, runErr error) error {
	var errs []error
	if r.Bundle != nil {
		errs = append(errs, r.Bundle.WriteVerdict(bundleVerdict(out, r.setup, runErr)))
	}
	errs = append(errs, r.Close())
	return errors.Join(errs...)
}

// report sums up a gate.
func (o *GateOptions) report(ctx context.Context, done []*reports.Scenario, wall time.Duration) reports.Gate {
	g := reports.Gate{Notes: slices.Clone(o.Notes), Andon: o.Version, Bundle: o.Out, Rig: o.Path, Defect: o.Defect, Wall: wall}
	switch {
	case o.Seed != nil:
		g.Seed = *o.Seed
	case len(done) == 1 && done[0] != nil:
		g.Seed = done[0].Seed
	}
	missing, broken := 0, false
	for _, s := range done {
		if s == nil {
			missing++
			continue
		}
		g.Scenarios = append(g.Scenarios, *s)
		g.Verdict = max(g.Verdict, s.Verdict)
		broken = broken || s.Error != ""
	}
	if missing > 0 {
		why := "the SUT does not start"
		if ctx.Err() != nil {
			why = "interrupted"
		}
		g.Notes = append(g.Notes, fmt.Sprintf("%s: %d of %d scenarios were not run", why, missing, len(done)))
		g.Verdict = max(g.Verdict, evidence.Inconclusive)
	}
	if len(g.Scenarios) == 0 && missing == 0 {
		g.Verdict = evidence.Vacuous
		g.Notes = append(g.Notes, "there was no scenario to run")
	}
	g.Exit = o.exit(g.Verdict, broken, ctx.Err() != nil)
	return g
}

func (o *GateOptions) exit(v evidence.Verdict, broken, interrupted bool) int {
	switch {
	case interrupted:
		return ExitInterrupted
	case v == evidence.Violated:
		return ExitViolated
	case broken:
		return ExitRig
	case v == evidence.Holds || o.AllowUnknown:
		return ExitHolds
	}
	return ExitUnknown
}

// fileName makes an id fit for the name of a folder.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '-'
	}, id)
}
