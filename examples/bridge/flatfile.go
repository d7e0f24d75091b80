package bridge

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// This file is what the bridge knows of the form of files/v1: lines of cells
// between a header and a trailer. What the cells mean is in flatrows.go.

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

// readFlat takes a file apart. Only a trailer that counts what there is says
// that the file is complete; without one it is errUnfinished.
func readFlat(b []byte) ([]line, error) {
	text, err := plainText(b)
	if err != nil {
		return nil, err
	}
	lines, rest := splitLines(text)
	if rest != "" || len(lines) < 2 || lines[0][0] != "HDR" || lines[len(lines)-1][0] != "TRL" {
		return nil, errUnfinished
	}
	records, trailer := lines[1:len(lines)-1], lines[len(lines)-1]
	if n, err := strconv.Atoi(trailer.cell(1)); err != nil || n != len(records) {
		return nil, errUnfinished
	}
	return records, nil
}

// readHasty is what defect M62 does instead: whatever lines are there now.
func readHasty(b []byte) ([]line, error) {
	text, err := plainText(b)
	if err != nil {
		return nil, err
	}
	lines, _ := splitLines(text) // DEFECT M62: what is not there yet is not missed
	var records []line
	for _, l := range lines {
		if l[0] != "HDR" && l[0] != "TRL" {
			records = append(records, l)
		}
	}
	return records, nil
}

// plainText reads UTF-8, and UTF-16 that says so: exports change their
// encoding with an update, and a byte order mark tells.
func plainText(b []byte) (string, error) {
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
	text := strings.TrimPrefix(string(b), "\ufeff")
	if !utf8.ValidString(text) {
		return "", errors.New("the file is not UTF-8, and no byte order mark says what it is")
	}
	return text, nil
}

// splitLines reads complete lines; rest is what follows the last of them.
func splitLines(text string) (lines []line, rest string) {
	for text != "" {
		l, after, ok := splitLine(text)
		if !ok {
			return lines, text
		}
		lines, text = append(lines, l), after
	}
	return lines, ""
}

func splitLine(text string) (l line, rest string, ok bool) {
	for {
		cell, after, ok := splitCell(text)
		if !ok {
			return nil, "", false
		}
		l = append(l, cell)
		switch {
		case strings.HasPrefix(after, ";"):
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

func splitCell(text string) (cell, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ";\r\n")
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

// writeFlat writes a file. Total is the sum of the quantities.
func writeFlat(name, id, created string, records []line, total *big.Rat) []byte {
	var b strings.Builder
	writeLine(&b, line{"HDR", dialectFiles, name, "MES", id, created})
	for _, l := range records {
		writeLine(&b, l)
	}
	writeLine(&b, line{"TRL", strconv.Itoa(len(records)), plainDecimal(hashTotal(total))})
	return []byte(b.String())
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

func writeLine(b *strings.Builder, l line) {
	for i, cell := range l {
		if i > 0 {
			b.WriteByte(';')
		}
		if strings.ContainsAny(cell, ";\"\r\n") || strings.TrimSpace(cell) != cell {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		b.WriteString(cell)
	}
	b.WriteString("\r\n")
}

// readResult reads what the import job says of a file.
func readResult(b []byte) (whole row, retry int, rows []row, err error) {
	records, err := readFlat(b)
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
