// Package contracts says whether what crosses an interface keeps what its
// provider promised and what its consumers rely on, version by version.
//
// It knows documents and exchanges, not runs: why an exchange looks as it
// does, and whether a fault had a hand in it, is not its business.
//
// A contract is one interface between a provider and its consumers. Its
// provider half is a schema at each version (JSON Schema, OpenAPI, AsyncAPI,
// GraphQL SDL, XSD, a file layout, a table); its consumer halves say what each
// consumer at each of its versions relies on (pacts, operation documents,
// examples with rules). The [Book] tells which versions are in force where.
//
// A format is a folder here and one line in the catalog. It implements
// [Format], and as many of the small interfaces beside it as make sense.
package contracts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Format reads documents of one kind. Implementations are pure, stateless
// and safe for concurrent use. They never follow a reference out of the files
// they are given.
type Format interface {
	// Name is what files call it: "graphql".
	Name() string
	// Claims says how sure the format is that a file is one of its own, from
	// its name and its text: 0 not at all, 1 by its ending, 2 by what it says.
	Claims(f File) int
	// Read parses the files of one version. Mistakes are [Problems], each with
	// its place.
	Read(files []File) (Document, error)
}

// A Document is one half of a contract at one version, as its format has read it.
type Document interface {
	// Format is the name of the format that read it.
	Format() string
}

// A Versioned is a [Document] that says its version itself.
type Versioned interface {
	Document
	// Version is what the document says, "" if nothing, and where.
	Version() (version string, at Place)
}

// A Differ is a [Format] that can tell what changes from one version to the
// next.
type Differ interface {
	Format
	// Changes compares two documents that this format has read. Changes come
	// sorted by severity, worst first, then by path.
	Changes(before, after Document, mode Mode) ([]Change, error)
}

// A Checker is a [Document] that can judge exchanges.
type Checker interface {
	Document
	// Check returns what is wrong with x; none if it keeps the contract or is
	// not covered by it, which covered tells apart.
	Check(x Exchange) (breaches []Breach, covered bool)
}

// A Relier is a [Document] of a consumer that can be held against a provider's
// without running anything.
type Relier interface {
	Document
	// Uses returns the parts of provider that the consumer touches, as its
	// changes name them.
	Uses(provider Document) []string
	// Unmet returns what the consumer relies on and provider does not promise.
	Unmet(provider Document) ([]Change, error)
}

// A Measurer is a [Document] that knows its parts, so that what was never
// exercised can be named.
type Measurer interface {
	Document
	// Parts are the operations, messages, fields and enumeration values of the
	// document, sorted: "Query.order", "Query.order(no:)".
	Parts() []string
	// Used returns the parts that x exercised.
	Used(x Exchange) []string
}

// A Watcher is a [Document] that notices what it does not declare.
type Watcher interface {
	Document
	// Undeclared returns what x says beyond the document: fields, values, nulls
	// and types.
	Undeclared(x Exchange) []Drift
}

// Drift is something seen on the wire that a document does not declare.
type Drift struct {
	Kind string `json:"kind"` // field, enum, null or type; the last two are breaches as well
	Path string `json:"path"`
	Seen string `json:"seen"` // what was there, shortened
}

// A File is one file of a document.
type File struct {
	Name string // as the user knows it, for messages
	Data []byte
}

// A Place is where something stands in a file. Line is 0 if that is not known.
type Place struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String writes p as compilers do, "" if it is nowhere.
func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// A Problem is one mistake in a contract document.
type Problem struct {
	Place Place  `json:"place"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"` // remedy
}

// Error writes the problem as compilers do.
func (p Problem) Error() string {
	s := p.Text
	if at := p.Place.String(); at != "" {
		s = at + ": " + s
	}
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// Problems are all the mistakes found in a document.
type Problems []Problem

// Error writes one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// OrNil is p as an error, nil if there are no problems.
func (p Problems) OrNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Guess returns the format that f most probably is written in.
func Guess(formats []Format, f File) (Format, error) {
	best, claim := Format(nil), 0
	var names []string
	for _, one := range formats {
		names = append(names, one.Name())
		if c := one.Claims(f); c > claim {
			best, claim = one, c
		}
	}
	if best == nil {
		return nil, Problem{Place: Place{File: f.Name}, Text: "is in no format that is known here", Hint: "known are " + strings.Join(names, ", ") + "; name one with --format"}
	}
	return best, nil
}

// GuessAll returns the format that the files of one version most probably are
// written in: the one that is surest of a file, and of those the one that
// claims the most.
func GuessAll(formats []Format, files []File) (Format, error) {
	best, claim, most := Format(nil), 0, 0
	for _, one := range formats {
		sure, count := 0, 0
		for _, f := range files {
			switch c := one.Claims(f); {
			case c > sure:
				sure, count = c, 1
			case c == sure && c > 0:
				count++
			}
		}
		if sure > claim || sure == claim && count > most {
			best, claim, most = one, sure, count
		}
	}
	if best == nil && len(files) > 0 {
		return Guess(formats, files[0]) // which says what is known
	}
	return best, nil
}

// Find returns the format called name.
func Find(formats []Format, name string) (Format, error) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name() == name })
	if i < 0 {
		var names []string
		for _, f := range formats {
			names = append(names, f.Name())
		}
		return nil, fmt.Errorf("there is no contract format %q; known are %s", name, strings.Join(names, ", "))
	}
	return formats[i], nil
}

// byPlace orders problems as a reader meets them.
func byPlace(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Column, b.Place.Column), cmp.Compare(a.Text, b.Text))
}

// Sorted returns the problems in the order of their places.
func (p Problems) Sorted() Problems {
	slices.SortFunc(p, byPlace)
	return p
}
