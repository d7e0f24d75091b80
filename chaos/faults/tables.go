package faults

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
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

var _ = []chaos.Particular{&RowLate{}, &RowsApart{}, &TableLocked{}, &Deadlock{}}

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

// documents say how many lines they have.
var documents = []plant.Kind{plant.KindBillChanged, plant.KindRoutingChanged, plant.KindCenterChanged, plant.KindCalendarChanged}

// RowsApart commits a document of master data by itself, a bill of material say,
// and its lines only after a time.
//
// Layer A: a job that commits each statement, as those do that write a table at
// a time. Observed as a document with fewer lines than it says that it has.
type RowsApart struct {
	tabled
	For Wall `yaml:"for" doc:"how long the lines are missing"`
}

// Apply implements [chaos.Fault].
func (f *RowsApart) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if e, ok := announcement(d); !ok || !slices.Contains(documents, e.Fact.Kind()) {
		return []chaos.Delivery{d}
	}
	return mishap(d, simulators.Mishap{Kind: simulators.RowsApart, For: f.For.d()}, "committed without its lines, which follow after "+f.For.d().String())
}

// Leaves implements [chaos.Choosy].
func (*RowsApart) Leaves(at chaos.Crossing) string {
	return among(at, "it does not say how many lines it has", documents...)
}

// Validate says what is wrong with the settings.
func (f *RowsApart) Validate() error { return forSome("for", f.For) }

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

// Victim says which transaction of the SUT is aborted.
type Victim string

// Victims.
const (
	VictimPosting Victim = "posting" // the next in which it inserts rows
	VictimTaking  Victim = "taking"  // that in which it says what it did with the row
)

// Deadlock has a transaction of the SUT and one of the system wait for each
// other once a row is there, and the database abort the SUT's.
//
// Layer A: two programs that lock the same things in another order. Observed in
// PostgreSQL as SQLSTATE 40P01 deadlock_detected after deadlock_timeout (1 s);
// in SQLite, where nobody waits who has read already, as SQLITE_BUSY at once or
// SQLITE_BUSY_SNAPSHOT, whatever the busy timeout, and for who begins IMMEDIATE
// as a lock that does not come.
type Deadlock struct {
	tabled
	Victim Victim `yaml:"victim" jsonschema:"enum=posting,enum=taking" doc:"which transaction of the SUT: the next that inserts rows, or that in which it answers in the row; in SQLite any that writes"`
	For    Wall   `yaml:"for" doc:"how long a victim is waited for; in SQLite, how long the lock of who writes is held"`
}

// Apply implements [chaos.Fault].
func (f *Deadlock) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	kind, what := simulators.DeadlockPosting, "the next transaction that inserts rows is the victim of a deadlock"
	if f.Victim == VictimTaking {
		kind, what = simulators.DeadlockTaking, "the transaction that answers in it is the victim of a deadlock"
	}
	return mishap(d, simulators.Mishap{Kind: kind, For: f.For.d()}, what+", within "+f.For.d().String())
}

// Validate says what is wrong with the settings.
func (f *Deadlock) Validate() error {
	return errors.Join(oneOf("victim", f.Victim, VictimPosting, VictimTaking), forSome("for", f.For))
}

// ofTables lists the faults of staging tables.
func ofTables() []Info {
	const needs = "an endpoint with transport: tables"
	reqs := []string{"CTL-01", "CTL-04", "PAT-02"}
	return []Info{
		{Name: "row-late", Layer: Application, Reproducible: true, Attempts: 1, Requirements: reqs, Needs: needs,
			Doc: "a row is committed after rows with higher ids", Observed: "a gap in the ids of a table that is filled later", Tolerates: "the final state is that of the right order, and no row is passed over",
			New: func() chaos.Fault { return &RowLate{For: Wall(300 * time.Millisecond)} }},
		{Name: "rows-apart", Layer: Application, Reproducible: true, Attempts: 1, Requirements: reqs, Needs: needs,
			Doc: "a bill of material, a routing, a work center or a calendar is committed before its lines", Observed: "a document with fewer lines than it says that it has, and later with all of them", Tolerates: "nothing is taken before it is whole, and nothing lost",
			New: func() chaos.Fault { return &RowsApart{For: Wall(300 * time.Millisecond)} }},
		{Name: "table-locked", Layer: Application, Reproducible: true, Attempts: 1, Requirements: reqs, Needs: needs,
			Doc: "a table is locked by somebody else's transaction for a time", Observed: "statements that wait, a time out, or \"database is locked\"", Tolerates: "nothing lost or done twice; statements are repeated",
			New: func() chaos.Fault { return &TableLocked{For: Wall(500 * time.Millisecond)} }},
		{Name: "deadlock", Layer: Application, Reproducible: true, Attempts: 1, Requirements: append([]string{"EXC-01"}, reqs...), Needs: needs,
			Doc: "a transaction of the SUT is the victim of a deadlock", Observed: "PostgreSQL: SQLSTATE 40P01, deadlock detected; SQLite: SQLITE_BUSY or SQLITE_BUSY_SNAPSHOT, database is locked",
			Tolerates: "the whole transaction is repeated; nothing lost or done twice",
			New:       func() chaos.Fault { return &Deadlock{Victim: VictimPosting, For: Wall(time.Second)} }},
	}
}
