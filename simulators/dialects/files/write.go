package files

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/andon-rig/andon/simulators/plant"
)

// writer gathers records and writes them as a file.
type writer struct {
	settings Settings
	records  []record
}

// row adds a record; cells are in the order of its layout.
func (w *writer) row(kind string, cells ...string) {
	w.records = append(w.records, record{kind: kind, cells: cells})
}

// file encloses what was gathered and writes it.
func (w *writer) file(name, sender string, created time.Time) ([]byte, error) {
	head := record{kind: headType, cells: []string{Version, name, sender, fileID(name, w.records), timeCell(created)}}
	return w.enclosed(head)
}

// enclosed writes what was gathered between a header and the trailer that fits.
func (w *writer) enclosed(head record) ([]byte, error) {
	tail := record{kind: tailType, cells: []string{strconv.Itoa(len(w.records)), controlTotal(w.records).String()}}
	var b strings.Builder
	for _, r := range append(append([]record{head}, w.records...), tail) {
		if err := w.line(&b, r); err != nil {
			return nil, err
		}
	}
	return w.settings.Encoding.bytes(b.String())
}

// controlTotal adds up the quantities of records, whatever their units: it
// says nothing of the goods and much of the file. Only the last twelve digits
// before the mark count, as in any hash total.
func controlTotal(records []record) (total plant.Decimal) {
	const digits = 1_000_000_000_000 * plant.One
	for _, r := range records {
		l := layoutOf(r.kind)
		if l.total == "" {
			continue
		}
		if d, err := plant.ParseDecimal(r.cells[l.place(l.total)]); err == nil { // what is wrong with it is said when the record is read
			total = ((total+d)%digits + digits) % digits
		}
	}
	return total
}

func (w *writer) line(b *strings.Builder, r record) error {
	l := layoutOf(r.kind)
	b.WriteString(r.kind)
	for i, c := range l.columns {
		cell := r.cells[i]
		if c.form == decimal || c.form == seconds {
			cell = strings.Replace(cell, ".", string(w.settings.mark()), 1)
		}
		if w.settings.Layout != Fixed {
			b.WriteRune(w.settings.delimiter())
			b.WriteString(quoted(cell, w.settings.delimiter()))
			continue
		}
		padded, err := pad(cell, c)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", r.kind, c.name, err)
		}
		b.WriteString(padded)
	}
	b.WriteString(w.settings.lineEnd())
	return nil
}

// quoted puts quotes around a cell that needs them.
func quoted(cell string, delimiter rune) string {
	if !strings.ContainsRune(cell, delimiter) && !strings.ContainsAny(cell, "\"\r\n") && strings.TrimSpace(cell) == cell {
		return cell
	}
	return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
}

// pad fills a cell up to its width: texts to the right, numbers to the left.
// What does not fit, or would not be read as it was written, is an error:
// nothing is cut off.
func pad(cell string, c column) (string, error) {
	n := utf8.RuneCountInString(cell)
	switch {
	case n > c.width:
		return "", fmt.Errorf("%q has %d characters, and the column %d", cell, n, c.width)
	case strings.Trim(cell, " ") != cell:
		return "", fmt.Errorf("%q begins or ends with a blank, which a fixed column cannot say", cell)
	case strings.ContainsAny(cell, "\r\n"):
		return "", fmt.Errorf("%q has a line break, which a fixed column cannot say", cell)
	}
	blanks := strings.Repeat(" ", c.width-n)
	if c.form == whole || c.form == decimal || c.form == seconds {
		return blanks + cell, nil
	}
	return cell + blanks, nil
}

// Cells.

func timeCell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(instantForm)
}

func wholeCell(n int) string { return strconv.Itoa(n) }

// priorityCell leaves out what was not said.
func priorityCell(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func flagCell(b bool) string {
	if b {
		return "X"
	}
	return ""
}

// secondsCell writes a span exactly.
func secondsCell(d time.Duration) string {
	if d == 0 {
		return ""
	}
	s := fmt.Sprintf("%d.%09d", d/time.Second, d%time.Second)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
