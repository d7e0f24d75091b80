package pact

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// maxElements bounds an XML body.
const maxElements = 200_000

// An element of an XML body.
type element struct {
	space, name string
	attrs       map[string]string // by name, with the namespace before it if there is one
	children    []*element
	text        string // of the element itself, without that of its children
}

// parseXML reads a document without entities of its own.
func parseXML(b []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	var stack []*element
	var root *element
	for n := 0; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.Directive:
			if bytes.HasPrefix(bytes.TrimSpace(t), []byte("DOCTYPE")) {
				return nil, errors.New("documents with a DOCTYPE are not read")
			}
		case xml.StartElement:
			if n++; n > maxElements {
				return nil, errors.New("has more than " + strconv.Itoa(maxElements) + " elements")
			}
			e := &element{space: t.Name.Space, name: t.Name.Local, attrs: map[string]string{}}
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
					continue
				}
				name := a.Name.Local
				if a.Name.Space != "" {
					name = a.Name.Space + ":" + name
				}
				e.attrs[name] = a.Value
			}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.children = append(top.children, e)
			} else if root == nil {
				root = e
			}
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			}
		}
	}
	if root == nil {
		return nil, errors.New("has no element")
	}
	return root, nil
}

// documents compares XML documents.
func (c *comparison) documents(want, got []byte) {
	w, err := parseXML(want)
	if err != nil {
		c.unknown([]step{{root: true}}, err)
		return
	}
	g, err := parseXML(got)
	if err != nil {
		c.note([]step{{root: true}}, "XML", clip(string(got)))
		return
	}
	x := comparison{rules: byNames(c.rules), strict: c.strict}
	x.element([]step{{root: true}, {name: w.name}}, w, g)
	c.found = append(c.found, x.found...)
}

// byNames are rules as they hold for XML, where elements go by their names:
// [*] stands for any name, or says only that there may be several.
func byNames(rules []Rule) (all []Rule) {
	for _, r := range rules {
		named, without := r, r
		named.At, without.At = nil, nil
		for _, s := range r.At {
			if s.isAt && s.any {
				named.At = append(named.At, step{name: "*", any: true})
				continue
			}
			named.At, without.At = append(named.At, s), append(without.At, s)
		}
		all = append(all, named)
		if len(without.At) < len(named.At) {
			all = append(all, without)
		}
	}
	return all
}

func (c *comparison) element(at []step, w, g *element) {
	if w.name != g.name || w.space != g.space {
		c.note(at, "element "+w.name, "element "+g.name)
		return
	}
	c.attributes(at, w, g)
	c.children(at, w, g)
	c.words(at, w, g)
}

func (c *comparison) attributes(at []step, w, g *element) {
	for _, k := range sortedKeys(w.attrs) {
		here := down(at, step{name: "@" + k})
		v, ok := g.attrs[k]
		if !ok {
			c.note(here, strconv.Quote(w.attrs[k]), "nothing")
			continue
		}
		c.scalar(here, w.attrs[k], v)
	}
	if c.strict {
		for _, k := range sortedKeys(g.attrs) {
			if _, ok := w.attrs[k]; !ok {
				c.note(down(at, step{name: "@" + k}), "nothing", strconv.Quote(g.attrs[k]))
			}
		}
	}
}

// children compares elements by name: as many of each, in their order, unless
// a rule at the parent or at the name says that there may be more. In a
// response there may be more anyway.
func (c *comparison) children(at []step, w, g *element) {
	r, below := c.rule(at)
	m := r.has("type")
	free := m != nil && !below
	if free && (m.Min >= 0 && len(g.children) < m.Min || m.Max >= 0 && len(g.children) > m.Max) {
		c.note(at, "a number of elements within bounds", count(len(g.children)))
	}
	wanted, got := byName(w.children), byName(g.children)
	for _, name := range names(w.children) {
		c.repeated(down(at, step{name: name}), wanted[name], got[name], free)
	}
	for _, name := range names(g.children) {
		if wanted[name] == nil && (c.strict || free) {
			c.note(down(at, step{name: name}), "nothing", "element "+name)
		}
	}
}

// repeated compares the elements of one name. free says that a rule at their
// parent lets there be any number.
func (c *comparison) repeated(at []step, want, got []*element, free bool) {
	r, below := c.rule(at)
	m := r.has("type")
	own := m != nil && !below
	switch {
	case own && m.Min >= 0 && len(got) < m.Min, own && m.Max >= 0 && len(got) > m.Max, len(got) == 0 && !(own && m.Min == 0):
		c.note(at, count(len(want)), count(len(got)))
		return
	case !own && !free && (len(got) < len(want) || len(got) > len(want) && c.strict):
		c.note(at, count(len(want)), count(len(got)))
	}
	for i, e := range got {
		if i >= len(want) && !own && !free {
			break // not expected, and allowed
		}
		c.element(at, want[min(i, len(want)-1)], e)
	}
}

func (c *comparison) words(at []step, w, g *element) {
	here := down(at, step{name: "#text"})
	want, got := strings.TrimSpace(w.text), strings.TrimSpace(g.text)
	r, _ := c.rule(here)
	if r == nil {
		if want != got {
			c.note(here, strconv.Quote(want), strconv.Quote(got))
		}
		return
	}
	if want == "" && got == "" {
		return
	}
	c.scalar(here, want, got)
}

func byName(list []*element) map[string][]*element {
	m := map[string][]*element{}
	for _, e := range list {
		m[e.name] = append(m[e.name], e)
	}
	return m
}

// names are the names of elements, each once, in their order.
func names(list []*element) (all []string) {
	for _, e := range list {
		if !contains(all, e.name) {
			all = append(all, e.name)
		}
	}
	return all
}
