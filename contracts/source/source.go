// Package source reads JSON and YAML documents and remembers where each value
// stands, so that a mistake found by its path can be shown by its line.
//
// It knows nothing of what the documents say.
package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/andon-rig/andon/contracts"
)

// Bounds of a document; what is beyond was not written by anybody.
const (
	maxDepth = 512
	maxNodes = 5_000_000 // of JSON, which machines write too
	maxYAML  = 300_000   // of YAML, with aliases expanded
)

// A Tree is a document: maps are map[string]any, lists []any, numbers
// json.Number, and the rest what encoding/json makes of it.
type Tree struct {
	File   string
	Root   any
	places map[string]contracts.Place // by JSON pointer
	order  map[string][]string        // keys of the map at a pointer, as they stand
}

// Place is where the value at a JSON pointer ("/paths/~1orders/get") stands,
// or the nearest value around it.
func (t *Tree) Place(pointer string) contracts.Place {
	for {
		if p, ok := t.places[pointer]; ok {
			return p
		}
		i := strings.LastIndexByte(pointer, '/')
		if i < 0 {
			return contracts.Place{File: t.File}
		}
		pointer = pointer[:i]
	}
}

// Keys are the keys of the map at a pointer, in the order of the document.
func (t *Tree) Keys(pointer string) []string { return t.order[pointer] }

// At is the value at a JSON pointer, and whether there is one.
func (t *Tree) At(pointer string) (any, bool) {
	v := t.Root
	if pointer == "" {
		return v, true
	}
	for _, name := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		name = Unescape(name)
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[name]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// Escape writes a key as a segment of a JSON pointer (RFC 6901).
func Escape(key string) string {
	if !strings.ContainsAny(key, "~/") {
		return key // nearly always, in documents of any size
	}
	return escaper.Replace(key)
}

// Unescape reads a segment of a JSON pointer.
func Unescape(segment string) string { return unescaper.Replace(segment) }

var escaper, unescaper = strings.NewReplacer("~", "~0", "/", "~1"), strings.NewReplacer("~1", "/", "~0", "~")

// Read reads a document: JSON if it begins like it, YAML otherwise. Keys that
// stand twice in a mapping are a mistake, since readers disagree on which counts.
func Read(f contracts.File) (*Tree, error) {
	t := &Tree{File: f.Name, places: map[string]contracts.Place{}, order: map[string][]string{}}
	text := bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return t, contracts.Problems{{Place: newLines(text).at(f.Name, int64(invalidAt(text))), Text: "is not UTF-8", Hint: "save it as UTF-8"}}
	}
	if head := bytes.TrimLeft(text, " \t\r\n"); len(head) > 0 && (head[0] == '{' || head[0] == '[') {
		return t, t.json(text)
	}
	return t, t.yaml(text)
}

// invalidAt is where text stops being UTF-8.
func invalidAt(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(text)
}

// json reads text, remembering offsets.
func (t *Tree) json(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	r := jsonReader{t: t, d: d, lines: newLines(text)}
	v, err := r.value("", 0)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = r.problem("there is something behind the end of the document")
		}
	}
	t.Root = v
	return err
}

type jsonReader struct {
	t     *Tree
	d     *json.Decoder
	lines lines
	n     int
}

func (r *jsonReader) problem(format string, args ...any) error {
	return contracts.Problems{{Place: r.lines.at(r.t.File, r.d.InputOffset()), Text: fmt.Sprintf(format, args...)}}
}

// token reads one token and turns the decoder's errors into problems.
func (r *jsonReader) token() (json.Token, error) {
	tok, err := r.d.Token()
	if err == nil {
		return tok, nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return nil, contracts.Problems{{Place: r.lines.at(r.t.File, syntax.Offset), Text: "is no JSON: " + syntax.Error()}}
	}
	return nil, r.problem("is no JSON: it ends in the middle")
}

func (r *jsonReader) value(pointer string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, r.problem("is nested deeper than %d levels", maxDepth)
	}
	if r.n++; r.n > maxNodes {
		return nil, r.problem("has more than %d values", maxNodes)
	}
	tok, err := r.token()
	if err != nil {
		return nil, err
	}
	r.t.places[pointer] = r.lines.at(r.t.File, r.d.InputOffset()-int64(width(tok)))
	switch tok {
	case json.Delim('{'):
		return r.object(pointer, depth)
	case json.Delim('['):
		list := []any{}
		for r.d.More() {
			v, err := r.value(pointer+"/"+strconv.Itoa(len(list)), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := r.token()
		return list, err
	}
	return tok, nil
}

func (r *jsonReader) object(pointer string, depth int) (any, error) {
	m := map[string]any{}
	for r.d.More() {
		tok, err := r.token()
		if err != nil {
			return nil, err
		}
		key, ok := tok.(string)
		if !ok {
			return nil, r.problem("is no JSON: a key must be a text")
		}
		at := pointer + "/" + Escape(key)
		where := r.lines.at(r.t.File, r.d.InputOffset()-int64(width(tok)))
		if _, twice := m[key]; twice {
			return nil, contracts.Problems{{Place: where, Text: fmt.Sprintf("key %q stands here a second time", key), Hint: "readers disagree on which one counts; remove one"}}
		}
		v, err := r.value(at, depth+1)
		if err != nil {
			return nil, err
		}
		m[key] = v
		r.t.places[at] = where // the key says more than the value
		r.t.order[pointer] = append(r.t.order[pointer], key)
	}
	_, err := r.token()
	return m, err
}

// width is about how long a token is in the text, to point at its beginning.
func width(tok json.Token) int {
	switch v := tok.(type) {
	case string:
		return len(v) + 2
	case json.Number:
		return len(v)
	case json.Delim:
		return 1
	}
	return 4
}

// lines finds the line of an offset.
type lines struct{ starts []int64 }

func newLines(text []byte) lines {
	l := lines{starts: []int64{0}}
	for i, c := range text {
		if c == '\n' {
			l.starts = append(l.starts, int64(i)+1)
		}
	}
	return l
}

func (l lines) at(file string, offset int64) contracts.Place {
	lo, hi := 0, len(l.starts)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; l.starts[mid] <= offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	return contracts.Place{File: file, Line: lo + 1, Column: int(max(offset-l.starts[lo], 0)) + 1}
}

// yaml reads text with its anchors and aliases.
func (t *Tree) yaml(text []byte) error {
	f, err := parser.ParseBytes(text, 0)
	if err != nil {
		return contracts.Problems{{Place: t.yamlPlace(err), Text: "is no YAML: " + firstLine(err)}}
	}
	docs := 0
	r := yamlReader{t: t, anchors: map[string]ast.Node{}}
	for _, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		if docs++; docs > 1 {
			return contracts.Problems{{Place: placeOf(t.File, d.Body), Text: "has more than one document", Hint: "split it into files"}}
		}
		if t.Root, err = r.value("", d.Body, 0); err != nil {
			return err
		}
	}
	if docs == 0 {
		return contracts.Problems{{Place: contracts.Place{File: t.File}, Text: "is empty"}}
	}
	return nil
}

// yamlPlace is where the parser stopped.
func (t *Tree) yamlPlace(err error) contracts.Place {
	var at interface{ GetToken() *token.Token }
	if errors.As(err, &at) && at.GetToken() != nil {
		p := at.GetToken().Position
		return contracts.Place{File: t.File, Line: p.Line, Column: p.Column}
	}
	return contracts.Place{File: t.File}
}

func firstLine(err error) string {
	s, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	if i := strings.Index(s, "] "); strings.HasPrefix(s, "[") && i > 0 {
		s = s[i+2:]
	}
	return s
}

func placeOf(file string, n ast.Node) contracts.Place {
	tok := n.GetToken()
	if tok == nil || tok.Position == nil {
		return contracts.Place{File: file}
	}
	return contracts.Place{File: file, Line: tok.Position.Line, Column: tok.Position.Column}
}

type yamlReader struct {
	t       *Tree
	anchors map[string]ast.Node
	n       int
}

func (r *yamlReader) problem(n ast.Node, format string, args ...any) error {
	return contracts.Problems{{Place: placeOf(r.t.File, n), Text: fmt.Sprintf(format, args...)}}
}

func (r *yamlReader) value(pointer string, n ast.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, r.problem(n, "is nested deeper than %d levels, or an alias contains itself", maxDepth)
	}
	if r.n++; r.n > maxYAML {
		return nil, r.problem(n, "has more than %d values with aliases expanded", maxYAML)
	}
	if _, ok := r.t.places[pointer]; !ok {
		r.t.places[pointer] = placeOf(r.t.File, n)
	}
	switch v := n.(type) {
	case *ast.AnchorNode:
		r.anchors[v.Name.GetToken().Value] = v.Value
		return r.value(pointer, v.Value, depth+1)
	case *ast.AliasNode:
		to, ok := r.anchors[v.Value.GetToken().Value]
		if !ok {
			return nil, r.problem(n, "alias %q has no anchor before it", v.Value.GetToken().Value)
		}
		return r.value(pointer, to, depth+1)
	case *ast.TagNode:
		return r.value(pointer, v.Value, depth+1)
	case *ast.MappingNode:
		return r.mapping(pointer, v.Values, depth)
	case *ast.MappingValueNode:
		return r.mapping(pointer, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		list := []any{}
		for i, one := range v.Values {
			item, err := r.value(pointer+"/"+strconv.Itoa(i), one, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, nil
	case *ast.NullNode:
		return nil, nil
	case *ast.BoolNode:
		return v.Value, nil
	case *ast.IntegerNode:
		return json.Number(decimal(v.GetToken().Value, fmt.Sprint(v.Value))), nil
	case *ast.FloatNode:
		return json.Number(decimal(v.GetToken().Value, strconv.FormatFloat(v.Value, 'g', -1, 64))), nil
	case *ast.StringNode:
		return v.Value, nil
	case *ast.LiteralNode:
		return v.Value.Value, nil
	}
	return nil, r.problem(n, "%s cannot stand in a contract", n.Type())
}

// decimal is the number as it is written, if JSON would write it so too.
func decimal(written, value string) string {
	if json.Valid([]byte(written)) {
		return written
	}
	return value
}

func (r *yamlReader) mapping(pointer string, values []*ast.MappingValueNode, depth int) (any, error) {
	m := map[string]any{}
	for _, kv := range values {
		if _, merge := kv.Key.(*ast.MergeKeyNode); merge {
			v, err := r.value(pointer, kv.Value, depth+1)
			if err != nil {
				return nil, err
			}
			from, ok := v.(map[string]any)
			if !ok {
				return nil, r.problem(kv.Value, "only a mapping can be merged")
			}
			for k, one := range from {
				if _, there := m[k]; !there {
					m[k] = one
				}
			}
			continue
		}
		key := keyText(kv.Key)
		if _, twice := m[key]; twice {
			return nil, r.problem(kv.Key, "key %q stands here a second time", key)
		}
		at := pointer + "/" + Escape(key)
		r.t.places[at] = placeOf(r.t.File, kv.Key)
		v, err := r.value(at, kv.Value, depth+1)
		if err != nil {
			return nil, err
		}
		m[key] = v
		r.t.order[pointer] = append(r.t.order[pointer], key)
	}
	return m, nil
}

// keyText is a key as a text; response codes of OpenAPI are numbers in YAML.
func keyText(k ast.MapKeyNode) string {
	if s, ok := k.(*ast.StringNode); ok {
		return s.Value
	}
	return k.GetToken().Value
}
