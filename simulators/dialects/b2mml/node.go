package b2mml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A node is an element of a document.
type node struct {
	space, name string
	attrs       []xml.Attr
	text        string // without elements in it, all of it
	children    []*node
	line        int
}

// maxDepth is how deep elements may stand in each other.
const maxDepth = 64

// xsi is the namespace of attributes that speak about a document as such.
const xsi = "http://www.w3.org/2001/XMLSchema-instance"

// parse reads a document. A document type is refused, so there are no entities
// but those of XML itself, and nothing is ever fetched or multiplied.
func parse(b []byte) (*node, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, errors.New("the body is empty")
	}
	if !utf8.Valid(b) {
		return nil, errors.New("the body is not UTF-8")
	}
	p := parser{d: xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))}
	for {
		t, err := p.d.Token()
		switch {
		case errors.Is(err, io.EOF) && p.root != nil && len(p.open) == 0:
			return p.root, nil
		case errors.Is(err, io.EOF):
			return nil, errors.New("there is no element")
		case err != nil:
			return nil, wellFormed(err)
		}
		if err := p.token(t); err != nil {
			line, _ := p.d.InputPos()
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func wellFormed(err error) error {
	var bad *xml.SyntaxError
	if errors.As(err, &bad) {
		return fmt.Errorf("line %d: %s", bad.Line, bad.Msg)
	}
	return fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "xml: "))
}

type parser struct {
	d    *xml.Decoder
	root *node
	open []*node
}

func (p *parser) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		p.open = p.open[:len(p.open)-1]
	case xml.CharData:
		if len(p.open) > 0 {
			n := p.open[len(p.open)-1]
			n.text += string(t)
		} else if len(bytes.TrimSpace(t)) > 0 {
			return errors.New("text outside of the element at the root")
		}
	case xml.Directive:
		return errors.New("a document type or other declaration, which is refused: it could define entities")
	case xml.ProcInst:
		if t.Target == "xml" && p.root != nil {
			return errors.New("an XML declaration in the middle of the document")
		}
	}
	return nil
}

func (p *parser) start(t xml.StartElement) error {
	if len(p.open) >= maxDepth {
		return fmt.Errorf("elements stand in each other more than %d deep", maxDepth)
	}
	line, _ := p.d.InputPos()
	n := &node{space: t.Name.Space, name: t.Name.Local, attrs: t.Attr, line: line}
	for i, a := range t.Attr {
		for _, other := range t.Attr[:i] {
			if a.Name == other.Name {
				return fmt.Errorf("attribute %s is given twice", clip(a.Name.Local))
			}
		}
	}
	switch {
	case len(p.open) > 0:
		above := p.open[len(p.open)-1]
		above.children = append(above.children, n)
	case p.root != nil:
		return fmt.Errorf("a second element %s at the root", clip(n.name))
	default:
		p.root = n
	}
	p.open = append(p.open, n)
	return nil
}

// attr is the value of an attribute without a namespace.
func (n *node) attr(name string) (string, bool) {
	for _, a := range n.attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// find follows a path of names down to the first element there; nil if there
// is none.
func (n *node) find(path ...string) *node {
	for _, name := range path {
		if n == nil {
			return nil
		}
		n = n.child(name)
	}
	return n
}

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// said is the text at the end of a path; "" if there is none.
func (n *node) said(path ...string) string {
	if n = n.find(path...); n == nil {
		return ""
	}
	return n.text
}

// leaf is an element with text in it.
func leaf(name, text string, attrs ...string) *node {
	n := &node{name: name, text: text}
	for i := 0; i+1 < len(attrs); i += 2 {
		n.attrs = append(n.attrs, xml.Attr{Name: xml.Name{Local: attrs[i]}, Value: attrs[i+1]})
	}
	return n
}

// branch is an element with elements in it; those that are nil are left out.
func branch(name string, children ...*node) *node {
	n := &node{name: name}
	return n.add(children...)
}

func (n *node) add(children ...*node) *node {
	for _, c := range children {
		if c != nil {
			n.children = append(n.children, c)
		}
	}
	return n
}

// optional is a leaf, or nil if there is nothing to say.
func optional(name, text string) *node {
	if text == "" {
		return nil
	}
	return leaf(name, text)
}

// clip shortens what is quoted in an error.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
