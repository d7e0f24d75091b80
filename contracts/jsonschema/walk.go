package jsonschema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// A walker tells what changes by name, beside what breaks: properties that
// come and go although both versions take each other's messages.
type walker struct {
	seen  map[string]bool
	found []contracts.Change
}

func (w *walker) note(s contracts.Severity, kind, path string, before, after Node, format string, args ...any) {
	w.found = append(w.found, contracts.Change{Type: kind, Path: path, Severity: s, Message: fmt.Sprintf(format, args...), Before: before.place(), After: after.place()})
}

func (w *walker) walk(old, next Node, path string) {
	key := old.key() + " " + next.key()
	if w.seen[key] {
		return
	}
	w.seen[key] = true
	a, b := formOf(old), formOf(next)
	w.properties(a, b, path)
	for i := range min(len(a.items), len(b.items)) {
		w.walk(a.items[i], b.items[i], path+"[]")
	}
	for i := range min(len(a.tuple), len(b.tuple)) {
		w.walk(a.tuple[i], b.tuple[i], fmt.Sprintf("%s[%d]", path, i))
	}
	for i := range min(len(a.options), len(b.options)) {
		if len(a.options[i]) != len(b.options[i]) {
			continue // who can say which became which
		}
		for j := range a.options[i] {
			w.walk(a.options[i][j], b.options[i][j], path)
		}
	}
	if s, t := summary(old), summary(next); s != t {
		w.note(contracts.Safe, "DESCRIPTION_CHANGED", path, old, next, "The description of %s changed.", path)
	}
}

func (w *walker) properties(a, b form, path string) {
	for _, name := range sortedKeys(a.props) {
		at := path + "." + name
		if len(b.props[name]) == 0 {
			w.note(contracts.Dangerous, "PROPERTY_REMOVED", at, a.props[name][0], b.at, "%s is not declared any more; readers that use it will miss it.", at)
			continue
		}
		w.walk(a.props[name][0], b.props[name][0], at)
	}
	for _, name := range sortedKeys(b.props) {
		if len(a.props[name]) == 0 {
			at := path + "." + name
			w.note(contracts.Safe, "PROPERTY_ADDED", at, a.at, b.props[name][0], "%s was added.", at)
		}
	}
	for _, name := range sortedKeys(b.required) {
		if _, before := a.required[name]; !before && len(a.props[name]) > 0 {
			w.note(contracts.Safe, "REQUIRED_ADDED", path+"."+name, a.props[name][0], b.required[name], "%s is always there now.", path+"."+name)
		}
	}
}

// summary is what a schema says for people.
func summary(n Node) string {
	v, _ := n.value()
	m, _ := v.(map[string]any)
	title, _ := m["title"].(string)
	description, _ := m["description"].(string)
	return title + "\n" + description
}

// matches reports whether a pattern of property names fits, and whether that
// can be told.
func matches(pattern, name string) (ok, known bool) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return false, false
	}
	return re.MatchString(name), true
}

// Parts implements [contracts.Measurer]: the properties of each schema and the
// values of enumerations: "confirmations.lots[].id", "holds.state=released".
func (d *Document) Parts() []string {
	parts := map[string]bool{}
	for name, s := range d.names() {
		declared(s.node, name, parts, map[string]bool{})
	}
	return sortedKeys(parts)
}

// Declared are the properties and enumeration values below a schema, whose
// value stands at path.
func Declared(n Node, path string) map[string]bool {
	into := map[string]bool{}
	declared(n, path, into, map[string]bool{})
	return into
}

// Walk calls see with each property of a value, and with each value that is no
// object or list as PATH=VALUE, in the words of [Declared].
func Walk(v any, path string, see func(path string, v any)) { touched(v, path, see) }

// Drifts says whether what was seen at a path is beyond what is declared.
func Drifts(path string, declared map[string]bool, v any) (contracts.Drift, bool) {
	if declared[path] {
		return contracts.Drift{}, false
	}
	kind, at := "field", enumOf(path)
	if at != "" {
		if !valued(declared, at) {
			return contracts.Drift{}, false // any value will do
		}
		kind = "enum"
		if v == nil {
			kind = "null"
		}
	}
	return contracts.Drift{Kind: kind, Path: path, Seen: short(v)}, true
}

// valued reports whether values are listed at a path.
func valued(declared map[string]bool, path string) bool {
	for p := range declared {
		if strings.HasPrefix(p, path+"=") {
			return true
		}
	}
	return false
}

func declared(n Node, path string, into, seen map[string]bool) {
	if seen[n.key()] {
		return
	}
	seen[n.key()] = true
	defer delete(seen, n.key())
	f := formOf(n)
	for _, v := range f.values {
		into[path+"="+plain(v)] = true
	}
	for name, nodes := range f.props {
		into[path+"."+name] = true
		for _, p := range nodes {
			declared(p, path+"."+name, into, seen)
		}
	}
	for _, i := range slices.Concat(f.items, f.tuple) {
		declared(i, path+"[]", into, seen)
	}
	for _, options := range f.options {
		for _, o := range options {
			declared(o, path, into, seen)
		}
	}
}

// plain writes a value without quotes.
func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return text(v)
}

// Used implements [contracts.Measurer].
func (d *Document) Used(x contracts.Exchange) []string {
	used := map[string]bool{}
	d.bodies(x, func(s *Schema, name string, v any) {
		parts := Declared(s.node, name)
		touched(v, name, func(p string, _ any) {
			if parts[p] {
				used[p] = true
			}
		})
	})
	return sortedKeys(used)
}

// Undeclared implements [contracts.Watcher]: properties that no schema
// declares, and values beyond an enumeration, whether or not they are allowed.
func (d *Document) Undeclared(x contracts.Exchange) (found []contracts.Drift) {
	d.bodies(x, func(s *Schema, name string, v any) {
		parts, seen := Declared(s.node, name), map[string]bool{}
		touched(v, name, func(p string, one any) {
			if drift, ok := Drifts(p, parts, one); ok && !seen[p] {
				seen[p] = true
				found = append(found, drift)
			}
		})
	})
	return found
}

// bodies calls see with each body of x that a schema describes.
func (d *Document) bodies(x contracts.Exchange, see func(s *Schema, name string, v any)) {
	if s := d.For(x.Request.Path, false); s != nil {
		if v, err := Decode(x.Request.Body); err == nil {
			see(s, s.Name, v)
		}
	}
	if x.Reply == nil || x.Reply.Status/100 != 2 {
		return
	}
	if s := d.For(x.Request.Path, true); s != nil {
		if v, err := Decode(x.Reply.Body); err == nil {
			see(s, s.Name+replySuffix, v)
		}
	}
}

// touched calls see with the path of each property, and with each value that
// is no object or list as PATH=VALUE.
func touched(v any, path string, see func(path string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			see(path+"."+k, v[k])
			touched(v[k], path+"."+k, see)
		}
	case []any:
		for _, one := range v {
			touched(one, path+"[]", see)
		}
	default:
		see(path+"="+plain(v), v)
	}
}

// enumOf is the property of a part that names a value; "" if it names none.
func enumOf(part string) string {
	for i := range len(part) {
		if part[i] == '=' {
			return part[:i]
		}
	}
	return ""
}
