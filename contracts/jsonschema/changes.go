package jsonschema

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// Changes implements [contracts.Differ].
//
// Compatibility goes by role: a reader must accept everything that a writer of
// the other version can write, and a writer writes declared properties only,
// whether or not the schema is open. That is the rule teams mean, and not the
// one by which an open schema already emits every property there could be.
// What cannot be compared (a changed pattern, a condition) is told as such; it
// is never called safe.
func (Format) Changes(before, after contracts.Document, mode contracts.Mode) ([]contracts.Change, error) {
	a, ok1 := before.(*Document)
	b, ok2 := after.(*Document)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("changes are told of two JSON Schemas")
	}
	old, next := a.names(), b.names()
	if len(old) == 1 && len(next) == 1 { // the name of a single file means nothing
		return Compare(a.schemas[0].node, b.schemas[0].node, "$", mode), nil
	}
	var all []contracts.Change
	for _, name := range sortedKeys(old) {
		n := next[name]
		if n == nil {
			all = append(all, contracts.Change{Type: "MESSAGE_REMOVED", Path: name, Severity: contracts.Breaking, Message: fmt.Sprintf("Message %s was removed.", name), Before: old[name].node.place()})
			continue
		}
		all = append(all, Compare(old[name].node, n.node, name, mode)...)
	}
	for _, name := range sortedKeys(next) {
		if old[name] == nil {
			all = append(all, contracts.Change{Type: "MESSAGE_ADDED", Path: name, Severity: contracts.Safe, Message: fmt.Sprintf("Message %s was added.", name), After: next[name].node.place()})
		}
	}
	contracts.SortChanges(all)
	return all, nil
}

// Compare returns what changes from one schema to another, both of which
// describe the value at path.
func Compare(old, next Node, path string, mode contracts.Mode) []contracts.Change {
	var all []contracts.Change
	told := map[string]bool{}
	for _, way := range []struct {
		writer, reader Node
		forward        bool
	}{{old, next, false}, {next, old, true}} {
		h := holder{seen: map[string]bool{}, forward: way.forward}
		for _, p := range h.accepts(way.writer, way.reader, path) {
			demanded := way.forward && mode.ReadsNew() || !way.forward && mode.ReadsOld()
			if p.unknown && !demanded {
				continue
			}
			c := p.change(way.forward)
			switch {
			case p.unknown:
				c.Severity = contracts.Dangerous
			case demanded:
				c.Severity = contracts.Breaking
			default:
				c.Severity = contracts.Dangerous
			}
			key := c.Type + c.Path + c.Message
			if p.unknown {
				key = c.Type + c.Path + p.kind // once for both ways
			}
			if !told[key] {
				told[key] = true
				all = append(all, c)
			}
		}
	}
	w := walker{seen: map[string]bool{}}
	w.walk(old, next, path)
	for _, c := range w.found {
		if !slices.ContainsFunc(all, func(o contracts.Change) bool { return o.Path == c.Path && o.Severity >= c.Severity }) {
			all = append(all, c)
		}
	}
	contracts.SortChanges(all)
	return all
}

// A problem is one way in which a reader does not take what a writer writes.
type problem struct {
	kind           string
	path           string
	writer, reader Node
	what           string // "%s" stands for writers and readers of which version
	unknown        bool   // it cannot be told
}

// names of changes, by problem: with old writers and new readers, and the
// other way round.
var names = map[string][2]string{
	"type":     {"TYPE_NARROWED", "TYPE_WIDENED"},
	"value":    {"VALUE_REMOVED", "VALUE_ADDED"},
	"values":   {"VALUES_RESTRICTED", "VALUES_UNRESTRICTED"},
	"required": {"REQUIRED_ADDED", "REQUIRED_REMOVED"},
	"missing":  {"REQUIRED_PROPERTY_ADDED", "REQUIRED_PROPERTY_REMOVED"},
	"closed":   {"PROPERTY_REMOVED", "PROPERTY_ADDED"},
	"bound":    {"BOUND_TIGHTENED", "BOUND_LOOSENED"},
	"literal":  {"RULE_ADDED", "RULE_REMOVED"},
	"option":   {"VARIANT_REMOVED", "VARIANT_ADDED"},
	"none":     {"NOTHING_ACCEPTED", "EVERYTHING_ACCEPTED"},
}

func (p problem) change(forward bool) contracts.Change {
	c := contracts.Change{Path: p.path, Before: p.writer.place(), After: p.reader.place()}
	i, who := 0, "Readers of the new version refuse what writers of the old one may write: "
	if forward {
		i, who = 1, "Readers of the old version refuse what writers of the new one may write: "
		c.Before, c.After = c.After, c.Before
	}
	if p.unknown {
		c.Type, c.Message = contracts.CannotTell, "It cannot be told whether this breaks anybody: "+p.path+" "+p.what+"."
		return c
	}
	c.Type, c.Message = names[p.kind][i], who+p.path+" "+p.what+"."
	return c
}

// A holder holds writers against readers.
type holder struct {
	seen    map[string]bool // pairs under way: a recursive schema is compatible unless something else says no
	forward bool
	readers taker // of the reading version
}

// accepts returns why readers do not accept all that writers can write.
func (h *holder) accepts(writer, reader Node, path string) []problem {
	key := writer.key() + " " + reader.key()
	if h.seen[key] {
		return nil
	}
	h.seen[key] = true
	defer delete(h.seen, key)
	return h.forms(formOf(writer), formOf(reader), path)
}

func (h *holder) forms(w, r form, path string) (ps []problem) {
	note := func(kind, format string, args ...any) {
		ps = append(ps, problem{kind: kind, path: path, writer: w.at, reader: r.at, what: fmt.Sprintf(format, args...)})
	}
	switch {
	case w.none:
		return nil // they write nothing
	case r.none:
		note("none", "must not be there at all")
		return ps
	}
	if list := split(w); list != nil {
		for _, one := range list {
			ps = append(ps, h.forms(one, r, path)...)
		}
		return ps
	}
	if missing := lacking(w, r); len(missing) > 0 {
		note("type", "may be %s, which they do not take; they take %s", list(missing, "or"), list(sortedKeys(r.types), "or"))
		return ps // what else differs follows from that
	}
	if w.values != nil {
		return h.listed(w, r, path)
	}
	ps = append(ps, values(w, r, path)...)
	ps = append(ps, bounds(w, r, path)...)
	ps = append(ps, literals(w, r, path)...)
	ps = append(ps, h.object(w, r, path)...)
	ps = append(ps, h.array(w, r, path)...)
	for _, options := range r.options {
		ps = append(ps, h.option(w, r, options, path)...)
	}
	return append(ps, opaque(w, r, path)...)
}

// split are the forms that a writer with alternatives can have, nil if it has
// none.
func split(w form) (all []form) {
	if len(w.options) == 0 {
		return nil
	}
	rest := w
	rest.options = w.options[1:]
	for _, n := range w.options[0] {
		one := rest.copy()
		one.at = n
		one.join(n, map[string]bool{})
		all = append(all, one)
	}
	return all
}

// copy is f with maps of its own.
func (f form) copy() form {
	g := formOf(Node{})
	g.at, g.none, g.types, g.values, g.extra, g.closed = f.at, f.none, f.types, f.values, f.extra, f.closed
	g.items, g.tuple, g.options = slices.Clone(f.items), slices.Clone(f.tuple), slices.Clone(f.options)
	for k, v := range f.props {
		g.props[k] = slices.Clone(v)
	}
	for k, v := range f.required {
		g.required[k] = v
	}
	for k, v := range f.patterns {
		g.patterns[k] = v
	}
	for k, v := range f.bounds {
		g.bounds[k] = v
	}
	for k, v := range f.literal {
		g.literal[k] = v
	}
	for k, v := range f.opaque {
		g.opaque[k] = v
	}
	return g
}

// kinds are the types that f can have: those of its values, if they are listed.
func (f form) kinds() []string {
	if f.values != nil {
		set := map[string]bool{}
		for _, v := range f.values {
			set[typeOf(v)] = true
		}
		return sortedKeys(set)
	}
	if f.types != nil {
		return sortedKeys(f.types)
	}
	return slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == "integer" })
}

func lacking(w, r form) (missing []string) {
	for _, t := range w.kinds() {
		if !has(r.types, t) {
			missing = append(missing, t)
		}
	}
	return missing
}

// listed holds each of a writer's values against the reader's whole schema.
func (h *holder) listed(w, r form, path string) (ps []problem) {
	for _, v := range w.values {
		p := problem{kind: "value", path: path, writer: w.at, reader: r.at, what: "may be " + text(v) + ", which they do not know"}
		switch ok, err := h.readers.takes(r.at, v); {
		case err != nil:
			p.unknown, p.what = true, "is ruled by what cannot be read: "+err.Error()
		case ok:
			continue
		}
		ps = append(ps, p)
	}
	return ps
}

// values holds a writer of any value against a reader of listed ones.
func values(w, r form, path string) []problem {
	if r.values == nil {
		return nil
	}
	if len(w.types) == 1 && w.types["boolean"] && contains(r.values, true) && contains(r.values, false) {
		return nil
	}
	return []problem{{kind: "values", path: path, writer: w.at, reader: r.at, what: "may be any value, and they take only " + shown(r.values)}}
}

func shown(values []any) string {
	var all []string
	for _, v := range values {
		all = append(all, text(v))
	}
	return list(all, "or")
}

// bounds compares what limits numbers, texts, lists and objects.
func bounds(w, r form, path string) (ps []problem) {
	for _, k := range slices.Concat(lower, upper) {
		limit := r.bounds[k]
		if limit == nil || !concerns(w, k) {
			continue
		}
		if !within(w, k, limit) {
			what := k + " " + limit.RatString() + " is demanded"
			if own := w.bounds[k]; own != nil {
				what += ", and it was " + own.RatString() + " for who wrote it"
			} else {
				what += ", and nothing limited who wrote it"
			}
			ps = append(ps, problem{kind: "bound", path: path, writer: w.at, reader: r.at, what: "is limited: " + what})
		}
	}
	return ps
}

// concerns reports whether a keyword limits anything that w can be.
func concerns(w form, keyword string) bool {
	kind := "object"
	switch {
	case strings.HasSuffix(keyword, "imum"):
		return has(w.types, "integer")
	case strings.HasSuffix(keyword, "Length"):
		kind = "string"
	case strings.HasSuffix(keyword, "Items"):
		kind = "array"
	}
	return has(w.types, kind)
}

// within reports whether all that w allows is inside a limit of the reader.
func within(w form, keyword string, limit *big.Rat) bool {
	ok := func(k string, strict bool) bool {
		own := w.bounds[k]
		if own == nil {
			return false
		}
		c := own.Cmp(limit)
		if slices.Contains(upper, k) {
			c = -c
		}
		return c > 0 || c == 0 && !strict
	}
	switch keyword {
	case "minimum":
		return ok("minimum", false) || ok("exclusiveMinimum", false)
	case "exclusiveMinimum":
		return ok("exclusiveMinimum", false) || ok("minimum", true)
	case "maximum":
		return ok("maximum", false) || ok("exclusiveMaximum", false)
	case "exclusiveMaximum":
		return ok("exclusiveMaximum", false) || ok("maximum", true)
	}
	if limit.Sign() == 0 && slices.Contains(lower, keyword) {
		return true // no less than nothing
	}
	return ok(keyword, false)
}

// literals compares rules that are equal or not.
func literals(w, r form, path string) (ps []problem) {
	for _, k := range sortedKeys(r.literal) {
		own, there := w.literal[k]
		switch {
		case !there && relevant(w, k):
			ps = append(ps, problem{kind: "literal", path: path, writer: w.at, reader: r.at, what: fmt.Sprintf("must follow %s %s, which nobody asked of who wrote it", k, r.literal[k])})
		case there && own != r.literal[k] && !multiple(k, own, r.literal[k]):
			ps = append(ps, problem{kind: k, unknown: true, path: path, writer: w.at, reader: r.at, what: fmt.Sprintf("has %s %s on one side and %s on the other", k, own, r.literal[k])})
		}
	}
	return ps
}

func relevant(w form, keyword string) bool {
	switch keyword {
	case "multipleOf":
		return has(w.types, "integer")
	case "uniqueItems":
		return has(w.types, "array")
	}
	return has(w.types, "string")
}

// multiple reports whether whatever is a multiple of own is one of wanted.
func multiple(keyword, own, wanted string) bool {
	a, ok1 := new(big.Rat).SetString(own)
	b, ok2 := new(big.Rat).SetString(wanted)
	return keyword == "multipleOf" && ok1 && ok2 && b.Sign() != 0 && new(big.Rat).Quo(a, b).IsInt()
}

func (h *holder) object(w, r form, path string) (ps []problem) {
	if !has(w.types, "object") || !has(r.types, "object") {
		return nil
	}
	for _, name := range sortedKeys(r.required) {
		if _, sure := w.required[name]; sure {
			continue
		}
		kind, what := "required", "is demanded, and who wrote it may leave it out"
		at := w.at
		if len(w.props[name]) == 0 {
			kind, what = "missing", "is demanded, and who wrote it does not know it"
		} else {
			at = w.props[name][0]
		}
		ps = append(ps, problem{kind: kind, path: path + "." + name, writer: at, reader: r.required[name], what: what})
	}
	for _, name := range sortedKeys(w.props) {
		ps = append(ps, h.property(w, r, name, path+"."+name)...)
	}
	if w.extra != nil {
		switch {
		case r.extra != nil:
			ps = append(ps, h.accepts(*w.extra, *r.extra, path+".*")...)
		case r.closed:
			ps = append(ps, problem{kind: "closed", path: path + ".*", writer: *w.extra, reader: r.at, what: "may have any name, and they take none that they do not know"})
		}
	}
	return ps
}

// property holds one property that writers may write against readers.
func (h *holder) property(w, r form, name, path string) (ps []problem) {
	readers := r.props[name]
	for p, n := range r.patterns {
		if ok, known := matches(p, name); ok || !known {
			readers = append(slices.Clone(readers), n)
		}
	}
	if len(readers) == 0 {
		switch {
		case r.extra != nil:
			readers = []Node{*r.extra}
		case r.closed:
			return []problem{{kind: "closed", path: path, writer: w.props[name][0], reader: r.at, what: "may be there, and they take nothing that they do not know"}}
		default:
			return nil
		}
	}
	for _, n := range readers {
		ps = append(ps, h.all(w.props[name], n, path)...)
	}
	return ps
}

// all holds a writer of what follows several schemas at once against a reader.
func (h *holder) all(writers []Node, reader Node, path string) []problem {
	if len(writers) == 1 {
		return h.accepts(writers[0], reader, path)
	}
	key := ""
	for _, n := range writers {
		key += n.key() + " & "
	}
	key += reader.key()
	if h.seen[key] {
		return nil
	}
	h.seen[key] = true
	defer delete(h.seen, key)
	return h.forms(together(writers), formOf(reader), path)
}

// together is what several schemas of one value demand.
func together(nodes []Node) form {
	f := formOf(nodes[0])
	for _, n := range nodes[1:] {
		f.join(n, map[string]bool{})
	}
	return f
}

func (h *holder) array(w, r form, path string) (ps []problem) {
	if !has(w.types, "array") || !has(r.types, "array") {
		return nil
	}
	for i, n := range r.tuple {
		at := path + "[" + strconv.Itoa(i) + "]"
		if i < len(w.tuple) {
			ps = append(ps, h.accepts(w.tuple[i], n, at)...)
			continue
		}
		if len(w.items) > 0 {
			ps = append(ps, h.all(w.items, n, at)...)
		}
	}
	for _, n := range r.items {
		if len(w.items) > 0 {
			ps = append(ps, h.all(w.items, n, path+"[]")...)
		}
		if len(w.items) == 0 && len(w.tuple) == 0 && demanding(n) {
			ps = append(ps, problem{kind: "literal", path: path + "[]", writer: w.at, reader: n, what: "must follow a schema, which nobody asked of who wrote it"})
		}
	}
	return ps
}

// demanding reports whether a schema refuses anything.
func demanding(n Node) bool {
	v, _ := n.value()
	m, ok := v.(map[string]any)
	return v == false || ok && len(m) > 0
}

// option demands that one of the reader's alternatives takes what is written.
func (h *holder) option(w, r form, options []Node, path string) []problem {
	var nearest []problem
	for i, n := range options {
		ps := h.forms(w, formOf(n), path)
		if len(ps) == 0 {
			return nil
		}
		if i == 0 || len(ps) < len(nearest) {
			nearest = ps
		}
	}
	if len(options) == 1 {
		return nearest
	}
	what := "fits none of the variants they take"
	unknown := false
	if len(nearest) > 0 {
		what += "; of the nearest, " + strings.TrimPrefix(nearest[0].path, path) + " " + nearest[0].what
		unknown = nearest[0].unknown
	}
	return []problem{{kind: "option", path: path, writer: w.at, reader: r.at, what: what, unknown: unknown}}
}

// opaque compares what can only be equal or not.
func opaque(w, r form, path string) (ps []problem) {
	for _, k := range sortedKeys(r.opaque) {
		if w.opaque[k] != r.opaque[k] {
			ps = append(ps, problem{kind: k, unknown: true, path: path, writer: w.at, reader: r.at, what: fmt.Sprintf("is ruled by %s, which is not the same on both sides", k)})
		}
	}
	return ps
}

// list writes words as a sentence does.
func list(words []string, last string) string {
	switch n := len(words); n {
	case 0:
		return "nothing"
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " " + last + " " + words[n-1]
	}
}
