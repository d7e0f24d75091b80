package files

import (
	"fmt"
	"slices"
	"strings"
)

// A form is how the cells of a column are written.
type form int

const (
	text    form = iota
	whole        // a whole number
	decimal      // with up to six digits after the mark
	seconds      // a span of time in seconds, with up to nine digits after the mark
	instant      // a point in time with its offset
	yes          // X or nothing
)

// column is one cell of a record.
type column struct {
	name  string
	form  form
	width int // in characters, of fixed columns
}

// layout is the columns of one type of record, after its type.
type layout struct {
	record  string
	columns []column
	below   string // the types of record it belongs to, between blanks, if it begins nothing itself
	total   string // the column whose sum is the control total
}

var (
	reference = column{"REFERENCE", text, 60}
	happened  = column{"AT", instant, 35}
	order     = column{"ORDER", text, 20}
	operation = column{"OPERATION", text, 12}
	counter   = column{"COUNTER", whole, 8}
	material  = column{"MATERIAL", text, 40}
	lot       = column{"LOT", text, 20}
	quantity  = column{"QUANTITY", decimal, 20}
	unit      = column{"UNIT", text, 8}
	reason    = column{"REASON", text, 40}
	center    = column{"WORKCENTER", text, 20}
	lines     = column{"LINES", whole, 8} // how many records belong to this one
)

// headType and tailType enclose a file; typeWidth is the width of a type.
const (
	headType  = "HDR"
	tailType  = "TRL"
	typeWidth = 3
)

// layouts is every type of record there is.
var layouts = []layout{
	{headType, []column{{"VERSION", text, 10}, {"NAME", text, 20}, {"SENDER", text, 20}, {"FILE", text, 40}, {"CREATED", instant, 35}}, "", ""},
	{tailType, []column{{"RECORDS", whole, 8}, {"TOTAL", decimal, 24}}, "", ""},

	{"ORD", []column{reference, happened, order, material, {"REVISION", text, 12}, quantity, unit, {"START", instant, 35}, {"DUE", instant, 35}, {"PRIORITY", whole, 4}, lot}, "", "QUANTITY"},
	{"OPR", []column{operation, {"TEXT", text, 40}, center, {"SETUP", seconds, 20}, {"CYCLE", seconds, 20}, {"INSPECT", yes, 1}}, "ORD RTG", ""},
	{"CMP", []column{operation, material, quantity, unit}, "ORD BOM", "QUANTITY"},
	{"CHG", []column{reference, happened, order, {"VERSION", whole, 8}, quantity, unit, {"DUE", instant, 35}, {"PRIORITY", whole, 4}}, "", "QUANTITY"},
	{"CAN", []column{reference, happened, order, {"VERSION", whole, 8}}, "", ""},

	{"STA", []column{reference, happened, order, operation, center, {"OPERATOR", text, 20}}, "", ""},
	{"CNF", []column{reference, happened, order, operation, counter, center, {"OPERATOR", text, 20}, {"YIELD", decimal, 20}, unit, {"SCRAP", decimal, 20}, {"REWORK", decimal, 20},
		reason, {"FINAL", yes, 1}, {"START", instant, 35}, {"END", instant, 35}, {"LABOR", seconds, 20}}, "", "YIELD"},
	{"CON", []column{reference, happened, order, operation, counter, material, lot, quantity, unit}, "", "QUANTITY"},
	{"SCR", []column{reference, happened, order, operation, counter, material, lot, quantity, unit, reason}, "", "QUANTITY"},
	{"REW", []column{reference, happened, order, operation, counter, quantity, unit, reason}, "", "QUANTITY"},
	{"RCV", []column{reference, happened, order, counter, material, lot, quantity, unit}, "", "QUANTITY"},
	{"SER", []column{{"SERIAL", text, 40}}, "RCV", ""},
	{"INS", []column{reference, happened, order, operation, counter, material, lot, {"SERIAL", text, 40}, {"PASSED", whole, 8}, {"FAILED", whole, 8}, {"TEXT", text, 60}}, "", ""},
	{"HLD", []column{reference, happened, lot, material, order, {"CASE", text, 20}, reason}, "", ""},
	{"DEC", []column{reference, happened, lot, material, {"CASE", text, 20}, {"DECISION", text, 12}}, "", ""},

	{"ITM", []column{reference, happened, material, {"VERSION", whole, 8}, {"TEXT", text, 40}, {"REVISION", text, 12}, unit, {"DECIMALS", whole, 1}, {"LOTS", yes, 1}, {"SERIALS", yes, 1}, {"RETIRED", yes, 1}}, "", ""},
	{"UOM", []column{unit, {"NUMERATOR", whole, 12}, {"DENOMINATOR", whole, 12}}, "ITM", ""},

	{"BOM", []column{reference, happened, material, {"VERSION", whole, 8}, quantity, unit, lines}, "", "QUANTITY"},
	{"RTG", []column{reference, happened, material, {"VERSION", whole, 8}, lines}, "", ""},

	{"WCT", []column{reference, happened, center, {"VERSION", whole, 8}, {"TEXT", text, 40}, {"MANUAL", yes, 1}, {"EFFICIENCY", whole, 4}, lines}, "", ""},
	{"MCH", []column{{"MACHINE", text, 20}}, "WCT", ""},
	{"CAL", []column{reference, happened, {"CALENDAR", text, 20}, {"VERSION", whole, 8}, {"ZONE", text, 40}, lines}, "", ""},
	{"SHF", []column{{"SHIFT", text, 20}, {"BEGINS", text, 8}, {"ENDS", text, 8}, {"DAYS", text, 27}}, "CAL", ""},

	{"RES", []column{{"FILENAME", text, 80}, {"OUTCOME", text, 12}, {"STATUS", whole, 3}, {"ROWS", whole, 8}, {"POSTED", whole, 8}, {"CODE", text, 30}, {"CLASS", text, 14}, {"RETRY", whole, 8}, {"TEXT", text, 200}}, "", ""},
	{"ROW", []column{{"NUMBER", whole, 8}, reference, {"STATUS", whole, 3}, {"DOCUMENT", text, 20}, {"CODE", text, 30}, {"CLASS", text, 14}, {"TEXT", text, 200}}, "RES", ""},
}

// layoutOf finds the layout of a type of record; nil if there is none.
func layoutOf(record string) *layout {
	if i := slices.IndexFunc(layouts, func(l layout) bool { return l.record == record }); i >= 0 {
		return &layouts[i]
	}
	return nil
}

// belongs reports whether records of l belong to one of type record.
func (l *layout) belongs(record string) bool {
	return slices.Contains(strings.Fields(l.below), record)
}

// place is where column stands in l.
func (l *layout) place(name string) int {
	return slices.IndexFunc(l.columns, func(c column) bool { return c.name == name })
}

// A record is one line of a file: its type and its cells as they are written
// with a decimal point.
type record struct {
	kind  string
	cells []string
	line  int // where it began, from 1; 0 of what is being written
	// place, if set, says of a cell where it stands, where records come in no
	// lines.
	place func(column string) string
}

// at says where a cell stands, or with "" the record.
func (r record) at(column string) string {
	switch {
	case r.place != nil:
		return r.place(column)
	case column == "":
		return fmt.Sprintf("line %d", r.line)
	}
	return fmt.Sprintf("line %d, %s", r.line, column)
}
