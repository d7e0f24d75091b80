package files

import (
	"fmt"

	"github.com/andon-rig/andon/simulators/plant"
)

// A Record is one of the README's, as other dialects write it whose facts
// consist of the same records: rows of tables.
type Record struct {
	Type  string   // "ORD"
	Cells []string // in the order of [Columns], with a decimal point; "" says nothing
	// Place says of a cell, by the name of its column, or with "" of the record,
	// where it stands. It is for errors.
	Place func(column string) string
}

// A Column is one of a record.
type Column struct {
	Name  string
	Form  Form
	Width int // of its texts, in characters
}

// A Form is how the cells of a column are written.
type Form int

// Forms of cells.
const (
	Text    Form = iota
	Whole        // a whole number
	Decimal      // with up to six digits after the point
	Seconds      // a span of time in seconds, with up to nine digits after the point
	Instant      // a point in time with its offset
	Flag         // X or nothing
)

// Columns are those of a type of record; none if there is no such type.
func Columns(record string) (columns []Column) {
	l := layoutOf(record)
	if l == nil {
		return nil
	}
	columns = make([]Column, len(l.columns))
	for i, c := range l.columns {
		columns[i] = Column{c.name, Form(c.form), c.width}
	}
	return columns
}

// Records says e: the record that begins it, and those that belong to it; none
// if there is no word for it.
func Records(e plant.Event) []Record {
	if e.Fact == nil {
		return nil
	}
	words, ok := wordOf(e.Fact.Kind())
	if !ok {
		return nil
	}
	var w writer
	w.event(words.record, e)
	all := make([]Record, len(w.records))
	for i, r := range w.records {
		all[i] = Record{Type: r.kind, Cells: r.cells}
	}
	return all
}

// Claim reads what a record says, with those that belong to it. The error names
// the place of the cell that is wrong.
func Claim(first Record, below ...Record) (plant.Event, error) {
	all := make([]record, 0, len(below)+1)
	for _, r := range append([]Record{first}, below...) {
		l := layoutOf(r.Type)
		if l == nil || len(r.Cells) != len(l.columns) {
			return plant.Event{}, fmt.Errorf("a record %s of %d cells", clip(r.Type), len(r.Cells))
		}
		all = append(all, record{kind: r.Type, cells: r.Cells, place: r.Place})
	}
	for _, k := range kinds {
		if w, _ := wordOf(k); w.record == first.Type {
			return claim(w.name, all[0], all[1:])
		}
	}
	return plant.Event{}, fmt.Errorf("%s: a record %s begins nothing", all[0].at(""), first.Type)
}
