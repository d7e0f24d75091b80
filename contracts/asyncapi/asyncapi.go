// Package asyncapi reads AsyncAPI 3 descriptions and judges messages by them.
//
// Payloads and headers are described by schemas of package jsonschema; other
// schema languages, bindings and servers are not looked into. A description is
// that of the provider: what it sends, it announces to the consumers of the
// contract, and what it receives, they send.
package asyncapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"

	engine "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/contracts/source"
)

// Name is what files call this format.
const Name = "asyncapi"

// maxSize bounds a file; nobody wrote more by hand, and it would be read slowly.
const maxSize = 16 << 20

// base is where the files of a version live for references between them.
const base = "andon-contract:///"

// Format reads AsyncAPI descriptions. Of the files of a version one is the
// description; the others are only referred to.
type Format struct{}

var (
	_ contracts.Differ   = Format{}
	_ contracts.Checker  = (*Document)(nil)
	_ contracts.Measurer = (*Document)(nil)
	_ contracts.Watcher  = (*Document)(nil)
)

// Name implements [contracts.Format].
func (Format) Name() string { return Name }

var says = regexp.MustCompile(`(?m)^\s*\{?\s*["']?asyncapi["']?\s*:\s*["']?[0-9]`)

// Claims implements [contracts.Format]: descriptions of any version, so that
// Read can say which it takes.
func (Format) Claims(f contracts.File) int {
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".json", ".yaml", ".yml":
		if says.Match(f.Data[:min(len(f.Data), 64<<10)]) {
			return 2
		}
	}
	return 0
}

// A Document is a description at one version.
type Document struct {
	trees    source.Trees
	url      string // of the description
	channels []*channel
}

// Format implements [contracts.Document].
func (*Document) Format() string { return Name }

// A channel is where messages go.
type channel struct {
	key      string
	address  string         // "" if it is not known
	pattern  *regexp.Regexp // of the address
	params   []parameter    // in the order of the address
	messages []*message
	uses     []*operation
	replies  bool // it is where replies come
	place    contracts.Place
}

// name is what people call it: by its address.
func (c *channel) name() string {
	if c.address != "" {
		return c.address
	}
	return c.key
}

type parameter struct {
	name   string
	values []string // nil for any
	place  contracts.Place
}

// A message is one kind of message of a channel.
type message struct {
	name        string
	contentType string
	payload     *schema
	headers     *schema
	names       []string // of headers that are declared
	correlation string   // "$message.header#/correlationId"; "" for none
	url         string   // with the pointer: what references to it lead to
	place       contracts.Place
}

type schema struct {
	node  jsonschema.Node
	rules *engine.Schema
	words func() *jsonschema.Vocabulary
}

// An operation is what the provider does with the messages of a channel.
type operation struct {
	key      string
	sends    bool
	channel  *channel
	messages []*message
	replies  []*message
	place    contracts.Place
}

// Read implements [contracts.Format].
func (f Format) Read(files []contracts.File) (contracts.Document, error) {
	d := &Document{trees: source.Trees{}}
	r := &reader{d: d, compilers: map[string]*jsonschema.Compiler{}, channels: map[string]*channel{}}
	folder := contracts.CommonFolder(files)
	for _, file := range files {
		switch strings.ToLower(path.Ext(file.Name)) {
		case ".json", ".yaml", ".yml":
		default:
			if len(files) > 1 {
				continue // notes
			}
		}
		if len(file.Data) > maxSize {
			r.problems = append(r.problems, contracts.Problem{Place: contracts.Place{File: file.Name}, Text: fmt.Sprintf("is larger than %d MiB", maxSize>>20), Hint: "split it into files that refer to each other"})
			continue
		}
		t, err := source.Read(file)
		if err != nil {
			r.problems = append(r.problems, contracts.AsProblems(err, file.Name)...)
			continue
		}
		u := base + (&url.URL{Path: strings.TrimPrefix(file.Name, folder)}).EscapedPath()
		if m, _ := t.Root.(map[string]any); m["asyncapi"] != nil {
			if d.url != "" {
				r.problems = append(r.problems, contracts.Problem{Place: contracts.Place{File: file.Name}, Text: "is a second description in one version; the first is " + d.trees[d.url].File})
				continue
			}
			d.url = u
		}
		d.trees[u] = t
		if id := t.ID(); id != "" {
			d.trees[id] = t
		}
	}
	if d.url == "" && len(r.problems) == 0 {
		p := contracts.Problem{Text: "is no AsyncAPI description", Hint: "it should begin with asyncapi: 3.0.0"}
		if len(files) > 0 {
			p.Place.File = files[0].Name
		}
		r.problems = append(r.problems, p)
	}
	for u, t := range d.trees {
		if u == t.ID() {
			continue // the same file by another name
		}
		r.problems = append(r.problems, jsonschema.Circles(d.trees, u)...)
	}
	if len(r.problems) == 0 {
		r.description()
	}
	return d, r.problems.Sorted().OrNil()
}

// version is the version that a description says.
func version(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// once makes a schema whose words are listed when they are first needed.
func once(n jsonschema.Node, rules *engine.Schema) *schema {
	return &schema{node: n, rules: rules, words: sync.OnceValue(func() *jsonschema.Vocabulary { return jsonschema.NewVocabulary(n) })}
}
