package yamlfile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// SchemaOf makes JSON Schemas of the types that files are read into, with
// their doc comments as descriptions, so that editors complete and explain
// what the reader accepts.
type SchemaOf struct {
	ID    string // where the schema lives, or would
	Title string
	Root  any   // what a file is read into
	Also  []any // types that only custom schemas refer to, as #/$defs/NAME
	// Sources holds the Go files whose doc comments become descriptions.
	Sources fs.FS
	// Tag names the keys; yaml if it is empty, json for what is printed.
	Tag string
	// Mapper may give a type of somebody else's a schema; nil leaves it as it
	// is.
	Mapper func(reflect.Type) *jsonschema.Schema
}

// JSON returns the schema, indented.
func (s SchemaOf) JSON() ([]byte, error) {
	comments, err := docComments(s.Sources)
	if err != nil {
		return nil, err
	}
	r := &jsonschema.Reflector{
		FieldNameTag: cmp.Or(s.Tag, "yaml"), RequiredFromJSONSchemaTags: true, ExpandedStruct: true, Anonymous: true, Mapper: s.Mapper,
		LookupComment: func(t reflect.Type, field string) string {
			return comments[strings.TrimSuffix(t.Name()+"."+field, ".")]
		},
	}
	root := r.Reflect(s.Root)
	r.ExpandedStruct = false
	for _, also := range s.Also {
		for name, def := range r.Reflect(also).Definitions {
			if root.Definitions == nil {
				root.Definitions = jsonschema.Definitions{}
			}
			root.Definitions[name] = def
		}
	}
	root.ID, root.Title = jsonschema.ID(s.ID), s.Title
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return append(b, '\n'), nil
}

// docComments reads the doc comments of types ("Step") and of their fields
// ("Step.At") from Go files.
func docComments(sources fs.FS) (map[string]string, error) {
	comments := map[string]string{}
	if sources == nil {
		return comments, nil
	}
	files, err := fs.Glob(sources, "*.go")
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	for _, name := range files {
		b, err := fs.ReadFile(sources, name)
		if err != nil {
			return nil, fmt.Errorf("read source: %w", err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, b, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("read source: %w", err)
		}
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				typeComments(g, comments)
			}
		}
	}
	return comments, nil
}

func typeComments(g *ast.GenDecl, comments map[string]string) {
	for _, spec := range g.Specs {
		t := spec.(*ast.TypeSpec)
		doc := t.Doc
		if doc == nil {
			doc = g.Doc
		}
		comments[t.Name.Name] = oneLine(doc)
		st, ok := t.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, f := range st.Fields.List {
			text := oneLine(f.Doc)
			if text == "" {
				text = oneLine(f.Comment)
			}
			for _, n := range f.Names {
				comments[t.Name.Name+"."+n.Name] = text
			}
		}
	}
}

func oneLine(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
