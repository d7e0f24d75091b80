// Package layout reads contracts that describe flat files: delimited text and
// columns of a fixed width, with a type of record in each line or one for all.
//
// It knows the shape of a file, not what its records mean.
package layout

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/internal/yamlfile"
)

// Name is what files call this format.
const Name = "layout"

// replySuffix marks the layout of the files that come back.
const replySuffix = ".reply"

// Bounds of a layout and of a file.
const (
	maxColumns = 2_000
	maxSize    = 64 << 20
)

// Format reads layouts. A version has one for each kind of file; one called
// NAME.yaml or NAME.layout.yaml describes files called NAME, and NAME.reply.yaml
// what comes back for them. A version with a single layout describes every
// file, unless its key files says otherwise.
type Format struct{}

var (
	_ contracts.Differ   = Format{}
	_ contracts.Checker  = (*Document)(nil)
	_ contracts.Measurer = (*Document)(nil)
	_ contracts.Watcher  = (*Document)(nil)
)

// Name implements [contracts.Format].
func (Format) Name() string { return Name }

var says = regexp.MustCompile(`(?m)^["']?kind["']?\s*:\s*["']?Layout["']?\s*(#.*)?$`)

// Claims implements [contracts.Format].
func (Format) Claims(f contracts.File) int {
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".yaml", ".yml":
		if says.Match(f.Data[:min(len(f.Data), 4096)]) {
			return 2
		}
	}
	return 0
}

// A Layout is a file of this format.
type Layout struct {
	// APIVersion is andon/v1.
	APIVersion string `yaml:"apiVersion" jsonschema:"required,enum=andon/v1"`
	// Kind is Layout.
	Kind string `yaml:"kind" jsonschema:"required,enum=Layout"`
	// Files are the names of the files it is for, with * for anything.
	Files []string `yaml:"files"`
	// Form is delimited, or fixed for columns of a fixed width.
	Form string `yaml:"form" jsonschema:"enum=delimited,enum=fixed"`
	// Encoding of the text.
	Encoding string `yaml:"encoding" jsonschema:"enum=utf-8,enum=utf-8-bom,enum=latin-1,enum=iso-8859-15,enum=windows-1252"`
	// Delimiter between cells: comma, semicolon, tab, pipe.
	Delimiter string `yaml:"delimiter" jsonschema:"enum=comma,enum=semicolon,enum=tab,enum=pipe"`
	// Quotes around cells: double, as in RFC 4180, or none.
	Quotes string `yaml:"quotes" jsonschema:"enum=double,enum=none"`
	// Decimal is the mark in numbers: point or comma.
	Decimal string `yaml:"decimal" jsonschema:"enum=point,enum=comma"`
	// Lines says how lines end: crlf, lf or any.
	Lines string `yaml:"lines" jsonschema:"enum=any,enum=crlf,enum=lf"`
	// Unfinished says that the last line need not have an end.
	Unfinished bool `yaml:"unfinished"`
	// Headings are lines at the beginning that are no records.
	Headings int `yaml:"headings"`
	// Named says that the last heading has the names of the columns, by which they are read.
	Named bool `yaml:"named"`
	// Footings are lines at the end that are no records.
	Footings int `yaml:"footings"`
	// Type says where a line has the type of its record; left out if there is one type.
	Type TypeAt `yaml:"type"`
	// Records are the types of record.
	Records []*Record `yaml:"records" jsonschema:"required"`

	Pos yamlfile.Pos

	name  string
	reply bool
	file  string
}

// TypeAt says where the type of a record stands.
type TypeAt struct {
	// Cell is the number of its cell, from 1, in delimited text.
	Cell int `yaml:"cell"`
	// Start is its first character, from 1, in fixed columns.
	Start int `yaml:"start"`
	// Width is how many characters it has.
	Width int `yaml:"width"`
}

// A Record is one type of record.
type Record struct {
	// Type is what its lines say at the place of the type.
	Type string `yaml:"type"`
	// At is begin of one that begins every file, and end of one that ends it.
	At string `yaml:"at" jsonschema:"enum=begin,enum=end"`
	// Below are the types of record it belongs to, of which one must have come before.
	Below []string `yaml:"below"`
	// Open says that more cells may follow.
	Open bool `yaml:"open"`
	// Columns are its cells, without that of the type.
	Columns []*Column `yaml:"columns" jsonschema:"required"`

	Pos yamlfile.Pos
}

// A Column is one cell of a record.
type Column struct {
	// Name of the column.
	Name string `yaml:"name" jsonschema:"required"`
	// Start is its first character, from 1, if a gap is before it in fixed columns.
	Start int `yaml:"start"`
	// Width is how many characters it has, in fixed columns.
	Width int `yaml:"width"`
	// Form of its values: text, whole, decimal, day, time or instant.
	Form string `yaml:"form" jsonschema:"enum=text,enum=whole,enum=decimal,enum=day,enum=time,enum=instant"`
	// Format of a day, time or instant, of YYYY, YY, MM, DD, hh, mm, ss: "YYYYMMDD".
	Format string `yaml:"format"`
	// Needed says that it must not be empty.
	Needed bool `yaml:"needed"`
	// Optional says that the cell may be left out at the end of a record.
	Optional bool `yaml:"optional"`
	// Values are all it may say.
	Values []string `yaml:"values"`
	// Pattern is a regular expression that the whole of it matches.
	Pattern string `yaml:"pattern"`
	// Length is how many characters it has at most.
	Length int `yaml:"length"`
	// Digits are how many it has behind the mark at most; -1 for any number.
	Digits int `yaml:"digits"`
	// Summed adds it to the control total of the file.
	Summed bool `yaml:"summed"`
	// Counts says that it is the number of records, without those that begin and end the file.
	Counts bool `yaml:"counts"`
	// Sums says that it is the control total.
	Sums bool `yaml:"sums"`
	// Last says how many digits before the mark a control total keeps; 0 for all.
	Last int `yaml:"last"`

	Pos yamlfile.Pos

	at      int // first character, or number of the cell, from 0 and without that of the type
	pattern *regexp.Regexp
	layout  string // of a time, as Go writes it
}

// UnmarshalNode reads a column with its defaults.
func (c *Column) UnmarshalNode(n yamlfile.Node) error {
	type plain Column
	p := plain{Form: "text", Digits: -1}
	err := n.Decode(&p)
	*c = Column(p)
	c.Pos = n.Pos()
	return err
}

// A Document is the layouts of one version.
type Document struct{ layouts []*Layout }

// Format implements [contracts.Document].
func (*Document) Format() string { return Name }

// Read implements [contracts.Format].
func (f Format) Read(files []contracts.File) (contracts.Document, error) {
	d := &Document{}
	var problems contracts.Problems
	for _, file := range files {
		if f.Claims(file) == 0 && len(files) > 1 {
			continue // notes and samples
		}
		l := &Layout{Form: "delimited", Encoding: "utf-8", Delimiter: "semicolon", Quotes: "double", Decimal: "point", Lines: "any", file: file.Name}
		if ps := load(file, l); len(ps) > 0 {
			problems = append(problems, ps...)
			continue
		}
		base := path.Base(file.Name)
		l.name = strings.TrimSuffix(strings.TrimSuffix(base, path.Ext(base)), ".layout")
		l.name, l.reply = strings.CutSuffix(l.name, replySuffix)
		problems = append(problems, l.check()...)
		d.layouts = append(d.layouts, l)
	}
	if len(d.layouts) == 0 && len(problems) == 0 {
		p := contracts.Problem{Text: "there is no layout", Hint: "it begins with apiVersion: andon/v1 and kind: Layout"}
		if len(files) > 0 {
			p.Place.File = files[0].Name
		}
		return nil, p
	}
	return d, problems.Sorted().OrNil()
}

func load(file contracts.File, into *Layout) (ps contracts.Problems) {
	err := yamlfile.LoadBytes(file.Name, bytes.TrimPrefix(file.Data, []byte("\xef\xbb\xbf")), into)
	for _, e := range yamlfile.Errors(err) {
		ps = append(ps, contracts.Problem{Place: placeOf(e.Pos, file.Name), Text: e.Text, Hint: e.Hint})
	}
	if err != nil && len(ps) == 0 {
		ps = contracts.Problems{{Place: contracts.Place{File: file.Name}, Text: err.Error()}}
	}
	return ps
}

func placeOf(p yamlfile.Pos, file string) contracts.Place {
	if p.IsZero() {
		return contracts.Place{File: file}
	}
	return contracts.Place{File: p.File, Line: p.Line, Column: p.Column}
}

func (l *Layout) place(p yamlfile.Pos) contracts.Place { return placeOf(p, l.file) }

// For returns the layout of files called name, or nil.
func (d *Document) For(name string, reply bool) *Layout {
	for _, l := range d.layouts {
		if l.reply == reply && l.covers(name) {
			return l
		}
	}
	if len(d.layouts) == 1 && d.layouts[0].reply == reply && len(d.layouts[0].Files) == 0 {
		return d.layouts[0]
	}
	return nil
}

// covers reports whether a file is one of the layout by its name.
func (l *Layout) covers(name string) bool {
	if len(l.Files) > 0 {
		return slices.ContainsFunc(l.Files, func(pattern string) bool {
			whole, _ := path.Match(pattern, name)
			base, _ := path.Match(pattern, path.Base(name))
			return whole || base
		})
	}
	return slices.Contains(strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '.' }), l.name)
}

// record is the type of record called kind, or nil.
func (l *Layout) record(kind string) *Record {
	for _, r := range l.Records {
		if r.Type == kind {
			return r
		}
	}
	return nil
}

// typed reports whether lines say their type.
func (l *Layout) typed() bool { return l.Type != TypeAt{} }

func (l *Layout) fixed() bool { return l.Form == "fixed" }

// part is what a record of the layout, or a column of it, is called by:
// "orders.ORD.QUANTITY", or "stock.QUANTITY" if there is one type only.
func (l *Layout) part(r *Record, column string) string {
	s := l.name
	if l.reply {
		s += replySuffix
	}
	if r != nil && l.typed() {
		s += "." + r.Type
	}
	if column != "" {
		s += "." + column
	}
	return s
}

// column is the column of r called name, or nil.
func (r *Record) column(name string) *Column {
	for _, c := range r.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}
