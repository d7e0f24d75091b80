package yamlfile

import (
	"encoding/json"
	"fmt"
	"github.com/invopop/jsonschema"
	"iter"
	"strconv"
	"strings"
)

// Kind is what a node of a file is.
type Kind int

// Kinds of nodes.
const (
	Absent Kind = iota // the zero Node
	Null               // a key without a value
	Bool
	Number
	Text
	List
	Map
)

// String names k for people.
func (k Kind) String() string {
	return [...]string{"nothing", "no value", "true or false", "a number", "a text", "a list", "a mapping"}[k]
}

// Node is a part of a file that knows where it stands. A field of this type
// keeps its part unread, for whoever knows what it should contain; the zero
// Node is a part that is not there.
type Node struct{ n *node }

type node struct {
	kind    Kind
	pos     Pos
	text    string // of a scalar
	quoted  bool
	entries []entry
	items   []*node
	weight  int // number of nodes in it, aliases expanded
}

type entry struct {
	key   string
	pos   Pos
	value *node
}

func (n *node) find(key string) (entry, bool) {
	for _, e := range n.entries {
		if e.key == key {
			return e, true
		}
	}
	return entry{}, false
}

// Kind says what n is.
func (n Node) Kind() Kind {
	if n.n == nil {
		return Absent
	}
	return n.n.kind
}

// IsZero reports whether n is not there.
func (n Node) IsZero() bool { return n.n == nil }

// Pos is where n stands.
func (n Node) Pos() Pos {
	if n.n == nil {
		return Pos{}
	}
	return n.n.pos
}

// Text is what a scalar says, as written; "" for anything else.
func (n Node) Text() string {
	if n.n == nil {
		return ""
	}
	return n.n.text
}

// Keys lists the keys of a mapping in the order of the file.
func (n Node) Keys() []string {
	var keys []string
	for k := range n.Entries() {
		keys = append(keys, k)
	}
	return keys
}

// Get returns what a mapping has under key; the zero Node if nothing.
func (n Node) Get(key string) Node {
	if n.n != nil {
		if e, ok := n.n.find(key); ok {
			return Node{e.value}
		}
	}
	return Node{}
}

// KeyPos is where a mapping's key stands.
func (n Node) KeyPos(key string) Pos {
	if n.n != nil {
		if e, ok := n.n.find(key); ok {
			return e.pos
		}
	}
	return n.Pos()
}

// Entries yields the entries of a mapping in the order of the file.
func (n Node) Entries() iter.Seq2[string, Node] {
	return func(yield func(string, Node) bool) {
		if n.n == nil {
			return
		}
		for _, e := range n.n.entries {
			if !yield(e.key, Node{e.value}) {
				return
			}
		}
	}
}

// Items returns the items of a list.
func (n Node) Items() []Node {
	if n.n == nil {
		return nil
	}
	items := make([]Node, len(n.n.items))
	for i, item := range n.n.items {
		items[i] = Node{item}
	}
	return items
}

// With returns a copy of the mapping n in which key has value.
func (n Node) With(key string, value Node) Node {
	c := &node{kind: Map, pos: n.Pos(), weight: 1}
	if n.n != nil {
		*c = *n.n
		c.entries = append([]entry(nil), n.n.entries...)
	}
	for i, e := range c.entries {
		if e.key == key {
			c.entries[i].value = value.n
			return Node{c}
		}
	}
	if value.n == nil {
		return Node{c}
	}
	c.entries = append(c.entries, entry{key, value.Pos(), value.n})
	c.weight += value.n.weight + 1
	return Node{c}
}

// Without returns a copy of the mapping n that lacks key.
func (n Node) Without(key string) Node {
	if n.n == nil {
		return n
	}
	c := *n.n
	c.entries = nil
	for _, e := range n.n.entries {
		if e.key != key {
			c.entries = append(c.entries, e)
		}
	}
	return Node{&c}
}

// Append returns a copy of the list n with more items at its end.
func (n Node) Append(more ...Node) Node {
	c := &node{kind: List, pos: n.Pos(), weight: 1}
	if n.n != nil {
		*c = *n.n
		c.items = append([]*node(nil), n.n.items...)
	} else if len(more) > 0 {
		c.pos = more[0].Pos()
	}
	for _, m := range more {
		c.items = append(c.items, m.n)
		c.weight += m.n.weight
	}
	return Node{c}
}

// Replace returns a copy of n in which every text is what swap makes of it; a
// text that swap returns unchanged stays.
func (n Node) Replace(swap func(Node) (Node, error)) (Node, error) {
	budget := maxNodes
	var walk func(*node) (*node, error)
	walk = func(n *node) (*node, error) {
		if budget--; budget < 0 {
			return nil, n.pos.Errorf("grows to more than %d values", maxNodes)
		}
		switch n.kind {
		case Text:
			r, err := swap(Node{n})
			return r.n, err
		case List:
			c := *n
			c.items = make([]*node, len(n.items))
			for i := range n.items {
				var err error
				if c.items[i], err = walk(n.items[i]); err != nil {
					return nil, err
				}
			}
			return &c, nil
		case Map:
			c := *n
			c.entries = append([]entry(nil), n.entries...)
			for i := range c.entries {
				var err error
				if c.entries[i].value, err = walk(n.entries[i].value); err != nil {
					return nil, err
				}
			}
			return &c, nil
		}
		return n, nil
	}
	if n.n == nil {
		return n, nil
	}
	r, err := walk(n.n)
	return Node{r}, err
}

// Reworded returns a copy of the text n that says s instead.
func (n Node) Reworded(s string) Node {
	c := *n.n
	c.text = s
	return Node{&c}
}

// Any returns n as plain Go values: map[string]any, []any, string, bool, nil
// and json.Number.
func (n Node) Any() any {
	if n.n == nil {
		return nil
	}
	switch n.n.kind {
	case Bool:
		if booleanLike(n.n.text) { // to us, a word
			return n.n.text
		}
		return strings.EqualFold(n.n.text, "true")
	case Number:
		if _, err := strconv.ParseFloat(n.n.text, 64); err == nil && jsonNumber(n.n.text) {
			return json.Number(n.n.text)
		}
		return n.n.text
	case Text:
		return n.n.text
	case List:
		list := make([]any, 0, len(n.n.items))
		for _, item := range n.n.items {
			list = append(list, Node{item}.Any())
		}
		return list
	case Map:
		m := make(map[string]any, len(n.n.entries))
		for _, e := range n.n.entries {
			m[e.key] = Node{e.value}.Any()
		}
		return m
	}
	return nil
}

// MarshalJSON writes n as JSON.
func (n Node) MarshalJSON() ([]byte, error) { return json.Marshal(n.Any()) }

// jsonNumber reports whether YAML's number s is one of JSON's too.
func jsonNumber(s string) bool { return json.Valid([]byte(s)) }

// Errorf makes an error that shows n.
func (n Node) Errorf(format string, args ...any) *Error { return n.Pos().Errorf(format, args...) }

// GoString keeps test output readable.
func (n Node) GoString() string { return fmt.Sprintf("%s: %v", n.Pos(), n.Any()) }

// JSONSchema describes a part that anything may stand in.
func (Node) JSONSchema() *jsonschema.Schema { return jsonschema.TrueSchema }
