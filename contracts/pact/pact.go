// Package pact reads Pact files, versions 1 to 4, and judges exchanges by
// them in memory: what a consumer sends must be a request it declared, and
// what a provider answers must be what the consumer relies on.
//
// Verdicts are those of the Pact specification's own cases and of the official
// verifier, to which tests hold them equal. What the official engine does and
// this package does not (plugins, some generators) it says.
package pact

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/source"
)

// Name is what files call this format.
const Name = "pact"

// Format reads pact files. All files of a version are read together.
type Format struct{}

var _ contracts.Differ = Format{}

// Name implements [contracts.Format].
func (Format) Name() string { return Name }

// Claims implements [contracts.Format].
func (Format) Claims(f contracts.File) int {
	if strings.ToLower(path.Ext(f.Name)) != ".json" {
		return 0
	}
	head := f.Data[:min(len(f.Data), 64<<10)]
	for _, key := range []string{`"consumer"`, `"provider"`} {
		if !strings.Contains(string(head), key) {
			return 0
		}
	}
	if strings.Contains(string(f.Data), `"interactions"`) || strings.Contains(string(f.Data), `"messages"`) {
		return 2
	}
	return 0
}

// A Document is the pacts of one version of a consumer.
type Document struct {
	Consumer, Provider string
	Interactions       []*Interaction

	index index
	files []contracts.File // that it was read from
}

// Format implements [contracts.Document].
func (*Document) Format() string { return Name }

// Kind of an interaction.
type Kind string

// Kinds of interactions.
const (
	HTTP  Kind = "http"
	Async Kind = "async" // a message of the provider
	Sync  Kind = "sync"  // a message and what is answered
)

// An Interaction is one request and its response, or one message.
type Interaction struct {
	Kind        Kind
	Description string
	States      []State
	Request     Part   // of a message that is answered, the message itself
	Response    Part   // of an asynchronous message, the message itself
	More        []Part // further responses of a synchronous message
	Pending     bool
	Place       contracts.Place

	pointer string // to it in its file
}

// State is what the provider must be brought to first.
type State struct {
	Name   string         `json:"name"`
	Params map[string]any `json:"params,omitempty"`
}

// A Part is one side of an interaction, as it is expected.
type Part struct {
	Method  string
	Path    string
	Query   map[string][]string
	Headers map[string][]string // of a message, its metadata; names as in the file
	Status  int                 // 0 if none is expected
	Body    Body
	Rules   Rules
	// Generators make values when the part is replayed.
	Generators Generators
}

// A Body is what is expected of one, or what was there.
type Body struct {
	Presence    Presence
	ContentType string // "" if it is not known
	Bytes       []byte // as it travels
	JSON        any    // its value, if the pact holds it as JSON
	IsJSON      bool

	pointer string // to it in its file
}

// Presence of a body.
type Presence int

// Presences.
const (
	Missing Presence = iota // nothing is said of it
	Empty
	Null
	Present
)

// Read implements [contracts.Format].
func (Format) Read(files []contracts.File) (contracts.Document, error) {
	if len(files) == 0 {
		return nil, contracts.Problem{Text: "there is no pact"}
	}
	d := &Document{files: files}
	var problems contracts.Problems
	for _, f := range files {
		t, err := source.Read(f)
		if err != nil {
			if ps, ok := err.(contracts.Problems); ok {
				problems = append(problems, ps...)
			}
			continue
		}
		r := reader{tree: t}
		r.pact(d)
		problems = append(problems, r.problems...)
	}
	if len(problems) == 0 && len(d.Interactions) == 0 {
		problems = append(problems, contracts.Problem{Place: contracts.Place{File: files[0].Name}, Text: "holds no interaction, so that it can show nothing"})
	}
	problems = append(problems, d.twice()...)
	problems = append(problems, d.overlap()...)
	return d, problems.Sorted().OrNil()
}

// twice names interactions that are told twice and not alike: which of them is
// meant nobody can say.
func (d *Document) twice() (ps contracts.Problems) {
	seen := map[string]*Interaction{}
	for _, i := range d.Interactions {
		key := fmt.Sprintf("%s %q %v", i.Kind, i.Description, i.States)
		if before := seen[key]; before != nil {
			ps = append(ps, contracts.Problem{
				Place: i.Place, Text: fmt.Sprintf("%q is there twice with the same states; it is at %s too", i.Description, before.Place), Hint: "describe the one that differs in other words",
			})
			continue
		}
		seen[key] = i
	}
	return ps
}

// A reader reads one file.
type reader struct {
	tree     *source.Tree
	version  int // of the specification: 1 to 4
	problems contracts.Problems
}

func (r *reader) fail(pointer, format string, args ...any) {
	r.problems = append(r.problems, contracts.Problem{Place: r.tree.Place(pointer), Text: fmt.Sprintf(format, args...)})
}

func (r *reader) pact(d *Document) {
	root, ok := r.tree.Root.(map[string]any)
	if !ok {
		r.fail("", "is no pact: it should be an object with consumer, provider and interactions")
		return
	}
	r.version = specification(root)
	if r.version > 4 {
		r.fail("/metadata", "is written by version %d of the specification; versions 1 to 4 are known", r.version)
		return
	}
	consumer, provider := party(root["consumer"]), party(root["provider"])
	if consumer == "" || provider == "" {
		r.fail("", "does not name its consumer and its provider")
	}
	if d.Consumer == "" {
		d.Consumer, d.Provider = consumer, provider
	} else if d.Consumer != consumer || d.Provider != provider {
		r.fail("/consumer", "is between %s and %s, and the files beside it are between %s and %s", consumer, provider, d.Consumer, d.Provider)
	}
	for _, list := range []string{"interactions", "messages"} {
		all, _ := root[list].([]any)
		for i, one := range all {
			pointer := "/" + list + "/" + strconv.Itoa(i)
			m, ok := one.(map[string]any)
			if !ok {
				r.fail(pointer, "is no interaction")
				continue
			}
			if in := r.interaction(pointer, m, list == "messages"); in != nil {
				d.Interactions = append(d.Interactions, in)
			}
		}
	}
}

// specification is the version that a file says it is written by; 2 if it does
// not say, as in all readers.
func specification(root map[string]any) int {
	meta, _ := root["metadata"].(map[string]any)
	for _, key := range []string{"pactSpecification", "pact-specification", "pactSpecificationVersion"} {
		text := ""
		switch v := meta[key].(type) {
		case string:
			text = v
		case map[string]any:
			text, _ = v["version"].(string)
		}
		major, _, _ := strings.Cut(text, ".")
		if n, err := strconv.Atoi(major); err == nil && n > 0 {
			return n
		}
	}
	return 2
}

func party(v any) string {
	m, _ := v.(map[string]any)
	name, _ := m["name"].(string)
	return name
}

func (r *reader) interaction(pointer string, m map[string]any, message bool) *Interaction {
	in := &Interaction{Kind: HTTP, Place: r.tree.Place(pointer), Pending: m["pending"] == true, pointer: pointer}
	in.Description, _ = m["description"].(string)
	in.States = states(m)
	switch kind, _ := m["type"].(string); {
	case message:
		in.Kind = Async
	case kind == "Asynchronous/Messages":
		in.Kind = Async
	case kind == "Synchronous/Messages":
		in.Kind = Sync
	case kind != "" && kind != "Synchronous/HTTP":
		r.fail(pointer, "is of type %q, which is not known", kind)
		return nil
	}
	if in.Description == "" {
		r.fail(pointer, "has no description")
	}
	switch in.Kind {
	case HTTP:
		in.Request = r.part(pointer+"/request", m["request"], true)
		in.Response = r.part(pointer+"/response", m["response"], false)
	case Async:
		in.Response = r.message(pointer, m)
	case Sync:
		in.Request = r.message(pointer+"/request", m["request"])
		all, _ := m["response"].([]any)
		for i, one := range all {
			p := r.message(pointer+"/response/"+strconv.Itoa(i), one)
			if i == 0 {
				in.Response = p
			} else {
				in.More = append(in.More, p)
			}
		}
	}
	return in
}

// states are those of any version: one name, or a list with parameters.
func states(m map[string]any) (all []State) {
	for _, key := range []string{"providerState", "provider_state"} {
		if s, ok := m[key].(string); ok && s != "" {
			all = append(all, State{Name: s})
		}
	}
	switch list := m["providerStates"].(type) {
	case string:
		all = append(all, State{Name: list})
	case []any:
		for _, one := range list {
			s, _ := one.(map[string]any)
			name, _ := s["name"].(string)
			params, _ := s["params"].(map[string]any)
			all = append(all, State{Name: name, Params: params})
		}
	}
	return all
}

// part reads a request or a response.
func (r *reader) part(pointer string, v any, request bool) Part {
	m, _ := v.(map[string]any)
	p := Part{Headers: headers(m["headers"])}
	if request {
		p.Method = strings.ToUpper(cmp.Or(str(m["method"]), "GET"))
		p.Path = "/"
		if s, ok := m["path"].(string); ok {
			p.Path = s
		}
		p.Query = query(m["query"])
	}
	if n, ok := m["status"].(json.Number); ok {
		p.Status, _ = strconv.Atoi(n.String())
	} else if !request && v != nil {
		p.Status = 200
	}
	body, has := m["body"]
	p.Body = r.body(pointer+"/body", body, has, contentType(p.Headers))
	p.Rules = r.rules(pointer, m["matchingRules"])
	p.Generators = r.generators(m["generators"])
	return p
}

// message reads the contents and metadata of a message.
func (r *reader) message(pointer string, v any) Part {
	m, _ := v.(map[string]any)
	p := Part{Headers: headers(cmp.Or[any](m["metadata"], m["metaData"]))}
	contents, has := m["contents"]
	p.Body = r.body(pointer+"/contents", contents, has, contentType(p.Headers))
	if p.Body.IsJSON && p.Body.ContentType == "" {
		p.Body.ContentType = "application/json"
	}
	p.Rules = r.rules(pointer, m["matchingRules"])
	p.Generators = r.generators(m["generators"])
	return p
}

func str(v any) string { s, _ := v.(string); return s }

// headers reads names with one value or several.
func headers(v any) map[string][]string {
	m, _ := v.(map[string]any)
	all := map[string][]string{}
	for k, one := range m {
		switch one := one.(type) {
		case []any:
			for _, s := range one {
				all[k] = append(all[k], plain(s))
			}
		default:
			all[k] = []string{plain(one)}
		}
	}
	return all
}

// plain writes a value of JSON as a header or a query has it.
func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// query reads a query as a text (versions 1 and 2) or as lists by name.
func query(v any) map[string][]string {
	switch v := v.(type) {
	case string:
		q, err := url.ParseQuery(v)
		if err != nil {
			return map[string][]string{v: {""}}
		}
		return q
	case map[string]any:
		return headers(v)
	}
	return nil
}

// contentType is that of a set of headers.
func contentType(h map[string][]string) string {
	for k, v := range h {
		if (strings.EqualFold(k, "Content-Type") || strings.EqualFold(k, "contentType")) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// body reads a body: as it is up to version 3, wrapped in version 4.
func (r *reader) body(pointer string, v any, has bool, contentType string) Body {
	b := Body{ContentType: contentType, pointer: pointer}
	m, wrapped := v.(map[string]any)
	if r.version >= 4 && wrapped {
		if _, is := m["content"]; is {
			return r.wrapped(pointer+"/content", m, contentType)
		}
	}
	switch {
	case !has:
		return b
	case v == nil:
		b.Presence = Null
		return b
	}
	b.Presence, b.JSON, b.IsJSON = Present, v, true
	if s, ok := v.(string); ok {
		if s == "" {
			b.Presence = Empty
		}
		// A text stands for itself, unless the content is JSON and it is not
		// written as JSON already.
		if !isJSON(contentType) {
			b.Bytes, b.IsJSON = []byte(s), false
			return b
		}
	}
	b.Bytes, _ = json.Marshal(v)
	return b
}

func (r *reader) wrapped(pointer string, m map[string]any, contentType string) Body {
	b := Body{ContentType: cmp.Or(str(m["contentType"]), contentType), pointer: pointer}
	content := m["content"]
	if content == nil {
		b.Presence = Null
		return b
	}
	s, isText := content.(string)
	switch encoded := m["encoded"]; {
	case isText && s == "":
	case isText && encoded != nil && encoded != false:
		raw, err := decodeBase64(s)
		if err != nil {
			r.fail("", "a body is not base64: %v", err)
		}
		b.Bytes, b.Presence = raw, Present
	case isText && !isJSON(b.ContentType):
		b.Bytes, b.Presence = []byte(s), Present
	default:
		b.JSON, b.IsJSON, b.Presence = content, true, Present
		b.Bytes, _ = json.Marshal(content)
		return b
	}
	if len(b.Bytes) == 0 {
		b.Presence = Empty
	}
	return b
}

// isJSON reports whether a content type is JSON or built on it.
func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/json" || strings.HasSuffix(media, "+json") || media == "application/json-rpc" || media == "application/jsonrequest"
}

// isXML reports whether a content type is XML or built on it.
func isXML(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/xml" || media == "text/xml" || strings.HasSuffix(media, "+xml")
}

// sortedKeys are the keys of m.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
