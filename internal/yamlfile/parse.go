package yamlfile

import (
	"errors"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parse makes a tree of text.
func parse(src *source, text string) (n Node, err error) {
	// The parser is somebody else's and its input is anybody's: whatever it
	// trips over is a mistake in the file, never a crash of ours.
	defer func() {
		if p := recover(); p != nil {
			n, err = Node{}, src.at(1, 1).Errorf("cannot be read as YAML")
		}
	}()
	tokens := lexer.Tokenize(text)
	if err := bounded(src, tokens); err != nil {
		return Node{}, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return Node{}, syntaxError(src, err)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			return Node{}, src.pos(doc.Start).Errorf("a second document begins here").WithHint("keep one document in a file")
		}
		body = doc.Body
	}
	if body == nil {
		return Node{}, &Error{Pos: Pos{File: src.name}, Text: "is empty"}
	}
	t := tree{src: src, anchors: map[string]*node{}}
	root, err := t.node(body, 0)
	if err != nil {
		return Node{}, err
	}
	return Node{root}, nil
}

// bounded refuses what would take the parser longer than anybody's file: it
// is quadratic in the number of keys and recursive in their depth.
func bounded(src *source, tokens token.Tokens) error {
	if len(tokens) > maxTokens {
		return src.at(1, 1).Errorf("has more than %d words", maxTokens)
	}
	flow, onLine, line := 0, 0, 0
	for _, tk := range tokens {
		if tk.Position.Line != line {
			line, onLine = tk.Position.Line, 0
		}
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			onLine++
		}
		if flow > maxDepth || onLine > maxDepth {
			return src.pos(tk).Errorf("is nested more than %d levels deep", maxDepth)
		}
	}
	return nil
}

func syntaxError(src *source, err error) error {
	var y yaml.Error
	if !errors.As(err, &y) {
		return src.at(1, 1).Errorf("cannot be read as YAML: %s", firstLine(err.Error()))
	}
	e := src.pos(y.GetToken()).Errorf("%s", firstLine(y.GetMessage()))
	if tk := y.GetToken(); tk != nil && strings.Contains(tk.Origin, "\t") {
		e.Hint = "indent with blanks, not tabs"
	}
	return e
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return clip(s)
}

func (s *source) pos(tk *token.Token) Pos {
	if tk == nil || tk.Position == nil {
		return s.at(1, 1)
	}
	return s.at(tk.Position.Line, tk.Position.Column)
}

// tree turns the parser's tree into ours: aliases followed, surprises refused.
type tree struct {
	src     *source
	anchors map[string]*node
}

func (t *tree) node(n ast.Node, depth int) (*node, error) {
	pos := t.src.pos(n.GetToken())
	if depth > maxDepth {
		return nil, pos.Errorf("is nested more than %d levels deep", maxDepth)
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		value, err := t.node(n.Value, depth+1)
		if err != nil {
			return nil, err
		}
		t.anchors[n.Name.String()] = value
		return value, nil
	case *ast.AliasNode:
		name := n.Value.String()
		value, ok := t.anchors[name]
		if !ok {
			return nil, pos.Errorf("alias *%s has no anchor before it", clip(name)).WithHint("mark what it stands for with &%s", clip(name))
		}
		return value, nil
	case *ast.TagNode:
		return nil, pos.Errorf("tags such as %s are not used here", clip(n.Start.Value)).WithHint("quote a value to make it a text")
	case *ast.MappingNode:
		return t.mapping(pos, n.Values, depth)
	case *ast.MappingValueNode:
		return t.mapping(t.src.pos(n.Key.GetToken()), []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		list := &node{kind: List, pos: pos, weight: 1}
		for _, v := range n.Values {
			item, err := t.node(v, depth+1)
			if err != nil {
				return nil, err
			}
			list.items = append(list.items, item)
			if err := list.grow(item.weight); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return t.scalar(pos, n)
}

func (t *tree) scalar(pos Pos, n ast.Node) (*node, error) {
	s := &node{pos: pos, weight: 1, text: n.GetToken().Value}
	switch n := n.(type) {
	case *ast.StringNode:
		s.kind, s.text = Text, n.Value
		s.quoted = n.Token.Type == token.DoubleQuoteType || n.Token.Type == token.SingleQuoteType
		if !s.quoted {
			s.kind = plainKind(s.text)
		}
	case *ast.LiteralNode:
		s.kind, s.text, s.quoted = Text, n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		s.kind = Number
	case *ast.BoolNode:
		s.kind = Bool
	case *ast.NullNode:
		s.kind = Null
	default:
		return nil, pos.Errorf("cannot be read here (%s)", n.Type())
	}
	return s, nil
}

// numberLike is what one YAML reader or another takes for a number: exponents,
// underscores, other bases, and 12:30 as seven hundred and fifty.
var numberLike = regexp.MustCompile(`^[-+]?([0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)$`)

// plainKind is what an unquoted text might be to another reader. An
// identifier that only some readers keep as it is must be quoted.
func plainKind(s string) Kind {
	switch {
	case numberLike.MatchString(s):
		return Number
	case booleanLike(s):
		return Bool
	}
	return Text
}

func booleanLike(s string) bool {
	switch strings.ToLower(s) {
	case "on", "off", "yes", "no", "y", "n":
		return true
	}
	return false
}

func (t *tree) mapping(pos Pos, values []*ast.MappingValueNode, depth int) (*node, error) {
	m := &node{kind: Map, pos: pos, weight: 1}
	if len(values) > 0 {
		m.pos = t.src.pos(values[0].Key.GetToken())
	}
	var merged []*node
	for _, v := range values {
		keyPos := t.src.pos(v.Key.GetToken())
		value, err := t.node(v.Value, depth+1)
		if err != nil {
			return nil, err
		}
		if _, ok := v.Key.(*ast.MergeKeyNode); ok {
			if value.kind != Map {
				return nil, keyPos.Errorf("<< needs a mapping to merge").WithHint("write <<: *NAME of an anchored mapping")
			}
			merged = append(merged, value)
			continue
		}
		key, err := t.key(keyPos, v.Key)
		if err != nil {
			return nil, err
		}
		if first, ok := m.find(key); ok {
			return nil, keyPos.Errorf("key %q is given twice", clip(key)).WithHint("first given in line %d", first.pos.Line)
		}
		m.entries = append(m.entries, entry{key, keyPos, value})
		if err := m.grow(value.weight + 1); err != nil {
			return nil, err
		}
	}
	for _, from := range merged {
		for _, e := range from.entries {
			if _, own := m.find(e.key); !own {
				m.entries = append(m.entries, e)
				if err := m.grow(e.value.weight + 1); err != nil {
					return nil, err
				}
			}
		}
	}
	return m, nil
}

// key refuses keys that another YAML reader would not take for the text they
// look like.
func (t *tree) key(pos Pos, k ast.Node) (string, error) {
	s, ok := k.(*ast.StringNode)
	if !ok {
		switch k.(type) {
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
			text := k.GetToken().Value
			return "", pos.Errorf("key %s is not a text", clip(text)).WithHint("quote it: %q", clip(text))
		}
		return "", pos.Errorf("a key must be a plain word")
	}
	quoted := s.Token.Type == token.DoubleQuoteType || s.Token.Type == token.SingleQuoteType
	switch {
	case !quoted && booleanLike(s.Value):
		return "", pos.Errorf("key %q is read as true or false by some YAML readers", s.Value).WithHint("no key of Andon is called so; quote it if it is a name of yours")
	case !quoted && numberLike.MatchString(s.Value):
		return "", pos.Errorf("key %s is not a text", clip(s.Value)).WithHint("quote it: %q", clip(s.Value))
	}
	return s.Value, nil
}

// grow adds to what a node comes to with all aliases expanded.
func (n *node) grow(by int) error {
	n.weight += by
	if n.weight > maxNodes {
		return n.pos.Errorf("grows to more than %d values when its aliases are expanded", maxNodes)
	}
	return nil
}
