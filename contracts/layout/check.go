package layout

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// maxBreaches bounds what is told of one file.
const maxBreaches = 20

// Check implements [contracts.Checker]: the file that is the request's body,
// by its name in the path, and the one that came back.
func (d *Document) Check(x contracts.Exchange) (found []contracts.Breach, covered bool) {
	d.each(x, func(v *validator, body []byte, reply bool) {
		covered = true
		v.file(body)
		for _, b := range v.breaches {
			b.Reply = reply
			found = append(found, b)
		}
	})
	return found, covered
}

func (d *Document) each(x contracts.Exchange, see func(v *validator, body []byte, reply bool)) {
	if l := d.For(x.Request.Path, false); l != nil && len(x.Request.Body) > 0 {
		see(&validator{l: l}, x.Request.Body, false)
	}
	if x.Reply == nil || len(x.Reply.Body) == 0 {
		return
	}
	if l := d.For(x.Request.Path, true); l != nil {
		see(&validator{l: l}, x.Reply.Body, true)
	}
}

// A validator holds one file against its layout.
type validator struct {
	l        *Layout
	breaches []contracts.Breach
	used     func(part string)
	drift    func(kind, path, seen string)

	seen   map[string]bool // types of record so far
	last   *Record
	count  int      // of records that neither begin nor end the file
	sum    *big.Rat // of what is summed
	named  []int    // where the columns stand, by the heading
	line   int      // of the last row
	closed bool     // there was a record that ends the file
}

func (v *validator) breach(path string, want, got string, place contracts.Place) {
	if len(v.breaches) < maxBreaches {
		v.breaches = append(v.breaches, contracts.Breach{Path: path, Want: want, Got: got, Place: place})
	}
}

func (v *validator) use(part string) {
	if v.used != nil {
		v.used(part)
	}
}

func (v *validator) undeclared(kind, path, seen string) {
	if v.drift != nil {
		v.drift(kind, path, clip(seen))
	}
}

// file reads a whole file.
func (v *validator) file(b []byte) {
	l := v.l
	top := l.place(l.Pos)
	v.seen, v.sum = map[string]bool{}, new(big.Rat)
	if len(b) > maxSize {
		v.breach(l.part(nil, ""), fmt.Sprintf("a file of at most %d MiB", maxSize>>20), "a larger one", top)
		return
	}
	text, err := l.text(b)
	if err != nil {
		v.breach(l.part(nil, ""), "a text in "+l.Encoding, err.Error(), top)
		return
	}
	var held []row // those that may be footings
	n := 0
	bad := l.rows(text, func(r row) bool {
		n++
		v.line = r.line
		if n <= l.Headings {
			if n == l.Headings && l.Named {
				v.heading(r)
			}
			return true
		}
		held = append(held, r)
		if len(held) > l.Footings {
			v.row(held[0])
			held = held[1:]
		}
		return len(v.breaches) < maxBreaches
	})
	switch {
	case bad != nil:
		v.breach(l.part(nil, ""), bad.want, bad.got+" in line "+strconv.Itoa(bad.line), top)
		return
	case len(v.breaches) >= maxBreaches:
		return
	case n < l.Headings+l.Footings:
		v.breach(l.part(nil, ""), fmt.Sprintf("%d headings and %d footings", l.Headings, l.Footings), fmt.Sprintf("%d lines", n), top)
	}
	v.end()
}

// heading reads the names of the columns.
func (v *validator) heading(r row) {
	rec := v.l.Records[0]
	at := func(i int) string { return fmt.Sprintf(" in line %d, cell %d", r.line, i+1) }
	for i, cell := range r.cells {
		if rec.column(cell) != nil && slices.Index(r.cells, cell) == i {
			continue
		}
		if rec.column(cell) != nil {
			v.breach(v.l.part(rec, cell), "a column once", "a second one"+at(i), v.l.place(rec.column(cell).Pos))
			continue
		}
		v.undeclared("field", v.l.part(rec, cell), "")
		if !rec.Open {
			v.breach(v.l.part(rec, cell), "a column that is declared", strconv.Quote(clip(cell))+at(i), v.l.place(rec.Pos))
		}
	}
	for _, c := range rec.Columns {
		i := slices.Index(r.cells, c.Name)
		if i < 0 && !c.Optional {
			v.breach(v.l.part(rec, c.Name), "a column of this name", fmt.Sprintf("none in the heading in line %d", r.line), v.l.place(c.Pos))
		}
		v.named = append(v.named, i)
	}
}

// row holds one record against its type.
func (v *validator) row(r row) {
	l := v.l
	kind, rec := v.kind(r)
	if rec == nil {
		v.breach(l.part(nil, ""), "a record of type "+strings.Join(l.types(), ", "), strconv.Quote(clip(kind))+fmt.Sprintf(" in line %d", r.line), l.place(l.Pos))
		v.undeclared("field", l.part(nil, clip(kind)), "")
		return
	}
	v.use(l.part(rec, ""))
	v.order(r, rec)
	v.seen[rec.Type], v.last = true, rec
	if rec.At == "" {
		v.count++
	}
	cells, ok := v.cells(r, rec)
	if !ok {
		return
	}
	for i, c := range rec.Columns {
		if i >= len(cells) || v.named != nil && v.named[i] < 0 {
			break // it was left out
		}
		v.cell(r, rec, c, cells[i])
	}
}

// types are the types of record.
func (l *Layout) types() (all []string) {
	for _, r := range l.Records {
		all = append(all, r.Type)
	}
	return all
}

// kind is the type that a row says, and that type if there is one.
func (v *validator) kind(r row) (string, *Record) {
	l := v.l
	if !l.typed() {
		return "", l.Records[0]
	}
	kind := ""
	if l.fixed() {
		from, to := l.Type.Start-1, l.Type.Start-1+l.Type.Width
		kind = strings.TrimSpace(string(r.chars[min(from, len(r.chars)):min(to, len(r.chars))]))
	} else if l.Type.Cell <= len(r.cells) {
		kind = r.cells[l.Type.Cell-1]
	}
	return kind, l.record(kind)
}

// order says whether a record may stand where it does.
func (v *validator) order(r row, rec *Record) {
	l, path := v.l, v.l.part(rec, "")
	at := fmt.Sprintf("%s in line %d", rec.Type, r.line)
	switch {
	case v.closed:
		v.breach(path, "nothing behind the record that ends the file", at, l.place(rec.Pos))
	case rec.At == "begin" && v.last != nil:
		v.breach(path, "it at the beginning", at, l.place(rec.Pos))
	case v.last == nil && rec.At != "begin":
		for _, o := range l.Records {
			if o.At == "begin" {
				v.breach(l.part(o, ""), "it at the beginning", at, l.place(o.Pos))
			}
		}
	}
	if len(rec.Below) > 0 && !slices.ContainsFunc(rec.Below, func(b string) bool { return v.seen[b] }) {
		v.breach(path, "a record "+strings.Join(rec.Below, " or ")+" before it", at, l.place(rec.Pos))
	}
	v.closed = v.closed || rec.At == "end"
}

// end says what is missing at the end.
func (v *validator) end() {
	for _, o := range v.l.Records {
		if o.At == "end" && !v.closed {
			v.breach(v.l.part(o, ""), "it at the end", "the end of the file in line "+strconv.Itoa(v.line)+": it was not written to its end", v.l.place(o.Pos))
			return
		}
		if o.At == "begin" && v.last == nil {
			v.breach(v.l.part(o, ""), "it at the beginning", "a file without records", v.l.place(o.Pos))
			return
		}
	}
}

// cells are the cells of a row in the order of the columns.
func (v *validator) cells(r row, rec *Record) ([]string, bool) {
	l := v.l
	if l.fixed() {
		return v.characters(r, rec)
	}
	cells := r.cells
	if v.named != nil {
		var all []string
		for _, i := range v.named {
			switch {
			case i < 0:
				all = append(all, "")
			case i < len(cells):
				all = append(all, cells[i])
			default:
				v.breach(l.part(rec, ""), "as many cells as the heading has", fmt.Sprintf("%d in line %d", len(cells), r.line), l.place(rec.Pos))
				return nil, false
			}
		}
		return all, true
	}
	if l.typed() {
		cells = slices.Delete(slices.Clone(cells), l.Type.Cell-1, l.Type.Cell)
	}
	least := len(rec.Columns)
	for least > 0 && rec.Columns[least-1].Optional {
		least--
	}
	if len(cells) < least || len(cells) > len(rec.Columns) && !rec.Open {
		want := strconv.Itoa(least)
		if least < len(rec.Columns) {
			want += " to " + strconv.Itoa(len(rec.Columns))
		}
		v.breach(l.part(rec, ""), want+" cells"+behindType(l), fmt.Sprintf("%d in line %d", len(cells), r.line), l.place(rec.Pos))
		v.more(rec, cells)
		return nil, false
	}
	v.more(rec, cells)
	return cells, true
}

func behindType(l *Layout) string {
	if l.typed() {
		return " beside the type"
	}
	return ""
}

// more tells of cells that no column declares.
func (v *validator) more(rec *Record, cells []string) {
	for i := len(rec.Columns); i < len(cells); i++ {
		v.undeclared("field", v.l.part(rec, fmt.Sprintf("cell %d", i+1)), cells[i])
	}
}

func (v *validator) characters(r row, rec *Record) (cells []string, ok bool) {
	end := 0
	for _, c := range rec.Columns {
		end = c.at + c.Width
		if end > len(r.chars) {
			v.breach(v.l.part(rec, c.Name), fmt.Sprintf("characters %d to %d", c.at+1, end), fmt.Sprintf("a line of %d in line %d", len(r.chars), r.line), v.l.place(c.Pos))
			return nil, false
		}
		cells = append(cells, strings.Trim(string(r.chars[c.at:end]), " "))
	}
	if rest := strings.TrimSpace(string(r.chars[end:])); len(r.chars) > end {
		if rest != "" {
			v.undeclared("field", v.l.part(rec, fmt.Sprintf("character %d", end+1)), rest)
		}
		if !rec.Open {
			v.breach(v.l.part(rec, ""), fmt.Sprintf("a line of %d characters", end), fmt.Sprintf("%d in line %d", len(r.chars), r.line), v.l.place(rec.Pos))
			return nil, false
		}
	}
	return cells, true
}

// cell holds one value against its column.
func (v *validator) cell(r row, rec *Record, c *Column, s string) {
	l, path := v.l, v.l.part(rec, c.Name)
	at := " in line " + strconv.Itoa(r.line)
	switch {
	case l.fixed():
		at += ", character " + strconv.Itoa(c.at+1)
	case v.named != nil:
		at += ", cell " + strconv.Itoa(v.named[c.at]+1)
	case l.typed() && c.at >= l.Type.Cell-1:
		at += ", cell " + strconv.Itoa(c.at+2)
	default:
		at += ", cell " + strconv.Itoa(c.at+1)
	}
	if s == "" {
		if c.Needed {
			v.breach(path, "a value", "nothing"+at, l.place(c.Pos))
		}
		return
	}
	v.use(path)
	want := c.accepts(s, l.mark())
	if want == "" {
		want = c.whole(s)
	}
	if want != "" {
		if len(c.Values) > 0 && !slices.Contains(c.Values, s) {
			v.undeclared("enum", path+"="+clip(s), s)
		} else if c.form(s, l.mark()) != "" {
			v.undeclared("type", path, s)
		}
		v.breach(path, want, strconv.Quote(clip(s))+at, l.place(c.Pos))
		return
	}
	if slices.Contains(c.Values, s) {
		v.use(path + "=" + s)
	}
	v.control(rec, c, s, path, at)
}

// control adds to the totals of a file, or holds a trailer against them.
func (v *validator) control(rec *Record, c *Column, s, path, at string) {
	if !c.Summed && !c.Counts && !c.Sums {
		return
	}
	n, ok := new(big.Rat).SetString(strings.Replace(s, v.l.mark(), ".", 1))
	if !ok {
		return
	}
	if c.Summed {
		v.sum.Add(v.sum, n)
	}
	place := v.l.place(c.Pos)
	if c.Counts && n.Cmp(big.NewRat(int64(v.count), 1)) != 0 {
		v.breach(path, fmt.Sprintf("the number of records, %d", v.count), s+at, place)
	}
	if want := keep(v.sum, c.Last); c.Sums && n.Cmp(want) != 0 {
		v.breach(path, "the control total, "+strings.TrimRight(strings.TrimRight(want.FloatString(20), "0"), "."), s+at, place)
	}
}

// keep is n without what is before its last digits before the mark; 0 keeps all.
func keep(n *big.Rat, last int) *big.Rat {
	if last == 0 {
		return n
	}
	size := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(last)), nil))
	q := new(big.Rat).Quo(n, size)
	times := new(big.Int).Quo(q.Num(), q.Denom())
	return new(big.Rat).Sub(n, new(big.Rat).Mul(size, new(big.Rat).SetInt(times)))
}
