package jsonschema

import (
	"maps"
	"regexp"
	"slices"

	"github.com/andon-rig/andon/contracts"
)

// maxParts bounds a vocabulary. Documents whose types contain each other many
// times over have more paths than anybody could list.
const maxParts = 20_000

// A Vocabulary is what a schema declares of the value it describes:
// properties, listed values and types, by path. Paths are written as
// ".lots[].id" and ".state=released"; a name that any property may have is *.
type Vocabulary struct {
	parts    map[string]bool
	listed   map[string]bool            // paths whose values are listed
	types    map[string]map[string]bool // by path; without an entry any will do
	patterns map[string][]pattern       // names of properties below a path
	loops    map[string]string          // where a recursive schema goes on
	cut      bool                       // there is more than could be listed
}

// A lister makes a vocabulary. Schemas are taken apart once.
type lister struct {
	*Vocabulary
	forms map[string]form
	keys  map[string]string
}

func (l *lister) form(n Node) form {
	f, ok := l.forms[n.raw()]
	if !ok {
		f = formOf(n)
		l.forms[n.raw()] = f
	}
	return f
}

func (l *lister) key(n Node) string {
	k, ok := l.keys[n.raw()]
	if !ok {
		k = n.key()
		l.keys[n.raw()] = k
	}
	return k
}

type pattern struct {
	name *regexp.Regexp
	path string
}

// NewVocabulary lists what a schema declares.
func NewVocabulary(n Node) *Vocabulary {
	v := &Vocabulary{parts: map[string]bool{}, listed: map[string]bool{}, types: map[string]map[string]bool{}, patterns: map[string][]pattern{}, loops: map[string]string{}}
	l := &lister{v, map[string]form{}, map[string]string{}}
	l.value([]Node{n}, "", map[string]string{})
	return v
}

// value notes what the schemas at once say of the value at path. under are the
// paths of the schemas that they are in.
func (l *lister) value(nodes []Node, path string, under map[string]string) {
	set := l.allowed(nodes[0], 0)
	for _, n := range nodes[1:] {
		set = both(set, l.allowed(n, 0))
	}
	if before, ok := l.types[path]; ok { // another variant has it too
		set = either(before, set)
	}
	l.types[path] = set
	for _, n := range nodes {
		l.declare(n, path, under)
	}
}

func (l *lister) declare(n Node, path string, under map[string]string) {
	if at, ok := under[l.key(n)]; ok {
		if at != path {
			l.loops[path] = at
		}
		return
	}
	if l.cut = l.cut || len(l.parts) >= maxParts; l.cut {
		return
	}
	under[l.key(n)] = path
	defer delete(under, l.key(n))
	f := l.form(n)
	for _, one := range f.values {
		l.parts[path+"="+plain(one)], l.listed[path] = true, true
	}
	for _, name := range sortedKeys(f.props) {
		l.parts[path+"."+name] = true
		l.value(f.props[name], path+"."+name, under)
	}
	if f.extra != nil {
		l.parts[path+".*"] = true
		l.value([]Node{*f.extra}, path+".*", under)
	}
	for _, p := range sortedKeys(f.patterns) {
		if re, err := regexp.Compile(p); err == nil {
			l.parts[path+"."+p] = true
			l.patterns[path] = append(l.patterns[path], pattern{re, path + "." + p})
			l.value([]Node{f.patterns[p]}, path+"."+p, under)
		}
	}
	if items := slices.Concat(f.items, f.tuple); len(items) > 0 {
		l.items(f, path+"[]", under)
	}
	for _, options := range f.options {
		for _, o := range options {
			l.declare(o, path, under)
		}
	}
}

// items notes what is said of the elements of a list.
func (l *lister) items(f form, path string, under map[string]string) {
	if len(f.items) > 0 {
		l.value(f.items, path, under)
	}
	for _, n := range f.tuple {
		l.value([]Node{n}, path, under)
	}
}

// allowed are the types that a schema allows, nil if it allows any.
func (l *lister) allowed(n Node, depth int) map[string]bool {
	f := l.form(n)
	set := f.types
	if f.values != nil {
		set = map[string]bool{}
		for _, one := range f.values {
			set[typeOf(one)] = true
		}
	}
	if depth > maxRefs {
		return set
	}
	for _, options := range f.options {
		some := map[string]bool{}
		for _, o := range options {
			some = either(some, l.allowed(o, depth+1))
		}
		set = both(set, some)
	}
	return set
}

// either are the types of two sets, of which nil means any.
func either(a, b map[string]bool) map[string]bool {
	if a == nil || b == nil {
		return nil
	}
	union := maps.Clone(a)
	maps.Copy(union, b)
	return union
}

// both are the types that two sets share.
func both(a, b map[string]bool) map[string]bool {
	f := form{types: a}
	if b != nil {
		f.intersect(b)
	}
	return f.types
}

// Add adds the parts to a set, each behind a path.
func (v *Vocabulary) Add(path string, into map[string]bool) {
	for p := range v.parts {
		into[path+p] = true
	}
}

// Use adds the parts that a value has to a set, each behind a path.
func (v *Vocabulary) Use(value any, path string, into map[string]bool) {
	v.walk(value, "", "", func(s said) {
		if v.parts[s.part] {
			into[path+s.part] = true
		}
	})
}

// Undeclared is what a value has beyond the schema, whether or not that is
// allowed: each once, with the path behind which the value stands.
func (v *Vocabulary) Undeclared(value any, path string) (found []contracts.Drift) {
	seen := map[string]bool{}
	v.walk(value, "", "", func(s said) {
		kind := v.drift(s)
		if kind == "" || seen[kind+s.path] {
			return
		}
		seen[kind+s.path] = true
		found = append(found, contracts.Drift{Kind: kind, Path: path + s.path, Seen: short(s.value)})
	})
	return found
}

// said is a property, or a value, as it was met.
type said struct {
	part  string // as the vocabulary names it
	path  string // as it was
	of    string // of a value: the part that has it
	value any
	leaf  bool // a value
}

// drift is in which way something is not declared; "" if it is.
func (v *Vocabulary) drift(s said) string {
	switch {
	case v.cut || v.parts[s.part]:
		return ""
	case !s.leaf:
		return "field"
	}
	types := v.types[s.of]
	switch {
	case s.value == nil && !has(types, "null"):
		return "null"
	case !has(types, typeOf(s.value)):
		return "type"
	case v.listed[s.of] && scalar(s.value):
		return "enum"
	}
	return ""
}

func scalar(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

// walk calls see with each property and value. Below what is not declared it
// does not go on.
func (v *Vocabulary) walk(value any, at, path string, see func(said)) {
	if to, ok := v.loops[at]; ok {
		at = to
	}
	switch one := value.(type) {
	case map[string]any:
		if !has(v.types[at], "object") {
			see(said{path: path, of: at, value: value, leaf: true})
			return
		}
		for _, k := range sortedKeys(one) {
			child := v.child(at, k)
			see(said{part: child, path: path + "." + k, value: one[k]})
			if v.parts[child] {
				v.walk(one[k], child, path+"."+k, see)
			}
		}
	case []any:
		if !has(v.types[at], "array") {
			see(said{path: path, of: at, value: value, leaf: true})
			return
		}
		for _, item := range one {
			v.walk(item, at+"[]", path+"[]", see)
		}
	default:
		p := plain(value)
		if v.listed[at] && has(v.types[at], typeOf(value)) {
			path += "=" + p
		}
		see(said{part: at + "=" + p, path: path, of: at, value: value, leaf: true})
	}
}

// child is where a property is declared.
func (v *Vocabulary) child(at, name string) string {
	if p := at + "." + name; v.parts[p] {
		return p
	}
	for _, p := range v.patterns[at] {
		if p.name.MatchString(name) {
			return p.path
		}
	}
	if v.parts[at+".*"] {
		return at + ".*"
	}
	return at + "." + name
}

// plain writes a value without quotes.
func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return text(v)
}
