package simulators

// A Tabular dialect words messages as rows of tables: a message's name is that
// of a table, and its body a JSON object of columns and values, or a list of
// such objects. What details a row stands in it as a list under the name of the
// table that it goes into. A reply is a list of the columns that answer, for
// each row that it speaks of under "row", from 1.
type Tabular interface {
	Dialect
	// Tables are all tables there are; one that details another comes after it.
	Tables() []Table
}

// A Table is one by which a system exchanges rows with the SUT. Besides its own
// columns it has those in which both sides say how far a row is, which are the
// transport's.
type Table struct {
	Name    string
	Doc     string // one line
	Way     Direction
	Below   string // the table whose rows it details; "" if it stands for itself
	Columns []Column
}

// A Column of a table.
type Column struct {
	Name   string
	Form   ColumnForm
	Width  int      // of texts, in characters; of decimals, how many digits stand behind the point
	Needed bool     // a row without it is none
	Values []string // all there may be; nil means any
}

// A ColumnForm is what the values of a column are.
type ColumnForm string

// Forms of columns. Instants, flags and spans of time are texts and decimals.
const (
	ColumnText    ColumnForm = "text"
	ColumnWhole   ColumnForm = "whole"
	ColumnDecimal ColumnForm = "decimal" // written as text
)

// Kinds of trouble with a row.
const (
	RowLate     MishapKind = "row-late"     // it has its id and is committed only after a time, when higher ids are visible
	RowsApart   MishapKind = "rows-apart"   // it is committed by itself, and what details it only after a time
	TableLocked MishapKind = "table-locked" // once it is there, nobody else can write into its table for a time
	// Once it is there, a transaction of the SUT is the victim of a deadlock: the
	// one in which it says what it did with the row, or the next in which it
	// inserts rows.
	DeadlockTaking  MishapKind = "deadlock-taking"
	DeadlockPosting MishapKind = "deadlock-posting"
)
