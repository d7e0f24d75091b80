package sqltable

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
)

// maxBreaches bounds what is told of one exchange.
const maxBreaches = 20

// Check implements [contracts.Checker]. An exchange is a row at the name of its
// table: a JSON object of columns and values, or a list of such. A row may have
// those that belong to it below the name of their table. With method UPDATE it
// is a part of a row, and so is what comes back: what has been filled in.
func (d *Document) Check(x contracts.Exchange) (found []contracts.Breach, covered bool) {
	for _, h := range d.halves(x) {
		covered = true
		for _, b := range h.check(d) {
			b.Reply = h.reply
			found = append(found, b)
		}
	}
	return found[:min(len(found), maxBreaches)], covered
}

// A half is the rows of one side of an exchange.
type half struct {
	table *table
	rows  []map[string]any
	err   error // they are none
	part  bool  // of rows that are there already
	reply bool
	asked int // rows of the request, which those of a reply are about
}

// halves are the rows of an exchange and those that came back; none if it is
// about no table.
func (d *Document) halves(x contracts.Exchange) (all []half) {
	t := d.of(x)
	if t == nil {
		return nil
	}
	h := half{table: t, part: strings.EqualFold(x.Request.Method, "UPDATE")}
	h.rows, h.err = rowsOf(x.Request.Body)
	all = append(all, h)
	if x.Reply != nil && len(x.Reply.Body) > 0 {
		r := half{table: t, part: true, reply: true, asked: len(h.rows)}
		r.rows, r.err = rowsOf(x.Reply.Body)
		all = append(all, r)
	}
	return all
}

// rowNumber is by what an answer says which row of the request it is about,
// from 1.
const rowNumber = "row"

// numbers reports whether a name is that of the number of a row.
func (h half) numbers(name string) bool {
	return h.reply && name == rowNumber && h.table.column(name) == nil
}

func (h half) check(d *Document) (found []contracts.Breach) {
	t := h.table
	if h.err != nil {
		return []contracts.Breach{{Path: t.name, Want: "a JSON object of columns and values", Got: h.err.Error(), Place: t.place}}
	}
	for i, row := range h.rows {
		if len(found) >= maxBreaches {
			break
		}
		at := t.name
		if len(h.rows) > 1 {
			at = fmt.Sprintf("%s[%d]", t.name, i)
		}
		found = append(found, h.row(d, t, nil, row, at)...)
	}
	return found
}

// of is the table that an exchange is about, nil if there is none.
func (d *Document) of(x contracts.Exchange) *table {
	if len(x.Request.Body) == 0 {
		return nil
	}
	parts := strings.FieldsFunc(x.Request.Path, func(r rune) bool { return r == '/' || r == '.' })
	if len(parts) == 0 {
		return nil
	}
	return d.table(parts[len(parts)-1])
}

func rowsOf(body []byte) (rows []map[string]any, err error) {
	v, err := jsonschema.Decode(body)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, one := range list {
		row, ok := one.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s", shown(one))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// row holds a row of t against it, one that stands in a row of above if that is
// not nil.
func (h half) row(d *Document, t, above *table, row map[string]any, at string) (found []contracts.Breach) {
	note := func(column, want, got string, place contracts.Place) {
		found = append(found, contracts.Breach{Path: at + "." + column, Want: want, Got: got, Place: place})
	}
	there := map[*column]bool{}
	for _, name := range slices.Sorted(maps.Keys(row)) {
		c, v := t.column(name), row[name]
		switch {
		case c == nil && above == nil && h.numbers(name):
			if n, ok := v.(json.Number); !ok || !wholeText(n) || less(n, "1") || less(json.Number(strconv.Itoa(h.asked)), n) {
				note(name, fmt.Sprintf("the number of a row, 1 to %d", h.asked), shown(v), t.place)
			}
			continue
		case c == nil && d.below(t, name) != nil:
			found = append(found, h.below(d, t, d.below(t, name), v, at)...)
			continue
		case c == nil:
			note(name, "a column that the table has", shown(v), t.place)
			continue
		case there[c]:
			note(name, "each column once", "it in two spellings", c.place)
		case v == nil && c.notNull:
			note(c.name, "a value, as it is NOT NULL", "null", c.place)
		case v != nil:
			if want := c.accepts(v); want != "" {
				note(c.name, want, shown(v), c.place)
			}
		}
		there[c] = true
	}
	if h.part {
		return found
	}
	if above != nil {
		maps.Copy(there, t.told(above))
	}
	for _, c := range t.columns {
		if c.notNull && !c.filled && !there[c] {
			note(c.name, "a value, as it is NOT NULL and has no default", "nothing", c.place)
		}
	}
	return found
}

// below holds what stands in a row of t as rows of another table.
func (h half) below(d *Document, t, other *table, v any, at string) (found []contracts.Breach) {
	at += "." + other.name
	list, ok := v.([]any)
	if !ok {
		return []contracts.Breach{{Path: at, Want: "a list of rows of " + other.name, Got: shown(v), Place: other.place}}
	}
	for i, one := range list {
		if len(found) >= maxBreaches {
			break
		}
		here := fmt.Sprintf("%s[%d]", at, i)
		row, ok := one.(map[string]any)
		if !ok {
			found = append(found, contracts.Breach{Path: here, Want: "a row of " + other.name, Got: shown(one), Place: other.place})
			continue
		}
		found = append(found, h.row(d, other, t, row, here)...)
	}
	return found
}

// accepts says what a value should have been, "" if it is so.
func (c *column) accepts(v any) string {
	if want := c.kind.accepts(v); want != "" {
		return want
	}
	if c.values != nil && !slices.Contains(c.values, plain(v)) {
		return "one of " + strings.Join(c.values, ", ")
	}
	return ""
}

func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

// shown writes a value for people.
func shown(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if r := []rune(string(b)); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return string(b)
}

// Parts implements [contracts.Measurer]: tables, columns and the values of
// lists: "orders", "orders.state", "orders.state=released".
func (d *Document) Parts() []string {
	parts := map[string]bool{}
	for _, t := range d.tables {
		parts[t.name] = true
		for _, c := range t.columns {
			parts[t.name+"."+c.name] = true
			for _, v := range c.values {
				parts[t.name+"."+c.name+"="+v] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(parts))
}

// Used implements [contracts.Measurer]. A column is used where it is not null.
func (d *Document) Used(x contracts.Exchange) []string {
	used := map[string]bool{}
	for _, h := range d.halves(x) {
		if h.err == nil {
			used[h.table.name] = true
		}
	}
	d.each(x, func(t *table, _ string, c *column, v any) {
		used[t.name] = true
		if c == nil || v == nil {
			return
		}
		used[t.name+"."+c.name] = true
		if slices.Contains(c.values, plain(v)) {
			used[t.name+"."+c.name+"="+plain(v)] = true
		}
	})
	return slices.Sorted(maps.Keys(used))
}

// Undeclared implements [contracts.Watcher]: columns that the table does not
// have, values beside its lists, nulls and types.
func (d *Document) Undeclared(x contracts.Exchange) (found []contracts.Drift) {
	add := func(kind, path string, v any) {
		if !slices.ContainsFunc(found, func(o contracts.Drift) bool { return o.Kind == kind && o.Path == path }) {
			found = append(found, contracts.Drift{Kind: kind, Path: path, Seen: shown(v)})
		}
	}
	d.each(x, func(t *table, name string, c *column, v any) {
		switch {
		case c == nil:
			add("field", t.name+"."+name, v)
		case v == nil && c.notNull:
			add("null", t.name+"."+c.name, v)
		case v == nil:
		case c.kind.accepts(v) != "":
			add("type", t.name+"."+c.name, v)
		case c.accepts(v) != "":
			add("enum", t.name+"."+c.name+"="+plain(v), v)
		}
	})
	return found
}

// each calls see for what stands in the rows of an exchange and in those below
// them, under the name that it has there; the column is nil if the table has
// none of that name.
func (d *Document) each(x contracts.Exchange, see func(t *table, name string, c *column, v any)) {
	for _, h := range d.halves(x) {
		for _, row := range h.rows {
			d.cells(h, h.table, row, see)
		}
	}
}

func (d *Document) cells(h half, t *table, row map[string]any, see func(t *table, name string, c *column, v any)) {
	for _, name := range slices.Sorted(maps.Keys(row)) {
		c, v := t.column(name), row[name]
		if list, ok := v.([]any); c == nil && ok && d.below(t, name) != nil {
			for _, one := range list {
				if r, ok := one.(map[string]any); ok {
					d.cells(h, d.below(t, name), r, see)
				}
			}
			continue
		}
		if c != nil || t != h.table || !h.numbers(name) {
			see(t, name, c, v)
		}
	}
}
