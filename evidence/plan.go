package evidence

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Plan is what judges need to know of a run's intentions. It is the first
// thing in the journal, so that a stored run can be judged without anything
// else.
type Plan struct {
	Andon        string              `json:"andon"` // version that made the journal
	Run          string              `json:"run"`   // name of the run, used in keys and number ranges
	Scenario     string              `json:"scenario"`
	Title        string              `json:"title,omitempty"`
	Requirements []string            `json:"requirements,omitempty"`
	Seed         uint64              `json:"seed"`
	Rig          string              `json:"rig,omitempty"`    // path of the rig file; "" for the bundled rig
	Defect       string              `json:"defect,omitempty"` // planted into the bundled build
	Site         string              `json:"site,omitempty"`
	Zone         string              `json:"zone,omitempty"`
	Endpoints    map[string]Endpoint `json:"endpoints"`
	Flows        []Flow              `json:"flows"`
	Delivers     Delivers            `json:"delivers"`
	Faults       []PlannedFault      `json:"faults,omitempty"`
	Waived       []string            `json:"waived,omitempty"`      // oracles this scenario does not demand
	Floor        map[plant.Kind]int  `json:"floor,omitempty"`       // how many facts of a kind the scenario promises at least
	Expect       json.RawMessage     `json:"expect,omitempty"`      // of the scenario; read by its own judge
	Items        []plant.Item        `json:"items,omitempty"`       // for units of measure
	Lots         []plant.Lot         `json:"lots,omitempty"`        // opening stock
	Attribution  map[string]string   `json:"attribution,omitempty"` // by endpoint: where an effect names its cause
	Retry        RetryRules          `json:"retry,omitzero"`
	Recovery     Recovery            `json:"recovery,omitzero"`
	Cutover      *Cutover            `json:"cutover,omitempty"` // from one way into the books to another
	Hygiene      Hygiene             `json:"hygiene,omitzero"`
	Breaches     bool                `json:"breaches,omitempty"`  // endpoints note what breaks their contract; older journals do not
	Contracts    *InForce            `json:"contracts,omitempty"` // nil if the rig names no book
	Secrets      []Secret            `json:"secrets,omitempty"`   // what the rig handed out in confidence, without the values
	Looked       []SecretPlace       `json:"looked,omitempty"`    // where the rig looked for them
	Judging      Judging             `json:"judging,omitzero"`
	Shifts       []plant.Shift       `json:"shifts,omitempty"`     // by the wall clock of Zone
	PeriodOpens  time.Time           `json:"periodOpens,omitzero"` // nothing may be posted on an earlier instant
	Pacing       Pacing              `json:"pacing,omitzero"`
}

// Pacing says how plant time passed beside wall time. Older journals do not
// tell.
type Pacing struct {
	Mode   string  `json:"mode,omitempty"`   // "asap", "burst": plant time jumps; "paced"
	Factor float64 `json:"factor,omitempty"` // plant seconds in a wall second, when paced
	// ClockChange is true if the scenario is about a change of the plant's
	// clocks, so that a run without one shows nothing of it.
	ClockChange bool `json:"clockChange,omitempty"`
}

// Jumps reports whether plant time is known to jump, so that no time the SUT
// takes is as long in the plant as it is for the SUT.
func (p Pacing) Jumps() bool { return p.Mode == "asap" || p.Mode == "burst" }

// A Cutover replaces one way into the books by another, while facts are under
// way.
type Cutover struct {
	Old Route `json:"old"`
	New Route `json:"new"`
	// At names the step with which the new way takes over. Facts that become
	// true before it are the old way's, those after it the new way's.
	At string `json:"at"`
	// Freeze names the step with which the declared freeze begins; it ends with
	// At. "" means that there is none.
	Freeze string `json:"freeze,omitempty"`
	// Frozen says by which way facts may come that became true in the freeze.
	Frozen Frozen `json:"frozen,omitempty"`
}

// SameBooks reports whether a and b lead to the same books: they are the same
// endpoint, or both belong to the routes of a cutover.
func (p *Plan) SameBooks(a, b string) bool {
	return a == b || p.Cutover != nil && p.Cutover.has(a) && p.Cutover.has(b)
}

func (c *Cutover) has(endpoint string) bool {
	return slices.Contains(c.Old.Endpoints, endpoint) || slices.Contains(c.New.Endpoints, endpoint)
}

// A Route is a way into the books: attempts the journal gives that name, or
// messages to one of the endpoints.
type Route struct {
	Name      string   `json:"name"`
	Endpoints []string `json:"endpoints,omitempty"`
}

// Frozen is what becomes of facts inside a freeze.
type Frozen string

// Policies for facts inside a freeze.
const (
	FrozenEither Frozen = "either"  // one of the ways, once; also if not said
	FrozenOld    Frozen = "old"     // the old way drains them
	FrozenNew    Frozen = "new"     // they wait for the new way
	FrozenByHand Frozen = "by-hand" // by neither: people key them in
)

// Hygiene says how what the SUT takes up is judged.
type Hygiene struct {
	// Demanded makes growth without bound a violation; else it is only told.
	Demanded bool `json:"demanded,omitempty"`
}

// A Secret is something the rig handed out in confidence.
type Secret struct {
	Name  string     `json:"name"`
	Kind  SecretKind `json:"kind"`
	Owner string     `json:"owner,omitempty"` // endpoint it belongs to
}

// Endpoint is what judges need to know of an interface.
type Endpoint struct {
	System    string            `json:"system"` // "erp", "mes", "machine"
	Dialect   string            `json:"dialect"`
	Transport string            `json:"transport"`
	Policy    simulators.Policy `json:"policy"`
	// Mishaps is what can befall its messages at the broker it announces through.
	Mishaps []simulators.MishapKind `json:"mishaps,omitempty"`
}

// Flow says that facts of Kind, announced by From, must reach the books of To.
type Flow struct {
	Kind plant.Kind `json:"kind"`
	From string     `json:"from"`
	To   string     `json:"to"`
}

// Delivers is what the build under test promises.
type Delivers struct {
	Posting    Promise `json:"posting"`
	Exceptions bool    `json:"exceptions"` // it reports what it could not post
	// Grace is the wall time after acceptance of a hold during which postings
	// for the held lot may still start.
	GraceMillis int `json:"graceMillis,omitempty"`
	// ClosedPeriod is what becomes of facts of a closed period; report if left
	// out.
	ClosedPeriod ClosedPeriod `json:"closedPeriod,omitempty"`
}

// Promise is how often a fact is posted when a reply was lost.
type Promise string

// Promises of a build.
const (
	ExactlyOnce        Promise = "exactly-once"
	AtLeastOnceSurface Promise = "at-least-once+surface"
	AtMostOnceSurface  Promise = "at-most-once+surface"
	StopInDoubt        Promise = "stop-in-doubt"
)

// PlannedFault is a fault of the scenario.
type PlannedFault struct {
	ID           string   `json:"id"`
	Kind         string   `json:"kind"`
	At           string   `json:"at,omitempty"`
	Reproducible bool     `json:"reproducible"`
	Requirements []string `json:"requirements,omitempty"`
	// Group names faults that were asked for as one; they are exercised if one
	// of them is.
	Group string `json:"group,omitempty"`
	// Tolerates says what the SUT must still guarantee under it.
	Tolerates string `json:"tolerates,omitempty"`
}

// RetryRules bounds how a build may repeat itself; see oracle retry-discipline.
// Times are wall milliseconds. Zero means the oracle's default.
type RetryRules struct {
	MaxAttempts int `json:"maxAttempts,omitempty"`
	MinGap      int `json:"minGapMillis,omitempty"`
}

// Recovery bounds how long a build may take to catch up after the last fault
// on its path has healed. Wall milliseconds; zero means the oracle's default.
type Recovery struct {
	Within int `json:"withinMillis,omitempty"`
}
