package evidence

import (
	"math/big"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence/iso22400"
)

// Judging sets bounds and readings that differ from one integration to
// another and that no message tells. Zero means the default of the oracle.
type Judging struct {
	// Staleness is for how long, in wall milliseconds free of faults, the SUT
	// may go on by an old version after it has accepted a newer one; see oracle
	// bounded-staleness.
	Staleness int `json:"stalenessMillis,omitempty"`
	// Labor is by how much, in plant milliseconds, the hours booked for an
	// operator on an order may differ from the hours worked; see oracle labor.
	Labor int `json:"laborMillis,omitempty"`
	// LocalTime names endpoints that word instants as plant-local time without
	// an offset: in the hour that comes twice, both readings are right.
	LocalTime []string `json:"localTime,omitempty"`
	// OEE is by which formula the plant's OEE is computed; see oracle oee.
	OEE OEERules `json:"oee,omitzero"`
}

// OEERules are the options of ISO 22400 that plants settle differently, and how
// far a figure that is shown may be off.
type OEERules struct {
	ReworkIsGood     bool `json:"reworkIsGood,omitempty"`     // reworked pieces count as good
	SetupIsPlanned   bool `json:"setupIsPlanned,omitempty"`   // setup is taken out of the planned busy time
	CapEffectiveness bool `json:"capEffectiveness,omitempty"` // effectiveness is cut off at 1
	Permille         int  `json:"permille,omitempty"`         // how far off; 10, a point, if zero
}

// Options are the rules as iso22400 takes them.
func (o OEERules) Options() iso22400.Options {
	return iso22400.Options{ReworkIsGood: o.ReworkIsGood, SetupIsPlanned: o.SetupIsPlanned, CapEffectiveness: o.CapEffectiveness}
}

// Bound is how far a figure may be off, as a share.
func (o OEERules) Bound() *big.Rat {
	if o.Permille == 0 {
		return big.NewRat(DefaultOEE, 1000)
	}
	return big.NewRat(int64(o.Permille), 1000)
}

// Default bounds of [Judging].
const (
	DefaultStaleness = 5 * time.Second
	DefaultLabor     = time.Minute
	DefaultOEE       = 10 // permille
)

// StalenessBound is how long an old version may still be used.
func (j Judging) StalenessBound() time.Duration {
	if j.Staleness == 0 {
		return DefaultStaleness
	}
	return time.Duration(j.Staleness) * time.Millisecond
}

// LaborBound is how far booked hours may be off.
func (j Judging) LaborBound() time.Duration {
	if j.Labor == 0 {
		return DefaultLabor
	}
	return time.Duration(j.Labor) * time.Millisecond
}

// Offsetless reports whether endpoint words instants without an offset.
func (j Judging) Offsetless(endpoint string) bool { return slices.Contains(j.LocalTime, endpoint) }

// ClosedPeriod is what a build does with a fact of a posting period that was
// closed before it could be posted.
type ClosedPeriod string

// Ways to treat facts of a closed period.
const (
	ReportClosed ClosedPeriod = "report" // it is refused and reported to a person; the default
	RedateClosed ClosedPeriod = "redate" // it is posted with a date in the open period
)
