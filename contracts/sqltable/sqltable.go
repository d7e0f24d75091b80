// Package sqltable reads contracts that are tables of a database, such as the
// staging tables between two systems, from the CREATE TABLE statements that
// their owner keeps.
//
// It knows the shape of rows, not SQL: of a DDL file it reads tables, columns,
// NOT NULL, keys, foreign keys, defaults and CHECK with a list of values, in the
// words of any of the common databases. Other conditions are kept as texts, which versions
// are compared by and rows are not.
package sqltable

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// Name is what files call this format.
const Name = "sqltable"

// maxSize bounds a file, and maxColumns a version.
const (
	maxSize    = 16 << 20
	maxColumns = 50_000
)

// Format reads DDL files. All files of a version belong together.
type Format struct{}

var (
	_ contracts.Differ   = Format{}
	_ contracts.Checker  = (*Document)(nil)
	_ contracts.Measurer = (*Document)(nil)
	_ contracts.Watcher  = (*Document)(nil)
)

// Name implements [contracts.Format].
func (Format) Name() string { return Name }

var says = regexp.MustCompile(`(?i)\bCREATE\s+(GLOBAL\s+|LOCAL\s+)?(TEMP\s+|TEMPORARY\s+)?TABLE\b`)

// Claims implements [contracts.Format].
func (Format) Claims(f contracts.File) int {
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".sql", ".ddl":
		if says.Match(f.Data[:min(len(f.Data), 64<<10)]) {
			return 2
		}
		return 1
	}
	return 0
}

// A Document is the tables of one version.
type Document struct {
	tables  []*table
	names   map[string]*table // in lower case
	columns int               // of all tables
}

// Format implements [contracts.Document].
func (*Document) Format() string { return Name }

// A table is one of them, with names as they are written.
type table struct {
	name    string // without that of its schema
	columns []*column
	names   map[string]*column // in lower case
	uniques [][]string         // names of columns in lower case, sorted; the primary key among them
	links   []link
	checks  []condition
	place   contracts.Place
}

// A link is a foreign key: rows belong to rows of another table.
type link struct {
	columns []string // in lower case, sorted
	to      string   // in lower case, without the name of its schema
	place   contracts.Place
}

// A condition is one that is only compared as a text.
type condition struct {
	text  string
	place contracts.Place
}

type column struct {
	name      string
	kind      kind
	notNull   bool
	filled    bool     // it has a value without being written: a default, or it is generated
	standard  string   // the default, as it is written
	values    []string // of CHECK (… IN (…)); nil for any
	checks    []condition
	place     contracts.Place
	generated bool
}

// column finds a column whatever the case of its name.
func (t *table) column(name string) *column { return t.names[strings.ToLower(name)] }

// table finds a table whatever the case of its name.
func (d *Document) table(name string) *table { return d.names[strings.ToLower(name)] }

// below is the table whose rows may stand in a row of t under name, as they
// belong to it by a foreign key; nil if there is none.
func (d *Document) below(t *table, name string) *table {
	if o := d.table(name); o != nil && o.link(t) != nil {
		return o
	}
	return nil
}

// link is the foreign key of t that leads to above, nil if there is none.
func (t *table) link(above *table) *link {
	i := slices.IndexFunc(t.links, func(l link) bool { return l.to == strings.ToLower(above.name) })
	if i < 0 {
		return nil
	}
	return &t.links[i]
}

// told are the columns of t that a row need not write where it stands in a row
// of above: those of the foreign key, and a number that makes up a key together
// with them, which is its place among the rows that belong to the same one.
func (t *table) told(above *table) map[*column]bool {
	all, l := map[*column]bool{}, t.link(above)
	for _, name := range l.columns {
		all[t.column(name)] = true
	}
	for _, key := range t.uniques {
		rest := slices.DeleteFunc(slices.Clone(key), func(name string) bool { return slices.Contains(l.columns, name) })
		if len(rest) == 1 && len(key) == len(l.columns)+1 && t.column(rest[0]).kind.family == whole {
			all[t.column(rest[0])] = true
		}
	}
	return all
}

// Read implements [contracts.Format].
func (f Format) Read(files []contracts.File) (contracts.Document, error) {
	d := &Document{names: map[string]*table{}}
	var problems contracts.Problems
	for _, file := range files {
		if f.Claims(file) == 0 && len(files) > 1 {
			continue // notes
		}
		p := &parser{doc: d}
		p.file(file)
		problems = append(problems, p.problems...)
	}
	if len(d.tables) == 0 && len(problems) == 0 {
		p := contracts.Problem{Text: "has no table", Hint: "a document has CREATE TABLE statements, in files that end in .sql"}
		if len(files) > 0 {
			p.Place.File = files[0].Name
		}
		return nil, p
	}
	return d, problems.Sorted().OrNil()
}
