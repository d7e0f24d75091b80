package evidence

import (
	"slices"
	"time"
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
}

// Default bounds of [Judging].
const (
	DefaultStaleness = 5 * time.Second
	DefaultLabor     = time.Minute
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
