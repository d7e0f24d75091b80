package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/certs"
	"github.com/andon-rig/andon/contracts/inline"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/sut/container"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// Setup is what a rig is built from.
type Setup struct {
	Catalog  catalog.Catalog
	File     File
	Path     string // of the rig file; "" for the bundled rig
	Source   []byte // of the rig file
	Scenario scenarios.Scenario
	Text     []byte // of the scenario file
	Seed     uint64
	Run      string   // names the run and its bundle
	Range    string   // begins the number ranges of orders and lots; "" means the plant's own
	Pilots   []string // faults armed besides the scenario's
	ByHand   bool     // others may be armed while it plays
	Defect   string   // planted into the bundled build
	Out      string   // folder of bundles
	Self     string   // path of the andon program
	Version  string
	Command  []string // that started all this, for replay
	World    World    // nil is the machine Andon runs on
}

// A Rig is a plan with its ports bound and its bundle open.
type Rig struct {
	Plan   *Plan
	Bundle *bundle.Writer
	Vars   Vars
	Notes  []string // what the report should say of the rig
	Doubts []string // what the run cannot show, known before it begins; part of Notes

	setup  Setup
	master plant.Master
	ids    atomic.Uint64
	aboard map[string]*chaos.Riders // by endpoint
	state  string                   // the SUT's directory
	log    io.Writer                // of the SUT; nil if nobody keeps it
	rules  *inline.Rules            // contracts in force; nil if the rig names no book
	vault  *vault
	// embedded are the event brokers that the rig has started, by name.
	embedded map[string]embedded
	closed   []func() error
	// authority issues the certificates of this run; nil if nobody needs any.
	authority    *certs.Authority
	certificates string // the directory with those that the SUT is told of

	// lent are files and folders that the SUT is told of: a container sees them
	// under the same name.
	lent []container.Mount
}

// Build makes a rig. What it has opened is released by Close, also if it
// returns an error.
func Build(s Setup) (r *Rig, err error) {
	r = &Rig{setup: s, embedded: map[string]embedded{}, Vars: Vars{"run.id": s.Run, "andon.self": s.Self}, Plan: &Plan{Scenario: s.Scenario, Settle: s.File.settle(), clock: &plantClock{}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	for _, build := range []func() error{r.floor, r.names, r.inForce, r.openBundle, r.confidential, r.secure, r.name, r.cutover, r.endpoints, r.demanded, r.exceptions, r.watchLinks, r.driver, r.faults, r.prepared, r.judges, r.keepPlan} {
		if err := build(); err != nil {
			return r, err
		}
	}
	return r, nil
}

// Close releases what Build has opened.
func (r *Rig) Close() error {
	var errs []error
	for _, c := range slices.Backward(r.closed) {
		errs = append(errs, c())
	}
	r.closed = nil
	return errors.Join(errs...)
}

// usualShift is how long a run lasts in plant time if nobody says so.
const usualShift = 8 * time.Hour

// floor builds the plant: the rig's, as the scenario changes it.
func (r *Rig) floor() error {
	spec, sc := r.setup.File.Plant, r.setup.Scenario
	cfg := sc.PlantConfig(plant.Config{Profile: spec.Profile, Zone: spec.Zone, Orders: spec.Orders, Counts: spec.Counts, Shift: usualShift})
	cfg.Seed, cfg.Run = r.setup.Seed, r.setup.Range
	r.Plan.counts = cfg.Counts
	cfg.Counts = cfg.Counts && !r.setup.File.counts() // a machine is read once: by its endpoint, if there is one
	if err := r.trace(&cfg); err != nil {
		return err
	}
	if cfg.Trace == nil {
		zone, err := zoneOf(cfg)
		if err != nil {
			return err
		}
		cfg.Start = sc.Time.Anchor.Start(time.Now(), zone, cfg.Shift)
	}
	f, err := plant.New(cfg)
	if err != nil {
		return err
	}
	r.Plan.Floor, r.master = f, f.Master()
	r.Plan.open = r.master.Open
	r.Plan.clock.set(f.Now())
	return nil
}

// zoneOf is the zone in which a plant says what time it is.
func zoneOf(cfg plant.Config) (*time.Location, error) {
	if cfg.Zone == "" {
		p, err := plant.LoadProfile(cfg.Profile)
		if err != nil {
			return nil, err
		}
		cfg.Zone = p.Zone
	}
	zone, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		return nil, fmt.Errorf("plant zone %q: %w", cfg.Zone, err)
	}
	return zone, nil
}

// counts reports whether an endpoint of the rig plays the machines.
func (f File) counts() bool {
	for _, e := range f.Endpoints {
		if e.System == "machine" {
			return true
		}
	}
	return false
}

// trace reads the user's own event log, if the rig has one. It is the plant
// then, whatever profile a scenario was written for.
func (r *Rig) trace(cfg *plant.Config) error {
	t := r.setup.File.Plant.Trace
	if t == nil {
		return nil
	}
	trace, dirty, err := LoadTrace(*t)
	if err != nil {
		return err
	}
	cfg.Trace, cfg.Orders = trace, 0 // a scenario's number of orders is about profiles: a log is replayed whole
	r.Notes = append(r.Notes, fmt.Sprintf("trace %s: %d rows, %d clean, %d used although suspicious, %d left out; andon check lists the %d dirty ones",
		t.CSV, trace.Rows, trace.Clean, trace.Used, trace.LeftOut, len(dirty)))
	return nil
}

// LoadTrace reads a user's event log and reports its dirty rows.
func LoadTrace(t TraceSpec) (*plant.Trace, []plant.DirtyRow, error) {
	f, err := os.Open(t.CSV)
	if err != nil {
		return nil, nil, fmt.Errorf("plant.trace.csv: %w; the path is relative to where andon runs", err)
	}
	defer f.Close()
	trace, dirty, err := plant.ReadTrace(f, plant.TraceConfig{CSV: t.CSV, Columns: t.Columns, Zone: t.Zone, Delimiter: t.Delimiter, DateLayout: t.Date, Decimal: t.Decimal, Resources: t.Resources})
	if err != nil {
		return nil, dirty, fmt.Errorf("plant.trace.csv %s: %w", t.CSV, err)
	}
	return trace, dirty, nil
}

// names fills in what journals and judges know of the plan.
func (r *Rig) names() error {
	s, sc := r.setup, r.setup.Scenario
	r.Plan.Evidence = evidence.Plan{
		Andon: s.Version, Run: s.Run, Scenario: sc.Metadata.ID, Title: sc.Metadata.Title, Seed: s.Seed, Rig: s.Path, Defect: s.Defect,
		Site: r.master.Site, Zone: r.master.Zone, Items: r.master.Items, Lots: r.master.Lots, Floor: sc.Floor, Waived: sc.Waived(),
		Endpoints: map[string]evidence.Endpoint{}, Attribution: s.File.Attribution,
		Delivers: evidence.Delivers{
			Posting:     cmp.Or(s.File.SUT.Delivers.Posting, evidence.ExactlyOnce),
			Exceptions:  s.File.SUT.Delivers.Exceptions.promised(),
			GraceMillis: int(s.File.SUT.Delivers.HoldGrace.D / time.Millisecond), ClosedPeriod: s.File.SUT.Delivers.ClosedPeriod,
		},
		Judging: sc.Given.Judging.Over(s.File.Judging.judging()), Shifts: r.master.Shifts, PeriodOpens: r.master.PeriodOpens,
		Pacing: evidence.Pacing{Mode: cmp.Or(string(sc.Time.Mode), string(scenarios.Asap)), Factor: sc.Time.Factor, ClockChange: sc.Time.ClockChange},
	}
	r.Plan.Evidence.Breaches = true
	r.Plan.Evidence.Hygiene.Demanded = s.File.SUT.Delivers.Hygiene == HygieneBounded
	for _, q := range sc.Metadata.Requirements {
		r.Plan.Evidence.Requirements = append(r.Plan.Evidence.Requirements, string(q))
	}
	r.Plan.Evidence.Expect = sc.ExpectJSON()
	return nil
}

// openBundle creates the run's folder; the plan is written there once it is
// complete, as the journal's first record.
func (r *Rig) openBundle() error {
	if r.setup.Out == "" {
		r.Plan.Journal = evidence.NewJournal(nil)
	} else {
		passwords, err := r.setup.File.passwords()
		if err != nil {
			return err
		}
		w, err := bundle.Create(r.setup.Out, bundle.Inputs{Plan: r.Plan.Evidence, Command: r.setup.Command, Rig: r.setup.Source, Scenario: r.setup.Text, Redactor: passwords})
		if err != nil {
			return err
		}
		r.Bundle = w
		r.closed = append(r.closed, w.Close)
		r.Plan.Journal = evidence.NewJournal(w.Journal())
	}
	r.Plan.Journal.PlantClock(r.Plan.clock.Now)
	r.Plan.Ordinals = chaos.NewOrdinals()
	r.Plan.moments = chaos.NewMoments(r.Plan.Journal)
	r.Plan.bounds = newBounds(r.Plan.Ordinals, r.setup.Scenario.Phases)
	state, err := os.MkdirTemp("", "andon-state-*")
	if err != nil {
		return fmt.Errorf("make a state directory for the SUT: %w", err)
	}
	r.state, r.Vars["andon.state"] = state, state
	r.closed = append(r.closed, func() error { return os.RemoveAll(state) })
	return nil
}

// judges chooses who judges: every oracle, and the scenario's expectations.
func (r *Rig) judges() (err error) {
	r.Plan.Judges, err = Judges(r.Plan.Evidence)
	return err
}

// Judges returns who judges a run with this plan.
func Judges(p evidence.Plan) ([]evidence.Judge, error) {
	js := oracles.Standard()
	if len(p.Expect) == 0 {
		return js, nil
	}
	e, err := scenarios.ExpectationsFrom(p.Expect)
	if err != nil {
		return nil, fmt.Errorf("read the scenario's expectations: %w", err)
	}
	return append(js, e), nil
}

// keepPlan writes the plan into the bundle, now that it is complete.
func (r *Rig) keepPlan() error {
	if r.Bundle == nil {
		return nil
	}
	return r.Bundle.WritePlan(r.Plan.Evidence, r.setup.Command)
}

// RunAndKeep carries out the rig's plan and keeps the judgement in its bundle.
func (r *Rig) RunAndKeep(ctx context.Context) ([]evidence.Finding, error) {
	findings, err := Run(ctx, r.Plan)
	if err != nil {
		return findings, err
	}
	path := ""
	if r.Bundle != nil {
		path = r.Bundle.Path()
	}
	findings = explain.New(evidence.NewHistory(r.Plan.Journal.Records()), path).All(findings)
	if r.Bundle == nil {
		return findings, nil
	}
	return findings, r.Bundle.WriteFindings(findings)
}
