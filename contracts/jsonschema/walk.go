package jsonschema

import (
	"fmt"
	"regexp"

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
		s.words().Add(name, parts)
	}
	return sortedKeys(parts)
}

// Used implements [contracts.Measurer].
func (d *Document) Used(x contracts.Exchange) []string {
	used := map[string]bool{}
	d.bodies(x, func(s *Schema, name string, v any) { s.words().Use(v, name, used) })
	return sortedKeys(used)
}

// Undeclared implements [contracts.Watcher]: properties that no schema
// declares, and values beyond an enumeration, whether or not they are allowed;
// nulls and types that no schema knows.
func (d *Document) Undeclared(x contracts.Exchange) (found []contracts.Drift) {
	d.bodies(x, func(s *Schema, name string, v any) { found = append(found, s.words().Undeclared(v, name)...) })
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
