package rewording

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A file is a body of records, one a line, in the form that its dialect says. The
// program that writes it has changed, so that its trailer agrees with whatever it
// writes now.
type file struct {
	form  simulators.Records
	lines []line
}

// line is one record.
type line struct {
	kind  *simulators.Table
	typed span   // its type
	cells []span // in the order of the columns
	texts []string
	end   int // of what it says, in front of the line end
}

// recordsOf takes a body apart; false if it is none of form.
func recordsOf(body []byte, form simulators.Records) (*file, bool) {
	f := &file{form: form}
	at := 0
	if bytes.HasPrefix(body, []byte("\ufeff")) {
		at = len("\ufeff")
	}
	for at < len(body) {
		l, next, ok := f.line(body, at)
		if !ok {
			return nil, false
		}
		f.lines = append(f.lines, l)
		at = next
	}
	return f, len(f.lines) > 2 && f.lines[0].kind.Name == form.Head && f.lines[len(f.lines)-1].kind.Name == form.Tail
}

func (f *file) table(name string) *simulators.Table {
	if i := slices.IndexFunc(f.form.Types, func(t simulators.Table) bool { return t.Name == name }); i >= 0 {
		return &f.form.Types[i]
	}
	return nil
}

// line reads the record that begins at at.
func (f *file) line(b []byte, at int) (l line, next int, ok bool) {
	if f.form.Delimiter == "" {
		return f.fixed(b, at)
	}
	for first := true; ; first = false {
		end, text, ok := cell(b, at, f.form.Delimiter)
		switch {
		case !ok:
			return l, at, false
		case first:
			if l.typed, l.kind = (span{at, end}), f.table(text); l.kind == nil {
				return l, at, false
			}
		default:
			l.cells, l.texts = append(l.cells, span{at, end}), append(l.texts, text)
		}
		if bytes.HasPrefix(b[end:], []byte(f.form.Delimiter)) {
			at = end + len(f.form.Delimiter)
			continue
		}
		l.end = end
		rest := bytes.TrimPrefix(b[end:], []byte("\r"))
		return l, len(b) - len(rest) + 1, len(rest) > 0 && rest[0] == '\n' && len(l.cells) == len(l.kind.Columns)
	}
}

// cell reads a cell, with quotes around it or none.
func cell(b []byte, at int, delimiter string) (end int, text string, ok bool) {
	if at < len(b) && b[at] == '"' {
		for end = at + 1; end < len(b); end++ {
			if b[end] != '"' {
				continue
			}
			if end+1 < len(b) && b[end+1] == '"' {
				end++
				continue
			}
			return end + 1, strings.ReplaceAll(string(b[at+1:end]), `""`, `"`), true
		}
		return at, "", false
	}
	end = at
	for end < len(b) && !bytes.HasPrefix(b[end:], []byte(delimiter)) && b[end] != '\r' && b[end] != '\n' {
		end++
	}
	return end, string(b[at:end]), true
}

// fixed reads columns of a fixed width, in characters.
func (f *file) fixed(b []byte, at int) (l line, next int, ok bool) {
	stop := bytes.IndexByte(b[at:], '\n')
	if stop < 0 {
		return l, at, false
	}
	next = at + stop + 1
	l.end = at + len(bytes.TrimSuffix(b[at:at+stop], []byte("\r")))
	wide := utf8.Valid(b)
	take := func(width int) span {
		begin := at
		for ; width > 0 && at < l.end; width-- {
			n := 1
			if wide {
				_, n = utf8.DecodeRune(b[at:])
			}
			at += n
		}
		return span{begin, at}
	}
	l.typed = take(f.form.TypeWidth)
	if l.kind = f.table(string(b[l.typed.from:l.typed.to])); l.kind == nil {
		return l, at, false
	}
	for _, c := range l.kind.Columns {
		s := take(c.Width)
		l.cells, l.texts = append(l.cells, s), append(l.texts, strings.Trim(string(b[s.from:s.to]), " "))
	}
	return l, next, at == l.end
}

// ways are the places at which f can be changed so.
func (f *file) ways(how chaos.Drift, announced bool, said facts) (all [][]edit) {
	inner := f.lines[1 : len(f.lines)-1]
	if how == chaos.DriftExtraField {
		return [][]edit{f.wider(inner)}
	}
	if how == chaos.DriftRenamed { // columns have no names: a type of record has another
		if t := inner[0].kind.Name; len(t) > 1 {
			return [][]edit{{{inner[0].typed, t[:len(t)-1] + "9"}}}
		}
		return nil
	}
	for i := range inner {
		for _, c := range f.columns(&inner[i], how, said) {
			if way := f.changed(&inner[i], c, how); way != nil {
				all = append(all, way)
			}
		}
		if !announced {
			break // the record that is about the whole file
		}
	}
	return all
}

// wider has a column more in each record of the type of the first.
func (f *file) wider(inner []line) (way []edit) {
	for i := range inner {
		if inner[i].kind == inner[0].kind {
			way = append(way, edit{span{inner[i].end, inner[i].end}, f.form.Delimiter + "2031"})
		}
	}
	return way
}

// columns are those of a record that can be changed so, the best first.
func (f *file) columns(l *line, how chaos.Drift, said facts) (all []int) {
	add := func(is func(i int, c simulators.Column) bool) {
		for i, c := range l.kind.Columns {
			if l.texts[i] != "" && is(i, c) && !slices.Contains(all, i) {
				all = append(all, i)
			}
		}
	}
	sum := f.form.Sums[l.kind.Name]
	switch how {
	case chaos.DriftEnum:
		add(func(_ int, c simulators.Column) bool { return len(c.Values) > 1 })
		add(func(_ int, c simulators.Column) bool {
			return c.Form == simulators.ColumnWhole && tellingName.MatchString(c.Name)
		})
	case chaos.DriftNull:
		add(func(_ int, c simulators.Column) bool { return c.Name == sum })
		for _, id := range said.ids {
			add(func(i int, _ simulators.Column) bool { return l.texts[i] == id })
		}
		add(func(_ int, c simulators.Column) bool { return c.Needed && tellingName.MatchString(c.Name) })
		add(func(_ int, c simulators.Column) bool { return c.Needed })
	default:
		add(func(_ int, c simulators.Column) bool { return c.Name == sum })
	}
	return all
}

// changed writes a cell so, and the trailer that fits; nil if there is no room
// for it.
func (f *file) changed(l *line, column int, how chaos.Drift) []edit {
	c, was := l.kind.Columns[column], l.texts[column]
	point := strings.Replace(was, f.form.Mark, ".", 1)
	say := ""
	switch how {
	case chaos.DriftNull:
	case chaos.DriftEnum:
		say = unheardOf(was)
	case chaos.DriftComma: // the other one of both marks
		if say = comma(point); f.form.Mark == "," {
			say = decimals(point)
		}
	default:
		if say = strings.Replace(notation(point, how), ".", f.form.Mark, 1); say == "" {
			return nil
		}
	}
	text, ok := f.padded(say, c)
	if !ok {
		return nil
	}
	way := []edit{{l.cells[column], text}}
	if c.Name == f.form.Sums[l.kind.Name] && how != chaos.DriftComma {
		way = append(way, f.summed(f.amount(say)-f.amount(was))...)
	}
	return way
}

// padded is text as a cell of column c; false if it has no room.
func (f *file) padded(text string, c simulators.Column) (string, bool) {
	if f.form.Delimiter != "" {
		if strings.Contains(text, f.form.Delimiter) {
			text = `"` + text + `"`
		}
		return text, true
	}
	n := c.Width - utf8.RuneCountInString(text)
	if n < 0 {
		return "", false
	}
	if c.Form == simulators.ColumnText {
		return text + strings.Repeat(" ", n), true
	}
	return strings.Repeat(" ", n) + text, true
}

// amount is what a cell adds to the control total: nothing if it is no number.
func (f *file) amount(text string) plant.Decimal {
	d, _ := plant.ParseDecimal(strings.Replace(text, f.form.Mark, ".", 1))
	return d
}

// summed moves the control total of the trailer by so much. It has so many digits
// in front of the mark, as a hash total has.
func (f *file) summed(by plant.Decimal) []edit {
	tail := &f.lines[len(f.lines)-1]
	i := slices.IndexFunc(tail.kind.Columns, func(c simulators.Column) bool { return c.Form == simulators.ColumnDecimal })
	if by == 0 || i < 0 {
		return nil
	}
	total := f.amount(tail.texts[i]) + by
	if last := f.form.Last; last > 0 {
		n, _ := strconv.ParseInt("1"+strings.Repeat("0", last), 10, 64)
		all := plant.Decimal(n) * plant.One
		total = (total%all + all) % all
	}
	text, _ := f.padded(strings.Replace(total.String(), ".", f.form.Mark, 1), tail.kind.Columns[i])
	return []edit{{tail.cells[i], text}}
}
