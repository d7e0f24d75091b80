package files

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// file is what was read: its header, its records, and that its trailer agrees.
type file struct {
	head    record
	records []record
}

// read takes a file apart and holds it against its trailer: a file without
// one, or with one that counts other records, was not written to its end.
func (s Settings) read(b []byte) (file, error) {
	text, err := s.Encoding.text(b)
	if err != nil {
		return file{}, err
	}
	all, err := s.records(text)
	if err != nil {
		return file{}, err
	}
	return enclosed(all)
}

func (s Settings) records(text string) ([]record, error) {
	if s.Layout == Fixed {
		return s.fixed(text)
	}
	return s.delimited(text)
}

// created is when a file says that it was written, whatever is wrong behind its
// header; zero if that cannot be read.
func (s Settings) created(b []byte) time.Time {
	text, err := s.Encoding.text(b)
	if err != nil {
		return time.Time{}
	}
	first, _, whole := strings.Cut(text, "\n")
	if !whole {
		return time.Time{}
	}
	all, err := s.records(first + "\n")
	if err != nil || len(all) != 1 || all[0].kind != headType {
		return time.Time{}
	}
	head := cells{record: all[0], layout: layoutOf(headType)}
	return head.instant("CREATED", true)
}

func enclosed(all []record) (file, error) {
	switch {
	case len(all) == 0:
		return file{}, fmt.Errorf("the file is empty")
	case all[0].kind != headType:
		return file{}, fmt.Errorf("line 1: the file must begin with a record %s, not %q", headType, clip(all[0].kind))
	case len(all) == 1 || all[len(all)-1].kind != tailType:
		return file{}, fmt.Errorf("line %d: the file ends without a record %s: it was not written to its end", all[len(all)-1].line, tailType)
	}
	f := file{head: all[0], records: all[1 : len(all)-1]}
	for _, r := range f.records {
		if r.kind == headType || r.kind == tailType {
			return file{}, fmt.Errorf("line %d: a record %s in the middle of the file", r.line, r.kind)
		}
	}
	total := controlTotal(f.records)
	tail := cells{record: all[len(all)-1], layout: layoutOf(tailType)}
	count, sum := tail.whole("RECORDS", true), tail.decimal("TOTAL", true)
	switch {
	case tail.err != nil:
		return file{}, tail.err
	case count != len(f.records):
		return file{}, fmt.Errorf("line %d, RECORDS: the trailer counts %d, and there are %d", tail.record.line, count, len(f.records))
	case sum != total:
		return file{}, fmt.Errorf("line %d, TOTAL: the trailer says %s, and the quantities add up to %s", tail.record.line, sum, total)
	}
	return f, nil
}

// delimited reads cells between delimiters, quoted where they need it.
func (s Settings) delimited(text string) (all []record, err error) {
	p := splitter{rest: text, delimiter: s.delimiter(), line: 1}
	for p.rest != "" {
		line := p.line
		cells, err := p.record()
		if err != nil {
			return nil, err
		}
		r, err := s.shaped(cells[0], cells[1:], line)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// shaped holds the cells of a record against its layout.
func (s Settings) shaped(kind string, cells []string, line int) (record, error) {
	l := layoutOf(kind)
	if l == nil {
		return record{}, fmt.Errorf("line %d: there is no type of record %q", line, clip(kind))
	}
	if len(cells) != len(l.columns) {
		return record{}, fmt.Errorf("line %d: a record %s has %d cells after its type, not %d", line, kind, len(l.columns), len(cells))
	}
	for i, c := range l.columns {
		if c.form != decimal && c.form != seconds {
			continue
		}
		if other := strings.IndexAny(cells[i], ".,"); other >= 0 && cells[i][other] != s.mark() || strings.Count(cells[i], string(s.mark())) > 1 {
			return record{}, fmt.Errorf("line %d, %s: %q is not a number with a decimal %s", line, c.name, clip(cells[i]), s.markName())
		}
		cells[i] = strings.Replace(cells[i], string(s.mark()), ".", 1)
	}
	return record{kind: kind, cells: cells, line: line}, nil
}

func (s Settings) markName() string {
	if s.Decimal == Comma {
		return "comma"
	}
	return "point"
}

// splitter reads records of delimited text.
type splitter struct {
	rest      string
	delimiter rune
	line      int
}

// record reads the cells of one record, which may span lines.
func (p *splitter) record() (cells []string, err error) {
	for {
		cell, err := p.cell()
		if err != nil {
			return nil, err
		}
		cells = append(cells, cell)
		if strings.HasPrefix(p.rest, string(p.delimiter)) {
			p.rest = p.rest[1:] // delimiters are of one byte
			continue
		}
		rest, ok := strings.CutPrefix(strings.TrimPrefix(p.rest, "\r"), "\n")
		if !ok {
			if p.rest == "" {
				return nil, fmt.Errorf("line %d: the last line has no end: the file was not written to its end", p.line)
			}
			return nil, fmt.Errorf("line %d: %q after a closing quote", p.line, clip(p.rest))
		}
		p.rest = rest
		p.line++
		return cells, nil
	}
}

func (p *splitter) cell() (string, error) {
	if !strings.HasPrefix(p.rest, `"`) {
		end := strings.IndexFunc(p.rest, func(r rune) bool { return r == p.delimiter || r == '\r' || r == '\n' })
		if end < 0 {
			end = len(p.rest)
		}
		cell := p.rest[:end]
		if strings.Contains(cell, `"`) {
			return "", fmt.Errorf("line %d: a quote inside a cell that has none around it: %q", p.line, clip(cell))
		}
		p.rest = p.rest[end:]
		return cell, nil
	}
	begun, b := p.line, strings.Builder{}
	p.rest = p.rest[1:]
	for {
		end := strings.IndexByte(p.rest, '"')
		if end < 0 {
			return "", fmt.Errorf("line %d: a quote is not closed", begun)
		}
		b.WriteString(p.rest[:end])
		p.line += strings.Count(p.rest[:end], "\n")
		p.rest = p.rest[end+1:]
		if !strings.HasPrefix(p.rest, `"`) {
			return b.String(), nil
		}
		b.WriteByte('"')
		p.rest = p.rest[1:]
	}
}

// fixed reads columns of a fixed width.
func (s Settings) fixed(text string) (all []record, err error) {
	for line := 1; text != ""; line++ {
		row, rest, ended := strings.Cut(text, "\n")
		if !ended {
			return nil, fmt.Errorf("line %d: the last line has no end: the file was not written to its end", line)
		}
		text = rest
		chars := []rune(strings.TrimSuffix(row, "\r"))
		kind := string(chars[:min(len(chars), typeWidth)])
		l := layoutOf(kind)
		if l == nil {
			return nil, fmt.Errorf("line %d: there is no type of record %q", line, clip(kind))
		}
		cells := make([]string, len(l.columns))
		at := typeWidth
		for i, c := range l.columns {
			end := at + c.width
			if end > len(chars) {
				return nil, fmt.Errorf("line %d: a record %s has %d characters, and the line ends after %d, in %s", line, kind, l.width(), len(chars), c.name)
			}
			cells[i] = strings.Trim(string(chars[at:end]), " ")
			at = end
		}
		if at != len(chars) {
			return nil, fmt.Errorf("line %d: a record %s has %d characters, and the line %d", line, kind, at, len(chars))
		}
		r, err := s.shaped(kind, cells, line)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// width is that of a line of fixed columns.
func (l *layout) width() int {
	n := typeWidth
	for _, c := range l.columns {
		n += c.width
	}
	return n
}

// clip shortens what is quoted in an error.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// wholeNumber reads digits and nothing else.
func wholeNumber(s string) (int64, error) {
	if strings.Trim(s, "0123456789") != "" || len(s) > 18 || s == "" {
		return 0, fmt.Errorf("%q is not a whole number", clip(s))
	}
	return strconv.ParseInt(s, 10, 64)
}
