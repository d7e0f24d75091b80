package xsd

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
)

// A pattern is an expression of XML Schema (part 2, appendix F), which always
// matches whole texts. It is run by Go's engine, whose time grows with the
// text and never explodes.
type pattern struct {
	text  string
	re    *regexp.Regexp
	known bool // it belongs to a built-in type
}

// maxPattern bounds one expression.
const maxPattern = 10_000

// newPattern translates an expression: its classes can be subtracted, ^ and $
// stand for themselves, and \i and \c are the characters of names.
func newPattern(text string) (*pattern, error) {
	if len(text) > maxPattern {
		return nil, fmt.Errorf("is longer than %d bytes", maxPattern)
	}
	t := translator{in: []rune(text)}
	out, err := t.expression(0)
	if err == nil && t.at < len(t.in) {
		err = fmt.Errorf("%q at %d ends nothing", string(t.in[t.at]), t.at+1)
	}
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(`^(?:` + out + `)$`)
	var se *syntax.Error
	switch {
	case errors.As(err, &se) && (se.Code == syntax.ErrInvalidRepeatSize || se.Code == syntax.ErrLarge):
		return nil, errors.New("repeats too often for a check whose time is bounded; leave counts above 1000 to maxLength")
	case err != nil:
		return nil, err
	}
	return &pattern{text: text, re: re}, nil
}

type translator struct {
	in []rune
	at int
}

// peek is the next character, 0 at the end.
func (t *translator) peek() rune {
	if t.at < len(t.in) {
		return t.in[t.at]
	}
	return 0
}

func (t *translator) take() rune {
	c := t.peek()
	t.at++
	return c
}

func (t *translator) expression(depth int) (string, error) {
	if depth > 100 {
		return "", errors.New("is nested deeper than 100 levels")
	}
	var out strings.Builder
	for t.at < len(t.in) && t.peek() != ')' {
		if t.peek() == '|' {
			t.at++
			out.WriteByte('|')
			continue
		}
		atom, err := t.atom(depth)
		if err != nil {
			return "", err
		}
		count, err := t.quantifier()
		if err != nil {
			return "", err
		}
		out.WriteString(atom + count)
	}
	return out.String(), nil
}

func (t *translator) atom(depth int) (string, error) {
	switch c := t.take(); c {
	case '(':
		inner, err := t.expression(depth + 1)
		if err != nil {
			return "", err
		}
		if t.take() != ')' {
			return "", errors.New("a ( is not closed")
		}
		return "(?:" + inner + ")", nil
	case '[':
		s, err := t.class(depth)
		return s.String(), err
	case '.':
		return `[^\n\r]`, nil
	case '\\':
		s, err := t.escape()
		return s.String(), err
	case '?', '*', '+', '{', '}', ']':
		return "", fmt.Errorf("%q at %d stands behind nothing; write \\%c for the character", string(c), t.at, c)
	default:
		return regexp.QuoteMeta(string(c)), nil
	}
}

var counts = regexp.MustCompile(`^\{([0-9]{1,9})(,([0-9]{1,9})?)?\}`)

func (t *translator) quantifier() (string, error) {
	switch t.peek() {
	case '?', '*', '+':
		return string(t.take()), nil
	case '{':
		m := counts.FindStringSubmatch(string(t.in[t.at:min(len(t.in), t.at+24)]))
		if m == nil {
			return "", fmt.Errorf("{ at %d begins no count such as {2} or {1,5}", t.at+1)
		}
		low, _ := strconv.Atoi(m[1])
		if high, err := strconv.Atoi(m[3]); err == nil && high < low {
			return "", fmt.Errorf("%s counts from more to less", m[0])
		}
		t.at += len(m[0])
		return m[0], nil
	}
	return "", nil
}

// class reads what stands between brackets, behind the first.
func (t *translator) class(depth int) (set, error) {
	if depth > 100 {
		return nil, errors.New("is nested deeper than 100 levels")
	}
	negated := t.peek() == '^'
	if negated {
		t.at++
	}
	var s set
	for first := true; ; first = false {
		switch c := t.peek(); {
		case c == 0 && t.at >= len(t.in):
			return nil, errors.New("a [ is not closed")
		case c == ']' && !first:
			t.at++
			if negated {
				s = s.complement()
			}
			return s, nil
		case c == '-' && !first && t.at+1 < len(t.in) && t.in[t.at+1] == '[':
			t.at += 2
			without, err := t.class(depth + 1)
			if err != nil {
				return nil, err
			}
			if t.take() != ']' {
				return nil, errors.New("a subtraction must be the last in its class")
			}
			if negated {
				s = s.complement()
			}
			return s.without(without), nil
		}
		one, err := t.span()
		if err != nil {
			return nil, err
		}
		s = s.with(one)
	}
}

// span reads a character, an escape or a range of a class.
func (t *translator) span() (set, error) {
	from, err := t.classChar()
	if err != nil {
		return nil, err
	}
	if t.peek() != '-' || t.at+1 >= len(t.in) || t.in[t.at+1] == ']' || t.in[t.at+1] == '[' {
		return from, nil
	}
	t.at++
	to, err := t.classChar()
	switch {
	case err != nil:
		return nil, err
	case !from.single() || !to.single() || from[0] > to[0]:
		return nil, fmt.Errorf("a range that ends at %d goes from nowhere to nowhere", t.at)
	}
	return set{from[0], to[0]}, nil
}

func (t *translator) classChar() (set, error) {
	switch c := t.take(); c {
	case '\\':
		return t.escape()
	case '[', ']':
		return nil, fmt.Errorf("%q at %d cannot stand in a class; write \\%c", string(c), t.at, c)
	default:
		return set{c, c}, nil
	}
}

// escape reads what is behind a backslash.
func (t *translator) escape() (set, error) {
	c := t.take()
	switch c {
	case 'n':
		return set{'\n', '\n'}, nil
	case 'r':
		return set{'\r', '\r'}, nil
	case 't':
		return set{'\t', '\t'}, nil
	case 'p', 'P':
		end := strings.IndexRune(string(t.in[min(t.at, len(t.in)):]), '}')
		if t.peek() != '{' || end < 0 {
			return nil, fmt.Errorf("\\%c needs a category: \\%c{Lu}", c, c)
		}
		word := string(t.in[t.at+1:])[:end-1]
		t.at += len([]rune(word)) + 2
		s, err := category(word)
		if c == 'P' {
			s = s.complement()
		}
		return s, err
	}
	if s, ok := multi[unicode.ToLower(c)]; ok {
		if unicode.IsUpper(c) {
			s = s.complement()
		}
		return s, nil
	}
	if c != 0 && strings.ContainsRune(`\|.?*+(){}-[]^`, c) {
		return set{c, c}, nil
	}
	return nil, fmt.Errorf("\\%c is no escape of XML Schema", c)
}

// multi are the escapes that stand for many characters.
var multi = map[rune]set{
	's': classSet(`[ \t\n\r]`),
	'd': classSet(`[\p{Nd}]`),
	'w': classSet(`[\p{P}\p{Z}\p{C}]`).with(unassigned()).complement(),
	'i': classSet(`[` + nameStart + `]`),
	'c': classSet(`[` + nameChar + `]`),
}

// unassigned are the characters that Unicode has not given out.
func unassigned() set {
	var s set
	for _, t := range []*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C} {
		s = s.with(tableSet(t))
	}
	return s.complement()
}

func category(word string) (set, error) {
	switch word {
	case "IsBasicLatin":
		return set{0, 0x7f}, nil
	case "IsLatin-1Supplement":
		return set{0x80, 0xff}, nil
	}
	if t := unicode.Categories[word]; t != nil && len(word) <= 2 {
		return tableSet(t), nil
	}
	return nil, fmt.Errorf("category %q is not known here; categories such as L and Nd, IsBasicLatin and IsLatin-1Supplement are", word)
}
