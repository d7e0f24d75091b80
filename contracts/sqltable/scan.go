package sqltable

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/andon-rig/andon/contracts"
)

// A scanner takes a text apart into tokens.
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
