package sqltable

import (
	"strings"
)

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
		p.references(t, []string{c.name}, at.place)
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
