package sqltable

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/andon-rig/andon/contracts"
)

// A token is a piece of SQL.
type token struct {
	text   string // of a name or text without its quotes
	quoted byte   // ' of a text, " of a name that was quoted, 0 of other tokens
	place  contracts.Place
}

// is reports whether t is a word, in any case.
func (t token) is(words ...string) bool {
	return t.quoted == 0 && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(t.text, w) })
}

// A parser reads the statements of a file.
type parser struct {
	doc      *Document
	tokens   []token
	problems contracts.Problems
	source   string          // of the file
	end      contracts.Place // of the file
	broken   bool            // the statement has a mistake: there are no tokens for it any more
}

// fail notes a mistake and ends the reading of the statement.
func (p *parser) fail(at contracts.Place, hint, format string, args ...any) {
	if !p.broken {
		p.broken = true
		p.problems = append(p.problems, contracts.Problem{Place: at, Text: fmt.Sprintf(format, args...), Hint: hint})
	}
}

func (p *parser) file(f contracts.File) {
	if len(f.Data) > maxSize {
		p.problems = append(p.problems, contracts.Problem{Place: contracts.Place{File: f.Name}, Text: fmt.Sprintf("is larger than %d MiB", maxSize>>20), Hint: "a contract has the tables, not their rows"})
		return
	}
	p.source = f.Name
	p.scan(bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf")))
	for !p.broken && len(p.tokens) > 0 && len(p.problems) < 20 {
		p.statement()
		p.broken = false
		p.skip()
	}
}

// skip goes behind the end of the statement.
func (p *parser) skip() {
	for len(p.tokens) > 0 {
		t := p.tokens[0]
		p.tokens = p.tokens[1:]
		if t.is(";", "go", "/") {
			return
		}
	}
}

// scan takes the text apart.
func (p *parser) scan(b []byte) {
	s := scanner{rest: string(b), line: 1, column: 1, file: p.source}
	if !utf8.Valid(b) {
		p.fail(contracts.Place{File: p.source}, "", "is no UTF-8")
		return
	}
	for {
		t, more, problem := s.next()
		if problem != "" {
			p.fail(t.place, "", "%s", problem)
			return
		}
		if !more {
			p.end = s.place()
			return
		}
		p.tokens = append(p.tokens, t)
	}
}

type scanner struct {
	rest         string
	line, column int
	file         string
}

func (s *scanner) place() contracts.Place {
	return contracts.Place{File: s.file, Line: s.line, Column: s.column}
}

// take goes n bytes on.
func (s *scanner) take(n int) string {
	text := s.rest[:n]
	s.rest = s.rest[n:]
	if lines := strings.Count(text, "\n"); lines > 0 {
		s.line += lines
		s.column = len(text) - strings.LastIndexByte(text, '\n')
	} else {
		s.column += n
	}
	return text
}

var closing = map[byte]byte{'\'': '\'', '"': '"', '`': '`', '[': ']'}

func (s *scanner) next() (t token, more bool, problem string) {
	for {
		space := len(s.rest) - len(strings.TrimLeftFunc(s.rest, unicode.IsSpace))
		s.take(space)
		t.place = s.place()
		switch {
		case strings.HasPrefix(s.rest, "--"):
			end := strings.IndexByte(s.rest, '\n')
			if end < 0 {
				end = len(s.rest)
			}
			s.take(end)
			continue
		case strings.HasPrefix(s.rest, "/*"):
			end := strings.Index(s.rest[2:], "*/")
			if end < 0 {
				return t, false, "a comment is not closed"
			}
			s.take(end + 4)
			continue
		}
		break
	}
	if s.rest == "" {
		return t, false, ""
	}
	if end := closing[s.rest[0]]; end != 0 {
		return s.quoted(t, end)
	}
	n := 0
	for n < len(s.rest) {
		c, size := utf8.DecodeRuneInString(s.rest[n:])
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("_$#@", c) && !(c == '.' && n > 0 && s.rest[0] <= '9' && s.rest[0] >= '0') {
			break
		}
		n += size
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(s.rest)
	}
	t.text = s.take(n)
	return t, true, ""
}

// quoted reads up to a closing quote, which stands for itself if it is doubled.
func (s *scanner) quoted(t token, end byte) (token, bool, string) {
	t.quoted = '"'
	if end == '\'' {
		t.quoted = '\''
	}
	var b strings.Builder
	s.take(1)
	for {
		i := strings.IndexByte(s.rest, end)
		if i < 0 {
			return t, false, "a quote is not closed"
		}
		b.WriteString(s.take(i))
		s.take(1)
		if s.rest == "" || s.rest[0] != end {
			t.text = b.String()
			return t, true, ""
		}
		b.WriteByte(end)
		s.take(1)
	}
}

// peek is the next token, one without text at the end.
func (p *parser) peek() token {
	if p.broken || len(p.tokens) == 0 {
		return token{place: p.end}
	}
	return p.tokens[0]
}

func (p *parser) take() token {
	t := p.peek()
	if !p.broken && len(p.tokens) > 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

// accept takes words if they come next.
func (p *parser) accept(words ...string) bool {
	if p.broken || len(p.tokens) < len(words) {
		return false
	}
	for i, w := range words {
		if !p.tokens[i].is(w) {
			return false
		}
	}
	p.tokens = p.tokens[len(words):]
	return true
}

func (p *parser) expect(word string) {
	if t := p.peek(); !p.accept(word) {
		p.fail(t.place, "", "%s is expected here, not %q", word, t.text)
	}
}

// name takes a name; of one with its schema, the last part.
func (p *parser) name() token {
	t := p.take()
	for p.accept(".") {
		t = p.take()
	}
	if p.broken {
		return t
	}
	if t.text == "" || t.quoted == '\'' || t.quoted == 0 && strings.Trim(t.text, "(),;=") == "" {
		p.fail(t.place, "", "a name is expected here, not %q", t.text)
	}
	return t
}

// passed are statements that say nothing of the shape of rows.
var passed = []string{"comment", "grant", "revoke", "set", "use", "drop", "go", "begin", "commit", "print", ";", "/"}

func (p *parser) statement() {
	first := p.peek()
	switch {
	case p.accept("create"):
		for p.accept("global") || p.accept("local") || p.accept("temp") || p.accept("temporary") || p.accept("unlogged") {
			continue
		}
		if p.accept("table") {
			p.table()
			return
		}
		if p.peek().is("index", "unique", "clustered", "nonclustered", "sequence", "schema") {
			return
		}
	case first.is("alter"):
		p.fail(first.place, "put the change into CREATE TABLE", "ALTER is not read")
	case first.is(passed...):
		return
	}
	words := strings.ToUpper(p.take().text)
	if first.is("create") {
		words = "CREATE " + words
	}
	p.fail(first.place, "a contract has CREATE TABLE statements", "statement %s is not read", words)
}

func (p *parser) table() {
	p.accept("if", "not", "exists")
	name := p.name()
	t := &table{name: name.text, names: map[string]*column{}, place: name.place}
	if p.doc.table(t.name) != nil {
		p.fail(name.place, "", "table %s stands here a second time", t.name)
	}
	if p.broken {
		return
	}
	p.doc.tables = append(p.doc.tables, t)
	p.doc.names[strings.ToLower(t.name)] = t
	if p.peek().is("as") {
		p.fail(p.peek().place, "list the columns", "a table that a query makes is not read")
	}
	p.expect("(")
	for {
		p.part(t)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	if p.doc.columns > maxColumns {
		p.fail(name.place, "", "the version has more than %d columns", maxColumns)
	}
}

// part reads a column, or what holds for the whole table.
func (p *parser) part(t *table) {
	named := p.accept("constraint")
	if named {
		p.name()
	}
	at := p.peek()
	switch {
	case at.is("primary", "unique"):
		primary := p.accept("primary", "key")
		if !primary {
			p.expect("unique")
		}
		for p.accept("clustered") || p.accept("nonclustered") || p.accept("key") || p.accept("index") {
			continue
		}
		p.key(t, p.list(), primary, at.place)
	case p.accept("check"):
		p.check(t, nil)
	case p.accept("foreign", "key"):
		p.list()
		p.references()
	case named:
		p.fail(at.place, "", "constraint %s is not known", strings.ToUpper(at.text))
	default:
		p.column(t)
	}
}

// list takes the names between parentheses.
func (p *parser) list() (names []string) {
	p.expect("(")
	for {
		names = append(names, p.name().text)
		p.accept("asc")
		p.accept("desc")
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return names
}

func (p *parser) key(t *table, names []string, primary bool, at contracts.Place) {
	var lower []string
	for _, n := range names {
		c := t.column(n)
		if c == nil {
			p.fail(at, "", "the key has column %s, which table %s does not have", n, t.name)
			return
		}
		c.notNull = c.notNull || primary
		lower = append(lower, strings.ToLower(n))
	}
	slices.Sort(lower)
	t.uniques = append(t.uniques, lower)
}

func (p *parser) references() {
	p.expect("references")
	p.name()
	if p.peek().is("(") {
		p.list()
	}
	for p.accept("on") {
		p.take()
		if !p.accept("set", "null") && !p.accept("set", "default") && !p.accept("no", "action") {
			p.take()
		}
	}
}

func (p *parser) column(t *table) {
	name := p.name()
	if t.column(name.text) != nil {
		p.fail(name.place, "", "column %s stands here a second time", name.text)
		return
	}
	c := &column{name: name.text, place: name.place}
	if c.kind = p.kind(); p.broken {
		return
	}
	if strings.HasSuffix(strings.ToLower(c.kind.written), "serial") {
		c.generated, c.filled, c.notNull = true, true, true
	}
	t.columns = append(t.columns, c)
	t.names[strings.ToLower(c.name)] = c
	p.doc.columns++
	for p.option(t, c) {
		continue
	}
	if next := p.peek(); next.text == "" && next.quoted == 0 {
		p.fail(next.place, "", "the table ends inside of column %s", c.name)
	} else if !next.is(",", ")") {
		p.fail(next.place, "", "%q is not known behind column %s", next.text, c.name)
	}
}

// kind reads a type with its size.
func (p *parser) kind() kind {
	first := p.take()
	words := strings.ToLower(first.text)
	var k kind
	known := false
	if first.quoted != '\'' {
		k, known = kinds[words]
	}
	for _, more := range [][]string{{"varying"}, {"precision"}} {
		if p.accept(more...) {
			words += " " + more[0]
			k, known = kinds[words]
		}
	}
	if !known {
		p.fail(first.place, "known are types such as VARCHAR(40), INTEGER, DECIMAL(13,3), DATE and TIMESTAMP", "type %q is not known", first.text)
		return kind{}
	}
	k.written = strings.ToUpper(words)
	size, scale, given := p.size()
	if given {
		k.written += size + scale
	}
	for _, zone := range [][]string{{"with", "time", "zone"}, {"without", "time", "zone"}, {"with", "local", "time", "zone"}} {
		if p.accept(zone...) {
			k.written += " " + strings.ToUpper(strings.Join(zone, " "))
		}
	}
	p.accept("unsigned")
	if k.size < 0 {
		k.size = 0
		if given {
			k.size, _ = strconv.Atoi(strings.Trim(size, "(,)"))
			k.scale, _ = strconv.Atoi(strings.Trim(scale, "(,)"))
		} else if strings.HasPrefix(words, "char") && !strings.Contains(words, " ") || words == "nchar" {
			k.size = 1
		}
	}
	return k
}

// size reads "(13,3)".
func (p *parser) size() (size, scale string, given bool) {
	if !p.accept("(") {
		return "", "", false
	}
	number := func() string {
		t := p.take()
		if t.is("max") {
			return "0"
		}
		if n, err := strconv.Atoi(t.text); err != nil || n < 0 || n > 1<<30 || t.quoted != 0 {
			p.fail(t.place, "", "a size is expected here, not %q", t.text)
		}
		return t.text
	}
	size, scale = "("+number(), ")"
	if p.accept(",") {
		scale = "," + number() + ")"
	}
	if !p.accept("char") {
		p.accept("byte")
	}
	p.expect(")")
	return size, scale, true
}

// option reads one thing behind the type of a column, if there is one.
func (p *parser) option(t *table, c *column) bool {
	if p.accept("constraint") {
		p.name()
	}
	at := p.peek()
	switch {
	case p.accept("not", "null"):
		c.notNull = true
	case p.accept("null"):
	case p.accept("primary", "key"):
		for p.accept("asc") || p.accept("desc") || p.accept("clustered") || p.accept("nonclustered") {
			continue
		}
		p.key(t, []string{c.name}, true, at.place)
	case p.accept("unique"):
		p.key(t, []string{c.name}, false, at.place)
	case p.accept("default"):
		c.filled, c.standard = true, p.value()
	case p.accept("check"):
		p.check(t, c)
	case at.is("references"):
		p.references()
	case p.accept("collate"), p.accept("comment"):
		p.take()
	case p.accept("character", "set"):
		p.take()
	case p.accept("autoincrement"), p.accept("auto_increment"), p.accept("rowguidcol"):
		c.generated, c.filled = true, true
	case p.accept("identity"), p.accept("generated"):
		c.generated, c.filled = true, true
		for p.accept("always") || p.accept("by") || p.accept("default") || p.accept("as") || p.accept("identity") {
			continue
		}
		if p.peek().is("(") {
			p.nested()
		}
		for p.accept("stored") || p.accept("virtual") {
			continue
		}
	default:
		return false
	}
	return true
}

// value reads a default: a literal, a function or what is in parentheses.
func (p *parser) value() string {
	if p.peek().is("(") {
		return p.nested()
	}
	t := p.take()
	written := t.text
	switch {
	case t.quoted == '\'':
		written = "'" + t.text + "'"
	case t.is("-", "+"):
		written += p.take().text
	}
	if p.peek().is("(") {
		written += p.nested()
	}
	for p.accept(":", ":") {
		p.kind() // a cast, as PostgreSQL writes it
	}
	return written
}

// nested takes what is between parentheses as a text.
func (p *parser) nested() string {
	var words []string
	depth := 0
	for {
		t := p.take()
		switch {
		case t.text == "" && t.quoted == 0:
			p.fail(t.place, "", "a ( is not closed")
			return ""
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		}
		word := strings.ToLower(t.text)
		if t.quoted == '\'' {
			word = "'" + strings.ReplaceAll(t.text, "'", "''") + "'"
		}
		words = append(words, word)
		if depth == 0 {
			return strings.Join(words, " ")
		}
	}
}

// check reads a condition. A list of values is understood, and the rest kept
// as a text: of column c, or of the table if that is nil.
func (p *parser) check(t *table, c *column) {
	at := p.peek().place
	before := p.tokens
	if name, values, ok := p.inList(); ok {
		if of := t.column(name); of != nil {
			of.values = values
			return
		}
	}
	p.tokens = before
	one := condition{text: p.nested(), place: at}
	if c != nil {
		c.checks = append(c.checks, one)
	} else {
		t.checks = append(t.checks, one)
	}
}

// inList reads "(name IN ('a', 'b'))".
func (p *parser) inList() (name string, values []string, ok bool) {
	depth := 0
	for p.accept("(") {
		depth++
	}
	name = p.take().text
	if depth == 0 || !p.accept("in", "(") {
		return "", nil, false
	}
	for {
		t := p.take()
		if t.is("-") {
			t = token{text: "-" + p.take().text}
		}
		if t.quoted != '\'' && !numberText.MatchString(t.text) {
			return "", nil, false
		}
		values = append(values, t.text)
		if !p.accept(",") {
			break
		}
	}
	for range depth + 1 {
		if !p.accept(")") {
			return "", nil, false
		}
	}
	return name, values, true
}
