// Package jsonschema reads contracts written as JSON Schema, drafts 4 to
// 2020-12, in JSON or YAML.
//
// Instances are validated by santhosh-tekuri/jsonschema; what a change of a
// schema does to readers and writers is decided here.
package jsonschema

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	engine "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/source"
)

// Name is what files call this format.
const Name = "jsonschema"

// replySuffix marks the schema of a reply: confirmations.reply.json.
const replySuffix = ".reply"

// base is where the files of a version live for references between them. It
// never resolves.
const base = "andon-contract:///"

// Format reads JSON Schemas. The files of a version are a schema each; one
// called NAME.json describes bodies sent to or announced as NAME, and
// NAME.reply.json the replies. A version with a single schema describes every
// body. Files below a folder called common are only referred to.
type Format struct{}

var (
	_ contracts.Differ   = Format{}
	_ contracts.Checker  = (*Document)(nil)
	_ contracts.Measurer = (*Document)(nil)
	_ contracts.Watcher  = (*Document)(nil)
)

// Name implements [contracts.Format].
func (Format) Name() string { return Name }

var says = regexp.MustCompile(`["']?\$schema["']?\s*:\s*["']?https?://json-schema\.org/`)

// Claims implements [contracts.Format].
func (Format) Claims(f contracts.File) int {
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".json", ".yaml", ".yml":
	default:
		return 0
	}
	head := f.Data[:min(len(f.Data), 4096)]
	switch {
	case says.Match(head), strings.HasSuffix(strings.ToLower(f.Name), ".schema.json"):
		return 2
	case looksLike.Match(head):
		return 1
	}
	return 0
}

var looksLike = regexp.MustCompile(`(?m)^\s*["']?(type|properties|\$defs|definitions|allOf|oneOf|anyOf|\$ref)["']?\s*:`)

// A Document is the schemas of one version.
type Document struct {
	trees   map[string]*source.Tree // by URL
	schemas []*Schema
}

// A Schema is one schema of a document.
type Schema struct {
	Name  string // of the message: the file's without its ending
	Reply bool
	node  Node
	rules *engine.Schema
	words func() *Vocabulary
}

// Format implements [contracts.Document].
func (*Document) Format() string { return Name }

// Schemas are the schemas of d by name, those of replies behind.
func (d *Document) Schemas() []*Schema { return d.schemas }

// Read implements [contracts.Format].
func (Format) Read(files []contracts.File) (contracts.Document, error) {
	if len(files) == 0 {
		return nil, contracts.Problem{Text: "there is no schema"}
	}
	d := &Document{trees: map[string]*source.Tree{}}
	var problems contracts.Problems
	c := NewCompiler(d.trees)
	root := contracts.CommonFolder(files)
	var urls []string
	for _, f := range files {
		t, err := source.Read(f)
		if err != nil {
			problems = append(problems, contracts.AsProblems(err, f.Name)...)
			continue
		}
		u := base + (&url.URL{Path: strings.TrimPrefix(f.Name, root)}).EscapedPath()
		if err := c.Add(u, t); err != nil {
			problems = append(problems, contracts.Problem{Place: contracts.Place{File: f.Name}, Text: err.Error()})
			continue
		}
		urls = append(urls, u)
	}
	if err := problems.OrNil(); err != nil {
		return nil, err
	}
	for _, u := range urls {
		if ps := Circles(d.trees, u); len(ps) > 0 {
			problems = append(problems, ps...)
			continue
		}
		if strings.Contains(u, "/common/") {
			continue
		}
		rules, err := c.Compile(u, "")
		if err != nil {
			problems = append(problems, contracts.AsProblems(err, d.trees[u].File)...)
			continue
		}
		name := strings.TrimSuffix(path.Base(u), path.Ext(u))
		name = strings.TrimSuffix(name, ".schema")
		s := &Schema{Name: strings.TrimSuffix(name, replySuffix), Reply: strings.HasSuffix(name, replySuffix), rules: rules, node: Node{trees: d.trees, url: u}}
		s.words = sync.OnceValue(func() *Vocabulary { return NewVocabulary(s.node) })
		d.schemas = append(d.schemas, s)
	}
	return d, problems.OrNil()
}

// A Compiler compiles schemas out of documents, for this format and for those
// that contain schemas. References lead to its documents and nowhere else.
type Compiler struct {
	engine *engine.Compiler
	trees  map[string]*source.Tree
}

// NewCompiler makes a compiler that keeps its documents in trees, by URL.
func NewCompiler(trees map[string]*source.Tree) *Compiler {
	c := &Compiler{engine: engine.NewCompiler(), trees: trees}
	c.engine.DefaultDraft(engine.Draft2020)
	c.engine.AssertFormat()
	c.engine.UseLoader(nowhere{})
	return c
}

// drafts by the names that media types of schemas give them.
var drafts = map[string]*engine.Draft{
	"draft-04": engine.Draft4, "draft-06": engine.Draft6, "draft-07": engine.Draft7,
	"2019-09": engine.Draft2019, "2020-12": engine.Draft2020,
}

// Draft takes schemas that do not say their draft as those of one, which is
// named as in media types: draft-07, 2020-12. It is called before documents
// are added, and reports whether it knows the name.
func (c *Compiler) Draft(name string) bool {
	d := drafts[name]
	if d == nil {
		d = drafts[strings.TrimPrefix(name, "draft-")] // both ways of writing the later ones are in use
	}
	if d != nil {
		c.engine.DefaultDraft(d)
	}
	return d != nil
}

// Add makes a document known, by its URL and by the address that it says it has.
func (c *Compiler) Add(url string, t *source.Tree) error {
	for _, at := range []string{url, t.ID()} {
		other := c.trees[at]
		switch {
		case at == "" || other == t:
			continue
		case other != nil:
			return fmt.Errorf("says that its $id is %s, and so does %s", at, other.File)
		}
		c.trees[at] = t
		if err := c.engine.AddResource(at, t.Root); err != nil {
			return fmt.Errorf("is no schema: %w", err)
		}
	}
	return nil
}

// Compile compiles the schema at a JSON pointer of a document.
func (c *Compiler) Compile(url, pointer string) (*engine.Schema, error) {
	s, err := c.engine.Compile(url + "#" + pointer)
	if err == nil {
		return s, nil
	}
	return nil, c.problems(url, err)
}

// nowhere refuses every reference that leaves the contract.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	if rest, ours := strings.CutPrefix(url, base); ours {
		return nil, fmt.Errorf("refers to %q, which is not among the files of this version", rest)
	}
	return nil, fmt.Errorf("refers to %q; references out of the contract are not followed; keep a copy beside the schema whose $id is that address", url)
}

// problems says where in the documents err is.
func (c *Compiler) problems(of string, err error) contracts.Problems {
	t := c.trees[of]
	var invalid *engine.SchemaValidationError
	if errors.As(err, &invalid) {
		var v *engine.ValidationError
		if errors.As(invalid.Err, &v) {
			var ps contracts.Problems
			_, within, _ := strings.Cut(invalid.URL, "#")
			if p, err := url.PathUnescape(within); err == nil {
				within = p
			}
			for _, l := range leaves(v) {
				ps = append(ps, contracts.Problem{Place: t.Place(within + pointerOf(l.InstanceLocation)), Text: "is no schema: " + word(l), Hint: remedy(word(l))})
			}
			return ps
		}
	}
	var load *engine.LoadURLError
	if errors.As(err, &load) {
		return contracts.Problems{{Place: refTo(t, load.URL), Text: load.Err.Error()}}
	}
	return contracts.Problems{{Place: contracts.Place{File: t.File}, Text: strings.TrimPrefix(err.Error(), "jsonschema: ")}}
}

// Circles are the references of a document that lead back to themselves, which
// demand nothing and would be followed for ever.
func Circles(trees map[string]*source.Tree, url string) (ps contracts.Problems) {
	t := trees[url]
	var walk func(pointer string, v any)
	walk = func(pointer string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if _, ok := v["$ref"].(string); ok && NodeAt(trees, url, pointer).circular() {
				ps = append(ps, contracts.Problem{Place: t.Place(pointer + "/$ref"), Text: "the reference leads back to itself"})
			}
			for _, k := range sortedKeys(v) {
				walk(pointer+"/"+source.Escape(k), v[k])
			}
		case []any:
			for i, one := range v {
				walk(pointer+"/"+strconv.Itoa(i), one)
			}
		}
	}
	walk("", t.Root)
	return ps
}

// For returns the schema for a body of a message called name, or nil.
func (d *Document) For(name string, reply bool) *Schema {
	segments := strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '.' })
	for _, s := range d.schemas {
		if s.Reply == reply && slices.Contains(segments, s.Name) {
			return s
		}
	}
	if len(d.schemas) == 1 && !reply && !d.schemas[0].Reply {
		return d.schemas[0]
	}
	return nil
}

// names are the names of the schemas, for comparing versions.
func (d *Document) names() map[string]*Schema {
	all := map[string]*Schema{}
	for _, s := range d.schemas {
		name := s.Name
		if s.Reply {
			name += replySuffix
		}
		all[name] = s
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// remedy is what to do about a mistake in a schema.
func remedy(mistake string) string {
	if strings.Contains(mistake, "Perl syntax") {
		return "patterns are read as Go's regexp package does, which has no look-ahead and no back references and therefore never explodes; say it without"
	}
	return ""
}
