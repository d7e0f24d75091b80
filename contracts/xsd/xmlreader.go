package xsd

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Namespaces that XML itself knows.
const (
	nsXML    = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS  = "http://www.w3.org/2000/xmlns/"
	nsXSI    = "http://www.w3.org/2001/XMLSchema-instance"
	nsSchema = "http://www.w3.org/2001/XMLSchema"
)

// Bounds of a document; what is beyond was not written by anybody.
const (
	maxDepth      = 256
	maxSize       = 64 << 20
	maxAttributes = 1_000 // of one element
)

// A name is an expanded name.
type name struct{ space, local string }

// String writes n as James Clark does: "{http://…}ID".
func (n name) String() string {
	if n.space == "" {
		return n.local
	}
	return "{" + n.space + "}" + n.local
}

// A spot is a line and column, both from 1.
type spot struct{ line, column int }

func (s spot) String() string { return fmt.Sprintf("%d:%d", s.line, s.column) }

// A notXML says where a text stops being a document that is read here.
type notXML struct {
	at   spot
	text string
}

func (e *notXML) Error() string { return fmt.Sprintf("%s: %s", e.at, e.text) }

// scope are the namespaces declared by an element, inside those around it.
type scope struct {
	prefix, space string
	around        *scope
}

// find is the namespace of a prefix. No prefix is always known.
func (s *scope) find(prefix string) (space string, known bool) {
	switch prefix {
	case "xml":
		return nsXML, true
	case "xmlns":
		return nsXMLNS, true
	}
	for ; s != nil; s = s.around {
		if s.prefix == prefix {
			return s.space, s.space != "" || prefix == ""
		}
	}
	return "", prefix == ""
}

// An attr is an attribute with its value.
type attr struct {
	name  name
	value string
}

// An event is a piece of a document: a start, an end or text.
type event struct {
	kind  eventKind
	at    spot
	name  name
	attrs []attr // without declarations of namespaces
	scope *scope // of a start
	text  []byte // valid until the next event
}

type eventKind int

const (
	start eventKind = iota
	end
	text
)

// An xmlReader reads well-formed XML 1.0 with namespaces, one event after the
// other. There are no entities but the five of XML, and no document types, so
// nothing can grow while it is read.
type xmlReader struct {
	d      *xml.Decoder
	open   []opened
	begun  bool // there was a root
	failed error
}

type opened struct {
	raw   xml.Name
	name  name
	scope *scope
}

func newXMLReader(b []byte) *xmlReader {
	r := &xmlReader{}
	if len(b) > maxSize {
		r.failed = &notXML{spot{1, 1}, fmt.Sprintf("is larger than %d MiB", maxSize>>20)}
		return r
	}
	wide := false
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		b = b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		utf, err := unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder().Bytes(b)
		if err != nil {
			r.failed = &notXML{spot{1, 1}, "is no UTF-16: " + err.Error()}
			return r
		}
		b, wide = utf, true
	}
	r.d = xml.NewDecoder(bytes.NewReader(b))
	r.d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		label = strings.ToLower(label)
		if wide && strings.HasPrefix(label, "utf-16") || label == "us-ascii" || label == "ascii" {
			return in, nil // UTF-8 by now, or a part of it
		}
		if e := charsets[label]; e != nil && !wide {
			return e.NewDecoder().Reader(in), nil
		}
		return nil, fmt.Errorf("encoding %q is not read here; UTF-8, UTF-16, ISO-8859-1, ISO-8859-15, windows-1252 and US-ASCII are", label)
	}
	return r
}

var charsets = map[string]encoding.Encoding{
	"iso-8859-1": charmap.ISO8859_1, "latin1": charmap.ISO8859_1, "iso-8859-15": charmap.ISO8859_15,
	"windows-1252": charmap.Windows1252,
}

func (r *xmlReader) here() spot {
	line, column := r.d.InputPos()
	return spot{line, column}
}

func (r *xmlReader) stop(at spot, format string, args ...any) (event, error) {
	r.failed = &notXML{at, fmt.Sprintf(format, args...)}
	return event{}, r.failed
}

// next returns the next event, io.EOF behind the last, or a *notXML.
func (r *xmlReader) next() (event, error) {
	for {
		if r.failed != nil {
			return event{}, r.failed
		}
		at := r.here()
		t, err := r.d.RawToken()
		switch {
		case errors.Is(err, io.EOF) && (len(r.open) > 0 || !r.begun):
			if !r.begun {
				return r.stop(at, "has no element")
			}
			return r.stop(at, "ends inside of element %s", r.open[len(r.open)-1].name.local)
		case errors.Is(err, io.EOF):
			r.failed = io.EOF
			return event{}, io.EOF
		case err != nil:
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				err = errors.New(syntax.Msg)
			}
			return r.stop(r.here(), "is not well-formed: %v", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			return r.start(t, at)
		case xml.EndElement:
			return r.end(t, at)
		case xml.CharData:
			if len(r.open) > 0 {
				return event{kind: text, at: at, text: t}, nil
			}
			if len(bytes.Trim(t, " \t\r\n")) > 0 {
				return r.stop(at, "is not well-formed: text outside of the root element")
			}
		case xml.Directive:
			return r.stop(at, "has a document type, which is not read: it could make a small text endless or name files")
		case xml.ProcInst:
			if strings.EqualFold(t.Target, "xml") && at != (spot{1, 1}) {
				return r.stop(at, "is not well-formed: an XML declaration stands only at the very beginning")
			}
			if !sayable(t.Inst) {
				return r.stop(at, "is not well-formed: a processing instruction with characters that XML has not, or that are not of its encoding")
			}
		case xml.Comment:
			if !sayable(t) {
				return r.stop(at, "is not well-formed: a comment with characters that XML has not, or that are not of its encoding")
			}
		}
	}
}

// sayable reports whether a text that the decoder has not looked into is one
// of characters of XML.
func sayable(text []byte) bool {
	return utf8.Valid(text) && !bytes.ContainsFunc(text, func(c rune) bool {
		return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0xfffe || c == 0xffff
	})
}

// start turns prefixes into namespaces.
func (r *xmlReader) start(t xml.StartElement, at spot) (event, error) {
	if len(r.open) == 0 && r.begun {
		return r.stop(at, "is not well-formed: a second root element")
	}
	if len(r.open) == maxDepth {
		return r.stop(at, "is nested deeper than %d elements", maxDepth)
	}
	if len(t.Attr) > maxAttributes {
		return r.stop(at, "has an element with more than %d attributes", maxAttributes)
	}
	r.begun = true
	var sc *scope
	if len(r.open) > 0 {
		sc = r.open[len(r.open)-1].scope
	}
	declared := map[string]bool{}
	for _, a := range t.Attr {
		prefix, is := declares(a.Name)
		if !is {
			continue
		}
		switch {
		case declared[prefix]:
			return r.stop(at, "is not well-formed: namespace prefix %q is declared twice", prefix)
		case prefix != "" && a.Value == "", prefix == "xmlns", prefix == "xml" && a.Value != nsXML:
			return r.stop(at, "is not well-formed: namespace prefix %q cannot be declared so", prefix)
		}
		declared[prefix] = true
		sc = &scope{prefix, a.Value, sc}
	}
	space, known := sc.find(t.Name.Space)
	if !known {
		return r.stop(at, "is not well-formed: namespace prefix %q of element %s is not declared", t.Name.Space, t.Name.Local)
	}
	e := event{kind: start, at: at, name: name{space, t.Name.Local}, scope: sc}
	seen := map[name]bool{}
	for _, a := range t.Attr {
		if _, is := declares(a.Name); is {
			continue
		}
		n := name{local: a.Name.Local}
		if a.Name.Space != "" {
			if n.space, known = sc.find(a.Name.Space); !known {
				return r.stop(at, "is not well-formed: namespace prefix %q of attribute %s is not declared", a.Name.Space, a.Name.Local)
			}
		}
		if seen[n] {
			return r.stop(at, "is not well-formed: attribute %s stands twice", n.local)
		}
		seen[n] = true
		e.attrs = append(e.attrs, attr{n, strings.Map(spaced, a.Value)})
	}
	r.open = append(r.open, opened{t.Name, e.name, sc})
	return e, nil
}

// spaced is how XML normalizes the white space of an attribute.
func spaced(c rune) rune {
	if c == '\t' || c == '\n' || c == '\r' {
		return ' '
	}
	return c
}

// declares is the prefix that an attribute declares, if it does.
func declares(n xml.Name) (prefix string, is bool) {
	if n.Space == "xmlns" {
		return n.Local, true
	}
	return "", n.Space == "" && n.Local == "xmlns"
}

func (r *xmlReader) end(t xml.EndElement, at spot) (event, error) {
	if len(r.open) == 0 {
		return r.stop(at, "is not well-formed: </%s> ends nothing", t.Name.Local)
	}
	last := r.open[len(r.open)-1]
	if last.raw != t.Name {
		return r.stop(at, "is not well-formed: </%s> ends element %s", t.Name.Local, last.name.local)
	}
	r.open = r.open[:len(r.open)-1]
	return event{kind: end, at: at, name: last.name}, nil
}
