package layout

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const bom = "\ufeff"

// pages are the encodings of one byte for each character.
var pages = map[string]*charmap.Charmap{"latin-1": charmap.ISO8859_1, "iso-8859-15": charmap.ISO8859_15, "windows-1252": charmap.Windows1252}

// text decodes a file.
func (l *Layout) text(b []byte) (string, error) {
	if p := pages[l.Encoding]; p != nil {
		var s strings.Builder
		s.Grow(len(b))
		for _, c := range b {
			s.WriteRune(p.DecodeByte(c))
		}
		return s.String(), nil
	}
	if !utf8.Valid(b) {
		return "", errors.New("bytes that are not UTF-8")
	}
	s, marked := strings.CutPrefix(string(b), bom)
	switch {
	case l.Encoding == "utf-8-bom" && !marked:
		return "", errors.New("no byte order mark at the beginning")
	case l.Encoding == "utf-8" && marked:
		return "", errors.New("a byte order mark at the beginning, and none was agreed upon")
	}
	return s, nil
}

// A row is one line of a file: its cells, or its characters if columns have a
// fixed width.
type row struct {
	line  int // from 1
	cells []string
	chars []rune
}

// A badRow says where a file cannot be read on.
type badRow struct {
	line int
	want string
	got  string
}

// rows takes a text apart and calls see with each row, until it says no. What
// cannot be read on from is returned.
func (l *Layout) rows(text string, see func(row) bool) *badRow {
	s := splitter{l: l, rest: text, line: 1}
	for s.rest != "" {
		r := row{line: s.line}
		var bad *badRow
		if l.fixed() {
			var line string
			line, bad = s.until("\r\n")
			r.chars = []rune(line)
		} else {
			r.cells, bad = s.cells()
		}
		if bad == nil {
			bad = s.lineEnd()
		}
		if bad != nil {
			return bad
		}
		if !see(r) {
			return nil
		}
	}
	return nil
}

// splitter reads a text from its beginning.
type splitter struct {
	l    *Layout
	rest string
	line int
}

var delimiters = map[string]byte{"comma": ',', "semicolon": ';', "tab": '\t', "pipe": '|'}

// until reads up to one of some characters.
func (s *splitter) until(ends string) (string, *badRow) {
	end := strings.IndexAny(s.rest, ends)
	if end < 0 {
		end = len(s.rest)
	}
	text := s.rest[:end]
	s.rest = s.rest[end:]
	return text, nil
}

func (s *splitter) lineEnd() *badRow {
	was := s.rest
	wants := map[string]string{"any": "an end of the line", "crlf": "an end of the line by CR and LF", "lf": "an end of the line by LF alone"}[s.l.Lines]
	switch {
	case was == "" && s.l.Unfinished:
		return nil
	case was == "":
		return &badRow{s.line, wants, "the end of the file: it was not written to its end"}
	case strings.HasPrefix(was, "\r\n") && s.l.Lines != "lf":
		s.rest = was[2:]
	case was[0] == '\n' && s.l.Lines != "crlf":
		s.rest = was[1:]
	default:
		return &badRow{s.line, wants, fmt.Sprintf("%q", clip(was[:min(len(was), 80)]))}
	}
	s.line++
	return nil
}

// cells reads the cells of one record, which may span lines where they are
// quoted.
func (s *splitter) cells() (all []string, bad *badRow) {
	d := delimiters[s.l.Delimiter]
	for {
		cell, bad := s.cell(d)
		if bad != nil {
			return nil, bad
		}
		all = append(all, cell)
		if len(all) > 2*maxColumns {
			return nil, &badRow{s.line, fmt.Sprintf("at most %d cells", 2*maxColumns), "more"}
		}
		if s.rest == "" || s.rest[0] != d {
			return all, nil
		}
		s.rest = s.rest[1:]
	}
}

func (s *splitter) cell(d byte) (string, *badRow) {
	if s.l.Quotes == "none" || !strings.HasPrefix(s.rest, `"`) {
		cell, _ := s.until(string([]byte{d, '\r', '\n'}))
		if s.l.Quotes != "none" && strings.Contains(cell, `"`) {
			return "", &badRow{s.line, "quotes around the whole of a cell, and doubled inside of it", fmt.Sprintf("%q", clip(cell))}
		}
		return cell, nil
	}
	begun := s.line
	var b strings.Builder
	s.rest = s.rest[1:]
	for {
		end := strings.IndexByte(s.rest, '"')
		if end < 0 {
			return "", &badRow{begun, "a quote that is closed", "the end of the file"}
		}
		b.WriteString(s.rest[:end])
		s.line += strings.Count(s.rest[:end], "\n")
		s.rest = s.rest[end+1:]
		if !strings.HasPrefix(s.rest, `"`) {
			return b.String(), nil
		}
		b.WriteByte('"')
		s.rest = s.rest[1:]
	}
}

// clip shortens a text for people.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}
