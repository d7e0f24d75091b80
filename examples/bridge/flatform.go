package bridge

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// FileForm is the form of the ERP's files, as it was agreed upon: nothing in a
// file says it. The zero value is text in UTF-8 between semicolons, with a
// decimal point.
type FileForm struct {
	Layout    string // csv, or fixed for columns of a fixed width
	Encoding  string // utf-8, iso-8859-1, iso-8859-15 or windows-1252
	Decimal   string // point or comma
	Delimiter string // of csv: semicolon, comma, tab or pipe
}

// Validate names a word that is not known, and words that contradict each other.
func (f FileForm) Validate() error {
	for _, w := range []struct {
		variable, got string
		known         []string
	}{
		{"ERP_FILE_LAYOUT", f.Layout, []string{"csv", "fixed"}},
		{"ERP_FILE_ENCODING", f.Encoding, []string{"utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"}},
		{"ERP_FILE_DECIMAL", f.Decimal, []string{"point", "comma"}},
		{"ERP_FILE_DELIMITER", f.Delimiter, []string{"semicolon", "comma", "tab", "pipe"}},
	} {
		if w.got != "" && !slices.Contains(w.known, w.got) {
			return fmt.Errorf("%s=%q is none of %s", w.variable, w.got, strings.Join(w.known, ", "))
		}
	}
	if f.Layout == "fixed" && f.Delimiter != "" {
		return fmt.Errorf("ERP_FILE_DELIMITER=%q: columns of a fixed width have none", f.Delimiter)
	}
	if f.Delimiter == "comma" && f.Decimal == "comma" {
		return fmt.Errorf("ERP_FILE_DELIMITER=%q: a comma cannot stand between cells and in numbers as well", f.Delimiter)
	}
	return nil
}

func (f FileForm) fixed() bool { return f.Layout == "fixed" }

func (f FileForm) delimiter() byte {
	switch f.Delimiter {
	case "comma":
		return ','
	case "tab":
		return '\t'
	case "pipe":
		return '|'
	}
	return ';'
}

// ending is that of a file's name.
func (f FileForm) ending() string {
	if f.fixed() {
		return ".txt"
	}
	return ".csv"
}

// page is the table of an encoding of one byte for each character; nil for UTF-8.
func (f FileForm) page() *charmap.Charmap {
	switch f.Encoding {
	case "iso-8859-1":
		return charmap.ISO8859_1
	case "iso-8859-15":
		return charmap.ISO8859_15
	case "windows-1252":
		return charmap.Windows1252
	}
	return nil
}

// bytes puts text into the encoding. A character that it does not have is an
// error: the ERP would read another one.
func (f FileForm) bytes(text string) ([]byte, error) {
	p := f.page()
	if p == nil {
		return []byte(text), nil
	}
	b := make([]byte, 0, len(text))
	for _, r := range text {
		c, ok := p.EncodeRune(r)
		if !ok {
			return nil, fmt.Errorf("%s has no character %q", f.Encoding, r)
		}
		b = append(b, c)
	}
	return b, nil
}

// flatColumns are the widths of the columns of each record behind its type. A d
// stands behind those of decimals, and an n behind those of other numbers.
var flatColumns = map[string][]flatColumn{
	"HDR": columns("10 20 20 40 35"), "TRL": columns("8n 24d"),
	"ORD": columns("60 35 20 40 12 20d 8 35 35 4n 20"), "OPR": columns("12 40 20 20d 20d 1"), "CMP": columns("12 40 20d 8"),
	"CHG": columns("60 35 20 8n 20d 8 35 4n"), "CAN": columns("60 35 20 8n"), "DEC": columns("60 35 20 40 20 12"),
	"ITM": columns("60 35 40 8n 40 12 8 1n 1 1 1"), "UOM": columns("8 12n 12n"), "BOM": columns("60 35 40 8n 20d 8 8n"), "RTG": columns("60 35 40 8n 8n"),
	"WCT": columns("60 35 20 8n 40 1 4n 8n"), "MCH": columns("20"), "CAL": columns("60 35 20 8n 40 8n"), "SHF": columns("20 8 8 27"),
	"STA": columns("60 35 20 12 20 20"), "CNF": columns("60 35 20 12 8n 20 20 20d 8 20d 20d 40 1 35 35 20d"),
	"CON": columns("60 35 20 12 8n 40 20 20d 8"), "SCR": columns("60 35 20 12 8n 40 20 20d 8 40"), "REW": columns("60 35 20 12 8n 20d 8 40"),
	"RCV": columns("60 35 20 8n 40 20 20d 8"), "SER": columns("40"), "INS": columns("60 35 20 12 8n 40 20 40 8n 8n 60"), "HLD": columns("60 35 20 40 20 20 40"),
	"RES": columns("80 12 3n 8n 8n 30 14 8n 200"), "ROW": columns("8n 60 3n 20 30 14 200"),
}

type flatColumn struct {
	width   int // in characters
	number  bool
	decimal bool
}

func columns(widths string) (all []flatColumn) {
	for _, w := range strings.Fields(widths) {
		kind := strings.TrimLeft(w, "0123456789")
		all = append(all, flatColumn{number(strings.TrimSuffix(w, kind)), kind != "", kind == "d"})
	}
	return all
}

// cut takes a line of fixed columns apart; ok is false if it is not all there.
// What stands behind the last column is a later version's.
func cut(text string) (l line, ok bool) {
	chars := []rune(text)
	if len(chars) < 3 {
		return nil, false
	}
	l = line{string(chars[:3])}
	chars = chars[3:]
	for _, c := range flatColumns[l[0]] { // a type that nobody knows has none, and whoever reads it says so
		if len(chars) < c.width {
			return nil, false
		}
		l, chars = append(l, strings.Trim(string(chars[:c.width]), " ")), chars[c.width:]
	}
	return l, true
}

// fill writes a line of fixed columns: texts to the left and numbers to the
// right. What a column has no room for is an error, never cut off.
func (l line) fill(b *strings.Builder) error {
	b.WriteString(l[0])
	for i, c := range flatColumns[l[0]] {
		cell := l.cell(i + 1)
		room := c.width - utf8.RuneCountInString(cell)
		switch {
		case room < 0:
			return fmt.Errorf("cell %d of %s has room for %d characters, and not for %q", i+1, l[0], c.width, clip(cell))
		case strings.TrimSpace(cell) != cell || strings.ContainsAny(cell, "\r\n"):
			return fmt.Errorf("cell %d of %s cannot say %q: blanks around it are not kept, and a line ends once", i+1, l[0], clip(cell))
		case c.number:
			b.WriteString(strings.Repeat(" ", room) + cell)
		default:
			b.WriteString(cell + strings.Repeat(" ", room))
		}
	}
	b.WriteString("\r\n")
	return nil
}

// decimals puts a point where the form has a comma. A cell with the other mark is
// an error: who guesses reads a thousand times too much.
func (f FileForm) decimals(l line, defect Defect) error {
	if f.Decimal != "comma" {
		return nil // what is no number there, the systems say
	}
	const mark, other = ",", "."
	for i, c := range flatColumns[l[0]] {
		if !c.decimal || i+1 >= len(l) {
			continue
		}
		cell := l[i+1]
		switch {
		case defect == M170: // DEFECT M170: a comma stands between thousands
			l[i+1] = strings.ReplaceAll(cell, mark, "")
		case strings.Contains(cell, other) || strings.Count(cell, mark) > 1:
			return fmt.Errorf("cell %d of %s: %q is not a number with a decimal %s", i+1, l[0], clip(cell), f.Decimal)
		default:
			l[i+1] = strings.Replace(cell, mark, ".", 1)
		}
	}
	return nil
}

// marked is a record with the decimal mark of the form.
func (f FileForm) marked(l line) line {
	if f.Decimal != "comma" {
		return l
	}
	l = slices.Clone(l)
	for i, c := range flatColumns[l[0]] {
		if c.decimal && i+1 < len(l) {
			l[i+1] = strings.Replace(l[i+1], ".", ",", 1)
		}
	}
	return l
}
