package staging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/plant"
)

// Codes of refusals that this dialect makes itself.
const (
	codeMalformed = "malformed"
	codeTable     = "resource-unknown"
)

// Decode implements [simulators.Dialect]: rows are claims. Tables ask nothing.
// The error is a [*simulators.Refusal] whose text names row and column.
func (d Dialect) Decode(m simulators.Message) (simulators.Ask, error) {
	t := named(m.Name)
	if t == nil || t.Below != "" || len(t.records) == 0 {
		return simulators.Ask{}, &simulators.Refusal{Class: simulators.DataQuality, Code: codeTable, Text: fmt.Sprintf("there is no table %q whose rows stand for themselves", clip(m.Name))}
	}
	rows, err := read(m.Body)
	if err != nil {
		return simulators.Ask{}, &simulators.Refusal{Class: simulators.DataQuality, Code: codeMalformed, Text: t.Name + ": " + err.Error()}
	}
	ask := simulators.Ask{Batch: len(rows) > 1}
	references := make([]string, len(rows))
	for i, r := range rows {
		at := t.Name
		if len(rows) > 1 {
			at = fmt.Sprintf("row %d of %s", i+1, t.Name)
		}
		e, err := t.claim(r, at)
		if err != nil {
			return simulators.Ask{}, &simulators.Refusal{Class: simulators.DataQuality, Code: codeMalformed, Text: err.Error()}
		}
		ask.Claims = append(ask.Claims, e)
		references[i] = string(e.ID)
	}
	ask.IdempotencyKey = t.Name + " " + strings.Join(references, " ")
	return ask, nil
}

// read takes a body apart into rows.
func read(body []byte) (rows []map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		err = d.Decode(&rows)
	} else {
		var one map[string]any
		err = d.Decode(&one)
		rows = append(rows, one)
	}
	if err != nil {
		return nil, fmt.Errorf("not rows of columns and values: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind the rows")
	}
	if len(rows) == 0 || slices.ContainsFunc(rows, func(r map[string]any) bool { return len(r) == 0 }) {
		return nil, errors.New("there is no row")
	}
	return rows, nil
}

// claim reads a row, with those below it.
func (t *table) claim(r map[string]any, at string) (plant.Event, error) {
	record := t.records[0]
	if len(t.actions) > 0 {
		said, _ := r[actionColumn].(string)
		i := slices.Index(t.actions, said)
		if i < 0 {
			return plant.Event{}, fmt.Errorf("%s.%s: %q is not one of %s", at, actionColumn, clip(said), strings.Join(t.actions, ", "))
		}
		record = t.records[i]
	}
	var below []files.Record
	for _, n := range tables {
		if n.Below != t.Name {
			continue
		}
		list, ok := r[n.Name].([]any)
		if r[n.Name] != nil && !ok {
			return plant.Event{}, fmt.Errorf("%s.%s: not a list of rows", at, n.Name)
		}
		for i, one := range list {
			v, ok := one.(map[string]any)
			place := fmt.Sprintf("%s.%s[%d]", at, n.Name, i)
			if !ok {
				return plant.Event{}, fmt.Errorf("%s: not a row", place)
			}
			b, err := n.record(n.records[0], v, place)
			if err != nil {
				return plant.Event{}, err
			}
			below = append(below, b)
		}
	}
	first, err := t.record(record, r, at)
	if err != nil {
		return plant.Event{}, err
	}
	return files.Claim(first, below...)
}

// record writes a row as the record that it is. Columns are read by their
// names, so one that is not known, or that this kind of row does not need, is
// not read.
func (t *table) record(record string, r map[string]any, at string) (files.Record, error) {
	out := files.Record{Type: record, Place: func(column string) string {
		if column == "" {
			return at
		}
		return at + "." + columnName(column)
	}}
	for _, c := range files.Columns(record) {
		cell, err := cellOf(r[columnName(c.Name)], c.Form == files.Whole)
		if err != nil {
			return files.Record{}, fmt.Errorf("%s: %w", out.Place(c.Name), err)
		}
		out.Cells = append(out.Cells, cell)
	}
	return out, nil
}

// cellOf is a value as text; null is nothing.
func cellOf(v any, whole bool) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case json.Number:
		if !whole {
			return "", fmt.Errorf("%s is a number, and the column holds text", clip(v.String()))
		}
		return v.String(), nil
	case string:
		switch {
		case whole:
			return "", fmt.Errorf("%q is text, and the column holds whole numbers", clip(v))
		case strings.ContainsRune(v, 0):
			return "", errors.New("a column of text cannot hold the character U+0000")
		}
		return v, nil
	}
	return "", errors.New("neither text nor a number")
}

// clip shortens what is quoted in an error.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
