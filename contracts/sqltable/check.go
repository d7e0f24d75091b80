package sqltable

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
)

// maxBreaches bounds what is told of one exchange.
const maxBreaches = 20

// Check implements [contracts.Checker]. An exchange is a row at the name of its
// table: a JSON object of columns and values, or a list of such. With method
// UPDATE it is a part of a row.
func (d *Document) Check(x contracts.Exchange) (found []contracts.Breach, covered bool) {
	t := d.of(x)
	if t == nil {
		return nil, false
	}
	rows, err := rowsOf(x.Request.Body)
	if err != nil {
		return []contracts.Breach{{Path: t.name, Want: "a JSON object of columns and values", Got: err.Error(), Place: t.place}}, true
	}
	for i, row := range rows {
		if len(found) >= maxBreaches {
			break
		}
		at := t.name
		if len(rows) > 1 {
			at = fmt.Sprintf("%s[%d]", t.name, i)
		}
		found = append(found, t.row(row, at, strings.EqualFold(x.Request.Method, "UPDATE"))...)
	}
	return found[:min(len(found), maxBreaches)], true
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

// row holds a row against its table.
func (t *table) row(row map[string]any, at string, part bool) (found []contracts.Breach) {
	note := func(column, want, got string, place contracts.Place) {
		found = append(found, contracts.Breach{Path: at + "." + column, Want: want, Got: got, Place: place})
	}
	there := map[*column]bool{}
	for _, name := range slices.Sorted(maps.Keys(row)) {
		c, v := t.column(name), row[name]
		switch {
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
	for _, c := range t.columns {
		if c.notNull && !c.filled && !there[c] && !part {
			note(c.name, "a value, as it is NOT NULL and has no default", "nothing", c.place)
		}
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
	t := d.of(x)
	if t == nil {
		return nil
	}
	rows, err := rowsOf(x.Request.Body)
	if err != nil {
		return nil
	}
	used[t.name] = true
	for _, row := range rows {
		for name, v := range row {
			c := t.column(name)
			if c == nil || v == nil {
				continue
			}
			used[t.name+"."+c.name] = true
			if slices.Contains(c.values, plain(v)) {
				used[t.name+"."+c.name+"="+plain(v)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// Undeclared implements [contracts.Watcher]: columns that the table does not
// have, values beside its lists, nulls and types.
func (d *Document) Undeclared(x contracts.Exchange) (found []contracts.Drift) {
	t := d.of(x)
	if t == nil {
		return nil
	}
	rows, err := rowsOf(x.Request.Body)
	if err != nil {
		return nil
	}
	add := func(kind, path string, v any) {
		if !slices.ContainsFunc(found, func(o contracts.Drift) bool { return o.Kind == kind && o.Path == path }) {
			found = append(found, contracts.Drift{Kind: kind, Path: path, Seen: shown(v)})
		}
	}
	for _, row := range rows {
		for _, name := range slices.Sorted(maps.Keys(row)) {
			c, v := t.column(name), row[name]
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
		}
	}
	return found
}
