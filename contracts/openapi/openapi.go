// Package openapi reads OpenAPI 3.0 and 3.1 descriptions and judges HTTP
// exchanges by them.
//
// Schemas are those of package jsonschema; what version 3.0 says in words of
// its own (nullable, exclusive bounds as flags) is put into the common ones
// first. References are followed within the files of a version only.
package openapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	engine "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/contracts/openapi/compat"
	"github.com/andon-rig/andon/contracts/source"
)

// Name is what files call this format.
const Name = "openapi"

// base is where the files of a version live for references between them.
const base = "andon-contract:///"

// Format reads OpenAPI descriptions. Of the files of a version one is the
// description; the others are only referred to.
type Format struct{}

var (
	_ contracts.Differ   = Format{}
	_ contracts.Checker  = (*Document)(nil)
	_ contracts.Measurer = (*Document)(nil)
	_ contracts.Watcher  = (*Document)(nil)

	_ contracts.Versioned = (*Document)(nil)
)

// Name implements [contracts.Format].
func (Format) Name() string { return Name }

// How a description says what it is: in YAML at the beginning of a line, in
// JSON anywhere, since programs write keys in any order and without line breaks.
var (
	says       = regexp.MustCompile(`(?m)^\s*\{?\s*["']?openapi["']?\s*:\s*["']?3\.`)
	saysInJSON = regexp.MustCompile(`"openapi"\s*:\s*"3\.`)
)

// Claims implements [contracts.Format].
func (Format) Claims(f contracts.File) int {
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".json":
		if saysInJSON.Match(f.Data) {
			return 2
		}
	case ".yaml", ".yml":
		if says.Match(f.Data[:min(len(f.Data), 64<<10)]) {
			return 2
		}
	}
	return 0
}

// A Document is a description at one version.
type Document struct {
	trees      map[string]*source.Tree
	url        string // of the description
	compiler   *jsonschema.Compiler
	files      []contracts.File // the description first
	operations []*Operation
	prefixes   []string // paths of the servers, "" among them
}

// Format implements [contracts.Document].
func (*Document) Format() string { return Name }

// Version implements [contracts.Versioned]: info.version.
func (d *Document) Version() (string, contracts.Place) {
	v, _ := d.trees[d.url].At("/info/version")
	text, _ := v.(string)
	return text, d.trees[d.url].Place("/info/version")
}

// Operations are those of the description, in its order.
func (d *Document) Operations() []*Operation { return d.operations }

// An Operation is one method at one path.
type Operation struct {
	Method, Path string // "GET", "/orders/{no}"
	pattern      *regexp.Regexp
	variables    int
	parameters   []parameter
	demanded     bool // its body
	bodies       []content
	answers      []answer
	place        contracts.Place
}

// Name is how people call it: "GET /orders/{no}".
func (o *Operation) Name() string { return o.Method + " " + o.Path }

type parameter struct {
	name, in string // in is query, header or path
	required bool
	schema   *schema
	example  *any // nil if there is none
	place    contracts.Place
}

// content is a body of one media type.
type content struct {
	media   string
	schema  *schema
	example *any // nil if there is none
}

type answer struct {
	status string // "200", "4XX", "default"
	bodies []content
	place  contracts.Place
}

type schema struct {
	rules *engine.Schema
	words func() *jsonschema.Vocabulary
}

// Read implements [contracts.Format].
func (f Format) Read(files []contracts.File) (contracts.Document, error) {
	if len(files) == 0 {
		return nil, contracts.Problem{Text: "there is no OpenAPI description"}
	}
	d := &Document{trees: map[string]*source.Tree{}}
	d.compiler = jsonschema.NewCompiler(d.trees)
	var problems contracts.Problems
	folder := contracts.CommonFolder(files)
	for _, file := range files {
		t, err := source.Read(file)
		if err != nil {
			problems = append(problems, contracts.AsProblems(err, file.Name)...)
			continue
		}
		u := base + (&url.URL{Path: strings.TrimPrefix(file.Name, folder)}).EscapedPath()
		if f.Claims(file) == 2 {
			if d.url != "" {
				problems = append(problems, contracts.Problem{Place: contracts.Place{File: file.Name}, Text: "is a second description in one version; the first is " + d.trees[d.url].File})
				continue
			}
			d.url = u
		}
		plainWords(t.Root, d.version30(t))
		if err := d.compiler.Add(u, t); err != nil {
			problems = append(problems, contracts.Problem{Place: contracts.Place{File: file.Name}, Text: err.Error()})
		}
	}
	if d.url == "" && len(problems) == 0 {
		problems = append(problems, contracts.Problem{Place: contracts.Place{File: files[0].Name}, Text: `is no OpenAPI description of version 3`, Hint: `it should begin with openapi: "3.1.0"`})
	}
	if err := problems.OrNil(); err != nil {
		return nil, err
	}
	d.files = slices.Clone(files)
	slices.SortStableFunc(d.files, func(a, b contracts.File) int { return f.Claims(b) - f.Claims(a) })
	r := reader{d: d}
	r.paths()
	return d, r.problems.Sorted().OrNil()
}

// Changes implements [contracts.Differ]. A description says who reads and who
// writes, so mode makes no difference.
func (Format) Changes(before, after contracts.Document, _ contracts.Mode) ([]contracts.Change, error) {
	a, ok1 := before.(*Document)
	b, ok2 := after.(*Document)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("changes are told of two OpenAPI descriptions")
	}
	return compat.Changes(a.files, b.files)
}

// version30 reports whether a description is of version 3.0.
func (d *Document) version30(t *source.Tree) bool {
	m, _ := t.Root.(map[string]any)
	v, ok := m["openapi"].(string)
	if n, isNumber := m["openapi"].(json.Number); isNumber {
		v, ok = n.String(), true
	}
	return !ok || strings.HasPrefix(v, "3.0")
}

// plainWords puts what version 3.0 says into the words of JSON Schema, in
// place, so that places stay what they are.
func plainWords(v any, old bool) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			plainWords(one, old)
		}
	case map[string]any:
		if old {
			nullable(v)
			exclusive(v, "minimum", "exclusiveMinimum")
			exclusive(v, "maximum", "exclusiveMaximum")
		}
		for _, k := range sortedKeys(v) {
			if k != "example" && k != "examples" && k != "default" && k != "enum" && k != "const" {
				plainWords(v[k], old)
			}
		}
	}
}

func nullable(m map[string]any) {
	if m["nullable"] != true {
		return
	}
	delete(m, "nullable")
	if t, ok := m["type"].(string); ok {
		m["type"] = []any{t, "null"}
	}
	if list, ok := m["enum"].([]any); ok && !slices.Contains(list, nil) {
		m["enum"] = append(slices.Clone(list), nil)
	}
}

func exclusive(m map[string]any, bound, flag string) {
	is, ok := m[flag].(bool)
	if !ok {
		return
	}
	delete(m, flag)
	if n, there := m[bound]; is && there {
		m[flag] = n
		delete(m, bound)
	}
}

// A reader takes a description apart.
type reader struct {
	d        *Document
	problems contracts.Problems
}

func (r *reader) fail(at source.Spot, format string, args ...any) {
	r.problems = append(r.problems, contracts.Problem{Place: r.d.trees[at.URL].Place(at.Pointer), Text: fmt.Sprintf(format, args...)})
}

// at is a spot further down, behind references.
func (r *reader) at(s source.Spot, segments ...string) (source.Spot, bool) {
	for _, name := range segments {
		child, ok := s.Child(name)
		if !ok {
			return s, false
		}
		if s, ok = r.follow(child); !ok {
			return s, false
		}
	}
	return s, true
}

// item is an element of a list, behind references.
func (r *reader) item(s source.Spot, i int) (source.Spot, bool) {
	list, _ := s.Value.([]any)
	return r.follow(source.Spot{URL: s.URL, Pointer: fmt.Sprintf("%s/%d", s.Pointer, i), Value: list[i]})
}

// follow follows references, but not those of schemas.
func (r *reader) follow(s source.Spot) (source.Spot, bool) {
	to, p := source.Follow(r.d.trees, s)
	if p != nil {
		r.problems = append(r.problems, *p)
	}
	return to, p == nil
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

func (r *reader) paths() {
	root := source.Spot{URL: r.d.url, Value: r.d.trees[r.d.url].Root}
	r.servers(root)
	paths, ok := r.at(root, "paths")
	if !ok {
		if _, events := r.at(root, "webhooks"); !events {
			r.fail(root, "has no paths")
			return
		}
	}
	for _, p := range r.d.trees[paths.URL].Keys(paths.Pointer) {
		if !strings.HasPrefix(p, "/") {
			if !strings.HasPrefix(p, "x-") {
				r.fail(source.Spot{URL: paths.URL, Pointer: paths.Pointer + "/" + source.Escape(p)}, "path %q does not begin with /", p)
			}
			continue
		}
		item, ok := r.at(paths, p)
		if !ok {
			continue
		}
		shared := r.parameters(item)
		for _, m := range methods {
			if op, ok := r.at(item, m); ok {
				r.operation(strings.ToUpper(m), p, op, shared)
			}
		}
	}
	r.ambiguous()
}

// servers are the paths that requests may begin with.
func (r *reader) servers(root source.Spot) {
	r.d.prefixes = []string{""}
	list, _ := root.Fields()["servers"].([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		s, _ := m["url"].(string)
		u, err := url.Parse(s)
		if err == nil && strings.Trim(u.Path, "/") != "" && !strings.Contains(s, "{") {
			r.d.prefixes = append(r.d.prefixes, "/"+strings.Trim(u.Path, "/"))
		}
	}
}

var variable = regexp.MustCompile(`\\\{[^/{}]+\\\}`)

func (r *reader) operation(method, p string, s source.Spot, shared []parameter) {
	o := &Operation{Method: method, Path: p, place: r.d.trees[s.URL].Place(s.Pointer)}
	quoted := regexp.QuoteMeta(unescaped(p))
	o.variables = len(variable.FindAllString(quoted, -1))
	re, err := regexp.Compile(`^` + variable.ReplaceAllString(quoted, `[^/]+`) + `$`)
	if err != nil {
		r.fail(s, "path %q: %v", p, err)
		return
	}
	o.pattern = re
	o.parameters = r.parameters(s)
	for _, sh := range shared {
		if !slices.ContainsFunc(o.parameters, func(p parameter) bool { return p.name == sh.name && p.in == sh.in }) {
			o.parameters = append(o.parameters, sh)
		}
	}
	if body, ok := r.at(s, "requestBody"); ok {
		o.demanded = body.Fields()["required"] == true
		o.bodies = r.contents(body)
	}
	answers, ok := r.at(s, "responses")
	if !ok {
		r.fail(s, "%s %s has no responses", method, p)
	}
	for _, status := range r.d.trees[answers.URL].Keys(answers.Pointer) {
		if a, ok := r.at(answers, status); ok && !strings.HasPrefix(status, "x-") {
			o.answers = append(o.answers, answer{status: strings.ToUpper(status), bodies: r.contents(a), place: r.d.trees[answers.URL].Place(answers.Pointer + "/" + status)})
		}
	}
	r.d.operations = append(r.d.operations, o)
}

func (r *reader) parameters(s source.Spot) (all []parameter) {
	list, ok := r.at(s, "parameters")
	if !ok {
		return nil
	}
	items, _ := list.Value.([]any)
	for i := range items {
		p, ok := r.item(list, i)
		if !ok {
			continue
		}
		m := p.Fields()
		name, _ := m["name"].(string)
		in, _ := m["in"].(string)
		if name == "" || !slices.Contains([]string{"query", "header", "path", "cookie"}, in) {
			r.fail(p, "is no parameter: it needs a name, and in: query, header, path or cookie")
			continue
		}
		one := parameter{name: name, in: in, required: m["required"] == true, place: r.d.trees[p.URL].Place(p.Pointer)}
		if _, ok := m["schema"]; ok {
			one.schema = r.schema(p.URL, p.Pointer+"/schema")
		}
		one.example = r.example(p)
		all = append(all, one)
	}
	return all
}

func (r *reader) contents(s source.Spot) (all []content) {
	media, ok := r.at(s, "content")
	if !ok {
		return nil
	}
	for _, name := range r.d.trees[media.URL].Keys(media.Pointer) {
		m, ok := r.at(media, name)
		if !ok {
			continue
		}
		c := content{media: strings.ToLower(name)}
		if _, ok := m.Fields()["schema"]; ok {
			c.schema = r.schema(m.URL, m.Pointer+"/schema")
		}
		c.example = r.example(m)
		all = append(all, c)
	}
	return all
}

// schema compiles the schema at a pointer once and for all.
func (r *reader) schema(u, pointer string) *schema {
	rules, err := r.d.compiler.Compile(u, (&url.URL{Fragment: pointer}).EscapedFragment())
	if err != nil {
		r.problems = append(r.problems, contracts.AsProblems(err, r.d.trees[u].File)...)
		return nil
	}
	return &schema{rules: rules, words: sync.OnceValue(func() *jsonschema.Vocabulary {
		return jsonschema.NewVocabulary(jsonschema.NodeAt(r.d.trees, u, pointer))
	})}
}

// ambiguous names paths that no request can tell apart.
func (r *reader) ambiguous() {
	seen := map[string]*Operation{}
	for _, o := range r.d.operations {
		key := o.Method + " " + o.pattern.String()
		if before := seen[key]; before != nil {
			r.problems = append(r.problems, contracts.Problem{Place: o.place, Text: fmt.Sprintf("%s cannot be told from %s at %s", o.Name(), before.Name(), before.place)})
		}
		seen[key] = o
	}
}
