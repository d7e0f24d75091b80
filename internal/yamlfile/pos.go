package yamlfile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Pos is a place in a user's file. It keeps hold of the file's text, so that
// a mistake found long after reading can still be shown where it was made.
// The zero Pos is nowhere.
type Pos struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`   // from 1
	Column int    `json:"column,omitempty"` // from 1, in characters

	src *source
}

// source is the text of a file.
type source struct {
	name  string
	lines []string
}

func newSource(name string, b []byte) *source {
	return &source{name: name, lines: strings.Split(string(b), "\n")}
}

func (s *source) at(line, column int) Pos {
	return Pos{File: s.name, Line: max(line, 1), Column: max(column, 1), src: s}
}

// String writes p as compilers do: "smoke.yaml:12:7".
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.File == "":
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// IsZero reports whether p is nowhere.
func (p Pos) IsZero() bool { return p.File == "" && p.Line == 0 }

// Text is the line of the file p is on; "" if the file is no longer known.
func (p Pos) Text() string {
	if p.src == nil || p.Line < 1 || p.Line > len(p.src.lines) {
		return ""
	}
	return strings.TrimRight(p.src.lines[p.Line-1], "\r")
}

// Right returns the place n characters further on the same line.
func (p Pos) Right(n int) Pos {
	p.Column += n
	return p
}

// Find returns the next place at or after p where the file says text; p if it
// does not.
func (p Pos) Find(text string) Pos {
	if p.src == nil || p.Line < 1 {
		return p
	}
	for n, line := range p.src.lines[min(p.Line-1, len(p.src.lines)):] {
		from := 0
		if n == 0 { // from p on, in characters
			from = len(string([]rune(line)[:min(p.Column-1, utf8.RuneCountInString(line))]))
		}
		if i := strings.Index(line[from:], text); i >= 0 {
			return p.src.at(p.Line+n, utf8.RuneCountInString(line[:from+i])+1)
		}
	}
	return p
}

// Errorf makes an error that shows p.
func (p Pos) Errorf(format string, args ...any) *Error {
	return &Error{Pos: p, Text: fmt.Sprintf(format, args...)}
}

// Error is a mistake in a user's file: where, what, and what to do about it.
type Error struct {
	Pos  Pos
	Text string // what is wrong
	Hint string // the remedy, if Text does not say it
}

// WithHint adds a remedy.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Error writes the place, the mistake, the line with a caret and the remedy.
func (e *Error) Error() string {
	var b strings.Builder
	if !e.Pos.IsZero() {
		b.WriteString(e.Pos.String())
		b.WriteString(": ")
	}
	b.WriteString(e.Text)
	if line := discreet(e.Pos.Text()); line != "" {
		line, column := window(strings.ReplaceAll(line, "\t", " "), e.Pos.Column)
		fmt.Fprintf(&b, "\n%5d | %s\n      | %s^", e.Pos.Line, line, strings.Repeat(" ", column-1))
	}
	if e.Hint != "" {
		b.WriteString("\n        ")
		b.WriteString(e.Hint)
	}
	return b.String()
}

// discreet is line without the passwords of URLs in it, and as long.
func discreet(line string) string {
	return inURL.ReplaceAllStringFunc(line, func(s string) string {
		i := strings.LastIndexByte(s, ':') + 1
		return s[:i] + strings.Repeat("x", utf8.RuneCountInString(s[i:])-1) + "@"
	})
}

// inURL is a user with a password in a URL.
var inURL = regexp.MustCompile(`://[^/\s:@"']*:[^@/\s"':]+@`)

// window cuts an overlong line down to what surrounds column.
func window(line string, column int) (string, int) {
	const wide = 100
	n := utf8.RuneCountInString(line)
	column = min(max(column, 1), n+1)
	if n <= wide {
		return line, column
	}
	runes := []rune(line)
	from := min(max(column-1-wide/2, 0), n-wide)
	return string(runes[from : from+wide]), column - from
}

// Errors returns the mistakes err is made of, in the order they were found.
func Errors(err error) []*Error {
	var e *Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, one := range joined.Unwrap() {
			all = append(all, Errors(one)...)
		}
		return all
	}
	if errors.As(err, &e) {
		return []*Error{e}
	}
	return nil
}
