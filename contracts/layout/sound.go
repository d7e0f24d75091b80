package layout

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/internal/yamlfile"
)

// check holds a layout against itself and finds where its columns stand.
func (l *Layout) check() (ps contracts.Problems) {
	fail := func(p yamlfile.Pos, hint, format string, args ...any) {
		ps = append(ps, contracts.Problem{Place: l.place(p), Text: fmt.Sprintf(format, args...), Hint: hint})
	}
	switch t := l.Type; {
	case !l.typed() && len(l.Records) > 1:
		fail(l.Pos, "type: {cell: 1}, or type: {start: 1, width: 3}", "has several types of record and does not say where a line has its type")
	case !l.typed():
	case l.fixed() && (t.Start < 1 || t.Width < 1 || t.Cell != 0):
		fail(l.Pos, "type: {start: 1, width: 3}", "type of fixed columns has a start and a width")
	case !l.fixed() && (t.Cell < 1 || t.Start != 0 || t.Width != 0):
		fail(l.Pos, "type: {cell: 1}", "type of delimited text has the number of a cell")
	}
	if l.Named && (l.Headings < 1 || l.fixed() || l.typed()) {
		fail(l.Pos, "", "only delimited text with headings and one type of record can be named")
	}
	if l.Headings < 0 || l.Footings < 0 || l.Headings > 1_000 || l.Footings > 1_000 {
		fail(l.Pos, "", "headings and footings are from 0 to 1000 lines")
	}
	for _, p := range l.Files {
		if _, err := path.Match(p, ""); err != nil {
			fail(l.Pos, "", "files %q: %v", p, err)
		}
	}
	if len(l.Records) == 0 {
		fail(l.Pos, "", "has no records")
	}
	seen := map[string]bool{}
	for _, r := range l.Records {
		if l.typed() && r.Type == "" {
			fail(r.Pos, "", "the record has no type")
		}
		if seen[r.Type] {
			fail(r.Pos, "", "record %q stands here a second time", r.Type)
		}
		seen[r.Type] = true
		for _, b := range r.Below {
			if l.record(b) == nil {
				fail(r.Pos, "", "below %q: there is no such type of record", b)
			}
		}
		ps = append(ps, l.columns(r)...)
	}
	return ps
}

// columns finds where the columns of r stand.
func (l *Layout) columns(r *Record) (ps contracts.Problems) {
	if len(r.Columns) > maxColumns {
		return contracts.Problems{{Place: l.place(r.Pos), Text: fmt.Sprintf("has more than %d columns", maxColumns)}}
	}
	fail := func(c *Column, hint, format string, args ...any) {
		ps = append(ps, contracts.Problem{Place: l.place(c.Pos), Text: fmt.Sprintf("column %s ", c.Name) + fmt.Sprintf(format, args...), Hint: hint})
	}
	next := 0
	if l.fixed() && l.Type.Start == 1 {
		next = l.Type.Width
	}
	seen, optional := map[string]bool{}, false
	for i, c := range r.Columns {
		switch {
		case seen[c.Name]:
			fail(c, "", "stands here a second time")
		case l.fixed() && (c.Width < 1 || c.Width > 100_000):
			fail(c, "width: 20", "has no width")
		case !l.fixed() && (c.Width != 0 || c.Start != 0):
			fail(c, "length: 20 bounds a cell", "has a width, and the cells of delimited text have none")
		case l.fixed() && c.Start > 0 && c.Start <= next:
			fail(c, "", "starts at %d, and what is before it ends at %d", c.Start, next)
		case optional && !c.Optional:
			fail(c, "", "cannot be demanded behind one that may be left out")
		case c.Optional && l.fixed():
			fail(c, "leave needed out", "cannot be left out of fixed columns")
		}
		seen[c.Name], optional = true, optional || c.Optional
		c.at = i
		if l.fixed() {
			c.at = max(next, c.Start-1)
			next = c.at + c.Width
		}
		if why := c.ready(); why != "" {
			fail(c, "", "%s", why)
		}
	}
	return ps
}

// ready compiles what a column's values are held against, or says why not.
func (c *Column) ready() string {
	if c.Pattern != "" {
		re, err := regexp.Compile(`^(?:` + c.Pattern + `)$`)
		if err != nil {
			return "has a pattern that cannot be read: " + err.Error()
		}
		c.pattern = re
	}
	if (c.Counts || c.Sums || c.Summed || c.Digits >= 0) && c.Form != "whole" && c.Form != "decimal" {
		return "must be whole or decimal"
	}
	if c.Counts && c.Sums || c.Last != 0 && !c.Sums || c.Last < 0 || c.Last > 100 {
		return "either counts or sums, and last is for what sums"
	}
	if c.Format != "" && timeForms[c.Form] == "" {
		return "has a format, which only a day, time or instant has"
	}
	if f := timeForms[c.Form]; f != "" {
		c.layout = f
		if c.Format != "" {
			c.layout = timeWords.Replace(c.Format)
			if strings.ContainsAny(strings.NewReplacer("YYYY", "", "YY", "", "MM", "", "DD", "", "hh", "", "mm", "", "ss", "", "T", "", "Z", "").Replace(c.Format), "ABCDEFGHIJKLMNOPQRSUVWXYabcdefghijklmnopqrstuvwxyz0123456789") {
				return "has a format with more than YYYY, YY, MM, DD, hh, mm, ss and marks between them"
			}
		}
	}
	for _, v := range c.Values {
		if why := c.plain(v); why != "" {
			return fmt.Sprintf("lists %q, which is not %s", v, why)
		}
	}
	return ""
}

// timeForms are the layouts of Go for what has no format.
var timeForms = map[string]string{"day": "2006-01-02", "time": "15:04:05", "instant": "2006-01-02T15:04:05.999999999Z07:00"}

var timeWords = strings.NewReplacer("YYYY", "2006", "YY", "06", "MM", "01", "DD", "02", "hh", "15", "mm", "04", "ss", "05")
