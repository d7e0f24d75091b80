package xsd

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// maxBreaches bounds what is told of one document.
const maxBreaches = 20

// A validator reads a document against schemas, one event after the other,
// and keeps nothing of it but the elements that are open.
type validator struct {
	set      *schemas
	open     []*frame
	breaches []contracts.Breach
	// used hears of the parts that the document exercises, and drift of what
	// it says beyond the schemas. Either may be nil.
	used  func(part string)
	drift func(kind, path, seen string)
}

// A frame is an element that is open.
type frame struct {
	path    string
	element *element // nil if it is not declared
	typ     *typ
	matcher *matcher
	scope   *scope
	at      spot
	skip    bool // nothing is known of it, nor asked
	null    bool // xsi:nil
	failed  bool // its children are not in order, which is told once
	texted  bool // it has text where none may be, which is told once
	text    []byte
	kids    map[string]int
}

// run validates a document. known is false if its root is in no namespace of
// the schemas, so that they say nothing about it.
func (v *validator) run(body []byte) (known bool) {
	r := newXMLReader(body)
	for {
		e, err := r.next()
		if errors.Is(err, io.EOF) || len(v.breaches) >= maxBreaches {
			return true
		}
		var no *notXML
		if errors.As(err, &no) {
			path := "/"
			if len(v.open) > 0 {
				path = v.open[len(v.open)-1].path
			}
			v.breach(path, no.at, "a well-formed document", no.text, contracts.Place{})
			return true
		}
		switch {
		case e.kind == start && len(v.open) == 0:
			if !v.root(e) {
				return false
			}
		case e.kind == start:
			v.child(v.open[len(v.open)-1], e)
		case e.kind == text:
			v.text(v.open[len(v.open)-1], e)
		case e.kind == end:
			v.end(v.open[len(v.open)-1], e.at)
			v.open = v.open[:len(v.open)-1]
		}
	}
}

func (v *validator) breach(path string, at spot, want, got string, place contracts.Place) {
	if len(v.breaches) < maxBreaches {
		v.breaches = append(v.breaches, contracts.Breach{Path: path, Want: want, Got: got + " at " + at.String(), Place: place})
	}
}

func (v *validator) root(e event) bool {
	path := "/" + e.name.local
	d := v.set.elements[e.name]
	if d == nil {
		if !v.set.spaces[e.name.space] {
			return false
		}
		v.breach(path, e.at, "a root element that the schema declares", "element "+e.name.String(), contracts.Place{File: v.set.files[0]})
		v.open = append(v.open, &frame{path: path, skip: true})
		return true
	}
	v.use(d.name.local)
	v.enter(d, e, path)
	return true
}

func (v *validator) use(part string) {
	if v.used != nil {
		v.used(part)
	}
}

func (v *validator) undeclared(kind, path, seen string) {
	if v.drift != nil {
		v.drift(kind, path, seen)
	}
}

// child finds what an element is declared as where it stands.
func (v *validator) child(parent *frame, e event) {
	if parent.skip {
		v.open = append(v.open, parent)
		return
	}
	path := parent.path + "/" + e.name.local
	if parent.kids == nil {
		parent.kids = map[string]int{}
	}
	if parent.kids[e.name.local]++; parent.kids[e.name.local] > 1 {
		path += "[" + strconv.Itoa(parent.kids[e.name.local]) + "]"
	}
	d, w := v.declared(parent, e, path)
	switch {
	case d != nil && w == nil:
		v.use(parent.typ.part + "/" + d.name.local)
		v.enter(d, e, path)
	case w != nil:
		v.wild(parent, d, w, e, path)
	default:
		v.open = append(v.open, &frame{path: path, skip: true})
	}
}

// declared is the declaration of a child, or the wildcard that lets it
// through; neither if it may not be there.
func (v *validator) declared(parent *frame, e event, path string) (*element, *wildcard) {
	t := parent.typ
	switch {
	case parent.null:
		v.breach(path, e.at, "nothing, as its parent is nil", "element "+e.name.local, t.place)
		return nil, nil
	case t.simple != nil:
		v.breach(path, e.at, "text only", "element "+e.name.local, t.place)
		v.undeclared("field", t.part+"/"+e.name.local, "")
		return nil, nil
	case t.program == nil:
		v.breach(path, e.at, "no elements", "element "+e.name.local, t.place)
		v.undeclared("field", t.part+"/"+e.name.local, "")
		return nil, nil
	case parent.failed:
		return t.program.find(e.name), nil
	}
	d, w, ok, twice := parent.matcher.step(e.name)
	if twice {
		v.breach(path, e.at, "a content model that says which declaration counts", "one that is ambiguous", t.place)
	}
	if ok {
		return d, when(d == nil, w)
	}
	parent.failed = true
	v.breach(path, e.at, parent.matcher.wanted(e.name), "element "+shown(e.name, parent.matcher), t.place)
	if d = t.program.find(e.name); d == nil {
		v.undeclared("field", t.part+"/"+e.name.local, "")
	}
	return d, nil
}

func when[T any](ok bool, p *T) *T {
	if ok {
		return p
	}
	return nil
}

// wanted says what may stand where a matcher is.
func (m *matcher) wanted(instead name) string {
	names, others := m.expected()
	var words []string
	for _, n := range names {
		if n.local == instead.local {
			words = append(words, n.String()) // only the namespace differs
		} else {
			words = append(words, n.local)
		}
	}
	if len(words) > 8 {
		words = append(words[:8], fmt.Sprintf("another of %d", len(words)))
	}
	if others {
		words = append(words, "what its wildcard lets through")
	}
	if m.complete() {
		words = append(words, "the end")
	}
	if len(words) == 0 {
		return "nothing more"
	}
	return strings.Join(words, " or ")
}

// shown writes a name with its namespace where that matters.
func shown(n name, m *matcher) string {
	if names, _ := m.expected(); slices.ContainsFunc(names, func(o name) bool { return o.local == n.local && o != n }) {
		return n.String()
	}
	return n.local
}

// wild takes a child that a wildcard lets through. d is nil then.
func (v *validator) wild(parent *frame, _ *element, w *wildcard, e event, path string) {
	part := parent.typ.part + "/" + e.name.local
	d := v.set.elements[e.name]
	switch {
	case w.process == skip:
		v.undeclared("field", part, "")
		v.open = append(v.open, &frame{path: path, skip: true})
	case d != nil:
		v.use(d.name.local)
		v.enter(d, e, path)
	default:
		v.undeclared("field", part, "")
		named := slices.ContainsFunc(e.attrs, func(a attr) bool { return a.name == name{nsXSI, "type"} })
		if w.process == strict && !named {
			v.breach(path, e.at, "an element that the schema declares, as the wildcard here is strict", "element "+e.name.String(), w.place)
			v.open = append(v.open, &frame{path: path, skip: true})
			return
		}
		v.enter(&element{name: e.name, typ: anyType()}, e, path)
	}
}

// enter opens an element as d declares it.
func (v *validator) enter(d *element, e event, path string) {
	f := &frame{path: path, element: d, typ: d.typ, scope: e.scope, at: e.at}
	v.open = append(v.open, f)
	if d.abstract {
		v.breach(path, e.at, "an element that is not abstract", "element "+d.name.local, d.place)
	}
	for _, a := range e.attrs {
		switch a.name {
		case name{nsXSI, "type"}:
			v.retype(f, a.value)
		case name{nsXSI, "nil"}:
			v.nil(f, a.value)
		}
	}
	if f.typ.abstract {
		v.breach(path, e.at, "a type that is not abstract, named by xsi:type", "type "+f.typ.part, f.typ.place)
	}
	v.attributes(f, e)
	if f.typ.program != nil {
		f.matcher = newMatcher(f.typ.program)
	}
}

// retype takes the type that xsi:type names.
func (v *validator) retype(f *frame, text string) {
	prefix, local, both := strings.Cut(collapse.on(text), ":")
	if !both {
		prefix, local = "", prefix
	}
	space, known := f.scope.find(prefix)
	t := v.set.types[name{space, local}]
	if t == nil {
		t = builtins()[name{space, local}]
	}
	switch {
	case !known || t == nil:
		v.breach(f.path+"/@xsi:type", f.at, "a type that the schema defines", strconv.Quote(text), f.element.place)
	case !t.derivesFrom(f.typ, f.element.block|f.typ.block):
		v.breach(f.path+"/@xsi:type", f.at, "a type that may stand for "+f.typ.part, strconv.Quote(text), f.element.place)
	default:
		f.typ = t
	}
}

func (v *validator) nil(f *frame, text string) {
	b, ok := parseBoolean(collapse.on(text), nil)
	switch {
	case !ok:
		v.breach(f.path+"/@xsi:nil", f.at, "true or false", strconv.Quote(text), contracts.Place{})
	case !f.element.nillable:
		v.breach(f.path+"/@xsi:nil", f.at, "no xsi:nil, as the element is not nillable", strconv.Quote(text), f.element.place)
		v.undeclared("null", f.element.name.local, "nil")
	case b.canon == "true":
		f.null = true
		if f.element.fixed {
			v.breach(f.path+"/@xsi:nil", f.at, "the value "+strconv.Quote(f.element.value), "nil", f.element.place)
		}
	}
}

func (v *validator) attributes(f *frame, e event) {
	t := f.typ
	seen := map[name]bool{}
	for _, a := range e.attrs {
		if a.name.space == nsXSI && slices.Contains([]string{"type", "nil", "schemaLocation", "noNamespaceSchemaLocation"}, a.name.local) {
			continue
		}
		path := f.path + "/@" + a.name.local
		part := t.part + "/@" + a.name.local
		seen[a.name] = true
		d := t.attribute(a.name)
		if d == nil {
			if t.wildcard == nil || !t.wildcard.admits(a.name.space) {
				v.breach(path, e.at, "no such attribute", strconv.Quote(cut(a.value)), t.place)
				v.undeclared("field", part, cut(a.value))
				continue
			}
			if t.wildcard.process != skip {
				d = v.set.attributes[a.name]
			}
			if d == nil {
				v.undeclared("field", part, cut(a.value))
				if t.wildcard.process == strict && a.name.space != nsXML {
					v.breach(path, e.at, "an attribute that the schema declares, as the wildcard here is strict", strconv.Quote(cut(a.value)), t.wildcard.place)
				}
				continue
			}
		}
		v.use(part)
		v.value(f, given{d.simple, a.value, path, e.at, d.fixed, d.value, d.place})
	}
	for _, d := range t.attrs {
		if d.required && !seen[d.name] {
			v.breach(f.path+"/@"+d.name.local, e.at, "an attribute "+d.name.local, "none", d.place)
		}
	}
}

// given is the text of an element or attribute, and what it is declared as.
type given struct {
	simple *simple
	text   string
	path   string
	at     spot
	fixed  bool
	must   string // the fixed value
	place  contracts.Place
}

// value holds a text against its type and the value it must have, if that is
// fixed.
func (v *validator) value(f *frame, g given) {
	got, open, no := g.simple.read(g.text, f.scope)
	short := cut(g.text)
	if no != nil {
		if no.place.Line == 0 {
			no.place = g.place // built-in types stand nowhere
		}
		v.breach(g.path, g.at, no.want, strconv.Quote(short), no.place)
		if no.enum {
			v.undeclared("enum", g.simple.part+"="+short, short)
		}
		return
	}
	if open {
		v.undeclared("enum", g.simple.part+"="+short, short)
	} else if v.used != nil {
		v.usedValue(g.simple, got.canon)
	}
	if !g.fixed {
		return
	}
	if want, _, no := g.simple.read(g.must, f.scope); no == nil && want.canon != got.canon {
		v.breach(g.path, g.at, "the value "+strconv.Quote(g.must), strconv.Quote(short), g.place)
	}
}

// usedValue tells which of the listed values a text was.
func (v *validator) usedValue(s *simple, canon string) {
	for _, e := range s.values {
		if e.canon == canon {
			v.use(s.part + "=" + e.text)
		}
	}
	if s.values == nil {
		for _, m := range s.members {
			v.usedValue(m, canon)
		}
	}
}

func (v *validator) text(f *frame, e event) {
	switch {
	case f.skip:
	case f.null && !f.texted:
		f.texted = true
		v.breach(f.path, e.at, "nothing, as it is nil", strconv.Quote(cut(string(e.text))), f.element.place)
	case f.typ.simple != nil:
		f.text = append(f.text, e.text...)
	case f.typ.content == nil && !f.typ.mixed && !f.texted:
		f.texted = true
		v.breach(f.path, e.at, "nothing, as its type is empty", strconv.Quote(cut(string(e.text))), f.typ.place)
	case !f.typ.mixed && !f.texted && strings.TrimFunc(string(e.text), isSpace) != "":
		f.texted = true
		v.breach(f.path, e.at, "elements only", strconv.Quote(cut(string(e.text))), f.typ.place)
	}
}

func (v *validator) end(f *frame, at spot) {
	if f.skip || f.null {
		return
	}
	if f.matcher != nil && !f.failed && !f.matcher.complete() {
		v.breach(f.path, at, f.matcher.wanted(name{}), "the end of "+f.element.name.local, f.typ.place)
	}
	if f.typ.simple == nil {
		return
	}
	text := string(f.text)
	if text == "" && f.element.hasDefault {
		text = f.element.value
	}
	v.value(f, given{f.typ.simple, text, f.path, f.at, f.element.fixed, f.element.value, f.element.place})
}

// cut shortens a text for people.
func cut(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}
