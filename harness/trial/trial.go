// Package trial runs one scenario after another, each against a SUT that was
// started afresh, and tells what was found. Modes that look for a schedule,
// rather than judge a given one, are built on it.
//
// It knows neither where schedules come from nor what they are wanted for.
package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
)

// An Outcome is what became of one run.
type Outcome struct {
	Findings []evidence.Finding
	Records  []evidence.Record
	Bundle   string // folder of the run; "" if none was kept
	Wall     time.Duration
	// Err says why there is no judgement: the scenario cannot be played, the
	// rig failed, or the run was interrupted.
	Err error
}

// Violations lists what was found violated, worst first.
func (o Outcome) Violations() (list []evidence.Finding) {
	for _, f := range o.Findings {
		if f.Verdict == evidence.Violated {
			list = append(list, f)
		}
	}
	return list
}

// Shows reports whether the run shows s.
func (o Outcome) Shows(s Signature) bool { return slices.ContainsFunc(o.Findings, s.Of) }

// A Runner runs a scenario once, from a fresh state. It may be called by
// several goroutines.
type Runner interface {
	Run(ctx context.Context, s scenarios.Scenario) Outcome
}

// A Bench is a [Runner] on a rig. Its zero value is of no use: Setup names the
// rig.
type Bench struct {
	// Setup is what every run has in common; Scenario, Seed and Text are those
	// of the scenario that is run.
	Setup harness.Setup
	// Keep has every run leave its bundle in Setup.Out, numbered.
	Keep bool

	mu   sync.Mutex // guards what follows
	runs int
}

// Run implements [Runner]. An outcome with an error says nothing of the SUT.
func (b *Bench) Run(ctx context.Context, s scenarios.Scenario) (out Outcome) {
	began := time.Now()
	defer func() { out.Wall = time.Since(began) }()
	setup := b.Setup
	setup.Scenario, setup.Seed, setup.Run = s, s.Seed, b.name(s)
	if !b.Keep {
		setup.Out = ""
	}
	if setup.Out != "" {
		if setup.Text, out.Err = scenarios.Text(s); out.Err != nil {
			return out
		}
	}
	rig, err := harness.Build(setup)
	if err != nil {
		out.Err = fmt.Errorf("prepare the run: %w", err)
		return out
	}
	out.Findings, err = rig.RunAndKeep(ctx)
	out.Records = rig.Plan.Journal.Records()
	if rig.Bundle != nil {
		out.Bundle = rig.Bundle.Path()
	}
	out.Err = errors.Join(err, rig.Close(), ctx.Err())
	return out
}

// Try says why the rig cannot play s, by building it and taking it apart.
func (b *Bench) Try(s scenarios.Scenario) error {
	setup := b.Setup
	setup.Scenario, setup.Seed, setup.Run, setup.Out = s, s.Seed, "try", ""
	rig, err := harness.Build(setup)
	if err != nil {
		return err
	}
	return rig.Close()
}

// name names the next run.
func (b *Bench) name(s scenarios.Scenario) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.runs++
	return fmt.Sprintf("%s-%04d", s.Metadata.ID, b.runs)
}

// Forget removes the bundle of an outcome that nobody will look at.
func (o Outcome) Forget() error {
	if o.Bundle == "" {
		return nil
	}
	return os.RemoveAll(o.Bundle)
}
