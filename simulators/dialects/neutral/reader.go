package neutral

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/andon-rig/andon/simulators"
)

// Bounds of what is read, so that a hostile body costs no more than its size.
const (
	maxDepth   = 64
	maxMembers = 256 // of one object that is read, not skipped
)

// reader walks a JSON text once, front to back, and knows the way to where it
// is. encoding/json is not used: it matches names whatever their case, takes
// the last of two members of one name, and cannot say where it stumbled.
//
// After the first mistake every method does nothing and err stays.
type reader struct {
	b     []byte
	i     int
	depth int
	way   []step   // to the value being read
	names [][]byte // of the members read so far of the objects being read
	kept  strings.Builder
	err   error
}

// step is a member's name, or an element's index if name is nil.
type step struct {
	name  []byte
	index int
}

// fail notes the first mistake, with the way to it.
func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = refusal(r.where(), fmt.Sprintf(format, args...))
	}
}

// failAt is fail for something below where the reader is.
func (r *reader) failAt(below, format string, args ...any) {
	if r.err != nil {
		return
	}
	where := r.where()
	if where != "" && below[0] != '[' {
		where += "."
	}
	r.err = refusal(where+below, fmt.Sprintf(format, args...))
}

func refusal(where, text string) error {
	if where != "" {
		text = where + ": " + text
	}
	return &simulators.Refusal{Class: simulators.DataQuality, Code: codeMalformed, Text: text}
}

func (r *reader) where() string {
	var s strings.Builder
	for _, p := range r.way {
		switch {
		case p.name == nil:
			s.WriteByte('[')
			s.WriteString(strconv.Itoa(p.index))
			s.WriteByte(']')
		default:
			if s.Len() > 0 {
				s.WriteByte('.')
			}
			s.WriteString(clip(string(p.name)))
		}
	}
	return s.String()
}

// clip keeps hostile input out of error messages.
func clip(s string) string {
	if len(s) <= 40 {
		return s
	}
	n := 40
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// peek returns the next byte that is not white space, 0 at the end.
func (r *reader) peek() byte {
	for r.i < len(r.b) {
		switch c := r.b[r.i]; c {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return c
		}
	}
	return 0
}

// malformed says what was met in place of what.
func (r *reader) malformed(want string) {
	if c := r.peek(); c == 0 && r.i >= len(r.b) {
		r.fail("the JSON text ends where %s should be", want)
		return
	}
	c, _ := utf8.DecodeRune(r.b[r.i:])
	r.fail("%q at byte %d where %s should be", c, r.i, want)
}

// open steps into an object or array.
func (r *reader) open(c byte, want string) bool {
	if r.err != nil {
		return false
	}
	if got := r.peek(); got != c {
		r.unexpected(got, want)
		return false
	}
	if r.depth++; r.depth > maxDepth {
		r.fail("more than %d levels", maxDepth)
		return false
	}
	r.i++
	return true
}

// unexpected tells a value of the wrong type from no value at all.
func (r *reader) unexpected(got byte, want string) {
	kind := ""
	switch {
	case got == '{':
		kind = "an object"
	case got == '[':
		kind = "an array"
	case got == '"':
		kind = "a string"
	case got == 't' || got == 'f':
		kind = "true or false"
	case got == 'n':
		kind = "null"
	case got == '-' || got >= '0' && got <= '9':
		kind = "a number"
	default:
		r.malformed(want)
		return
	}
	r.fail("must be %s, not %s", want, kind)
}

// more steps to the next of n elements read so far, or out of the container.
func (r *reader) more(end byte, n int) bool {
	if r.err != nil {
		return false
	}
	switch c := r.peek(); {
	case c == end:
		r.i++
		r.depth--
		return false
	case n == 0:
		return true
	case c == ',':
		r.i++
		return true
	}
	r.malformed("a comma or " + strconv.QuoteRune(rune(end)))
	return false
}

// object calls member for each member; it must read or skip the value.
func (r *reader) object(member func(name []byte)) {
	if !r.open('{', "an object") {
		return
	}
	first := len(r.names)
	for n := 0; r.more('}', n); n++ {
		name := r.memberName(first)
		if r.err != nil {
			return
		}
		r.way = append(r.way, step{name: name})
		member(name)
		r.way = r.way[:len(r.way)-1]
	}
	r.names = r.names[:first]
}

func (r *reader) memberName(first int) []byte {
	if r.peek() != '"' {
		r.malformed("a member's name")
		return nil
	}
	name := r.raw()
	if r.err == nil && r.peek() != ':' {
		r.malformed("a colon")
	}
	r.i++
	for _, k := range r.names[first:] {
		if bytes.Equal(k, name) {
			r.fail("%q is given twice", clip(string(name)))
		}
	}
	if len(r.names)-first >= maxMembers {
		r.fail("more than %d members", maxMembers)
	}
	r.names = append(r.names, name)
	return name
}

// array calls element for each element, and returns how many there were.
func (r *reader) array(element func(i int)) (n int) {
	if !r.open('[', "an array") {
		return 0
	}
	for ; r.more(']', n); n++ {
		r.way = append(r.way, step{index: n})
		element(n)
		r.way = r.way[:len(r.way)-1]
	}
	return n
}

// only reads an array of exactly one element.
func (r *reader) only(element func()) {
	n := r.array(func(i int) {
		if i > 0 {
			r.fail("this dialect takes exactly one element here")
			return
		}
		element()
	})
	if n == 0 {
		r.fail("must have an element")
	}
}

// text reads a string that is not empty.
func (r *reader) text() string { return r.keep(r.chars()) }

// chars is text that is looked at and not kept.
func (r *reader) chars() []byte {
	if r.err != nil {
		return nil
	}
	if c := r.peek(); c != '"' {
		r.unexpected(c, "a string")
		return nil
	}
	b := r.raw()
	if r.err == nil && len(b) == 0 {
		r.fail("must not be empty")
	}
	return b
}

// keep copies b, so that the body is not kept for its sake. The texts of a
// message share rooms: they live and die together.
func (r *reader) keep(b []byte) string {
	if len(b) > r.kept.Cap()-r.kept.Len() {
		r.kept = strings.Builder{} // strings that have been handed out keep the old room
		r.kept.Grow(max(len(b), roomOfTexts))
	}
	start := r.kept.Len()
	r.kept.Write(b)
	return r.kept.String()[start:]
}

// roomOfTexts is enough for the identifiers of most messages.
const roomOfTexts = 208

// raw reads a string; its bytes are those of the text unless it has escapes.
func (r *reader) raw() []byte {
	r.i++
	start := r.i
	for r.i < len(r.b) {
		switch c := r.b[r.i]; {
		case c == '"':
			r.i++
			return r.b[start : r.i-1]
		case c == '\\':
			return r.escaped(start)
		case c < 0x20:
			r.fail("control character in a string at byte %d", r.i)
			return nil
		}
		r.i++
	}
	r.fail("the JSON text ends within a string")
	return nil
}

// escaped reads on from the first backslash.
func (r *reader) escaped(start int) []byte {
	out := append([]byte(nil), r.b[start:r.i]...)
	for r.i < len(r.b) {
		c := r.b[r.i]
		switch {
		case c == '"':
			r.i++
			return out
		case c < 0x20:
			r.fail("control character in a string at byte %d", r.i)
			return nil
		case c != '\\':
			out = append(out, c)
			r.i++
			continue
		}
		if out = r.escape(out); r.err != nil {
			return nil
		}
	}
	r.fail("the JSON text ends within a string")
	return nil
}

func (r *reader) escape(out []byte) []byte {
	if r.i+1 >= len(r.b) {
		r.fail("the JSON text ends within a string")
		return nil
	}
	c := r.b[r.i+1]
	r.i += 2
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return append(out, "\"\\/\b\f\n\r\t"[i])
	}
	if c != 'u' {
		r.fail("unknown escape at byte %d", r.i-2)
		return nil
	}
	u := r.hex4()
	if utf16.IsSurrogate(u) {
		low := rune(-1)
		if bytes.HasPrefix(r.b[r.i:], []byte(`\u`)) {
			r.i += 2
			low = r.hex4()
		}
		if u = utf16.DecodeRune(u, low); u == utf8.RuneError {
			r.fail("half of a surrogate pair at byte %d", r.i)
		}
	}
	return utf8.AppendRune(out, u)
}

func (r *reader) hex4() rune {
	if r.i+4 > len(r.b) {
		r.fail("the JSON text ends within a string")
		return 0
	}
	n, err := strconv.ParseUint(string(r.b[r.i:r.i+4]), 16, 16)
	if err != nil || r.b[r.i] == '+' {
		r.fail("unknown escape at byte %d", r.i)
		return 0
	}
	r.i += 4
	return rune(n)
}

// skip reads past any value: an extension that this dialect does not know.
func (r *reader) skip() {
	if r.err != nil {
		return
	}
	switch c := r.peek(); c {
	case '{':
		r.open(c, "")
		for n := 0; r.more('}', n); n++ {
			if r.peek() != '"' {
				r.malformed("a member's name")
				return
			}
			r.raw()
			if r.err == nil && r.peek() != ':' {
				r.malformed("a colon")
			}
			r.i++
			r.skip()
		}
	case '[':
		r.open(c, "")
		for n := 0; r.more(']', n); n++ {
			r.skip()
		}
	case '"':
		r.raw()
	default:
		r.literal()
	}
}

func (r *reader) literal() {
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(r.b[r.i:], []byte(word)) {
			r.i += len(word)
			return
		}
	}
	r.number()
}

// number reads a number as it is written.
func (r *reader) number() []byte {
	start := r.i
	digits := func() bool {
		from := r.i
		for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
			r.i++
		}
		return r.i > from
	}
	next := func(set string) bool {
		if r.i < len(r.b) && strings.IndexByte(set, r.b[r.i]) >= 0 {
			r.i++
			return true
		}
		return false
	}
	next("-")
	ok := next("0") || digits()
	if ok && next(".") {
		ok = digits()
	}
	if ok && next("eE") {
		next("+-")
		ok = digits()
	}
	if !ok {
		r.i = start
		r.malformed("a value")
		return nil
	}
	return r.b[start:r.i]
}

// end makes sure that nothing follows.
func (r *reader) end() {
	if r.err == nil && (r.peek() != 0 || r.i < len(r.b)) {
		r.malformed("the end")
	}
}
