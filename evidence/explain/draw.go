package explain

import (
	"slices"
	"strings"
)

// Columns is the width of a drawn journey: what fits a terminal and a CI log.
const Columns = 110

// Room on both sides of the lanes.
const (
	roomLeft  = 6
	roomRight = 36
)

// A canvas draws rows of lanes.
type canvas struct {
	at    map[string]int // column of each lane
	order []int          // columns from left to right
	text  strings.Builder
}

// Text returns the journey as text of at most [Columns] columns.
func (j *Journey) Text() string {
	gap := 28
	if n := len(j.Lanes) - 1; n > 0 {
		gap = min(gap, (Columns-roomLeft-roomRight)/n)
	}
	c := &canvas{at: map[string]int{}}
	for i, lane := range j.Lanes {
		c.at[lane.Name] = roomLeft + i*gap
		c.order = append(c.order, roomLeft+i*gap)
	}
	c.titles(j)
	for _, h := range j.Hops {
		if h.From == h.To {
			c.happens(h)
		} else {
			c.goes(h)
		}
	}
	return c.text.String()
}

func (c *canvas) titles(j *Journey) {
	row := []rune(strings.Repeat(" ", Columns))
	for _, lane := range j.Lanes {
		title := []rune(narrow(lane.Title))
		copy(row[max(0, c.at[lane.Name]-len(title)/2):], title)
	}
	c.line(row, "")
}

// bars returns a row on which nothing happens.
func (c *canvas) bars() []rune {
	row := []rune(strings.Repeat(" ", c.order[len(c.order)-1]+1))
	for _, x := range c.order {
		row[x] = '│'
	}
	return row
}

// goes draws an arrow.
func (c *canvas) goes(h Hop) {
	row := c.bars()
	from, to := c.at[h.From], c.at[h.To]
	step := 1
	if to < from {
		step = -1
	}
	for x := from + step; x != to; x += step {
		if row[x] == '│' {
			row[x] = '┼'
		} else {
			row[x] = '─'
		}
	}
	end := to - step
	label := fit(h.Label, abs(to-from)-5)
	if h.Lost {
		end = to - step*max(2, abs(to-from)/4)
		label = fit(h.Label, abs(end-from)-4)
		for x := end; x != to; x += step {
			if row[x] != '┼' {
				row[x] = ' '
			}
		}
		row[end] = '╳'
	} else if step > 0 {
		row[end] = '▶'
	} else {
		row[end] = '◀'
	}
	if len(label) > 0 {
		label = slices.Concat([]rune{' '}, label, []rune{' '})
		start := from + 2
		if step < 0 {
			start = from - 1 - len(label)
		}
		copy(row[start:], label)
	}
	c.line(row, beside(h, Columns-len(row)-2))
}

// happens writes what concerns one lane over the lanes right of it.
func (c *canvas) happens(h Hop) {
	row := c.bars()
	marks := arrows(h.Marks)
	// Long text begins further left rather than losing its end.
	start := max(c.order[0]+2, min(c.at[h.From]+2, Columns-2-Width(marks)-Width(h.Text)))
	text := []rune(narrow(Clean(h.Text, Columns-start-Width(marks)-2)))
	for len(row) < start+len(text) {
		row = append(row, ' ')
	}
	copy(row[start:], text)
	if end := start + len(text); end < len(row) && row[end] == '│' {
		row[end] = ' '
	}
	c.line(row, marks)
}

// line ends a row with what stands beside it.
func (c *canvas) line(row []rune, beside string) {
	s := string(row)
	if beside != "" {
		s += "  " + beside
	}
	c.text.WriteString(strings.TrimRight(s, " "))
	c.text.WriteByte('\n')
}

// beside joins text, note and marks of a hop. If they do not all fit, the note
// is left out and the text shortened: the marks say what matters.
func beside(h Hop, room int) string {
	parts := []string{h.Text, h.Note}
	marks := arrows(h.Marks)
	if marks != "" {
		room -= Width(marks) + 2
	}
	text := ""
	for _, p := range parts {
		switch {
		case p == "":
		case text == "" && room >= 4:
			text = Clean(p, room)
		case text != "" && Width(text)+1+Width(p) <= room:
			text += " " + p
		}
	}
	if text != "" && marks != "" {
		text += "  "
	}
	return text + marks
}

func arrows(marks []Mark) string {
	if len(marks) == 0 {
		return ""
	}
	cleaned := make([]string, len(marks))
	for i, m := range marks {
		cleaned[i] = "◀── " + Clean(m.String(), 28)
	}
	return strings.Join(cleaned, " ")
}

// fit shortens a label to n columns and keeps its end, which tells one message
// from the next.
func fit(label string, n int) []rune {
	rs := []rune(narrow(Clean(label, 200)))
	if len(rs) <= n {
		return rs
	}
	if n < 4 {
		return nil
	}
	end := rs[len(rs):]
	for i := len(rs) - 1; i > 0; i-- {
		if rs[i] == ' ' && len(rs)-i < n-3 {
			end = rs[i:]
			break
		}
	}
	return slices.Concat(rs[:n-len(end)-1], []rune{'…'}, end)
}

// narrow replaces what takes two columns, so that lanes stay straight.
func narrow(s string) string {
	return strings.Map(func(c rune) rune {
		if columns(c) != 1 {
			return '·'
		}
		return c
	}, s)
}

func abs(n int) int { return max(n, -n) }
