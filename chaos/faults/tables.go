package faults

import (
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// This file holds what goes wrong with rows of staging tables. A fault says
// which row and what; the transport that keeps it does it.

// tabled suits endpoints that exchange rows.
type tabled struct{}

// Suits implements [chaos.Particular].
func (tabled) Suits(p simulators.Policy) bool {
	return p.Share == simulators.ShareTables || p.Share == simulators.ShareServer
}

// Leaves implements [chaos.Choosy].
func (tabled) Leaves(at chaos.Crossing) string {
	if at.Direction == simulators.FromSUT {
		return "only rows that the system inserts"
	}
	return ""
}

var _ = []chaos.Particular{&RowLate{}, &TableLocked{}}

// RowLate commits a row late: it has its id from when it was inserted, and can
// be seen only when rows with higher ids have been for a time.
//
// Layer A: two transactions side by side, of which the one that began first is
// committed last; sequences give out ids when rows are made and not when they
// are committed. Observed as a gap in the ids that is filled later.
type RowLate struct {
	tabled
	For Wall `yaml:"for" doc:"how long it cannot be seen"`
}

// Apply implements [chaos.Fault].
func (f *RowLate) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return mishap(d, simulators.Mishap{Kind: simulators.RowLate, For: f.For.d()}, "committed "+f.For.d().String()+" after it got its id")
}

// Validate says what is wrong with the settings.
func (f *RowLate) Validate() error { return forSome("for", f.For) }

// TableLocked keeps the SUT from writing into the table of a row for a time
// once the row is there; in SQLite, which has one lock, from writing at all.
//
// Layer A: a nightly job, a report or an index that is built in one long
// transaction. Observed as a statement that waits, and then as a time out of
// the client or as "database is locked".
type TableLocked struct {
	tabled
	For Wall `yaml:"for" doc:"how long the table is locked"`
}

// Apply implements [chaos.Fault].
func (f *TableLocked) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return mishap(d, simulators.Mishap{Kind: simulators.TableLocked, For: f.For.d()}, "its table is locked for "+f.For.d().String())
}

// Validate says what is wrong with the settings.
func (f *TableLocked) Validate() error { return forSome("for", f.For) }

// ofTables lists the faults of staging tables.
func ofTables() []Info {
	const needs = "an endpoint with transport: tables"
	reqs := []string{"CTL-01", "CTL-04", "PAT-02"}
	return []Info{
		{Name: "row-late", Layer: Application, Reproducible: true, Attempts: 1, Requirements: reqs, Needs: needs,
			Doc: "a row is committed after rows with higher ids", Observed: "a gap in the ids of a table that is filled later", Tolerates: "the final state is that of the right order, and no row is passed over",
			New: func() chaos.Fault { return &RowLate{For: Wall(300 * time.Millisecond)} }},
		{Name: "table-locked", Layer: Application, Reproducible: true, Attempts: 1, Requirements: reqs, Needs: needs,
			Doc: "a table is locked by somebody else's transaction for a time", Observed: "statements that wait, a time out, or \"database is locked\"", Tolerates: "nothing lost or done twice; statements are repeated",
			New: func() chaos.Fault { return &TableLocked{For: Wall(500 * time.Millisecond)} }},
	}
}
