package rewording

import (
	"bytes"
	"encoding/json"
	"strings"
)

// A node is a member of JSON, an element of XML or an attribute of one, with the
// places at which it stands.
type node struct {
	name    string
	kind    kind
	text    string // of a leaf, as it is meant
	whole   span   // with its name
	named   span   // its name; empty if it has none
	ends    span   // its name in an end tag; empty if there is none
	value   span   // JSON: the value with its quotes; XML: what is between the tags or the quotes
	into    int    // where a member can be put: behind the brace, or in front of the end tag; 0 if none can
	above   *node
	members []*node
}

type kind int

const (
	object kind = iota
	list
	text     // in quotes
	number   // of JSON
	constant // true, false, null
	element
	attribute
)

// leaf reports whether n has a text of its own.
func (n *node) leaf() bool { return n.kind >= text && (n.kind != element || len(n.elements()) == 0) }

// elements are the members of n that are no attributes.
func (n *node) elements() (all []*node) {
	for _, m := range n.members {
		if m.kind != attribute {
			all = append(all, m)
		}
	}
	return all
}

// called is what people would call n: a member that only holds the value or the
// code of what it stands in is called as that.
func (n *node) called() string {
	switch strings.ToLower(n.name) {
	case "$", "#text", "value", "code", "":
		if n.above != nil && n.above.name != "" {
			return n.above.name + n.name
		}
	}
	return n.name
}

// walk shows all nodes in the order of the document.
func (n *node) walk(see func(*node)) {
	see(n)
	for _, m := range n.members {
		m.walk(see)
	}
}

// leaves are all nodes with a text, attributes behind all others.
func (n *node) leaves() (all []*node) {
	var attributes []*node
	n.walk(func(n *node) {
		switch {
		case n.kind == attribute:
			attributes = append(attributes, n)
		case n.leaf():
			all = append(all, n)
		}
	})
	return append(all, attributes...)
}

// deepest is how far documents may be nested; what is deeper is not looked at.
const deepest = 64

// jsonAt reads a value of JSON that begins at from.
func jsonAt(b []byte, from int) (*node, bool) {
	n, _, ok := jsonValue(b, blanks(b, from), 0)
	return n, ok
}

func blanks(b []byte, at int) int {
	for at < len(b) && strings.IndexByte(" \t\r\n", b[at]) >= 0 {
		at++
	}
	return at
}

func jsonValue(b []byte, at, depth int) (n *node, end int, ok bool) {
	if at >= len(b) || depth > deepest {
		return nil, at, false
	}
	switch b[at] {
	case '{', '[':
		return jsonMembers(b, at, depth)
	case '"':
		if end, ok = jsonString(b, at); !ok {
			return nil, at, false
		}
		n = &node{kind: text}
		_ = json.Unmarshal(b[at:end], &n.text) // a text that is none is not looked for
	default:
		for end = at; end < len(b) && strings.IndexByte("+-.0123456789eEtrufalsn", b[end]) >= 0; end++ {
		}
		if end == at {
			return nil, at, false
		}
		n = &node{kind: number, text: string(b[at:end])}
		if strings.IndexByte("tfn", b[at]) >= 0 {
			n.kind = constant
		}
	}
	n.value, n.whole = span{at, end}, span{at, end}
	return n, end, true
}

func jsonString(b []byte, at int) (end int, ok bool) {
	for end = at + 1; end < len(b); end++ {
		switch b[end] {
		case '\\':
			end++
		case '"':
			return end + 1, true
		}
	}
	return end, false
}

func jsonMembers(b []byte, at, depth int) (n *node, end int, ok bool) {
	n = &node{kind: object, into: at + 1}
	closing := byte('}')
	if b[at] == '[' {
		n.kind, n.into, closing = list, 0, ']'
	}
	for end = blanks(b, at+1); end < len(b); end = blanks(b, end) {
		if b[end] == closing {
			n.value, n.whole = span{at, end + 1}, span{at, end + 1}
			return n, end + 1, true
		}
		if b[end] == ',' {
			end++
			continue
		}
		begin, name := end, span{}
		if n.kind == object {
			after, ok := jsonString(b, end)
			if !ok || b[end] != '"' {
				return nil, end, false
			}
			name = span{end + 1, after - 1}
			if end = blanks(b, after); end >= len(b) || b[end] != ':' {
				return nil, end, false
			}
			end = blanks(b, end+1)
		}
		m, after, ok := jsonValue(b, end, depth+1)
		if !ok {
			return nil, end, false
		}
		m.above, m.named, m.whole, end = n, name, span{begin, after}, after
		if m.name = string(b[name.from:name.to]); n.kind == list {
			m.name = n.name // it is one of those
		}
		n.members = append(n.members, m)
		m.renameItems()
	}
	return nil, end, false
}

// renameItems calls what stands in a list as the list, whose name is read later
// than its members.
func (n *node) renameItems() {
	if n.kind != list {
		return
	}
	for _, m := range n.members {
		m.name = n.name
		m.renameItems()
	}
}

// xmlAt reads the element of XML that is the root of what begins at from. It is
// a reader of places, not of validity: what does not close is not looked at.
func xmlAt(b []byte, from int) (*node, bool) {
	var open []*node
	for at := from; ; {
		i := bytes.IndexByte(b[at:], '<')
		if i < 0 {
			return nil, false
		}
		at += i
		switch rest := b[at:]; {
		case bytes.HasPrefix(rest, []byte("<!--")):
			at = behind(b, at, "-->")
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			at = behind(b, at, "]]>")
		case bytes.HasPrefix(rest, []byte("<?")), bytes.HasPrefix(rest, []byte("<!")):
			at = behind(b, at, ">")
		case bytes.HasPrefix(rest, []byte("</")):
			end := behind(b, at, ">")
			if len(open) == 0 || end > len(b) {
				return nil, false
			}
			n := open[len(open)-1]
			open = open[:len(open)-1]
			n.ends = span{at + 2, at + 2 + len(n.name)}
			n.into, n.value.to, n.whole.to = at, at, end
			n.text = strings.TrimSpace(unescaped.Replace(string(b[n.value.from:at])))
			if at = end; len(open) == 0 {
				return n, true
			}
		default:
			n, end, closed, ok := xmlTag(b, at)
			if !ok || len(open) > deepest {
				return nil, false
			}
			if len(open) > 0 {
				n.above = open[len(open)-1]
				n.above.members = append(n.above.members, n)
			}
			if at = end; !closed {
				open = append(open, n)
			} else if len(open) == 0 {
				return n, true
			}
		}
		if at > len(b) {
			return nil, false
		}
	}
}

// unescaped and escaped are the characters that XML cannot say as they are.
var (
	unescaped = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&")
	escaped   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
)

// behind is the place behind the next end; beyond b if there is none.
func behind(b []byte, at int, end string) int {
	if i := bytes.Index(b[at:], []byte(end)); i >= 0 {
		return at + i + len(end)
	}
	return len(b) + 1
}

// xmlTag reads a start tag.
func xmlTag(b []byte, at int) (n *node, end int, closed, ok bool) {
	i := at + 1
	for i < len(b) && strings.IndexByte(" \t\r\n/>", b[i]) < 0 {
		i++
	}
	n = &node{kind: element, name: string(b[at+1 : i]), named: span{at + 1, i}, whole: span{from: at}}
	if n.name == "" {
		return nil, at, false, false
	}
	for {
		i = blanks(b, i)
		switch {
		case i >= len(b):
			return nil, at, false, false
		case b[i] == '>':
			n.value = span{i + 1, i + 1}
			return n, i + 1, false, true
		case b[i] == '/':
			end = behind(b, i, ">")
			n.value, n.whole.to = span{i, i}, end
			return n, end, true, end <= len(b)
		}
		eq := bytes.IndexByte(b[i:], '=')
		if eq < 0 {
			return nil, at, false, false
		}
		name := span{i, i + len(bytes.TrimRight(b[i:i+eq], " \t\r\n"))}
		q := blanks(b, i+eq+1)
		if q >= len(b) || b[q] != '"' && b[q] != '\'' {
			return nil, at, false, false
		}
		to := behind(b, q+1, string(b[q]))
		if to > len(b) {
			return nil, at, false, false
		}
		a := &node{kind: attribute, name: string(b[name.from:name.to]), named: name, value: span{q + 1, to - 1}, whole: span{i, to}, above: n}
		a.text = unescaped.Replace(string(b[a.value.from:a.value.to]))
		n.members = append(n.members, a)
		i = to
	}
}
