package bridge

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// This file is what the bridge knows of the form of files/v1: lines of cells
// between a header and a trailer, in the layout and encoding that were agreed
// upon (flatform.go). What the cells mean is in flatrows.go.

// A line is one record: its type and its cells.
type line []string

func (l line) cell(n int) string {
	if n >= len(l) {
		return ""
	}
	return l[n]
}

// errUnfinished says that a file has not been written to its end, or not yet.
var errUnfinished = errors.New("the file has no trailer that fits: it is not complete")

// read takes a file apart. Only a trailer that counts what there is says
// that the file is complete; without one it is errUnfinished.
func (f FileForm) read(b []byte, defect Defect) ([]line, error) {
	lines, rest, err := f.lines(b, defect)
	if err != nil {
		return nil, err
	}
	if defect == M62 { // DEFECT M62: what is not there yet is not missed
		return hasty(lines), nil
	}
	if rest != "" || len(lines) < 2 || lines[0][0] != "HDR" || lines[len(lines)-1][0] != "TRL" {
		return nil, errUnfinished
	}
	records, trailer := lines[1:len(lines)-1], lines[len(lines)-1]
	if n, err := strconv.Atoi(trailer.cell(1)); err != nil || n != len(records) {
		return nil, errUnfinished
	}
	return records, nil
}

// created is when a file says that it was made.
func (f FileForm) created(b []byte) string {
	lines, _, _ := f.lines(b, "")
	if len(lines) == 0 || lines[0][0] != "HDR" {
		return ""
	}
	return lines[0].cell(5)
}

// hasty is what defect M62 reads instead: whatever lines are there now.
func hasty(lines []line) (records []line) {
	for _, l := range lines {
		if l[0] != "HDR" && l[0] != "TRL" {
			records = append(records, l)
		}
	}
	return records
}

// lines are the complete lines of a file, with decimal points; rest is what
// follows the last of them.
func (f FileForm) lines(b []byte, defect Defect) (all []line, rest string, err error) {
	text, err := f.plainText(b)
	if err != nil {
		return nil, "", err
	}
	if f.fixed() {
		all, rest = cutLines(text)
	} else {
		all, rest = splitLines(text, f.delimiter())
	}
	for _, l := range all {
		if err := f.decimals(l, defect); err != nil {
			return nil, "", err
		}
	}
	return all, rest, nil
}

// plainText reads the encoding that was agreed upon, and UTF-8 and UTF-16 that say
// so: exports change their encoding with an update, and a byte order mark tells.
func (f FileForm) plainText(b []byte) (string, error) {
	if len(b) >= 2 && (b[0] == 0xFE && b[1] == 0xFF || b[0] == 0xFF && b[1] == 0xFE) {
		big := b[0] == 0xFE
		var units []uint16
		for i := 2; i+1 < len(b); i += 2 {
			if big {
				units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
			} else {
				units = append(units, uint16(b[i+1])<<8|uint16(b[i]))
			}
		}
		return string(utf16.Decode(units)), nil
	}
	text, marked := strings.CutPrefix(string(b), "\ufeff")
	if p := f.page(); p != nil && !marked {
		var one strings.Builder
		for _, c := range b {
			one.WriteRune(p.DecodeByte(c))
		}
		return one.String(), nil
	}
	if !utf8.ValidString(text) {
		return "", errors.New("the file is not UTF-8, and no byte order mark says what it is")
	}
	return text, nil
}

// splitLines reads complete lines; rest is what follows the last of them.
func splitLines(text string, delimiter byte) (lines []line, rest string) {
	for text != "" {
		l, after, ok := splitLine(text, delimiter)
		if !ok {
			return lines, text
		}
		lines, text = append(lines, l), after
	}
	return lines, ""
}

// cutLines reads complete lines of fixed columns, likewise.
func cutLines(text string) (lines []line, rest string) {
	for text != "" {
		row, after, ended := strings.Cut(text, "\n")
		l, ok := cut(strings.TrimSuffix(row, "\r"))
		if !ended || !ok {
			return lines, text
		}
		lines, text = append(lines, l), after
	}
	return lines, ""
}

func splitLine(text string, delimiter byte) (l line, rest string, ok bool) {
	for {
		cell, after, ok := splitCell(text, delimiter)
		if !ok {
			return nil, "", false
		}
		l = append(l, cell)
		switch {
		case after != "" && after[0] == delimiter:
			text = after[1:]
		case strings.HasPrefix(after, "\r\n"):
			return l, after[2:], true
		case strings.HasPrefix(after, "\n"):
			return l, after[1:], true
		default:
			return nil, "", false
		}
	}
}

func splitCell(text string, delimiter byte) (cell, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, string(rune(delimiter))+"\r\n")
		if end < 0 {
			return "", "", false
		}
		return text[:end], text[end:], true
	}
	var b strings.Builder
	for text = text[1:]; ; {
		end := strings.IndexByte(text, '"')
		if end < 0 {
			return "", "", false
		}
		b.WriteString(text[:end])
		text = text[end+1:]
		if !strings.HasPrefix(text, `"`) {
			return b.String(), text, true
		}
		b.WriteByte('"')
		text = text[1:]
	}
}

// write writes a file. Total is the sum of the quantities. What the form has no
// characters or no room for is an error.
func (f FileForm) write(name, id, created string, records []line, total *big.Rat) ([]byte, error) {
	var b strings.Builder
	all := slices.Concat([]line{{"HDR", dialectFiles, name, "MES", id, created}}, records, []line{{"TRL", strconv.Itoa(len(records)), plainDecimal(hashTotal(total))}})
	for _, l := range all {
		l = f.marked(l)
		if !f.fixed() {
			writeLine(&b, l, f.delimiter())
		} else if err := l.fill(&b); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
	}
	body, err := f.bytes(b.String())
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return body, nil
}

// hashTotal keeps the last twelve digits before the point.
func hashTotal(total *big.Rat) *big.Rat {
	scaled := new(big.Int).Quo(new(big.Rat).Mul(total, big.NewRat(1_000_000, 1)).Num(), big.NewInt(1)) // quantities have six digits at most
	scaled.Mod(scaled, new(big.Int).Exp(big.NewInt(10), big.NewInt(18), nil))
	return new(big.Rat).SetFrac(scaled, big.NewInt(1_000_000))
}

func plainDecimal(r *big.Rat) string {
	s := r.FloatString(places)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func writeLine(b *strings.Builder, l line, delimiter byte) {
	for i, cell := range l {
		if i > 0 {
			b.WriteByte(delimiter)
		}
		if strings.ContainsAny(cell, string(rune(delimiter))+"\"\r\n") || strings.TrimSpace(cell) != cell {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		b.WriteString(cell)
	}
	b.WriteString("\r\n")
}

// readResult reads what the import job says of a file.
func (f FileForm) readResult(b []byte) (whole row, retry int, rows []row, err error) {
	records, err := f.read(b, "")
	if err != nil {
		return row{}, 0, nil, err
	}
	for _, l := range records {
		switch l[0] {
		case "RES":
			if len(l) < 10 { // what stands behind them is a later version's
				return row{}, 0, nil, fmt.Errorf("a record RES of %d cells", len(l))
			}
			whole = row{Status: number(l[3]), Code: l[6], Class: l[7], Detail: l[9]}
			retry = number(l[8])
		case "ROW":
			if len(l) < 8 {
				return row{}, 0, nil, fmt.Errorf("a record ROW of %d cells", len(l))
			}
			rows = append(rows, row{Reference: l[2], Status: number(l[3]), Code: l[5], Class: l[6], Detail: l[7]})
		}
	}
	if whole.Status == 0 {
		return row{}, 0, nil, errors.New("the result says nothing of the file")
	}
	return whole, retry, rows, nil
}

// number reads a whole number; what is none is 0.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
