package bundle

import (
	"bytes"
	"encoding/base64"
	"slices"
)

// mark stands where a value was blanked because of its name.
const mark = "[redacted]"

// sensitive are the ends of names whose values are secrets, normalised.
var sensitive = [][]byte{
	[]byte("password"), []byte("passwd"), []byte("passphrase"), []byte("pwd"), []byte("secret"), []byte("token"),
	[]byte("apikey"), []byte("privatekey"), []byte("authorization"), []byte("cookie"), []byte("assertion"), []byte("credentials"),
}

// A span is a piece of text to be replaced.
type span struct {
	from, to int
	with     string
}

// named returns b with the values of sensitively named things blanked: JSON
// fields, form fields, headers, log attributes, XML elements, URL passwords,
// bearer and basic credentials and JWTs. It looks at the few bytes that join
// names to values and backwards from there, so that text without any is
// passed at the speed of a byte loop. In a line of our own JSON nothing but
// the inside of strings is touched.
func (r *Redactor) named(b []byte, line bool) []byte {
	var spans []span
	for i := 0; i < len(b); i++ {
		var s span
		switch b[i] {
		case ':', '=':
			s = r.assigned(b, i, line)
		case '>':
			s = r.element(b, i)
		case ' ':
			s = credentials(b, i)
		case 'e':
			s = jwt(b, i)
		default:
			continue
		}
		if s.to > s.from {
			spans = append(spans, s)
			i = s.to - 1
		}
	}
	if spans == nil {
		return b
	}
	out, done := make([]byte, 0, len(b)+len(spans)*len(mark)), 0
	for _, s := range spans {
		out = append(append(out, b[done:s.from]...), s.with...)
		done = s.to
	}
	return append(out, b[done:]...)
}

// assigned looks at "name: value" and "name=value" around the joint b[i], each
// side quoted or not, the quotes perhaps escaped.
func (r *Redactor) assigned(b []byte, i int, line bool) span {
	if b[i] == ':' && bytes.HasPrefix(b[i:], []byte("://")) {
		return userinfo(b, i)
	}
	end := i
	for end > 0 && (b[end-1] == ' ' || b[end-1] == '\t') {
		end--
	}
	nameQuoted := end > 0 && (b[end-1] == '"' || b[end-1] == '\'')
	isField := nameQuoted && b[end-1] == '"' && b[i] == ':' // of JSON, if none of its quotes is escaped
	escaped := 0
	if nameQuoted {
		end--
		for end > 0 && b[end-1] == '\\' {
			end--
			escaped++
		}
	}
	if !r.isSensitive(nameBefore(b, end)) {
		return span{}
	}
	from := i + 1
	for from < len(b) && (b[from] == ' ' || b[from] == '\t' || (nameQuoted && (b[from] == '\n' || b[from] == '\r'))) {
		from++
	}
	if line {
		return valueInLine(b, from, isField && escaped == 0)
	}
	return value(b, from, nameQuoted, escaped)
}

// value returns the span of the value that begins at b[from:].
func value(b []byte, from int, nameQuoted bool, escaped int) span {
	slashes := from
	for slashes < len(b) && b[slashes] == '\\' {
		slashes++
	}
	if slashes < len(b) && (b[slashes] == '"' || b[slashes] == '\'') {
		open := slashes + 1
		to := quoteEnd(b, open, b[slashes], slashes-from)
		if harmless(b[open:to]) {
			return span{}
		}
		return span{open, to, mark}
	}
	if from < len(b) && b[from] == '[' && nameQuoted {
		n := bytes.IndexByte(b[from:], ']')
		if n < 0 || n > 4096 || escaped > 0 || bytes.HasPrefix(b[from:], []byte(`["`+mark)) {
			return span{}
		}
		return span{from, from + n + 1, `["` + mark + `"]`}
	}
	to := wordEnd(b, from)
	if isScheme(b[from:to]) && to+1 < len(b) && b[to] == ' ' {
		from = to + 1
		to = wordEnd(b, from)
	}
	if harmless(b[from:to]) || b[from] == '{' {
		return span{}
	}
	if nameQuoted && escaped == 0 {
		return span{from, to, `"` + mark + `"`}
	}
	return span{from, to, mark}
}

// valueInLine is value for JSON of our own, whose quotes without a backslash
// must stay where they are.
func valueInLine(b []byte, from int, isField bool) span {
	if isField {
		if from >= len(b) || b[from] != '"' { // a number or an object
			return span{}
		}
		to := from + stringEnd(b[from+1:])
		if to <= from || harmless(b[from+1:to]) || vocabulary[string(b[from:to+1])] {
			return span{}
		}
		return span{from + 1, to, mark}
	}
	inside := b[:from+max(stringEnd(b[from:])-1, 0)]
	s := value(inside, from, false, 0)
	if s.to == 0 {
		return span{}
	}
	return span{s.from, s.to, mark}
}

// quoteEnd finds the quote that closes a value whose opening quote had this
// many backslashes before it: at depth 0 an even number of them, at depth 1
// one more than a multiple of four, and so on.
func quoteEnd(b []byte, i int, quote byte, slashes int) int {
	run := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '\\':
			run++
			continue
		case quote:
			if run >= slashes && (run-slashes)%(2*(slashes+1)) == 0 {
				return i - slashes
			}
			if slashes > 0 && run < slashes { // the text around it ends
				return i - run
			}
		}
		run = 0
	}
	return len(b)
}

// wordEnd finds the end of an unquoted value.
func wordEnd(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case ' ', '\t', '\r', '\n', '"', '\'', '&', ',', ';', '<', '>', '}', ']', ')':
			return i
		case '\\': // of an escaped quote or line end, or part of the value
			if i+1 < len(b) && bytes.IndexByte([]byte(`"'nrtu`), b[i+1]) >= 0 {
				return i
			}
			i++
		}
	}
	return min(i, len(b))
}

// harmless reports whether a value is none, or is where one will stand.
func harmless(v []byte) bool {
	return len(v) == 0 || v[0] == '[' && bytes.HasPrefix(v, []byte("[redacted")) || bytes.HasPrefix(v, []byte("${")) ||
		bytes.HasPrefix(v, []byte("http://")) || bytes.HasPrefix(v, []byte("https://")) ||
		string(v) == "null" || string(v) == "true" || string(v) == "false"
}

// element looks at "<ns:Password …>value<" around the b[i] that ends its tag.
func (r *Redactor) element(b []byte, i int) span {
	from := bytes.LastIndexByte(b[max(0, i-256):i], '<')
	if from < 0 || i+1 >= len(b) {
		return span{}
	}
	tag := b[max(0, i-256)+from+1 : i]
	if len(tag) == 0 || tag[0] == '/' || tag[len(tag)-1] == '/' {
		return span{}
	}
	if n := bytes.IndexAny(tag, " \t\r\n"); n >= 0 {
		tag = tag[:n]
	}
	if n := bytes.LastIndexByte(tag, ':'); n >= 0 {
		tag = tag[n+1:]
	}
	if !r.isSensitive(tag) {
		return span{}
	}
	n := bytes.IndexAny(b[i+1:], `<"`)
	if n < 0 || b[i+1+n] == '"' || len(bytes.TrimSpace(b[i+1:i+1+n])) == 0 {
		return span{}
	}
	return span{i + 1, i + 1 + n, mark}
}

// credentials looks at "Bearer value" and "Basic value" around a blank.
func credentials(b []byte, i int) span {
	if i < 5 || b[i-1]|0x20 != 'r' && b[i-1]|0x20 != 'c' {
		return span{}
	}
	scheme := nameBefore(b, i)
	if !isScheme(scheme) || i+1 >= len(b) {
		return span{}
	}
	to := wordEnd(b, i+1)
	v := b[i+1 : to]
	switch {
	case harmless(v):
	case bytes.EqualFold(scheme, []byte("bearer")):
		if len(v) >= 20 || len(v) >= 8 && bytes.ContainsAny(v, "0123456789") {
			return span{i + 1, to, mark}
		}
	case bytes.EqualFold(scheme, []byte("basic")):
		plain, err := base64.StdEncoding.DecodeString(string(v))
		if err == nil && bytes.IndexByte(plain, ':') >= 0 {
			return span{i + 1, to, mark}
		}
	}
	return span{}
}

// jwt looks for a token that tells by its look what it is.
func jwt(b []byte, i int) span {
	if !bytes.HasPrefix(b[i:], []byte("eyJ")) || i > 0 && isTokenByte(b[i-1]) {
		return span{}
	}
	to, dots := i, 0
	for to < len(b) && (isTokenByte(b[to]) || b[to] == '.') {
		if b[to] == '.' {
			dots++
		}
		to++
	}
	if dots != 2 || to-i < 24 {
		return span{}
	}
	return span{i, to, mark}
}

// userinfo looks at the password of a URL around the "://" at b[i].
func userinfo(b []byte, i int) span {
	from := i + 3
	to := wordEnd(b, from)
	if n := bytes.IndexAny(b[from:to], "/?#"); n >= 0 {
		to = from + n
	}
	at := bytes.LastIndexByte(b[from:to], '@')
	colon := bytes.IndexByte(b[from:to], ':')
	if colon < 0 || at < colon || harmless(b[from+colon+1:from+at]) {
		return span{}
	}
	return span{from + colon + 1, from + at, mark}
}

func isScheme(word []byte) bool {
	return bytes.EqualFold(word, []byte("bearer")) || bytes.EqualFold(word, []byte("basic"))
}

func isTokenByte(c byte) bool { return isNameByte(c) && c != '.' }

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// nameBefore returns the name that ends before b[end].
func nameBefore(b []byte, end int) []byte {
	from := end
	for from > 0 && end-from < 64 && isNameByte(b[from-1]) {
		from--
	}
	return b[from:end]
}

// isSensitive reports whether values of this name are blanked.
func (r *Redactor) isSensitive(name []byte) bool {
	if len(name) < 3 {
		return false
	}
	switch name[len(name)-1] | 0x20 {
	case 'd', 'e', 't', 'n', 'y', 's': // the last letters of the sensitive names
	default:
		if len(r.fields) == 0 {
			return false
		}
	}
	var space [64]byte
	n := normalise(space[:0], name)
	return slices.ContainsFunc(sensitive, func(s []byte) bool { return bytes.HasSuffix(n, s) }) || r.fields[string(n)]
}

// normalise appends name in lower case without what joins its words.
func normalise(dst, name []byte) []byte {
	for _, c := range name {
		switch {
		case c == '_' || c == '-' || c == '.':
		case c >= 'A' && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
