// Package graphql reads GraphQL contracts: a provider's schema in its
// definition language, and the operation documents of its consumers.
//
// Parsing and validation of documents are gqlparser's; what a change of the
// schema does to consumers is decided here. Names and severities of changes
// are those of graphql-js (findBreakingChanges and findDangerousChanges of
// version 16, and the types of findSchemaChanges of version 17); where
// implementations disagree, docs/contracts.md says which side is taken.
package graphql

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/andon-rig/andon/contracts"
)

// Name is what files call this format.
const Name = "graphql"

// maxTokens bounds one document; a schema of a large ERP has about 500,000.
const maxTokens = 2_000_000

// Format reads schemas and operation documents. Files of one version are read
// together; a version is either a schema or operations, not both.
type Format struct{}

var (
	_ contracts.Differ   = Format{}
	_ contracts.Measurer = (*Schema)(nil)
	_ contracts.Checker  = (*Schema)(nil)
	_ contracts.Relier   = (*Operations)(nil)
)

// Name implements [contracts.Format].
func (Format) Name() string { return Name }

// Claims implements [contracts.Format].
func (Format) Claims(f contracts.File) int {
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".graphql", ".graphqls", ".gql":
		return 2
	case "", ".txt":
		if definition.Match(f.Data) {
			return 1
		}
	}
	return 0
}

var (
	definition = regexp.MustCompile(`(?m)^\s*(extend\s+)?(schema|type|interface|union|enum|input|scalar|directive)\b`)
	executable = regexp.MustCompile(`(?m)^\s*(query|mutation|subscription|fragment)\b|^\s*\{`)
)

// A Schema is a provider's half at one version.
type Schema struct{ ast *ast.Schema }

// Format implements [contracts.Document].
func (*Schema) Format() string { return Name }

// Operations are the documents of one consumer at one version.
type Operations struct {
	docs []*ast.QueryDocument

	once  sync.Once       // fills known
	known map[string]bool // definitions, each in one layout
}

// Format implements [contracts.Document].
func (*Operations) Format() string { return Name }

// Read implements [contracts.Format].
func (Format) Read(files []contracts.File) (contracts.Document, error) {
	if len(files) == 0 {
		return nil, contracts.Problem{Text: "there is no GraphQL file"}
	}
	ops := 0
	for _, f := range files {
		if operations(f.Data) {
			ops++
		}
	}
	switch ops {
	case 0:
		return readSchema(files)
	case len(files):
		return readOperations(files)
	}
	return nil, contracts.Problem{
		Place: contracts.Place{File: files[0].Name}, Text: "schema and operations are in one version",
		Hint: "keep operation documents under consumers/",
	}
}

// operations reports whether a text holds operations and no definitions.
func operations(text []byte) bool { return executable.Match(text) && !definition.Match(text) }

func readSchema(files []contracts.File) (*Schema, error) {
	all := &ast.SchemaDocument{}
	prelude, err := parser.ParseSchema(validator.Prelude)
	if err != nil {
		return nil, fmt.Errorf("read the built-in definitions: %w", err)
	}
	all.Merge(prelude)
	var problems contracts.Problems
	for _, f := range files {
		doc, err := parser.ParseSchemaWithLimit(source(f), maxTokens)
		if err != nil {
			problems = append(problems, problem(f.Name, err)...)
			continue
		}
		all.Merge(doc)
	}
	if err := problems.OrNil(); err != nil {
		return nil, err
	}
	s, err := validator.ValidateSchemaDocument(all)
	if err != nil {
		return nil, problem(files[0].Name, err)
	}
	return &Schema{s}, nil
}

func readOperations(files []contracts.File) (*Operations, error) {
	o := &Operations{}
	var problems contracts.Problems
	for _, f := range files {
		doc, err := parser.ParseQueryWithTokenLimit(source(f), maxTokens)
		if err != nil {
			problems = append(problems, problem(f.Name, err)...)
			continue
		}
		o.docs = append(o.docs, doc)
	}
	return o, problems.OrNil()
}

func source(f contracts.File) *ast.Source {
	return &ast.Source{Name: f.Name, Input: string(f.Data)}
}

// problem says where err is, as far as gqlparser knows.
func problem(file string, err error) contracts.Problems {
	var list gqlerror.List
	if !errors.As(err, &list) {
		var one *gqlerror.Error
		if !errors.As(err, &one) {
			return contracts.Problems{{Place: contracts.Place{File: file}, Text: err.Error()}}
		}
		list = gqlerror.List{one}
	}
	var ps contracts.Problems
	for _, e := range list {
		ps = append(ps, contracts.Problem{Place: placeOf(file, e), Text: e.Message})
	}
	return ps
}

func placeOf(file string, e *gqlerror.Error) contracts.Place {
	p := contracts.Place{File: file}
	if named, ok := e.Extensions["file"].(string); ok {
		p.File = cmp.Or(named, file)
	}
	if len(e.Locations) > 0 {
		p.Line, p.Column = e.Locations[0].Line, e.Locations[0].Column
	}
	return p
}

// place is where something of a document stands; nowhere if it is built in.
func place(p *ast.Position) contracts.Place {
	if p == nil || p.Src == nil || p.Src.BuiltIn {
		return contracts.Place{}
	}
	return contracts.Place{File: p.Src.Name, Line: p.Line, Column: p.Column}
}
