package xmltree

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// quick reads what nearly every document consists of: elements, attributes,
// text and references to characters, in names of ASCII, behind an XML
// declaration or none. It reads it as [slow] does, at a sixth of its cost.
//
// It returns nil for everything else and for every mistake, without a reason:
// what is left to [slow] is refused there, in the standard library's words.
func quick(doc string) *Node {
	q := quickReader{doc: doc}
	if rest, ok := strings.CutPrefix(doc, "<?xml "); ok {
		said, _, closed := strings.Cut(rest, "?>")
		if !closed || !declared(said) {
			return nil
		}
		q.at = len("<?xml ") + len(said) + len("?>")
	}
	q.blanks()
	if !q.next('<') {
		return nil
	}
	root := q.element(0)
	if q.blanks(); q.at < len(doc) {
		return nil
	}
	return root
}

// declared reports whether an XML declaration says nothing that matters.
func declared(said string) bool {
	said = strings.ReplaceAll(said, "'", `"`)
	return strings.EqualFold(said, `version="1.0" encoding="utf-8"`) || said == `version="1.0"` ||
		strings.EqualFold(said, `version="1.0" encoding="utf-8" standalone="yes"`) || strings.EqualFold(said, `version="1.0" encoding="utf-8" standalone="no"`)
}

type quickReader struct {
	doc     string
	at      int       // what is to be read next
	lines   int       // line ends before counted
	counted int       // up to where line ends are counted
	nodes   []Node    // room for the next ones
	closed  []*Node   // elements that have ended, and those around them have not
	text    []byte    // of all elements around that is read, and of an attribute
	bound   []binding // prefixes of all elements around, the innermost last
}

type binding struct{ prefix, space string }

// element reads an element from behind its <, depth elements deep.
func (q *quickReader) element(depth int) *Node {
	from, bound := q.at, len(q.bound)
	prefix, local, ok := q.name()
	if !ok || depth >= maxDepth || prefix == "xmlns" || local == "xmlns" {
		return nil
	}
	name := q.doc[from:q.at]
	n := q.node()
	if !q.attributes(n) {
		return nil
	}
	n.Space, n.Name, n.Line = q.space(prefix), local, q.line()
	if !q.next('/') {
		if !q.next('>') || !q.inside(n, name, depth) {
			return nil
		}
	} else if !q.next('>') {
		return nil
	}
	q.bound = q.bound[:bound]
	return n
}

// inside reads what stands in n, up to its end tag.
func (q *quickReader) inside(n *Node, name string, depth int) bool {
	closed, text := len(q.closed), len(q.text)
	for {
		if !q.characters('<') || !q.next('<') {
			return false
		}
		if q.next('/') {
			break
		}
		c := q.element(depth + 1)
		if c == nil {
			return false
		}
		q.closed = append(q.closed, c)
	}
	if !strings.HasPrefix(q.doc[q.at:], name) {
		return false
	}
	q.at += len(name)
	if q.blanks(); !q.next('>') {
		return false
	}
	if n.Children = slices.Clone(q.closed[closed:]); len(n.Children) == 0 {
		n.Children = nil
	}
	n.said(q.text[text:])
	q.closed, q.text = q.closed[:closed], q.text[:text]
	return true
}

// attributes reads those of n, up to the end of its tag.
func (q *quickReader) attributes(n *Node) bool {
	for {
		if q.blanks(); q.at >= len(q.doc) || q.doc[q.at] == '/' || q.doc[q.at] == '>' {
			break
		}
		prefix, local, ok := q.name()
		if q.blanks(); !ok || !q.next('=') {
			return false
		}
		value, ok := q.quoted()
		if !ok {
			return false
		}
		switch {
		case prefix == "xmlns":
			q.bound = append(q.bound, binding{local, value})
		case prefix == "" && local == "xmlns":
			q.bound = append(q.bound, binding{"", value})
		}
		n.Attrs = append(n.Attrs, xml.Attr{Name: xml.Name{Space: prefix, Local: local}, Value: value})
	}
	for i := range n.Attrs {
		if at := &n.Attrs[i].Name; at.Space != "" && at.Space != "xmlns" {
			at.Space = q.space(at.Space)
		}
	}
	_, twice := n.twice()
	return !twice
}

// quoted reads the value of an attribute.
func (q *quickReader) quoted() (value string, ok bool) {
	q.blanks()
	end := byte('"')
	if !q.next(end) {
		if end = '\''; !q.next(end) {
			return "", false
		}
	}
	text := len(q.text)
	if !q.characters(end) || !q.next(end) {
		return "", false
	}
	value = string(q.text[text:])
	q.text = q.text[:text]
	return value, true
}

// name reads the name of an element or attribute.
func (q *quickReader) name() (prefix, local string, ok bool) {
	from := q.at
	for q.at < len(q.doc) && classes[q.doc[q.at]]&inName != 0 {
		q.at++
	}
	local = q.doc[from:q.at]
	if local == "" || classes[local[0]]&beginsName == 0 {
		return "", "", false
	}
	if at := strings.IndexByte(local, ':'); at >= 0 {
		if prefix, local = local[:at], local[at+1:]; prefix == "" || local == "" || strings.Contains(local, ":") {
			return "", "", false
		}
	}
	return prefix, local, true
}

// characters reads text up to end, which stays, as a reader of XML has to: with
// its references resolved and its line ends as they are on Unix.
func (q *quickReader) characters(end byte) bool {
	from := q.at
	for i := q.at; i < len(q.doc); i++ {
		c := q.doc[i]
		if classes[c]&plain != 0 {
			continue
		}
		switch {
		case c == end:
			q.text = append(q.text, q.doc[from:i]...)
			q.at = i
			return true
		case c == '"' || c == '\'':
		case c == ']' && (end != '<' || !strings.HasPrefix(q.doc[i:], "]]>")):
		case c == 0xef && !strings.HasPrefix(q.doc[i:], "\xef\xbf\xbe") && !strings.HasPrefix(q.doc[i:], "\xef\xbf\xbf"):
		case c == '\r':
			q.text = append(append(q.text, q.doc[from:i]...), '\n')
			if strings.HasPrefix(q.doc[i:], "\r\n") {
				i++
			}
			from = i + 1
		case c == '&':
			said, length := reference(q.doc[i:])
			if length == 0 {
				return false
			}
			q.text = append(append(q.text, q.doc[from:i]...), said...)
			i += length - 1
			from = i + 1
		default:
			return false
		}
	}
	return false
}

// reference resolves the reference that s begins with, if XML itself has it,
// and says how long it is; 0 if it is none of them.
func reference(s string) (said string, length int) {
	name, _, ok := strings.Cut(s[1:min(len(s), 12)], ";")
	length = len(name) + 2
	switch {
	case !ok:
		return "", 0
	case name == "lt":
		return "<", length
	case name == "gt":
		return ">", length
	case name == "amp":
		return "&", length
	case name == "apos":
		return "'", length
	case name == "quot":
		return `"`, length
	}
	number, ok := strings.CutPrefix(name, "#")
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	n, err := strconv.ParseUint(number, base, 31)
	if r := rune(n); ok && err == nil && (Sayable(r) || r == '\t' || r == '\n' || r == '\r') && r <= utf8.MaxRune {
		return string(r), length
	}
	return "", 0
}

// space is what a prefix stands for; itself if nothing says it.
func (q *quickReader) space(prefix string) string {
	if prefix == "xml" {
		return "http://www.w3.org/XML/1998/namespace"
	}
	for i := len(q.bound) - 1; i >= 0; i-- {
		if q.bound[i].prefix == prefix {
			return q.bound[i].space
		}
	}
	return prefix
}

// line is the one that is read, from 1.
func (q *quickReader) line() int {
	q.lines += strings.Count(q.doc[q.counted:q.at], "\n")
	q.counted = q.at
	return q.lines + 1
}

func (q *quickReader) blanks() {
	for q.at < len(q.doc) && classes[q.doc[q.at]]&blank != 0 {
		q.at++
	}
}

// next reads c, if it stands there.
func (q *quickReader) next(c byte) bool {
	if q.at >= len(q.doc) || q.doc[q.at] != c {
		return false
	}
	q.at++
	return true
}

// node is a new element. Several are made at once.
func (q *quickReader) node() *Node {
	if len(q.nodes) == 0 {
		q.nodes = make([]Node, 16)
	}
	n := &q.nodes[0]
	q.nodes = q.nodes[1:]
	return n
}

// Classes of bytes.
const (
	plain      = 1 << iota // stands for itself in text and in attributes
	blank                  // between what is not text
	inName                 // of ASCII
	beginsName             // of ASCII
)

var classes = func() (all [256]byte) {
	for c := range all {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':'
		switch {
		case c == ' ' || c == '\t' || c == '\n':
			all[c] = plain | blank
		case c == '\r':
			all[c] = blank
		case letter:
			all[c] = plain | inName | beginsName
		case c >= '0' && c <= '9' || c == '-' || c == '.':
			all[c] = plain | inName
		case c >= ' ' && !strings.ContainsRune(`<&]"'`, rune(c)) && c != 0xef:
			all[c] = plain
		}
	}
	return all
}()
