// Package xmltree reads and writes small XML documents as trees of elements, as
// dialects of XML do: strictly, without document types and entities, and with
// the line of every element for errors.
//
// It knows no dialect: which elements there are, and of which namespace, is the
// dialect's.
package xmltree

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A Node is an element of a document.
type Node struct {
	Space, Name string
	Attrs       []xml.Attr
	Text        string // without elements in it, all of it; "" if it is but blanks between them
	Children    []*Node
	Line        int
}

// maxDepth is how deep elements may stand in each other.
const maxDepth = 64

// XSI is the namespace of attributes that speak about a document as such.
const XSI = "http://www.w3.org/2001/XMLSchema-instance"

// Parse reads a document. A document type is refused, so there are no entities
// but those of XML itself, and nothing is ever fetched or multiplied.
func Parse(b []byte) (*Node, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, errors.New("the body is empty")
	}
	if !utf8.Valid(b) {
		return nil, errors.New("the body is not UTF-8")
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if n := quick(string(b)); n != nil {
		return n, nil
	}
	return slow(b)
}

// slow reads whatever XML has, by the strict decoder of the standard library.
func slow(b []byte) (*Node, error) {
	p := parser{d: xml.NewDecoder(bytes.NewReader(b))}
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
	root *Node
	open []*Node
}

func (p *parser) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		n := p.open[len(p.open)-1]
		n.said([]byte(n.Text))
		p.open = p.open[:len(p.open)-1]
	case xml.CharData:
		if len(p.open) > 0 {
			n := p.open[len(p.open)-1]
			n.Text += string(t)
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
	n := &Node{Space: t.Name.Space, Name: t.Name.Local, Attrs: t.Attr, Line: line}
	if name, twice := n.twice(); twice {
		return fmt.Errorf("attribute %s is given twice", Clip(name))
	}
	switch {
	case len(p.open) > 0:
		above := p.open[len(p.open)-1]
		above.Children = append(above.Children, n)
	case p.root != nil:
		return fmt.Errorf("a second element %s at the root", Clip(n.Name))
	default:
		p.root = n
	}
	p.open = append(p.open, n)
	return nil
}

// twice finds an attribute that is given twice.
func (n *Node) twice() (name string, twice bool) {
	for i, a := range n.Attrs {
		for _, other := range n.Attrs[:i] {
			if a.Name == other.Name {
				return a.Name.Local, true
			}
		}
	}
	return "", false
}

// said notes all that was said in n, which is read to its end.
func (n *Node) said(text []byte) {
	if n.Text = ""; len(n.Children) == 0 || len(bytes.TrimSpace(text)) > 0 {
		n.Text = string(text)
	}
}

// Attr is the value of an attribute without a namespace.
func (n *Node) Attr(name string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// Find follows a path of names down to the first element there; nil if there
// is none.
func (n *Node) Find(path ...string) *Node {
	for _, name := range path {
		if n == nil {
			return nil
		}
		n = n.Child(name)
	}
	return n
}

// Child is the first element of a name in n; nil if there is none.
func (n *Node) Child(name string) *Node {
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Said is the text at the end of a path; "" if there is none.
func (n *Node) Said(path ...string) string {
	if n = n.Find(path...); n == nil {
		return ""
	}
	return n.Text
}

// Leaf is an element with text in it.
func Leaf(name, text string, attrs ...string) *Node {
	n := &Node{Name: name, Text: text}
	for i := 0; i+1 < len(attrs); i += 2 {
		n.Attrs = append(n.Attrs, xml.Attr{Name: xml.Name{Local: attrs[i]}, Value: attrs[i+1]})
	}
	return n
}

// Branch is an element with elements in it; those that are nil are left out.
func Branch(name string, children ...*Node) *Node {
	n := &Node{Name: name}
	return n.Add(children...)
}

// Add puts elements at the end of n; those that are nil are left out.
func (n *Node) Add(children ...*Node) *Node {
	for _, c := range children {
		if c != nil {
			n.Children = append(n.Children, c)
		}
	}
	return n
}

// Optional is a leaf, or nil if there is nothing to say.
func Optional(name, text string) *Node {
	if text == "" {
		return nil
	}
	return Leaf(name, text)
}

// Clip shortens what is quoted in an error.
func Clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
