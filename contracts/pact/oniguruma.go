package pact

import (
	"errors"
	"fmt"
	"strings"
)

// translate writes a pattern of Oniguruma, which the official engine uses with
// the syntax of Ruby, as package regexp2 reads it. What the two mean alike is
// left as it is.
func translate(expr string) (string, error) {
	t := translator{in: expr}
	for t.at < len(expr) {
		if err := t.next(); err != nil {
			return "", fmt.Errorf("regular expression %q: %w", expr, err)
		}
	}
	if len(t.open) > 0 {
		return "", fmt.Errorf("regular expression %q: a group is not closed", expr)
	}
	if t.named && t.numbered {
		return "", fmt.Errorf("regular expression %q: %w", expr, errNumbered)
	}
	return t.out.String() + t.implied, nil
}

type translator struct {
	in      string
	at      int
	out     strings.Builder
	atom    int // where the last atom begins in out; -1 if there is none to repeat
	open    []group
	implied string // closes the groups that options have opened, which end with the group around them
	// Where groups have names, the others have no numbers.
	named, numbered bool
}

// group is one that is open.
type group struct {
	begins  int
	implied string
}

var (
	errOption   = errors.New("the official engine knows the options i, m and x, and no others")
	errNumbered = errors.New("a group is called by its number, which it has not where others have names")
)

// notHere says that a pattern may be right and cannot be read here.
func notHere(what string) error { return fmt.Errorf("%w: %s is not known here", errCannotTell, what) }

func (t *translator) rest() string { return t.in[t.at:] }

// write copies n bytes of the pattern as one atom.
func (t *translator) write(n int) {
	t.replace(n, t.in[t.at:t.at+n])
}

// replace stands for n bytes of the pattern.
func (t *translator) replace(n int, as string) {
	t.atom = t.out.Len()
	t.out.WriteString(as)
	t.at += n
}

func (t *translator) next() error {
	switch c := t.in[t.at]; c {
	case '\\':
		return t.escape()
	case '[':
		return t.class()
	case '(':
		return t.group()
	case ')':
		return t.close()
	case '|':
		t.write(1)
		t.atom = -1
	case '*', '+', '?':
		t.repeat(1)
	case '{':
		if n := interval(t.rest()); n > 0 {
			t.repeat(n)
		} else {
			t.replace(1, `\{`)
		}
	default:
		n := 1
		for t.at+n < len(t.in) && t.in[t.at+n]&0xc0 == 0x80 {
			n++ // the rest of a character
		}
		t.write(n)
	}
	return nil
}

// interval is the length of {n,m} at the beginning of s, 0 if there is none.
func interval(s string) int {
	end := strings.IndexByte(s, '}')
	if end < 2 || strings.Trim(s[1:end], "0123456789,") != "" || strings.Count(s[1:end], ",") > 1 || s[1:end] == "," {
		return 0
	}
	return end + 1
}

// repeat copies a quantifier of n bytes. One + behind it makes it possessive,
// except behind an interval, which is repeated then.
func (t *translator) repeat(n int) {
	quantifier, begins := t.in[t.at:t.at+n], t.atom
	if strings.HasPrefix(quantifier, "{,") {
		quantifier = "{0" + quantifier[1:]
	}
	t.at += n
	t.out.WriteString(quantifier)
	if t.at >= len(t.in) || begins < 0 {
		return
	}
	switch next := t.in[t.at]; {
	case next == '?' && n == 1:
		t.out.WriteByte('?')
		t.at++
	case next == '?' && strings.Contains(quantifier, ","):
		t.out.WriteByte('?')
		t.at++
	case next == '+' && n == 1:
		t.wrap(begins, "(?>")
		t.at++
	case next == '+' || next == '*' || next == '?':
		t.wrap(begins, "(?:")
	}
}

// wrap puts all since begins into a group.
func (t *translator) wrap(begins int, opening string) {
	s := t.out.String()
	t.out.Reset()
	t.out.WriteString(s[:begins] + opening + s[begins:] + ")")
	t.atom = begins
}

// escapes that regexp2 reads otherwise or not at all.
var escapes = map[byte]string{
	'h': `[0-9a-fA-F]`, 'H': `[^0-9a-fA-F]`, 'R': `(?>\r\n|[\n-\r\u0085\u2028\u2029])`, 'K': "", 'G': "", 'X': "", 'y': "", 'Y': "", 'g': "", 'C': "", 'M': "",
}

// alike are the letters and digits whose escapes both read, and alike; others
// stand for themselves.
const alike = "AzZbBdDwWsStnrfvaexuck0123456789"

func (t *translator) escape() error {
	if t.at+1 >= len(t.in) {
		return errors.New(`it ends in \`)
	}
	c := t.in[t.at+1]
	if as, ok := escapes[c]; ok {
		if as == "" {
			return notHere(`\` + string(c))
		}
		t.replace(2, as)
		return nil
	}
	rest := t.rest()
	switch {
	case c == 'p' || c == 'P':
		as, n, err := property(rest)
		if err != nil {
			return err
		}
		t.replace(n, as)
	case c == 'k' && len(rest) > 2 && (rest[2] == '<' || rest[2] == '\''):
		end := strings.IndexAny(rest[3:], ">'")
		if end < 0 {
			return errors.New(`\k names no group`)
		}
		t.write(4 + end)
	case c == 'x' && strings.HasPrefix(rest[2:], "{"):
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return errors.New(`\x{ is not closed`)
		}
		t.write(end + 1)
	case c >= 0x80:
		t.replace(1, "")
	case letter(c) && strings.IndexByte(alike, c) < 0:
		t.replace(2, string(c))
	default:
		t.numbered = t.numbered || c >= '1' && c <= '9'
		t.write(2)
	}
	return nil
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// classes by the names of POSIX, as the content of a class.
var classes = map[string]string{
	"alpha": `\p{L}\p{M}\p{Nl}`, "digit": `\p{Nd}`, "alnum": `\p{L}\p{M}\p{Nl}\p{Nd}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`, "space": `\s`,
	"punct": `\p{P}\p{S}`, "word": `\w`, "xdigit": `0-9a-fA-F`, "blank": `\p{Zs}\t`, "cntrl": `\p{Cc}`,
	"graph": `\p{L}\p{M}\p{N}\p{P}\p{S}`, "print": `\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}`, "ascii": `\x00-\x7f`,
	"^digit": `\P{Nd}`, "^space": `\S`, "^word": `\W`, "^upper": `\P{Lu}`, "^lower": `\P{Ll}`,
}

// properties that have a longer name than regexp2 knows.
var properties = map[string]string{"letter": "L", "uppercase_letter": "Lu", "lowercase_letter": "Ll", "number": "N", "decimal_number": "Nd", "punctuation": "P", "symbol": "S", "mark": "M"}

// property reads \p{…} and \p{^…}.
func property(rest string) (as string, n int, err error) {
	end := strings.IndexByte(rest, '}')
	if len(rest) < 4 || rest[2] != '{' || end < 0 {
		return "", 0, errors.New(`\p names no property; write \p{L}`)
	}
	name, not := strings.CutPrefix(rest[3:end], "^")
	if (rest[1] == 'P') != not {
		return negated(name), end + 1, nil
	}
	if c, ok := classes[strings.ToLower(name)]; ok {
		return "[" + c + "]", end + 1, nil
	}
	return `\p{` + shortest(name) + `}`, end + 1, nil
}

func shortest(name string) string {
	if s, ok := properties[strings.ToLower(name)]; ok {
		return s
	}
	return name
}

func negated(name string) string {
	if c, ok := classes[strings.ToLower(name)]; ok {
		return "[^" + c + "]"
	}
	return `\P{` + shortest(name) + `}`
}

// class copies a class. Classes in classes are joined to it; their
// intersection is not known here.
func (t *translator) class() error {
	t.atom = t.out.Len()
	t.out.WriteByte('[')
	t.at++
	if strings.HasPrefix(t.rest(), "^") {
		t.out.WriteByte('^')
		t.at++
	}
	err := t.members()
	t.out.WriteByte(']')
	return err
}

// members copies what stands in a class up to its end.
func (t *translator) members() error {
	for first := true; t.at < len(t.in); first = false {
		rest := t.rest()
		switch {
		case rest[0] == ']' && !first:
			t.at++
			return nil
		case rest[0] == ']':
			t.out.WriteString(`\]`)
			t.at++
		case strings.HasPrefix(rest, "&&"):
			return notHere("&& in a class")
		case strings.HasPrefix(rest, "[:"):
			if err := t.posix(rest); err != nil {
				return err
			}
		case strings.HasPrefix(rest, "[^"):
			return notHere("[^ in a class")
		case rest[0] == '[':
			t.at++
			if err := t.members(); err != nil {
				return err
			}
		case rest[0] == '\\' && len(rest) > 1 && (rest[1] == 'h' || rest[1] == 'p' || rest[1] == 'P'):
			if err := t.inside(rest); err != nil {
				return err
			}
		case rest[0] == '\\' && len(rest) > 1 && rest[1] < 0x80:
			t.out.WriteString(rest[:2])
			t.at += 2
		default:
			t.out.WriteByte(rest[0])
			t.at++
		}
	}
	return errors.New("a class is not closed")
}

func (t *translator) posix(rest string) error {
	name, _, closed := strings.Cut(rest[2:], ":]")
	if !closed {
		return errors.New("[: is not closed")
	}
	as, ok := classes[name]
	if !ok {
		return fmt.Errorf("there is no class [:%s:]", clip(name))
	}
	t.out.WriteString(as)
	t.at += len("[:" + name + ":]")
	return nil
}

// inside writes \h and properties inside a class.
func (t *translator) inside(rest string) error {
	if rest[1] == 'h' {
		t.out.WriteString("0-9a-fA-F")
		t.at += 2
		return nil
	}
	as, n, err := property(rest)
	if err != nil {
		return err
	}
	if strings.HasPrefix(as, "[^") {
		return notHere(rest[:n] + " in a class")
	}
	t.out.WriteString(strings.Trim(as, "[]"))
	t.at += n
	return nil
}

// group copies what opens a group. Options hold to the end of the group around
// them, alternatives included.
func (t *translator) group() error {
	rest := t.rest()
	if !strings.HasPrefix(rest, "(?") {
		t.push(1, "(")
		return nil
	}
	switch {
	case strings.HasPrefix(rest, "(?#"):
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return errors.New("a comment is not closed")
		}
		t.at += end + 1
		return nil
	case len(rest) > 2 && strings.IndexByte(":=!>", rest[2]) >= 0:
		t.push(3, rest[:3])
		return nil
	case strings.HasPrefix(rest, "(?("):
		end := strings.IndexByte(rest, ')')
		if end < 4 || strings.Trim(rest[3:end], "0123456789") != "" {
			return notHere("this condition")
		}
		t.push(end+1, rest[:end+1])
		return nil
	case strings.HasPrefix(rest, "(?<=") || strings.HasPrefix(rest, "(?<!"):
		t.push(4, rest[:4])
		return nil
	case strings.HasPrefix(rest, "(?<") || strings.HasPrefix(rest, "(?'"):
		end := strings.IndexAny(rest[3:], ">'")
		if end < 0 {
			return errors.New("the name of a group is not closed")
		}
		t.named = true
		t.push(4+end, rest[:4+end])
		return nil
	}
	return t.options(rest)
}

func (t *translator) options(rest string) error {
	end := strings.IndexAny(rest, ":)")
	if end < 0 || strings.Trim(rest[2:end], "imx-") != "" {
		return errOption
	}
	// What Ruby calls m lets a point match the end of a line, which is s elsewhere.
	flags := strings.ReplaceAll(rest[2:end], "m", "s")
	if rest[end] == ':' {
		t.push(end+1, "(?"+flags+":")
		return nil
	}
	t.out.WriteString("(?" + flags + ":")
	t.at += end + 1
	t.atom = -1
	t.implied = "\n)" + t.implied // a comment would swallow what stands on its line
	if !strings.Contains(flags, "x") {
		t.implied = t.implied[1:]
	}
	return nil
}

func (t *translator) push(n int, as string) {
	t.open = append(t.open, group{t.out.Len(), t.implied})
	t.out.WriteString(as)
	t.at += n
	t.atom, t.implied = -1, ""
}

func (t *translator) close() error {
	if len(t.open) == 0 {
		return errors.New("a group is closed that is not open")
	}
	g := t.open[len(t.open)-1]
	t.open = t.open[:len(t.open)-1]
	t.out.WriteString(t.implied + ")")
	t.at++
	t.atom, t.implied = g.begins, g.implied
	return nil
}
