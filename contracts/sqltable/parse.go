package sqltable

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
		p.references(t, p.list(), at.place)
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

// references reads which rows of another table those of t belong to, by columns.
func (p *parser) references(t *table, columns []string, at contracts.Place) {
	l := link{place: at}
	for _, n := range columns {
		if t.column(n) == nil {
			p.fail(at, "", "the foreign key has column %s, which table %s does not have", n, t.name)
			return
		}
		l.columns = append(l.columns, strings.ToLower(n))
	}
	slices.Sort(l.columns)
	p.expect("references")
	l.to = strings.ToLower(p.name().text)
	t.links = append(t.links, l)
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
