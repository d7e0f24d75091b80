package scenarios

import (
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// APIVersion and the two kinds of file this package reads.
const (
	APIVersion   = "andon/v1"
	KindScenario = "Scenario"
	KindPart     = "Part" // what a scenario may include
)

// Scenario is a plant timeline with faults and expectations beside it. It is
// plain data: names of faults and oracles are looked up later, by the harness.
type Scenario struct {
	// Version of the format; always andon/v1.
	APIVersion string `yaml:"apiVersion" jsonschema:"required,enum=andon/v1"`
	// Kind of file; always Scenario.
	Kind string `yaml:"kind" jsonschema:"required,enum=Scenario"`
	// Metadata says what the scenario is called and what it is for.
	Metadata Metadata `yaml:"metadata" jsonschema:"required"`
	// Include names other files of kind Part, relative to this one. Their
	// lists come before this file's; what this file says itself goes first.
	Include []string `yaml:"include"`
	// Matrix turns one file into several scenarios, one for each combination of
	// the values. A text ${matrix.NAME} stands for the value.
	Matrix map[string][]yamlfile.Node `yaml:"matrix"`
	// Plant changes the plant of the rig for this scenario.
	Plant Plant `yaml:"plant"`
	// Seed decides every identity, quantity and stroke of luck.
	Seed uint64 `yaml:"seed"`
	// Time says how plant time passes.
	Time Time `yaml:"time"`
	// Given is what holds when the run begins.
	Given Given `yaml:"given"`
	// When lists what is made to happen.
	When []Step `yaml:"when"`
	// Phases name stretches of the run, one after the other, for faults to be
	// bound to.
	Phases []Phase `yaml:"phases"`
	// Faults lists what goes wrong meanwhile.
	Faults []Fault `yaml:"faults"`
	// Expect is what must hold.
	Expect Expect `yaml:"expect"`
	// Floor is how many facts of a kind must have happened at least; with fewer
	// the run has shown nothing.
	Floor Floor `yaml:"floor"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Metadata says what a scenario is called and what it is for.
type Metadata struct {
	// ID names the scenario: CNF-02. A matrix adds its values: THR-01.date.
	ID string `yaml:"id" jsonschema:"required"`
	// Title says in one line what happens.
	Title string `yaml:"title" jsonschema:"required"`
	// Labels select scenarios.
	Labels []string `yaml:"labels"`
	// Requirements lists the ids of REQUIREMENTS.md that the scenario serves.
	Requirements []Requirement `yaml:"requirements"`
	// Industries the scenario is about; all by default.
	Industries []string `yaml:"industries" jsonschema:"enum=all,enum=discrete,enum=process,enum=regulated,enum=contract"`

	// Of is the id in the file, without what a matrix added.
	Of string `yaml:"-"`
}

// Plant changes the plant of the rig. What is not said stays as the rig has
// it.
type Plant struct {
	// Profile of the plant: machine-shop, nist-box, process-batch, …
	Profile string `yaml:"profile"`
	// Every is the mean time between releases of orders.
	Every yamlfile.Duration `yaml:"every"`
	// Open is how many orders are under way at the start.
	Open *int `yaml:"open"`
	// Quantity is how many pieces each order asks for.
	Quantity int `yaml:"quantity"`
	// OddIDs is the share of orders whose identifiers hold slashes, commas,
	// blanks and mixed case: 0 to 1.
	OddIDs *float64 `yaml:"oddIds"`
	// DecisionDelay is how long a quality case stays open.
	DecisionDelay yamlfile.Duration `yaml:"decisionDelay"`
	// Undecided keeps quality cases open until the action decide ends them.
	Undecided bool `yaml:"undecided"`
	// Speed is how many times faster than recorded people and machines are.
	Speed float64 `yaml:"speed"`
	// Expiring has the lot of each material that is used first expire at the
	// run's first midnight by the plant's clock.
	Expiring bool `yaml:"expiring"`
	// Counts adds readings of the piece counters of machines.
	Counts bool `yaml:"counts"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Time says how plant time passes.
type Time struct {
	// Mode asap jumps to the next plant event when the SUT is quiet, paced
	// keeps a factor to wall time, burst releases everything as fast as it is
	// taken. asap by default.
	Mode Mode `yaml:"mode" jsonschema:"enum=asap,enum=paced,enum=burst"`
	// Factor is how many plant seconds pass in one wall second, when paced.
	Factor float64 `yaml:"factor"`
	// Anchor says where plant time lies: end-now (default: no timestamp lies in
	// the future), start-now, or fixed:2026-10-24T18:00 in plant-local time.
	Anchor Anchor `yaml:"anchor"`
	// Zone of the plant, an IANA name; the profile's own by default.
	Zone string `yaml:"zone"`
	// ClockChange says that the scenario is about the hour in which the plant's
	// clocks are put forward or back: a plant in whose zone that does not happen
	// while the run lasts cannot play it, and a run there shows nothing of it.
	ClockChange bool `yaml:"clockChange"`
	// Shift is how long the run lasts in plant time; {plant: 8h} by default.
	Shift yamlfile.Duration `yaml:"shift"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Mode is how plant time passes beside wall time.
type Mode string

// Modes of time.
const (
	Asap  Mode = "asap"
	Paced Mode = "paced"
	Burst Mode = "burst"
)

// Given is what holds when the run begins.
type Given struct {
	// Orders of the run.
	Orders Orders `yaml:"orders"`
	// Endpoints changes, by name, what interfaces promise.
	Endpoints map[string]Policy `yaml:"endpoints"`
	// Judging replaces bounds of the rig's judging for this scenario.
	Judging Judging `yaml:"judging"`
	// Only lets nothing else happen than the facts it names; identities and
	// quantities stay those of the whole run.
	Only Only `yaml:"only"`
}

// Judging sets bounds for what oracles find.
type Judging struct {
	// Staleness is for how long an old version of an order or material may be
	// used after the build has accepted a newer one.
	Staleness yamlfile.Duration `yaml:"staleness"`
	// LaborTolerance is how far the hours booked for an operator on an order may
	// be off.
	LaborTolerance yamlfile.Duration `yaml:"laborTolerance"`
}

// Over returns the rig's bounds as the scenario changes them.
func (j Judging) Over(rig evidence.Judging) evidence.Judging {
	if j.Staleness.D > 0 {
		rig.Staleness = int(j.Staleness.D / time.Millisecond)
	}
	if j.LaborTolerance.D > 0 {
		rig.Labor = int(j.LaborTolerance.D / time.Millisecond)
	}
	return rig
}

// Only narrows a run to some of its facts. The plant goes on as ever, but
// nobody notices or announces what is not named.
type Only struct {
	// Orders whose facts happen, with * for any run of characters; those of all
	// orders by default.
	Orders []string `yaml:"orders"`
	// Facts that happen, by key: confirmation/4711000001/0010/3, with * for any
	// run of characters; all by default.
	Facts []string `yaml:"facts"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Orders says how many orders the run has and who releases them.
type Orders struct {
	// Count of orders; 10 by default.
	Count int `yaml:"count"`
	// Released is false if they wait for the action release-orders; by default
	// the plant's calendar releases them.
	Released *bool `yaml:"released"`
}

// Step makes something happen at a time, upon an event, or after another
// step. Exactly one of at, upon and after is given.
type Step struct {
	// At is a moment: run.start, {plant: 2h} or {wall: 3s} since the start.
	At Moment `yaml:"at"`
	// Upon waits for an event of the plant.
	Upon *Upon `yaml:"upon"`
	// After follows another step by its name: {ref: hold, delay: {plant: 20m}}.
	After Moment `yaml:"after"`
	// As is a name by which other steps, windows and expectations refer to this
	// step and to what it acted on.
	As string `yaml:"as"`
	// Do is the name of an action, or a list of {ACTION: {ARGUMENTS}}.
	Do Do `yaml:"do"`
	// Args are the arguments of a single action.
	Args yamlfile.Node `yaml:"args"`

	Pos yamlfile.Pos `yaml:"-"`

	acts []act // Do and Args, read
}

// Upon is the event a step waits for.
type Upon struct {
	// Event is the kind of fact that must become true.
	Event plant.Kind `yaml:"event" jsonschema:"required"`
	// Where is a CEL expression over event that must hold.
	Where Expr `yaml:"where"`
	// Nth waits for the n-th such event; the first by default.
	Nth int `yaml:"nth"`
	// First says so in words.
	First bool `yaml:"first"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Expect is what must hold.
type Expect struct {
	// Always names invariants that must hold besides those that always do.
	Always []yamlfile.Word `yaml:"always"`
	// Waive names invariants this scenario does not demand, each with a reason:
	// [{order: "the ERP takes them in any order"}].
	Waive []Waiver `yaml:"waive"`
	// Eventually must become true in time.
	Eventually []Eventually `yaml:"eventually"`
	// Never must not become true.
	Never []Never `yaml:"never"`
	// AtEnd must be true when the run has come to rest.
	AtEnd []AtEnd `yaml:"atEnd"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Eventually is something that must become true in time.
type Eventually struct {
	// That is the CEL expression.
	That Expr `yaml:"that" jsonschema:"required"`
	// From is when the time begins to run; run.start by default.
	From Moment `yaml:"from"`
	// Within is how long it may take.
	Within yamlfile.Duration `yaml:"within" jsonschema:"required"`
	// Means says it in the words of a plant, for reports.
	Means string `yaml:"means"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Never is something that must not become true.
type Never struct {
	// That is the CEL expression.
	That Expr `yaml:"that" jsonschema:"required"`
	// During is when it must not; the whole run by default.
	During Window `yaml:"during"`
	// Means says it in the words of a plant, for reports.
	Means string `yaml:"means"`

	Pos yamlfile.Pos `yaml:"-"`
}

// AtEnd is something that must be true when the run has come to rest.
type AtEnd struct {
	// That is the CEL expression.
	That Expr `yaml:"that" jsonschema:"required"`
	// Means says it in the words of a plant, for reports.
	Means string `yaml:"means"`

	Pos yamlfile.Pos `yaml:"-"`
}
