package jsonschema

import (
	"encoding/json"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"

	engine "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/source"
)

// A Node is a schema at its place in a document.
type Node struct {
	trees   map[string]*source.Tree
	url     string // of the document
	pointer string // in it
}

// NodeAt is the schema at a JSON pointer of a document among trees.
func NodeAt(trees map[string]*source.Tree, url, pointer string) Node {
	return Node{trees: trees, url: url, pointer: pointer}
}

// place is where the node stands.
func (n Node) place() contracts.Place {
	if t := n.trees[n.url]; t != nil {
		return t.Place(n.pointer)
	}
	return contracts.Place{}
}

// key tells nodes apart; a node that only refers to another is that one.
func (n Node) key() string {
	for range maxRefs {
		to, ok := n.alias()
		if !ok {
			break
		}
		n = to
	}
	return n.raw()
}

// raw is where the node stands, as it is referred to.
func (n Node) raw() string { return n.url + "#" + n.pointer }

// A taker validates values by schemas of one set of documents, each compiled
// once.
type taker struct {
	compiler *Compiler
	rules    map[string]*engine.Schema // by place
}

// takes reports whether v is valid by the schema at n. Errors mean that it has
// mistakes of its own.
func (t *taker) takes(n Node, v any) (bool, error) {
	if t.compiler == nil {
		t.compiler, t.rules = NewCompiler(map[string]*source.Tree{}), map[string]*engine.Schema{}
		for _, u := range sortedKeys(n.trees) {
			if err := t.compiler.Add(u, n.trees[u]); err != nil {
				return false, err
			}
		}
	}
	rules := t.rules[n.raw()]
	if rules == nil {
		var err error
		if rules, err = t.compiler.Compile(n.url, (&url.URL{Fragment: n.pointer}).EscapedFragment()); err != nil {
			return false, err
		}
		t.rules[n.raw()] = rules
	}
	return rules.Validate(v) == nil, nil
}

// maxRefs bounds how many references lead straight to the next.
const maxRefs = 64

// alias is where n leads if it demands nothing but what stands there.
func (n Node) alias() (Node, bool) {
	v, _ := n.value()
	m, ok := v.(map[string]any)
	ref, isRef := m["$ref"].(string)
	if !ok || !isRef {
		return n, false
	}
	for k := range m {
		if k != "$ref" && !slices.Contains(notes, k) {
			return n, false
		}
	}
	return n.follow(ref)
}

// circular reports whether references from n lead back to n without anything
// on the way.
func (n Node) circular() bool {
	seen := map[string]bool{}
	for {
		here := n.raw()
		if seen[here] {
			return true
		}
		seen[here] = true
		v, _ := n.value()
		m, _ := v.(map[string]any)
		ref, ok := m["$ref"].(string)
		if !ok {
			return false
		}
		if n, ok = n.follow(ref); !ok {
			return false
		}
	}
}

// below is a node further down.
func (n Node) below(segments ...string) Node {
	for _, s := range segments {
		n.pointer += "/" + source.Escape(s)
	}
	return n
}

func (n Node) value() (any, bool) {
	t := n.trees[n.url]
	if t == nil {
		return nil, false
	}
	return t.At(n.pointer)
}

// follow is where a reference from n leads.
func (n Node) follow(ref string) (Node, bool) {
	file, fragment, _ := strings.Cut(ref, "#")
	to := n
	if file != "" {
		from, err := url.Parse(n.url)
		if err != nil {
			return n, false
		}
		rel, err := url.Parse(file)
		if err != nil {
			return n, false
		}
		to.url = from.ResolveReference(rel).String()
	}
	to.pointer = ""
	if fragment != "" {
		p, err := url.PathUnescape(fragment)
		if err != nil || !strings.HasPrefix(p, "/") {
			return to.anchor(fragment)
		}
		to.pointer = p
	}
	_, ok := to.value()
	return to, ok
}

// anchor finds a schema by its plain name.
func (n Node) anchor(name string) (Node, bool) {
	t := n.trees[n.url]
	if t == nil {
		return n, false
	}
	found, ok := "", false
	var walk func(pointer string, v any)
	walk = func(pointer string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["$anchor"] == name {
				found, ok = pointer, true
			}
			for k, one := range v {
				walk(pointer+"/"+source.Escape(k), one)
			}
		case []any:
			for i, one := range v {
				walk(pointer+"/"+strconv.Itoa(i), one)
			}
		}
	}
	walk("", t.Root)
	n.pointer = found
	return n, ok
}

// types of JSON values, as schemas name them.
var types = []string{"array", "boolean", "integer", "null", "number", "object", "string"}

// A form is what a schema demands, with references followed and conjunctions
// joined.
type form struct {
	at       Node
	none     bool            // nothing is valid
	types    map[string]bool // nil means any; integer is a kind of number
	values   []any           // enum or const; nil means any
	props    map[string][]Node
	required map[string]Node
	patterns map[string]Node // patternProperties
	extra    *Node           // additionalProperties, if it is a schema
	closed   bool            // additionalProperties is false
	items    []Node
	tuple    []Node
	bounds   map[string]*big.Rat // minimum, maxLength, …
	literal  map[string]string   // pattern, format, multipleOf, …: comparable only as text
	options  [][]Node            // anyOf and oneOf, each a list of alternatives
	opaque   map[string]string   // keywords nobody can compare but as text
}

// lower and upper bounds, by keyword.
var (
	lower = []string{"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
	upper = []string{"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
)

// notes are keywords that demand nothing.
var notes = []string{
	"$schema", "$id", "id", "$anchor", "$defs", "definitions", "$comment", "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly",
	"$vocabulary", "contentEncoding", "contentMediaType", "xml", "externalDocs", "discriminator",
}

// formOf reads n. Reading ends where a reference leads back to itself.
func formOf(n Node) form {
	f := form{at: n, props: map[string][]Node{}, required: map[string]Node{}, patterns: map[string]Node{}, bounds: map[string]*big.Rat{}, literal: map[string]string{}, opaque: map[string]string{}}
	f.join(n, map[string]bool{})
	return f
}

// join adds the demands of n to those of f.
func (f *form) join(n Node, seen map[string]bool) {
	if seen[n.raw()] {
		return
	}
	seen[n.raw()] = true
	v, ok := n.value()
	m, isMap := v.(map[string]any)
	if !ok || !isMap {
		f.none = f.none || ok && v == false
		return
	}
	for _, k := range sortedKeys(m) {
		f.keyword(n, k, m[k], m, seen)
	}
}

func (f *form) keyword(n Node, k string, v any, all map[string]any, seen map[string]bool) {
	switch k {
	case "$ref", "$dynamicRef", "$recursiveRef":
		ref, _ := v.(string)
		if to, ok := n.follow(ref); ok {
			f.join(to, seen)
		} else {
			f.opaque[k] = ref
		}
	case "type":
		f.intersect(typeSet(v, all["nullable"] == true))
	case "nullable":
		if all["type"] == nil && v == true {
			f.opaque[k] = "true"
		}
	case "enum":
		if list, ok := v.([]any); ok {
			f.narrow(list)
		}
	case "const":
		f.narrow([]any{v})
	case "properties":
		m, _ := v.(map[string]any)
		for name := range m {
			f.props[name] = append(f.props[name], n.below(k, name))
		}
	case "required":
		list, _ := v.([]any)
		for i, name := range list {
			if s, ok := name.(string); ok {
				f.required[s] = n.below(k, strconv.Itoa(i))
			}
		}
	case "patternProperties":
		m, _ := v.(map[string]any)
		for p := range m {
			f.patterns[p] = n.below(k, p)
		}
	case "additionalProperties":
		f.additional(n.below(k), v)
	case "items":
		if list, ok := v.([]any); ok {
			f.positions(n.below(k), len(list))
		} else {
			f.items = append(f.items, n.below(k))
		}
	case "prefixItems":
		list, _ := v.([]any)
		f.positions(n.below(k), len(list))
	case "allOf":
		list, _ := v.([]any)
		for i := range list {
			f.join(n.below(k, strconv.Itoa(i)), seen)
		}
	case "anyOf", "oneOf":
		list, _ := v.([]any)
		var options []Node
		for i := range list {
			options = append(options, n.below(k, strconv.Itoa(i)))
		}
		f.options = append(f.options, options)
	case "pattern", "format", "multipleOf", "uniqueItems":
		if v != false {
			f.literal[k] = text(v)
		}
	default:
		f.rest(k, v, all)
	}
}

// rest takes bounds, and what cannot be compared.
func (f *form) rest(k string, v any, all map[string]any) {
	if slices.Contains(notes, k) || strings.HasPrefix(k, "x-") {
		return
	}
	if slices.Contains(lower, k) || slices.Contains(upper, k) {
		// Draft 4 says "exclusiveMinimum: true" beside the bound.
		number, ok := v.(json.Number)
		if exclusive, is := all["exclusive"+strings.ToUpper(k[:1])+k[1:]].(bool); is && exclusive {
			k = "exclusive" + strings.ToUpper(k[:1]) + k[1:]
		}
		if r, good := new(big.Rat).SetString(number.String()); ok && good {
			f.bound(k, r)
		}
		return
	}
	f.opaque[k] = text(v)
}

// bound keeps the tighter of two.
func (f *form) bound(k string, r *big.Rat) {
	old := f.bounds[k]
	if old == nil || slices.Contains(lower, k) && r.Cmp(old) > 0 || slices.Contains(upper, k) && r.Cmp(old) < 0 {
		f.bounds[k] = r
	}
}

func (f *form) additional(n Node, v any) {
	switch v := v.(type) {
	case bool:
		f.closed = f.closed || !v
	case map[string]any:
		if len(v) > 0 {
			f.extra = &n
		}
	}
}

func (f *form) positions(n Node, count int) {
	for i := len(f.tuple); i < count; i++ {
		f.tuple = append(f.tuple, n.below(strconv.Itoa(i)))
	}
}

func (f *form) intersect(set map[string]bool) {
	if f.types == nil {
		f.types = set
		return
	}
	both := map[string]bool{}
	for t := range set {
		if has(f.types, t) {
			both[t] = true
		}
	}
	for t := range f.types {
		if has(set, t) {
			both[t] = true
		}
	}
	f.types, f.none = both, f.none || len(both) == 0
}

// has reports whether a set of types takes all values of type t.
func has(set map[string]bool, t string) bool {
	return set == nil || set[t] || t == "integer" && set["number"]
}

func (f *form) narrow(list []any) {
	if f.values == nil {
		f.values = list
		return
	}
	f.values = slices.DeleteFunc(slices.Clone(f.values), func(v any) bool { return !contains(list, v) })
	f.none = f.none || len(f.values) == 0
}

func typeSet(v any, nullable bool) map[string]bool {
	set := map[string]bool{}
	switch v := v.(type) {
	case string:
		set[v] = true
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok {
				set[s] = true
			}
		}
	}
	if nullable {
		set["null"] = true
	}
	return set
}

// contains reports whether a list has a value, numbers by value.
func contains(list []any, v any) bool {
	return slices.ContainsFunc(list, func(one any) bool { return text(one) == text(v) })
}

// text writes a value so that equal values are equal text.
func text(v any) string {
	switch v := v.(type) {
	case json.Number:
		if r, ok := new(big.Rat).SetString(v.String()); ok {
			return r.RatString()
		}
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = text(one)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		var parts []string
		for _, k := range sortedKeys(v) {
			parts = append(parts, strconv.Quote(k)+":"+text(v[k]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(b)
}

// typeOf is the type of a value, as schemas name it.
func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case json.Number:
		if r, ok := new(big.Rat).SetString(v.String()); ok && r.IsInt() {
			return "integer"
		}
	}
	return "number"
}
